/* own.c - lines that users have brought along: what they gave is kept sealed,
 * and goes with their account (accounts.c). */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"
#include "store/lines.h"
#include "store/own.h"

struct own_task {
    struct plain_task plain;
    struct own_row row;
};

static bool put_run(struct store *store, struct task *task, struct err *err)
{
    static const char put[] =
        "INSERT INTO line (name, network, driver, source, owner, settings,"
        " state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (name) DO UPDATE SET driver = excluded.driver,"
        " settings = excluded.settings";
    const struct own_row *row = &((struct own_task *)task)->row;

    return db_run(store->db, put,
                  DB_VALUES(db_text(row->name), db_text(row->network),
                            db_text(row->driver), db_int(SOURCE_ACCOUNT),
                            db_text(row->owner),
                            db_blob(row->sealed, row->size),
                            db_int(LINE_ACTIVE)),
                  err);
}

bool own_drop(struct store *store, const char *network, const char *owner,
              struct err *err)
{
    static const char state[] =
        "DELETE FROM line_state WHERE owner IN (SELECT name FROM line"
        " WHERE network = ?1 AND owner = ?2)";
    static const char line[] =
        "DELETE FROM line WHERE network = ?1 AND owner = ?2";
    static const char picture[] =
        "DELETE FROM picture WHERE network = ?1 AND account = ?2";
    const struct db_value values[] = { db_text(network), db_text(owner) };

    return db_run(store->db, state, values, 2, err) &&
           db_run(store->db, line, values, 2, err) &&
           db_run(store->db, picture, values, 2, err);
}

static bool drop_run(struct store *store, struct task *task, struct err *err)
{
    const struct own_row *row = &((struct own_task *)task)->row;

    return own_drop(store, row->network, row->owner, err);
}

static const struct task_ops put_ops = {
    .run = put_run,
    .finish = plain_finish,
    .writes = true,
};

static const struct task_ops drop_ops = {
    .run = drop_run,
    .finish = plain_finish,
    .writes = true,
};

static void submit(struct store *store, const struct task_ops *ops,
                   const struct own_row *row, store_fn *fn, void *arg)
{
    struct own_task *t = task_new(store, ops, sizeof(*t), 512 + row->size);
    struct task *task = &t->plain.task;

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->row = *row;
    t->row.name = task_text(task, row->name);
    t->row.network = task_text(task, row->network);
    t->row.driver = task_text(task, row->driver);
    t->row.owner = task_text(task, row->owner);
    t->row.sealed = task_bytes(task, row->sealed, row->size);
    task_submit(task);
}

void store_own_put(struct store *store, const struct own_row *row, store_fn *fn,
                   void *arg)
{
    submit(store, &put_ops, row, fn, arg);
}

void store_own_drop(struct store *store, const char *network, const char *owner,
                    store_fn *fn, void *arg)
{
    submit(store, &drop_ops,
           &(struct own_row){ .network = network, .owner = owner }, fn, arg);
}

void store_own_each(struct store *store, const char *network, store_own_fn *fn,
                    void *arg)
{
    static const char find[] =
        "SELECT l.name, l.driver, l.owner, l.settings FROM line l"
        " JOIN account a ON a.network = l.network AND a.jid = l.owner"
        " AND a.state = 0 WHERE l.network = ?1 AND l.settings IS NOT NULL"
        " ORDER BY l.name";
    struct db_rows *rows;
    struct err err;

    (void)pthread_mutex_lock(&store->lock);
    rows = db_query(store->db, find, DB_VALUES(db_text(network)));
    while (db_next(rows)) {
        struct own_row row = { .network = network };

        row.name = db_get_text(rows, 0);
        row.driver = db_get_text(rows, 1);
        row.owner = db_get_text(rows, 2);
        row.sealed = db_get_blob(rows, 3, &row.size);
        fn(arg, &row);
    }
    if (!db_end(rows, &err))
        log_error("store: users' own lines cannot be read: %s", err.text);
    (void)pthread_mutex_unlock(&store->lock);
}
