/* photos.c - pictures of users and groups. Telegram does not tell when one
 * changes, so that it is asked: when somebody writes, once a day a chat, and
 * one chat a second, so that nothing else has to wait. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/telegram.h"

enum {
    CHATS_MAX = 4096,
    PACE_MS = 1000,
    BEGIN_MS = 500, /* what else the chat needs goes first */
    DAY_MS = 86400000,
    NEVER = -1,
};

struct chat {
    int64_t id;
    int64_t asked; /* clock_mono_ms, NEVER; 0: it waits for its turn */
    UT_hash_handle hh;
};

struct chats {
    struct chat *all; /* in the order of their coming */
    size_t waiting;
    struct timer *timer; /* the next turn */
    int64_t asking;      /* the chat whose answer is out; 0: none */
};

static void on_chat(struct telegram *t, void *arg,
                    const struct api_answer *answer)
{
    struct json_object *photo = api_get(answer->result, "photo");
    const char *source = api_text(photo, "small_file_id");
    const char *id = api_text(photo, "small_file_unique_id");
    int64_t pause = (int64_t)answer->err.retry_after * 1000;
    char address[24];

    (void)arg;
    snprintf(address, sizeof(address), "%" PRId64,
             telegram_chat_then(t, t->chats->asking));
    t->chats->asking = 0;
    timer_start(t->chats->timer, (uint64_t)(pause > PACE_MS ? pause : PACE_MS));
    if (answer->end != API_DONE || !api_int(answer->result, "id") || t->dying)
        return;
    if (id && source)
        line_contact_picture(t->line, address, id, source);
    else if (!photo)
        line_contact_picture(t->line, address, NULL, NULL);
}

static void ask(struct telegram *t, struct chat *chat)
{
    struct json_object *params = json_object_new_object();
    struct err err;

    json_object_object_add(params, "chat_id", json_object_new_int64(chat->id));
    chat->asked = clock_mono_ms();
    t->chats->waiting--;
    if (api_call(t, "getChat", params, true, 0, on_chat, NULL, &err))
        t->chats->asking = chat->id;
}

static void on_turn(void *arg)
{
    struct telegram *t = arg;
    struct chat *chat;

    if (t->chats->asking || t->chats->waiting == 0)
        return;
    for (chat = t->chats->all; chat; chat = chat->hh.next)
        if (chat->asked == 0)
            break;
    if (chat)
        ask(t, chat);
}

/* NULL: there is no room, since all of them wait. */
static struct chat *chat_of(struct chats *chats, int64_t id)
{
    struct chat *chat, *oldest = chats->all;

    HASH_FIND(hh, chats->all, &id, sizeof(id), chat);
    if (chat)
        return chat;
    if (HASH_COUNT(chats->all) >= CHATS_MAX) {
        if (oldest->asked == 0)
            return NULL;
        HASH_DEL(chats->all, oldest);
        free(oldest);
    }
    chat = xcalloc(1, sizeof(*chat));
    chat->id = id;
    chat->asked = NEVER;
    HASH_ADD(hh, chats->all, id, sizeof(chat->id), chat);
    return chat;
}

static bool is_due(const struct chat *chat)
{
    return chat->asked == NEVER ||
           (chat->asked > 0 && clock_mono_ms() - chat->asked >= DAY_MS);
}

static struct chats *chats_new(struct telegram *t)
{
    struct chats *chats = xcalloc(1, sizeof(*chats));

    chats->timer = timer_new(line_owner(t->line), on_turn, t);
    return chats;
}

void photos_want(struct telegram *t, int64_t id)
{
    struct chat *chat;

    if (!t->chats)
        t->chats = chats_new(t);
    chat = chat_of(t->chats, id);
    if (!chat || !is_due(chat))
        return;
    chat->asked = 0;
    t->chats->waiting++;
    if (!t->chats->asking && !timer_active(t->chats->timer))
        timer_start(t->chats->timer, BEGIN_MS);
}

void photos_forget(struct telegram *t)
{
    while (t->chats && t->chats->all) {
        struct chat *chat = t->chats->all;

        HASH_DEL(t->chats->all, chat);
        free(chat);
    }
    free(t->chats);
    t->chats = NULL;
}
