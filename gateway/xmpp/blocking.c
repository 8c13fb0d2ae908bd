/* blocking.c - block lists (XEP-0191): each account's own, of contacts of this
 * network. Servers keep block lists too; ours also spares the price of texts,
 * and works where the server's cannot see the contact. */
#include "xmpp/blocking.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/account.h"
#include "xmpp/dispatch.h"
#include "xmpp/session.h"

/* How many contacts one request may name, and for how long a resource that has
 * asked for the list is told of changes: 7 days. */
enum { ITEMS_MAX = 100, TOLD_S = 7 * 86400 };

/* A request that waits for the store; holds its stanza. */
struct blocking {
    struct component *component;
    xmpp_stanza_t *stanza, *payload;
    char account[JID_BARE_SIZE], full[JID_SIZE];
    xmpp_stanza_t *result, *list; /* of a get */
    size_t n, left;               /* items of a set */
    bool on, failed;
    struct err err;
    char addresses[][ADDRESS_SIZE];
};

static struct blocking *blocking_new(struct request *request, size_t n)
{
    struct blocking *blocking =
        xcalloc(1, sizeof(*blocking) + n * sizeof(blocking->addresses[0]));

    blocking->component = request->component;
    blocking->stanza = xmpp_stanza_clone(request->stanza);
    blocking->payload = request->payload;
    text_copy(blocking->account, sizeof(blocking->account), request->account);
    jid_full(&request->from, blocking->full);
    return blocking;
}

static void blocking_free(struct blocking *blocking)
{
    (void)xmpp_stanza_release(blocking->stanza);
    free(blocking);
}

static void blocking_fail(struct blocking *blocking, const struct err *err)
{
    xmpp_stanza_t *answer = stanza_answer(blocking->stanza, NULL);
    struct refusal refusal = refusal_of(err);

    stanza_refuse(answer, &refusal);
    component_answer(blocking->component, answer);
}

/* Only the gateway itself has the list, and only for those it serves. */
static bool is_served(struct request *request)
{
    struct denial denial;

    if (request->contact[0]) {
        request_refuse_plain(request, "service-unavailable", "cancel", NULL);
        return false;
    }
    if (request_allowed(request, &denial))
        return true;
    request_refuse(request, &denial.refusal);
    return false;
}

/* --- the list (3.2) ------------------------------------------------------- */

static void add_item(struct blocking *blocking, const char *address)
{
    char jid[JID_BARE_SIZE];

    if (component_jid(blocking->component, address, jid))
        stanza_set(stanza_add(blocking->list, "item", NULL, NULL), "jid", jid);
}

static void on_blocked(void *arg, const char *address, const struct err *err)
{
    struct blocking *blocking = arg;

    if (address) {
        add_item(blocking, address);
        return;
    }
    if (err) {
        (void)xmpp_stanza_release(blocking->result);
        blocking_fail(blocking, err);
    } else {
        component_answer(blocking->component, blocking->result);
    }
    blocking_free(blocking);
}

void blocking_get(struct request *request)
{
    struct component *component = request->component;
    struct blocking *blocking;

    if (!is_served(request))
        return;
    blocking = blocking_new(request, 0);
    (void)recent_is_new(&component->blockers, blocking->full,
                        (int64_t)TOLD_S * 1000);
    blocking->result = request_result(request, &blocking->list);
    account_blocked(component->network, blocking->account, on_blocked,
                    blocking);
}

/* --- changes (3.3 to 3.5) ------------------------------------------------- */

