/* sink_line_hand.c - a message comes to the lines: which one takes it, and what
 * becomes of it when none can.
 *
 * A plan is pure, so a message that has not begun is cut anew at every try; the
 * stored parts are replaced where they differ, in the transaction of the new
 * intent. One that has begun stays on its SIM; when that has been away for
 * `failover_after` it is as if it had never begun. */
#include "core/work.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/known.h"
#include "core/network.h"
#include "core/outbox.h"

/* AHEAD: deliveries that a line holds beyond its one slot, so that the next is
 * planned when it becomes free. A line with several slots holds twice as many:
 * all may become free in one commit, while the next are still being taken.
 * HOLD: what may wait for one certain line beyond that, while others have room;
 * more is parked in the store, PARK_US apart, faster than a modem sends. */
enum { AHEAD = 2, HOLD = 64, OFFLINE_ROOM = 64, PARK_US = 20000 };

static size_t line_most(const struct line *line)
{
    size_t slots = line->driver->limits.in_flight;

    return slots + (slots > 1 ? 2 * slots : AHEAD);
}

static bool line_may_send(const struct line *line)
{
    return line_is_online(line) && line->duty != DUTY_PAUSED;
}

size_t sink_line_room(const struct network *network)
{
    size_t room = 0;
    bool some = false;
    const struct line *line = NULL;
    if (network->core->stopping)
        return 0;
    while ((line = network_line_next(network, line))) {
        if (!line_may_send(line))
            continue;
        some = true;
        if (line->in_hand < line_most(line))
            room += line_most(line) - line->in_hand;
    }
    /* Without a line they are looked at all the same: they may expire. */
    return some ? room : OFFLINE_ROOM;
}

/* --- why it does not go now ---------------------------------------------- */

struct obstacle {
    int64_t again;  /* when to look again, Unix ms; 0: when a line changes */
    size_t refused; /* by so many lines, for good */
    struct err err; /* of the last of them */
};

static void look_again(struct obstacle *obstacle, int64_t at)
{
    if (obstacle->again == 0 || at < obstacle->again)
        obstacle->again = at;
}

static bool line_is_crowded(const struct line *line)
{
    return line->in_hand >= line_most(line) + HOLD;
}

static void park(struct line *line, struct delivery *delivery)
{
    int64_t now = clock_wall_ms() * 1000;
    if (line->parked_us < now)
        line->parked_us = now;
    line->parked_us += PARK_US / line->driver->limits.in_flight;
    lane_give_back(&line->network->to_line, delivery,
                   line->parked_us / 1000 + 1);
}

/* --- one line ------------------------------------------------------------- */

static void enqueue(struct work *work)
{
    struct line *line = work->line;
    work->n = next_open_part(work->delivery, 0);
    if (line->busy < line->driver->limits.in_flight)
        work_take_slot(work);
    else
        DL_APPEND(line->waiting, work);
}

static bool same_parts(const struct delivery *delivery,
                       const struct parts *parts)
{
    if (delivery->n_parts != parts->n)
        return false;
    for (size_t i = 0; i < parts->n; i++) {
        const struct part_row *a = &delivery->parts[i], *b = &parts->rows[i];
        if (a->size != b->size ||
            (a->size && memcmp(a->bytes, b->bytes, a->size) != 0))
            return false;
    }
    return true;
}

static bool plan_again(struct line *line, const struct delivery *delivery,
                       struct parts *parts, struct err *err)
{
    struct id_text key = id_text(&delivery->id);
    const struct attachment_row *row = delivery->attachments;
    struct attachment attachment = { .source = row ? row->url : NULL };
    struct outgoing message = {
        .kind = (enum message_kind)delivery->kind,
        .to = delivery->contact,
        .text = delivery->text,
        .attachment = row ? &attachment : NULL,
        .key = key.text,
        .reference = delivery->reference,
        .report = true,
        .expires = delivery->expires,
        .manner = delivery->manner,
    };
    return parts_plan(line, &message, parts, err);
}

/* Such a line stores no parts; those of another would stay for ever. */
static void drop_stored_parts(struct network *network,
                              struct delivery *delivery)
{
    struct move move = { .to = MESSAGE_QUEUED, .anew = true };
    leave_line(network, delivery, &move);
}

static void take_planned(struct line *line, struct delivery *delivery,
                         struct parts *parts)
{
    bool stored = delivery->n_parts > 0;
    if (stored && !line_needs_intent(line)) {
        parts_free(parts);
        drop_stored_parts(line->network, delivery);
        return;
    }
    struct work *work = work_new(line, delivery);
    work->stored = stored && same_parts(delivery, parts);
    if (work->stored) {
        parts_free(parts);
    } else {
        delivery->parts = parts->rows;
        delivery->n_parts = parts->n;
    }
    work_reserve(work, delivery->n_parts);
    route_served(line, delivery->n_parts);
    known_note_line(line, delivery->contact);
    enqueue(work);
}

