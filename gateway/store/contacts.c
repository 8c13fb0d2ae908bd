/* contacts.c - contacts of accounts and their names: one that an account has
 * given (or its own messages brought along) before one that holds for
 * everybody, which comes from a line's phone book and is kept under the
 * account "".
 *
 * contact.roster: an account's contact was never put on his roster (0), it was
 * (1), or he has taken it off (2), and it is kept only so that it does not come
 * back by itself. contact.given: it is the account's own name for it, which
 * none that a message brings replaces. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/utf8.h"
#include "store/json_task.h"
#include "store/manage.h"

enum { CONTACTS_MAX = 10000 };

struct contact_task {
    struct plain_task plain;
    store_name_fn *name_fn; /* instead of plain.fn */
    store_changed_fn *changed_fn;
    bool first;
    const char *network, *account, *address, *name;
    char *found;
};

#define CONTACT_OF(t)                                                          \
    DB_VALUES(db_text((t)->network), db_text((t)->account),                    \
              db_text((t)->address))

static bool name_find(struct store *store, const struct contact_task *t,
                      char **name, struct err *err)
{
    static const char find[] =
        "SELECT name FROM contact WHERE network = ?1 AND account IN (?2, '')"
        " AND address = ?3 AND name IS NOT NULL ORDER BY account DESC LIMIT 1";
    struct db_rows *rows = db_query(store->db, find, CONTACT_OF(t));

    *name = db_next(rows) ? xstrdup(db_get_text(rows, 0)) : NULL;
    return db_end(rows, err);
}

bool contact_name(struct store *store, const struct conversation *conv,
                  char **name, struct err *err)
{
    const struct contact_task wanted = { .network = conv->sink->network,
                                         .account = conv->account,
                                         .address = conv->contact };

    return name_find(store, &wanted, name, err);
}

/* Conversations in the cache know their contact's name. */
static bool contact_refresh(struct store *store, const struct contact_task *t,
                            struct err *err)
{
    struct conversation *conv, *next;

    HASH_ITER (by_id, store->by_id, conv, next) {
        char *name;

        if (strcmp(conv->contact, t->address) != 0 ||
            strcmp(conv->sink->network, t->network) != 0)
            continue;
        if (!contact_name(store, conv, &name, err))
            return false;
        free(conv->name);
        conv->name = name;
    }
    return true;
}

/* --- submitting ----------------------------------------------------------- */

static struct contact_task *contact_new(struct store *store,
                                        const struct task_ops *ops,
                                        const struct contact_task *about)
{
    struct contact_task *t = task_new(store, ops, sizeof(*t), 256);
    struct task *task = &t->plain.task;

    t->plain.fn = about->plain.fn;
    t->plain.arg = about->plain.arg;
    t->name_fn = about->name_fn;
    t->changed_fn = about->changed_fn;
    t->network = task_text(task, about->network);
    t->account = task_text(task, about->account ? about->account : "");
    t->address = task_text(task, about->address);
    t->name = task_text(task, about->name);
    return t;
}

static void contact_submit(struct store *store, const struct task_ops *ops,
                           const struct contact_task *about)
{
    task_submit(&contact_new(store, ops, about)->plain.task);
}

/* --- naming --------------------------------------------------------------- */

static bool naming_run(struct store *store, struct task *task, struct err *err)
{
    static const char put[] =
        "INSERT INTO contact (network, account, address, name)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (network, account, address)"
        " DO UPDATE SET name = excluded.name"
        " WHERE contact.name IS NOT excluded.name";
    struct contact_task *t = (struct contact_task *)task;

    if (!db_run(store->db, put,
                DB_VALUES(db_text(t->network), db_text(t->account),
                          db_text(t->address), db_text(t->name)),
                err))
        return false;
    return db_changed(store->db) == 0 || contact_refresh(store, t, err);
}

void store_contact_name(struct store *store, const char *network,
                        const char *account, const char *address,
                        const char *name, store_fn *fn, void *arg)
{
    static const struct task_ops ops = {
        .run = naming_run,
        .finish = plain_finish,
        .writes = true,
    };

    contact_submit(store, &ops,
                   &(struct contact_task){ .plain = { .fn = fn, .arg = arg },
                                           .network = network,
                                           .account = account,
                                           .address = address,
                                           .name = name });
}

