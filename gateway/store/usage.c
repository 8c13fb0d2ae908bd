/* usage.c - how much of each limit is used up. An amount is loaded once,
 * changed in memory by all jobs of a group, and written once before COMMIT. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/usage.h"

enum { CACHE_MAX = 512, OWNER_MAX = 96 };

static const char minute_span[] = "minute", day_span[] = "day";

struct usage {
    UT_hash_handle hh;
    struct usage *next_touched;
    int64_t amount, committed;
    bool touched;
    const char *owner, *span; /* in the key */
    int64_t period;
    size_t key_size;
    char key[];
};

/* --- the cache ------------------------------------------------------------ */

static struct usage *usage_new(const char *owner, const char *span,
                               int64_t period)
{
    size_t owner_size = strlen(owner) + 1, span_size = strlen(span) + 1;
    size_t size = sizeof(period) + owner_size + span_size;
    struct usage *usage = xcalloc(1, sizeof(*usage) + size);

    memcpy(usage->key, &period, sizeof(period));
    usage->owner = memcpy(usage->key + sizeof(period), owner, owner_size);
    usage->span = memcpy(usage->key + size - span_size, span, span_size);
    usage->period = period;
    usage->key_size = size;
    return usage;
}

static bool usage_load(struct store *store, struct usage *usage,
                       struct err *err)
{
    static const char find[] = "SELECT amount FROM usage WHERE owner = ?1"
                               " AND span = ?2 AND period = ?3";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(usage->owner), db_text(usage->span),
                           db_int(usage->period)));

    if (db_next(rows))
        usage->amount = usage->committed = db_get_int(rows, 0);
    return db_end(rows, err);
}

static struct usage *usage_get(struct store *store, const char *owner,
                               const char *span, int64_t period,
                               struct err *err)
{
    struct usage *made = usage_new(owner, span, period), *usage;

    HASH_FIND(hh, store->usages, made->key, made->key_size, usage);
    if (usage || !usage_load(store, made, err)) {
        free(made);
        return usage;
    }
    HASH_ADD_KEYPTR(hh, store->usages, made->key, made->key_size, made);
    return made;
}

bool usage_add(struct store *store, const char *owner, const char *span,
               int64_t period, int64_t n, struct err *err)
{
    struct usage *usage = usage_get(store, owner, span, period, err);

    if (!usage)
        return false;
    usage->amount += n;
    if (usage->touched)
        return true;
    usage->touched = true;
    usage->next_touched = store->used;
    store->used = usage;
    return true;
}

bool usage_read(struct store *store, const char *owner, const char *span,
                int64_t period, int64_t *amount, struct err *err)
{
    const struct usage *usage = usage_get(store, owner, span, period, err);

    *amount = usage ? usage->amount : 0;
    return usage != NULL;
}

/* --- once a group --------------------------------------------------------- */

bool usages_flush(struct store *store, struct err *err)
{
    static const char put[] =
        "INSERT INTO usage (owner, span, period, amount)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (owner, span, period)"
        " DO UPDATE SET amount = excluded.amount";

    for (struct usage *u = store->used; u; u = u->next_touched)
        if (!db_run(store->db, put,
                    DB_VALUES(db_text(u->owner), db_text(u->span),
                              db_int(u->period), db_int(u->amount)),
                    err))
            return false;
    return true;
}

static void usages_settle(struct store *store, bool committed)
{
    while (store->used) {
        struct usage *usage = store->used;

        store->used = usage->next_touched;
        usage->touched = false;
        if (committed)
            usage->committed = usage->amount;
        else
            usage->amount = usage->committed;
    }
}

void usages_committed(struct store *store)
{
    usages_settle(store, true);
    if (HASH_COUNT(store->usages) > CACHE_MAX)
        usages_free(store);
}

void usages_rollback(struct store *store)
{
    usages_settle(store, false);
}

void usages_free(struct store *store)
{
    struct usage *usage, *next;

    store->used = NULL;
    HASH_ITER (hh, store->usages, usage, next) {
        HASH_DEL(store->usages, usage);
        free(usage);
    }
}

/* --- parts of a SIM ------------------------------------------------------- */

/* By SIM, so that a line that gets another name goes on where it was. */
static const char *sim_owner(const char *sim, char out[OWNER_MAX])
{
    text_copy(out, OWNER_MAX, "sim:");
    text_copy(out + 4, OWNER_MAX - 4, sim);
    return out;
}

bool usage_spend(struct store *store, const char *sim,
                 const struct spend *spend, int64_t n, struct err *err)
{
    char owner[OWNER_MAX];

    if (!sim || spend->day == 0 || n == 0)
        return true;
    sim_owner(sim, owner);
    return usage_add(store, owner, day_span, spend->day, n, err) &&
           (spend->minute == 0 ||
            usage_add(store, owner, minute_span, spend->minute, n, err));
}

struct usage_task {
    struct task task;
    store_usage_fn *fn;
    void *arg;
    const char *sim;
    struct spent_since since;
    struct spent spent;
};

static bool usage_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT sum(CASE WHEN span = 'minute' AND period = ?2"
        " THEN amount END),"
        " sum(CASE WHEN span = 'day' AND period = ?3 THEN amount END),"
        " sum(CASE WHEN span = 'day' AND period >= ?4 THEN amount END)"
        " FROM usage WHERE owner = ?1";
    struct usage_task *t = (struct usage_task *)task;
    char owner[OWNER_MAX];
    struct db_rows *rows;

    if (!usages_flush(store, err))
        return false;
    rows = db_query(store->db, find,
                    DB_VALUES(db_text(sim_owner(t->sim, owner)),
                              db_int(t->since.minute), db_int(t->since.day),
                              db_int(t->since.month)));
    if (db_next(rows)) {
        t->spent.minute = db_get_int(rows, 0);
        t->spent.day = db_get_int(rows, 1);
        t->spent.month = db_get_int(rows, 2);
    }
    return db_end(rows, err);
}

static void usage_finish(struct task *task, const struct err *err)
{
    struct usage_task *t = (struct usage_task *)task;

    t->fn(t->arg, err ? NULL : &t->spent, err);
}

static const struct task_ops usage_ops = {
    .run = usage_run,
    .finish = usage_finish,
    .writes = true,
};

void store_usage(struct store *store, const char *sim,
                 const struct spent_since *since, store_usage_fn *fn, void *arg)
{
    struct usage_task *t = task_new(store, &usage_ops, sizeof(*t), 128);

    t->fn = fn;
    t->arg = arg;
    t->sim = task_text(&t->task, sim);
    t->since = *since;
    task_submit(&t->task);
}
