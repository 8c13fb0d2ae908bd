/* contacts.c - names of contacts: one that an account has given (or its own
 * messages brought along) before one that holds for everybody, which comes
 * from a line's phone book and is kept under the account "". */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

bool contact_name(struct store *store, const struct conversation *conv,
                  char **name, struct err *err)
{
    static const char find[] =
        "SELECT name FROM contact WHERE network = ?1 AND account IN (?2, '')"
        " AND address = ?3 AND name IS NOT NULL ORDER BY account DESC LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(conv->sink->network), db_text(conv->account),
                           db_text(conv->contact)));

    *name = db_next(rows) ? xstrdup(db_get_text(rows, 0)) : NULL;
    return db_end(rows, err);
}

struct contact_task {
    struct plain_task plain;
    const char *network, *account, *address, *name;
};

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

static bool contact_run(struct store *store, struct task *task, struct err *err)
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

static const struct task_ops contact_ops = {
    .run = contact_run,
    .finish = plain_finish,
    .writes = true,
};

void store_contact_name(struct store *store, const char *network,
                        const char *account, const char *address,
                        const char *name, store_fn *fn, void *arg)
{
    struct contact_task *t = task_new(store, &contact_ops, sizeof(*t), 256);
    struct task *task = &t->plain.task;

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->network = task_text(task, network);
    t->account = task_text(task, account ? account : "");
    t->address = task_text(task, address);
    t->name = task_text(task, name);
    task_submit(task);
}
