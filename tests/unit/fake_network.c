/* fake_network.c - see fake_network.h. */
#include "fake_network.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/mem.h"
#include "core/account.h"
#include "core/contact.h"

struct waiting {
    struct waiting *prev, *next;
    void (*fn)(void *arg);
    inbox_done_fn *done;
    void *arg;
    struct id id;
};

void fake_network_init(struct network *network)
{
    memset(network, 0, sizeof(*network));
    buf_init(&network->calls, 1 << 24);
    static const char *const addresses[] = {
        "abuse=mailto:abuse@example.org",
    };
    network->policy = (struct network_policy){
        .addresses = addresses,
        .n_addresses = 1,
        .retention_h = 168,
        .jid = "sms.localhost",
        .gateway_type = "sms",
        .plan = { "44", "0", "00" },
        .phone_addresses = true,
        .receipts = true,
    };
    network->health = HEALTH_GOOD;
    network->health_text = "";
}

void fake_network_clear(struct network *network)
{
    fake_decide(network);
    buf_free(&network->calls);
}

const char *fake_calls(struct network *network)
{
    static char text[65536];

    text_copy(text, sizeof(text), buf_text(&network->calls));
    buf_reset(&network->calls);
    return text;
}

static void decide(struct network *network, struct waiting *waiting)
{
    if (waiting->fn)
        waiting->fn(waiting->arg);
    else if (network->refuse_text.kind != ERR_NONE)
        waiting->done(waiting->arg, &waiting->id, &network->refuse_text);
    else
        waiting->done(waiting->arg, &waiting->id, NULL);
}

void fake_decide(struct network *network)
{
    while (network->waiting) {
        struct waiting *waiting = network->waiting;

        DL_DELETE(network->waiting, waiting);
        decide(network, waiting);
        free(waiting);
    }
}

static void wait_for(struct network *network, struct waiting waiting)
{
    struct waiting *copy = xmemdup(&waiting, sizeof(waiting));

    DL_APPEND(network->waiting, copy);
    if (!network->hold)
        fake_decide(network);
}

const struct network_policy *network_policy(const struct network *network)
{
    return &network->policy;
}

const char *network_name(const struct network *network)
{
    (void)network;
    return "sms";
}

struct core *network_core(const struct network *network)
{
    return network->core;
}

bool network_allows(const struct network *network, const char *bare_jid)
{
    const char *at = strchr(bare_jid, '@');

    (void)network;
    return strcmp(at ? at + 1 : bare_jid, "example.org") == 0;
}

bool network_is_admin(const struct network *network, const char *bare_jid)
{
    (void)network;
    return strcmp(bare_jid, "admin@example.org") == 0;
}

const char *network_admin(const struct network *network, size_t i)
{
    (void)network;
    return i == 0 ? "admin@example.org" : NULL;
}

enum health network_health(const struct network *network, char *text,
                           size_t size)
{
    text_copy(text, size, network->health_text);
    return network->health;
}

enum health network_contact_health(const struct network *network,
                                   const char *contact, char *text, size_t size)
{
    if (contact[0] && network->contacts_are_well) {
        text_copy(text, size, "");
        return HEALTH_GOOD;
    }
    return network_health(network, text, size);
}

bool network_address(const struct network *network, const char *typed,
                     char out[1024], struct err *err)
{
    if (!network->policy.phone_addresses || strncmp(typed, "name:", 5) == 0) {
        text_copy(out, 1024, typed);
        return true;
    }
    return number_canonical(&network->policy.plan, typed, out, err);
}

bool network_address_by(const struct network *network,
                        const struct number_plan *plan, const char *typed,
                        char out[1024], struct err *err)
{
    if (!network->policy.phone_addresses || strncmp(typed, "name:", 5) == 0)
        return network_address(network, typed, out, err);
    return number_canonical(plan, typed, out, err);
}

bool account_registration_open(const struct network *network)
{
    return !network->closed;
}

