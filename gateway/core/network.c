/* network.c - a component domain: policy, addresses, health, the ack fence. */
#include "core/network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/inbox.h"
#include "core/known.h"
#include "core/line.h"
#include "core/outbox.h"
#include "core/people.h"
#include "core/picture.h"
#include "store/store.h"
#include "toolkit/timer.h"

/* Above so many undecided jobs the store is too slow to take more. */
enum { JOIN_EVERY_MS = 15000, PENDING_MAX = 20000 };

/* Bodies are kept a week after they were sent, and until then at most for their
 * time to live. */
enum { KEPT_H = 7 * 24, HOUR_MS = 3600000 };

static void on_fragments(void *arg)
{
    inbox_join_due(arg);
}

static void fill_plan(struct number_plan *plan, const struct settings *s)
{
    text_copy(plan->country_code, sizeof(plan->country_code),
              settings_text(s, "country_code"));
    text_copy(plan->trunk_prefix, sizeof(plan->trunk_prefix),
              settings_text(s, "trunk_prefix"));
    text_copy(plan->international_prefix, sizeof(plan->international_prefix),
              settings_text(s, "international_prefix"));
}

static void fill_about(struct network *network)
{
    struct network_policy *policy = &network->policy;
    const struct settings *s = network->xmpp;
    size_t n = settings_list_size(s, "addresses");

    network->addresses = xcalloc(n + 1, sizeof(*network->addresses));
    for (size_t i = 0; i < n; i++)
        network->addresses[i] = settings_list_item(s, "addresses", i);
    policy->addresses = network->addresses;
    policy->n_addresses = n;
    policy->terms = settings_text(s, "terms");
    policy->retention_h = KEPT_H + (unsigned)(network->ttl_ms / HOUR_MS);
}

struct network *network_new(struct core *core, const struct settings *settings,
                            const struct settings *xmpp)
{
    struct network *network = xcalloc(1, sizeof(*network));
    network->core = core;
    network->settings = settings;
    network->xmpp = xmpp;
    network->ambiguous = (enum ambiguous)settings_enum(settings, "ambiguous");
    network->registration =
        (enum registration)settings_enum(settings, "registration");
    network->ttl_ms = settings_int(settings, "ttl") * 1000;
    network->settle_ms = settings_int(settings, "settle") < 0
                             ? -1
                             : settings_int(settings, "settle") * 1000;
    network->failover_ms = settings_int(settings, "failover_after") * 1000;
    network->parts_timeout_ms = settings_int(settings, "parts_timeout") * 1000;
    network->policy.jid = settings_text(settings, "jid");
    network->policy.gateway_type = "sms";
    network->policy.roster =
        (enum roster_policy)settings_enum(settings, "roster");
    fill_plan(&network->policy.plan, settings);
    fill_about(network);
    network_limits_init(&network->limits, settings);
    lane_init(&network->to_line, network, TO_LINE);
    lane_init(&network->to_xmpp, network, TO_XMPP);
    network->fragments = timer_new(&core->owner, on_fragments, network);
    timer_repeat(network->fragments, JOIN_EVERY_MS);
    return network;
}

void network_set_front(struct network *network, const struct front *front,
                       void *self)
{
    network->front = front;
    network->self = self;
}

void network_free(struct network *network)
{
    sink_stream_forget(network);
    known_forget(network);
    pictures_forget(network);
    claims_forget(network);
    admins_forget(network);
    free(network->addresses);
    free(network);
}

const struct network_policy *network_policy(const struct network *network)
{
    return &network->policy;
}

const char *network_name(const struct network *network)
{
    return settings_name(network->settings);
}

struct core *network_core(const struct network *network)
{
    return network->core;
}

struct network *network_find(const struct core *core, const char *name)
{
    struct network *network = core->networks;
    while (network && strcmp(network_name(network), name) != 0)
        network = network->next;
    return network;
}

struct line *network_line_next(const struct network *network,
                               const struct line *line)
{
    struct line *next = line ? line->next : network->core->lines;
    while (next && next->network != network)
        next = next->next;
    return next;
}

/* --- who may
 * ------------------------------------------------------------------ */

static bool jid_matches(const char *bare, const char *rule)
{
    const char *at = strchr(bare, '@');
    if (strchr(rule, '@'))
        return strcasecmp(bare, rule) == 0;
    return strcasecmp(at ? at + 1 : bare, rule) == 0;
}

static bool list_has(const struct settings *settings, const char *key,
                     const char *bare)
{
    size_t n = settings_list_size(settings, key);
    for (size_t i = 0; i < n; i++)
        if (jid_matches(bare, settings_list_item(settings, key, i)))
            return true;
    return false;
}

