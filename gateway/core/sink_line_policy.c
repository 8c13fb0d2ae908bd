/* sink_line_policy.c - what follows from the end of a ticket: the next part,
 * the next state, when to try again. The kinds of errors and whether a retry
 * makes sense are rows of base/err.c. */
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

/* A part whose outcome stayed unknown this often is given up: it may be what
 * kills the line (poison), and every try may be a copy. */
enum { UNSURE_TRIES = 6, TRIES_MAX = 25 };

static struct work *take_ticket(struct line *line, uint64_t ticket)
{
    struct work *work;
    HASH_FIND(hh, line->works, &ticket, sizeof(ticket), work);
    if (!work) {
        log_warn("line %s: a ticket ended twice", line_name(line));
        return NULL;
    }
    HASH_DEL(line->works, work);
    return work;
}

static bool needs_intent(const struct work *work)
{
    return line_needs_intent(work->line);
}

static void log_end(const struct work *work, const char *what,
                    const struct err *err)
{
    const struct delivery *d = work->delivery;
    if (err)
        log_line(err_policy(err->kind)->level,
                 "message %s to %s part %u/%zu %s: %s line=%s",
                 id_text(&d->id).text, log_number(d->contact).text, work->n,
                 d->n_parts, what, err->text, line_name(work->line));
    else
        log_debug("message %s to %s part %u/%zu %s line=%s",
                  id_text(&d->id).text, log_number(d->contact).text, work->n,
                  d->n_parts, what, line_name(work->line));
}

/* --- the outcome of a part that had an intent ---------------------------- */

static void on_next_part(void *arg, const struct moved *moved,
                         struct delivery *follower, const struct err *err)
{
    struct work *work = arg;
    /* A report that came early has decided the message meanwhile. */
    if (!err && moved && message_handed_over(moved->state)) {
        work_leave_slot(work);
        work_ended(work, moved, follower, err);
        return;
    }
    delivery_free(follower);
    if (core_lost(work->line->core, err) || !moved) {
        line_refund(work->line, &work->spend, 1);
        work_leave_slot(work);
        work_give_back(work, 0);
        return;
    }
    crash_at(CRASH_RESULT);
    work->delivery->attempt++;
    work_send(work);
}

static void record(struct work *work, struct outcome *outcome,
                   store_moved_fn *fn)
{
    outcome->delivery = work->delivery;
    outcome->line = line_name(work->line);
    outcome->sim = work->line->sim;
    outcome->n = work->n;
    work->deferred = outcome->next_at != 0;
    if (outcome->state == PART_WAITING || outcome->state == PART_FAILED) {
        outcome->refund = work->spend;
        line_refund(work->line, &work->spend, 1);
    }
    store_outcome(work->line->core->store, outcome, fn, work);
}

/* Ends the work with this outcome; the slot is free at once. */
static void record_end(struct work *work, struct outcome outcome)
{
    record(work, &outcome, work_ended);
    work_leave_slot(work);
}

void work_untouched(struct work *work)
{
    if (!needs_intent(work)) {
        work_leave_slot(work);
        work_give_back(work, 0);
        return;
    }
    record_end(work, (struct outcome){ .state = PART_WAITING,
                                       .move = MESSAGE_QUEUED,
                                       .next_at = clock_wall_ms() + 500 });
}

/* --- sent
 * --------------------------------------------------------------------- */

static unsigned next_part(const struct work *work)
{
    for (size_t i = work->n; i < work->delivery->n_parts; i++) {
        enum part_state state = work->delivery->parts[i].state;
        if (state != PART_SENT && state != PART_DELIVERED)
            return (unsigned)i + 1;
    }
    return 0;
}

static void remember_remote_id(struct work *work, const char *remote_id)
{
    work->remote_ids =
        xrealloc(work->remote_ids, (work->n_ids + 1) * sizeof(char *));
    work->remote_ids[work->n_ids++] = xstrdup(remote_id ? remote_id : "");
}

