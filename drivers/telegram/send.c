/* send.c - texts as Telegram messages. A part is the JSON of sendMessage
 * without its chat, which may have got another id when it is sent. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/split.h"
#include "telegram/styling.h"
#include "telegram/telegram.h"

enum { CHAT_DIGITS = 16, TEXT_MAX = 1024 * 1024, SUBMIT_MS = 60000 };

/* A submission that waits for its answer. */
struct post {
    struct post *prev, *next;
    uint64_t ticket;
    int64_t chat; /* as its address says */
    char *bytes;  /* the part */
    size_t size;
    bool moved; /* sent again to the chat's new id */
};

/* --- plan ------------------------------------------------------------------
 */

static bool read_chat(const char *address, int64_t *chat, struct err *err)
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

static void add_entities(struct json_object *part, const char *text,
                         const struct piece *piece,
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
    json_object_object_add(part, "entities", list);
}

static void add_part(const struct buf *plain, const struct piece *piece,
                     const struct entities *entities, struct parts *parts)
{
    struct json_object *part = json_object_new_object();
    const char *text = buf_text(plain), *bytes;
    size_t size;

    json_object_object_add(
        part, "text",
        json_object_new_string_len(text + piece->start,
                                   (int)(piece->end - piece->start)));
    add_entities(part, text, piece, entities);
    bytes = json_object_to_json_string_length(
        part, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
    parts_add(parts, bytes, size);
    json_object_put(part);
}

bool send_plan(struct line *line, const struct outgoing *message,
               struct parts *parts, struct err *err)
{
    struct entities entities = { 0 };
    struct piece piece;
    struct buf plain;
    size_t at = 0, n = 0;
    int64_t chat;

    (void)line;
    if (!read_chat(message->to, &chat, err))
        return false;
    buf_init(&plain, TEXT_MAX);
    styling_read(message->text, strlen(message->text), &plain, &entities);
    for (; split_next(buf_text(&plain), plain.len, SPLIT_UNITS, &at, &piece);
         n++)
        add_part(&plain, &piece, &entities, parts);
    buf_free(&plain);
    entities_free(&entities);
    return n > 0 || err_set(err, ERR_REJECTED,
                            "Telegram takes no text without a character");
}

/* --- send ------------------------------------------------------------------
 */

static bool post_try(struct telegram *t, struct post *post, struct err *err);

static void post_free(struct telegram *t, struct post *post)
{
    DL_DELETE(t->posts, post);
    free(post->bytes);
    free(post);
}

static void post_end(struct telegram *t, struct post *post)
{
    post_free(t, post);
    if (t->dying && !t->posts)
        line_offline(t->line, &t->trouble);
}

static void post_done(struct telegram *t, const struct post *post,
                      struct json_object *message)
{
    int64_t chat = api_int(api_get(message, "chat"), "id");
    int64_t id = api_int(message, "message_id");
    char remote_id[REMOTE_ID_MAX];

    if (id <= 0) {
        line_sent(t->line, post->ticket, NULL);
        return;
    }
    remote_id_write(chat ? chat : post->chat, id, t->bot, remote_id);
    line_sent(t->line, post->ticket, remote_id);
}

static void post_failed(struct telegram *t, struct post *post,
                        const struct api_answer *answer)
{
    struct err err = answer->err;

    if (answer->moved_to && !post->moved) {
        post->moved = true;
        telegram_moved(t, post->chat, answer->moved_to);
        if (post_try(t, post, &err))
            return;
    }
    line_failed(t->line, post->ticket, &err);
    if (err.kind == ERR_AUTH)
        telegram_trouble(t, &err);
    post_end(t, post);
}

static void on_posted(struct telegram *t, void *arg,
                      const struct api_answer *answer)
{
    struct post *post = arg;

    if (answer->end == API_FAILED) {
        post_failed(t, post, answer);
        return;
    }
    if (answer->end == API_DONE)
        post_done(t, post, answer->result);
    else
        line_unsure(t->line, post->ticket, answer->err.text);
    post_end(t, post);
}

static bool post_try(struct telegram *t, struct post *post, struct err *err)
{
    struct json_object *params = api_parse(post->bytes, post->size);

    if (!params)
        return err_set(err, ERR_INTERNAL, "a part in the store is no JSON");
    json_object_object_add(
        params, "chat_id",
        json_object_new_int64(telegram_chat_now(t, post->chat)));
    return api_call(t, "sendMessage", params, false, SUBMIT_MS, on_posted, post,
                    err);
}

bool send_part(struct line *line, const struct submission *part,
               uint64_t ticket, struct err *err)
{
    struct telegram *t = line_state(line);
    struct post *post;
    int64_t chat;

    if (t->dying) {
        *err = t->trouble;
        return false;
    }
    if (!read_chat(part->to, &chat, err))
        return false;
    post = xcalloc(1, sizeof(*post));
    post->ticket = ticket;
    post->chat = chat;
    post->bytes = xstrndup(part->bytes, part->size);
    post->size = part->size;
    DL_APPEND(t->posts, post);
    if (post_try(t, post, err))
        return true;
    post_free(t, post);
    return false;
}

bool send_is_busy(const struct telegram *t)
{
    return t->posts != NULL;
}

void send_forget(struct telegram *t)
{
    while (t->posts)
        post_free(t, t->posts);
}
