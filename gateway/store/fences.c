/* fences.c - the stream's side of moves: fences that prove what the server has
 * read, streams that died, stanza errors that came back. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/inside.h"

enum { WAIT_MAX = 6 * 3600 * 1000 };

struct rows_task {
    struct plain_task plain;
    store_unfenced_fn *unfenced_fn; /* instead of plain.fn */
    size_t n, poisoned;
    unsigned limit;
    int64_t rows[];
};

static struct rows_task *rows_new(struct store *store,
                                  const struct task_ops *ops,
                                  const int64_t *rows, size_t n, void *arg)
{
    struct rows_task *t =
        task_new(store, ops, sizeof(*t) + n * sizeof(*rows), 0);

    t->plain.arg = arg;
    t->n = n;
    for (size_t i = 0; i < n; i++)
        t->rows[i] = rows[i];
    return t;
}

/* --- fenced --------------------------------------------------------------- */

/* An error that came back before the fence has deferred it already: it is noted
 * with the message, which is in nobody's hands. */
static bool is_deferred(const struct subject *subject)
{
    return subject->bounced && subject->seq > subject->conv->taken;
}

static bool fenced_run(struct store *store, struct task *task, struct err *err)
{
    struct rows_task *t = (struct rows_task *)task;
    struct subject subject;
    bool found, done;

    for (size_t i = 0; i < t->n; i++) {
        struct change change = { .to = MESSAGE_SENT };

        if (!moves_find(store, NULL, t->rows[i], &subject, &found, err))
            return false;
        if (!found || subject.state != MESSAGE_QUEUED || is_deferred(&subject))
            continue;
        change.attempt = subject.attempt;
        if (!moves_apply(store, &subject, &change, &done, err))
            return false;
    }
    return true;
}

static const struct task_ops fenced_ops = {
    .run = fenced_run,
    .finish = plain_finish,
    .writes = true,
};

void store_fenced(struct store *store, const int64_t *rows, size_t n,
                  store_fn *fn, void *arg)
{
    struct rows_task *t = rows_new(store, &fenced_ops, rows, n, arg);

    t->plain.fn = fn;
    task_submit(&t->plain.task);
}

/* --- unfenced ------------------------------------------------------------- */

static bool unfenced_one(struct store *store, struct rows_task *t,
                         struct subject *subject, struct err *err)
{
    struct change change = { .to = MESSAGE_QUEUED,
                             .attempt = subject->attempt + 1 };
    struct err poison;
    bool done;

    if (change.attempt > t->limit) {
        err_set(&poison, ERR_POISON,
                "the stream died %u times while this message was on it",
                change.attempt);
        change.to = MESSAGE_FAILED;
        change.err = &poison;
        store->counts[COUNT_POISON]++;
        t->poisoned++;
    }
    return moves_apply(store, subject, &change, &done, err);
}

static bool unfenced_run(struct store *store, struct task *task,
                         struct err *err)
{
    struct rows_task *t = (struct rows_task *)task;
    struct subject subject;
    bool found;

    t->poisoned = 0;
    for (size_t i = 0; i < t->n; i++) {
        if (!moves_find(store, NULL, t->rows[i], &subject, &found, err))
            return false;
        if (!found || subject.state != MESSAGE_QUEUED || is_deferred(&subject))
            continue;
        if (!unfenced_one(store, t, &subject, err))
            return false;
    }
    return true;
}

static void unfenced_finish(struct task *task, const struct err *err)
{
    struct rows_task *t = (struct rows_task *)task;

    t->unfenced_fn(t->plain.arg, err ? 0 : t->poisoned, err);
}

static const struct task_ops unfenced_ops = {
    .run = unfenced_run,
    .finish = unfenced_finish,
    .writes = true,
};

void store_unfenced(struct store *store, const int64_t *rows, size_t n,
                    unsigned limit, store_unfenced_fn *fn, void *arg)
{
    struct rows_task *t = rows_new(store, &unfenced_ops, rows, n, arg);

    t->unfenced_fn = fn;
    t->limit = limit;
    task_submit(&t->plain.task);
}

/* --- bounced -------------------------------------------------------------- */

struct bounced_task {
    struct moved_task moved;
    struct id id;
    struct err err;
    bool retry;
    int64_t wait; /* ms */
};

/* The older it is the longer it waits, so that whoever takes nothing is not
 * asked for ever; 0: not at all. */
static int64_t bounced_until(const struct store *store,
                             const struct bounced_task *t,
                             const struct subject *subject)
{
    int64_t age = store->now - subject->created;

    if (t->wait == 0)
        return store->now;
    if (age > WAIT_MAX)
        age = WAIT_MAX;
    return store->now + (age > t->wait ? age : t->wait);
}

static bool bounced_run(struct store *store, struct task *task, struct err *err)
{
    struct bounced_task *t = (struct bounced_task *)task;
    struct change change = { .to = t->retry ? MESSAGE_QUEUED : MESSAGE_FAILED,
                             .err = &t->err };
    struct subject subject;
    bool found, done;

    if (!moves_find_id(store, task, &t->id, &subject, &found, err))
        return false;
    if (!found || subject.conv->sink->direction != TO_XMPP ||
        (subject.state != MESSAGE_SENT && subject.state != MESSAGE_QUEUED) ||
        (subject.state == MESSAGE_QUEUED && is_deferred(&subject)))
        return true;
    change.attempt = subject.attempt;
    change.next_at = t->retry ? bounced_until(store, t, &subject) : 0;
    if (!moves_apply(store, &subject, &change, &done, err))
        return false;
    if (done)
        moved_fill(&t->moved, &subject, &t->err);
    return true;
}

static const struct task_ops bounced_ops = {
    .run = bounced_run,
    .undo = moved_undo,
    .finish = moved_finish,
    .writes = true,
};

void store_bounced(struct store *store, const struct id *id,
                   const struct err *err, bool retry, int64_t wait,
                   store_moved_fn *fn, void *arg)
{
    struct bounced_task *t = task_new(store, &bounced_ops, sizeof(*t), 512);

    t->moved.fn = fn;
    t->moved.arg = arg;
    t->id = *id;
    t->retry = retry;
    t->wait = wait;
    if (err)
        t->err = *err;
    task_submit(&t->moved.task);
}