/* Its line was paused meanwhile, or has reached a cap: the rest waits. */
static bool may_go_on(struct work *work)
{
    return work->line->duty != DUTY_PAUSED && work_spend(work);
}

/* The far side takes our key: nothing is recorded before the last part. */
static void sent_by_key(struct work *work, const char *remote_id, unsigned next)
{
    remember_remote_id(work, remote_id);
    if (next) {
        work->n = next;
        work_send_later(work);
        return;
    }
    work_move(work, MESSAGE_SENT, NULL, 0);
    work_leave_slot(work);
}

void sink_line_sent(struct line *line, uint64_t ticket, const char *remote_id)
{
    struct work *work = take_ticket(line, ticket);
    if (!work)
        return;
    unsigned next = next_part(work);
    line->parts_sent++;
    log_end(work, "sent", NULL);
    work->delivery->parts[work->n - 1].state = PART_SENT;
    if (!needs_intent(work)) {
        sent_by_key(work, remote_id, next);
        return;
    }
    struct outcome outcome = { .state = PART_SENT, .remote_id = remote_id };
    if (!next || !may_go_on(work)) {
        outcome.move = next ? MESSAGE_QUEUED : MESSAGE_SENT;
        outcome.next_at = next ? clock_wall_ms() + 1 : 0;
        record_end(work, outcome);
        return;
    }
    outcome.move = MESSAGE_SUBMITTING;
    outcome.intend = next;
    outcome.spend = work->spend;
    record(work, &outcome, on_next_part);
    work->n = next;
}

/* --- failed
 * ------------------------------------------------------------------- */

static bool worth_retrying(const struct work *work, const struct err *err)
{
    bool line_trouble = err->scope == SCOPE_LINE;
    if (err->kind == ERR_AUTH || line_trouble)
        return true; /* not the message's fault: an admin or a replug mends */
    return err_policy(err->kind)->retry && work->delivery->attempt < TRIES_MAX;
}

static int64_t retry_at(const struct work *work, const struct err *err)
{
    unsigned attempt = work->delivery->attempt;
    if (err->scope == SCOPE_LINE && err->retry_after == 0)
        return clock_wall_ms() + 2000;
    return clock_wall_ms() + outbox_backoff_ms(attempt, err);
}

void sink_line_failed(struct line *line, uint64_t ticket, const struct err *err)
{
    struct work *work = take_ticket(line, ticket);
    if (!work)
        return;
    bool retry = worth_retrying(work, err);
    int64_t next_at = retry ? retry_at(work, err) : 0;
    log_end(work, retry ? "not sent, will be tried again" : "failed", err);
    if (needs_intent(work)) {
        record_end(work, (struct outcome){
                             .state = retry && err->kind != ERR_REPEATED
                                          ? PART_WAITING
                                          : PART_FAILED,
                             .err = err,
                             .move = retry ? MESSAGE_QUEUED : MESSAGE_FAILED,
                             .next_at = next_at,
                             .owe = !retry,
                         });
        return;
    }
    work_move(work, retry ? MESSAGE_QUEUED : MESSAGE_FAILED, err, next_at);
    work_leave_slot(work);
}

/* --- unsure
 * -------------------------------------------------------------------- */

static void end_unsure(struct work *work, const char *why)
{
    struct err err;
    int64_t settle = line_settle_ms(work->line);
    err_set(&err, ERR_UNKNOWN, "%s", why);
    log_end(work, "of unknown outcome", &err);
    if (!needs_intent(work)) {
        unsigned attempt = work->delivery->attempt;
        work_move(work, MESSAGE_QUEUED, &err,
                  clock_wall_ms() + outbox_backoff_ms(attempt + 1, NULL));
        work_leave_slot(work);
        return;
    }
    record_end(work, (struct outcome){
                         .state = PART_UNSURE,
                         .err = &err,
                         .move = MESSAGE_UNKNOWN,
                         .next_at = clock_wall_ms() + settle + 1,
                     });
}