bool contact_introduce(struct store *store, struct conversation *conv,
                       const char *name, struct err *err)
{
    static const char put[] =
        "INSERT INTO contact (network, account, address, name)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (network, account, address)"
        " DO UPDATE SET name = excluded.name WHERE contact.given = 0";

    if (!name || (conv->name && strcmp(conv->name, name) == 0))
        return true;
    if (!db_run(store->db, put,
                DB_VALUES(db_text(conv->sink->network), db_text(conv->account),
                          db_text(conv->contact), db_text(name)),
                err))
        return false;
    if (db_changed(store->db) == 0)
        return true;
    free(conv->name);
    conv->name = xstrdup(name);
    return true;
}

/* --- keeping -------------------------------------------------------------- */

/* Those that were taken off make room for others. */
static bool contact_room(struct store *store, const struct contact_task *t,
                         struct err *err)
{
    static const char prune[] =
        "DELETE FROM contact WHERE network = ?1 AND account = ?2"
        " AND roster = 2 AND (SELECT count(*) FROM contact"
        " WHERE network = ?1 AND account = ?2) >= ?3";
    static const char count[] = "SELECT count(*) FROM contact"
                                " WHERE network = ?1 AND account = ?2";
    const struct db_value values[] = { db_text(t->network), db_text(t->account),
                                       db_int(CONTACTS_MAX) };
    struct db_rows *rows = db_query(store->db, count, values, 2);
    bool room = !db_next(rows) || db_get_int(rows, 0) < CONTACTS_MAX;

    if (!db_end(rows, err))
        return false;
    if (room)
        return true;
    if (!db_run(store->db, prune, values, 3, err))
        return false;
    return db_changed(store->db) > 0 ||
           err_set(err, ERR_LIMITED, "you have too many contacts");
}

static bool contact_keep(struct store *store, const struct contact_task *t,
                         struct err *err)
{
    static const char put[] =
        "INSERT INTO contact (network, account, address, name, given, roster)"
        " VALUES (?1, ?2, ?3, ?4, ?4 IS NOT NULL, 1)"
        " ON CONFLICT (network, account, address) DO UPDATE"
        " SET name = coalesce(excluded.name, contact.name),"
        " given = contact.given | excluded.given, roster = 1";

    return contact_room(store, t, err) &&
           db_run(store->db, put,
                  DB_VALUES(db_text(t->network), db_text(t->account),
                            db_text(t->address),
                            db_text(text_or_null(t->name))),
                  err);
}

static bool contact_drop(struct store *store, const struct contact_task *t,
                         struct err *err)
{
    static const char forget[] =
        "UPDATE contact SET name = NULL, given = 0, roster = 2"
        " WHERE network = ?1"
        " AND account = ?2 AND address = ?3 AND roster <> 0";
    static const char drop[] =
        "DELETE FROM contact WHERE network = ?1"
        " AND account = ?2 AND address = ?3 AND roster = 0";

    return db_run(store->db, forget, CONTACT_OF(t), err) &&
           db_run(store->db, drop, CONTACT_OF(t), err);
}

static bool contact_run(struct store *store, struct task *task, struct err *err)
{
    struct contact_task *t = (struct contact_task *)task;

    return (t->name ? contact_keep(store, t, err)
                    : contact_drop(store, t, err)) &&
           contact_refresh(store, t, err);
}

void store_contact(struct store *store, const char *network,
                   const char *account, const char *address, const char *name,
                   store_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = contact_run,
                                         .finish = plain_finish,
                                         .writes = true };

    contact_submit(store, &ops,
                   &(struct contact_task){ .plain = { .fn = fn, .arg = arg },
                                           .network = network,
                                           .account = account,
                                           .address = address,
                                           .name = name });
}

/* --- offering ------------------------------------------------------------- */

static bool offer_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT 1 FROM contact WHERE network = ?1 AND account = ?2"
        " AND address = ?3 AND roster <> 0 UNION ALL"
        " SELECT 1 FROM subscription WHERE network = ?1 AND account = ?2"
        " AND contact = ?3";
    static const char put[] =
        "INSERT INTO contact (network, account, address, roster)"
        " VALUES (?1, ?2, ?3, 1) ON CONFLICT (network, account, address)"
        " DO UPDATE SET roster = 1";
    struct contact_task *t = (struct contact_task *)task;
    struct db_rows *rows = db_query(store->db, find, CONTACT_OF(t));

    t->first = !db_next(rows);
    if (!db_end(rows, err))
        return false;
    return !t->first || (contact_room(store, t, err) &&
                         db_run(store->db, put, CONTACT_OF(t), err));
}

static void offer_finish(struct task *task, const struct err *err)
{
    struct contact_task *t = (struct contact_task *)task;

    t->changed_fn(t->plain.arg, !err && t->first, err);
}

