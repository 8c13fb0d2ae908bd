/* sink_line.c - hands messages to lines, part by part.
 *
 * A delivery in hand is a `struct work`. It waits for a slot of its line, then
 * for the commit of its intent (unless the far side takes our key), then for
 * the driver's answer; the answer of one part and the intent of the next are
 * one commit. Decisions about errors are in sink_line_policy.c. */
#include "core/work.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/network.h"
#include "core/outbox.h"

/* Deliveries that a line holds beyond its slots, so that the next is planned
 * when a slot becomes free. */
enum { AHEAD = 2, OFFLINE_ROOM = 64 };

static bool line_needs_intent(const struct line *line)
{
    return line->driver->ambiguity == AMBIGUITY_NONE;
}

static size_t line_room(const struct line *line)
{
    size_t most = line->driver->limits.in_flight + AHEAD;
    if (!line_is_online(line) || line->core->stopping)
        return 0;
    return line->in_hand < most ? most - line->in_hand : 0;
}

/* A message may have to wait for one certain line while others have room: not
 * more than this many times its own room. */
enum { CROWD = 4 };

size_t sink_line_room(const struct network *network)
{
    size_t room = 0;
    struct line *line = NULL;
    bool online = false;
    while ((line = network_line_next(network, line))) {
        size_t most = line->driver->limits.in_flight + AHEAD;
        if (line_is_online(line) && line->in_hand >= CROWD * most)
            return 0;
        online |= line_is_online(line);
        room += line_room(line);
    }
    /* Without a line they are looked at all the same: they may expire. */
    return online || network->core->stopping ? room : OFFLINE_ROOM;
}

size_t sink_line_open(const struct core *core)
{
    size_t open = 0;
    for (const struct line *line = core->lines; line; line = line->next)
        open += line->busy;
    return open;
}

/* --- a work's life ---------------------------------------------------------
 */

static struct work *work_new(struct line *line, struct delivery *delivery)
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->line = line;
    work->delivery = delivery;
    line->in_hand++;
    return work;
}

void work_free(struct work *work)
{
    work->line->in_hand--;
    for (size_t i = 0; i < work->n_ids; i++)
        free(work->remote_ids[i]);
    free(work->remote_ids);
    delivery_free(work->delivery);
    free(work);
}

/* The slot becomes free: the next one may go in the same group commit. */
void work_leave_slot(struct work *work)
{
    struct line *line = work->line;
    struct work *next = line->waiting;
    line->busy--;
    if (next && line_is_online(line) && !line->core->stopping) {
        DL_DELETE(line->waiting, next);
        work_take_slot(next);
    }
}

/* Gives the message back as it is in the store. */
void work_give_back(struct work *work, int64_t next_at)
{
    struct lane *lane = &work->line->network->to_line;
    struct delivery *delivery = work->delivery;
    work->delivery = NULL;
    work_free(work);
    lane_give_back(lane, delivery, next_at);
}

void work_follow(struct network *network, struct delivery *follower)
{
    if (follower && network->to_line.backlog)
        lane_give_back(&network->to_line, follower, 0);
    else if (follower)
        sink_line_hand(network, follower);
    lane_pump(&network->to_line);
}

void work_ended(void *arg, const struct moved *moved, struct delivery *follower,
                const struct err *err)
{
    struct work *work = arg;
    struct network *network = work->line->network;
    bool failed = core_lost(network->core, err);
    bool waits = work->deferred || !moved;
    work_free(work);
    if (failed) {
        delivery_free(follower);
        return;
    }
    crash_at(CRASH_RESULT);
    if (moved)
        sink_stream_settle(network, moved);
    work_follow(network, follower);
    if (waits)
        lane_has_backlog(&network->to_line);
}

void work_move(struct work *work, enum message_state to, const struct err *err,
               int64_t next_at)
{
    struct move move = {
        .delivery = work->delivery,
        .to = to,
        .err = err,
        .next_at = next_at,
        .owe = to == MESSAGE_FAILED,
        .line = line_name(work->line),
        .sim = work->line->sim,
        .remote_ids = (const char *const *)work->remote_ids,
        .n = work->n_ids,
        .follow = true,
    };
    work->deferred = next_at != 0;
    store_move(work->line->core->store, &move, work_ended, work);
}

