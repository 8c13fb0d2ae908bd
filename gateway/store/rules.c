/* rules.c - limits, quiet hours and pauses of single accounts. Few accounts
 * have any: these are kept in memory, so that all others cost nothing. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/rules.h"

static struct rules *rules_new(const char *network, const char *account)
{
    size_t first = strlen(network) + 1, second = strlen(account) + 1;
    struct rules *rules = xcalloc(1, sizeof(*rules) + first + second);

    memcpy(rules->key, network, first);
    memcpy(rules->key + first, account, second);
    rules->key_size = first + second;
    return rules;
}

static struct rules *rules_like(const struct store *store,
                                const struct rules *like)
{
    struct rules *found = NULL;

    HASH_FIND(hh, store->rules, like->key, like->key_size, found);
    return found;
}

const struct rules *rules_find(const struct store *store, const char *network,
                               const char *account)
{
    const struct rules *found;
    struct rules *like;

    if (!store->rules)
        return NULL;
    like = rules_new(network, account);
    found = rules_like(store, like);
    free(like);
    return found;
}

/* --- from the table ------------------------------------------------------- */

/* What cannot be read counts as not set: whoever sets it has it checked. */
static void rules_parse(struct rules *rules, const char *text,
                        const char *limits)
{
    struct json_object *settings = text ? json_tokener_parse(text) : NULL;
    struct json_object *quiet;

    if (json_object_is_type(settings, json_type_object) &&
        json_object_object_get_ex(settings, "quiet", &quiet) && quiet)
        (void)quiet_parse(json_object_get_string(quiet), &rules->quiet, NULL);
    rules->limited = limits && limits_parse(limits, &rules->limits, NULL);
    json_object_put(settings);
}

static bool rules_empty(const struct rules *rules)
{
    return !rules->limited && rules->quiet.from == rules->quiet.to &&
           !rules->paused_until;
}

static void rules_drop(struct store *store, struct rules *rules)
{
    if (!rules)
        return;
    HASH_DEL(store->rules, rules);
    free(rules);
}

/* Takes the rules in or, when there are none, frees them. */
static bool rules_keep(struct store *store, struct rules *rules)
{
    rules_drop(store, rules_like(store, rules));
    if (rules_empty(rules)) {
        free(rules);
        return false;
    }
    HASH_ADD_KEYPTR(hh, store->rules, rules->key, rules->key_size, rules);
    return true;
}

bool rules_refresh(struct store *store, const char *network,
                   const char *account, struct err *err)
{
    static const char find[] =
        "SELECT settings, limits, paused_until FROM account"
        " WHERE network = ?1 AND jid = ?2";
    static const char mark[] = "UPDATE account SET ruled = ?3 WHERE"
                               " network = ?1 AND jid = ?2 AND ruled <> ?3";
    struct rules *rules = rules_new(network, account);
    struct db_rows *rows = db_query(
        store->db, find, DB_VALUES(db_text(network), db_text(account)));
    bool any;

    if (db_next(rows)) {
        rules_parse(rules, db_get_text(rows, 0), db_get_text(rows, 1));
        rules->paused_until = db_get_int(rows, 2);
    }
    any = rules_keep(store, rules);
    return db_end(rows, err) &&
           db_run(store->db, mark,
                  DB_VALUES(db_text(network), db_text(account), db_int(any)),
                  err);
}

bool rules_load(struct store *store, struct err *err)
{
    static const char all[] = "SELECT network, jid, settings, limits,"
                              " paused_until FROM account WHERE ruled <> 0";
    struct db_rows *rows = db_query(store->db, all, NULL, 0);

    rules_free(store);
    while (db_next(rows)) {
        struct rules *rules =
            rules_new(db_get_text(rows, 0), db_get_text(rows, 1));

        rules_parse(rules, db_get_text(rows, 2), db_get_text(rows, 3));
        rules->paused_until = db_get_int(rows, 4);
        (void)rules_keep(store, rules);
    }
    return db_end(rows, err);
}

void rules_free(struct store *store)
{
    struct rules *rules, *next;

    HASH_ITER (hh, store->rules, rules, next)
        rules_drop(store, rules);
}

int64_t rules_quiet_until(const struct store *store,
                          const struct conversation *conv)
{
    const struct rules *rules =
        conv->sink->direction == TO_XMPP
            ? rules_find(store, conv->sink->network, conv->account)
            : NULL;

    return rules ? quiet_until(&rules->quiet, store->now) : 0;
}
