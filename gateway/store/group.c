/* group.c - group commit: everything that waited becomes one transaction.
 *
 * Tasks are written so that they refuse before their first write; a refusal
 * concerns nobody else and needs no savepoint. What breaks in the middle of a
 * task is our own bug or the disk. Then the whole group is rolled back, with
 * all that was cached, and runs again: without the task that broke it, or,
 * when there was no space, with the ballast given up and new work refused. So
 * a task may run more than once, but its outcome is committed once. */
#include <pthread.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "store/inside.h"
#include "store/rules.h"
#include "store/usage.h"

static void task_fail(struct task *task, const struct err *err)
{
    task->failed = true;
    task->err = *err;
}

static void group_undo(struct job *jobs)
{
    for (struct job *job = jobs; job; job = job->next) {
        struct task *task = (struct task *)job;

        if (task->ops->undo)
            task->ops->undo(task);
        task->failed = task->barred;
        task->again = false;
    }
}

static void group_fail(struct job *jobs, const struct err *err)
{
    group_undo(jobs);
    for (struct job *job = jobs; job; job = job->next)
        task_fail((struct task *)job, err);
}

static bool task_run(struct store *store, struct task *task, struct err *err)
{
    if (task->ops->grows && atomic_load(&store->full))
        return err_set(err, ERR_FULL, "the disk is almost full");
    task->again = false;
    if (task->ops->looks && !conversations_flush(store, err))
        return false;
    return task->ops->run(store, task, err) && conversations_settle(store, err);
}

/* Runs one task; false: the group is broken. */
static bool group_run_one(struct store *store, struct task *task, bool *begun,
                          struct err *err)
{
    bool refused_full = task->ops->grows && atomic_load(&store->full);

    if (task->barred || !task->ops->run)
        return true;
    if (task->ops->writes && !*begun) {
        if (!db_begin(store->db, err))
            return false;
        *begun = true;
    }
    if (task_run(store, task, err))
        return true;
    if (err->kind == ERR_STORE || (err->kind == ERR_FULL && !refused_full))
        return false;
    task_fail(task, err);
    if (err->kind != ERR_INTERNAL)
        return true;
    log_error("store: a job broke its group: %s", err->text);
    task->barred = true;
    return false;
}

static bool group_write(struct store *store, int64_t before, struct err *err)
{
    if (!conversations_flush(store, err) || !sinks_flush(store, err) ||
        !usages_flush(store, err))
        return false;
    if (db_changes(store->db) != before)
        crash_at(CRASH_INSERT);
    if (!db_commit(store->db, err))
        return false;
    if (db_changes(store->db) != before)
        crash_at(CRASH_COMMIT);
    sinks_committed(store);
    usages_committed(store);
    return true;
}

/* No task is to blame for what goes wrong here: it must not run again. */
static bool group_commit(struct store *store, int64_t before, struct err *err)
{
    if (group_write(store, before, err))
        return true;
    if (err->kind == ERR_INTERNAL)
        err->kind = ERR_STORE;
    return false;
}

static bool group_try(struct store *store, struct job *jobs, struct err *err)
{
    int64_t before = db_changes(store->db);
    bool begun = false;

    for (struct job *job = jobs; job; job = job->next)
        if (!group_run_one(store, (struct task *)job, &begun, err))
            return false;
    return !begun || group_commit(store, before, err);
}

static void group_roll_back(struct store *store, struct job *jobs)
{
    db_rollback(store->db);
    conversations_forget(store);
    sinks_rollback(store);
    usages_rollback(store);
    group_undo(jobs);
}

static void store_break(struct store *store, const struct err *err)
{
    store->broken = true;
    store->why = *err;
    store->why.kind = ERR_STORE;
    log_error("store: %s", err->text);
}

/* What the jobs changed of the rules was rolled back with the table. */
static void group_reload(struct store *store)
{
    struct err err;

    if (!store->broken && !rules_load(store, &err))
        store_break(store, &err);
}

static void group_do(struct store *store, struct job *jobs)
{
    struct err err = { 0 };
    bool gave_up = false;

    while (!store->broken && !group_try(store, jobs, &err)) {
        bool full = err.kind == ERR_FULL;

        group_roll_back(store, jobs);
        if (full && gave_up) {
            group_reload(store);
            group_fail(jobs, &err);
            return;
        }
        if (full) {
            space_give_up(store);
            gave_up = true;
        } else if (err.kind != ERR_INTERNAL) {
            store_break(store, &err);
        }
        group_reload(store);
    }
    if (store->broken)
        group_fail(jobs, &store->why);
}

void store_group(void *arg, struct job *jobs)
{
    struct store *store = arg;

    (void)pthread_mutex_lock(&store->lock);
    store->now = clock_wall_ms();
    space_refresh(store);
    group_do(store, jobs);
    conversations_trim(store);
    (void)pthread_mutex_unlock(&store->lock);
}
