/* network.h - one component domain with its policy, its lines and its two
 * lanes of the outbox. The XMPP side sees it through core/front.h only. */
#ifndef MOONGATE_CORE_NETWORK_H
#define MOONGATE_CORE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "core/front.h"
#include "core/limits.h"
#include "store/message.h"

struct core;
struct delivery;
struct driver;
struct line;
struct media_item;
struct timer;
struct written;

/* What to do with a part of which nobody knows whether it was taken. */
enum ambiguous { AMBIGUOUS_RESEND_ONCE, AMBIGUOUS_HOLD, AMBIGUOUS_FAIL };

enum registration {
    REGISTRATION_AUTO,
    REGISTRATION_OPEN,
    REGISTRATION_CLOSED,
};

/* One direction of a network's outbox. */
struct lane {
    struct network *network;
    enum direction direction;
    bool backlog;      /* the store may have something ready */
    bool taking;       /* a store_take is under way */
    struct timer *due; /* the earliest deferred conversation */
};

enum front_state {
    FRONT_DOWN,
    FRONT_JOINING, /* waits for what the store still has to say of before */
    FRONT_UP,
};

struct network {
    struct network *prev, *next;
    struct core *core;
    const struct settings *settings;
    struct network_policy policy;
    struct network_limits limits;
    enum ambiguous ambiguous;
    enum registration registration;
    int64_t ttl_ms;              /* 0: the line's */
    int64_t settle_ms;           /* -1: the line's */
    int64_t failover_ms;         /* 0: never */
    int64_t parts_timeout_ms;    /* of incomplete long messages */
    const struct settings *xmpp; /* admins */
    const char **addresses;      /* policy.addresses */

    const struct front *front;
    void *self;
    enum front_state front_state;
    unsigned front_life; /* counts ups and downs */
    bool debts_loaded;   /* what was owed before is written: go on live */
    bool debts_loading;  /* store_owed is under way */
    bool debts_left;     /* not all of it could be written */
    size_t debts_read;
    uint64_t route_clock; /* of the fair shares of lines (route.c) */

    struct lane to_line, to_xmpp;
    struct delivery *waiting; /* TO_XMPP, could not be written yet */
    size_t waiting_count;
    struct media_item *media; /* TO_XMPP, held by the media step */
    struct written *unfenced, *unfenced_last; /* in order of writing */
    size_t unfenced_count, unfenced_debts;
    uint64_t fenced; /* serial that is covered so far */
    bool alone;      /* what is unfenced is one suspect of an earlier death */

    const struct settings *own_settings; /* what users' own lines are like */
    const struct driver *own_driver;     /* NULL: there are none (own.c) */

    struct known *known;            /* contact -> account, line (known.c) */
    struct shown *shown;            /* pictures of contacts (picture.c) */
    struct picture_fetch *pictures; /* under way */
    struct claim *claims;           /* contact -> who has taken it (claim.c) */
    size_t lookups; /* under way: what comes later must not overtake them */
    size_t pieces;  /* the same of segments that are being stored */
    struct timer *fragments; /* looks for late parts */
    enum health health;      /* as last told */
    uint64_t up;             /* a bit for each line that sends */
    struct admin_words {
        int64_t since; /* clock_mono_ms */
        unsigned n;    /* words since then */
        char *last;
        char *waiting; /* until the stream is up */
    } told;            /* to the admins (admins.c) */
};

struct network *network_new(struct core *core, const struct settings *settings,
                            const struct settings *xmpp);
void network_set_front(struct network *network, const struct front *front,
                       void *self);
struct network *network_find(const struct core *core, const char *name);
void network_free(struct network *network); /* after the loop has ended */

/* The lines of a network, one after the other; NULL starts, NULL ends. */
struct line *network_line_next(const struct network *network,
                               const struct line *line);

/* All lines of the configuration are made. */
void network_lines_ready(struct network *network);

/* A line's state changed: presence, and what waited for it. */
void network_line_changed(struct network *network, struct line *line);

/* What waits for a line is looked at again. */
void network_wake(struct network *network);

/* Logs it and tells the admins: the same words once a minute, others up to ten
 * times; while the stream is down the last ones wait for it. */
void network_tell_admins(struct network *network, const char *text);
void network_tell_untold(struct network *network); /* the stream is up */
void admins_forget(struct network *network);

#endif
