/* content.c - a Message in words. */
#include "telegram/content.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "telegram/api.h"
#include "telegram/styling.h"

/* --- names --------------------------------------------------------------- */

void content_name(struct json_object *who, struct buf *out)
{
    static const char *const keys[] = { "title", "first_name", "last_name" };
    size_t before = out->len;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *part = api_text(who, keys[i]);

        if (!part || !*part)
            continue;
        if (out->len > before)
            buf_add_char(out, ' ');
        utf8_clean(out, part, strlen(part));
    }
}

/* --- text and entities --------------------------------------------------- */

/* Telegram's own limit is 4096 units. */
enum { TEXT_MAX = 32 * 1024, ASTRAL = 0x10000, PEOPLE_MAX = 10 };

/* Octets of the first `units` UTF-16 units. */
static size_t octets_of(const char *text, size_t size, int64_t units)
{
    size_t at = 0;

    while (units > 0 && at < size)
        units -= utf8_next(text, size, &at) >= ASTRAL ? 2 : 1;
    return at;
}

static void add_entity(const char *text, size_t size, struct json_object *json,
                       struct entities *out)
{
    const char *type = api_text(json, "type");
    int64_t offset = api_int(json, "offset"), length = api_int(json, "length");
    struct entity entity = { .style = type ? style_parse(type) : STYLES };

    if (entity.style == STYLES || offset < 0 || length <= 0 ||
        offset > (int64_t)size || length > (int64_t)size)
        return;
    entity.start = octets_of(text, size, offset);
    entity.end = entity.start +
                 octets_of(text + entity.start, size - entity.start, length);
    entity.extra =
        api_text(json, entity.style == STYLE_PRE ? "language" : "url");
    entities_add(out, &entity);
}

static void add_styled(struct json_object *message, const char *text_key,
                       const char *entities_key, struct buf *out)
{
    struct json_object *list = api_get(message, entities_key);
    struct json_object *string = api_get(message, text_key);
    const char *text = api_text(message, text_key);
    size_t n = json_object_is_type(list, json_type_array)
                   ? json_object_array_length(list)
                   : 0;
    size_t size = text ? (size_t)json_object_get_string_len(string) : 0;
    struct entities entities = { 0 };
    struct buf styled;

    if (size > TEXT_MAX)
        size = octets_of(text, TEXT_MAX, TEXT_MAX);
    for (size_t i = 0; i < n && i < ENTITIES_MAX && size > 0; i++)
        add_entity(text, size, json_object_array_get_idx(list, i), &entities);
    buf_init(&styled, 4 * TEXT_MAX);
    styling_write(text, size, &entities, &styled);
    utf8_clean(out, buf_text(&styled), styled.len);
    buf_free(&styled);
    entities_free(&entities);
}

/* --- what is not text ---------------------------------------------------- */

static void add_text_of(struct json_object *thing, const char *key,
                        struct buf *out)
{
    const char *text = api_text(thing, key);

    if (text && *text) {
        buf_add_char(out, ' ');
        utf8_clean(out, text, strlen(text));
    }
}

static void add_place(struct json_object *thing, struct buf *out)
{
    struct json_object *at = api_get(thing, "location");
    double latitude, longitude;

    add_text_of(thing, "title", out);
    add_text_of(thing, "address", out);
    at = at ? at : thing;
    latitude = json_object_get_double(api_get(at, "latitude"));
    longitude = json_object_get_double(api_get(at, "longitude"));
    buf_addf(out, " geo:%.6f,%.6f", latitude, longitude);
}

static void add_person(struct json_object *thing, struct buf *out)
{
    buf_add_char(out, ' ');
    content_name(thing, out);
    add_text_of(thing, "phone_number", out);
}

