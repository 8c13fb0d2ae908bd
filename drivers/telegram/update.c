/* update.c - what an Update says. */
#include "telegram/update.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "telegram/api.h"
#include "telegram/content.h"
#include "telegram/media.h"

enum { TEXT_MAX = 192 * 1024, NAME_MAX_OCTETS = 512, DECIMAL = 10 };

static const int64_t TIME_MAX = 1LL << 40;

void remote_id_write(int64_t chat, int64_t message, int64_t bot,
                     char out[REMOTE_ID_MAX])
{
    snprintf(out, REMOTE_ID_MAX, "%" PRId64 ":%" PRId64 "@%" PRId64, chat,
             message, bot);
}

bool remote_id_read(const char *text, int64_t *chat, int64_t *message)
{
    char *colon, *end;

    errno = 0;
    *chat = strtoll(text, &colon, DECIMAL);
    if (colon == text || *colon != ':')
        return false;
    *message = strtoll(colon + 1, &end, DECIMAL);
    return end != colon + 1 && *end == '@' && errno == 0 && *message > 0;
}

/* --- parts of a message -------------------------------------------------- */

static char *name_of(struct json_object *who)
{
    struct buf name;

    buf_init(&name, NAME_MAX_OCTETS);
    content_name(who, &name);
    if (name.len == 0) {
        buf_free(&name);
        return NULL;
    }
    return buf_take(&name);
}

/* Unix ms; 0: it makes no sense. */
static int64_t read_time(struct json_object *message, const char *key)
{
    int64_t seconds = api_int(message, key);

    return seconds > 0 && seconds < TIME_MAX ? seconds * 1000 : 0;
}

static void read_chat(struct json_object *message, struct update *u)
{
    struct json_object *chat = api_get(message, "chat");
    const char *type = api_text(chat, "type");

    u->chat = api_int(chat, "id");
    u->group = type && strcmp(type, "private") != 0;
    u->name = name_of(chat);
    u->message_id = api_int(message, "message_id");
    u->at = read_time(message, "date");
}

/* In a group people must see who speaks; the contact is the group. */
static void read_author(struct json_object *message, struct update *u,
                        struct buf *text)
{
    struct json_object *from = api_get(message, "sender_chat");
    size_t before = text->len;

    if (!u->group)
        return;
    from = from ? from : api_get(message, "from");
    if (!from)
        from = api_get(message, "user");
    u->author = xasprintf("%" PRId64, api_int(from, "id"));
    content_name(from, text);
    if (text->len > before)
        buf_add_text(text, ": ");
}

static char *id_of(int64_t chat, int64_t message, int64_t bot)
{
    char id[REMOTE_ID_MAX];

    remote_id_write(chat, message, bot, id);
    return xstrdup(id);
}

static void read_start(struct update *u, const char *text)
{
    size_t size = strcspn(text, " @");

    if (u->group || size != 6 || strncmp(text, "/start", size) != 0)
        return;
    text += strcspn(text, " ");
    u->start = xstrdup(text + strspn(text, " "));
}

/* --- kinds of updates ---------------------------------------------------- */

static bool read_moved(struct json_object *message, struct update *u)
{
    u->moved_to = api_int(message, "migrate_to_chat_id");
    if (u->moved_to)
        u->what = UPDATE_MOVED;
    return u->moved_to != 0;
}

/* Without what XML cannot have; NULL for NULL. */
static char *clean_copy(const char *text)
{
    struct buf out;

    if (!text)
        return NULL;
    buf_init(&out, NAME_MAX_OCTETS);
    utf8_clean(&out, text, strlen(text));
    return buf_take(&out);
}

static bool read_file(struct json_object *message, struct update *u)
{
    struct media_file file;

    if (!media_file(message, &file))
        return false;
    u->file_id = xstrdup(file.id);
    u->file_type = clean_copy(file.type);
    u->file_name = clean_copy(file.name);
    u->file_size = file.size;
    return true;
}

static void read_message(struct json_object *message, int64_t bot,
                         struct update *u)
{
    int64_t reply = api_int(api_get(message, "reply_to_message"), "message_id");
    const char *plain = api_text(message, "text");
    struct buf text;

