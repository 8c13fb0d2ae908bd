/* send.c - messages out: parts of plan.c get their chat, and the message that
 * they are about. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/media.h"
#include "telegram/telegram.h"

enum {
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
    bool medium;
    bool edits; /* what is left of the target behind the last part goes */
    bool moved; /* sent again to the chat's new id */
    bool link;  /* Telegram could not fetch the medium: its URL goes */
};

/* --- send ---------------------------------------------------------------- */

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
    if (answer->code == 400 && post->medium && !post->link) {
        post->link = true;
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

/* In the words of a text: the caption, and its URL. */
static void make_link(struct json_object *params, const struct media_way *way)
{
    const char *caption = api_text(params, "caption");
    const char *url = api_text(params, way->member);
    struct json_object *entities = api_get(params, "caption_entities");
    char *text = xasprintf("%s%s%s", caption ? caption : "",
                           caption ? "\n" : "", url ? url : "");

    json_object_object_add(params, "text", json_object_new_string(text));
    if (entities)
        json_object_object_add(params, "entities", json_object_get(entities));
    json_object_object_del(params, "caption");
    json_object_object_del(params, "caption_entities");
    json_object_object_del(params, way->member);
    free(text);
}

static const char *as_medium(struct json_object *params, struct post *post,
                             int64_t target)
{
    const struct media_way *way =
        media_way_named(api_text(params, PART_METHOD));

    json_object_object_del(params, PART_METHOD);
    (void)as_text(params, target, post); /* it may be a reply, too */
    post->medium = way != NULL;
    if (way && post->link)
        make_link(params, way);
    return way && !post->link ? way->method : "sendMessage";
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
    int64_t kind = api_int(params, PART_KIND);
    int64_t target = target_at(post, chat, 0);

    json_object_object_del(params, PART_KIND);
    if (kind == KIND_TEXT)
        return as_text(params, target, post);
    if (kind == KIND_MEDIA)
        return as_medium(params, post, target);
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
    if (!plan_chat(part->to, &chat, err))
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

    if (!on || t->dying || !plan_chat(to, &chat, NULL) ||
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
