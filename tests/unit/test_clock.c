/* test_clock.c - dates, times and the two clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static void test_iso(void **state)
{
    static const struct {
        int64_t ms;
        const char *want;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { 1795253400123, "2026-11-21T09:30:00.123Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { INT64_MAX, "9999-12-31T23:59:59.999Z" },
        { INT64_MIN, "0000-01-01T00:00:00.000Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(clock_iso(cases[i].ms).text, cases[i].want);
    assert_string_equal(clock_words(1795253400123).text,
                        "2026-11-21 09:30 UTC");
}

static void test_date(void **state)
{
    (void)state;
    assert_int_equal(clock_from_date(1970, 1, 1, 0, 0, 0), 0);
    assert_int_equal(clock_from_date(2026, 11, 21, 9, 30, 0), 1795253400000);
    assert_int_equal(clock_from_date(2000, 0, 0, 31, 99, 99),
                     clock_from_date(2000, 1, 1, 23, 59, 59));
    assert_int_equal(clock_from_date(2023, 2, 31, 0, 0, 0),
                     clock_from_date(2023, 2, 28, 0, 0, 0));
    assert_int_equal(clock_from_date(2024, 2, 31, 0, 0, 0),
                     clock_from_date(2024, 2, 29, 0, 0, 0));
    assert_int_equal(clock_from_date(-5, 13, 1, -1, -1, -1),
                     clock_from_date(0, 12, 1, 0, 0, 0));
}

/* Every day of 1600 years, against libc and back through clock_iso. */
static void test_against_libc(void **state)
{
    (void)state;
    for (int64_t day = -135000; day < 450000; day += 7) {
        time_t seconds = (time_t)(day * 86400 + 12345);
        struct tm date;
        char want[32];

        assert_non_null(gmtime_r(&seconds, &date));
        strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000Z", &date);
        assert_string_equal(clock_iso((int64_t)seconds * 1000).text, want);
        assert_int_equal(clock_from_date(date.tm_year + 1900, date.tm_mon + 1,
                                         date.tm_mday, date.tm_hour,
                                         date.tm_min, date.tm_sec),
                         (int64_t)seconds * 1000);
    }
}

static void test_clocks(void **state)
{
    int64_t before = clock_mono_us();

    (void)state;
    assert_true(clock_mono_us() >= before);
    assert_true(clock_mono_ms() >= before / 1000);
    assert_true(clock_wall_ms() > clock_from_date(2024, 1, 1, 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso),
        cmocka_unit_test(test_date),
        cmocka_unit_test(test_against_libc),
        cmocka_unit_test(test_clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