bool account_may_register(const struct network *network, const char *jid,
                          struct err *err)
{
    (void)jid;
    return !network->closed || err_set(err, ERR_NOT_ALLOWED, "closed");
}

void account_admit(struct network *network, const char *jid, account_fn *fn,
                   void *arg)
{
    if (network->refuse_account.kind)
        fn(arg, NULL, &network->refuse_account);
    else
        account_get(network, jid, fn, arg);
}

void account_get(struct network *network, const char *jid, account_fn *fn,
                 void *arg)
{
    const struct account account = { .jid = jid,
                                     .settings = network->settings,
                                     .disabled = network->disabled };

    fn(arg, strcmp(jid, network->account) == 0 ? &account : NULL, NULL);
}

void account_register(struct network *network, const char *jid,
                      const char *settings, account_made_fn *fn, void *arg)
{
    bool made = strcmp(jid, network->account) != 0;

    buf_addf(&network->calls, "register %s %s\n", jid, settings);
    text_copy(network->account, sizeof(network->account), jid);
    text_copy(network->settings, sizeof(network->settings), settings);
    fn(arg, made, NULL);
}

const struct option *account_own_option(const struct network *network)
{
    return network->own;
}

bool account_own_check(const struct network *network, const char *jid,
                       const char *value, struct err *err)
{
    (void)network;
    (void)jid;
    return strchr(value, ':') || err_set(err, ERR_CONFIG, "token: no colon");
}

void account_put_own(struct network *network, const char *jid,
                     const char *value, account_done_fn *fn, void *arg)
{
    buf_addf(&network->calls, "own %s %s\n", jid, value ? value : "none");
    fn(arg, NULL);
}

void account_blocked(struct network *network, const char *jid,
                     account_blocked_fn *fn, void *arg)
{
    buf_addf(&network->calls, "blocked %s\n", jid);
    fn(arg, NULL, NULL);
}

void account_block(struct network *network, const char *jid,
                   const char *address, bool on, account_done_fn *fn, void *arg)
{
    buf_addf(&network->calls, "%s %s %s\n", on ? "block" : "unblock", jid,
             address ? address : "all");
    fn(arg, NULL);
}

void account_remove(struct network *network, const char *jid,
                    account_done_fn *fn, void *arg)
{
    buf_addf(&network->calls, "remove %s\n", jid);
    network->account[0] = '\0';
    fn(arg, NULL);
}

void account_leave(struct network *network, const char *jid,
                   account_done_fn *fn, void *arg)
{
    struct err err = { 0 };

    if (strcmp(jid, network->account) != 0)
        err_set(&err, ERR_UNREGISTERED, "no account");
    else if (network->disabled)
        err_set(&err, ERR_FORBIDDEN, "disabled");
    if (err.kind == ERR_NONE)
        account_remove(network, jid, fn, arg);
    else
        fn(arg, &err);
}

bool network_typed_jid(const struct network *network, const char *typed,
                       char out[NETWORK_JID_SIZE], struct err *err)
{
    (void)network;
    text_copy(out, NETWORK_JID_SIZE, typed);
    return strchr(typed, '@') || err_set(err, ERR_BAD_ADDRESS, "no JID");
}

bool network_typed_address(const struct network *network,
                           const struct number_plan *plan, const char *typed,
                           char out[1024], struct err *err)
{
    return network_address_by(network, plan, typed, out, err);
}

void inbox_user_text(struct network *network, const struct user_text *text,
                     inbox_done_fn *done, void *arg)
{
    (void)buf_addf(
        &network->calls, "text %s|%s|%s|%s|%s|%s|%d\n", text->account,
        text->from, text->contact, text->stanza_id ? text->stanza_id : "-",
        text->origin_id ? text->origin_id : "-", text->text, text->receipt);
    if (text->target)
        (void)buf_addf(&network->calls, "kind %d of %s\n", (int)text->kind,
                       text->target);
    wait_for(network, (struct waiting){ .done = done, .arg = arg });
}

