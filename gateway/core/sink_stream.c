/* sink_stream.c - hands messages and debts to a network's stream. What was
 * written stays in `unfenced`, in order, until a fence proves that the server
 * has read it; when the stream dies first, it goes again with the same id. */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/media.h"
#include "core/network.h"
#include "core/outbox.h"

/* A sender's client is surely gone, or has forgotten, after LATE_MS. */
enum { WINDOW = 1024, DEBTS_MAX = 512, POISON_LIMIT = 2, LATE_MS = 120000 };

/* One thing that was written and waits for a fence. */
struct written {
    struct written *next;
    int64_t row;
    bool debt; /* a receipt or an error, not a message */
};

size_t sink_stream_room(const struct network *network)
{
    size_t held =
        network->unfenced_count + network->waiting_count + media_held(network);
    if (network->front_state != FRONT_UP || network->waiting ||
        !media_has_room(network))
        return 0;
    return held < WINDOW ? WINDOW - held : 0;
}

bool sink_stream_is_open(const struct network *network)
{
    return network->front_state == FRONT_UP && !network->core->stopping &&
           sink_stream_room(network) > 0;
}

static void stream_wrote(struct network *network, int64_t row, bool debt)
{
    struct written *written = xcalloc(1, sizeof(*written));
    written->row = row;
    written->debt = debt;
    if (network->unfenced_last)
        network->unfenced_last->next = written;
    else
        network->unfenced = written;
    network->unfenced_last = written;
    network->unfenced_count++;
    network->unfenced_debts += debt;
    network->front->fence(network->self);
    crash_at(CRASH_WRITE);
}

/* What was unfenced when a stream died may have killed it: such messages go
 * one at a time, so that the next death names the one. */
static bool stream_free_for(const struct network *network,
                            const struct delivery *delivery)
{
    if (network->alone)
        return false;
    return delivery->attempt == 0 ||
           network->unfenced_count == network->unfenced_debts;
}

static bool stream_deliver(struct network *network, struct delivery *delivery)
{
    if (!stream_free_for(network, delivery) ||
        !network->front->deliver(network->self, delivery))
        return false;
    network->alone = delivery->attempt > 0;
    stream_wrote(network, delivery->row, false);
    delivery_free(delivery);
    return true;
}

static void on_stale(void *arg, const struct moved *moved,
                     struct delivery *follower, const struct err *err)
{
    struct network *network = arg;
    (void)moved;
    if (core_lost(network->core, err))
        delivery_free(follower);
    else if (follower)
        sink_stream_hand(network, follower);
}

/* A user whose server never came back, or refused for so long. */
static bool stream_expires(struct network *network, struct delivery *delivery)
{
    struct err err;
    struct move move = {
        .delivery = delivery, .to = MESSAGE_FAILED, .err = &err, .follow = true
    };
    if (delivery->expires == 0 || clock_wall_ms() < delivery->expires)
        return false;
    err_set(&err, ERR_EXPIRED, "%s could not be reached in its time to live",
            delivery->account);
    log_warn("message %s: %s", id_text(&delivery->id).text, err.text);
    store_move(network->core->store, &move, on_stale, network);
    delivery_free(delivery);
    return true;
}

void sink_stream_hand(struct network *network, struct delivery *delivery)
{
    if (stream_expires(network, delivery))
        return;
    if (network->front_state != FRONT_UP || network->core->stopping)
        lane_give_back(&network->to_xmpp, delivery, 0);
    else if (!media_holds(network, delivery))
        sink_stream_pass(network, delivery);
}

void sink_stream_pass(struct network *network, struct delivery *delivery)
{
    if (!network->waiting && stream_deliver(network, delivery))
        return;
    DL_APPEND(network->waiting, delivery);
    network->waiting_count++;
}

static void load_debts(struct network *network);

