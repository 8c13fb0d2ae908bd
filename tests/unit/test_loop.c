/* test_loop.c - laters run before the loop waits; a closed owner is silent, and
 * is told when everything is gone. */
#include <signal.h>
#include <unistd.h>

#include "on_loop.h"

struct trace {
    struct on_loop *on;
    struct later *later, *other;
    struct timer *timer; /* started by the first later */
    char text[64];
    unsigned count, limit;
};

static void trace_add(struct trace *trace, const char *word)
{
    size_t size = strlen(trace->text);

    (void)snprintf(trace->text + size, sizeof(trace->text) - size, "%s", word);
}

static void on_later(void *arg)
{
    struct trace *trace = arg;

    trace_add(trace, "l");
    if (trace->timer && !timer_active(trace->timer))
        timer_start(trace->timer, 1);
}

static void on_other_asks(void *arg)
{
    struct trace *trace = arg;

    trace_add(trace, "o");
    later_ask(trace->later);
}

static void on_timer_stops(void *arg)
{
    struct trace *trace = arg;

    trace_add(trace, "t");
    loop_stop(trace->on->loop);
}

static void runs_a_later_once_before_it_waits(void **state)
{
    struct trace trace = { .on = *state };
    struct owner *owner = &trace.on->owner;

    trace.later = later_new(owner, on_later, &trace);
    trace.other = later_new(owner, on_other_asks, &trace);
    trace.timer = timer_new(owner, on_timer_stops, &trace);
    later_ask(trace.other);
    later_ask(trace.other);
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "olt");
}

static void keeps_the_order_of_asking(void **state)
{
    struct trace trace = { .on = *state };
    struct owner *owner = &trace.on->owner;

    trace.later = later_new(owner, on_later, &trace);
    trace.other = later_new(owner, on_other_asks, &trace);
    trace.timer = timer_new(owner, on_timer_stops, &trace);
    later_ask(trace.later);
    later_ask(trace.other);
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "lolt");
}

static void on_later_again(void *arg)
{
    struct trace *trace = arg;

    trace->count++;
    later_ask(trace->later);
}

/* It would never stop if a later could keep the loop from its timers. */
static void asks_itself_without_starving_others(void **state)
{
    struct trace trace = { .on = *state };

    trace.later = later_new(&trace.on->owner, on_later_again, &trace);
    timer_start(timer_new(&trace.on->owner, on_timer_stops, &trace), 5);
    later_ask(trace.later);
    loop_run(trace.on->loop);
    assert_true(trace.count > 10);
}

static void on_closed(void *arg)
{
    struct trace *trace = arg;

    trace_add(trace, "c");
    loop_stop(trace->on->loop);
}

static void closes_an_empty_owner_later(void **state)
{
    struct trace trace = { .on = *state };

    owner_close(&trace.on->owner, on_closed, &trace);
    assert_string_equal(trace.text, "");
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "c");
}

static void on_timer_closes(void *arg)
{
    struct trace *trace = arg;

    trace_add(trace, "t");
    later_ask(trace->later);
    owner_close(&trace->on->owner, on_closed, trace);
    later_ask(trace->later);
}

static void on_signal(void *arg, int signum)
{
    (void)signum;
    trace_add(arg, "s");
}

/* Of two timers that are due and a later, only what ran first is heard. */
static void is_silent_once_closed(void **state)
{
    struct trace trace = { .on = *state };
    struct owner *owner = &trace.on->owner;

    trace.later = later_new(owner, on_later, &trace);
    loop_on_signal(owner, SIGUSR1, on_signal, &trace);
    timer_start(timer_new(owner, on_timer_closes, &trace), 1);
    timer_start(timer_new(owner, on_timer_closes, &trace), 1);
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "tc");
    assert_null(owner->handles);
    assert_int_equal(owner->closing, 0);
}

static void can_be_used_again(void **state)
{
    struct trace trace = { .on = *state };

    for (int i = 0; i < 3; i++) {
        (void)later_new(&trace.on->owner, on_later, &trace);
        owner_close(&trace.on->owner, on_closed, &trace);
        loop_run(trace.on->loop);
    }
    assert_string_equal(trace.text, "ccc");
}

struct line {
    struct owner owner;
    struct loop *loop;
    char state[100];
};

static void on_line_closed(void *arg)
{
    struct line *line = arg;
    struct loop *loop = line->loop;

    free(line);
    loop_stop(loop);
}

static void on_line_timer(void *arg)
{
    struct line *line = arg;

    owner_close(&line->owner, on_line_closed, line);
    memset(line->state, 1, sizeof(line->state));
}

/* What the core does with a line: everything in one block, freed in `closed`.
 */
static void lets_the_owner_be_freed(void **state)
{
    struct on_loop *on = *state;
    struct line *line = xcalloc(1, sizeof(*line));

    line->loop = on->loop;
    owner_init(&line->owner, on->loop);
    timer_repeat(timer_new(&line->owner, on_line_timer, line), 1);
    timer_repeat(timer_new(&line->owner, on_line_timer, line), 1);
    loop_run(on->loop);
    assert_null(on->owner.handles);
}

static void on_signal_stops(void *arg, int signum)
{
    struct trace *trace = arg;

    assert_int_equal(signum, SIGUSR1);
    trace_add(trace, "s");
    loop_stop(trace->on->loop);
}

static void hears_signals(void **state)
{
    struct trace trace = { .on = *state };

    loop_on_signal(&trace.on->owner, SIGUSR1, on_signal_stops, &trace);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "s");
}

static void returns_at_once_when_stopped_before(void **state)
{
    struct trace trace = { .on = *state };

    timer_start(timer_new(&trace.on->owner, on_timer_stops, &trace), 1);
    loop_stop(trace.on->loop);
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "");
    loop_run(trace.on->loop);
    assert_string_equal(trace.text, "t");
}

static void frees_what_is_still_closing(void **state)
{
    struct loop *loop = loop_new();
    struct owner owner;

    (void)state;
    owner_init(&owner, loop);
    (void)timer_new(&owner, on_timer_stops, NULL);
    owner_close(&owner, NULL, NULL);
    loop_free(loop);
    assert_int_equal(owner.closing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(runs_a_later_once_before_it_waits),
        ON_LOOP(keeps_the_order_of_asking),
        ON_LOOP(asks_itself_without_starving_others),
        ON_LOOP(closes_an_empty_owner_later),
        ON_LOOP(is_silent_once_closed),
        ON_LOOP(can_be_used_again),
        ON_LOOP(lets_the_owner_be_freed),
        ON_LOOP(hears_signals),
        ON_LOOP(returns_at_once_when_stopped_before),
        cmocka_unit_test(frees_what_is_still_closing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
