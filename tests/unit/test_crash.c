/* test_crash.c - the named points where tests kill the daemon. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crash.h"

/* How a child ends that passes INSERT and WRITE `times` times each: the
 * signal, or 0 when it lives. */
static int run(const char *spec, int times)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (spec != NULL)
            setenv("MOONGATE_CRASH", spec, 1);
        else
            unsetenv("MOONGATE_CRASH");
        crash_init();
        for (int i = 0; i < times; i++) {
            crash_at(CRASH_INSERT);
            crash_at(CRASH_WRITE);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_points(void **state)
{
    (void)state;
    assert_int_equal(run("insert:1", 1), SIGKILL);
    assert_int_equal(run("insert:3", 2), 0);
    assert_int_equal(run("insert:3", 3), SIGKILL);
    assert_int_equal(run("write:2", 5), SIGKILL);
    assert_int_equal(run("write", 1), SIGKILL);
    assert_int_equal(run("delete:1", 5), 0);
    assert_int_equal(run(NULL, 5), 0);
}

static void test_wrong_specs(void **state)
{
    (void)state;
    assert_int_equal(run("", 5), 0);
    assert_int_equal(run("nowhere:1", 5), 0);
    assert_int_equal(run("insert:0", 5), 0);
    assert_int_equal(run("insert:x", 5), 0);
    assert_int_equal(run("insert:1x", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_wrong_specs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
