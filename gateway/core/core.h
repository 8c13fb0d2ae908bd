/* core.h - what the parts of the core share: made once by gateway.c and passed
 * down. */
#ifndef MOONGATE_CORE_CORE_H
#define MOONGATE_CORE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "toolkit/loop.h"

struct line;
struct media;
struct network;
struct seal;
struct store;

struct core {
    struct loop *loop;
    struct owner owner; /* of the core's own timers */
    struct store *store;
    struct media *media;      /* NULL: attachments are only spoken of */
    struct network *networks; /* utlist */
    struct line *lines;       /* utlist */
    const struct seal *seal;  /* of what users bring along; NULL: no key */
    uint64_t last_call;       /* of a driver's locate */
    bool stopping;            /* nothing new is handed over */
    int64_t started;          /* Unix ms */
    /* The store is lost: the daemon has to stop (rule R13). */
    void (*fatal)(void *arg, const struct err *err);
    void (*stop)(void *arg); /* an orderly end, as on SIGTERM */
    void *arg;
};

/* For every store callback: reports ERR_STORE to `fatal` once; returns whether
 * there was an error. */
bool core_failed(struct core *core, const struct err *err);

/* The same for moves, which a full disk must not stop: when even the reserve
 * is used up, only a new start knows again where everything stands. */
bool core_lost(struct core *core, const struct err *err);

#endif
