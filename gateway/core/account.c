/* account.c - making and removing accounts: the store decides, then the XMPP
 * side is told what the user has to hear. */
#include "core/account.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/known.h"
#include "core/network.h"
#include "core/outbox.h"
#include "core/own.h"
#include "core/people.h"
#include "store/manage.h"
#include "store/store.h"

/* One change under way. */
struct change {
    struct network *network;
    char *jid;
    account_fn *got;
    account_made_fn *made;
    account_done_fn *done;
    account_blocked_fn *blocked;
    void *arg;
    char **contacts; /* who is to be unsubscribed from */
    size_t n;
};

static struct change *change_new(struct network *network, const char *jid,
                                 void *arg)
{
    struct change *change = xcalloc(1, sizeof(*change));
    change->network = network;
    change->jid = xstrdup(jid);
    change->arg = arg;
    return change;
}

static void change_free(struct change *change)
{
    for (size_t i = 0; i < change->n; i++)
        free(change->contacts[i]);
    free(change->contacts);
    free(change->jid);
    free(change);
}

/* --- who may -------------------------------------------------------------- */

bool account_registration_open(const struct network *network)
{
    return network->registration != REGISTRATION_CLOSED;
}

bool account_may_register(const struct network *network, const char *jid,
                          struct err *err)
{
    if (!network_allows(network, jid))
        return err_set(err, ERR_FORBIDDEN, "%.100s may not use this gateway",
                       jid);
    if (!account_registration_open(network))
        return err_set(err, ERR_NOT_ALLOWED,
                       "accounts are made by the administrator here");
    return !network_refuses(network, err);
}

bool account_is_made(const struct network *network, const char *jid)
{
    return network->registration == REGISTRATION_AUTO ||
           people_named(network, jid);
}

/* --- reading and changing ------------------------------------------------- */

static void on_got(void *arg, const struct account_row *row,
                   const struct err *err)
{
    struct change *change = arg;
    core_failed(change->network->core, err);
    if (row) {
        const struct account account = { .jid = row->jid,
                                         .settings = row->settings,
                                         .disabled = row->disabled,
                                         .ruled = row->ruled,
                                         .created = row->created };
        change->got(change->arg, &account, NULL);
    } else {
        change->got(change->arg, NULL, err);
    }
    change_free(change);
}

void account_get(struct network *network, const char *jid, account_fn *fn,
                 void *arg)
{
    struct change *change = change_new(network, jid, arg);
    change->got = fn;
    store_account(network->core->store, network_name(network), jid, on_got,
                  change);
}

static void on_registered(void *arg, bool made, const struct err *err)
{
    struct change *change = arg;
    struct network *network = change->network;
    core_failed(network->core, err);
    change->made(change->arg, made, err);
    if (made) {
        log_info("network %s: an account was made", network_name(network));
        network->front->joined(network->self, change->jid);
    }
    change_free(change);
}

void account_register(struct network *network, const char *jid,
                      const char *settings, account_made_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);
    struct account_change what = { .network = network_name(network),
                                   .jid = jid,
                                   .make = true,
                                   .settings = settings };
    change->made = fn;
    store_account_put(network->core->store, &what, on_registered, change);
}

static void on_made(void *arg, bool made, const struct err *err)
{
    struct change *change = arg;
    (void)made;
    change->got(change->arg, NULL, err);
    change_free(change);
}

static void on_admission(void *arg, const struct account *account,
                         const struct err *err)
{
    struct change *change = arg;
    struct err why;
    if (!account && !err && account_is_made(change->network, change->jid)) {
        account_register(change->network, change->jid, NULL, on_made, change);
        return;
    }
    if (account && account->disabled) {
        err_set(&why, ERR_FORBIDDEN, "this account is disabled");
        err = &why;
    } else if (!account && !err) {
        err_set(&why, ERR_UNREGISTERED,
                "please register first, in your client or with: register");
        err = &why;
    }
    change->got(change->arg, err ? NULL : account, err);
    change_free(change);
}

void account_admit(struct network *network, const char *jid, account_fn *fn,
                   void *arg)
{
    struct change *change = change_new(network, jid, arg);
    change->got = fn;
    account_get(network, jid, on_admission, change);
}

static void on_put(void *arg, bool made, const struct err *err)
{
    struct change *change = arg;
    (void)made;
    core_failed(change->network->core, err);
    known_forget_account(change->network, change->jid);
    network_user_available(change->network, change->jid); /* quiet no more? */
    change->done(change->arg, err);
    change_free(change);
}

