/* telegram.h - what the files of the telegram driver share. */
#ifndef MOONGATE_TELEGRAM_TELEGRAM_H
#define MOONGATE_TELEGRAM_TELEGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "driver.h"
#include "telegram/update.h"

struct api_answer;
struct arrival;
struct call;
struct json_object;
struct post;

/* The state of a line. */
struct telegram {
    struct line *line;
    const char *api, *token; /* options; `api` without a slash at its end */
    char *api_text;
    int64_t bot; /* its user id */
    char name[64];

    struct timer *timer; /* the next poll */
    int64_t asked_at;    /* the last one, clock_mono_ms */
    int64_t offset;      /* of the next poll; 0: unknown */
    int64_t offset_at;   /* Unix ms of the update before it */
    int64_t next_offset; /* when what was handed over is acked */
    uint64_t batch;      /* its token; 0: none is out */
    uint64_t last_token;
    unsigned failures, conflicts; /* of polls, in a row */
    bool one;                     /* ask for one update only */

    struct hook *hook;        /* NULL: it polls */
    struct arrival *arrivals; /* requests of the hook that wait for an ack */
    size_t n_arrivals;
    uint64_t refused; /* requests that were not Telegram's */
    int64_t warned;   /* of them, clock_mono_ms */

    struct post *posts; /* submissions without an answer */
    char typing[24];    /* the chat that was told last, and when */
    int64_t typing_at;
    bool dying; /* offline as soon as they have one */
    struct err trouble;

    struct chats *chats; /* whose pictures were asked for (photos.c) */
    struct call *calls;  /* api.c */
    uint64_t ignored;    /* updates for nobody */
};

/* The line cannot go on: it is offline once every submission has its answer,
 * since cancelling one would make its outcome unknown. */
void telegram_trouble(struct telegram *telegram, const struct err *err);

/* A group's id changes when it becomes a supergroup; its address here stays. */
void telegram_moved(struct telegram *telegram, int64_t from, int64_t to);
int64_t telegram_chat_now(struct telegram *telegram, int64_t chat);
int64_t telegram_chat_then(struct telegram *telegram, int64_t chat);

/* Its user has blocked the bot, or the bot was removed from the group. */
void telegram_left(struct telegram *telegram, int64_t chat);

/* Hands updates over, and what is to be kept as "offset" with them (NULL:
 * nothing); false: they are for nobody, and no ack will come. */
bool telegram_take(struct telegram *telegram, const struct update *updates,
                   size_t n, uint64_t token, const char *offset);

/* The updates that we want, as a JSON array. */
struct json_object *telegram_wanted(void);

/* The line works. */
void telegram_online(struct telegram *telegram);

/* photos.c: somebody has written in the chat: asks for its picture, once a
 * day. */
void photos_want(struct telegram *telegram, int64_t chat);
void photos_forget(struct telegram *telegram);

/* poll.c: reads updates from now on, after a webhook of ours is gone. */
void poll_start(struct telegram *telegram);
void poll_ack(struct telegram *telegram, uint64_t token, enum ack ack);

/* webhook.c: has updates sent to us. False: no hook can be opened. */
bool webhook_start(struct telegram *telegram, struct err *err);
void webhook_ack(struct telegram *telegram, uint64_t token, enum ack ack);
void webhook_forget(struct telegram *telegram);

/* Members of a part that no call has: its kind, and the method for a medium. */
#define PART_KIND "moongate_kind"
#define PART_METHOD "moongate_method"

/* plan.c: an op of the driver; the chat that an address names. */
bool telegram_plan(struct line *line, const struct outgoing *message,
                   struct parts *parts, struct err *err);
bool plan_chat(const char *address, int64_t *chat, struct err *err);

/* send.c: the other ops. */
bool send_part(struct line *line, const struct submission *part,
               uint64_t ticket, struct err *err);
void send_typing(struct line *line, const char *to, bool on);
bool send_is_busy(const struct telegram *telegram);
void send_forget(struct telegram *telegram);

#endif
