/* roster.c - contacts on rosters. A wish tries one way after the other until
 * one is taken; what a server offers is learnt once and kept while the stream
 * lives. */
#include "xmpp/roster.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/mem.h"
#include "xmpp/dispatch.h"
#include "xmpp/presence.h"
#include "xmpp/query.h"

enum { HOSTS_MAX = 32, SEEN_MAX = 10000 };

enum known { KNOWN_NOT, KNOWN_NO, KNOWN_YES };

/* What the server of a domain lets us do. */
struct host {
    char *domain;
    bool privileged; /* roster access that includes writing */
    enum known remote;
};

struct seen {
    UT_hash_handle hh;
    char *full;
    char account[]; /* key */
};

struct rosters {
    struct host hosts[HOSTS_MAX];
    size_t n;
    struct seen *seen; /* oldest first */
};

/* The order in which a wish tries. */
enum way {
    WAY_PRIVILEGE,
    WAY_LOOK, /* does the server manage rosters? */
    WAY_REMOTE,
    WAY_CONSENT, /* asks the user, then tries the last again */
    WAY_EXCHANGE,
    WAY_SUBSCRIBE,
};

struct wish {
    struct component *component;
    enum way way;
    bool listed;
    bool asked; /* for consent */
    char *account, *contact, *name;
};

struct rosters *rosters_new(struct component *component)
{
    (void)component;
    return xcalloc(1, sizeof(struct rosters));
}

static void seen_free(struct rosters *rosters, struct seen *seen)
{
    HASH_DEL(rosters->seen, seen);
    free(seen->full);
    free(seen);
}

