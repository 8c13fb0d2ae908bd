/* fake_network.h - the core as the XMPP side sees it: writes down each call,
 * answers as a test wants. Allows example.org, knows phones of +44. */
#ifndef FAKE_NETWORK_H
#define FAKE_NETWORK_H

#include <stdbool.h>

#include "base/buf.h"
#include "core/front.h"

enum { FAKE_PAGE = 500 };

struct network {
    struct core *core;         /* a test's own, or NULL */
    struct err refuse_account; /* account_admit */
    struct network_policy policy;
    struct buf calls;       /* one line each, since last looked at */
    bool hold;              /* texts and decisions wait for fake_decide */
    struct err refuse_text; /* kind not NONE: texts end with it */
    bool full;              /* network_refuses */
    bool closed;            /* no registration */
    char account[256];      /* the one that exists, "": none */
    char settings[256];
    bool disabled;
    const struct option *own; /* what a user gives for a line of his own */
    enum health health;
    bool contacts_are_well; /* whatever the health of the gateway */
    const char *health_text;
    const char *const *subscriptions; /* account, contact, ..., NULL */
    unsigned pages;                   /* of subscriptions that were asked for */
    const char *contact_name; /* of every contact; NULL: they have none */
    struct picture picture;   /* of every contact; sha1 "": they have none */
    bool fresh;               /* what contact_offer says */
    struct waiting *waiting;
};

void fake_network_init(struct network *network);
void fake_network_clear(struct network *network);

/* Decides what waits, in order. */
void fake_decide(struct network *network);

const char *fake_calls(struct network *network);

#endif
