/* outbox.c - lanes: they take what is ready from the store, as much as their
 * sink has room for, and hand it on. A conversation that is in somebody's
 * hands is not ready; it comes back by being handed over (its next message
 * follows) or by lane_give_back. */
#include "core/outbox.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/network.h"
#include "toolkit/timer.h"

/* How many messages of one conversation may be out at once. A line answers
 * each for itself, so order allows one; a stream keeps the order. */
enum { DEPTH_LINE = 1, DEPTH_STREAM = 64, TAKE_MAX = 256 };

static size_t lane_room(const struct lane *lane)
{
    size_t room = lane->direction == TO_LINE ? sink_line_room(lane->network)
                                             : sink_stream_room(lane->network);
    return room < TAKE_MAX ? room : TAKE_MAX;
}

static void lane_hand(struct lane *lane, struct delivery *delivery)
{
    if (lane->direction == TO_LINE)
        sink_line_hand(lane->network, delivery);
    else
        sink_stream_hand(lane->network, delivery);
}

static void on_due(void *arg)
{
    lane_has_backlog(arg);
}

void lane_init(struct lane *lane, struct network *network,
               enum direction direction)
{
    lane->network = network;
    lane->direction = direction;
    lane->backlog = true;
    lane->due = timer_new(&network->core->owner, on_due, lane);
}

static void lane_arm(struct lane *lane, int64_t next_at)
{
    if (next_at == 0)
        return;
    int64_t wait = next_at - clock_wall_ms();
    if (wait < 1)
        wait = 1;
    if (wait > 60000)
        wait = 60000;
    timer_start(lane->due, (uint64_t)wait);
}

static void on_taken(void *arg, struct delivery *list, int64_t next_at,
                     const struct err *err)
{
    struct lane *lane = arg;
    struct delivery *delivery, *next;
    lane->taking = false;
    if (core_lost(lane->network->core, err))
        return;
    lane->backlog = list != NULL;
    lane_arm(lane, next_at);
    DL_FOREACH_SAFE (list, delivery, next) {
        DL_DELETE(list, delivery);
        lane_hand(lane, delivery);
    }
    lane_pump(lane);
}

void lane_pump(struct lane *lane)
{
    struct core *core = lane->network->core;
    if (!lane->backlog || lane->taking || core->stopping)
        return;
    struct take take = {
        .network = network_name(lane->network),
        .direction = lane->direction,
        .limit = lane_room(lane),
        .depth = lane->direction == TO_LINE ? DEPTH_LINE : DEPTH_STREAM,
        .now = clock_wall_ms(),
    };
    if (take.limit == 0)
        return;
    lane->taking = true;
    store_take(core->store, &take, on_taken, lane);
}

void lane_has_backlog(struct lane *lane)
{
    lane->backlog = true;
    lane_pump(lane);
}

static void on_given_back(void *arg, const struct err *err)
{
    struct lane *lane = arg;
    if (!core_lost(lane->network->core, err))
        lane_has_backlog(lane);
}

void lane_give_back(struct lane *lane, struct delivery *delivery,
                    int64_t next_at)
{
    store_give_back(lane->network->core->store, delivery, next_at,
                    on_given_back, lane);
    if (next_at)
        lane_arm(lane, next_at);
    delivery_free(delivery);
}

int64_t outbox_backoff_ms(unsigned attempt, const struct err *err)
{
    static const int64_t steps[] = { 2000,  5000,   10000,  30000,
                                     60000, 120000, 300000, 600000 };
    size_t n = sizeof(steps) / sizeof(steps[0]);
    size_t i = attempt ? attempt - 1 : 0;
    int64_t wait = steps[i < n ? i : n - 1];
    if (err && err->retry_after > 0)
        wait = (int64_t)err->retry_after * 1000;
    return wait + (int64_t)id_random_below((uint32_t)(wait / 4 + 1));
}
