/* debts.c - what senders have still to be told; set by moves, cleared when a
 * fence has covered the telling. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

enum { OWED_MAX = 1024 };

struct owed_task {
    struct task task;
    store_moved_fn *fn;
    void *arg;
    const char *network;
    struct moved *debts;
    size_t n, limit;
};

static void owed_read(struct task *task, struct db_rows *rows,
                      struct moved *moved)
{
    const char *code = db_get_text(rows, 7), *text = db_get_text(rows, 8);
    size_t size;
    const void *id = db_get_blob(rows, 1, &size);

    *moved = (struct moved){
        .row = db_get_int(rows, 0),
        .state = db_get_state(rows, 2),
        .owed = (enum owed)db_get_int(rows, 3),
        .receipt = (db_get_int(rows, 4) & ASKED_RECEIPT) != 0,
        .stanza_id = task_text(task, db_get_text(rows, 5)),
        .from = task_text(task, db_get_text(rows, 6)),
        .err = { .kind = (enum err_kind)db_get_int(rows, 9) },
        .network = task_text(task, db_get_text(rows, 10)),
        .account = task_text(task, db_get_text(rows, 11)),
        .contact = task_text(task, db_get_text(rows, 12)),
        .direction = (enum direction)db_get_int(rows, 13),
        .created = db_get_int(rows, 14),
    };
    if (size == sizeof(moved->id))
        memcpy(&moved->id, id, size);
    text_copy(moved->err.code, sizeof(moved->err.code), code ? code : "");
    text_copy(moved->err.text, sizeof(moved->err.text), text ? text : "");
}

static bool owed_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT m.id, m.mid, m.state, m.owed, m.receipt, m.stanza_id, m.sender,"
        " m.err_code, m.err_text, m.err_kind, c.network, c.account, c.contact,"
        " c.direction, m.created FROM message m JOIN conversation c ON c.id = "
        "m.conv"
        " WHERE m.owed <> 0 AND c.network = ?1 ORDER BY m.id LIMIT ?2";
    struct owed_task *t = (struct owed_task *)task;
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->network), db_int((int64_t)t->limit)));

    for (t->n = 0; t->n < t->limit && db_next(rows); t->n++) {
        t->debts = xrealloc(t->debts, (t->n + 1) * sizeof(*t->debts));
        owed_read(task, rows, &t->debts[t->n]);
    }
    return db_end(rows, err);
}

static void owed_undo(struct task *task)
{
    struct owed_task *t = (struct owed_task *)task;

    free(t->debts);
    t->debts = NULL;
    t->n = 0;
}

static void owed_finish(struct task *task, const struct err *err)
{
    struct owed_task *t = (struct owed_task *)task;

    for (size_t i = 0; !err && i < t->n; i++)
        t->fn(t->arg, &t->debts[i], NULL, NULL);
    t->fn(t->arg, NULL, NULL, err);
}

static const struct task_ops owed_ops = {
    .run = owed_run,
    .undo = owed_undo,
    .finish = owed_finish,
    .looks = true,
};

void store_owed(struct store *store, const char *network, size_t limit,
                store_moved_fn *fn, void *arg)
{
    struct owed_task *t = task_new(store, &owed_ops, sizeof(*t), 128);

    t->fn = fn;
    t->arg = arg;
    t->limit = limit < OWED_MAX ? limit : OWED_MAX;
    t->network = task_text(&t->task, network);
    task_submit(&t->task);
}

/* --- paid ----------------------------------------------------------------- */

struct paid_task {
    struct plain_task plain;
    size_t n;
    int64_t rows[];
};

static bool paid_run(struct store *store, struct task *task, struct err *err)
{
    static const char update[] = "UPDATE message SET owed = 0 WHERE id = ?1";
    struct paid_task *t = (struct paid_task *)task;

    for (size_t i = 0; i < t->n; i++)
        if (!db_run(store->db, update, DB_VALUES(db_int(t->rows[i])), err))
            return false;
    return true;
}

static const struct task_ops paid_ops = {
    .run = paid_run,
    .finish = plain_finish,
    .writes = true,
};

void store_paid(struct store *store, const int64_t *rows, size_t n,
                store_fn *fn, void *arg)
{
    struct paid_task *t =
        task_new(store, &paid_ops, sizeof(*t) + n * sizeof(*rows), 0);

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->n = n;
    for (size_t i = 0; i < n; i++)
        t->rows[i] = rows[i];
    task_submit(&t->plain.task);
}
