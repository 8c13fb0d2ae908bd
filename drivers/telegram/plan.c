/* plan.c - messages in parts. A part is the JSON of its call without the chat,
 * which may have got another id when it is sent, and without the message that
 * it is about, whose id nobody may know before. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "telegram/media.h"
#include "telegram/reactions.h"
#include "telegram/split.h"
#include "telegram/styling.h"
#include "telegram/telegram.h"

enum {
    CHAT_DIGITS = 16,
    TEXT_MAX = 1024 * 1024,
    CAPTION_MAX = 1024, /* UTF-16 units */
};

bool plan_chat(const char *address, int64_t *chat, struct err *err)
{
    const char *digits = address + (*address == '-');
    size_t n = strspn(digits, "0123456789");

    if (n == 0 || n > CHAT_DIGITS || digits[n] || *digits == '0')
        return err_set(err, ERR_BAD_ADDRESS,
                       "contacts of this network are the numbers of Telegram "
                       "chats: they appear when somebody writes to the bot");
    *chat = strtoll(address, NULL, 10);
    return true;
}

static struct json_object *entity_json(const char *text,
                                       const struct piece *piece,
                                       const struct entity *entity)
{
    struct json_object *json = json_object_new_object();
    size_t start = entity->start > piece->start ? entity->start : piece->start;
    size_t end = entity->end < piece->end ? entity->end : piece->end;
    size_t before = split_units(text + piece->start, start - piece->start);
    size_t length = split_units(text + start, end - start);

    json_object_object_add(json, "type",
                           json_object_new_string(style_name(entity->style)));
    json_object_object_add(json, "offset",
                           json_object_new_int64((int64_t)before));
    json_object_object_add(json, "length",
                           json_object_new_int64((int64_t)length));
    return json;
}

static void add_entities(struct json_object *part, const char *key,
                         const char *text, const struct piece *piece,
                         const struct entities *entities)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < entities->n; i++) {
        const struct entity *entity = &entities->items[i];

        if (entity->start >= piece->end)
            break;
        if (entity->end > piece->start &&
            json_object_array_length(list) < ENTITIES_MAX)
            json_object_array_add(list, entity_json(text, piece, entity));
    }
    json_object_object_add(part, key, list);
}

static void put_part(struct json_object *part, enum message_kind kind,
                     struct parts *parts)
{
    const char *bytes;
    size_t size;

    if (kind != KIND_TEXT)
        json_object_object_add(part, PART_KIND, json_object_new_int((int)kind));
    bytes = json_object_to_json_string_length(
        part, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
    parts_add(parts, bytes, size);
    json_object_put(part);
}

static void add_part(const struct buf *plain, const struct piece *piece,
                     const struct entities *entities, enum message_kind kind,
                     struct parts *parts)
{
    struct json_object *part = json_object_new_object();
    const char *text = buf_text(plain);

    json_object_object_add(
        part, "text",
        json_object_new_string_len(text + piece->start,
                                   (int)(piece->end - piece->start)));
    add_entities(part, "entities", text, piece, entities);
    put_part(part, kind, parts);
}

static bool plan_text(const struct outgoing *message, struct parts *parts,
                      struct err *err)
{
    struct entities entities = { 0 };
    struct piece piece;
    struct buf plain;
    size_t at = 0, n = 0;

    buf_init(&plain, TEXT_MAX);
    styling_read(message->text, strlen(message->text), &plain, &entities);
    for (; split_next(buf_text(&plain), plain.len, SPLIT_UNITS, &at, &piece);
         n++)
        add_part(&plain, &piece, &entities, message->kind, parts);
    buf_free(&plain);
    entities_free(&entities);
    return n > 0 || err_set(err, ERR_REJECTED,
                            "Telegram takes no text without a character");
}

static void add_caption(struct json_object *part, const char *caption)
{
    struct entities entities = { 0 };
    struct piece whole = { 0 };
    struct buf plain;

    buf_init(&plain, TEXT_MAX);
    styling_read(caption, strlen(caption), &plain, &entities);
    whole.end = plain.len;
    json_object_object_add(part, "caption",
                           json_object_new_string(buf_text(&plain)));
    add_entities(part, "caption_entities", buf_text(&plain), &whole, &entities);
    buf_free(&plain);
    entities_free(&entities);
}

/* Telegram fetches it; what it does not take as such is a link. A caption that
 * is too long follows as a text. */
static bool plan_media(const struct outgoing *message, struct parts *parts,
                       struct err *err)
{
    const char *url = message->attachment->source;
    const struct media_way *way = media_way(url);
    struct outgoing text = *message;
    struct json_object *part;
    bool fits =
        split_units(message->text, strlen(message->text)) <= CAPTION_MAX;
    char *whole;
    bool good;

    text.kind = KIND_TEXT;
    if (!way) {
        text.text = whole =
            xasprintf("%s%s%s", message->text, *message->text ? "\n" : "", url);
        good = plan_text(&text, parts, err);
        free(whole);
        return good;
    }
    part = json_object_new_object();
    json_object_object_add(part, PART_METHOD,
                           json_object_new_string(way->method));
    json_object_object_add(part, way->member, json_object_new_string(url));
    if (*message->text && fits)
        add_caption(part, message->text);
    put_part(part, KIND_MEDIA, parts);
    return fits || plan_text(&text, parts, err);
}

/* A bot has one reaction to a message, from a closed list. */
static bool plan_reaction(const struct outgoing *message, struct parts *parts,
                          struct err *err)
{
    size_t size = strcspn(message->text, " ");
    char *emoji = xstrndup(message->text, size);
    bool good = size == 0 || reaction_is_allowed(emoji);
    struct json_object *part = json_object_new_object();
    struct json_object *list = json_object_new_array();
    struct json_object *item = json_object_new_object();

    json_object_object_add(item, "type", json_object_new_string("emoji"));
    json_object_object_add(item, "emoji", json_object_new_string(emoji));
    if (size > 0)
        json_object_array_add(list, item);
    else
        json_object_put(item);
    json_object_object_add(part, "reaction", list);
    if (good)
        put_part(part, KIND_REACTION, parts);
    else
        json_object_put(part);
    free(emoji);
    return good || err_set(err, ERR_UNSUPPORTED,
                           "Telegram knows no such reaction for bots");
}

bool telegram_plan(struct line *line, const struct outgoing *message,
                   struct parts *parts, struct err *err)
{
    int64_t chat;

    (void)line;
    if (!plan_chat(message->to, &chat, err))
        return false;
    if (message->kind == KIND_REACTION)
        return plan_reaction(message, parts, err);
    if (message->attachment)
        return plan_media(message, parts, err);
    if (message->kind != KIND_RETRACTION)
        return plan_text(message, parts, err);
    put_part(json_object_new_object(), KIND_RETRACTION, parts);
    return true;
}
