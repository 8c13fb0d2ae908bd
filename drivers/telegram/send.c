/* send.c - messages out. A part is the JSON of its call without the chat, which
 * may have got another id when it is sent, and without the message that it is
 * about, whose id nobody may know before. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/reactions.h"
#include "telegram/split.h"
#include "telegram/styling.h"
#include "telegram/telegram.h"

enum {
    CHAT_DIGITS = 16,
    TEXT_MAX = 1024 * 1024,
    SUBMIT_MS = 60000,
    TYPING_MS = 4000,
    TYPING_ANY_MS = 300,
};

/* A submission that waits for its answer. */
struct post {
    struct post *prev, *next;
    uint64_t ticket;
    int64_t chat; /* as its address says */
    char *bytes;  /* the part */
    size_t size;
    char *target; /* "" when there is none, or nobody knows it */
    unsigned part, total;
    bool edits; /* what is left of the target behind the last part goes */
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

/* The kind of a part is a member that no call has. */
static const char kind_key[] = "moongate_kind";

static void put_part(struct json_object *part, enum message_kind kind,
                     struct parts *parts)
{
    const char *bytes;
    size_t size;

    if (kind != KIND_TEXT)
        json_object_object_add(part, kind_key, json_object_new_int((int)kind));
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
    add_entities(part, text, piece, entities);
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

bool send_plan(struct line *line, const struct outgoing *message,
               struct parts *parts, struct err *err)
{
    int64_t chat;

    (void)line;
    if (!read_chat(message->to, &chat, err))
        return false;
    if (message->kind == KIND_REACTION)
        return plan_reaction(message, parts, err);
    if (message->kind != KIND_RETRACTION)
        return plan_text(message, parts, err);
    put_part(json_object_new_object(), KIND_RETRACTION, parts);
    return true;
}

/* --- send ------------------------------------------------------------------
 */

static bool post_try(struct telegram *t, struct post *post, struct err *err);

static void post_free(struct telegram *t, struct post *post)
{
    DL_DELETE(t->posts, post);
    free(post->bytes);
    free(post->target);
    free(post);
}

static void post_end(struct telegram *t, struct post *post)
{
    post_free(t, post);
    if (t->dying && !t->posts)
        line_offline(t->line, &t->trouble);
}

/* The n-th of the messages that it is about, if they are of this chat as it is
 * now; 0: there is none. */
static int64_t target_at(const struct post *post, int64_t chat, size_t n)
{
    const char *at = post->target;
    int64_t of = 0, message = 0;

    while (n-- > 0 && *at) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    char *id = xstrndup(at, strcspn(at, " "));
    bool good = remote_id_read(id, &of, &message) && of == chat;
    free(id);
    return good ? message : 0;
}

static void put_int(struct json_object *params, const char *key, int64_t value)
{
    json_object_object_add(params, key, json_object_new_int64(value));
}

/* All that it is about, from the first-th on. */
static const char *as_retraction(struct json_object *params,
                                 const struct post *post, int64_t chat,
                                 size_t first)
{
    struct json_object *list = json_object_new_array();
    int64_t target;

    for (size_t n = first; (target = target_at(post, chat, n)) != 0; n++)
        json_object_array_add(list, json_object_new_int64(target));
    json_object_object_add(params, "message_ids", list);
    return "deleteMessages";
}

static void on_forgotten(struct telegram *t, void *arg,
                         const struct api_answer *answer)
{
    (void)t;
    (void)arg;
    (void)answer;
}

/* A correction of fewer messages than before: best effort, since the correction
 * itself is done. */
static void drop_rest(struct telegram *t, const struct post *post)
{
    int64_t chat = telegram_chat_now(t, post->chat);
    struct json_object *params;

    if (!post->edits || post->part < post->total ||
        !target_at(post, chat, post->total))
        return;
    params = json_object_new_object();
    put_int(params, "chat_id", chat);
    (void)api_call(t, as_retraction(params, post, chat, post->total), params,
                   true, 0, on_forgotten, NULL, NULL);
}

static void post_done(struct telegram *t, const struct post *post,
                      struct json_object *message)
{
    int64_t chat = api_int(api_get(message, "chat"), "id");
    int64_t id = api_int(message, "message_id");
    char remote_id[REMOTE_ID_MAX];

    drop_rest(t, post);
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

