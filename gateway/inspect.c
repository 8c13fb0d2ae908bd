/* inspect.c - answers status, queue, trace and send from the core, the store
 * and the components. Bodies never leave the store this way. */
#include "inspect.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "control/control.h"
#include "core/core.h"
#include "core/front.h"
#include "core/line.h"
#include "core/network.h"
#include "facts.h"
#include "store/store.h"
#include "xmpp/jid.h"
#include "xmpp/xmpp.h"

struct inspect {
    struct core *core;
    struct component **components;
    size_t n;
    int64_t started;
};

struct inspect *inspect_new(struct core *core, struct component **components,
                            size_t n)
{
    struct inspect *inspect = xcalloc(1, sizeof(*inspect));
    inspect->core = core;
    inspect->components = components;
    inspect->n = n;
    inspect->started = clock_wall_ms();
    return inspect;
}

void inspect_free(struct inspect *inspect)
{
    free(inspect);
}

/* --- status -----------------------------------------------------------------
 */

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
                                          const struct component *component,
                                          struct json_object *counts)
{
    struct component_status status = component_status(component);
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

static struct json_object *gateway_object(const struct inspect *inspect,
                                          struct json_object *counts)
{
    struct json_object *object = json_object_new_object();
    add_text(object, "version", MOONGATE_VERSION);
    add_int(object, "pid", getpid());
    add_int(object, "since", inspect->started);
    json_object_object_add(
        object, "store_full",
        json_object_new_boolean(store_is_full(inspect->core->store)));
    json_object_object_add(object, "counters", counters_object(counts));
    return object;
}

/* A request under way in the store. */
struct asked {
    struct inspect *inspect;
    struct control_reply *reply;
};

static struct asked *asked_new(struct inspect *inspect,
                               struct control_reply *reply)
{
    struct asked *asked = xmalloc(sizeof(*asked));
    *asked = (struct asked){ .inspect = inspect, .reply = reply };
    return asked;
}

static void asked_end(struct asked *asked, const struct err *err)
{
    control_reply_end(asked->reply, err);
    free(asked);
}

static void add_networks(const struct inspect *inspect,
                         struct json_object *status, struct json_object *counts)
{
    struct json_object *array = json_object_new_array();
    const struct network *network;
    size_t i = 0;
    DL_FOREACH (inspect->core->networks, network) {
        json_object_array_add(
            array, network_object(network, inspect->components[i++], counts));
    }
    json_object_object_add(status, "networks", array);
}

static void add_lines(const struct inspect *inspect, struct json_object *status)
{
    struct json_object *array = json_object_new_array();
    struct line *line;
    DL_FOREACH (inspect->core->lines, line) {
        json_object_array_add(array, line_object(line));
    }
    json_object_object_add(status, "lines", array);
}

static void on_counts(void *arg, struct json_object *counts,
                      const struct err *err)
{
    struct asked *asked = arg;
    const struct inspect *inspect = asked->inspect;
    if (!counts) {
        asked_end(asked, err);
        return;
    }
    struct json_object *status = json_object_new_object();
    json_object_object_add(status, "gateway", gateway_object(inspect, counts));
    add_networks(inspect, status, counts);
    add_lines(inspect, status);
    control_reply_json(asked->reply, status);
    json_object_put(status);
}

static void inspect_status(void *arg, struct control_reply *reply)
{
    struct inspect *inspect = arg;
    store_counts(inspect->core->store, on_counts, asked_new(inspect, reply));
}

/* --- queue and trace
 * ---------------------------------------------------------- */

static void on_object(void *arg, struct json_object *object,
                      const struct err *err)
{
    struct asked *asked = arg;
    if (object)
        control_reply_json(asked->reply, object);
    else
        asked_end(asked, err);
}

static struct network *find_network(struct core *core, const char *name)
{
    struct network *network;
    DL_FOREACH (core->networks, network) {
        if (strcmp(network_name(network), name) == 0)
            return network;
    }
    return NULL;
}

static bool no_network(const char *name, struct err *err)
{
    return err_set(err, ERR_BAD_ADDRESS, "there is no network \"%.100s\"",
                   name);
}

static void inspect_queue(void *arg, const struct control_listing *listing,
                          struct control_reply *reply)
{
    struct inspect *inspect = arg;
    struct listing what = { .network = listing->network,
                            .state = listing->state,
                            .limit = listing->limit };
    struct err err;
    if (listing->network && !find_network(inspect->core, listing->network)) {
        no_network(listing->network, &err);
        control_reply_end(reply, &err);
        return;
    }
    store_list(inspect->core->store, &what, on_object,
               asked_new(inspect, reply));
}

static void inspect_trace(void *arg, const char *id,
                          struct control_reply *reply)
{
    struct inspect *inspect = arg;
    store_trace(inspect->core->store, id, on_object, asked_new(inspect, reply));
}

/* --- send
 * ----------------------------------------------------------------------- */

static void on_sent(void *arg, const struct id *id, const struct err *err)
{
    struct asked *asked = arg;
    if (!err) {
        struct json_object *object = json_object_new_object();
        add_text(object, "id", id_text(id).text);
        control_reply_json(asked->reply, object);
        json_object_put(object);
    }
    asked_end(asked, err);
}

/* A text to be sent, checked. */
struct prepared {
    struct network *network;
    char account[JID_BARE_SIZE], address[ADDRESS_SIZE];
};

static bool prepare_account(const char *from, struct prepared *out,
                            struct err *err)
{
    struct jid jid;
    if (!jid_parse(from, &jid) || !*jid.local || *jid.resource)
        return err_set(err, ERR_BAD_ADDRESS,
                       "\"%.100s\" is not a bare JID like juliet@example.org",
                       from);
    jid_bare(&jid, out->account);
    return true;
}

static bool inspect_prepare(struct inspect *inspect,
                            const struct control_text *text,
                            struct prepared *out, struct err *err)
{
    out->network = find_network(inspect->core, text->network);
    if (!out->network)
        return no_network(text->network, err);
    if (text->text[strspn(text->text, " \t\r\n")] == '\0')
        return err_set(err, ERR_UNSUPPORTED, "the text is empty");
    if (!prepare_account(text->from, out, err))
        return false;
    if (!network_allows(out->network, out->account))
        return err_set(err, ERR_FORBIDDEN, "%.100s may not use network %s",
                       out->account, text->network);
    return network_address(out->network, text->to, out->address, err) ||
           err_wrap(err, "\"%.100s\"", text->to);
}

static void inspect_send(void *arg, const struct control_text *text,
                         struct control_reply *reply)
{
    struct inspect *inspect = arg;
    struct prepared prepared;
    struct err err;
    if (!inspect_prepare(inspect, text, &prepared, &err)) {
        control_reply_end(reply, &err);
        return;
    }
    struct user_text message = {
        .account = prepared.account,
        .from = prepared.account,
        .contact = prepared.address,
        .text = text->text,
        .manner = text->manner,
    };
    inbox_user_text(prepared.network, &message, on_sent,
                    asked_new(inspect, reply));
}

const struct control_source *inspect_source(void)
{
    static const struct control_source source = {
        .status = inspect_status,
        .queue = inspect_queue,
        .trace = inspect_trace,
        .send = inspect_send,
    };
    return &source;
}