bool network_allows(const struct network *network, const char *bare_jid)
{
    const char *dot = strchr(network->policy.jid, '.');
    if (settings_list_size(network->settings, "allow") > 0)
        return list_has(network->settings, "allow", bare_jid);
    return dot && jid_matches(bare_jid, dot + 1);
}

bool network_is_admin(const struct network *network, const char *bare_jid)
{
    return list_has(network->xmpp, "admins", bare_jid);
}

const char *network_admin(const struct network *network, size_t i)
{
    return i < settings_list_size(network->xmpp, "admins")
               ? settings_list_item(network->xmpp, "admins", i)
               : NULL;
}

/* --- addresses
 * ------------------------------------------------------------------ */

static bool address_is_name(const char *typed)
{
    return strncmp(typed, "name:", 5) == 0 && typed[5] != '\0';
}

bool network_address(const struct network *network, const char *typed,
                     char out[1024], struct err *err)
{
    return network_address_by(network, &network->policy.plan, typed, out, err);
}

bool network_address_by(const struct network *network,
                        const struct number_plan *plan, const char *typed,
                        char out[1024], struct err *err)
{
    if (strlen(typed) >= 1024)
        return err_set(err, ERR_BAD_ADDRESS, "the address is too long");
    if (!network->policy.phone_addresses || address_is_name(typed)) {
        text_copy(out, 1024, typed);
        return typed[0] != '\0' ||
               err_set(err, ERR_BAD_ADDRESS, "the address is empty");
    }
    if (number_is_canonical(typed)) { /* most are: they come from our JIDs */
        text_copy(out, 1024, typed);
        return true;
    }
    return number_canonical(plan, typed, out, err);
}

bool network_typed_jid(const struct network *network, const char *typed,
                       char out[NETWORK_JID_SIZE], struct err *err)
{
    return network->front->typed_jid(typed, out) ||
           err_set(err, ERR_BAD_ADDRESS,
                   "\"%.100s\" is not a bare JID like juliet@example.org",
                   typed);
}

bool network_typed_address(const struct network *network,
                           const struct number_plan *plan, const char *typed,
                           char out[1024], struct err *err)
{
    return network->front->typed_address(network->self, plan, typed, out, err);
}

void network_contact_jid(const struct network *network, const char *address,
                         char out[NETWORK_JID_SIZE])
{
    if (!network->front->contact_jid(network->self, address, out))
        text_copy(out, NETWORK_JID_SIZE, address);
}

/* --- health
 * ---------------------------------------------------------------------- */

struct tally {
    size_t online, fresh;
    const struct line *down, *paused; /* one of them; NULL: none */
};

/* Of the lines that users bring along each is its owner's own matter. */
static struct line *common_next(const struct network *network,
                                const struct line *line)
{
    struct line *next = network_line_next(network, line);
    while (next && next->own_settings)
        next = network_line_next(network, next);
    return next;
}

static void tally_add(struct tally *tally, const struct line *line)
{
    if (line->duty != DUTY_ON)
        tally->paused = line;
    else if (line_is_online(line))
        tally->online++;
    else if (line_is_fresh(line))
        tally->fresh++;
    else
        tally->down = line;
}

static void tally_text(const struct tally *tally, char *text, size_t size)
{
    const struct line *down = tally->down, *paused = tally->paused;
    if (down)
        snprintf(text, size, "%s: %s", line_name(down),
                 down->problem.text[0] ? down->problem.text
                                       : line_state_name(down->state));
    else if (paused)
        snprintf(text, size, "%s: %s by an administrator", line_name(paused),
                 line_duty_name(paused->duty));
    else
        text_copy(text, size, "no line is configured");
}

/* A line that an admin has paused is no trouble as long as another works. */
enum health network_health(const struct network *network, char *text,
                           size_t size)
{
    struct tally tally = { 0 };
    const struct line *line = common_next(network, NULL);
    bool none = !line && network->own_driver;
    for (; line; line = common_next(network, line))
        tally_add(&tally, line);
    text_copy(text, size, "");
    if (none || (!tally.down && tally.online > 0))
        return HEALTH_GOOD;
    if (tally.fresh > 0 && tally.online == 0)
        return HEALTH_UNKNOWN;
    tally_text(&tally, text, size);
    return tally.online > 0 ? HEALTH_TROUBLE : HEALTH_DOWN;
}

enum health network_contact_health(const struct network *network,
                                   const char *contact, char *text, size_t size)
{
    struct tally tally = { 0 };
    const struct line *line = NULL;
    if (!contact[0])
        return network_health(network, text, size);
    while ((line = route_next(network, NULL, contact, line)))
        tally_add(&tally, line);
    text_copy(text, size, "");
    if (tally.online > 0)
        return HEALTH_GOOD;
    if (tally.fresh > 0)
        return HEALTH_UNKNOWN;
    tally_text(&tally, text, size);
    return HEALTH_DOWN;
}

