/* dispatch.c - a table from element, type and payload to handler.
 *
 * What every handler may rely on is checked here: both addresses are sound and
 * `to` is of our domain; an IQ request has a payload, and what it is addressed
 * to exists. Every IQ get and set gets an answer, nothing else that is an
 * answer itself gets one. */
#include "xmpp/dispatch.h"

#include <string.h>

#include "base/log.h"
#include "xmpp/adhoc.h"
#include "xmpp/blocking.h"
#include "xmpp/fence.h"
#include "xmpp/pep.h"
#include "xmpp/query.h"
#include "xmpp/search.h"
#include "xmpp/vcard.h"

static request_fn ignore, iq_unknown, iq_bad;

struct route {
    const char *element;
    const char *type; /* NULL: any */
    const char *name; /* of an IQ's payload; NULL: any */
    const char *ns;
    request_fn *handler;
};

/* The first row that fits is taken. */
static const struct route routes[] = {
    { "message", "error", NULL, NULL, message_bounced },
    { "message", "headline", NULL, NULL, ignore },
    { "message", "groupchat", NULL, NULL, message_groupchat },
    { "message", NULL, NULL, NULL, message_text },
    { "presence", "", NULL, NULL, presence_available },
    { "presence", "unavailable", NULL, NULL, presence_unavailable },
    { "presence", "probe", NULL, NULL, presence_probe },
    { "presence", "subscribe", NULL, NULL, presence_subscribe },
    { "presence", "unsubscribe", NULL, NULL, presence_unsubscribe },
    { "presence", NULL, NULL, NULL, ignore },
    { "iq", "result", NULL, NULL, ignore },
    { "iq", "error", NULL, NULL, ignore },
    { "iq", "get", "ping", NS_PING, iq_ping },
    { "iq", "get", "query", NS_DISCO_INFO, disco_info },
    { "iq", "get", "query", NS_DISCO_ITEMS, disco_items },
    { "iq", "get", "query", NS_VERSION, iq_version },
    { "iq", "get", "query", NS_LAST, iq_last },
    { "iq", "get", "time", NS_TIME, iq_time },
    { "iq", "get", "query", NS_REGISTER, iq_register_get },
    { "iq", "set", "query", NS_REGISTER, iq_register_set },
    { "iq", "get", "query", NS_GATEWAY, iq_gateway_get },
    { "iq", "set", "query", NS_GATEWAY, iq_gateway_set },
    { "iq", "get", "query", NS_SEARCH, search_get },
    { "iq", "set", "query", NS_SEARCH, search_set },
    { "iq", "get", "vCard", NS_VCARD, vcard_get },
    { "iq", "set", "vCard", NS_VCARD, vcard_set },
    { "iq", "get", "vcard", NS_VCARD4, vcard4_get },
    { "iq", "set", "vcard", NS_VCARD4, vcard_set },
    { "iq", "get", "pubsub", NS_PUBSUB, pep_get },
    { "iq", "get", "blocklist", NS_BLOCKING, blocking_get },
    { "iq", "set", "block", NS_BLOCKING, blocking_set },
    { "iq", "set", "unblock", NS_BLOCKING, blocking_set },
    { "iq", "set", "command", NS_COMMANDS, adhoc_execute },
    { "iq", "get", NULL, NULL, iq_unknown },
    { "iq", "set", NULL, NULL, iq_unknown },
    { "iq", NULL, NULL, NULL, iq_bad },
};

static bool is_iq(const struct request *request)
{
    return strcmp(xmpp_stanza_get_name(request->stanza), "iq") == 0;
}

/* --- refusing ----------------------------------------------------------- */

/* Errors and results are never answered. */
static bool is_answer(const char *type)
{
    return strcmp(type, "error") == 0 || strcmp(type, "result") == 0;
}

void request_refuse(const struct request *request,
                    const struct refusal *refusal)
{
    xmpp_stanza_t *answer;

    if (is_answer(request->type))
        return;
    answer = stanza_answer(request->stanza, NULL);
    stanza_refuse(answer, refusal);
    if (is_iq(request))
        component_answer(request->component, answer);
    else
        (void)component_send(request->component, answer, STREAM_NEEDED);
}

void request_refuse_plain(const struct request *request, const char *condition,
                          const char *type, const char *text)
{
    struct refusal refusal = { .condition = condition,
                               .type = type,
                               .text = text };

    request_refuse(request, &refusal);
}