void store_contact_offer(struct store *store, const char *network,
                         const char *account, const char *address,
                         store_changed_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = offer_run,
                                         .finish = offer_finish,
                                         .writes = true };

    contact_submit(store, &ops,
                   &(struct contact_task){ .plain = { .arg = arg },
                                           .changed_fn = fn,
                                           .network = network,
                                           .account = account,
                                           .address = address });
}

bool contact_taken_off(struct store *store, const char *network,
                       const char *account, const char *address,
                       struct err *err)
{
    static const char put[] =
        "INSERT INTO contact (network, account, address, roster)"
        " VALUES (?1, ?2, ?3, 2) ON CONFLICT (network, account, address)"
        " DO UPDATE SET roster = 2 WHERE contact.roster = 0"
        " AND contact.name IS NULL";
    const struct contact_task t = { .network = network,
                                    .account = account,
                                    .address = address };
    struct err full;

    if (!contact_room(store, &t, &full)) {
        if (full.kind != ERR_LIMITED)
            *err = full;
        return full.kind == ERR_LIMITED;
    }
    return db_run(store->db, put, CONTACT_OF(&t), err);
}

/* --- asking --------------------------------------------------------------- */

static bool name_run(struct store *store, struct task *task, struct err *err)
{
    struct contact_task *t = (struct contact_task *)task;

    return name_find(store, t, &t->found, err);
}

static void name_undo(struct task *task)
{
    struct contact_task *t = (struct contact_task *)task;

    free(t->found);
    t->found = NULL;
}

static void name_finish(struct task *task, const struct err *err)
{
    struct contact_task *t = (struct contact_task *)task;

    t->name_fn(t->plain.arg, err ? NULL : t->found, err);
}

void store_contact_named(struct store *store, const char *network,
                         const char *account, const char *address,
                         store_name_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = name_run,
                                         .undo = name_undo,
                                         .finish = name_finish };

    contact_submit(store, &ops,
                   &(struct contact_task){ .plain = { .arg = arg },
                                           .name_fn = fn,
                                           .network = network,
                                           .account = account,
                                           .address = address });
}

/* --- searching ------------------------------------------------------------ */

struct search_task {
    struct json_task json;
    const char *name, *number;
};

static bool search_fits(const struct search_task *t, const char *address,
                        const char *name)
{
    return (!t->name || utf8_contains(name, t->name)) &&
           (!t->number || number_contains(address, t->number) ||
            utf8_contains(address, t->number));
}

static void search_take(struct search_task *t, struct db_rows *rows)
{
    const char *address = db_get_text(rows, 0), *name = db_get_text(rows, 1);
    struct json_object *object;

    if (!name)
        name = "";
    if (!search_fits(t, address, name))
        return;
    object = json_object_new_object();
    put_text(object, "address", address);
    put_text(object, "name", name);
    add_object(&t->json, object);
}

/* All with whom he has to do: on his list, on his roster, in a talk. */
static bool search_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT k.address, (SELECT name FROM contact c WHERE c.network = ?1"
        " AND c.account IN (?2, '') AND c.address = k.address"
        " AND c.name IS NOT NULL ORDER BY c.account DESC LIMIT 1)"
        " FROM (SELECT address FROM contact WHERE network = ?1"
        " AND account = ?2 AND roster <> 2"
        " UNION SELECT contact FROM subscription WHERE network = ?1"
        " AND account = ?2 AND contact <> ''"
        " UNION SELECT contact FROM conversation WHERE network = ?1"
        " AND account = ?2) k ORDER BY k.address DESC LIMIT ?3";
    struct search_task *t = (struct search_task *)task;
    const struct json_task *json = &t->json;
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(json->network), db_text(json->account),
                           db_int(2 * CONTACTS_MAX)));

    while (t->json.n < json->limit && db_next(rows))
        search_take(t, rows);
    return db_end(rows, err);
}

void store_contact_search(struct store *store,
                          const struct contact_search *search,
                          store_json_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = search_run,
                                         .undo = json_undo,
                                         .drop = json_drop,
                                         .finish = json_finish,
                                         .looks = true };
    struct search_task *t = task_new(store, &ops, sizeof(*t), 256);
    struct task *task = &t->json.task;

    t->json.fn = fn;
    t->json.arg = arg;
    t->json.limit = search->limit;
    t->json.network = task_text(task, search->network);
    t->json.account = task_text(task, search->account);
    t->name = task_text(task, text_or_null(search->name));
    t->number = task_text(task, text_or_null(search->number));
    task_submit(task);
}
