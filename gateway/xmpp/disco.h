/* disco.h - what the gateway and its contacts say of themselves. */
#ifndef MOONGATE_XMPP_DISCO_H
#define MOONGATE_XMPP_DISCO_H

#include "xmpp/component.h"

/* Adds <c/> (XEP-0115) of a contact, of the gateway itself for "", to a
 * presence of ours. */
void disco_add_caps(const struct component *component, const char *contact,
                    xmpp_stanza_t *presence);

#endif
