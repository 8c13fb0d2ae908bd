/* roster_wish.c - one contact for one roster: a wish tries one way after the
 * other until one is taken. What a server offers is learnt once and kept while
 * the stream lives. */
#include "xmpp/roster_wish.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/contact.h"
#include "xmpp/presence.h"
#include "xmpp/query.h"

/* What may be done for it, beside the way of a privilege. */
struct purpose {
    bool listed;   /* on the roster, or off it */
    bool remote;   /* by XEP-0321 */
    bool consent;  /* after asking for it */
    bool exchange; /* by XEP-0144 */
    bool forget;   /* that he sees its presence */
};

static const struct purpose purposes[] = {
    [ROSTER_ADD] = { .listed = true,
                     .remote = true,
                     .consent = true,
                     .exchange = true },
    [ROSTER_REMOVE] = { .remote = true,
                        .consent = true,
                        .exchange = true,
                        .forget = true },
    [ROSTER_JOIN] = { .listed = true },
    [ROSTER_LEAVE] = { .remote = true },
};

struct wish *wish_new(struct component *component, const char *account,
                      const char *contact, const char *name,
                      enum roster_purpose purpose)
{
    struct wish *wish = xcalloc(1, sizeof(*wish));

    wish->component = component;
    wish->purpose = &purposes[purpose];
    wish->account = xstrdup(account);
    wish->contact = xstrdup(contact);
    wish->name = xstrdup(name);
    return wish;
}

void wish_free(struct wish *wish)
{
    free(wish->account);
    free(wish->contact);
    free(wish->name);
    free(wish);
}

static bool has_feature(xmpp_stanza_t *answer, const char *var)
{
    xmpp_stanza_t *query = stanza_find(answer, "query", NS_DISCO_INFO);

    for (xmpp_stanza_t *child = query ? stanza_first(query) : NULL; child;
         child = stanza_after(child)) {
        const char *own = xmpp_stanza_get_attribute(child, "var");

        if (own && stanza_is(child, "feature", NS_DISCO_INFO) &&
            strcmp(own, var) == 0)
            return true;
    }
    return false;
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
    if (!wish->purpose->listed)
        return;
    stanza_set(item, "name", wish->name);
    stanza_add(item, "group", NULL, group);
}

/* The server has it: it shows presence without being asked to. */
static void wish_done(struct wish *wish)
{
    struct component *component = wish->component;

    if (wish->purpose->listed || wish->purpose->forget)
        network_subscribe(component->network, wish->account, wish->contact,
                          wish->purpose->listed);
    if (wish->purpose->listed)
        presence_tell_one(component, wish->contact, wish->account);
    if (wish->purpose->listed && !wish->contact[0])
        presence_probe_one(component, wish->account);
    rosters_granted(wish->component->rosters, wish);
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
    else if (denied && !wish->asked && wish->purpose->consent)
        wish_next(wish, WAY_CONSENT);
    else
        wish_next(wish, WAY_EXCHANGE);
}

static void write_roster(struct wish *wish)
{
    xmpp_stanza_t *query = new_query(wish, NS_ROSTER);

    add_item(wish, query, "subscription",
             wish->purpose->listed ? "both" : "remove");
    query_send(wish->component, wish->account, "set", query, on_written, wish);
}

static void on_looked(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct wish *wish = arg;
    struct host *host = rosters_host(wish->component->rosters, wish->account);
    bool there = answer && has_feature(answer, NS_REMOTE_ROSTER);

    (void)condition;
    if (host)
        host->remote = there ? KNOWN_YES : KNOWN_NO;
    wish_next(wish, there ? WAY_REMOTE : WAY_EXCHANGE);
}

static void look(struct wish *wish)
{
    struct host *host = rosters_host(wish->component->rosters, wish->account);

    if (!host || host->remote == KNOWN_NO || !wish->purpose->remote)
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
    return rosters_full(wish->component->rosters, wish->account);
}

/* XEP-0144 3: one kind of action in a stanza. */
static void send_exchange(struct wish *wish)
{
    struct envelope envelope = { .from = wish->component->options.jid,
                                 .to = full_of(wish) };
    xmpp_stanza_t *message =
        stanza_open(wish->component->ctx, "message", &envelope);
    xmpp_stanza_t *x = stanza_add(message, "x", NS_ROSTER_EXCHANGE, NULL);

    add_item(wish, x, "action", wish->purpose->listed ? "add" : "delete");
    (void)component_send(wish->component, message, STREAM_NEEDED);
    rosters_granted(wish->component->rosters, wish);
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
    if (wish->purpose->exchange && full_of(wish))
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
    if (wish->name && wish->purpose->listed)
        stanza_add(presence, "nick", NS_NICK, wish->name);
    (void)component_send(wish->component, presence, STREAM_NEEDED);
}

/* Never "subscribed" unasked (XEP-0100 4.3). */
static void subscribe(struct wish *wish)
{
    if (wish->purpose->listed) {
        send_presence(wish, "subscribe");
    } else {
        if (wish->purpose->forget)
            network_subscribe(wish->component->network, wish->account,
                              wish->contact, false);
        send_presence(wish, "unsubscribe");
        send_presence(wish, "unsubscribed");
        send_presence(wish, "unavailable");
    }
    rosters_granted(wish->component->rosters, wish);
}

static void privilege(struct wish *wish)
{
    struct host *host = rosters_host(wish->component->rosters, wish->account);

    if (host && host->privileged)
        write_roster(wish);
    else
        wish_next(wish, WAY_LOOK);
}

static void on_name(void *arg, const char *name)
{
    struct wish *wish = arg;

    wish->name = xstrdup(name);
    wish_next(wish, WAY_PRIVILEGE);
}

static void look_up_name(struct wish *wish)
{
    struct component *component = wish->component;

    if (wish->name || !wish->purpose->listed)
        wish_next(wish, WAY_PRIVILEGE);
    else if (wish->contact[0])
        contact_name_get(component->network, wish->account, wish->contact,
                         on_name, wish);
    else {
        wish->name =
            xasprintf("Moongate: %s", network_name(component->network));
        wish_next(wish, WAY_PRIVILEGE);
    }
}

/* Half way when the stream dies: it begins again with the next one. */
static void put_back(struct wish *wish)
{
    wish->way = WAY_NAME;
    wish->asked = false;
    rosters_take_back(wish->component->rosters, wish);
}

static void wish_go(struct wish *wish)
{
    static void (*const ways[])(struct wish * wish) = {
        [WAY_NAME] = look_up_name,   [WAY_PRIVILEGE] = privilege,
        [WAY_LOOK] = look,           [WAY_REMOTE] = write_roster,
        [WAY_CONSENT] = ask_consent, [WAY_EXCHANGE] = exchange,
        [WAY_SUBSCRIBE] = subscribe,
    };

    if (wish->component->up)
        ways[wish->way](wish);
    else
        put_back(wish);
}

void wish_begin(struct wish *wish)
{
    wish_go(wish);
}
