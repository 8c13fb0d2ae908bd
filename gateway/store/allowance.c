/* allowance.c - what may be accepted for the lines: counted with the insert,
 * by account and by network. Only what has a limit is counted. */
#include <stdio.h>
#include <string.h>

#include "base/kind.h"
#include "base/mem.h"
#include "store/inside.h"
#include "store/rules.h"
#include "store/usage.h"

enum { OWNER_MAX = 2400 };

struct owner_name {
    char text[OWNER_MAX];
};

/* One limited side of an entry. */
struct side {
    const struct limits *limits;
    const char *whose;
    struct owner_name owner;
};

static struct owner_name account_owner(const struct conversation *conv)
{
    struct owner_name out;

    (void)snprintf(out.text, sizeof(out.text), "account:%s/%s",
                   conv->sink->network, conv->account);
    return out;
}

static struct owner_name network_owner(const struct conversation *conv)
{
    struct owner_name out;

    (void)snprintf(out.text, sizeof(out.text), "network:%s",
                   conv->sink->network);
    return out;
}

static int64_t amount_of(const struct conversation *conv,
                         const struct entry *entry, enum limit_unit unit)
{
    switch (unit) {
    case LIMIT_MESSAGES:
        return 1;
    case LIMIT_PARTS:
        return entry->cost ? (int64_t)entry->cost : 1;
    case LIMIT_CONTACTS:
        return conv->last_seq == 0;
    case LIMIT_UNITS:
        break;
    }
    return 0;
}

static const struct limits *account_limits(const struct store *store,
                                           const struct conversation *conv,
                                           const struct entry *entry)
{
    const struct rules *rules =
        rules_find(store, conv->sink->network, conv->account);

    if (rules && rules->limited)
        return &rules->limits;
    return entry->allowance ? &entry->allowance->account : NULL;
}

/* The sides that have limits, at most two. */
static size_t sides_of(const struct store *store,
                       const struct conversation *conv,
                       const struct entry *entry, struct side sides[2])
{
    const struct limits *account = account_limits(store, conv, entry);
    const struct limits *network =
        entry->allowance ? &entry->allowance->network : NULL;
    size_t n = 0;

    if (account && !limits_none(account)) {
        sides[n].limits = account;
        sides[n].whose = "you have";
        sides[n++].owner = account_owner(conv);
    }
    if (network && !limits_none(network)) {
        sides[n].limits = network;
        sides[n].whose = "this gateway has";
        sides[n++].owner = network_owner(conv);
    }
    return n;
}

/* --- one limit ------------------------------------------------------------ */

typedef bool limit_fn(struct store *store, const struct side *side,
                      const struct limit_use *use, struct err *err);

static bool limit_fits(struct store *store, const struct side *side,
                       const struct limit_use *use, struct err *err)
{
    struct limit_use now = *use;

    if (!usage_read(store, side->owner.text, limit_name(use->unit, use->span),
                    period_at(use->span, use->now).start, &now.used, err))
        return false;
    return now.used + now.n <= now.cap || limit_refuse(&now, err);
}

static bool limit_count(struct store *store, const struct side *side,
                        const struct limit_use *use, struct err *err)
{
    return usage_add(store, side->owner.text, limit_name(use->unit, use->span),
                     period_at(use->span, use->now).start, use->n, err);
}

static bool side_each(struct store *store, const struct conversation *conv,
                      const struct entry *entry, const struct side *side,
                      limit_fn *fn, struct err *err)
{
    for (int unit = 0; unit < LIMIT_UNITS; unit++)
        for (int span = 0; span < LIMIT_SPANS; span++) {
            struct limit_use use = {
                .unit = (enum limit_unit)unit,
                .span = (enum limit_span)span,
                .cap = side->limits->caps[unit][span],
                .n = amount_of(conv, entry, (enum limit_unit)unit),
                .now = store->now,
                .whose = side->whose,
            };

            if (use.cap && use.n && !fn(store, side, &use, err))
                return false;
        }
    return true;
}

static bool sides_each(struct store *store, const struct conversation *conv,
                       const struct entry *entry, limit_fn *fn, struct err *err)
{
    struct side sides[2];
    size_t n = sides_of(store, conv, entry, sides);

    for (size_t i = 0; i < n; i++)
        if (!side_each(store, conv, entry, &sides[i], fn, err))
            return false;
    return true;
}

/* --- bursts --------------------------------------------------------------- */

