/* bounced.h - stanza errors that come back for what was delivered. */
#ifndef MOONGATE_XMPP_BOUNCED_H
#define MOONGATE_XMPP_BOUNCED_H

#include "xmpp/component.h"

struct bounces;

struct bounces *bounces_new(void);
void bounces_free(struct bounces *bounces);

/* The resource to which a message goes now, since it came back from its bare
 * JID or from another resource; NULL: to the bare JID. Borrowed. */
const char *bounces_resource(const struct bounces *bounces,
                             const struct id *id);

#endif
