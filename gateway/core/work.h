/* work.h - a delivery in the hands of a line; core/sink_line*.c only. */
#ifndef MOONGATE_CORE_WORK_H
#define MOONGATE_CORE_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "core/line.h"
#include "core/parts.h"
#include "core/route.h"
#include "store/store.h"

struct work {
    struct work *prev, *next; /* line->waiting */
    UT_hash_handle hh;        /* line->works, while a ticket is open */
    uint64_t ticket;
    int64_t deadline; /* clock_mono_ms */
    struct line *line;
    struct delivery *delivery;
    unsigned n;        /* the part under way, from 1 */
    bool stored;       /* the parts are in the store */
    bool repeat;       /* the part under way may have been taken before */
    bool deferred;     /* it went back to wait */
    char **remote_ids; /* of parts sent so far, for idempotent sinks */
    size_t n_ids;
    size_t reserved;    /* parts that the line's caps still count on */
    struct spend spend; /* of the part under way */
};

bool line_needs_intent(const struct line *line);

/* The line's in_hand grows by it. */
struct work *work_new(struct line *line, struct delivery *delivery);

/* The next part that the far side does not have, from 1; 0: none. */
unsigned next_open_part(const struct delivery *delivery, unsigned after);

/* Room for so many parts in the line's caps; freed with the work at last. */
void work_reserve(struct work *work, size_t parts);

/* The next part counts from now on; false: a cap is reached. */
bool work_spend(struct work *work);

void work_free(struct work *work);
void work_take_slot(struct work *work);
void work_leave_slot(struct work *work);
void work_send(struct work *work);
void work_send_later(struct work *work);

/* The message behind a work that ended, or a pump: in turn with the others. */
void work_follow(struct network *network, struct delivery *follower);
void work_give_back(struct work *work, int64_t next_at);

/* After every move that ends the work, as store_moved_fn: tells the sender,
 * goes on with the next one. */
void work_ended(void *arg, const struct moved *moved, struct delivery *follower,
                const struct err *err);

/* Moves the whole message and ends the work. */
void work_move(struct work *work, enum message_state to, const struct err *err,
               int64_t next_at);

/* The intent is committed but nothing was sent: takes it back. */
void work_untouched(struct work *work);

/* Moves a message that is in no line's hands, and goes on. Consumes it. */
void leave_line(struct network *network, struct delivery *delivery,
                struct move *move);

/* Its time to live is over: moves it and returns true. */
bool leave_if_expired(struct network *network, struct delivery *delivery);

/* The time to wait for a late report is over: moves it as `ambiguous` says, and
 * returns true; false: it is to be sent again. */
bool leave_if_settled(struct network *network, struct delivery *delivery);

/* When a message of unknown outcome may be sent again on its line. */
int64_t settled_at(const struct line *line, const struct delivery *delivery);

#endif