xmpp_stanza_t *request_result(const struct request *request,
                              xmpp_stanza_t **query)
{
    xmpp_stanza_t *result = stanza_answer(request->stanza, "result");

    if (query)
        *query = stanza_add(result, xmpp_stanza_get_name(request->payload),
                            xmpp_stanza_get_ns(request->payload), NULL);
    return result;
}

static void ignore(struct request *request)
{
    (void)request;
}

static void iq_unknown(struct request *request)
{
    request_refuse_plain(request, "service-unavailable", "cancel", NULL);
}

static void iq_bad(struct request *request)
{
    request_refuse_plain(request, "bad-request", "modify",
                         "an IQ is of type get, set, result or error");
}

/* --- addresses ---------------------------------------------------------- */

static bool deny(struct denial *denial)
{
    denial->refusal = refusal_of(&denial->err);
    return false;
}

bool request_allowed(const struct request *request, struct denial *denial)
{
    struct network *network = request->component->network;

    if (network_allows(network, request->account))
        return true;
    (void)err_set(&denial->err, ERR_FORBIDDEN,
                  "%.100s may not use this gateway", request->account);
    return deny(denial);
}

/* The address behind a local part; canonical or not. */
static bool address_from_local(const struct component *component,
                               const char *local, char out[ADDRESS_SIZE],
                               struct err *err)
{
    struct network *network = component->network;
    bool phones = network_policy(network)->phone_addresses;
    char plain[ADDRESS_SIZE];

    if (!jid_to_address(local, phones, plain))
        return err_set(err, ERR_BAD_ADDRESS, "not an address of this network");
    return network_address(network, plain, out, err);
}

static bool deny_moved(struct denial *denial, const char *local,
                       const char *domain)
{
    (void)err_set(&denial->err, ERR_MOVED, "the address is %.100s@%.100s",
                  local, domain);
    deny(denial);
    if (jid_uri(local, domain, denial->uri, sizeof(denial->uri)))
        denial->refusal.uri = denial->uri;
    return false;
}

bool request_resolve(struct request *request, struct denial *denial)
{
    struct component *component = request->component;
    bool phones = network_policy(component->network)->phone_addresses;
    char local[JID_PART_MAX + 1];

    request->contact[0] = '\0';
    if (!request->to.local[0])
        return true;
    if (!address_from_local(component, request->to.local, request->contact,
                            &denial->err))
        return deny(denial);
    if (!jid_from_address(request->contact, phones, local)) {
        (void)err_set(&denial->err, ERR_BAD_ADDRESS,
                      "the address does not fit into a JID");
        return deny(denial);
    }
    if (strcmp(local, request->to.local) != 0)
        return deny_moved(denial, local, request->to.domain);
    return true;
}

/* What a user may mean by it: a JID of ours, a local part, or an address. */
static bool interpret(const struct component *component,
                      const struct number_plan *plan, const char *typed,
                      char out[ADDRESS_SIZE], struct err *err)
{
    const char *at = strrchr(typed, '@');
    struct jid jid;

    if (at && strcmp(at + 1, component->options.jid) == 0 &&
        jid_parse(typed, &jid))
        return address_from_local(component, jid.local, out, err);
    if (jid_is_name(typed) || strchr(typed, '\\'))
        return address_from_local(component, typed, out, err);
    return network_address_by(component->network, plan, typed, out, err);
}

bool address_from_typed(const struct component *component, const char *typed,
                        char out[ADDRESS_SIZE], struct err *err)
{
    const struct number_plan *plan = &network_policy(component->network)->plan;

    return address_from_typed_by(component, plan, typed, out, err);
}

bool address_from_typed_by(const struct component *component,
                           const struct number_plan *plan, const char *typed,
                           char out[ADDRESS_SIZE], struct err *err)
{
    char jid[JID_BARE_SIZE];

    if (!interpret(component, plan, typed, out, err))
        return false;
    return (out[0] && component_jid(component, out, jid)) ||
           err_set(err, ERR_BAD_ADDRESS, "the address does not fit into a JID");
}

/* --- dispatching -------------------------------------------------------- */

static const struct route *find_route(const struct request *request)
{
    const char *element = xmpp_stanza_get_name(request->stanza);
    size_t n = sizeof(routes) / sizeof(routes[0]);

    for (size_t i = 0; i < n; i++) {
        const struct route *route = &routes[i];

        if (strcmp(route->element, element) == 0 &&
            (!route->type || strcmp(route->type, request->type) == 0) &&
            (!route->name ||
             stanza_is(request->payload, route->name, route->ns)))
            return route;
    }
    return NULL;
}

