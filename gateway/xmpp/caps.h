/* caps.h - entity capabilities (XEP-0115). */
#ifndef MOONGATE_XMPP_CAPS_H
#define MOONGATE_XMPP_CAPS_H

#include <stdbool.h>

#include "xmpp/stanza.h"

#define NS_CAPS "http://jabber.org/protocol/caps"
#define CAPS_NODE "urn:moongate:caps"

enum { CAPS_SIZE = 32 };

/* The verification string of what a disco#info query holds (XEP-0115 5.1, with
 * SHA-1): identities, features and forms. */
void caps_ver(xmpp_stanza_t *query, char ver[CAPS_SIZE]);

/* Adds <c/> for that ver to a presence. */
void caps_add(xmpp_stanza_t *presence, const char *ver);

/* Does a disco#info ask for the node of that ver? */
bool caps_is_node(const char *node, const char *ver);

#endif