void sink_line_unsure(struct line *line, uint64_t ticket, const char *why)
{
    struct work *work = take_ticket(line, ticket);
    if (work)
        end_unsure(work, why);
}

/* A driver that is silent for so long has lost its way: it starts anew. */
void sink_line_check(struct line *line)
{
    const struct work *work;
    struct err err;
    int64_t now = clock_mono_ms();
    for (work = line->works; work; work = work->hh.next)
        if (now >= work->deadline)
            break;
    if (!work)
        return;
    err_set(&err, ERR_LINK, "the driver gave no answer in %u s",
            line->driver->limits.send_timeout_s);
    line_offline(line, &err);
}

void sink_line_lost(struct line *line)
{
    struct work *work, *next;
    HASH_ITER (hh, line->works, work, next) {
        HASH_DEL(line->works, work);
        end_unsure(work, "the line went offline before the answer");
    }
    DL_FOREACH_SAFE (line->ready, work, next) {
        DL_DELETE(line->ready, work);
        work_untouched(work);
    }
    DL_FOREACH_SAFE (line->waiting, work, next) {
        DL_DELETE(line->waiting, work);
        work_give_back(work, 0);
    }
}

/* --- before sending
 * -------------------------------------------------------------- */

static void on_left(void *arg, const struct moved *moved,
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
    lane_has_backlog(&network->to_line);
}

void leave_line(struct network *network, struct delivery *delivery,
                struct move *move)
{
    move->delivery = delivery;
    move->owe = move->to == MESSAGE_FAILED;
    move->follow = true;
    store_move(network->core->store, move, on_left, network);
    delivery_free(delivery);
}

static void leave_failed(struct network *network, struct delivery *delivery,
                         const struct err *err)
{
    struct move move = { .to = MESSAGE_FAILED, .err = err };
    log_line(err_policy(err->kind)->level, "message %s to %s failed: %s",
             id_text(&delivery->id).text, log_number(delivery->contact).text,
             err->text);
    leave_line(network, delivery, &move);
}

bool leave_if_expired(struct network *network, struct delivery *delivery)
{
    struct err err;
    if (delivery->expires == 0 || clock_wall_ms() < delivery->expires)
        return false;
    err_set(&err, ERR_EXPIRED, "it could not be sent within its time to live");
    leave_failed(network, delivery, &err);
    return true;
}

static unsigned most_tries(const struct delivery *delivery)
{
    unsigned most = 0;
    for (size_t i = 0; i < delivery->n_parts; i++)
        if (delivery->parts[i].state == PART_UNSURE &&
            delivery->parts[i].tries > most)
            most = delivery->parts[i].tries;
    return most;
}

bool leave_if_settled(struct network *network, struct delivery *delivery)
{
    struct err err;
    enum ambiguous policy = network->ambiguous;
    struct move hold = {
        .to = MESSAGE_UNKNOWN,
        .err = &err,
        .next_at = delivery->expires ? delivery->expires : INT64_MAX,
    };
    if (policy == AMBIGUOUS_HOLD) {
        err_set(&err, ERR_UNKNOWN, "held: nobody knows whether it was sent");
        leave_line(network, delivery, &hold);
        return true;
    }
    if (policy == AMBIGUOUS_RESEND_ONCE && most_tries(delivery) < UNSURE_TRIES)
        return false;
    err_set(&err, policy == AMBIGUOUS_FAIL ? ERR_UNKNOWN : ERR_POISON,
            "nobody can tell whether it was sent; it was not tried again");
    leave_failed(network, delivery, &err);
    return true;
}

int64_t settled_at(const struct line *line, const struct delivery *delivery)
{
    int64_t settle = line_settle_ms(line);
    int64_t grace = settle < 10000 ? settle : 10000;
    int64_t due = delivery->tried + settle;
    return due < line->since + grace ? line->since + grace : due;
}
