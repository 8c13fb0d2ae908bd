/* disco.c - XEP-0030: what the gateway and its contacts are. Openfire lists a
 * gateway only after it has answered disco#info with an identity.
 *
 * What a contact can do is a table: a feature is shown where a line of the
 * network can do it, and nowhere else. */
#include "xmpp/disco.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/account.h"
#include "xmpp/adhoc.h"
#include "xmpp/blocking.h"
#include "xmpp/caps.h"
#include "xmpp/content.h"
#include "xmpp/dispatch.h"
#include "xmpp/form.h"
#include "xmpp/multicast.h"
#include "xmpp/pep.h"
#include "xmpp/search.h"
#include "xmpp/vcard.h"

struct feature {
    const char *var;
    bool gateway, contact;                      /* who has it */
    bool (*has)(const struct network *network); /* NULL: always */
};

static bool has_receipts(const struct network *network)
{
    return network_policy(network)->receipts;
}

static bool has_markers(const struct network *network)
{
    return network_policy(network)->markers;
}

static bool has_registration(const struct network *network)
{
    return account_registration_open(network);
}

static bool has_edits(const struct network *network)
{
    return network_policy(network)->edits;
}

static bool has_retractions(const struct network *network)
{
    return network_policy(network)->retractions;
}

static bool has_reactions(const struct network *network)
{
    return network_policy(network)->reactions;
}

static bool has_replies(const struct network *network)
{
    return network_policy(network)->replies;
}

static bool has_typing(const struct network *network)
{
    return network_policy(network)->typing;
}

static const struct feature features[] = {
    { .var = NS_DISCO_INFO, .gateway = true, .contact = true },
    { .var = NS_PING, .gateway = true, .contact = true },
    { .var = NS_CAPS, .gateway = true, .contact = true },
    { .var = NS_DISCO_ITEMS, .gateway = true },
    { .var = NS_COMMANDS, .gateway = true },
    { .var = NS_GATEWAY, .gateway = true },
    { .var = NS_REGISTER, .gateway = true, .has = has_registration },
    { .var = NS_SEARCH, .gateway = true },
    { .var = NS_VCARD, .gateway = true, .contact = true },
    { .var = NS_VCARD4, .gateway = true, .contact = true },
    { .var = NS_PUBSUB_RETRIEVE, .gateway = true, .contact = true },
    { .var = NS_BLOCKING, .gateway = true },
    { .var = NS_VERSION, .gateway = true },
    { .var = NS_LAST, .gateway = true },
    { .var = NS_TIME, .gateway = true },
    { .var = NS_ADDRESS, .gateway = true },
    { .var = NS_STANZA_ID, .gateway = true },
    { .var = NS_RECEIPTS, .contact = true, .has = has_receipts },
    { .var = NS_MARKERS, .contact = true, .has = has_markers },
    { .var = NS_CORRECT, .contact = true, .has = has_edits },
    { .var = NS_RETRACT, .contact = true, .has = has_retractions },
    { .var = NS_REACTIONS, .contact = true, .has = has_reactions },
    { .var = NS_REPLY, .contact = true, .has = has_replies },
    { .var = NS_CHATSTATES, .contact = true, .has = has_typing },
};

static void add_identity(xmpp_stanza_t *query, const char *category,
                         const char *type, const char *name)
{
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL, NULL);

    stanza_set(identity, "category", category);
    stanza_set(identity, "type", type);
    stanza_set(identity, "name", name);
}

static void add_features(const struct network *network, bool gateway,
                         xmpp_stanza_t *query)
{
    for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        const struct feature *feature = &features[i];

        if ((gateway ? feature->gateway : feature->contact) &&
            (!feature->has || feature->has(network)))
            stanza_set(stanza_add(query, "feature", NULL, NULL), "var",
                       feature->var);
    }
}

/* --- forms of the gateway (XEP-0128) ------------------------------------- */

/* XEP-0157. "KIND=URI" each, as the configuration has them. */
static void add_addresses(const struct network_policy *policy,
                          xmpp_stanza_t *query)
{
    xmpp_stanza_t *form;

    if (policy->n_addresses == 0)
        return;
    form = form_add(query, "result", "http://jabber.org/network/serverinfo");
    for (size_t i = 0; i < policy->n_addresses; i++) {
        const char *equals = strchr(policy->addresses[i], '=');
        char *var =
            xasprintf("%.*s-addresses", (int)(equals - policy->addresses[i]),
                      policy->addresses[i]);
        xmpp_stanza_t *field = form_find_field(form, var);

        if (!field)
            field = form_field(form, var, "list-multi", NULL);
        form_value(field, equals + 1);
        free(var);
    }
}

