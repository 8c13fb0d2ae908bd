/* query.c - IQ requests of ours. */
#include "xmpp/query.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/id.h"
#include "base/mem.h"
#include "toolkit/timer.h"
#include "xmpp/dispatch.h"

enum { QUERIES_MAX = 256, PATIENCE = 30, LOOK_MS = 1000 };

struct query {
    UT_hash_handle hh;
    char id[33];
    struct jid to;
    unsigned deadline; /* in looks */
    query_fn *fn;
    void *arg;
};

struct queries {
    struct query *open; /* by id, oldest first */
    struct timer *timer;
    unsigned looks;
};

static void query_end(struct queries *queries, struct query *query,
                      xmpp_stanza_t *answer, const char *condition)
{
    query_fn *fn = query->fn;
    void *arg = query->arg;

    HASH_DEL(queries->open, query);
    free(query);
    fn(arg, answer, condition);
}

static struct query *query_late(const struct queries *queries)
{
    struct query *query = queries->open;

    while (query && query->deadline > queries->looks)
        query = query->hh.next;
    return query;
}

static void on_look(void *arg)
{
    struct queries *queries = arg;

    struct query *late;

    queries->looks++;
    while ((late = query_late(queries)))
        query_end(queries, late, NULL, "remote-server-timeout");
    if (!queries->open)
        timer_stop(queries->timer);
}

struct queries *queries_new(struct component *component)
{
    struct queries *queries = xcalloc(1, sizeof(*queries));

    queries->timer = timer_new(&component->owner, on_look, queries);
    return queries;
}

void queries_down(struct queries *queries)
{
    while (queries->open)
        query_end(queries, queries->open, NULL, "remote-server-timeout");
}

void queries_free(struct queries *queries)
{
    queries_down(queries);
    free(queries);
}

static struct query *query_new(const char *to, query_fn *fn, void *arg)
{
    struct query *query = xcalloc(1, sizeof(*query));
    struct id id = id_new();

    if (!jid_parse(to, &query->to)) {
        free(query);
        return NULL;
    }
    text_copy(query->id, sizeof(query->id), id_text(&id).text);
    query->fn = fn;
    query->arg = arg;
    return query;
}

static void write_query(struct component *component, const char *to,
                        const char *type, const char *id,
                        xmpp_stanza_t *payload)
{
    struct envelope envelope = {
        .from = component->options.jid, .to = to, .id = id, .type = type
    };
    xmpp_stanza_t *iq = stanza_open(component->ctx, "iq", &envelope);

    (void)xmpp_stanza_add_child(iq, payload);
    (void)component_send(component, iq, STREAM_NEEDED);
}

void query_send_within(struct component *component, unsigned patience,
                       const char *to, const char *type, xmpp_stanza_t *payload,
                       query_fn *fn, void *arg)
{
    struct queries *queries = component->queries;
    struct query *query = NULL;

    if (component->up && HASH_COUNT(queries->open) < QUERIES_MAX)
        query = query_new(to, fn, arg);
    if (query) {
        query->deadline = queries->looks + patience;
        HASH_ADD_STR(queries->open, id, query);
        if (!timer_active(queries->timer))
            timer_repeat(queries->timer, LOOK_MS);
        write_query(component, to, type, query->id, payload);
    }
    (void)xmpp_stanza_release(payload);
    if (!query)
        fn(arg, NULL, "resource-constraint");
}

void query_send(struct component *component, const char *to, const char *type,
                xmpp_stanza_t *payload, query_fn *fn, void *arg)
{
    query_send_within(component, PATIENCE, to, type, payload, fn, arg);
}

static bool same_jid(const struct jid *a, const struct jid *b)
{
    return jid_equal_bare(a, b) && strcmp(a->resource, b->resource) == 0;
}

bool query_answered(struct request *request)
{
    struct queries *queries = request->component->queries;
    const char *id = xmpp_stanza_get_id(request->stanza);
    struct query *query = NULL;
    xmpp_stanza_t *error;

    if (id)
        HASH_FIND_STR(queries->open, id, query);
    if (!query || !same_jid(&query->to, &request->from))
        return false;
    if (strcmp(request->type, "result") == 0) {
        query_end(queries, query, request->stanza, "");
        return true;
    }
    error = stanza_find(request->stanza, "error", NS_COMPONENT);
    query_end(queries, query, NULL,
              error ? stanza_condition(error, NS_STANZA_ERRORS).name
                    : "undefined-condition");
    return true;
}
