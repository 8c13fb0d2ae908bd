/* command_status.c - what the gateway is doing: status, queue, trace. An admin
 * sees everything, a user what is his. Bodies never leave the store this way.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/facts.h"
#include "core/line.h"
#include "core/network.h"
#include "store/manage.h"

/* --- status -------------------------------------------------------------- */

static void add_text(struct json_object *object, const char *key,
                     const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static void add_int(struct json_object *object, const char *key, int64_t value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

static struct json_object *network_object(const struct network *network,
                                          struct json_object *counts)
{
    struct front_status status = network->front->status(network->self);
    struct json_object *object = json_object_new_object();
    struct json_object *queue = NULL;
    add_text(object, "name", network_name(network));
    add_text(object, "jid", network_policy(network)->jid);
    add_text(object, "state", status.state);
    add_int(object, "since", status.since);
    add_text(object, "problem", status.problem);
    add_int(object, "stanzas_in", (int64_t)status.stanzas_in);
    add_int(object, "stanzas_out", (int64_t)status.stanzas_out);
    add_int(object, "reconnects", (int64_t)status.reconnects);
    if (counts &&
        json_object_object_get_ex(counts, network_name(network), &queue))
        json_object_object_add(object, "queue", json_object_get(queue));
    return object;
}

/* What it sent in the running periods, and the caps that there are. */
static struct json_object *sent_object(struct line *line)
{
    static const char *const names[QUOTA_SPANS] = { "this minute", "today",
                                                    "this month" };
    const struct quota *quota = line_quota(line);
    struct json_object *object = json_object_new_object();
    for (int i = 0; i < QUOTA_SPANS; i++) {
        const struct quota_count *count = &quota->spans[i];
        if (count->cap == 0 && i != QUOTA_DAY)
            continue;
        struct json_object *span = json_object_new_object();
        add_int(span, "parts", count->used);
        if (count->cap)
            add_int(span, "cap", count->cap);
        json_object_object_add(object, names[i], span);
    }
    return object;
}

/* A line that an admin has paused says so, as long as nothing is worse. */
static const char *state_text(const struct line *line)
{
    if (line_is_online(line) && line->duty != DUTY_ON)
        return line_duty_name(line->duty);
    return line_state_name(line->state);
}

static struct json_object *line_object(struct line *line)
{
    struct json_object *object = json_object_new_object();
    struct json_object *facts = json_object_new_object();
    struct status status = { .object = facts };
    add_text(object, "name", line_name(line));
    add_text(object, "network", network_name(line->network));
    add_text(object, "driver", line->driver->name);
    add_text(object, "state", state_text(line));
    add_int(object, "since", line->since);
    add_text(object, "problem", line->problem.text);
    if (line->own_settings)
        add_text(object, "owner", line->people.jids[0]);
    add_int(object, "parts_sent", (int64_t)line->parts_sent);
    add_int(object, "in_hand", (int64_t)line->in_hand);
    if (line->duty != DUTY_ON)
        add_text(object, "duty", line_duty_name(line->duty));
    if (line->sim[0])
        json_object_object_add(object, "sent", sent_object(line));
    if ((line->state == LINE_ONLINE || line->state == LINE_STARTING) &&
        line->driver->status)
        line->driver->status(line, &status);
    json_object_object_add(object, "facts", facts);
    return object;
}

/* The store's counters: what is a number in its counts. */
static struct json_object *counters_object(struct json_object *counts)
{
    struct json_object *object = json_object_new_object();
    json_object_object_foreach(counts, key, value)
    {
        if (json_object_is_type(value, json_type_int))
            json_object_object_add(object, key, json_object_get(value));
    }
    return object;
}

static struct json_object *gateway_object(const struct core *core,
                                          struct json_object *counts)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "version", MOONGATE_VERSION);
    add_int(object, "pid", getpid());
    add_int(object, "since", core->started);
    json_object_object_add(object, "store_full",
                           json_object_new_boolean(store_is_full(core->store)));
    json_object_object_add(object, "counters", counters_object(counts));
    return object;
}

/* Is it of the network that was asked about? */
static bool concerns(const struct call *call, const struct network *network)
{
    return !call_network(call) || call_network(call) == network;
}

static struct json_object *networks_array(const struct call *call,
                                          struct json_object *counts)
{
    struct json_object *array = json_object_new_array();
    const struct network *network;
    DL_FOREACH (call_core(call)->networks, network) {
        if (concerns(call, network))
            json_object_array_add(array, network_object(network, counts));
    }
    return array;
}

/* A line that somebody has brought along is his own matter. */
static bool may_see(const struct call *call, const struct line *line)
{
    return concerns(call, line->network) && !line->retired &&
           (!line->own_settings || call_is_admin(call) ||
            people_has(&line->people, call_who(call)));
}

static struct json_object *lines_array(const struct call *call)
{
    struct json_object *array = json_object_new_array();
    struct line *line;
    DL_FOREACH (call_core(call)->lines, line) {
        if (may_see(call, line))
            json_object_array_add(array, line_object(line));
    }
    return array;
}

/* "line sim1: online", "line sim1: backoff, no modem" */
static void print_part(struct call *call, const char *what, const char *name,
                       const char *state, const char *problem)
{
    bool trouble = problem[0] && strcmp(state, "online") != 0;
    call_print(call, "%s %s: %s%s%s", what, name, state, trouble ? ", " : "",
               trouble ? problem : "");
}

