/* outbox.h - hands accepted messages over: a lane per network and direction
 * takes them from the store and gives them to its sink, a line
 * (core/sink_line.c) or the network's stream (core/sink_stream.c). */
#ifndef MOONGATE_CORE_OUTBOX_H
#define MOONGATE_CORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/front.h"
#include "store/store.h"

struct line;
struct network;
struct lane;
struct part_row;
struct work;

void lane_init(struct lane *lane, struct network *network,
               enum direction direction);

/* The store may have something for it: takes as much as the sink has room
 * for. */
void lane_pump(struct lane *lane);
void lane_has_backlog(struct lane *lane); /* notes it, then pumps */

/* Gives a delivery back to its conversation and frees it. */
void lane_give_back(struct lane *lane, struct delivery *delivery,
                    int64_t next_at);

/* When to try again after the n-th failed attempt, in ms. */
int64_t outbox_backoff_ms(unsigned attempt, const struct err *err);

/* --- stream sink --------------------------------------------------------- */

size_t sink_stream_room(const struct network *network);
/* May what is accepted for it be taken at once? */
bool sink_stream_is_open(const struct network *network);
void sink_stream_hand(struct network *network, struct delivery *delivery);
/* The same for what the media step gives back; lane_pump after the last. */
void sink_stream_pass(struct network *network, struct delivery *delivery);

void sink_stream_forget(struct network *network);

/* Tells a sender how his message ended, if that is owed. */
void sink_stream_settle(struct network *network, const struct moved *moved);

/* --- line sink ------------------------------------------------------------ */

size_t sink_line_room(const struct network *network);
void sink_line_hand(struct network *network, struct delivery *delivery);

/* A slot of a line reserved for a message that is about to be accepted, with
 * its plan: how an intent rides in the insert's transaction. */
struct offer {
    struct line *line; /* NULL: no slot; the message will be queued */
    struct part_row *parts;
    size_t n;
    size_t cost; /* in parts, also when it has to queue; 0: not known */
    uint16_t reference;
    bool intent;        /* store the parts and the intent with the message */
    struct spend spend; /* of the first part, with an intent */
    char *remark;       /* for the sender, owned by the offer; NULL: none */
};

/* Plans the message on the line it would take, `last` if that is the one the
 * conversation was on (NULL: not known). False: it can never be sent as it is
 * (too long, unsupported): refuse it now. */
bool sink_line_offer(struct network *network, const struct user_text *text,
                     const struct line *last, const struct id *id,
                     struct offer *offer, struct err *err);

/* The offer's message is committed: sends it, or, with delivery NULL, frees
 * the slot. Consumes both, but for the remark. */
void sink_line_accept(struct network *network, struct offer *offer,
                      struct delivery *delivery);

/* What waits for the line and may not be sent on it any more goes back. */
void sink_line_let_go(struct line *line);

/* From core/line.c: how a ticket ended. */
void sink_line_sent(struct line *line, uint64_t ticket, const char *remote_id);
void sink_line_failed(struct line *line, uint64_t ticket,
                      const struct err *err);
void sink_line_unsure(struct line *line, uint64_t ticket, const char *why);
void sink_line_lost(struct line *line);       /* it went offline */
void sink_line_check(struct line *line);      /* silent tickets become unsure */
void sink_line_send_ready(struct line *line); /* outside of up-calls */

/* Open tickets on all lines of the core. */
struct core;
size_t sink_line_open(const struct core *core);

#endif