void rosters_free(struct rosters *rosters)
{
    while (rosters->seen)
        seen_free(rosters, rosters->seen);
    while (rosters->n > 0)
        free(rosters->hosts[--rosters->n].domain);
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

static struct host *host_of_wish(const struct wish *wish)
{
    const char *at = strchr(wish->account, '@');

    return host_of(wish->component->rosters, at ? at + 1 : wish->account);
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

static bool has_feature(xmpp_stanza_t *answer, const char *var)
{
    xmpp_stanza_t *query = stanza_find(answer, "query", NS_DISCO_INFO);

    for (xmpp_stanza_t *child = query ? stanza_first(query) : NULL; child;
         child = stanza_after(child))
        if (stanza_is(child, "feature", NS_DISCO_INFO) &&
            attribute_is(child, "var", var))
            return true;
    return false;
}

/* --- one wish ------------------------------------------------------------- */

static void wish_free(struct wish *wish)
{
    free(wish->account);
    free(wish->contact);
    free(wish->name);
    free(wish);
}

static void wish_go(struct wish *wish);

static void wish_next(struct wish *wish, enum way way)
{
    wish->way = way;
    wish_go(wish);
}

static xmpp_stanza_t *new_query(const struct wish *wish, const char *ns)
{
    return stanza_new(wish->component->ctx, "query", ns);
}

static void add_item(const struct wish *wish, xmpp_stanza_t *parent,
                     const char *key, const char *value)
{
    const char *group = network_name(wish->component->network);
    xmpp_stanza_t *item = stanza_add(parent, "item", NULL, NULL);
    char jid[JID_BARE_SIZE];

    (void)component_jid(wish->component, wish->contact, jid);
    stanza_set(item, "jid", jid);
    stanza_set(item, key, value);
    if (!wish->listed)
        return;
    stanza_set(item, "name", wish->name);
    stanza_add(item, "group", NULL, group);
}

/* The server has it: it shows presence without being asked to. */
static void wish_done(struct wish *wish)
{
    struct component *component = wish->component;

    network_subscribe(component->network, wish->account, wish->contact,
                      wish->listed);
    if (wish->listed)
        presence_tell_one(component, wish->contact, wish->account);
    wish_free(wish);
}

static void on_written(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct wish *wish = arg;
    bool privileged = wish->way == WAY_PRIVILEGE;
    bool denied = strcmp(condition, "forbidden") == 0 ||
                  strcmp(condition, "not-allowed") == 0;

    if (answer)
        wish_done(wish);
    else if (privileged)
        wish_next(wish, WAY_LOOK);
    else if (denied && !wish->asked)
        wish_next(wish, WAY_CONSENT);
    else
        wish_next(wish, WAY_EXCHANGE);
}

static void write_roster(struct wish *wish)
{
    xmpp_stanza_t *query = new_query(wish, NS_ROSTER);

    add_item(wish, query, "subscription", wish->listed ? "both" : "remove");
    query_send(wish->component, wish->account, "set", query, on_written, wish);
}

static void on_looked(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct wish *wish = arg;
    struct host *host = host_of_wish(wish);
    bool there = answer && has_feature(answer, NS_REMOTE_ROSTER);

    (void)condition;
    if (host)
        host->remote = there ? KNOWN_YES : KNOWN_NO;
    wish_next(wish, there ? WAY_REMOTE : WAY_EXCHANGE);
}

static void look(struct wish *wish)
{
    struct host *host = host_of_wish(wish);

    if (!host || host->remote == KNOWN_NO)
        wish_next(wish, WAY_EXCHANGE);
    else if (host->remote == KNOWN_YES)
        wish_next(wish, WAY_REMOTE);
    else
        query_send(wish->component, host->domain, "get",
                   new_query(wish, NS_DISCO_INFO), on_looked, wish);
}

static void on_consent(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct wish *wish = arg;

    (void)condition;
    wish_next(wish, answer ? WAY_REMOTE : WAY_EXCHANGE);
}

/* XEP-0321 3.1. */
static void ask_consent(struct wish *wish)
{
    xmpp_stanza_t *query = new_query(wish, NS_REMOTE_ROSTER);

    wish->asked = true;
    stanza_set(query, "type", "request");
    stanza_set(query, "reason", "to show your contacts on this network");
    query_send(wish->component, wish->account, "set", query, on_consent, wish);
}

static const char *full_of(const struct wish *wish)
{
    struct seen *seen;

    HASH_FIND_STR(wish->component->rosters->seen, wish->account, seen);
    return seen ? seen->full : NULL;
}

/* XEP-0144 3: one kind of action in a stanza. */
static void send_exchange(struct wish *wish)
{
    struct envelope envelope = { .from = wish->component->options.jid,
                                 .to = full_of(wish) };
    xmpp_stanza_t *message =
        stanza_open(wish->component->ctx, "message", &envelope);
    xmpp_stanza_t *x = stanza_add(message, "x", NS_ROSTER_EXCHANGE, NULL);

    add_item(wish, x, "action", wish->listed ? "add" : "delete");
    (void)component_send(wish->component, message, STREAM_NEEDED);
    wish_free(wish);
}

static void on_client(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct wish *wish = arg;

    (void)condition;
    if (answer && full_of(wish) && has_feature(answer, NS_ROSTER_EXCHANGE))
        send_exchange(wish);
    else
        wish_next(wish, WAY_SUBSCRIBE);
}

static void exchange(struct wish *wish)
{
    if (full_of(wish))
        query_send(wish->component, full_of(wish), "get",
                   new_query(wish, NS_DISCO_INFO), on_client, wish);
    else
        wish_next(wish, WAY_SUBSCRIBE);
}

static void send_presence(const struct wish *wish, const char *type)
{
    char from[JID_BARE_SIZE];
    struct envelope envelope = { .from = from,
                                 .to = wish->account,
                                 .type = type };
    xmpp_stanza_t *presence;

    if (!component_jid(wish->component, wish->contact, from))
        return;
    presence = stanza_open(wish->component->ctx, "presence", &envelope);
    if (wish->name && wish->listed)
        stanza_add(presence, "nick", NS_NICK, wish->name);
    (void)component_send(wish->component, presence, STREAM_NEEDED);
}

/* Never "subscribed" unasked (XEP-0100 4.3). */
static void subscribe(struct wish *wish)
{
    if (wish->listed) {
        send_presence(wish, "subscribe");
    } else {
        network_subscribe(wish->component->network, wish->account,
                          wish->contact, false);
        send_presence(wish, "unsubscribe");
        send_presence(wish, "unsubscribed");
        send_presence(wish, "unavailable");
    }
    wish_free(wish);
}

static void privilege(struct wish *wish)
{
    struct host *host = host_of_wish(wish);

    if (host && host->privileged)
        write_roster(wish);
    else
        wish_next(wish, WAY_LOOK);
}

static void wish_go(struct wish *wish)
{
    static void (*const ways[])(struct wish * wish) = {
        [WAY_PRIVILEGE] = privilege, [WAY_LOOK] = look,
        [WAY_REMOTE] = write_roster, [WAY_CONSENT] = ask_consent,
        [WAY_EXCHANGE] = exchange,   [WAY_SUBSCRIBE] = subscribe,
    };

    ways[wish->way](wish);
}

void roster_set(struct component *component, const char *account,
                const char *contact, const char *name, bool listed)
{
    struct wish *wish;

    if (!component->up)
        return;
    wish = xcalloc(1, sizeof(*wish));
    wish->component = component;
    wish->listed = listed;
    wish->account = xstrdup(account);
    wish->contact = xstrdup(contact);
    wish->name = xstrdup(name);
    wish_go(wish);
}