/* XEP-0504: ours, and what it means that the other side is a phone network. */
static void add_policy(const struct network_policy *policy,
                       xmpp_stanza_t *query)
{
    xmpp_stanza_t *form = form_add(query, "result", NS_DATA_POLICY);
    char *scope, *hours = xasprintf("%u", policy->retention_h);

    form_fact(form, "auth_data", "no_auth");
    form_fact(form, "data_retention", hours);
    form_fact(form, "encryption_at_rest", "false");
    form_fact(form, "access_policy", "admins");
    form_fact(form, "tos", policy->terms);
    free(hours);
    if (!policy->phone_addresses)
        return;
    scope = xasprintf("urn:xmpp:data-policy:identity:gateway:%s:0",
                      policy->gateway_type);
    form = form_add(query, "result", scope);
    form_fact(form, "auth_data", "no_auth");
    form_fact(form, "data_transmission", "plain");
    form_fact(form, "data_retention", "unknown");
    free(scope);
}

/* --- queries ------------------------------------------------------------ */

static void describe(const struct component *component, const char *contact,
                     xmpp_stanza_t *query)
{
    const struct network *network = component->network;
    const struct network_policy *policy = network_policy(network);
    bool gateway = contact[0] == '\0';
    char *name;

    if (gateway) {
        name = xasprintf("Moongate: %s", network_name(network));
        add_identity(query, "gateway", policy->gateway_type, name);
        free(name);
    } else {
        add_identity(query, "client", policy->phone_addresses ? "phone" : "pc",
                     "Moongate");
    }
    add_identity(query, "pubsub", "pep", "Moongate");
    add_features(network, gateway, query);
    if (gateway) {
        add_addresses(policy, query);
        add_policy(policy, query);
    }
}

void disco_add_caps(const struct component *component, const char *contact,
                    xmpp_stanza_t *presence)
{
    xmpp_stanza_t *query = stanza_new(component->ctx, "query", NS_DISCO_INFO);
    char ver[CAPS_SIZE];

    describe(component, contact, query);
    caps_ver(query, ver);
    caps_add(presence, ver);
    (void)xmpp_stanza_release(query);
}

/* XEP-0030 7: no other node than that of our capabilities is known. */
static bool is_known(struct request *request, xmpp_stanza_t *query)
{
    const char *node = xmpp_stanza_get_attribute(request->payload, "node");
    char ver[CAPS_SIZE];

    if (!node)
        return true;
    caps_ver(query, ver);
    if (caps_is_node(node, ver)) {
        stanza_set(query, "node", node);
        return true;
    }
    request_refuse_plain(request, "item-not-found", "cancel", NULL);
    return false;
}

void disco_info(struct request *request)
{
    const char *node = xmpp_stanza_get_attribute(request->payload, "node");
    xmpp_stanza_t *result, *query;

    if (node && adhoc_info(request, node))
        return;
    result = request_result(request, &query);
    describe(request->component, request->contact, query);
    if (is_known(request, query))
        component_answer(request->component, result);
    else
        (void)xmpp_stanza_release(result);
}

/* Some clients look for commands among the items only. */
static void add_commands_item(const struct component *component,
                              xmpp_stanza_t *query)
{
    xmpp_stanza_t *item = stanza_add(query, "item", NULL, NULL);

    stanza_set(item, "jid", component->options.jid);
    stanza_set(item, "node", NS_COMMANDS);
    stanza_set(item, "name", "Commands");
}

void disco_items(struct request *request)
{
    const char *node = xmpp_stanza_get_attribute(request->payload, "node");
    xmpp_stanza_t *result, *query;

    if (node && adhoc_items(request, node))
        return;
    if (node) {
        request_refuse_plain(request, "item-not-found", "cancel", NULL);
        return;
    }
    result = request_result(request, &query);
    if (!request->contact[0])
        add_commands_item(request->component, query);
    pep_add_nodes(request->component, request->contact, query);
    component_answer(request->component, result);
}
