/* account.h - the XMPP users of a network: who may have an account, and what
 * follows when one is made or removed. All doors (XEP-0077, commands, the
 * command line) come here. */
#ifndef MOONGATE_CORE_ACCOUNT_H
#define MOONGATE_CORE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/number.h"

struct network;
struct option;

struct account {
    const char *jid;
    const char *settings; /* a JSON object */
    bool disabled;
    bool ruled;      /* it has limits of its own, or is paused */
    int64_t created; /* Unix ms */
};

/* `account` NULL without an err: there is none. Borrowed. */
typedef void account_fn(void *arg, const struct account *account,
                        const struct err *err);
/* `made`: it is a new account. */
typedef void account_made_fn(void *arg, bool made, const struct err *err);
typedef void account_done_fn(void *arg, const struct err *err);

/* Is registration by the users themselves on at all? */
bool account_registration_open(const struct network *network);

/* May this bare JID make an account for itself? ERR_FORBIDDEN, ERR_NOT_ALLOWED
 * or ERR_FULL. Admins who make one for somebody else do not ask. */
bool account_may_register(const struct network *network, const char *jid,
                          struct err *err);

void account_get(struct network *network, const char *jid, account_fn *fn,
                 void *arg);

/* Does using the network make an account for this allowed JID (`registration`
 * is auto, or a line was given to it)? */
bool account_is_made(const struct network *network, const char *jid);

/* Has this allowed JID an account, or is it made? Otherwise ERR_UNREGISTERED;
 * ERR_FORBIDDEN when it is disabled. `fn` gets the account, NULL for one that
 * was just made. */
void account_admit(struct network *network, const char *jid, account_fn *fn,
                   void *arg);

/* Makes the account, if there is none, and sets its settings, if any are given.
 * A new one is asked for its presence (XEP-0100 4.1.1) after `fn`. */
void account_register(struct network *network, const char *jid,
                      const char *settings, account_made_fn *fn, void *arg);

/* ERR_UNREGISTERED when there is none. */
void account_put_settings(struct network *network, const char *jid,
                          const char *settings, account_done_fn *fn, void *arg);
/* Enabling it ends a pause too. */
void account_disable(struct network *network, const char *jid, bool disabled,
                     account_done_fn *fn, void *arg);
/* Limits of its own, as for limits_parse; "": those of all accounts. */
void account_limit(struct network *network, const char *jid, const char *limits,
                   account_done_fn *fn, void *arg);

/* Removes it: texts that have not gone out fail, and their sender is told; its
 * subscriptions end, and it hears so after `fn` (XEP-0100 4.3.1). What waits
 * for the user himself is still delivered to him. ERR_UNREGISTERED. */
void account_remove(struct network *network, const char *jid,
                    account_done_fn *fn, void *arg);

/* The same, asked for by the user himself: not while the account is disabled
 * (ERR_FORBIDDEN), or has an admin's limits or a pause (ERR_NOT_ALLOWED), which
 * a new account would not have. */
void account_leave(struct network *network, const char *jid,
                   account_done_fn *fn, void *arg);

/* --- lines of users' own (own.c) ----------------------------------------- */

/* What a user gives for a line of his own; NULL: users bring none along. */
const struct option *account_own_option(const struct network *network);

/* Could it be that? ERR_CONFIG. */
bool account_own_check(const struct network *network, const char *jid,
                       const char *value, struct err *err);

/* Keeps it, sealed, and begins to use it; NULL takes it back. */
void account_put_own(struct network *network, const char *jid,
                     const char *value, account_done_fn *fn, void *arg);

/* --- block lists ---------------------------------------------------------- */

/* One address of an account's block list; then NULL, with an err or none.
 * Borrowed. */
typedef void account_blocked_fn(void *arg, const char *address,
                                const struct err *err);

void account_blocked(struct network *network, const char *jid,
                     account_blocked_fn *fn, void *arg);
/* `address` NULL: all. */
void account_block(struct network *network, const char *jid,
                   const char *address, bool on, account_done_fn *fn,
                   void *arg);

/* --- settings: pure, on the JSON text ------------------------------------ */

/* May the setting "nick", "country" or "quiet" have this value? "" may all.
 * The err says what is expected. */
bool account_setting_check(const char *key, const char *value, struct err *err);

/* The text of a setting, fresh memory; NULL: it is not set. */
char *account_setting(const char *settings, const char *key);

/* `settings` with one more or another value ("" or NULL: without it), fresh
 * memory. What is no JSON object counts as an empty one. */
char *account_settings_with(const char *settings, const char *key,
                            const char *value);

/* What numbers mean that this user types without a country: the network's
 * plan, and the setting "country" where he has one. */
struct number_plan account_plan(const struct network *network,
                                const char *settings);

#endif
