/* roster.c - who may write whose roster, which wishes wait, and which contacts
 * that write are new. Wishes are granted a few at a time, so that a thousand
 * imported contacts do not flood the server, and wait for the stream while it
 * is down. */
#include "xmpp/roster.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/contact.h"
#include "toolkit/timer.h"
#include "xmpp/dispatch.h"
#include "xmpp/roster_wish.h"
#include "xmpp/told.h"

enum {
    HOSTS_MAX = 32,
    SEEN_MAX = 10000,
    WISHES_MAX = 50000,
    RUNNING_MAX = 32,
    BITE = 4, /* begun in a bite: 200 a second */
    BITE_MS = 20,
};

struct seen {
    UT_hash_handle hh;
    char *full;
    char account[]; /* key */
};

struct rosters {
    struct component *component;
    struct host hosts[HOSTS_MAX];
    size_t n;
    struct seen *seen; /* oldest first */
    struct told *met;  /* who wrote to whom since the start */
    struct wish *waiting;
    size_t n_waiting, running, begun; /* begun: in this bite */
    struct timer *timer;
};

static void on_bite(void *arg);

struct rosters *rosters_new(struct component *component)
{
    struct rosters *rosters = xcalloc(1, sizeof(*rosters));

    rosters->component = component;
    rosters->met = told_new();
    rosters->timer = timer_new(&component->owner, on_bite, rosters);
    return rosters;
}

static void seen_free(struct rosters *rosters, struct seen *seen)
{
    HASH_DEL(rosters->seen, seen);
    free(seen->full);
    free(seen);
}

void rosters_down(struct rosters *rosters)
{
    while (rosters->n > 0)
        free(rosters->hosts[--rosters->n].domain);
    memset(rosters->hosts, 0, sizeof(rosters->hosts));
}

void rosters_free(struct rosters *rosters)
{
    struct wish *wish, *next;

    DL_FOREACH_SAFE (rosters->waiting, wish, next) {
        DL_DELETE(rosters->waiting, wish);
        wish_free(wish);
    }
    while (rosters->seen)
        seen_free(rosters, rosters->seen);
    rosters_down(rosters);
    told_free(rosters->met);
    free(rosters);
}

/* NULL: too many to remember. */
static struct host *host_of(struct rosters *rosters, const char *domain)
{
    for (size_t i = 0; i < rosters->n; i++)
        if (strcmp(rosters->hosts[i].domain, domain) == 0)
            return &rosters->hosts[i];
    if (rosters->n == HOSTS_MAX)
        return NULL;
    rosters->hosts[rosters->n].domain = xstrdup(domain);
    return &rosters->hosts[rosters->n++];
}

struct host *rosters_host(struct rosters *rosters, const char *account)
{
    const char *at = strchr(account, '@');

    return host_of(rosters, at ? at + 1 : account);
}

void roster_seen(struct component *component, const char *account,
                 const char *full)
{
    struct rosters *rosters = component->rosters;
    size_t size = strlen(account) + 1;
    struct seen *seen;

    HASH_FIND_STR(rosters->seen, account, seen);
    if (seen)
        seen_free(rosters, seen);
    else if (HASH_COUNT(rosters->seen) >= SEEN_MAX)
        seen_free(rosters, rosters->seen);
    seen = xcalloc(1, sizeof(*seen) + size);
    seen->full = xstrdup(full);
    memcpy(seen->account, account, size);
    HASH_ADD_STR(rosters->seen, account, seen);
}

const char *rosters_full(const struct rosters *rosters, const char *account)
{
    struct seen *seen;

    HASH_FIND_STR(rosters->seen, account, seen);
    return seen ? seen->full : NULL;
}

/* --- what a server lets us do -------------------------------------------- */

static bool attribute_is(xmpp_stanza_t *stanza, const char *key,
                         const char *value)
{
    const char *own = xmpp_stanza_get_attribute(stanza, key);

    return own && strcmp(own, value) == 0;
}

