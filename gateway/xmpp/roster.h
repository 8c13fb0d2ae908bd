/* roster.h - puts contacts on the rosters of users, by the best way that their
 * server offers:
 *  1. privileged access (XEP-0356, urn:xmpp:privilege:1 and :2),
 *  2. remote roster management (XEP-0321: Openfire, Prosody), with the user's
 *     consent,
 *  3. roster item exchange (XEP-0144), to a client that knows it,
 *  4. a plain request for subscription, which every client shows.
 * Where none but the last is left, contacts are taken off by ending the
 * subscriptions. */
#ifndef MOONGATE_XMPP_ROSTER_H
#define MOONGATE_XMPP_ROSTER_H

#include <stdbool.h>

#include "xmpp/component.h"

#define NS_ROSTER "jabber:iq:roster"
#define NS_ROSTER_EXCHANGE "http://jabber.org/protocol/rosterx"
#define NS_REMOTE_ROSTER "urn:xmpp:tmp:roster-management:0"

struct rosters;
struct request;

struct rosters *rosters_new(struct component *component);
void rosters_free(struct rosters *rosters);
void rosters_up(struct rosters *rosters);   /* the stream came */
void rosters_down(struct rosters *rosters); /* it went */

enum roster_purpose {
    ROSTER_ADD, /* or rename */
    ROSTER_REMOVE,
    ROSTER_JOIN,  /* the gateway itself, for a new account: in silence, or by
                     asking for a subscription (XEP-0100 4.1.1) */
    ROSTER_LEAVE, /* the account is gone: without asking it for anything */
};

/* Puts a contact ("": the gateway) on an account's roster, or takes it off,
 * soon. `name` NULL: what the contact is called otherwise. */
void roster_set(struct component *component, const char *account,
                const char *contact, const char *name,
                enum roster_purpose purpose);

/* A text of this contact is delivered: puts it on the roster if that is the
 * network's policy and it never was there. `name` may be NULL. */
void roster_meet(struct component *component, const char *account,
                 const char *contact, const char *name);

/* A message of a server that says what we may do (XEP-0356 4.2)? Then it is
 * noted, and true. */
bool roster_privileges(struct request *request);

/* May we write the rosters of this domain's users (XEP-0356)? */
bool roster_may_write(struct component *component, const char *domain);

/* This full JID was seen online. */
void roster_seen(struct component *component, const char *account,
                 const char *full);

#endif
