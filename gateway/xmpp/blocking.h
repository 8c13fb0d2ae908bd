/* blocking.h - block lists (XEP-0191). */
#ifndef MOONGATE_XMPP_BLOCKING_H
#define MOONGATE_XMPP_BLOCKING_H

#define NS_BLOCKING "urn:xmpp:blocking"

struct request;

void blocking_get(struct request *request);
void blocking_set(struct request *request); /* block and unblock */

#endif
