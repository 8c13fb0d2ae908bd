/* sweep.c - what is forgotten, and when. A sweep is a chain of small tasks, so
 * that nothing waits for it; each bite goes through a range of keys. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"

enum { BITE = 500, SEEN_BITES = 200 };

#define HOUR_MS ((int64_t)3600 * 1000)
#define DAY_MS (24 * HOUR_MS)

struct sweep_task {
    struct task task;
    int64_t now;
    size_t stage;
    unsigned bites; /* of this stage */
};

typedef bool bite_fn(struct store *store, struct sweep_task *t, bool *more,
                     struct err *err);

/* The end of the next range of keys after `from`; 0: there is none. */
static bool range_end(struct store *store, const char *sql, int64_t from,
                      int64_t *to, struct err *err)
{
    struct db_rows *rows =
        db_query(store->db, sql, DB_VALUES(db_int(from), db_int(BITE)));

    *to = db_next(rows) ? db_get_int(rows, 0) : 0;
    return db_end(rows, err);
}

/* --- bodies --------------------------------------------------------------- */

static bool sweep_bodies(struct store *store, struct sweep_task *t, bool *more,
                         struct err *err)
{
    static const char end[] =
        "SELECT max(message) FROM (SELECT message FROM body"
        " WHERE message > ?1 ORDER BY message LIMIT ?2) AS bite";
#define SAID                                                                   \
    " WHERE message > ?1 AND message <= ?2"                                    \
    " AND message IN (SELECT id FROM message WHERE id > ?1 AND id <= ?2"       \
    " AND (state = ?3 OR (state IN (?4, ?5) AND moved_at < ?6)))"
    static const char bodies[] = "DELETE FROM body" SAID;
    static const char attachments[] = "DELETE FROM attachment" SAID;
    int64_t from = store->swept.body, to;

    if (!range_end(store, end, from, &to, err))
        return false;
    store->swept.body = to;
    *more = to != 0;
    const struct db_value values[] = { db_int(from),
                                       db_int(to),
                                       db_state(MESSAGE_DELIVERED),
                                       db_state(MESSAGE_SENT),
                                       db_state(MESSAGE_FAILED),
                                       db_int(t->now - 7 * DAY_MS) };

    return !*more || (db_run(store->db, bodies, values, 6, err) &&
                      db_run(store->db, attachments, values, 6, err));
}

/* --- messages ------------------------------------------------------------- */

static bool drop_range(struct store *store, int64_t from, int64_t to,
                       int64_t before, struct err *err)
{
#define OLD                                                                    \
    "id > ?1 AND id <= ?2 AND state >= ?3 AND moved_at < ?4 AND owed = 0"
#define OF_OLD                                                                 \
    " WHERE message > ?1 AND message <= ?2"                                    \
    " AND message IN (SELECT id FROM message WHERE " OLD ")"
    static const char bodies[] = "DELETE FROM body" OF_OLD;
    static const char parts[] = "DELETE FROM part" OF_OLD;
    static const char attachments[] = "DELETE FROM attachment" OF_OLD;
    static const char messages[] = "DELETE FROM message WHERE " OLD;
    const struct db_value values[] = { db_int(from), db_int(to),
                                       db_state(MESSAGE_SENT), db_int(before) };

    return db_run(store->db, bodies, values, 4, err) &&
           db_run(store->db, parts, values, 4, err) &&
           db_run(store->db, attachments, values, 4, err) &&
           db_run(store->db, messages, values, 4, err);
}

/* Up to the first that was created within the time: numbers grow with it. */
static bool sweep_messages(struct store *store, struct sweep_task *t,
                           bool *more, struct err *err)
{
    static const char end[] =
        "SELECT max(id) FROM (SELECT id FROM message WHERE id > ?1"
        " ORDER BY id LIMIT ?2) AS bite";
    static const char age[] = "SELECT created FROM message WHERE id = ?1";
    int64_t from = store->swept.message, to, before = t->now - 30 * DAY_MS;
    struct db_rows *rows;

    if (!range_end(store, end, from, &to, err))
        return false;
    rows = db_query(store->db, age, DB_VALUES(db_int(to)));
    *more = db_next(rows) && db_get_int(rows, 0) < before;
    store->swept.message = *more ? to : 0;
    return db_end(rows, err) &&
           (to == 0 || drop_range(store, from, to, before, err));
}

/* --- the rest ------------------------------------------------------------- */

