/* command_run.c - admins talk to everybody, and stop the gateway. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/network.h"
#include "store/store.h"

/* --- announce ------------------------------------------------------------- */

struct announcement {
    struct network *network; /* whose accounts are told now */
    size_t told, missed;
};

static void announce_next(struct call *call);

static void announce_end(struct call *call)
{
    const struct announcement *a = call_notes(call);

    call_print(call, "%zu told%s", a->told, a->missed ? "" : ".");
    if (a->missed)
        call_print(call, "%zu could not be told: the link is down or full.",
                   a->missed);
    call_done(call);
}

static void on_account(void *arg, const char *account, const struct err *err)
{
    struct call *call = arg;
    struct announcement *a = call_notes(call);

    if (core_failed(call_core(call), err)) {
        call_failed(call, err);
    } else if (!account) {
        a->network = call_network(call) ? NULL : a->network->next;
        announce_next(call);
    } else if (a->network->front->notice(a->network->self, account,
                                         call_value(call, "announcement"))) {
        a->told++;
    } else {
        a->missed++;
    }
}

static void announce_next(struct call *call)
{
    const struct announcement *a = call_notes(call);

    if (a->network)
        store_accounts(call_core(call)->store, network_name(a->network),
                       on_account, call);
    else
        announce_end(call);
}

static void run_announce(struct call *call)
{
    struct announcement *a = xcalloc(1, sizeof(*a));

    a->network =
        call_network(call) ? call_network(call) : call_core(call)->networks;
    call_keep(call, a, free);
    announce_next(call);
}

/* --- shutdown ------------------------------------------------------------- */

static void run_shutdown(struct call *call)
{
    struct core *core = call_core(call);

    log_warn("shutdown, as %s asked",
             call_who(call) ? call_who(call) : "the command line");
    call_print(call, "The gateway stops, once what is being sent has ended.");
    call_done(call);
    core->stop(core->arg);
}

static const struct field announce_fields[] = {
    { .name = "announcement",
      .type = FIELD_LINES,
      .label = "Which words",
      .required = true },
    { 0 },
};

#define ADMIN_NODE "http://jabber.org/protocol/admin#"

const struct command run_commands[] = {
    { .name = "announce",
      .node = ADMIN_NODE "announce",
      .title = "Announce",
      .help = "send a message to everybody who has an account",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = announce_fields,
      .run = run_announce },
    { .name = "shutdown",
      .node = ADMIN_NODE "shutdown",
      .title = "Stop the gateway",
      .help = "stop in order, as SIGTERM does",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .run = run_shutdown },
    { 0 },
};