void account_put_settings(struct network *network, const char *jid,
                          const char *settings, account_done_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);
    struct account_change what = { .network = network_name(network),
                                   .jid = jid,
                                   .settings = settings };
    change->done = fn;
    store_account_put(network->core->store, &what, on_put, change);
}

void account_limit(struct network *network, const char *jid, const char *limits,
                   account_done_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);
    struct account_change what = { .network = network_name(network),
                                   .jid = jid,
                                   .limits = limits };
    change->done = fn;
    store_account_put(network->core->store, &what, on_put, change);
}

void account_disable(struct network *network, const char *jid, bool disabled,
                     account_done_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);
    struct account_change what = {
        .network = network_name(network),
        .jid = jid,
        .state = disabled ? ACCOUNT_DISABLED : ACCOUNT_ENABLED,
    };
    change->done = fn;
    own_rest(network, jid, disabled);
    store_account_put(network->core->store, &what, on_put, change);
}

/* --- removing ------------------------------------------------------------- */

static void tell_left(struct change *change)
{
    struct network *network = change->network;
    bool gateway = false;
    for (size_t i = 0; i < change->n; i++) {
        gateway |= change->contacts[i][0] == '\0';
        network->front->left(network->self, change->jid, change->contacts[i]);
    }
    if (!gateway)
        network->front->left(network->self, change->jid, "");
}

static void on_removed(void *arg, const struct moved *moved,
                       struct delivery *follower, const struct err *err)
{
    struct change *change = arg;
    struct network *network = change->network;
    (void)follower;
    if (moved) {
        sink_stream_settle(network, moved);
        return;
    }
    core_failed(network->core, err);
    known_forget_account(network, change->jid);
    if (!err)
        own_forget(network, change->jid);
    change->done(change->arg, err);
    if (!err) {
        claims_leave(network, change->jid);
        log_info("network %s: an account was removed", network_name(network));
        tell_left(change);
        lane_has_backlog(&network->to_line);
    }
    change_free(change);
}

static void on_subscription(void *arg, const char *account, const char *contact)
{
    struct change *change = arg;
    struct network *network = change->network;
    struct err why;
    if (account) {
        change->contacts = xrealloc(
            change->contacts, (change->n + 1) * sizeof(*change->contacts));
        change->contacts[change->n++] = xstrdup(contact);
        return;
    }
    err_set(&why, ERR_UNREGISTERED,
            "the account was removed before this text was sent");
    store_account_remove(network->core->store, network_name(network),
                         change->jid, &why, on_removed, change);
}

void account_remove(struct network *network, const char *jid,
                    account_done_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);
    change->done = fn;
    store_subscriptions(network->core->store, network_name(network), jid,
                        on_subscription, change);
}

static void on_leave(void *arg, const struct account *account,
                     const struct err *err)
{
    struct change *change = arg;
    struct err why = { 0 };
    if (!err && !account)
        err_set(&why, ERR_UNREGISTERED, "you have no account here");
    else if (!err && account->disabled)
        err_set(&why, ERR_FORBIDDEN, "this account is disabled");
    else if (!err && account->ruled)
        err_set(&why, ERR_NOT_ALLOWED,
                "this account is limited or paused: only the administrator "
                "can remove it now");
    if (err || why.kind != ERR_NONE)
        change->done(change->arg, err ? err : &why);
    else
        account_remove(change->network, change->jid, change->done, change->arg);
    change_free(change);
}

void account_leave(struct network *network, const char *jid,
                   account_done_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);
    change->done = fn;
    account_get(network, jid, on_leave, change);
}

/* --- block lists ---------------------------------------------------------- */

static void on_blocked(void *arg, struct json_object *object,
                       const struct err *err)
{
    struct change *change = arg;
    struct json_object *address;

    if (object) {
        if (json_object_object_get_ex(object, "address", &address))
            change->blocked(change->arg, json_object_get_string(address), NULL);
        return;
    }
    core_failed(change->network->core, err);
    change->blocked(change->arg, NULL, err);
    change_free(change);
}

void account_blocked(struct network *network, const char *jid,
                     account_blocked_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);

    change->blocked = fn;
    store_blocked(network->core->store, network_name(network), change->jid,
                  on_blocked, change);
}

static void on_block(void *arg, const struct err *err)
{
    struct change *change = arg;

    core_failed(change->network->core, err);
    change->done(change->arg, err);
    change_free(change);
}

void account_block(struct network *network, const char *jid,
                   const char *address, bool on, account_done_fn *fn, void *arg)
{
    struct change *change = change_new(network, jid, arg);

    change->done = fn;
    store_block(network->core->store, network_name(network), change->jid,
                address, on, on_block, change);
}
