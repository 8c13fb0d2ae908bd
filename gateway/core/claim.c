/* claim.c - who answers a contact of a team. Kept in memory, because each text
 * that comes in asks, and in the store as small state: key is the contact,
 * value "UNTIL ACCOUNT". */
#include "core/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/inbox.h"
#include "core/line.h"
#include "core/network.h"
#include "store/store.h"

enum { CLAIMS_MAX = 10000 };

static const int64_t HOUR_MS = 3600000;

struct claim {
    char *contact, *account;
    int64_t until; /* Unix ms */
    UT_hash_handle hh;
};

static void claim_drop(struct network *network, struct claim *claim)
{
    HASH_DEL(network->claims, claim);
    free(claim->contact);
    free(claim->account);
    free(claim);
}

void claims_forget(struct network *network)
{
    while (network->claims)
        claim_drop(network, network->claims);
}

static void claim_set(struct network *network, const char *contact,
                      const char *account, int64_t until)
{
    struct claim *claim;
    HASH_FIND_STR(network->claims, contact, claim);
    if (claim)
        claim_drop(network, claim);
    if (!account)
        return;
    claim = xcalloc(1, sizeof(*claim));
    claim->contact = xstrdup(contact);
    claim->account = xstrdup(account);
    claim->until = until;
    HASH_ADD_KEYPTR(hh, network->claims, claim->contact, strlen(claim->contact),
                    claim);
}

/* --- in the store --------------------------------------------------------- */

/* No line has such a name. */
static char *store_key(const struct network *network)
{
    return xasprintf("claims/%s", network_name(network));
}

static void claim_put(struct network *network, const char *contact,
                      const char *value, claim_fn *fn, void *arg)
{
    char *owner = store_key(network);
    store_state_put(network->core->store, owner, contact, value, fn, arg);
    free(owner);
}

static void on_claim(void *arg, const char *contact, const char *value)
{
    struct network *network = arg;
    char *account;
    int64_t until = strtoll(value, &account, 10);
    if (*account == ' ')
        claim_set(network, contact, account + 1, until);
}

void claims_load(struct network *network)
{
    char *owner = store_key(network);
    store_state_each(network->core->store, owner, on_claim, network);
    free(owner);
}

/* --- who has it ----------------------------------------------------------- */

/* One that has run out is dropped, here and in the store. */
static struct claim *claim_find(struct network *network, const char *contact)
{
    struct claim *claim;
    HASH_FIND_STR(network->claims, contact, claim);
    if (!claim || clock_wall_ms() < claim->until)
        return claim;
    claim_put(network, contact, NULL, NULL, NULL);
    claim_drop(network, claim);
    return NULL;
}

const char *claim_holder(struct network *network, const char *contact)
{
    const struct claim *claim = claim_find(network, contact);
    return claim ? claim->account : NULL;
}

int64_t claim_until(struct network *network, const char *contact)
{
    const struct claim *claim = claim_find(network, contact);
    return claim ? claim->until : 0;
}

static void drop_old(struct network *network)
{
    struct claim *claim, *next;
    HASH_ITER (hh, network->claims, claim, next)
        (void)claim_find(network, claim->contact);
}

void claims_each(struct network *network,
                 void (*fn)(void *arg, const char *contact, const char *account,
                            int64_t until),
                 void *arg)
{
    const struct claim *claim;
    drop_old(network);
    for (claim = network->claims; claim; claim = claim->hh.next)
        fn(arg, claim->contact, claim->account, claim->until);
}

/* --- taking and giving back ----------------------------------------------- */

struct change {
    struct network *network;
    char *account, *contact;
    int64_t until; /* 0: released */
    claim_fn *fn;
    void *arg;
};

static void change_free(struct change *change)
{
    free(change->account);
    free(change->contact);
    free(change);
}

static void tell_team(const struct change *change)
{
    struct network *network = change->network;
    const char *words =
        change->until ? "answers from now on; the rest of the team sees no "
                        "more of this conversation"
                      : "has given this conversation back to the team";
    struct line *line =
        people_team_line(network, change->account, change->contact, NULL);
    if (line)
        inbox_tell_team(line, change->account, change->contact, words);
}

static void on_stored(void *arg, const struct err *err)
{
    struct change *change = arg;
    struct network *network = change->network;
    bool failed = core_failed(network->core, err);
    if (!failed)
        tell_team(change);
    if (change->fn)
        change->fn(change->arg, failed ? err : NULL);
    change_free(change);
}

static void change_put(struct network *network, const char *account,
                       const char *contact, int64_t until, claim_fn *fn,
                       void *arg)
{
    struct change *change = xmalloc(sizeof(*change));
    char *value = until ? xasprintf("%" PRId64 " %s", until, account) : NULL;
    *change = (struct change){ .network = network,
                               .account = xstrdup(account),
                               .contact = xstrdup(contact),
                               .until = until,
                               .fn = fn,
                               .arg = arg };
    /* What was passed may be the claim's own. */
    claim_set(network, change->contact, until ? change->account : NULL, until);
    claim_put(network, change->contact, value, on_stored, change);
    free(value);
}

static bool may_take(struct network *network, const char *account,
                     const char *contact, struct err *err)
{
    const char *holder = claim_holder(network, contact);
    if (!people_team_line(network, account, contact, NULL))
        return err_set(err, ERR_FORBIDDEN,
                       "you are in no team here that shares conversations");
    if (holder && strcasecmp(holder, account) != 0)
        return err_set(err, ERR_NOT_ALLOWED,
                       "%.200s has this conversation until %s: ask for it to "
                       "be released",
                       holder, clock_words(claim_until(network, contact)).text);
    if (HASH_COUNT(network->claims) >= CLAIMS_MAX)
        drop_old(network);
    return HASH_COUNT(network->claims) < CLAIMS_MAX ||
           err_set(err, ERR_FULL, "too many conversations are taken");
}

void claim_take(struct network *network, const char *account,
                const char *contact, unsigned hours, claim_fn *fn, void *arg)
{
    struct err err = { 0 };
    if (may_take(network, account, contact, &err))
        change_put(network, account, contact,
                   clock_wall_ms() + (int64_t)hours * HOUR_MS, fn, arg);
    else
        fn(arg, &err);
}

void claim_release(struct network *network, const char *account,
                   const char *contact, bool anyone, claim_fn *fn, void *arg)
{
    const char *holder = claim_holder(network, contact);
    bool his = holder && account && strcasecmp(holder, account) == 0;
    struct err err = { 0 };
    if (holder && (his || anyone)) {
        change_put(network, holder, contact, 0, fn, arg);
        return;
    }
    err_set(&err, ERR_NOT_ALLOWED,
            holder ? "%.200s has this conversation, and only he or an "
                     "administrator can release it"
                   : "nobody has this conversation%.0s",
            holder ? holder : "");
    fn(arg, &err);
}

void claims_leave(struct network *network, const char *account)
{
    struct claim *claim, *next;
    HASH_ITER (hh, network->claims, claim, next)
        if (strcasecmp(claim->account, account) == 0)
            change_put(network, account, claim->contact, 0, NULL, NULL);
}