    read_chat(message, u);
    if (u->chat == 0 || u->message_id <= 0 || read_moved(message, u) ||
        api_int(api_get(message, "from"), "id") == bot)
        return;
    buf_init(&text, TEXT_MAX);
    read_author(message, u, &text);
    if (!u->edited && read_file(message, u))
        content_caption(message, &text);
    if (u->file_id || content_words(message, &text)) {
        u->what = UPDATE_MESSAGE;
        u->kind = KIND_TEXT;
        u->text = buf_take(&text);
        if (reply > 0)
            u->target_id = id_of(u->chat, reply, bot);
        if (plain)
            read_start(u, plain);
    }
    buf_free(&text);
}

/* Each edit of a message is an event of its own. */
static void read_edit(struct json_object *message, int64_t bot,
                      struct update *u)
{
    int64_t date = read_time(message, "edit_date");

    u->edited = true;
    read_message(message, bot, u);
    if (u->what != UPDATE_MESSAGE)
        return;
    u->kind = KIND_EDIT;
    u->at = date ? date : u->at;
    free(u->target_id);
    u->target_id = id_of(u->chat, u->message_id, bot);
    free(u->start);
    u->start = NULL;
}

/* The whole set of somebody's reactions, as in XEP-0444; "" when none is left.
 * Custom emoji have no character. */
static void read_reaction(struct json_object *reaction, int64_t bot,
                          struct update *u)
{
    struct json_object *all = api_get(reaction, "new_reaction");
    size_t n = json_object_is_type(all, json_type_array)
                   ? json_object_array_length(all)
                   : 0;
    struct buf text;

    read_chat(reaction, u);
    if (u->chat == 0 || u->message_id <= 0 ||
        api_int(api_get(reaction, "user"), "id") == bot)
        return;
    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; i < n && i < 20; i++) {
        const char *emoji =
            api_text(json_object_array_get_idx(all, i), "emoji");

        if (emoji)
            buf_addf(&text, "%s%s", text.len ? " " : "", emoji);
    }
    u->what = UPDATE_MESSAGE;
    u->kind = KIND_REACTION;
    u->text = buf_take(&text);
    u->target_id = id_of(u->chat, u->message_id, bot);
}

static void read_member(struct json_object *change, int64_t bot,
                        struct update *u)
{
    struct json_object *now = api_get(change, "new_chat_member");
    const char *status = api_text(now, "status");

    (void)bot;
    read_chat(change, u);
    if (u->chat && status &&
        (strcmp(status, "kicked") == 0 || strcmp(status, "left") == 0))
        u->what = UPDATE_LEFT;
}

static const struct {
    const char *key;
    void (*read)(struct json_object *json, int64_t bot, struct update *update);
} readers[] = {
    { "message", read_message },
    { "edited_message", read_edit },
    { "message_reaction", read_reaction },
    { "my_chat_member", read_member },
};

/* A message keeps its number, whatever way and how often it comes; other events
 * have only that of their update. */
static void name_event(struct update *u, int64_t bot)
{
    u->remote_id = u->kind == KIND_TEXT
                       ? id_of(u->chat, u->message_id, bot)
                       : xasprintf("update:%" PRId64 ":%" PRId64 "@%" PRId64,
                                   u->id, u->message_id, bot);
}

bool update_read(struct json_object *json, int64_t bot, struct update *u)
{
    struct json_object *id = api_get(json, "update_id");

    *u = (struct update){ 0 };
    if (!json_object_is_type(id, json_type_int))
        return false;
    u->id = json_object_get_int64(id);
    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        struct json_object *body = api_get(json, readers[i].key);

        if (body) {
            readers[i].read(body, bot, u);
            break;
        }
    }
    if (u->what == UPDATE_MESSAGE)
        name_event(u, bot);
    return true;
}

void update_free(struct update *u)
{
    free(u->text);
    free(u->name);
    free(u->author);
    free(u->remote_id);
    free(u->target_id);
    free(u->start);
    free(u->file_id);
    free(u->file_type);
    free(u->file_name);
    *u = (struct update){ 0 };
}
