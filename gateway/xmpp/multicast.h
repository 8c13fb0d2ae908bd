/* multicast.h - one message to several phones (XEP-0033), in the forms that
 * Cheogram and its SGX contract use for groups: to the gateway's own JID with
 * <address type='to' uri='sms:+...'/> (or jid='+...@gateway'), or to a JID of
 * several numbers, "+15550001,+15550002@gateway". Each phone gets a text of its
 * own, and has a result of its own: a receipt or an error from its JID. */
#ifndef MOONGATE_XMPP_MULTICAST_H
#define MOONGATE_XMPP_MULTICAST_H

#include <stdbool.h>

#include "xmpp/dispatch.h"

#define NS_ADDRESS "http://jabber.org/protocol/address"

enum { MULTICAST_MAX = 20 };

struct multicast {
    char *contacts[MULTICAST_MAX]; /* canonical addresses, each once */
    size_t n;
};

bool multicast_is(const struct request *request);

/* The receivers; those that are marked as delivered are left out (XEP-0033
 * 4.1.6). Nothing is sent when one is wrong: the refusal says which (jid-
 * malformed), or how many are allowed (not-acceptable), or that there is none
 * (bad-request). */
bool multicast_read(const struct request *request, struct multicast *out,
                    struct denial *denial);
void multicast_free(struct multicast *multicast);

#endif
