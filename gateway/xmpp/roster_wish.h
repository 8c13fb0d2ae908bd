/* roster_wish.h - one contact for one roster; within roster*.c only. */
#ifndef MOONGATE_XMPP_ROSTER_WISH_H
#define MOONGATE_XMPP_ROSTER_WISH_H

#include "xmpp/roster.h"

enum known { KNOWN_NOT, KNOWN_NO, KNOWN_YES };

/* What the server of a domain lets us do. */
struct host {
    char *domain;
    bool privileged;   /* roster access that includes writing (XEP-0356) */
    enum known remote; /* XEP-0321 */
};

struct purpose;

/* The order in which a wish tries. */
enum way {
    WAY_NAME, /* asks the store for it */
    WAY_PRIVILEGE,
    WAY_LOOK, /* does the server manage rosters? */
    WAY_REMOTE,
    WAY_CONSENT, /* asks the user, then tries the last again */
    WAY_EXCHANGE,
    WAY_SUBSCRIBE,
};

struct wish {
    struct wish *prev, *next; /* while it waits */
    struct component *component;
    const struct purpose *purpose;
    enum way way;
    bool asked; /* for consent */
    char *account, *contact, *name;
};

/* Strings are copied. */
struct wish *wish_new(struct component *component, const char *account,
                      const char *contact, const char *name,
                      enum roster_purpose purpose);
void wish_free(struct wish *wish);

/* Ends in rosters_granted, maybe before this returns, or, when the stream dies,
 * in rosters_take_back. */
void wish_begin(struct wish *wish);

/* --- for the wish, in roster.c ------------------------------------------- */

/* NULL: too many servers to remember. */
struct host *rosters_host(struct rosters *rosters, const char *account);

/* A resource of the account that was seen; NULL: none. */
const char *rosters_full(const struct rosters *rosters, const char *account);

void rosters_granted(struct rosters *rosters, struct wish *wish);
void rosters_take_back(struct rosters *rosters, struct wish *wish);

#endif
