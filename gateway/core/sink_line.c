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

bool line_needs_intent(const struct line *line)
{
    return line->driver->ambiguity == AMBIGUITY_NONE;
}

size_t sink_line_open(const struct core *core)
{
    size_t open = 0;
    for (const struct line *line = core->lines; line; line = line->next)
        open += line->busy;
    return open;
}

/* --- a work's life ------------------------------------------------------- */

struct work *work_new(struct line *line, struct delivery *delivery)
{
    struct work *work = xcalloc(1, sizeof(*work));
    work->line = line;
    work->delivery = delivery;
    line->in_hand++;
    return work;
}

void work_reserve(struct work *work, size_t parts)
{
    work->reserved += parts;
    work->line->quota.reserved += (int64_t)parts;
}

static void work_unreserve(struct work *work, size_t parts)
{
    size_t n = parts < work->reserved ? parts : work->reserved;
    work->reserved -= n;
    work->line->quota.reserved -= (int64_t)n;
}

bool work_spend(struct work *work)
{
    struct quota *quota = line_quota(work->line);
    if (!quota_fits(quota, 1, true))
        return false;
    work_unreserve(work, 1);
    work->spend = quota_spend(quota, 1);
    return true;
}

void work_free(struct work *work)
{
    work_unreserve(work, work->reserved);
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
    if (to == MESSAGE_SENT) {
        work_unreserve(work, work->n_ids);
        move.spend = quota_spend(line_quota(work->line), work->n_ids);
    }
    store_move(work->line->core->store, &move, work_ended, work);
}

/* --- sending a part ------------------------------------------------------ */

static struct part_row *work_part(const struct work *work)
{
    return &work->delivery->parts[work->n - 1];
}

unsigned next_open_part(const struct delivery *delivery, unsigned after)
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
        .target = delivery->target,
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
        line_refund(work->line, &work->spend, 1);
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
    if (!work_spend(work)) {
        work_leave_slot(work);
        work_give_back(work, line_capped_until(line, 1, true));
        return;
    }
    struct intent intent = {
        .delivery = delivery,
        .line = line_name(line),
        .sim = line->sim,
        .parts = work->stored ? NULL : delivery->parts,
        .n_parts = work->stored ? 0 : delivery->n_parts,
        .n = work->n,
        .spend = work->spend,
    };
    store_intend(line->core->store, &intent, on_intended, work);
}
