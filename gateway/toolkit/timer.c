/* timer.c - uv timers with an owner.
 *
 * The loop's clock is read again at each start, because a turn may have taken
 * long and libuv counts from the time it has cached. No delay is below 1 ms:
 * libuv before 1.45 runs a timer that restarts itself with 0 for ever without
 * looking at I/O. */
#include "toolkit/timer.h"

#include "base/mem.h"
#include "toolkit/handle.h"

struct timer {
    struct handle base;
    uv_timer_t uv;
    timer_fn *fn;
    void *arg;
};

static void timer_shut(struct handle *handle)
{
    struct timer *timer = (struct timer *)handle;

    handle_close_uv(handle, (uv_handle_t *)&timer->uv);
}

static const struct handle_ops timer_ops = {
    .shut = timer_shut,
};

struct timer *timer_new(struct owner *owner, timer_fn *fn, void *arg)
{
    struct timer *timer = xcalloc(1, sizeof(*timer));

    timer->fn = fn;
    timer->arg = arg;
    handle_open(&timer->base, owner, &timer_ops);
    (void)uv_timer_init(&owner->loop->uv, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

static void on_timer(uv_timer_t *uv)
{
    struct timer *timer = uv->data;

    timer->fn(timer->arg);
}

static void timer_arm(struct timer *timer, uint64_t delay_ms, uint64_t every_ms)
{
    if (timer->base.closing)
        return;
    uv_update_time(handle_loop(&timer->base));
    (void)uv_timer_start(&timer->uv, on_timer, delay_ms, every_ms);
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
    timer_arm(timer, delay_ms > 0 ? delay_ms : 1, 0);
}

void timer_repeat(struct timer *timer, uint64_t every_ms)
{
    uint64_t every = every_ms > 0 ? every_ms : 1;

    timer_arm(timer, every, every);
}

void timer_stop(struct timer *timer)
{
    (void)uv_timer_stop(&timer->uv);
}

bool timer_active(const struct timer *timer)
{
    return uv_is_active((const uv_handle_t *)&timer->uv) != 0;
}

void timer_free(struct timer *timer)
{
    if (timer)
        handle_close(&timer->base);
}
