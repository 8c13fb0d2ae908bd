/* adhoc.h - commands as ad-hoc commands (XEP-0050), with forms (XEP-0004). */
#ifndef MOONGATE_XMPP_ADHOC_H
#define MOONGATE_XMPP_ADHOC_H

#include <stdbool.h>

#include "xmpp/dispatch.h"

#define NS_COMMANDS "http://jabber.org/protocol/commands"

struct adhoc;

struct adhoc *adhoc_new(struct component *component);
void adhoc_free(struct adhoc *adhoc); /* after its component's owner closed */

/* An IQ set with a <command/> to the gateway: a request_fn. */
request_fn adhoc_execute;

/* disco#items of the node NS_COMMANDS (what the sender may use), or of a
 * command (nothing); disco#info of either. False: not such a node, nothing was
 * answered. */
bool adhoc_items(struct request *request, const char *node);
bool adhoc_info(struct request *request, const char *node);

#endif