static void push(struct blocking *blocking, const char *resource)
{
    struct component *component = blocking->component;
    struct id id = id_new();
    struct id_text text = id_text(&id);
    char *full = xasprintf("%s/%s", blocking->account, resource);
    struct envelope envelope = { .from =
                                     network_policy(component->network)->jid,
                                 .to = full,
                                 .id = text.text,
                                 .type = "set" };
    xmpp_stanza_t *iq, *list;

    if (recent_has(&component->blockers, full, (int64_t)TOLD_S * 1000)) {
        iq = stanza_open(component->ctx, "iq", &envelope);
        list = stanza_add(iq, blocking->on ? "block" : "unblock", NS_BLOCKING,
                          NULL);
        blocking->list = list;
        for (size_t i = 0; i < blocking->n; i++)
            add_item(blocking, blocking->addresses[i]);
        (void)component_send(component, iq, STREAM_OPTIONAL);
    }
    free(full);
}

static void push_all(struct blocking *blocking)
{
    const char *resources[SESSION_RESOURCES];
    size_t n = sessions_resources(blocking->component->sessions,
                                  blocking->account, resources);

    for (size_t i = 0; i < n; i++)
        push(blocking, resources[i]);
}

static void on_set(void *arg, const struct err *err)
{
    struct blocking *blocking = arg;
    struct component *component = blocking->component;

    if (err && !blocking->failed) {
        blocking->failed = true;
        blocking->err = *err;
    }
    if (--blocking->left > 0)
        return;
    if (blocking->failed) {
        blocking_fail(blocking, &blocking->err);
    } else {
        component_answer(component, stanza_answer(blocking->stanza, "result"));
        push_all(blocking);
    }
    blocking_free(blocking);
}

/* An item names a contact of this network by its JID. */
static bool read_item(const struct component *component, xmpp_stanza_t *item,
                      char address[ADDRESS_SIZE], struct err *err)
{
    const char *text = xmpp_stanza_get_attribute(item, "jid");
    struct jid jid;

    if (!text || !jid_parse(text, &jid) || !jid.local[0] ||
        strcmp(jid.domain, network_policy(component->network)->jid) != 0)
        return err_set(err, ERR_BAD_ADDRESS,
                       "only contacts of this gateway can be blocked here");
    return address_from_typed(component, text, address, err);
}

static size_t count_items(xmpp_stanza_t *payload)
{
    size_t n = 0;

    for (xmpp_stanza_t *item = stanza_first(payload); item;
         item = stanza_after(item))
        n += stanza_is(item, "item", NS_BLOCKING);
    return n;
}

static bool read_items(struct request *request, struct blocking *blocking,
                       struct err *err)
{
    for (xmpp_stanza_t *item = stanza_first(request->payload); item;
         item = stanza_after(item)) {
        if (!stanza_is(item, "item", NS_BLOCKING))
            continue;
        if (!read_item(request->component, item,
                       blocking->addresses[blocking->n], err))
            return false;
        blocking->n++;
    }
    return true;
}

/* Unblocking without items empties the list (3.5). */
static void apply(struct blocking *blocking)
{
    struct network *network = blocking->component->network;
    size_t n = blocking->n;

    blocking->left = n ? n : 1;
    if (n == 0)
        account_block(network, blocking->account, NULL, false, on_set,
                      blocking);
    for (size_t i = 0; i < n; i++)
        account_block(network, blocking->account, blocking->addresses[i],
                      blocking->on, on_set, blocking);
}

void blocking_set(struct request *request)
{
    size_t n = count_items(request->payload);
    bool on = strcmp(xmpp_stanza_get_name(request->payload), "block") == 0;
    struct blocking *blocking;
    struct err err = { 0 };

    if (!is_served(request))
        return;
    if (n == 0 && on) {
        request_refuse_plain(request, "bad-request", "modify",
                             "there is nobody to block");
        return;
    }
    if (n > ITEMS_MAX) {
        request_refuse_plain(request, "not-acceptable", "modify",
                             "that are more than 100 at once");
        return;
    }
    blocking = blocking_new(request, n);
    blocking->on = on;
    if (read_items(request, blocking, &err)) {
        apply(blocking);
        return;
    }
    blocking_fail(blocking, &err);
    blocking_free(blocking);
}