static void print_facts(struct call *call, struct line *line)
{
    struct json_object *facts = json_object_new_object();
    struct status status = { .object = facts };
    if (line->state == LINE_ONLINE && line->driver->status)
        line->driver->status(line, &status);
    json_object_object_foreach(facts, key, value)
        call_print(call, "  %s %s", key, json_object_get_string(value));
    json_object_put(facts);
}

static void print_status(struct call *call)
{
    const struct network *network;
    struct line *line;
    DL_FOREACH (call_core(call)->networks, network) {
        struct front_status status = network->front->status(network->self);
        if (concerns(call, network))
            print_part(call, "network", network_name(network), status.state,
                       status.problem);
    }
    DL_FOREACH (call_core(call)->lines, line) {
        if (!may_see(call, line))
            continue;
        print_part(call, "line", line_name(line), state_text(line),
                   line->problem.text);
        if (call_is_admin(call))
            print_facts(call, line);
    }
}

static void on_counts(void *arg, struct json_object *counts,
                      const struct err *err)
{
    struct call *call = arg;
    struct json_object *status;
    if (!counts) {
        call_ended(call, err);
        return;
    }
    status = json_object_new_object();
    json_object_object_add(status, "gateway",
                           gateway_object(call_core(call), counts));
    json_object_object_add(status, "networks", networks_array(call, counts));
    json_object_object_add(status, "lines", lines_array(call));
    call_row(call, status);
    json_object_put(status);
}

/* Other people's numbers, and who runs it how, are the admin's. */
static void run_status(struct call *call)
{
    print_status(call);
    if (call_is_admin(call))
        store_counts(call_core(call)->store, on_counts, call);
    else
        call_done(call);
}

/* --- queue and trace ------------------------------------------------------ */

static void on_listed(void *arg, struct json_object *object,
                      const struct err *err)
{
    struct call *call = arg;
    if (object) {
        call_row(call, object);
        return;
    }
    if (err) {
        call_failed(call, err);
        return;
    }
    if (json_object_array_length(call_rows(call)) == 0)
        call_print(call, "%s",
                   strcmp(call_value(call, "state"), "open") == 0
                       ? "nothing is waiting"
                       : "no such messages");
    call_done(call);
}

static void run_queue(struct call *call)
{
    const char *state = call_value(call, "state");
    bool admin = call_is_admin(call);
    struct listing listing = {
        .network = call_network(call) ? network_name(call_network(call)) : NULL,
        .account = admin ? call_value(call, "account") : call_who(call),
        .state = strcmp(state, "all") == 0 ? NULL : state,
        .limit = (size_t)call_number(call, "limit"),
    };
    store_list(call_core(call)->store, &listing, on_listed, call);
}

static void print_events(struct call *call, struct json_object *message)
{
    struct json_object *events;
    call_print(call, "%s: %s", row_text(message, "id"),
               row_text(message, "state"));
    if (!json_object_object_get_ex(message, "events", &events))
        return;
    for (size_t i = 0; i < json_object_array_length(events); i++) {
        struct json_object *event = json_object_array_get_idx(events, i), *at;
        if (json_object_object_get_ex(event, "at", &at))
            call_print(call, "%s %s %s",
                       clock_iso(json_object_get_int64(at)).text,
                       row_text(event, "what"), row_text(event, "detail"));
    }
}

static void on_traced(void *arg, struct json_object *object,
                      const struct err *err)
{
    struct call *call = arg;
    if (object) {
        print_events(call, object);
        call_row(call, object);
    } else {
        call_ended(call, err);
    }
}

static void run_trace(struct call *call)
{
    struct store *store = call_core(call)->store;
    if (call_is_admin(call))
        store_trace(store, call_value(call, "id"), on_traced, call);
    else
        store_trace_own(store, network_name(call_network(call)), call_who(call),
                        call_value(call, "id"), on_traced, call);
}

static const struct field queue_fields[] = {
    { .name = "state",
      .type = FIELD_CHOICE,
      .label = "In which state",
      .choices = "open|all|queued|submitting|unknown|sent|delivered|failed",
      .fallback = "open",
      .named = true },
    { .name = "account",
      .type = FIELD_JID,
      .label = "Of whom (for admins)",
      .named = true },
    { .name = "limit",
      .type = FIELD_NUMBER,
      .label = "How many at most",
      .choices = "1..10000",
      .fallback = "1000",
      .named = true },
    { 0 },
};

static const struct field trace_fields[] = {
    { .name = "id",
      .type = FIELD_TEXT,
      .label = "Id of the message (4 digits of it are enough)",
      .required = true },
    { 0 },
};

const struct command status_commands[] = {
    { .name = "status",
      .title = "State of the gateway",
      .help = "the state of the networks and lines",
      .anywhere = true,
      .run = run_status },
    { .name = "queue",
      .title = "Messages that wait",
      .help = "messages not handed over yet; of your own, if you are no admin",
      .anywhere = true,
      .list = true,
      .fields = queue_fields,
      .run = run_queue },
    { .name = "trace",
      .title = "What became of a message",
      .help = "the life of one message; its id may be shortened",
      .anywhere = true,
      .fields = trace_fields,
      .run = run_trace },
    { 0 },
};