void network_front_ready(struct network *network)
{
    struct delivery *delivery, *next;
    if (network->front_state != FRONT_UP)
        return;
    load_debts(network);
    DL_FOREACH_SAFE (network->waiting, delivery, next) {
        DL_DELETE(network->waiting, delivery);
        network->waiting_count--;
        if (stream_deliver(network, delivery))
            continue;
        DL_PREPEND(network->waiting, delivery);
        network->waiting_count++;
        return;
    }
    lane_pump(&network->to_xmpp);
}

/* --- debts --------------------------------------------------------------- */

static bool settle_now(struct network *network, const struct moved *moved)
{
    bool late = clock_wall_ms() - moved->created > LATE_MS;
    if (!network->front->settle(network->self, moved, late))
        return false;
    stream_wrote(network, moved->row, true);
    return true;
}

void sink_stream_settle(struct network *network, const struct moved *moved)
{
    bool live = network->front_state == FRONT_UP && network->debts_loaded;
    if (moved->owed != OWED_NOTHING && live && !settle_now(network, moved))
        network->debts_loaded = false;
}

/* A debt that was read from the store, or their end. Moves before the load
 * are in it, moves behind it are settled live: callbacks come in order. */
static void on_debt(void *arg, const struct moved *moved,
                    struct delivery *follower, const struct err *err)
{
    struct network *network = arg;
    bool up = network->front_state == FRONT_UP;
    (void)follower;
    if (moved) {
        network->debts_read++;
        if (up && !settle_now(network, moved))
            network->debts_left = true;
        return;
    }
    network->debts_loading = false;
    if (!core_failed(network->core, err) && up)
        network->debts_loaded =
            !network->debts_left && network->debts_read < DEBTS_MAX;
}

/* Not while some are written and unpaid: they would be read again. */
static void load_debts(struct network *network)
{
    bool up = network->front_state == FRONT_UP;
    if (!up || network->debts_loaded || network->debts_loading ||
        network->unfenced_debts > 0)
        return;
    network->debts_loading = true;
    network->debts_left = false;
    network->debts_read = 0;
    store_owed(network->core->store, network_name(network), DEBTS_MAX, on_debt,
               network);
}

/* --- fences -------------------------------------------------------------- */

static void on_fenced(void *arg, const struct err *err)
{
    struct network *network = arg;
    if (core_lost(network->core, err))
        return;
    crash_at(CRASH_RESULT);
    network_front_ready(network);
}

void network_fenced(struct network *network, uint64_t serial)
{
    struct store *store = network->core->store;
    size_t max = network->unfenced_count, messages = 0, debts = 0;
    int64_t *rows = max ? xcalloc(max, 2 * sizeof(*rows)) : NULL;
    crash_at(CRASH_ANSWER);
    while (network->unfenced && network->fenced < serial) {
        struct written *written = network->unfenced;
        if (written->debt)
            rows[max + debts++] = written->row;
        else
            rows[messages++] = written->row;
        network->unfenced = written->next;
        network->unfenced_count--;
        network->unfenced_debts -= written->debt;
        network->fenced++;
        free(written);
    }
    if (!network->unfenced)
        network->unfenced_last = NULL;
    if (network->unfenced_count == network->unfenced_debts)
        network->alone = false;
    if (messages)
        store_fenced(store, rows, messages, on_fenced, network);
    if (debts)
        store_paid(store, rows + max, debts, on_fenced, network);
    free(rows);
}

/* --- the stream comes and goes ------------------------------------------- */

struct joining {
    struct network *network;
    unsigned life;
};

/* Everything that the store had to say of the time before was heard. */
static void on_joined(void *arg, const struct err *err)
{
    struct joining *joining = arg;
    struct network *network = joining->network;
    bool stale = joining->life != network->front_life;
    free(joining);
    if (core_failed(network->core, err) || stale)
        return;
    network->front_state = FRONT_UP;
    network_tell_untold(network);
    load_debts(network);
    lane_has_backlog(&network->to_xmpp);
}