static void update_caps(struct network *network)
{
    const struct driver *own = network->own_driver;
    const struct line *line = NULL;
    unsigned all = own ? own->caps : 0;
    if (own) {
        network->policy.phone_addresses |= own->phone_addresses;
        network->policy.gateway_type = own->gateway_type;
    }
    while ((line = network_line_next(network, line))) {
        unsigned caps =
            line->state == LINE_ONLINE ? line->caps : line->driver->caps;
        all |= caps;
        network->policy.phone_addresses |= line->driver->phone_addresses;
        network->policy.gateway_type = line->driver->gateway_type;
    }
    network->policy.receipts = (all & CAP_DELIVERED) != 0;
    network->policy.markers = (all & CAP_READ) != 0;
    network->policy.edits = (all & CAP_EDIT) != 0;
    network->policy.retractions = (all & CAP_RETRACT) != 0;
    network->policy.reactions = (all & CAP_REACTION) != 0;
    network->policy.replies = (all & CAP_REPLY) != 0;
    network->policy.typing = (all & CAP_TYPING) != 0;
}

static void on_woken(void *arg, const struct err *err)
{
    struct network *network = arg;
    if (!core_failed(network->core, err))
        lane_has_backlog(&network->to_line);
}

void network_wake(struct network *network)
{
    store_wake(network->core->store, network_name(network), TO_LINE, NULL,
               on_woken, network);
}

/* Which lines send, and whether it matters for some contacts only. */
static uint64_t lines_up(const struct network *network, bool *some)
{
    const struct line *line = NULL;
    uint64_t up = 0, bit = 1;
    *some = false;
    while ((line = common_next(network, line))) {
        if (line_is_online(line) && line->duty == DUTY_ON)
            up |= bit;
        *some |= line->route.n_prefixes > 0;
        bit = bit << 1 | bit >> 63;
    }
    return up;
}

static bool is_news(struct network *network)
{
    char text[256];
    bool some;
    enum health health = network_health(network, text, sizeof(text));
    uint64_t up = lines_up(network, &some);
    bool news = health != network->health ||
                (up != network->up && (some || health != HEALTH_GOOD));
    network->health = health;
    network->up = up;
    return news;
}

void network_line_changed(struct network *network, struct line *line)
{
    bool news = is_news(network);
    /* What waited for its first start may go elsewhere now. */
    bool gave_up = line->state == LINE_CLOSING && line->life == 1;
    update_caps(network);
    /* A line that is told to stop is no news: the end is told by itself. */
    if (network->front_state == FRONT_UP && news && line->wanted)
        network->front->presence(network->self);
    if (line->state == LINE_ONLINE || gave_up)
        network_wake(network);
}

void network_lines_ready(struct network *network)
{
    update_caps(network);
    claims_load(network);
    inbox_join_due(network); /* before anything newer comes in */
}

/* --- fences and limits
 * -------------------------------------------------------------- */

struct decided {
    struct network *network;
    void (*fn)(void *arg);
    void *arg;
};

static void on_decided(void *arg, const struct err *err)
{
    struct decided *decided = arg;
    core_failed(decided->network->core, err);
    decided->fn(decided->arg);
    free(decided);
}

void network_after_decided(struct network *network, void (*fn)(void *arg),
                           void *arg)
{
    if (store_pending(network->core->store) == 0) {
        fn(arg);
        return;
    }
    struct decided *decided = xmalloc(sizeof(*decided));
    *decided = (struct decided){ .network = network, .fn = fn, .arg = arg };
    store_barrier(network->core->store, on_decided, decided);
}

bool network_refuses(const struct network *network, struct err *err)
{
    if (store_pending(network->core->store) > PENDING_MAX) {
        err_set(err, ERR_FULL, "the gateway is too busy; please try later");
        return true;
    }
    if (!store_is_full(network->core->store))
        return false;
    err_set(err, ERR_FULL, "the gateway's disk is full; please try later");
    return true;
}

/* --- roster
 * ---------------------------------------------------------------------------
 */

static void on_kept(void *arg, const struct err *err)
{
    struct network *network = arg;
    core_failed(network->core, err);
}

void network_subscribe(struct network *network, const char *account,
                       const char *contact, bool on)
{
    store_subscribe(network->core->store, network_name(network), account,
                    contact, on, on_kept, network);
}

void network_each_subscription(struct network *network, const char *account,
                               void (*fn)(void *arg, const char *account,
                                          const char *contact),
                               void *arg)
{
    store_subscriptions(network->core->store, network_name(network), account,
                        fn, arg);
}

void network_page_subscriptions(
    struct network *network, const char *account, const char *contact,
    void (*fn)(void *arg, const char *account, const char *contact), void *arg)
{
    store_subscriptions_page(network->core->store, network_name(network),
                             account, contact, fn, arg);
}
