/* line.h - one running driver instance: its states, its back-off, and the
 * front functions through which the core reaches the driver. */
#ifndef MOONGATE_CORE_LINE_H
#define MOONGATE_CORE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/people.h"
#include "core/quota.h"
#include "core/route.h"
#include "driver.h"
#include "store/store.h"

struct core;
struct line_call;
struct network;
struct work;
struct pair;

enum line_state {
    LINE_OFF,      /* stopped for good */
    LINE_STARTING, /* start was called, online not reported */
    LINE_ONLINE,
    LINE_CLOSING,  /* handles are being closed; then BACKOFF or OFF */
    LINE_STOPPING, /* the driver says goodbye; then CLOSING */
    LINE_BACKOFF,
    LINE_STATES,
};

struct line {
    struct line *prev, *next;
    struct core *core;
    struct network *network;
    const struct driver *driver; /* or its tailored copy below */
    struct driver own;
    const struct settings *settings;
    struct settings *own_settings; /* the same; NULL: of the configuration */
    struct settings *renewed;      /* from the next start on */
    bool retired;                  /* its owner has taken it back (own.c) */
    bool told;                     /* he knows of the problem */
    enum line_state state;
    int64_t since; /* Unix ms of the last change */
    void *driver_state;
    struct owner owner;  /* the driver's handles */
    struct timer *timer; /* back-off, grace, ticket deadlines */
    struct timer *deadlines;
    struct later *act;  /* what up-calls asked for */
    unsigned failures;  /* in a row */
    unsigned life;      /* counts starts: tokens are of one life */
    bool wanted;        /* restart after closing */
    bool announced;     /* line_online was called in this life */
    bool lost;          /* line_offline was called: act on it */
    struct err problem; /* why it is not online */
    unsigned caps;
    char sim[64];
    struct pair *pairs; /* line_state_put */

    struct work *works;   /* by ticket: parts that are out */
    struct work *waiting; /* utlist: in hand, without a slot */
    struct work *ready;   /* utlist: with a slot, to be sent by `act` */
    size_t in_hand;       /* deliveries in hand, reserved slots included */
    size_t busy;          /* slots in use */
    uint64_t last_ticket;
    uint64_t parts_sent;

    struct line_call *calls; /* utlist: driver commands (line_call.c) */
    struct later *answers;   /* gives what the driver answered on */
    uint64_t last_call;
    int64_t parked_us; /* Unix us: when the last parked message comes again */

    struct people people; /* to whom it belongs */
    struct route route;
    struct quota quota;
    unsigned usage_asked; /* answers that are still to come: the last counts */
    struct spent_since usage_since;
    bool capped;      /* something waits for its caps */
    int64_t freed_at; /* clock_mono_ms: a part came free meanwhile */
    enum line_duty duty;
    bool drain_asked;
    int64_t drain_next; /* clock_mono_ms */
};

struct line *line_new(struct core *core, struct network *network,
                      const struct driver *driver,
                      const struct settings *settings);
void line_start(struct line *line);

/* Says goodbye and ends in LINE_OFF. */
void line_stop(struct line *line);

/* For lines that users bring along (own.c): starts it, if it was stopped;
 * starts it anew with other settings, which it takes; stops it for good. */
void line_wake(struct line *line);
void line_renew(struct line *line, struct settings *settings);
void line_retire(struct line *line);
void line_free(struct line *line); /* after the loop has ended */

const char *line_state_name(enum line_state state);

/* A driver's token, good for the life in which it was given. */
struct receipt {
    struct line *line;
    unsigned life;
    uint64_t token;
};
struct receipt line_receipt(struct line *line, uint64_t token);

/* The store has this small state of the driver's: line_state_get knows it
 * (line_state.c). */
void line_state_stored(struct line *line, const char *key, const char *value);
void line_state_load(struct line *line);
void line_state_forget(struct line *line); /* not in the store */

/* Tells the driver what became of what it received. */
void line_acknowledge(const struct receipt *receipt, enum ack ack);

/* Reported by the driver, and what its SIM has sent is known. */
bool line_is_online(const struct line *line);

/* Not yet online, and not yet in trouble, since the gateway runs? */
bool line_is_fresh(const struct line *line);

/* What an admin wants; kept across restarts. Paused: nothing more is sent, not
 * even the next part of a message; what is not begun goes to other lines.
 * Draining: what was begun on its SIM is finished, then it is paused. */
void line_pause(struct line *line);
void line_resume(struct line *line);
void line_drain(struct line *line); /* a paused one stays paused */
const char *line_duty_name(enum line_duty duty);

/* --- within the core: caps (line_duty.c) --------------------------------- */

/* Another SIM, maybe: asks the store what it has sent, then
 * line_usage_known. */
void line_begin_quota(struct line *line);
void line_usage_known(struct line *line);

/* Its caps, as of now. */
struct quota *line_quota(struct line *line);

/* Parts that were spent certainly were not taken; clears *spend. */
void line_refund(struct line *line, struct spend *spend, size_t parts);

/* A message has to wait for its caps: until when, Unix ms. */
int64_t line_capped_until(struct line *line, size_t parts, bool begun);

void line_check_duty(struct line *line); /* about once a second */

/* The settle time of unsure parts, in ms, with the network's override. */
int64_t line_settle_ms(const struct line *line);

#endif