    if (answer->unchanged) {
        line_sent(t->line, post->ticket, NULL);
        post_end(t, post);
        return;
    }
    if (answer->moved_to && !post->moved) {
        post->moved = true;
        telegram_moved(t, post->chat, answer->moved_to);
        if (post_try(t, post, &err))
            return;
    }
    if (answer->gone && post->edits) {
        post->target[0] = '\0';
        if (post_try(t, post, &err))
            return;
    }
    line_failed(t->line, post->ticket, &err);
    if (answer->code == 403)
        telegram_left(t, post->chat);
    if (err.kind == ERR_AUTH)
        telegram_trouble(t, &err);
    post_end(t, post);
}

static void on_posted(struct telegram *t, void *arg,
                      const struct api_answer *answer)
{
    struct post *post = arg;

    crash_at(CRASH_ANSWER);
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

static const char *as_text(struct json_object *params, int64_t target,
                           const struct post *post)
{
    struct json_object *reply;

    if (target == 0 || post->part > 1)
        return "sendMessage";
    reply = json_object_new_object();
    put_int(reply, "message_id", target);
    json_object_object_add(reply, "allow_sending_without_reply",
                           json_object_new_boolean(true));
    json_object_object_add(params, "reply_parameters", reply);
    return "sendMessage";
}

/* What cannot be edited goes as a text that says so. */
static const char *as_edit(struct json_object *params, struct post *post,
                           int64_t chat)
{
    const char *text = api_text(params, "text");
    int64_t target = target_at(post, chat, post->part - 1);
    char *corrected;

    post->edits = target != 0;
    if (target) {
        put_int(params, "message_id", target);
        return "editMessageText";
    }
    if (post->part > 1)
        return "sendMessage";
    corrected = xasprintf("Corrected: %s", text ? text : "");
    json_object_object_add(params, "text", json_object_new_string(corrected));
    json_object_object_del(params, "entities");
    free(corrected);
    return "sendMessage";
}

static const char *as_reaction(struct json_object *params, int64_t target)
{
    put_int(params, "message_id", target);
    return "setMessageReaction";
}

static const char *choose_call(struct json_object *params, struct post *post,
                               int64_t chat, struct err *err)
{
    int64_t kind = api_int(params, kind_key);
    int64_t target = target_at(post, chat, 0);

    json_object_object_del(params, kind_key);
    if (kind == KIND_TEXT)
        return as_text(params, target, post);
    if (kind == KIND_EDIT)
        return as_edit(params, post, chat);
    if (target && kind == KIND_RETRACTION)
        return as_retraction(params, post, chat, 0);
    if (target && kind == KIND_REACTION)
        return as_reaction(params, target);
    err_set(err, ERR_REJECTED,
            "Telegram's number of that message is not known any more");
    return NULL;
}

static bool post_try(struct telegram *t, struct post *post, struct err *err)
{
    struct json_object *params = api_parse(post->bytes, post->size);
    int64_t chat = telegram_chat_now(t, post->chat);
    const char *method;

    if (!params)
        return err_set(err, ERR_INTERNAL, "a part in the store is no JSON");
    put_int(params, "chat_id", chat);
    method = choose_call(params, post, chat, err);
    if (!method) {
        json_object_put(params);
        return false;
    }
    if (!api_call(t, method, params, false, SUBMIT_MS, on_posted, post, err))
        return false;
    crash_at(CRASH_WRITE);
    return true;
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
    post->target = xstrdup(part->target ? part->target : "");
    post->part = part->part;
    post->total = part->total;
    DL_APPEND(t->posts, post);
    if (post_try(t, post, err))
        return true;
    post_free(t, post);
    return false;
}

/* Shown for five seconds at most; worth no second try. */
void send_typing(struct line *line, const char *to, bool on)
{
    struct telegram *t = line_state(line);
    int64_t now = clock_mono_ms();
    struct json_object *params;
    int64_t chat;

    if (!on || t->dying || !read_chat(to, &chat, NULL) ||
        (now - t->typing_at < TYPING_MS && strcmp(t->typing, to) == 0) ||
        now - t->typing_at < TYPING_ANY_MS)
        return;
    text_copy(t->typing, sizeof(t->typing), to);
    t->typing_at = now;
    params = json_object_new_object();
    put_int(params, "chat_id", telegram_chat_now(t, chat));
    json_object_object_add(params, "action", json_object_new_string("typing"));
    (void)api_call(t, "sendChatAction", params, true, 0, on_forgotten, NULL,
                   NULL);
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