/* False: not on this line now; the obstacle says why. */
static bool try_new(struct line *line, struct delivery *delivery,
                    struct obstacle *obstacle)
{
    struct parts parts = { 0 };
    if (!plan_again(line, delivery, &parts, &obstacle->err)) {
        obstacle->refused++;
        return false;
    }
    if (!quota_fits(line_quota(line), parts.n, false)) {
        look_again(obstacle, line_capped_until(line, parts.n, false));
        parts_free(&parts);
        return false;
    }
    take_planned(line, delivery, &parts);
    return true;
}

static size_t open_parts(const struct delivery *delivery)
{
    size_t n = 0;
    for (unsigned at = 0; (at = next_open_part(delivery, at));)
        n++;
    return n;
}

static bool try_begun(struct line *line, struct delivery *delivery,
                      struct obstacle *obstacle)
{
    size_t open = open_parts(delivery);
    if (delivery->state == MESSAGE_UNKNOWN) {
        int64_t due = settled_at(line, delivery);
        if (clock_wall_ms() < due) {
            lane_give_back(&line->network->to_line, delivery, due);
            return true;
        }
        if (leave_if_settled(line->network, delivery))
            return true;
    }
    if (!quota_fits(line_quota(line), open, true)) {
        look_again(obstacle, line_capped_until(line, open, true));
        return false;
    }
    struct work *work = work_new(line, delivery);
    work->stored = true;
    work_reserve(work, open);
    enqueue(work);
    return true;
}

/* --- fail-over ----------------------------------------------------------- */

static bool other_line(const struct network *network,
                       const struct delivery *delivery)
{
    struct route_query query = { .to = delivery->contact,
                                 .account = delivery->account };
    struct line *lines[ROUTES_MAX];
    size_t n = route_list(network, &query, lines);
    for (size_t i = 0; i < n; i++)
        if (!delivery->sim || strcmp(lines[i]->sim, delivery->sim) != 0)
            if (quota_fits(line_quota(lines[i]), 1, false))
                return true;
    return false;
}

/* It has begun, and its SIM is not there. */
static bool fail_over(struct network *network, struct delivery *delivery,
                      struct obstacle *obstacle)
{
    struct move move = { .to = MESSAGE_QUEUED, .anew = true, .failover = true };
    int64_t due = delivery->tried + network->failover_ms;
    if (network->failover_ms == 0)
        return false;
    if (clock_wall_ms() < due) {
        look_again(obstacle, due);
        return false;
    }
    if (!other_line(network, delivery)) {
        look_again(obstacle, clock_wall_ms() + network->failover_ms);
        return false;
    }
    if (delivery->state == MESSAGE_UNKNOWN &&
        leave_if_settled(network, delivery))
        return true;
    log_warn("message %s to %s starts again on another line: %s is away",
             id_text(&delivery->id).text, log_number(delivery->contact).text,
             delivery->line ? delivery->line : "its line");
    leave_line(network, delivery, &move);
    return true;
}

/* --- a delivery arrives -------------------------------------------------- */

/* Every line that carries its address has refused it for good. */
static bool is_hopeless(const struct network *network,
                        const struct delivery *delivery,
                        const struct obstacle *obstacle)
{
    struct line *line = NULL;
    size_t n = 0;
    while ((
        line = route_next(network, delivery->account, delivery->contact, line)))
        n++;
    return obstacle->refused > 0 && obstacle->refused >= n;
}

/* It waits, as long as it may live. */
static void wait_for_line(struct network *network, struct delivery *delivery,
                          const struct obstacle *obstacle)
{
    int64_t now = clock_wall_ms();
    int64_t until = delivery->expires ? delivery->expires : now + 3600000;
    if (obstacle->again && obstacle->again < until)
        until = obstacle->again;
    lane_give_back(&network->to_line, delivery, until > now ? until : now + 1);
}

static void hand_to_nobody(struct network *network, struct delivery *delivery,
                           bool begun, struct obstacle *obstacle)
{
    struct move move = { .to = MESSAGE_FAILED, .err = &obstacle->err };
    if (begun && fail_over(network, delivery, obstacle))
        return;
    if (!begun && is_hopeless(network, delivery, obstacle))
        leave_line(network, delivery, &move);
    else
        wait_for_line(network, delivery, obstacle);
}

/* What needs no line. */
static bool is_over(struct network *network, struct delivery *delivery)
{
    struct move move = { .to = MESSAGE_SENT };
    if (network->core->stopping) {
        lane_give_back(&network->to_line, delivery, 0);
        return true;
    }
    if (delivery->n_parts > 0 && next_open_part(delivery, 0) == 0) {
        leave_line(network, delivery, &move); /* reports said so */
        return true;
    }
    return leave_if_expired(network, delivery);
}

void sink_line_hand(struct network *network, struct delivery *delivery)
{
    struct line *lines[ROUTES_MAX];
    struct obstacle obstacle = { 0 };
    struct route_query query = {
        .to = delivery->contact,
        .account = delivery->account,
        .line = delivery->line,
        .sim = delivery->sim,
        .begun = route_has_begun(delivery),
    };
    if (is_over(network, delivery))
        return;
    size_t n = route_list(network, &query, lines);
    for (size_t i = 0; i < n; i++) {
        if (line_is_crowded(lines[i])) {
            park(lines[i], delivery);
            return;
        }
        if (query.begun ? try_begun(lines[i], delivery, &obstacle)
                        : try_new(lines[i], delivery, &obstacle))
            return;
    }
    hand_to_nobody(network, delivery, query.begun, &obstacle);
}