static const char burst_name[] = "burst/minute";

static int64_t burst_period(const struct store *store)
{
    return period_at(SPAN_MINUTE, store->now).start;
}

/* Has the contact written to the account? What the gateway itself said in the
 * conversation does not count. */
static bool has_written(struct store *store, const struct conversation *conv,
                        bool *has, struct err *err)
{
    static const char find[] =
        "SELECT 1 FROM conversation c JOIN message m ON m.conv = c.id"
        " WHERE c.network = ?1 AND c.account = ?2 AND c.contact = ?3"
        " AND c.direction = ?4 AND m.kind <> ?5 LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(conv->sink->network), db_text(conv->account),
                           db_text(conv->contact), db_int(TO_XMPP),
                           db_int(KIND_NOTICE)));

    *has = db_next(rows);
    return db_end(rows, err);
}

/* Somebody the account turns to first: answers are no burst. */
static bool is_new_contact(struct store *store, const struct conversation *conv,
                           const struct entry *entry, bool *new,
                           struct err *err)
{
    bool written;

    *new = entry->allowance && entry->allowance->burst && conv->last_seq == 0;
    if (!*new)
        return true;
    if (!has_written(store, conv, &written, err))
        return false;
    *new = !written;
    return true;
}

/* Short numbers may cost a lot. */
static bool answers_fit(struct store *store, const struct conversation *conv,
                        const struct entry *entry, struct err *err)
{
    bool written;

    if (!entry->answers_only)
        return true;
    return has_written(store, conv, &written, err) &&
           (written ||
            err_set(err, ERR_NOT_ALLOWED,
                    "%.*s is a short number, which may cost a lot: this "
                    "gateway sends there only to answer",
                    (int)strcspn(conv->contact, ";"), conv->contact));
}

static bool paused_refuse(const struct store *store, int64_t until,
                          struct err *err)
{
    err_set(err, ERR_LIMITED,
            "your account is paused: it wrote to very many new contacts in a "
            "short time; %s, or ask the administrator",
            limit_when(until, store->now).text);
    err->retry_after = (int)((until - store->now + 999) / 1000);
    return false;
}

static bool pause_account(struct store *store, const struct conversation *conv,
                          int64_t until, struct err *err)
{
    static const char put[] = "UPDATE account SET paused_until = ?3"
                              " WHERE network = ?1 AND jid = ?2";

    return db_run(store->db, put,
                  DB_VALUES(db_text(conv->sink->network),
                            db_text(conv->account), db_int(until)),
                  err) &&
           rules_refresh(store, conv->sink->network, conv->account, err);
}

static bool burst_fits(struct store *store, const struct conversation *conv,
                       const struct entry *entry, bool *paused, struct err *err)
{
    int64_t used, until;
    bool new;

    if (!is_new_contact(store, conv, entry, &new, err))
        return false;
    if (!new)
        return true;
    if (!usage_read(store, account_owner(conv).text, burst_name,
                    burst_period(store), &used, err))
        return false;
    if (used < entry->allowance->burst)
        return true;
    until = store->now + entry->allowance->pause_ms;
    if (!pause_account(store, conv, until, err) ||
        !usage_add(store, account_owner(conv).text, burst_name,
                   burst_period(store), -used, err))
        return false;
    *paused = true;
    return paused_refuse(store, until, err);
}

/* --- both ----------------------------------------------------------------- */

bool allowance_check(struct store *store, const struct conversation *conv,
                     const struct entry *entry, bool *paused, struct err *err)
{
    const struct rules *rules;

    *paused = false;
    if (entry->direction != TO_LINE)
        return true;
    rules = rules_find(store, conv->sink->network, conv->account);
    if (rules && rules->paused_until > store->now)
        return paused_refuse(store, rules->paused_until, err);
    return answers_fit(store, conv, entry, err) &&
           sides_each(store, conv, entry, limit_fits, err) &&
           burst_fits(store, conv, entry, paused, err);
}

bool allowance_count(struct store *store, const struct conversation *conv,
                     const struct entry *entry, struct err *err)
{
    bool new;

    if (entry->direction != TO_LINE)
        return true;
    if (!is_new_contact(store, conv, entry, &new, err))
        return false;
    if (new && !usage_add(store, account_owner(conv).text, burst_name,
                          burst_period(store), 1, err))
        return false;
    return sides_each(store, conv, entry, limit_count, err);
}