void network_front_up(struct network *network)
{
    struct joining *joining = xcalloc(1, sizeof(*joining));
    network->front_state = FRONT_JOINING;
    network->fenced = 0;
    joining->network = network;
    joining->life = ++network->front_life;
    store_barrier(network->core->store, on_joined, joining);
}

static void on_unfenced(void *arg, size_t poisoned, const struct err *err)
{
    struct network *network = arg;
    if (core_lost(network->core, err))
        return;
    if (poisoned)
        network_tell_admins(network,
                            "A text for a user ended the connection to the "
                            "server more than once. It is given up: see "
                            "`moongate queue --state failed`.");
    lane_has_backlog(&network->to_xmpp);
}

static void give_back_unfenced(struct network *network)
{
    size_t n = 0;
    int64_t *rows = xcalloc(network->unfenced_count + 1, sizeof(*rows));
    while (network->unfenced) {
        struct written *written = network->unfenced;
        if (!written->debt)
            rows[n++] = written->row;
        network->unfenced = written->next;
        free(written);
    }
    network->unfenced_last = NULL;
    network->unfenced_count = 0;
    network->unfenced_debts = 0;
    network->alone = false;
    if (n && !network->core->stopping)
        store_unfenced(network->core->store, rows, n, POISON_LIMIT, on_unfenced,
                       network);
    free(rows);
}

/* Nothing is given back any more: the store is closed. */
void sink_stream_forget(struct network *network)
{
    struct delivery *delivery, *next;
    media_forget(network);
    DL_FOREACH_SAFE (network->waiting, delivery, next) {
        DL_DELETE(network->waiting, delivery);
        delivery_free(delivery);
    }
    while (network->unfenced) {
        struct written *written = network->unfenced;
        network->unfenced = written->next;
        free(written);
    }
}

void network_front_down(struct network *network)
{
    struct delivery *delivery, *next;
    network->front_life++;
    network->front_state = FRONT_DOWN;
    network->debts_loaded = false;
    give_back_unfenced(network);
    DL_FOREACH_SAFE (network->waiting, delivery, next) {
        DL_DELETE(network->waiting, delivery);
        network->waiting_count--;
        lane_give_back(&network->to_xmpp, delivery, 0);
    }
    media_let_go(network);
}

/* --- what came back
 * ----------------------------------------------------------- */

static void tell_of_refusal(struct network *network, const struct moved *moved)
{
    char text[512];
    snprintf(text, sizeof(text),
             "A text that came in for %.100s was refused: %.200s. It is kept "
             "for a week: see `moongate trace %.8s`.",
             moved->account, moved->err.text, id_text(&moved->id).text);
    network_tell_admins(network, text);
}

static void on_bounced(void *arg, const struct moved *moved,
                       struct delivery *follower, const struct err *err)
{
    struct network *network = arg;
    core_failed(network->core, err);
    if (follower)
        sink_stream_hand(network, follower);
    if (moved && moved->state == MESSAGE_FAILED)
        tell_of_refusal(network, moved);
    lane_has_backlog(&network->to_xmpp);
}

void network_bounced(struct network *network, const struct id *id,
                     const struct err *err)
{
    /* Absent users are tried again when they show up; an hour is for those
     * whose presence we do not see. */
    bool retry = err_policy(err->kind)->retry || err->kind == ERR_UNREACHABLE;
    int64_t wait = err->kind == ERR_UNREACHABLE ? 3600000
                   : err->kind == ERR_STRANGER  ? 0
                                                : outbox_backoff_ms(2, err);
    store_bounced(network->core->store, id, err, retry, wait, on_bounced,
                  network);
}

static void on_available(void *arg, const struct err *err)
{
    struct network *network = arg;
    if (!core_lost(network->core, err))
        lane_has_backlog(&network->to_xmpp);
}

void network_user_available(struct network *network, const char *account)
{
    store_wake(network->core->store, network_name(network), TO_XMPP, account,
               on_available, network);
}
