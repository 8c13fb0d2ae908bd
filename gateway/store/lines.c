/* lines.c - lines of the configuration, and small state that drivers keep. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"
#include "store/lines.h"

/* --- small state ---------------------------------------------------------- */

struct state_task {
    struct plain_task plain;
    const char *owner, *key, *value;
};

bool state_keep(struct store *store, const char *owner, const char *key,
                const char *value, struct err *err)
{
    static const char put[] =
        "INSERT INTO line_state (owner, key, value) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (owner, key) DO UPDATE SET value = excluded.value";
    static const char drop[] =
        "DELETE FROM line_state WHERE owner = ?1 AND key = ?2";
    const struct db_value values[] = { db_text(owner), db_text(key),
                                       db_text(value) };

    return value ? db_run(store->db, put, values, 3, err)
                 : db_run(store->db, drop, values, 2, err);
}

static bool state_run(struct store *store, struct task *task, struct err *err)
{
    struct state_task *t = (struct state_task *)task;

    return state_keep(store, t->owner, t->key, t->value, err);
}

static const struct task_ops state_ops = {
    .run = state_run,
    .finish = plain_finish,
    .writes = true,
};

void store_state_put(struct store *store, const char *owner, const char *key,
                     const char *value, store_fn *fn, void *arg)
{
    struct state_task *t = task_new(store, &state_ops, sizeof(*t), 256);
    struct task *task = &t->plain.task;

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->owner = task_text(task, owner);
    t->key = task_text(task, key);
    t->value = task_text(task, value);
    task_submit(task);
}

/* On the loop thread, while the store's waits for the lock. */
void store_state_each(struct store *store, const char *owner,
                      void (*fn)(void *arg, const char *key, const char *value),
                      void *arg)
{
    static const char find[] =
        "SELECT key, value FROM line_state WHERE owner = ?1 ORDER BY key";
    struct db_rows *rows;
    struct err err;

    (void)pthread_mutex_lock(&store->lock);
    rows = db_query(store->db, find, DB_VALUES(db_text(owner)));
    while (db_next(rows))
        fn(arg, db_get_text(rows, 0), db_get_text(rows, 1));
    if (!db_end(rows, &err))
        log_error("store: the state of %s cannot be read: %s", owner, err.text);
    (void)pthread_mutex_unlock(&store->lock);
}

/* --- lines ---------------------------------------------------------------- */

struct line_task {
    struct task task;
    const char *name, *network, *driver, *sim;
};

static bool line_run(struct store *store, struct task *task, struct err *err)
{
    static const char put[] =
        "INSERT INTO line (name, network, driver, sim, source, state)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO UPDATE SET"
        " network = excluded.network, driver = excluded.driver,"
        " sim = coalesce(excluded.sim, line.sim),"
        " state = CASE WHEN line.state = ?7 THEN excluded.state"
        " ELSE line.state END";
    struct line_task *t = (struct line_task *)task;

    return db_run(store->db, put,
                  DB_VALUES(db_text(t->name), db_text(t->network),
                            db_text(t->driver), db_text(t->sim),
                            db_int(SOURCE_CONFIG), db_int(LINE_ACTIVE),
                            db_int(LINE_RETIRED)),
                  err);
}

static void line_finish(struct task *task, const struct err *err)
{
    (void)task;
    if (err)
        log_warn("store: a line was not noted: %s", err->text);
}

static const struct task_ops line_ops = {
    .run = line_run,
    .finish = line_finish,
    .writes = true,
};

void store_line(struct store *store, const char *name, const char *network,
                const char *driver, const char *sim)
{
    struct line_task *t = task_new(store, &line_ops, sizeof(*t), 256);

    t->name = task_text(&t->task, name);
    t->network = task_text(&t->task, network);
    t->driver = task_text(&t->task, driver);
    t->sim = task_text(&t->task, sim);
    task_submit(&t->task);
}

/* --- duty ----------------------------------------------------------------- */

static const int duty_states[] = { [DUTY_ON] = LINE_ACTIVE,
                                   [DUTY_PAUSED] = LINE_PAUSED,
                                   [DUTY_DRAINING] = LINE_DRAINING };

struct duty_task {
    struct plain_task plain;
    const char *name, *network, *driver;
    enum line_duty duty;
};

static bool duty_run(struct store *store, struct task *task, struct err *err)
{
    static const char put[] =
        "INSERT INTO line (name, network, driver, source, state)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
        " state = excluded.state";
    struct duty_task *t = (struct duty_task *)task;

    return db_run(store->db, put,
                  DB_VALUES(db_text(t->name), db_text(t->network),
                            db_text(t->driver), db_int(SOURCE_CONFIG),
                            db_int(duty_states[t->duty])),
                  err);
}

static const struct task_ops duty_ops = {
    .run = duty_run,
    .finish = plain_finish,
    .writes = true,
};

void store_line_duty(struct store *store, const char *name, const char *network,
                     const char *driver, enum line_duty duty, store_fn *fn,
                     void *arg)
{
    struct duty_task *t = task_new(store, &duty_ops, sizeof(*t), 256);
    struct task *task = &t->plain.task;

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->name = task_text(task, name);
    t->network = task_text(task, network);
    t->driver = task_text(task, driver);
    t->duty = duty;
    task_submit(task);
}

enum line_duty store_line_duty_get(struct store *store, const char *name)
{
    static const char find[] = "SELECT state FROM line WHERE name = ?1";
    struct db_rows *rows;
    struct err err;
    int64_t state;

    (void)pthread_mutex_lock(&store->lock);
    rows = db_query(store->db, find, DB_VALUES(db_text(name)));
    state = db_next(rows) ? db_get_int(rows, 0) : LINE_ACTIVE;
    if (!db_end(rows, &err))
        log_error("store: line %s cannot be read: %s", name, err.text);
    (void)pthread_mutex_unlock(&store->lock);
    if (state == LINE_PAUSED)
        return DUTY_PAUSED;
    return state == LINE_DRAINING ? DUTY_DRAINING : DUTY_ON;
}

struct begun_task {
    struct task task;
    store_begun_fn *fn;
    void *arg;
    const char *network, *line;
    bool begun;
};

static bool begun_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT 1 FROM conversation c JOIN message m"
        " ON m.conv = c.id AND m.seq = c.head WHERE c.network = ?1"
        " AND c.direction = ?2 AND c.line = ?3 AND m.state < ?4"
        " AND (m.state <> ?5 OR EXISTS (SELECT 1 FROM part p"
        " WHERE p.message = m.id AND p.state <> ?6)) LIMIT 1";
    struct begun_task *t = (struct begun_task *)task;
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->network), db_int(TO_LINE),
                           db_text(t->line), db_state(MESSAGE_SENT),
                           db_state(MESSAGE_QUEUED), db_int(PART_WAITING)));

    t->begun = db_next(rows);
    return db_end(rows, err);
}

static void begun_finish(struct task *task, const struct err *err)
{
    struct begun_task *t = (struct begun_task *)task;

    t->fn(t->arg, t->begun, err);
}

static const struct task_ops begun_ops = {
    .run = begun_run,
    .finish = begun_finish,
    .looks = true,
};

void store_begun(struct store *store, const char *network, const char *line,
                 store_begun_fn *fn, void *arg)
{
    struct begun_task *t = task_new(store, &begun_ops, sizeof(*t), 128);

    t->fn = fn;
    t->arg = arg;
    t->network = task_text(&t->task, network);
    t->line = task_text(&t->task, line);
    task_submit(&t->task);
}
