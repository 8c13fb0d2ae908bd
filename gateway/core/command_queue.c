/* command_queue.c - an admin's hand in the queue. */
#include "base/clock.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/network.h"
#include "core/outbox.h"
#include "store/manage.h"

/* How long a text that is tried anew may wait: a day to phones, two weeks for
 * users. */
#define DAY_MS (86400000LL)

static void on_managed(void *arg, const struct moved *moved,
                       struct delivery *follower, const struct err *err)
{
    struct call *call = arg;
    struct network *network;

    delivery_free(follower);
    if (core_failed(call_core(call), err)) {
        call_failed(call, err);
        return;
    }
    network = moved ? network_find(call_core(call), moved->network) : NULL;
    if (network && moved->state == MESSAGE_FAILED)
        sink_stream_settle(network, moved);
    if (network)
        lane_has_backlog(moved->direction == TO_LINE ? &network->to_line
                                                     : &network->to_xmpp);
    call_done(call);
}

static void manage(struct call *call, enum manage what, const char *done)
{
    struct management management = {
        .what = what,
        .id = call_value(call, "id"),
        .account = what == MANAGE_RELEASE ? call_value(call, "to") : NULL,
        .expires = { [TO_LINE] = clock_wall_ms() + DAY_MS,
                     [TO_XMPP] = clock_wall_ms() + 14 * DAY_MS },
    };

    call_print(call, "%s", done);
    store_manage(call_core(call)->store, &management, on_managed, call);
}

static void run_hold(struct call *call)
{
    manage(call, MANAGE_HOLD,
           "It is held, and what follows it in its conversation waits.");
}

static void run_release(struct call *call)
{
    manage(call, MANAGE_RELEASE, "It goes on.");
}

static void run_requeue(struct call *call)
{
    manage(call, MANAGE_REQUEUE, "It is tried again.");
}

static void run_expire(struct call *call)
{
    manage(call, MANAGE_EXPIRE, "It was given up, and its sender is told.");
}

#define ID_FIELD                                                               \
    {                                                                          \
        .name = "id", .type = FIELD_TEXT,                                      \
        .label = "Id of the message (4 digits of it are enough)",              \
        .required = true                                                       \
    }

static const struct field id_fields[] = { ID_FIELD, { 0 } };

static const struct field release_fields[] = {
    ID_FIELD,
    { .name = "to", .type = FIELD_JID, .label = "To whom, if it is nobody's" },
    { 0 },
};

const struct command queue_commands[] = {
    { .name = "queue-hold",
      .title = "Hold a message",
      .help = "keep a message, and what follows it, from going on",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = id_fields,
      .run = run_hold },
    { .name = "queue-release",
      .title = "Release a held message",
      .help = "let a held message go on; what belongs to nobody, to somebody",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = release_fields,
      .run = run_release },
    { .name = "queue-requeue",
      .title = "Try a message again",
      .help = "try a message now, a failed one anew and as a whole",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = id_fields,
      .run = run_requeue },
    { .name = "queue-expire",
      .title = "Give a message up",
      .help = "let a waiting message fail, and tell its sender",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = id_fields,
      .run = run_expire },
    { 0 },
};
