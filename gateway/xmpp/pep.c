/* pep.c - see pep.h. The nodes are a table. */
#include "xmpp/pep.h"

#include <stdio.h>
#include <string.h>

#include "xmpp/avatar.h"
#include "xmpp/named.h"
#include "xmpp/vcard.h"

#define NS_AVATAR_DATA "urn:xmpp:avatar:data"
#define NS_AVATAR_METADATA "urn:xmpp:avatar:metadata"

struct node {
    const char *name;
    void (*write)(const struct named *named, xmpp_stanza_t *item);
    bool picture; /* the item's id is the picture's hash; else "current" */
};

/* --- payloads ------------------------------------------------------------ */

static void write_data(const struct named *named, xmpp_stanza_t *item)
{
    stanza_add(item, "data", NS_AVATAR_DATA, named->avatar->base64);
}

static void set_number(xmpp_stanza_t *stanza, const char *key, size_t n)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%zu", n);
    stanza_set(stanza, key, text);
}

static void write_metadata(const struct named *named, xmpp_stanza_t *item)
{
    const struct avatar *avatar = named->avatar;
    xmpp_stanza_t *metadata =
        stanza_add(item, "metadata", NS_AVATAR_METADATA, NULL);
    xmpp_stanza_t *info = stanza_add(metadata, "info", NULL, NULL);

    set_number(info, "bytes", avatar_bytes(avatar));
    stanza_set(info, "id", avatar->sha1);
    stanza_set(info, "type", avatar->type);
    if (avatar->side == 0)
        return;
    set_number(info, "width", avatar->side);
    set_number(info, "height", avatar->side);
}

static void write_nick(const struct named *named, xmpp_stanza_t *item)
{
    stanza_add(item, "nick", NS_NICK, named->shown);
}

static void write_card(const struct named *named, xmpp_stanza_t *item)
{
    vcard4_add(named, item);
}

static const struct node nodes[] = {
    { NS_AVATAR_METADATA, write_metadata, true },
    { NS_AVATAR_DATA, write_data, true },
    { NS_NICK, write_nick, false },
    { "urn:xmpp:vcard4", write_card, false },
};
enum { NODES = sizeof(nodes) / sizeof(nodes[0]) };

static const struct node *find_node(const char *name)
{
    for (size_t i = 0; name && i < NODES; i++)
        if (strcmp(nodes[i].name, name) == 0)
            return &nodes[i];
    return NULL;
}

/* --- requests ------------------------------------------------------------ */

static xmpp_stanza_t *items_of(xmpp_stanza_t *iq)
{
    xmpp_stanza_t *pubsub = stanza_find(iq, "pubsub", NS_PUBSUB);

    return pubsub ? stanza_find(pubsub, "items", NS_PUBSUB) : NULL;
}

static const struct node *node_of(xmpp_stanza_t *iq)
{
    xmpp_stanza_t *items = items_of(iq);

    return items ? find_node(xmpp_stanza_get_attribute(items, "node")) : NULL;
}

static const char *item_id(const struct node *node, const struct named *named)
{
    return node->picture ? named->avatar->sha1 : "current";
}

/* Without ids all are wanted, which is the one (XEP-0060 6.5.2, 6.5.8). */
static bool is_wanted(xmpp_stanza_t *items, const char *id)
{
    bool all = true;

    for (xmpp_stanza_t *item = stanza_first(items); item;
         item = stanza_after(item)) {
        const char *own = xmpp_stanza_get_id(item);

        if (!stanza_is(item, "item", NS_PUBSUB))
            continue;
        if (own && strcmp(own, id) == 0)
            return true;
        all = false;
    }
    return all;
}

static void write_items(const struct named *named, xmpp_stanza_t *result)
{
    const struct node *node = node_of(named->asked);
    const char *id = item_id(node, named);
    xmpp_stanza_t *pubsub = stanza_add(result, "pubsub", NS_PUBSUB, NULL);
    xmpp_stanza_t *items = stanza_add(pubsub, "items", NULL, NULL), *item;

    stanza_set(items, "node", node->name);
    if (!is_wanted(items_of(named->asked), id))
        return;
    item = stanza_add(items, "item", NULL, NULL);
    stanza_set(item, "id", id);
    node->write(named, item);
}

void pep_get(struct request *request)
{
    if (!items_of(request->stanza))
        request_refuse_plain(request, "feature-not-implemented", "cancel",
                             NULL);
    else if (!node_of(request->stanza))
        request_refuse_plain(request, "item-not-found", "cancel", NULL);
    else
        named_answer(request, write_items);
}

void pep_add_nodes(const struct component *component, const char *contact,
                   xmpp_stanza_t *query)
{
    char jid[JID_BARE_SIZE];

    if (!component_jid(component, contact, jid))
        return;
    for (size_t i = 0; i < NODES; i++) {
        xmpp_stanza_t *item = stanza_add(query, "item", NULL, NULL);

        stanza_set(item, "jid", jid);
        stanza_set(item, "node", nodes[i].name);
    }
}
