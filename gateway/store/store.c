/* store.c - opening and closing. The files beside it, in reading order:
 *
 *   inside.h       what they share         task.c, group.c  jobs, group commit
 *   schema.c       the tables              conversation.c   the unit of order
 *   accept.c       messages in             take.c           messages out
 *   moves.c        the one UPDATE          outcome.c        ends of tries
 *   reports.c, verdicts.c  late answers    fences.c         the stream's moves
 *   release.c, debts.c, fragments.c, people.c, lines.c, usage.c, rules.c,
 *   allowance.c, seen.c, inspect.c, sweep.c */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/inside.h"
#include "store/rules.h"
#include "store/schema.h"
#include "store/usage.h"
#include "toolkit/timer.h"

enum { GROUP_MAX = 1000, KEY_MAX = 16 * 1024 };

/* --- the lock file -------------------------------------------------------- */

static bool lock_refused(int fd, const char *dir, struct err *err)
{
    char pid[24] = "";
    ssize_t n = read(fd, pid, sizeof(pid) - 1);

    pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
    return err_set(err, ERR_CONFIG, "another moongate (pid %s) uses %s",
                   pid[0] ? pid : "?", dir);
}

static bool lock_take(struct store *store, const char *dir, struct err *err)
{
    char *path = xasprintf("%s/moongate.lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    free(path);
    if (fd < 0)
        return err_errno(err, ERR_CONFIG, "cannot write to %s", dir);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)lock_refused(fd, dir, err);
        (void)close(fd);
        return false;
    }
    store->lock_fd = fd;
    if (ftruncate(fd, 0) == 0) /* the number is for people only */
        (void)dprintf(fd, "%ld\n", (long)getpid());
    return true;
}

/* --- opening -------------------------------------------------------------- */

static void on_probe(void *arg)
{
    store_barrier(arg, NULL, NULL); /* its group looks at the disk */
}

static bool store_open_db(struct store *store, const char *spec,
                          const char *dir, struct err *err)
{
    char *path;

    if (strcmp(spec, "sqlite") != 0)
        return err_set(err, ERR_CONFIG,
                       "this moongate has no store called \"%s\": use "
                       "\"sqlite\"",
                       spec);
    path = xasprintf("%s/moongate.db", dir);
    store->db = db_open(path, err);
    free(path);
    return store->db && db_check(store->db, err) &&
           schema_migrate(store->db, err);
}

static bool store_make_dir(const char *dir, struct err *err)
{
    if (mkdir(dir, 0700) == 0 || errno == EEXIST)
        return true;
    return err_errno(err, ERR_CONFIG, "cannot create %s", dir);
}

/* On a disk that became full meanwhile the ballast is for this. */
static bool store_start(struct store *store, const char *spec, const char *dir,
                        struct err *err)
{
    if (store_open_db(store, spec, dir, err) && store_recover(store, err))
        return true;
    if (err->kind != ERR_FULL || !store->space.ballast)
        return false;
    conversations_forget(store);
    sinks_rollback(store);
    db_close(store->db);
    store->db = NULL;
    space_give_up(store);
    return store_open_db(store, spec, dir, err) && store_recover(store, err);
}

static bool store_prepare(struct store *store, const char *spec,
                          const char *dir, int64_t min_free, struct err *err)
{
    store->now = clock_wall_ms();
    return store_make_dir(dir, err) && lock_take(store, dir, err) &&
           space_open(store, dir, min_free, err) &&
           store_start(store, spec, dir, err) && rules_load(store, err);
}

static void store_free(struct store *store)
{
    conversations_forget(store);
    sinks_free(store);
    usages_free(store);
    rules_free(store);
    db_close(store->db);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    space_close(store);
    buf_free(&store->key);
    free(store->swept.source);
    free(store->swept.key);
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

struct store *store_open(struct owner *owner, const char *spec, const char *dir,
                         int64_t min_free, struct err *err)
{
    struct store *store = xcalloc(1, sizeof(*store));

    store->owner = owner;
    store->lock_fd = -1;
    (void)pthread_mutex_init(&store->lock, NULL);
    buf_init(&store->key, KEY_MAX);
    if (!store_prepare(store, spec, dir, min_free, err)) {
        store_free(store);
        return NULL;
    }
    store->worker = worker_new(owner, store_group, store, GROUP_MAX);
    store->probe = timer_new(owner, on_probe, store);
    if (atomic_load(&store->full))
        timer_start(store->probe, 1000);
    return store;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store->closing = true;
    timer_free(store->probe);
    worker_drain(store->worker);
    store_free(store);
}

size_t store_pending(const struct store *store)
{
    return worker_pending(store->worker);
}

bool store_is_full(const struct store *store)
{
    return atomic_load(&store->full);
}

/* --- store_barrier -------------------------------------------------------- */

static const struct task_ops barrier_ops = { .finish = plain_finish };

void store_barrier(struct store *store, store_fn *fn, void *arg)
{
    struct plain_task *t = task_new(store, &barrier_ops, sizeof(*t), 0);

    t->fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}
