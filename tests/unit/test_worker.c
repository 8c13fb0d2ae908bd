/* test_worker.c - jobs run in order, in groups, off the loop thread; `done`
 * runs in order on it. */
#include <pthread.h>

#include "on_loop.h"

#include "toolkit/worker.h"

enum { GROUP_MAX = 100 };

struct bench;

struct task {
    struct job job; /* first */
    struct bench *bench;
    unsigned number;
    unsigned more; /* tasks that `done` submits */
    bool drain;    /* `done` drains */
    bool worked;
};

struct bench {
    struct on_loop *on;
    struct worker *worker;
    pthread_t loop_thread;
    unsigned submitted, done, stop_at;
    unsigned worked, groups, longest; /* the worker's until a done follows */
};

static void do_tasks(void *arg, struct job *jobs)
{
    struct bench *bench = arg;
    unsigned length = 0;

    assert_false(pthread_equal(pthread_self(), bench->loop_thread));
    for (struct job *job = jobs; job; job = job->next) {
        struct task *task = (struct task *)job;

        assert_int_equal(task->number, bench->worked);
        task->worked = true;
        bench->worked++;
        length++;
    }
    bench->groups++;
    if (length > bench->longest)
        bench->longest = length;
}

static void bench_submit(struct bench *bench, unsigned more, bool drain);

static void task_done(struct job *job)
{
    struct task *task = (struct task *)job;
    struct bench *bench = task->bench;
    bool drain = task->drain;

    assert_true(pthread_equal(pthread_self(), bench->loop_thread));
    assert_true(task->worked);
    assert_int_equal(task->number, bench->done);
    bench->done++;
    if (task->more > 0)
        bench_submit(bench, task->more - 1, false);
    free(task);
    if (drain)
        worker_drain(bench->worker);
    if (bench->done == bench->stop_at)
        loop_stop(bench->on->loop);
}

static void bench_submit(struct bench *bench, unsigned more, bool drain)
{
    struct task *task = xcalloc(1, sizeof(*task));

    task->bench = bench;
    task->job.done = task_done;
    task->number = bench->submitted++;
    task->more = more;
    task->drain = drain;
    worker_submit(bench->worker, &task->job);
}

static void bench_begin(struct bench *bench, void **state)
{
    *bench = (struct bench){ .on = *state, .loop_thread = pthread_self() };
    bench->worker = worker_new(&bench->on->owner, do_tasks, bench, GROUP_MAX);
}

static void on_submit_three(void *arg)
{
    for (int i = 0; i < 3; i++)
        bench_submit(arg, 0, false);
}

static void makes_one_group_of_one_turn(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    bench.stop_at = 3;
    timer_start(timer_new(&bench.on->owner, on_submit_three, &bench), 1);
    loop_run(bench.on->loop);
    assert_int_equal(bench.groups, 1);
    assert_int_equal(worker_pending(bench.worker), 0);
}

static void keeps_groups_small(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    bench.stop_at = 10 * GROUP_MAX + 1;
    for (unsigned i = 0; i < bench.stop_at; i++)
        bench_submit(&bench, 0, false);
    assert_int_equal(worker_pending(bench.worker), bench.stop_at);
    loop_run(bench.on->loop);
    assert_true(bench.longest <= GROUP_MAX);
    assert_int_equal(bench.worked, bench.stop_at);
}

/* Every turn the thread falls asleep and is woken, or finds more: 20,000 jobs
 * in 16 chains, none is lost. */
static void loses_no_wake_up(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    bench.stop_at = 16 * 1250;
    for (int i = 0; i < 16; i++)
        bench_submit(&bench, 1249, false);
    loop_run(bench.on->loop);
    assert_int_equal(bench.done, 16 * 1250);
}

static void drains(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    for (int i = 0; i < 500; i++)
        bench_submit(&bench, 0, false);
    worker_drain(bench.worker);
    assert_int_equal(bench.done, 500);
    assert_int_equal(worker_pending(bench.worker), 0);
    worker_drain(bench.worker);
}

static void drains_what_done_submits(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    bench_submit(&bench, 20, false);
    worker_drain(bench.worker);
    assert_int_equal(bench.done, 21);
}

static void drains_from_done(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    bench.stop_at = 40;
    for (int i = 0; i < 40; i++)
        bench_submit(&bench, 0, i == 10);
    loop_run(bench.on->loop);
    assert_int_equal(bench.done, 40);
}

static void closes_without_work(void **state)
{
    struct bench bench;

    bench_begin(&bench, state);
    on_loop_close(bench.on);
    assert_int_equal(bench.groups, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(makes_one_group_of_one_turn),
        ON_LOOP(keeps_groups_small),
        ON_LOOP(loses_no_wake_up),
        ON_LOOP(drains),
        ON_LOOP(drains_what_done_submits),
        ON_LOOP(drains_from_done),
        ON_LOOP(closes_without_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
