/* pictures.c - pictures of contacts. They go with the line that a user has
 * brought along (own.c), which told them. */
#include "store/pictures.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"

struct picture_task {
    struct plain_task plain;
    store_picture_fn *got; /* instead of plain.fn */
    struct picture_row row;
    bool found;
    char *sha1, *type; /* what was found */
    void *bytes;
    size_t size;
};

static void submit(struct store *store, const struct task_ops *ops,
                   const struct picture_task *about)
{
    const struct picture_row *row = &about->row;
    struct picture_task *t = task_new(store, ops, sizeof(*t), 256 + row->size);
    struct task *task = &t->plain.task;

    t->plain.fn = about->plain.fn;
    t->plain.arg = about->plain.arg;
    t->got = about->got;
    t->row = (struct picture_row){
        .network = task_text(task, row->network),
        .account = task_text(task, row->account),
        .contact = task_text(task, row->contact),
        .token = task_text(task, row->token),
        .sha1 = task_text(task, row->sha1),
        .type = task_text(task, row->type),
        .bytes = row->size ? task_bytes(task, row->bytes, row->size) : NULL,
        .size = row->size,
    };
    task_submit(task);
}

/* --- keeping -------------------------------------------------------------- */

static bool put_run(struct store *store, struct task *task, struct err *err)
{
    static const char put[] =
        "INSERT INTO picture (network, account, contact, token, sha1, type,"
        " bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT (network, account, contact) DO UPDATE"
        " SET token = excluded.token, sha1 = excluded.sha1,"
        " type = excluded.type, bytes = excluded.bytes";
    const struct picture_row *row = &((struct picture_task *)task)->row;

    return db_run(
        store->db, put,
        DB_VALUES(db_text(row->network), db_text(row->account),
                  db_text(row->contact), db_text(row->token),
                  db_text(row->sha1), db_text(row->type),
                  row->size ? db_blob(row->bytes, row->size) : db_text(NULL)),
        err);
}

void store_picture_put(struct store *store, const struct picture_row *row,
                       store_fn *fn, void *arg)
{
    static const struct task_ops ops = {
        .run = put_run, .finish = plain_finish, .writes = true, .grows = true
    };

    submit(store, &ops,
           &(struct picture_task){ .plain = { .fn = fn, .arg = arg },
                                   .row = *row });
}

/* --- questions ------------------------------------------------------------ */

static bool get_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] = "SELECT sha1, type, bytes FROM picture"
                               " WHERE network = ?1 AND account = ?2"
                               " AND contact = ?3";
    struct picture_task *t = (struct picture_task *)task;
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->row.network), db_text(t->row.account),
                           db_text(t->row.contact)));

    t->found = db_next(rows) && !db_is_null(rows, 2);
    if (t->found) {
        const void *bytes = db_get_blob(rows, 2, &t->size);

        t->bytes = xmemdup(bytes, t->size);
        t->sha1 = xstrdup(db_get_text(rows, 0));
        t->type = xstrdup(db_get_text(rows, 1));
    }
    return db_end(rows, err);
}

static void get_undo(struct task *task)
{
    struct picture_task *t = (struct picture_task *)task;

    free(t->bytes);
    free(t->sha1);
    free(t->type);
    t->bytes = t->sha1 = t->type = NULL;
}

static void get_finish(struct task *task, const struct err *err)
{
    struct picture_task *t = (struct picture_task *)task;
    const struct picture_row row = { .network = t->row.network,
                                     .account = t->row.account,
                                     .contact = t->row.contact,
                                     .token = "",
                                     .sha1 = t->sha1,
                                     .type = t->type,
                                     .bytes = t->bytes,
                                     .size = t->size };

    t->got(t->plain.arg, !err && t->found ? &row : NULL, err);
}

void store_picture_get(struct store *store, const char *network,
                       const char *account, const char *contact,
                       store_picture_fn *fn, void *arg)
{
    static const struct task_ops ops = { .run = get_run,
                                         .undo = get_undo,
                                         .finish = get_finish };

    submit(store, &ops,
           &(struct picture_task){ .plain = { .arg = arg },
                                   .got = fn,
                                   .row = { .network = network,
                                            .account = account,
                                            .contact = contact } });
}

void store_pictures_each(struct store *store, const char *network,
                         store_picture_fn *fn, void *arg)
{
    static const char find[] = "SELECT account, contact, token, sha1, type"
                               " FROM picture WHERE network = ?1";
    struct db_rows *rows;
    struct err err;

    (void)pthread_mutex_lock(&store->lock);
    rows = db_query(store->db, find, DB_VALUES(db_text(network)));
    while (db_next(rows)) {
        const struct picture_row row = { .network = network,
                                         .account = db_get_text(rows, 0),
                                         .contact = db_get_text(rows, 1),
                                         .token = db_get_text(rows, 2),
                                         .sha1 = db_get_text(rows, 3),
                                         .type = db_get_text(rows, 4) };

        fn(arg, &row, NULL);
    }
    if (!db_end(rows, &err))
        log_error("store: pictures cannot be read: %s", err.text);
    (void)pthread_mutex_unlock(&store->lock);
}
