/* loop.c - the loop, laters and signals.
 *
 * One prepare handle does what has to happen before the loop waits: it runs
 * the laters and frees what was closed. A later that asks again while laters
 * run gets a few more rounds in this turn; after that an active idle handle
 * makes the wait return at once, so that I/O is never starved. The prepare
 * handle also keeps the loop alive, so loop_run() ends by loop_stop() only. */
#include "toolkit/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/mem.h"
#include "toolkit/handle.h"

enum { LATER_ROUNDS = 4 };

static void later_run(struct loop *loop, struct later *later)
{
    DL_DELETE2(loop->laters, later, queue_prev, queue_next);
    later->turn = 0;
    later->fn(later->arg);
}

static void loop_run_laters(struct loop *loop)
{
    for (int round = 0; loop->laters && round < LATER_ROUNDS; round++) {
        uint64_t last = loop->turns;

        while (loop->laters && loop->laters->turn <= last)
            later_run(loop, loop->laters);
    }
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    loop_run_laters(loop);
    handle_reap(loop);
    if (loop->laters)
        (void)uv_idle_start(&loop->idle, on_idle);
    else
        (void)uv_idle_stop(&loop->idle);
}

struct loop *loop_new(void)
{
    struct loop *loop = xcalloc(1, sizeof(*loop));

    /* libuv writes without MSG_NOSIGNAL. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (uv_loop_init(&loop->uv) < 0)
        abort();
    (void)uv_prepare_init(&loop->uv, &loop->prepare);
    (void)uv_idle_init(&loop->uv, &loop->idle);
    loop->prepare.data = loop;
    loop->scratch = xmalloc(LOOP_SCRATCH);
    (void)uv_prepare_start(&loop->prepare, on_prepare);
    return loop;
}

void loop_run(struct loop *loop)
{
    while (!loop->stopped)
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->stopped = false;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
    uv_stop(&loop->uv);
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    assert(loop->open == 0);
    while (loop->closing > 0 || loop->lookups > 0)
        (void)uv_run(&loop->uv,
                     loop->lookups > 0 ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    for (size_t i = 0; i < LOOP_POOLS; i++) {
        if (loop->pools[i])
            loop->pool_free(loop->pools[i]);
    }
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0);
    (void)rc;
    free(loop->scratch);
    free(loop);
}

static void later_shut(struct handle *handle)
{
    struct later *later = (struct later *)handle;
    struct loop *loop = handle->owner->loop;

    if (later->turn > 0)
        DL_DELETE2(loop->laters, later, queue_prev, queue_next);
    later->turn = 0;
}

static const struct handle_ops later_ops = {
    .shut = later_shut,
};

struct later *later_new(struct owner *owner, void (*fn)(void *arg), void *arg)
{
    struct later *later = xcalloc(1, sizeof(*later));

    later->fn = fn;
    later->arg = arg;
    handle_open(&later->base, owner, &later_ops);
    return later;
}

void later_ask(struct later *later)
{
    struct loop *loop = later->base.owner->loop;

    if (later->turn > 0 || later->base.closing)
        return;
    later->turn = ++loop->turns;
    DL_APPEND2(loop->laters, later, queue_prev, queue_next);
}

struct watch {
    struct handle base;
    uv_signal_t uv;
    void (*fn)(void *arg, int signum);
    void *arg;
};

static void watch_shut(struct handle *handle)
{
    struct watch *watch = (struct watch *)handle;

    handle_close_uv(handle, (uv_handle_t *)&watch->uv);
}

static const struct handle_ops watch_ops = {
    .shut = watch_shut,
};

static void on_signal(uv_signal_t *uv, int signum)
{
    struct watch *watch = uv->data;

    if (!watch->base.closing)
        watch->fn(watch->arg, signum);
}

void loop_on_signal(struct owner *owner, int signum,
                    void (*fn)(void *arg, int signum), void *arg)
{
    struct watch *watch = xcalloc(1, sizeof(*watch));

    watch->fn = fn;
    watch->arg = arg;
    handle_open(&watch->base, owner, &watch_ops);
    if (uv_signal_init(&owner->loop->uv, &watch->uv) < 0)
        abort();
    watch->uv.data = watch;
    if (uv_signal_start(&watch->uv, on_signal, signum) < 0)
        abort();
}
