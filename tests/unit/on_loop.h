/* on_loop.h - a loop, an owner and a deadline for tests of the toolkit. */
#ifndef MOONGATE_TESTS_ON_LOOP_H
#define MOONGATE_TESTS_ON_LOOP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "toolkit/loop.h"
#include "toolkit/timer.h"

enum { ON_LOOP_DEADLINE_MS = 60000 };

struct on_loop {
    struct loop *loop;
    struct owner owner; /* the test's */
    struct owner guard;
};

static inline void on_loop_late(void *arg)
{
    (void)arg;
    (void)fputs("nothing happened for too long\n", stderr);
    abort();
}

static inline void on_loop_stop(void *arg)
{
    struct on_loop *on = arg;

    loop_stop(on->loop);
}

static inline int on_loop_setup(void **state)
{
    struct on_loop *on = xcalloc(1, sizeof(*on));

    on->loop = loop_new();
    owner_init(&on->owner, on->loop);
    owner_init(&on->guard, on->loop);
    timer_start(timer_new(&on->guard, on_loop_late, NULL), ON_LOOP_DEADLINE_MS);
    *state = on;
    return 0;
}

/* Closes the test's owner and waits until all of it is gone. */
static inline void on_loop_close(struct on_loop *on)
{
    owner_close(&on->owner, on_loop_stop, on);
    loop_run(on->loop);
}

static inline int on_loop_teardown(void **state)
{
    struct on_loop *on = *state;

    on_loop_close(on);
    owner_close(&on->guard, on_loop_stop, on);
    loop_run(on->loop);
    loop_free(on->loop);
    free(on);
    return 0;
}

#define ON_LOOP(name)                                                          \
    cmocka_unit_test_setup_teardown(name, on_loop_setup, on_loop_teardown)

#endif
