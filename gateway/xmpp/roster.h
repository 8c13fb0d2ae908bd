/* roster.h - puts contacts on the rosters of users, by the best way that their
 * server offers:
 *  1. privileged access (XEP-0356, urn:xmpp:privilege:1 and :2),
 *  2. remote roster management (XEP-0321: Openfire, Prosody), with the user's
 *     consent,
 *  3. roster item exchange (XEP-0144), to a client that knows it,
 *  4. a plain request for subscription, which every client shows. */
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

/* Adds or renames (`listed`), or removes a contact. `name` may be NULL. */
void roster_set(struct component *component, const char *account,
                const char *contact, const char *name, bool listed);

/* A message of a server that says what we may do (XEP-0356 4.2)? Then it is
 * noted, and true. */
bool roster_privileges(struct request *request);

/* May we write the rosters of this domain's users (XEP-0356)? */
bool roster_may_write(struct component *component, const char *domain);

/* This full JID was seen online. */
void roster_seen(struct component *component, const char *account,
                 const char *full);

#endif