static bool may_write(xmpp_stanza_t *privilege)
{
    for (xmpp_stanza_t *perm = stanza_first(privilege); perm;
         perm = stanza_after(perm))
        if (attribute_is(perm, "access", "roster") &&
            (attribute_is(perm, "type", "set") ||
             attribute_is(perm, "type", "both")))
            return true;
    return false;
}

bool roster_privileges(struct request *request)
{
    static const char *const versions[] = { "urn:xmpp:privilege:2",
                                            "urn:xmpp:privilege:1" };
    xmpp_stanza_t *privilege = NULL;
    struct host *host;

    for (size_t i = 0; i < 2 && !privilege; i++)
        privilege = stanza_find(request->stanza, "privilege", versions[i]);
    if (!privilege || request->from.local[0])
        return false;
    host = host_of(request->component->rosters, request->from.domain);
    if (host)
        host->privileged = may_write(privilege);
    return true;
}

bool roster_may_write(struct component *component, const char *domain)
{
    const struct host *host = host_of(component->rosters, domain);

    return host && host->privileged;
}

/* --- many of them ------------------------------------------------------- */

static void begin_some(struct rosters *rosters)
{
    while (rosters->component->up && rosters->waiting &&
           rosters->begun < BITE && rosters->running < RUNNING_MAX) {
        struct wish *wish = rosters->waiting;

        DL_DELETE(rosters->waiting, wish);
        rosters->n_waiting--;
        rosters->running++;
        rosters->begun++;
        if (!timer_active(rosters->timer))
            timer_repeat(rosters->timer, BITE_MS);
        wish_begin(wish);
    }
}

void rosters_take_back(struct rosters *rosters, struct wish *wish)
{
    DL_PREPEND(rosters->waiting, wish);
    rosters->n_waiting++;
    rosters->running--;
}

void rosters_granted(struct rosters *rosters, struct wish *wish)
{
    wish_free(wish);
    rosters->running--;
    begin_some(rosters);
}

static void on_bite(void *arg)
{
    struct rosters *rosters = arg;

    rosters->begun = 0;
    begin_some(rosters);
    if (rosters->begun == 0)
        timer_stop(rosters->timer);
}

void rosters_up(struct rosters *rosters)
{
    begin_some(rosters);
}

void roster_set(struct component *component, const char *account,
                const char *contact, const char *name,
                enum roster_purpose purpose)
{
    struct rosters *rosters = component->rosters;
    struct wish *wish;

    if (rosters->n_waiting >= WISHES_MAX) {
        log_warn("network %s: too many changes of rosters at once: one is "
                 "left out",
                 network_name(component->network));
        return;
    }
    wish = wish_new(component, account, contact, name, purpose);
    DL_APPEND(rosters->waiting, wish);
    rosters->n_waiting++;
    begin_some(rosters);
}

/* --- contacts that write ------------------------------------------------- */

struct meeting {
    struct component *component;
    char *account, *contact, *name;
};

static void on_offer(void *arg, bool fresh)
{
    struct meeting *meeting = arg;

    if (fresh)
        roster_set(meeting->component, meeting->account, meeting->contact,
                   meeting->name, ROSTER_ADD);
    free(meeting->account);
    free(meeting->contact);
    free(meeting->name);
    free(meeting);
}

void roster_meet(struct component *component, const char *account,
                 const char *contact, const char *name)
{
    bool named = name && name[0];
    struct meeting *meeting;

    switch (network_policy(component->network)->roster) {
    case ROSTER_OFF:
        return;
    case ROSTER_NAMED:
        if (!named)
            return;
        break;
    case ROSTER_ALL:
        break;
    }
    if (!told_note(component->rosters->met, account, contact, "met"))
        return;
    meeting = xcalloc(1, sizeof(*meeting));
    meeting->component = component;
    meeting->account = xstrdup(account);
    meeting->contact = xstrdup(contact);
    meeting->name = named ? xstrdup(name) : NULL;
    contact_offer(component->network, account, contact, on_offer, meeting);
}
