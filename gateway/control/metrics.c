/* metrics.c - a table of metrics over the status object: one row says where a
 * number stands and what it is called. */
#include "control/metrics.h"

#include <json-c/json.h>
#include <string.h>

enum where { GATEWAY, NETWORK, LINE };

/* How a member becomes a number. */
enum as { AS_NUMBER, AS_ONLINE, AS_SECONDS, AS_INFO };

struct metric {
    enum where where;
    const char *key;
    enum as as;
    const char *name, *type, *help;
};

static const struct metric metrics[] = {
    { GATEWAY, "version", AS_INFO, "moongate_info", "gauge",
      "Always 1; the version is a label" },
    { GATEWAY, "since", AS_SECONDS, "moongate_start_time_seconds", "gauge",
      "Unix time of the start" },
    { GATEWAY, "store_full", AS_NUMBER, "moongate_store_full", "gauge",
      "1 while new messages are refused for lack of space" },
    { NETWORK, "state", AS_ONLINE, "moongate_network_up", "gauge",
      "1 while the network's stream is online" },
    { NETWORK, "stanzas_in", AS_NUMBER, "moongate_stanzas_received_total",
      "counter", "Stanzas read from the server" },
    { NETWORK, "stanzas_out", AS_NUMBER, "moongate_stanzas_sent_total",
      "counter", "Stanzas written to the server" },
    { NETWORK, "reconnects", AS_NUMBER, "moongate_reconnects_total", "counter",
      "Streams that were lost and opened again" },
    { LINE, "state", AS_ONLINE, "moongate_line_up", "gauge",
      "1 while the line is online" },
    { LINE, "since", AS_SECONDS, "moongate_line_changed_time_seconds", "gauge",
      "Unix time of the line's last change of state" },
    { LINE, "parts_sent", AS_NUMBER, "moongate_parts_sent_total", "counter",
      "Parts that the far side took" },
    { LINE, "in_hand", AS_NUMBER, "moongate_in_hand", "gauge",
      "Messages that the line works on" },
};

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    (void)json_object_object_get_ex(object, key, &value);
    return value;
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = member(object, key);

    return value ? json_object_get_string(value) : "";
}

static void add_label(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, "%s%s=\"", out->data[out->len - 1] == '{' ? "" : ",", name);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_add_char(out, '\\');
        if ((unsigned char)*value >= ' ')
            buf_add_char(out, *value);
    }
    buf_add_char(out, '"');
}

static void add_head(struct buf *out, const char *name, const char *type,
                     const char *help)
{
    buf_addf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static double number_of(const struct metric *metric, struct json_object *value)
{
    switch (metric->as) {
    case AS_ONLINE:
        return strcmp(json_object_get_string(value), "online") == 0;
    case AS_SECONDS:
        return (double)json_object_get_int64(value) / 1000;
    case AS_INFO:
        return 1;
    case AS_NUMBER:
        break;
    }
    if (json_object_is_type(value, json_type_boolean))
        return json_object_get_boolean(value);
    return json_object_get_double(value);
}

static void add_sample(struct buf *out, const struct metric *metric,
                       struct json_object *object)
{
    struct json_object *value = member(object, metric->key);

    if (!value)
        return;
    buf_addf(out, "%s{", metric->name);
    if (metric->as == AS_INFO)
        add_label(out, metric->key, json_object_get_string(value));
    if (metric->where != GATEWAY)
        add_label(out, metric->where == LINE ? "line" : "network",
                  text_of(object, "name"));
    if (metric->where == LINE) {
        add_label(out, "network", text_of(object, "network"));
        add_label(out, "driver", text_of(object, "driver"));
    }
    if (out->data[out->len - 1] == '{')
        out->data[--out->len] = '\0';
    else
        buf_add_char(out, '}');
    buf_addf(out, " %.15g\n", number_of(metric, value));
}

static void add_metric(struct buf *out, const struct metric *metric,
                       struct json_object *status)
{
    struct json_object *list =
        member(status, metric->where == LINE ? "lines" : "networks");

    add_head(out, metric->name, metric->type, metric->help);
    if (metric->where == GATEWAY) {
        add_sample(out, metric, member(status, "gateway"));
        return;
    }
    for (size_t i = 0; list && i < json_object_array_length(list); i++)
        add_sample(out, metric, json_object_array_get_idx(list, i));
}

/* The store's counters, whatever there are. */
static void add_counters(struct buf *out, struct json_object *status)
{
    struct json_object *counters =
        member(member(status, "gateway"), "counters");

    if (!counters)
        return;
    json_object_object_foreach(counters, key, value)
    {
        buf_addf(out, "# TYPE moongate_%s_total counter\n", key);
        buf_addf(out, "moongate_%s_total %lld\n", key,
                 (long long)json_object_get_int64(value));
    }
}

static void add_states(struct buf *out, const char *network,
                       const char *direction, struct json_object *states)
{
    json_object_object_foreach(states, state, count)
    {
        buf_add_text(out, "moongate_messages{");
        add_label(out, "network", network);
        add_label(out, "direction", direction);
        add_label(out, "state", state);
        buf_addf(out, "} %lld\n", (long long)json_object_get_int64(count));
    }
}

/* Messages by network, direction and state. */
static void add_queues(struct buf *out, struct json_object *status)
{
    struct json_object *list = member(status, "networks");

    add_head(out, "moongate_messages", "gauge", "Messages kept, by state");
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *network = json_object_array_get_idx(list, i);
        struct json_object *queue = member(network, "queue");

        if (!queue)
            continue;
        json_object_object_foreach(queue, direction, states)
        {
            add_states(out, text_of(network, "name"), direction, states);
        }
    }
}

void metrics_write(struct json_object *status, struct buf *out)
{
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
        add_metric(out, &metrics[i], status);
    add_counters(out, status);
    add_queues(out, status);
}
