/* test_timer.c - timers fire when they should, and not when they should not. */
#include "on_loop.h"

#include "base/clock.h"

struct ticks {
    struct on_loop *on;
    struct timer *timer;
    unsigned count, stop_at;
    int64_t started, fired;
};

static void on_tick(void *arg)
{
    struct ticks *ticks = arg;

    ticks->fired = clock_mono_us();
    if (++ticks->count == ticks->stop_at)
        loop_stop(ticks->on->loop);
}

static void wait_ms(struct on_loop *on, uint64_t ms)
{
    struct timer *timer = timer_new(&on->owner, on_loop_stop, on);

    timer_start(timer, ms);
    loop_run(on->loop);
    timer_free(timer);
}

static void fires_once(void **state)
{
    struct ticks ticks = { .on = *state };

    ticks.timer = timer_new(&ticks.on->owner, on_tick, &ticks);
    assert_false(timer_active(ticks.timer));
    timer_start(ticks.timer, 2);
    assert_true(timer_active(ticks.timer));
    wait_ms(ticks.on, 20);
    assert_int_equal(ticks.count, 1);
    assert_false(timer_active(ticks.timer));
}

static void repeats(void **state)
{
    struct ticks ticks = { .on = *state, .stop_at = 5 };

    ticks.timer = timer_new(&ticks.on->owner, on_tick, &ticks);
    timer_repeat(ticks.timer, 1);
    loop_run(ticks.on->loop);
    assert_int_equal(ticks.count, 5);
    assert_true(timer_active(ticks.timer));
}

static void stops_and_starts_again(void **state)
{
    struct ticks ticks = { .on = *state, .stop_at = 1 };

    ticks.timer = timer_new(&ticks.on->owner, on_tick, &ticks);
    timer_start(ticks.timer, 1);
    timer_stop(ticks.timer);
    wait_ms(ticks.on, 10);
    assert_int_equal(ticks.count, 0);
    timer_start(ticks.timer, 100000);
    timer_start(ticks.timer, 1);
    loop_run(ticks.on->loop);
    assert_int_equal(ticks.count, 1);
}

static void on_slow_turn(void *arg)
{
    struct ticks *ticks = arg;
    int64_t until = clock_mono_us() + 60000;

    while (clock_mono_us() < until)
        continue;
    ticks->started = clock_mono_us();
    timer_start(ticks->timer, 40);
}

/* The turn was longer than the delay; it still counts from the start. */
static void counts_from_now_after_a_slow_turn(void **state)
{
    struct ticks ticks = { .on = *state, .stop_at = 1 };
    struct timer *slow = timer_new(&ticks.on->owner, on_slow_turn, &ticks);

    ticks.timer = timer_new(&ticks.on->owner, on_tick, &ticks);
    timer_start(slow, 1);
    loop_run(ticks.on->loop);
    assert_true(ticks.fired - ticks.started >= 38000);
}

static void on_tick_frees(void *arg)
{
    struct ticks *ticks = arg;

    ticks->count++;
    timer_free(ticks->timer);
    timer_start(ticks->timer, 1); /* closed, but still there: nothing */
    assert_false(timer_active(ticks->timer));
}

static void frees_itself_in_its_callback(void **state)
{
    struct ticks ticks = { .on = *state };

    ticks.timer = timer_new(&ticks.on->owner, on_tick_frees, &ticks);
    timer_repeat(ticks.timer, 1);
    wait_ms(ticks.on, 20);
    assert_int_equal(ticks.count, 1);
    timer_free(NULL);
}

static void on_zero(void *arg)
{
    struct ticks *ticks = arg;

    ticks->count++;
    timer_start(ticks->timer, 0);
}

static void does_not_spin_with_no_delay(void **state)
{
    struct ticks ticks = { .on = *state };

    ticks.timer = timer_new(&ticks.on->owner, on_zero, &ticks);
    timer_start(ticks.timer, 0);
    wait_ms(ticks.on, 20);
    assert_in_range(ticks.count, 1, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(fires_once),
        ON_LOOP(repeats),
        ON_LOOP(stops_and_starts_again),
        ON_LOOP(counts_from_now_after_a_slow_turn),
        ON_LOOP(frees_itself_in_its_callback),
        ON_LOOP(does_not_spin_with_no_delay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