/* The answer to our own ping, or that ping itself at our own domain. */
static bool is_fence(const struct request *request)
{
    const char *id = xmpp_stanza_get_id(request->stanza);
    xmpp_stanza_t *error = stanza_find(request->stanza, "error", NS_COMPONENT);
    const char *condition = NULL;

    if (!id)
        return false;
    if (strcmp(request->type, "error") == 0)
        condition = error ? stanza_condition(error, NS_STANZA_ERRORS).name : "";
    else if (strcmp(request->type, "get") == 0 &&
             strcmp(request->from.domain, request->component->options.jid))
        return false;
    return fence_answer(request->component->fence, id, condition);
}

/* True when the IQ is to be handled. */
static bool check_iq(struct request *request)
{
    struct denial denial;

    if (is_fence(request))
        return false;
    if (is_answer(request->type))
        return !query_answered(request);
    request->payload = stanza_first(request->stanza);
    if (!request->payload || !xmpp_stanza_get_id(request->stanza)) {
        request_refuse_plain(request, "bad-request", "modify",
                             "an IQ has an id and a payload");
        return false;
    }
    if (request_resolve(request, &denial))
        return true;
    request_refuse(request, &denial.refusal);
    return false;
}

static void refuse_foreign(struct request *request)
{
    if (component_odd(request->component, ODD_DOMAIN))
        log_warn("network %s: the server sends us stanzas for %.100s, which is "
                 "not ours: set `global_routes: false` on ejabberd's listener, "
                 "or give each component a listener of its own",
                 network_name(request->component->network), request->to.domain);
    if (strcmp(xmpp_stanza_get_name(request->stanza), "presence") != 0)
        request_refuse_plain(request, "service-unavailable", "cancel",
                             "the server routes this domain to the wrong "
                             "component");
}

static bool read_addresses(struct request *request)
{
    const char *from = xmpp_stanza_get_from(request->stanza);
    const char *to = xmpp_stanza_get_to(request->stanza);

    if (from && to && jid_parse(from, &request->from) &&
        jid_parse(to, &request->to)) {
        jid_bare(&request->from, request->account);
        return true;
    }
    if (component_odd(request->component, ODD_ADDRESS))
        log_warn("network %s: ignoring stanzas without sound addresses",
                 network_name(request->component->network));
    return false;
}

void dispatch_stanza(struct component *component, xmpp_stanza_t *stanza)
{
    const char *type = xmpp_stanza_get_type(stanza);
    struct request request;
    const struct route *route;

    request.component = component;
    request.stanza = stanza;
    request.type = type ? type : "";
    request.payload = NULL;
    request.contact[0] = '\0';
    if (!stanza_is(stanza, NULL, NS_COMPONENT) || !read_addresses(&request))
        return;
    if (strcmp(request.to.domain, component->options.jid) != 0) {
        refuse_foreign(&request);
        return;
    }
    if (is_iq(&request) && !check_iq(&request))
        return;
    route = find_route(&request);
    if (route)
        route->handler(&request);
}

static bool is_request(const struct stanza_head *head)
{
    const char *type = head->type ? head->type : "";

    if (!head->name || is_answer(type))
        return false;
    return strcmp(head->name, "iq") == 0 ||
           (strcmp(head->name, "message") == 0 &&
            strcmp(type, "headline") != 0);
}

void dispatch_oversized(struct component *component,
                        const struct stanza_head *head)
{
    struct envelope envelope = {
        .from = head->to,
        .to = head->from,
        .id = head->id,
    };
    struct err err;
    struct refusal refusal;
    xmpp_stanza_t *answer;
    struct jid from, to;

    if (!is_request(head))
        return;
    if (!head->from || !head->to || !jid_parse(head->from, &from) ||
        !jid_parse(head->to, &to) ||
        strcmp(to.domain, component->options.jid) != 0) {
        if (component_odd(component, ODD_SENDER))
            log_warn("network %s: an oversized stanza without sound addresses "
                     "cannot be answered",
                     network_name(component->network));
        return;
    }
    (void)err_set(&err, ERR_TOO_LONG,
                  "the stanza is too large or too complex (%u bytes at most)",
                  component->options.stanza_max);
    refusal = refusal_of(&err);
    answer = stanza_open(component->ctx, head->name, &envelope);
    stanza_refuse(answer, &refusal);
    if (strcmp(head->name, "iq") == 0)
        component_answer(component, answer);
    else
        (void)component_send(component, answer, STREAM_NEEDED);
}