static bool may_stay(const struct line *line, const struct work *work)
{
    return line->duty == DUTY_ON ||
           (line->duty == DUTY_DRAINING && route_has_begun(work->delivery));
}

void sink_line_let_go(struct line *line)
{
    struct work *work, *next;
    DL_FOREACH_SAFE (line->waiting, work, next) {
        if (may_stay(line, work))
            continue;
        DL_DELETE(line->waiting, work);
        work_give_back(work, 0);
    }
}

/* --- a new message with an offer
 * ---------------------------------------------- */

static void keep_remark(struct offer *offer, const struct parts *parts)
{
    if (parts->remark[0])
        offer->remark = xstrdup(parts->remark);
}

/* Could any line that carries the address send it, some time? */
static bool is_possible(const struct network *network, const char *account,
                        const struct outgoing *message, struct offer *offer,
                        struct err *err)
{
    struct line *line = NULL;
    struct parts parts = { 0 };
    while ((line = route_next(network, account, message->to, line))) {
        if (!parts_plan(line, message, &parts, err))
            continue;
        keep_remark(offer, &parts);
        offer->cost = parts.n;
        parts_free(&parts);
        return true;
    }
    if (!network_line_next(network, NULL) && !network->own_driver)
        return true; /* lines may be configured later */
    if (network->own_driver && !route_next(network, account, message->to, NULL))
        return err_set(err, ERR_UNREGISTERED,
                       "this needs a line of your own: register with it");
    if (!route_next(network, NULL, message->to, NULL))
        err_set(err, ERR_NOT_ALLOWED,
                "no line of this gateway sends to such numbers");
    else if (!route_next(network, account, message->to, NULL))
        err_set(err, ERR_FORBIDDEN,
                "the lines that send to such numbers belong to others");
    return false;
}

static bool line_has_slot(const struct line *line)
{
    return line->busy < line->driver->limits.in_flight && !line->core->stopping;
}

/* The line that would take it, with its plan; NULL: it has to queue. */
static struct line *pick_now(const struct network *network, const char *account,
                             const struct outgoing *message,
                             const struct line *last, struct parts *parts)
{
    struct err err;
    struct line *lines[ROUTES_MAX];
    struct route_query query = {
        .to = message->to,
        .account = account,
        .line = last ? line_name(last) : NULL,
        .sim = last ? last->sim : NULL,
    };
    size_t n = route_list(network, &query, lines);
    for (size_t i = 0; i < n && line_has_slot(lines[i]); i++) {
        if (!parts_plan(lines[i], message, parts, &err))
            continue;
        if (quota_fits(line_quota(lines[i]), parts->n, false))
            return lines[i];
        parts_free(parts);
        return NULL;
    }
    return NULL;
}

bool sink_line_offer(struct network *network, const struct user_text *text,
                     const struct line *last, const struct id *id,
                     struct offer *offer, struct err *err)
{
    struct id_text key = id_text(id);
    struct parts parts = { 0 };
    struct attachment attachment = { .source = text->attachment };
    struct outgoing message = {
        .kind = text->kind,
        .to = text->contact,
        .text = text->text,
        .attachment = text->attachment ? &attachment : NULL,
        .key = key.text,
        .reference = (uint16_t)(id->bytes[14] << 8 | id->bytes[15]),
        .report = true,
        .manner = text->manner,
    };
    *offer = (struct offer){ .reference = message.reference };
    struct line *line =
        pick_now(network, text->account, &message, last, &parts);
    if (!line)
        return is_possible(network, text->account, &message, offer, err);
    keep_remark(offer, &parts);
    line->busy++;
    line->in_hand++;
    line->quota.reserved += (int64_t)parts.n;
    offer->line = line;
    offer->parts = parts.rows;
    offer->n = offer->cost = parts.n;
    offer->intent = line_needs_intent(line);
    if (offer->intent) {
        line->quota.reserved--;
        offer->spend = quota_spend(&line->quota, 1);
    }
    return true;
}

/* The offer's place is the work's now. */
static struct work *offer_work(struct offer *offer, struct delivery *delivery)
{
    struct line *line = offer->line;
    size_t reserved = offer->n - (offer->intent ? 1 : 0);
    struct work *work = work_new(line, delivery);
    line->in_hand--;
    line->quota.reserved -= (int64_t)reserved;
    work_reserve(work, reserved);
    work->spend = offer->spend;
    return work;
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
    struct work *work = offer_work(offer, delivery);
    if (!delivery) {
        part_rows_free(offer->parts, offer->n);
        line_refund(line, &work->spend, 1);
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
    route_served(line, offer->n);
    work->stored = offer->intent;
    work->n = 1;
    work_send(work);
}
