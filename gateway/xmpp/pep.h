/* pep.h - what the gateway and its contacts publish, for who asks (XEP-0060
 * 6.5): picture (XEP-0084), nickname (XEP-0172) and card (XEP-0292). Nobody
 * is notified of changes, but presence names the picture, too (XEP-0153). */
#ifndef MOONGATE_XMPP_PEP_H
#define MOONGATE_XMPP_PEP_H

#include "xmpp/dispatch.h"

#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define NS_PUBSUB_RETRIEVE "http://jabber.org/protocol/pubsub#retrieve-items"

request_fn pep_get;

/* Lists the nodes in an answer to disco#items of that contact. */
void pep_add_nodes(const struct component *component, const char *contact,
                   xmpp_stanza_t *query);

#endif
