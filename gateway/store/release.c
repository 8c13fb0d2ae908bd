/* release.c - conversations come back: given back untouched, or woken before
 * their time. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

/* --- store_release -------------------------------------------------------- */

struct release_task {
    struct plain_task plain;
    int64_t conversation, seq, next_at; /* seq 0: whatever it is */
};

static bool release_run(struct store *store, struct task *task, struct err *err)
{
    struct release_task *t = (struct release_task *)task;
    struct conversation *conv = conversation_get(store, t->conversation, err);

    if (!conv)
        return false;
    /* Its message may have been settled meanwhile, and the conversation be
     * ready, deferred, idle or in hand again without the caller. */
    if (conv->taken < conv->head && (conv->turn || conv->next_at))
        return true;
    if (conv->head > conv->last_seq || (t->seq && t->seq < conv->head))
        return true;
    conversation_give_back(store, conv, 0, t->next_at);
    return true;
}

static const struct task_ops release_ops = {
    .run = release_run,
    .finish = plain_finish,
    .writes = true,
};

static void release_submit(struct store *store, int64_t conversation,
                           int64_t seq, int64_t next_at,
                           struct plain_task answer)
{
    struct release_task *t = task_new(store, &release_ops, sizeof(*t), 0);

    t->plain.fn = answer.fn;
    t->plain.arg = answer.arg;
    t->conversation = conversation;
    t->seq = seq;
    t->next_at = next_at;
    task_submit(&t->plain.task);
}

void store_release(struct store *store, int64_t conversation, int64_t next_at,
                   store_fn *fn, void *arg)
{
    release_submit(store, conversation, 0, next_at,
                   (struct plain_task){ .fn = fn, .arg = arg });
}

void store_give_back(struct store *store, const struct delivery *delivery,
                     int64_t next_at, store_fn *fn, void *arg)
{
    release_submit(store, delivery->conversation, delivery->seq, next_at,
                   (struct plain_task){ .fn = fn, .arg = arg });
}

/* --- store_wake ----------------------------------------------------------- */

enum { WAKE_BITE = 500 };

/* Goes through the deferred ones in the order of (next_at, id), a bite at a
 * time; those that are deferred anew meanwhile are woken once more at most. */
struct wake_task {
    struct plain_task plain;
    const char *network, *account;
    enum direction direction;
    int64_t next_at, id; /* the last one looked at */
    size_t n;
    int64_t ids[WAKE_BITE], times[WAKE_BITE];
};

static bool wake_collect(struct wake_task *t, struct db_rows *rows,
                         struct err *err)
{
    for (t->n = 0; t->n < WAKE_BITE && db_next(rows); t->n++) {
        t->ids[t->n] = db_get_int(rows, 0);
        t->times[t->n] = db_get_int(rows, 1);
    }
    return db_end(rows, err);
}

static bool wake_find(struct store *store, struct wake_task *t, struct err *err)
{
    static const char of_sink[] =
        "SELECT id, next_at FROM conversation WHERE network = ?1"
        " AND direction = ?2 AND next_at IS NOT NULL"
        " AND (next_at, id) > (?3, ?4) ORDER BY next_at, id LIMIT ?5";
    static const char of_account[] =
        "SELECT id, id FROM conversation WHERE network = ?1"
        " AND account = ?2 AND direction = ?3 AND next_at IS NOT NULL"
        " AND next_at <> ?4 LIMIT ?5";

    if (!t->account)
        return wake_collect(
            t,
            db_query(store->db, of_sink,
                     DB_VALUES(db_text(t->network), db_int(t->direction),
                               db_int(t->next_at), db_int(t->id),
                               db_int(WAKE_BITE))),
            err);
    return wake_collect(
        t,
        db_query(store->db, of_account,
                 DB_VALUES(db_text(t->network), db_text(t->account),
                           db_int(t->direction), db_int(INT64_MAX),
                           db_int(WAKE_BITE))),
        err);
}

static bool wake_run(struct store *store, struct task *task, struct err *err)
{
    struct wake_task *t = (struct wake_task *)task;

    if (!wake_find(store, t, err))
        return false;
    for (size_t i = 0; i < t->n; i++) {
        struct conversation *conv = conversation_get(store, t->ids[i], err);

        if (!conv)
            return false;
        /* INT64_MAX: held until an admin decides. */
        if (conv->next_at && conv->next_at != INT64_MAX) {
            conversation_place(store, conv, 0, 0);
            conversation_ready(store, conv);
        }
    }
    task->again = t->n == WAKE_BITE;
    return true;
}

static void wake_finish(struct task *task, const struct err *err)
{
    struct wake_task *t = (struct wake_task *)task;

    if (!err && t->n > 0) {
        t->next_at = t->times[t->n - 1];
        t->id = t->ids[t->n - 1];
    }
    plain_finish(task, err);
}

static const struct task_ops wake_ops = {
    .run = wake_run,
    .finish = wake_finish,
    .writes = true,
    .looks = true,
};

void store_wake(struct store *store, const char *network,
                enum direction direction, const char *account, store_fn *fn,
                void *arg)
{
    struct wake_task *t = task_new(store, &wake_ops, sizeof(*t), 256);
    struct task *task = &t->plain.task;

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->network = task_text(task, network);
    t->account = task_text(task, account);
    t->direction = direction;
    task_submit(task);
}
