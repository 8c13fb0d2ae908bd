/* worker.c - one thread, jobs in groups, in order.
 *
 * Jobs submitted in one loop turn are collected without a lock and handed over
 * together before the loop waits (or when they fill a group), so that they
 * become one group, i.e. one commit, at the price of one lock and at most one
 * wake-up. A job passes four lists, always at the tail and from the head:
 *
 *   fresh -> waiting -> (the thread's group) -> finished -> ready -> done()
 *   loop     lock                               lock        loop
 *
 * `ready` is not a local list because `done` may call worker_drain(). */
#include "toolkit/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/mem.h"
#include "toolkit/handle.h"

struct jobs {
    struct job *head, *tail;
};

struct worker {
    struct handle base;
    worker_fn *fn;
    void *arg;
    size_t group_max;
    uv_thread_t thread;
    uv_async_t async; /* something is finished */

    uv_mutex_t lock; /* guards the next six */
    uv_cond_t wake;  /* for the thread: something waits, or stop */
    uv_cond_t some;  /* for worker_drain: something is finished */
    struct jobs waiting, finished;
    bool sleeping, stop;

    struct jobs fresh, ready; /* loop thread */
    struct later *hand_over;
    size_t fresh_count, pending;
    bool joined;
};

static void jobs_append(struct jobs *to, struct jobs *from)
{
    if (!from->head)
        return;
    if (to->tail)
        to->tail->next = from->head;
    else
        to->head = from->head;
    to->tail = from->tail;
    *from = (struct jobs){ 0 };
}

/* Cuts at most `max` jobs off the front. */
static struct jobs jobs_cut(struct jobs *jobs, size_t max)
{
    struct jobs group = { .head = jobs->head, .tail = jobs->head };

    for (size_t n = 1; group.tail && group.tail->next && n < max; n++)
        group.tail = group.tail->next;
    if (!group.tail)
        return group;
    jobs->head = group.tail->next;
    if (!jobs->head)
        jobs->tail = NULL;
    group.tail->next = NULL;
    return group;
}

static void worker_thread(void *arg)
{
    struct worker *worker = arg;

    uv_mutex_lock(&worker->lock);
    for (;;) {
        while (!worker->waiting.head && !worker->stop) {
            worker->sleeping = true;
            uv_cond_wait(&worker->wake, &worker->lock);
        }
        worker->sleeping = false;
        if (!worker->waiting.head)
            break;
        struct jobs group = jobs_cut(&worker->waiting, worker->group_max);
        uv_mutex_unlock(&worker->lock);
        worker->fn(worker->arg, group.head);
        uv_mutex_lock(&worker->lock);
        jobs_append(&worker->finished, &group);
        uv_cond_signal(&worker->some);
        (void)uv_async_send(&worker->async);
    }
    uv_mutex_unlock(&worker->lock);
}

/* Signals are the loop thread's. */
static void worker_start(struct worker *worker)
{
    sigset_t all, old;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    if (uv_thread_create(&worker->thread, worker_thread, worker) < 0)
        abort();
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void worker_hand_over(void *arg)
{
    struct worker *worker = arg;

    uv_mutex_lock(&worker->lock);
    jobs_append(&worker->waiting, &worker->fresh);
    bool wake = worker->sleeping && worker->waiting.head;
    worker->sleeping = worker->sleeping && !wake;
    uv_mutex_unlock(&worker->lock);
    worker->fresh_count = 0;
    if (wake)
        uv_cond_signal(&worker->wake);
}

static void worker_collect(struct worker *worker)
{
    uv_mutex_lock(&worker->lock);
    jobs_append(&worker->ready, &worker->finished);
    uv_mutex_unlock(&worker->lock);
}

static void worker_deliver(struct worker *worker)
{
    while (worker->ready.head) {
        struct jobs one = jobs_cut(&worker->ready, 1);

        worker->pending--;
        one.head->done(one.head);
    }
}

static void on_finished(uv_async_t *async)
{
    struct worker *worker = async->data;

    worker_collect(worker);
    worker_deliver(worker);
}

static void worker_join(struct worker *worker)
{
    if (worker->joined)
        return;
    worker->joined = true;
    uv_mutex_lock(&worker->lock);
    worker->stop = true;
    uv_cond_signal(&worker->wake);
    uv_mutex_unlock(&worker->lock);
    (void)uv_thread_join(&worker->thread);
}

static void worker_shut(struct handle *handle)
{
    struct worker *worker = (struct worker *)handle;

    assert(worker->pending == 0); /* worker_drain first */
    worker_join(worker);
    handle_close(&worker->hand_over->base);
    handle_close_uv(handle, (uv_handle_t *)&worker->async);
}

static void worker_release(struct handle *handle)
{
    struct worker *worker = (struct worker *)handle;

    uv_cond_destroy(&worker->some);
    uv_cond_destroy(&worker->wake);
    uv_mutex_destroy(&worker->lock);
    free(worker);
}

static const struct handle_ops worker_ops = {
    .shut = worker_shut,
    .release = worker_release,
};

struct worker *worker_new(struct owner *owner, worker_fn *fn, void *arg,
                          size_t group_max)
{
    struct worker *worker = xcalloc(1, sizeof(*worker));

    assert(group_max > 0);
    worker->fn = fn;
    worker->arg = arg;
    worker->group_max = group_max;
    handle_open(&worker->base, owner, &worker_ops);
    worker->hand_over = later_new(owner, worker_hand_over, worker);
    if (uv_mutex_init(&worker->lock) < 0 || uv_cond_init(&worker->wake) < 0 ||
        uv_cond_init(&worker->some) < 0 ||
        uv_async_init(&owner->loop->uv, &worker->async, on_finished) < 0)
        abort();
    worker->async.data = worker;
    worker_start(worker);
    return worker;
}

void worker_submit(struct worker *worker, struct job *job)
{
    struct jobs one = { .head = job, .tail = job };

    assert(!worker->joined);
    job->next = NULL;
    jobs_append(&worker->fresh, &one);
    worker->pending++;
    if (++worker->fresh_count >= worker->group_max)
        worker_hand_over(worker);
    else
        later_ask(worker->hand_over);
}

size_t worker_pending(const struct worker *worker)
{
    return worker->pending;
}

static void worker_wait(struct worker *worker)
{
    uv_mutex_lock(&worker->lock);
    while (!worker->finished.head)
        uv_cond_wait(&worker->some, &worker->lock);
    uv_mutex_unlock(&worker->lock);
}

void worker_drain(struct worker *worker)
{
    worker_deliver(worker); /* when called by a `done` */
    while (worker->pending > 0) {
        worker_hand_over(worker);
        worker_wait(worker);
        worker_collect(worker);
        worker_deliver(worker);
    }
    worker_join(worker);
}