void network_typing(struct network *network, const char *account,
                    const char *contact, bool on)
{
    (void)account;
    (void)buf_addf(&network->calls, "typing %s %d\n", contact, on);
}

void network_front_up(struct network *network)
{
    (void)buf_add_text(&network->calls, "up\n");
}

void network_front_down(struct network *network)
{
    (void)buf_add_text(&network->calls, "down\n");
}

void network_front_ready(struct network *network)
{
    (void)buf_add_text(&network->calls, "ready\n");
}

void network_fenced(struct network *network, uint64_t serial)
{
    (void)buf_addf(&network->calls, "fenced %llu\n",
                   (unsigned long long)serial);
}

void network_bounced(struct network *network, const struct id *id,
                     const struct err *err)
{
    (void)buf_addf(&network->calls, "bounced %s %s %s\n", id_text(id).text,
                   err_policy(err->kind)->name, err->code);
}

void network_user_available(struct network *network, const char *account)
{
    (void)buf_addf(&network->calls, "available %s\n", account);
}

void network_subscribe(struct network *network, const char *account,
                       const char *contact, bool on)
{
    (void)buf_addf(&network->calls, "subscribe %s|%s|%d\n", account, contact,
                   on);
}

void network_each_subscription(struct network *network, const char *account,
                               void (*fn)(void *arg, const char *account,
                                          const char *contact),
                               void *arg)
{
    const char *const *row = network->subscriptions;

    (void)account;
    for (; row && *row; row += 2)
        fn(arg, row[0], row[1]);
    fn(arg, NULL, NULL);
}

void network_page_subscriptions(
    struct network *network, const char *account, const char *contact,
    void (*fn)(void *arg, const char *account, const char *contact), void *arg)
{
    const char *const *row = network->subscriptions;

    network->pages++;
    while (account && row && *row &&
           (strcmp(row[0], account) != 0 || strcmp(row[1], contact) != 0))
        row += 2;
    if (account && row && *row)
        row += 2;
    for (unsigned n = 0; row && *row && n < FAKE_PAGE; row += 2, n++)
        fn(arg, row[0], row[1]);
    fn(arg, NULL, NULL);
}

void network_after_decided(struct network *network, void (*fn)(void *arg),
                           void *arg)
{
    wait_for(network, (struct waiting){ .fn = fn, .arg = arg });
}

bool network_refuses(const struct network *network, struct err *err)
{
    return network->full &&
           !err_set(err, ERR_FULL, "the disk is full; please try later");
}

const struct picture *network_picture(const struct network *network,
                                      const char *account, const char *contact)
{
    (void)account;
    return contact[0] && network->picture.sha1[0] ? &network->picture : NULL;
}

void network_picture_get(struct network *network, const char *account,
                         const char *contact, picture_fn *fn, void *arg)
{
    const struct picture *picture = network_picture(network, account, contact);

    fn(arg, picture, picture ? "JFIF" : NULL, picture ? 4 : 0);
}

void contact_name_get(struct network *network, const char *account,
                      const char *address, contact_name_fn *fn, void *arg)
{
    (void)account;
    (void)address;
    fn(arg, network->contact_name);
}

void contact_search(struct network *network, const char *account,
                    const char *name, const char *number, size_t limit,
                    contact_found_fn *fn, void *arg)
{
    (void)limit;
    (void)buf_addf(&network->calls, "search %s|%s|%s\n", account,
                   name ? name : "-", number ? number : "-");
    fn(arg, "+447700900123", network->contact_name ? network->contact_name : "",
       NULL);
    fn(arg, NULL, NULL, NULL);
}

void contact_offer(struct network *network, const char *account,
                   const char *address, contact_offer_fn *fn, void *arg)
{
    (void)buf_addf(&network->calls, "offer %s|%s\n", account, address);
    fn(arg, network->fresh);
}
