/* test_gsm_loopback.c - the teaching driver, and the table of drivers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drivers.h"
#include "fake_core.h"

extern const struct driver loopback_driver;

#define PHONE "+447700900123"

static struct fake *open_with(const char *a, const char *b)
{
    const char *options[] = { a, b, NULL };
    struct fake *fake = fake_new(&loopback_driver, options);

    assert_true(fake_start(fake));
    assert_non_null(fake_wait(fake, "online ", 1000));
    assert_int_equal(fake_plan(fake, PHONE, "hello"), 1);
    return fake;
}

static void test_echo(void **state)
{
    struct fake *fake = open_with(NULL, NULL);

    (void)state;
    assert_true(fake_send(fake, 0, 5, false));
    assert_non_null(fake_wait(fake, "sent 5 ", 0));
    assert_non_null(fake_wait(fake, PHONE " delivered", 0));
    assert_non_null(fake_wait(fake, "received " PHONE "|hello", 0));
    fake_free(fake);
}

static void test_delay(void **state)
{
    struct fake *fake = open_with("delay_ms=50", "echo=false");
    int64_t begin = clock_mono_ms();

    (void)state;
    for (uint64_t ticket = 1; ticket <= 3; ticket++)
        assert_true(fake_send(fake, 0, ticket, false));
    assert_int_equal(fake_count(fake, "sent"), 0);
    assert_non_null(fake_wait(fake, "sent 1 ", 2000));
    assert_non_null(fake_wait(fake, "sent 2 ", 2000));
    assert_non_null(fake_wait(fake, "sent 3 ", 2000));
    assert_true(clock_mono_ms() - begin >= 49);
    assert_int_equal(fake_count(fake, "received"), 0);
    assert_true(fake_send(fake, 0, 4, false)); /* left to destroy */
    fake_free(fake);
}

static void expect_end(const char *fail, const char *want)
{
    struct fake *fake = open_with(fail, NULL);

    assert_true(fake_send(fake, 0, 1, false));
    if (want != NULL)
        assert_non_null(fake_wait(fake, want, 0));
    assert_int_equal(fake_count(fake, " 1 "), want != NULL);
    fake_free(fake);
}

static void test_failures(void **state)
{
    (void)state;
    expect_end("fail=reject", "failed 1 rejected");
    expect_end("fail=temporary", "failed 1 temporary");
    expect_end("fail=unsure", "unsure 1 ");
    expect_end("fail=silent", NULL);
}

static void test_stop(void **state)
{
    struct fake *fake = open_with("reports=false", NULL);

    (void)state;
    assert_int_equal(fake_count(fake, "online 17 "), 1);
    loopback_driver.stop(fake_line(fake));
    assert_non_null(fake_wait(fake, "offline ", 0));
    fake_free(fake);
}

/* What the core asserts of every driver. */
static void test_drivers(void **state)
{
    size_t n = 0;

    (void)state;
    for (const struct driver *const *all = drivers_all(); all[n]; n++) {
        const struct driver *driver = all[n];

        assert_ptr_equal(drivers_find(driver->name), driver);
        assert_int_equal(driver->size, sizeof(*driver));
        assert_int_equal(driver->abi, DRIVER_ABI);
        assert_true(driver->start && driver->stop && driver->plan &&
                    driver->send);
        assert_int_equal(!driver->assemble, !(driver->caps & CAP_FRAGMENTS));
        for (const struct option *o = driver->options; o->key; o++)
            assert_true(o->help && o->help[strlen(o->help) - 1] != '.');
    }
    assert_int_equal(n, 4);
    assert_null(drivers_find("carrier-pigeon"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo),     cmocka_unit_test(test_delay),
        cmocka_unit_test(test_failures), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_drivers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