static void add_length(struct json_object *thing, struct buf *out)
{
    int64_t seconds = api_int(thing, "duration");

    add_text_of(thing, "title", out);
    if (seconds > 0 && seconds < 100 * 3600)
        buf_addf(out, " %d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

static void add_dice(struct json_object *thing, struct buf *out)
{
    add_text_of(thing, "emoji", out);
    buf_addf(out, " %d", (int)api_int(thing, "value"));
}

static void add_people(struct json_object *list, struct buf *out)
{
    size_t n = json_object_is_type(list, json_type_array)
                   ? json_object_array_length(list)
                   : 0;

    for (size_t i = 0; i < n && i < PEOPLE_MAX; i++) {
        buf_add_text(out, i == 0 ? " " : ", ");
        content_name(json_object_array_get_idx(list, i), out);
    }
}

/* In the order in which they are looked for: a venue has a location too, an
 * animation a document. */
static const struct thing {
    const char *key, *word;
    const char *text; /* a text of it that says more; NULL: none */
    void (*add)(struct json_object *thing, struct buf *out);
} things[] = {
    { "photo", "Photo", NULL, NULL },
    { "animation", "Animation", "file_name", NULL },
    { "sticker", "Sticker", "emoji", NULL },
    { "voice", "Voice message", NULL, add_length },
    { "video_note", "Video message", NULL, add_length },
    { "video", "Video", NULL, add_length },
    { "audio", "Audio", NULL, add_length },
    { "document", "File", "file_name", NULL },
    { "venue", "Place", NULL, add_place },
    { "location", "Location", NULL, add_place },
    { "contact", "Contact", NULL, add_person },
    { "poll", "Poll", "question", NULL },
    { "dice", "Dice", NULL, add_dice },
    { "story", "Story", NULL, NULL },
    { "paid_media", "Paid media", NULL, NULL },
    { "checklist", "Checklist", "title", NULL },
    { "game", "Game", "title", NULL },
    { "invoice", "Invoice", "title", NULL },
    { "gift", "Gift", NULL, NULL },
    { "new_chat_members", "Joined:", NULL, add_people },
    { "left_chat_member", "Left:", NULL, add_person },
};

static void add_thing(struct json_object *message, struct buf *out)
{
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
        struct json_object *thing = api_get(message, things[i].key);

        if (!thing)
            continue;
        buf_addf(out, "[%s", things[i].word);
        if (things[i].text)
            add_text_of(thing, things[i].text, out);
        if (things[i].add)
            things[i].add(thing, out);
        buf_add_char(out, ']');
        return;
    }
}

static void add_origin(struct json_object *message, struct buf *out)
{
    struct json_object *origin = api_get(message, "forward_origin");
    struct json_object *who = api_get(origin, "sender_user");
    const char *name = api_text(origin, "sender_user_name");

    if (!origin)
        return;
    who = who ? who : api_get(origin, "chat");
    who = who ? who : api_get(origin, "sender_chat");
    buf_add_text(out, "[Forwarded from ");
    if (name)
        utf8_clean(out, name, strlen(name));
    else
        content_name(who, out);
    buf_add_text(out, "] ");
}

/* Notes that nobody wrote; what is neither these nor known is shown as such. */
static const char *const notes[] = {
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "pinned_message",
    "users_shared",
    "chat_shared",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
};

static bool is_note(struct json_object *message)
{
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (api_get(message, notes[i]))
            return true;
    }
    return false;
}

void content_caption(struct json_object *message, struct buf *out)
{
    add_origin(message, out);
    add_styled(message, "caption", "caption_entities", out);
}

bool content_words(struct json_object *message, struct buf *out)
{
    size_t before = out->len, thing;

    if (is_note(message))
        return false;
    add_origin(message, out);
    thing = out->len;
    add_thing(message, out);
    if (out->len > thing && api_text(message, "caption"))
        buf_add_char(out, ' ');
    add_styled(message, "text", "entities", out);
    add_styled(message, "caption", "caption_entities", out);
    if (out->len == before)
        buf_add_text(out, "[A message that cannot be shown here]");
    return true;
}