static bool sweep_attempts(struct store *store, struct sweep_task *t,
                           bool *more, struct err *err)
{
    static const char drop[] =
        "DELETE FROM attempt WHERE submitted_at < ?1"
        " AND id IN (SELECT id FROM attempt ORDER BY id LIMIT ?2)";

    if (!db_run(store->db, drop,
                DB_VALUES(db_int(t->now - 90 * DAY_MS), db_int(BITE)), err))
        return false;
    *more = db_changed(store->db) == BITE;
    return true;
}

static void seen_cursor(struct store *store, const char *source,
                        const char *key)
{
    char *old_source = store->swept.source, *old_key = store->swept.key;

    store->swept.source = xstrdup(source);
    store->swept.key = xstrdup(key);
    free(old_source);
    free(old_key);
}

/* A part of it each time: the table may be long, and it is walked whole. */
static bool sweep_seen(struct store *store, struct sweep_task *t, bool *more,
                       struct err *err)
{
    static const char next[] =
        "SELECT source, key FROM seen WHERE (source, key) > (?1, ?2)"
        " ORDER BY source, key LIMIT 1 OFFSET ?3";
    static const char drop[] = "DELETE FROM seen WHERE (source, key) > (?1, ?2)"
                               " AND (source, key) <= (?3, ?4) AND at < ?5";
    static const char drop_rest[] =
        "DELETE FROM seen WHERE (source, key) > (?1, ?2) AND at < ?3";
    char *source = xstrdup(store->swept.source ? store->swept.source : "");
    char *key = xstrdup(store->swept.key ? store->swept.key : "");
    struct db_value before = db_int(t->now - 90 * DAY_MS);
    struct db_rows *rows =
        db_query(store->db, next,
                 DB_VALUES(db_text(source), db_text(key), db_int(BITE - 1)));
    bool found = db_next(rows), good;

    seen_cursor(store, found ? db_get_text(rows, 0) : NULL,
                found ? db_get_text(rows, 1) : NULL);
    good = db_end(rows, err);
    if (good && found)
        good = db_run(store->db, drop,
                      DB_VALUES(db_text(source), db_text(key),
                                db_text(store->swept.source),
                                db_text(store->swept.key), before),
                      err);
    else if (good)
        good = db_run(store->db, drop_rest,
                      DB_VALUES(db_text(source), db_text(key), before), err);
    *more = found && t->bites < SEEN_BITES;
    free(source);
    free(key);
    return good;
}

static bool sweep_orphans(struct store *store, struct sweep_task *t, bool *more,
                          struct err *err)
{
    static const char drop[] = "DELETE FROM report WHERE arrived < ?1";
    static const char count[] = "SELECT count(*) FROM report";
    struct db_rows *rows;

    *more = false;
    if (!db_run(store->db, drop, DB_VALUES(db_int(t->now - HOUR_MS)), err))
        return false;
    rows = db_query(store->db, count, NULL, 0);
    if (db_next(rows))
        store->orphans = db_get_int(rows, 0);
    return db_end(rows, err);
}

/* A month is added up from its days. */
static bool sweep_usage(struct store *store, struct sweep_task *t, bool *more,
                        struct err *err)
{
    static const char drop[] = "DELETE FROM usage WHERE period < ?1"
                               " OR (span LIKE '%minute' AND period < ?2)";

    *more = false;
    return db_run(
        store->db, drop,
        DB_VALUES(db_int(t->now - 62 * DAY_MS), db_int(t->now - HOUR_MS)), err);
}

static bite_fn *const stages[] = { sweep_orphans,  sweep_bodies, sweep_messages,
                                   sweep_attempts, sweep_seen,   sweep_usage };
enum { STAGES = sizeof(stages) / sizeof(stages[0]) };

static bool sweep_run(struct store *store, struct task *task, struct err *err)
{
    struct sweep_task *t = (struct sweep_task *)task;
    bool more = false;

    t->bites++;
    if (!stages[t->stage](store, t, &more, err))
        return false;
    if (!more) {
        t->stage++;
        t->bites = 0;
    }
    task->again = t->stage < STAGES;
    return true;
}

static void sweep_finish(struct task *task, const struct err *err)
{
    if (err)
        log_warn("store: the sweep stopped: %s", err->text);
    if (task->store->closing)
        task->again = false;
}

static const struct task_ops sweep_ops = {
    .run = sweep_run,
    .finish = sweep_finish,
    .writes = true,
};

void store_sweep(struct store *store, int64_t now)
{
    struct sweep_task *t = task_new(store, &sweep_ops, sizeof(*t), 0);

    t->now = now;
    task_submit(&t->task);
}
