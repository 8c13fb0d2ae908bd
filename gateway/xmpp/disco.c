/* disco.c - XEP-0030: what the gateway and its contacts are. Openfire lists a
 * gateway only after it has answered disco#info with an identity. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "xmpp/dispatch.h"

static void add_identity(xmpp_stanza_t *query, const char *category,
                         const char *type, const char *name)
{
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL, NULL);

    stanza_set(identity, "category", category);
    stanza_set(identity, "type", type);
    stanza_set(identity, "name", name);
}

static void add_feature(xmpp_stanza_t *query, const char *feature)
{
    stanza_set(stanza_add(query, "feature", NULL, NULL), "var", feature);
}

static void describe_gateway(const struct network *network,
                             xmpp_stanza_t *query)
{
    char *name = xasprintf("Moongate: %s", network_name(network));

    add_identity(query, "gateway", network_policy(network)->gateway_type, name);
    add_feature(query, NS_DISCO_ITEMS);
    add_feature(query, NS_GATEWAY);
    add_feature(query, NS_VERSION);
    free(name);
}

static void describe_contact(const struct network *network,
                             const struct request *request,
                             xmpp_stanza_t *query)
{
    const struct network_policy *policy = network_policy(network);

    add_identity(query, "client", policy->phone_addresses ? "phone" : "pc",
                 request->contact);
    if (policy->receipts)
        add_feature(query, NS_RECEIPTS);
}

/* XEP-0030 7: no node of ours is known. */
static bool has_node(struct request *request)
{
    if (!xmpp_stanza_get_attribute(request->payload, "node"))
        return false;
    request_refuse_plain(request, "item-not-found", "cancel", NULL);
    return true;
}

void disco_info(struct request *request)
{
    const struct network *network = request->component->network;
    xmpp_stanza_t *result, *query;

    if (has_node(request))
        return;
    result = request_result(request, &query);
    if (request->contact[0])
        describe_contact(network, request, query);
    else
        describe_gateway(network, query);
    add_feature(query, NS_DISCO_INFO);
    add_feature(query, NS_PING);
    component_answer(request->component, result);
}

void disco_items(struct request *request)
{
    xmpp_stanza_t *query;

    if (!has_node(request))
        component_answer(request->component, request_result(request, &query));
}