/* --- sending a part ----------------------------------------------------------
 */

static struct part_row *work_part(const struct work *work)
{
    return &work->delivery->parts[work->n - 1];
}

/* The next part that the far side does not have; 0: none. */
static unsigned next_open_part(const struct delivery *delivery, unsigned after)
{
    for (size_t i = after; i < delivery->n_parts; i++) {
        enum part_state state = delivery->parts[i].state;
        if (state != PART_SENT && state != PART_DELIVERED)
            return (unsigned)i + 1;
    }
    return 0;
}

void work_send(struct work *work)
{
    struct line *line = work->line;
    struct delivery *delivery = work->delivery;
    struct part_row *part = work_part(work);
    struct id_text key = id_text(&delivery->id);
    struct err err = { 0 };
    struct submission submission = {
        .to = delivery->contact,
        .bytes = part->bytes,
        .size = part->size,
        .part = work->n,
        .total = (unsigned)delivery->n_parts,
        .repeat = work->repeat,
        .more = work->n < delivery->n_parts || line->waiting != NULL,
        .key = key.text,
    };
    if (!line_is_online(line)) {
        work_untouched(work);
        return;
    }
    work->repeat = part->state == PART_UNSURE;
    submission.repeat = work->repeat;
    crash_at(CRASH_INTENT);
    work->ticket = ++line->last_ticket;
    work->deadline =
        clock_mono_ms() + (int64_t)line->driver->limits.send_timeout_s * 1000;
    HASH_ADD(hh, line->works, ticket, sizeof(work->ticket), work);
    /* The driver may end the ticket within the call: work is gone then. */
    uint64_t ticket = work->ticket;
    if (!line->driver->send(line, &submission, ticket, &err))
        sink_line_failed(line, ticket, &err);
}

/* For callers that may be within an up-call of the driver. */
void work_send_later(struct work *work)
{
    DL_APPEND(work->line->ready, work);
    later_ask(work->line->act);
}

void sink_line_send_ready(struct line *line)
{
    struct work *work, *next, *ready = line->ready;
    line->ready = NULL;
    DL_FOREACH_SAFE (ready, work, next) {
        DL_DELETE(ready, work);
        work_send(work);
    }
}

static void on_intended(void *arg, const struct err *err)
{
    struct work *work = arg;
    if (core_lost(work->line->core, err)) {
        work_leave_slot(work);
        work_give_back(work, clock_wall_ms() + 5000);
        return;
    }
    work->delivery->attempt++;
    work->delivery->state = MESSAGE_SUBMITTING;
    work->stored = true;
    work_send(work);
}

/* A slot is ours: commits the intent, or sends at once. */
void work_take_slot(struct work *work)
{
    struct line *line = work->line;
    struct delivery *delivery = work->delivery;
    line->busy++;
    if (!line_needs_intent(line)) {
        work_send_later(work);
        return;
    }
    struct intent intent = {
        .delivery = delivery,
        .line = line_name(line),
        .sim = line->sim,
        .parts = work->stored ? NULL : delivery->parts,
        .n_parts = work->stored ? 0 : delivery->n_parts,
        .n = work->n,
    };
    store_intend(line->core->store, &intent, on_intended, work);
}

/* --- a delivery arrives ------------------------------------------------------
 */

static bool work_plan(struct work *work, struct err *err)
{
    struct delivery *delivery = work->delivery;
    struct id_text key = id_text(&delivery->id);
    struct parts parts = { 0 };
    struct outgoing message = {
        .kind = (enum message_kind)delivery->kind,
        .to = delivery->contact,
        .text = delivery->text,
        .key = key.text,
        .reference = delivery->reference,
        .report = true,
        .expires = delivery->expires,
        .manner = delivery->manner,
    };
    if (delivery->n_parts > 0) {
        work->stored = true;
        return true;
    }
    if (!parts_plan(work->line, &message, &parts, err))
        return false;
    delivery->parts = parts.rows;
    delivery->n_parts = parts.n;
    return true;
}

