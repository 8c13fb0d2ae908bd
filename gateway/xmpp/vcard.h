/* vcard.h - vCards of the gateway and of its contacts: XEP-0054 and XEP-0292.
 * The name is what the asking user calls the contact. */
#ifndef MOONGATE_XMPP_VCARD_H
#define MOONGATE_XMPP_VCARD_H

#include "xmpp/named.h"

#define NS_VCARD "vcard-temp"
#define NS_VCARD4 "urn:ietf:params:xml:ns:vcard-4.0"

request_fn vcard_get, vcard4_get;
request_fn vcard_set; /* refuses: they are not the users' to change */

/* Appends the <vcard/> of XEP-0292. */
void vcard4_add(const struct named *named, xmpp_stanza_t *parent);

#endif