static void on_expired(void *arg, const struct moved *moved,
                       struct delivery *follower, const struct err *err)
{
    struct network *network = arg;
    if (core_lost(network->core, err)) {
        delivery_free(follower);
        return;
    }
    if (moved)
        sink_stream_settle(network, moved);
    work_follow(network, follower);
}

/* No line can take it now: it waits for one, as long as it may live. */
static void hand_to_nobody(struct network *network, struct delivery *delivery)
{
    struct err err;
    int64_t now = clock_wall_ms();
    bool stopping = network->core->stopping;
    int64_t next_at = delivery->expires ? delivery->expires : now + 3600000;
    struct move move = {
        .delivery = delivery,
        .to = MESSAGE_FAILED,
        .err = &err,
        .owe = true,
        .follow = true,
    };
    if (stopping || delivery->expires == 0 || now < delivery->expires) {
        lane_give_back(&network->to_line, delivery, stopping ? 0 : next_at);
        return;
    }
    err_set(&err, ERR_EXPIRED, "no line could send it in its time to live");
    store_move(network->core->store, &move, on_expired, network);
    delivery_free(delivery);
}

void sink_line_hand(struct network *network, struct delivery *delivery)
{
    struct err err = { 0 };
    struct line *line = route_pick(network, delivery);
    if (!line || network->core->stopping) {
        hand_to_nobody(network, delivery);
        return;
    }
    struct work *work = work_new(line, delivery);
    if (delivery->n_parts > 0 && next_open_part(delivery, 0) == 0) {
        work_move(work, MESSAGE_SENT, NULL, 0); /* reports said so */
        return;
    }
    if (work_is_decided(work))
        return;
    if (!work_plan(work, &err)) {
        work_move(work, MESSAGE_FAILED, &err, 0);
        return;
    }
    work->n = next_open_part(delivery, 0);
    if (line->busy < line->driver->limits.in_flight)
        work_take_slot(work);
    else
        DL_APPEND(line->waiting, work);
}

/* --- a new message with an offer
 * ---------------------------------------------- */

bool sink_line_offer(struct network *network, const struct user_text *text,
                     const struct id *id, struct offer *offer, struct err *err)
{
    struct line *line = route_pick_new(network);
    struct id_text key = id_text(id);
    struct parts parts = { 0 };
    struct outgoing message = {
        .kind = KIND_TEXT,
        .to = text->contact,
        .text = text->text,
        .key = key.text,
        .reference = (uint16_t)(id->bytes[14] << 8 | id->bytes[15]),
        .report = true,
        .manner = text->manner,
    };
    *offer = (struct offer){ .reference = message.reference };
    if (!line)
        return true;
    if (!parts_plan(line, &message, &parts, err))
        return false;
    if (parts.remark[0])
        offer->remark = xstrdup(parts.remark);
    if (!line_is_online(line) || line->core->stopping ||
        line->busy >= line->driver->limits.in_flight) {
        parts_free(&parts);
        return true;
    }
    line->busy++;
    line->in_hand++;
    offer->line = line;
    offer->parts = parts.rows;
    offer->n = parts.n;
    offer->intent = line_needs_intent(line);
    return true;
}

void sink_line_accept(struct network *network, struct offer *offer,
                      struct delivery *delivery)
{
    struct line *line = offer->line;
    if (!line) {
        if (delivery)
            sink_line_hand(network, delivery);
        return;
    }
    struct work *work = work_new(line, delivery);
    line->in_hand--; /* the offer's place is the work's now */
    if (!delivery) {
        part_rows_free(offer->parts, offer->n);
        work_leave_slot(work);
        work_free(work);
        lane_pump(&network->to_line);
        return;
    }
    if (delivery->n_parts == 0) {
        delivery->parts = offer->parts;
        delivery->n_parts = offer->n;
    } else {
        part_rows_free(offer->parts, offer->n);
    }
    work->stored = offer->intent;
    work->n = 1;
    work_send(work);
}
