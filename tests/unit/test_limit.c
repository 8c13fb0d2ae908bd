/* test_limit.c - limits and quiet hours: as written, and on the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/limit.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static void zone(const char *name)
{
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
}

/* UTC */
static int64_t at(int month, int day, int hour, int minute)
{
    return clock_from_date(2026, month, day, hour, minute, 30);
}

/* --- as written ----------------------------------------------------------- */

static void limits_are_read(void **state)
{
    struct limits limits;

    (void)state;
    assert_true(limits_parse(
        "20 messages/day,60 Parts / month , 5contacts/hour", &limits, NULL));
    assert_int_equal(limits.caps[LIMIT_MESSAGES][SPAN_DAY], 20);
    assert_int_equal(limits.caps[LIMIT_PARTS][SPAN_MONTH], 60);
    assert_int_equal(limits.caps[LIMIT_CONTACTS][SPAN_HOUR], 5);
    assert_int_equal(limits.caps[LIMIT_MESSAGES][SPAN_MONTH], 0);
    assert_false(limits_none(&limits));
    assert_true(limits_parse("none", &limits, NULL));
    assert_true(limits_none(&limits));
}

static void no_limits_are_told(void **state)
{
    static const char *const bad[] = {
        "20",
        "20 messages",
        "messages/day",
        "0 parts/day",
        "-1 parts/day",
        "20 texts/day",
        "20 parts/year",
        "20 parts/day x",
        "20 parts/day,",
        "1 parts/day,,",
        "99999999999 parts/day",
        "20 messagesmessagesmessages/day",
        ",",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct limits limits = { { { 7 } } };
        struct err err = { 0 };
        bool last = strcmp(bad[i], "20 parts/day,") == 0;

        assert_int_equal(limits_parse(bad[i], &limits, &err), last);
        if (last)
            continue;
        assert_int_equal(err.kind, ERR_CONFIG);
        assert_int_equal(limits.caps[0][0], 7); /* untouched */
    }
}

/* --- periods -------------------------------------------------------------- */

static void periods_are_local(void **state)
{
    struct period p;

    (void)state;
    zone("Europe/Berlin"); /* UTC+1 in winter */
    p = period_at(SPAN_DAY, at(1, 10, 23, 30));
    assert_int_equal(p.start, clock_from_date(2026, 1, 10, 23, 0, 0));
    assert_int_equal(p.end - p.start, 24 * HOUR);
    p = period_at(SPAN_MONTH, at(1, 31, 23, 30));
    assert_int_equal(p.start, clock_from_date(2026, 1, 31, 23, 0, 0));
    assert_int_equal(p.end, clock_from_date(2026, 2, 28, 23, 0, 0));
    p = period_at(SPAN_MINUTE, at(1, 1, 1, 1));
    assert_int_equal(p.start, clock_from_date(2026, 1, 1, 1, 1, 0));
    assert_int_equal(p.end - p.start, MINUTE);
    zone("Asia/Kolkata"); /* UTC+5:30 */
    p = period_at(SPAN_HOUR, at(1, 1, 1, 40));
    assert_int_equal(p.start, clock_from_date(2026, 1, 1, 1, 30, 0));
    assert_int_equal(p.end - p.start, HOUR);
}

static void a_day_of_23_hours(void **state)
{
    struct period p;

    (void)state;
    zone("Europe/Berlin");
    p = period_at(SPAN_DAY, at(3, 29, 12, 0));
    assert_int_equal(p.end - p.start, 23 * HOUR);
}

/* --- refusals ------------------------------------------------------------- */

static struct err refused(struct limit_use use)
{
    struct err err;

    use.whose = "you have";
    assert_false(limit_refuse(&use, &err));
    return err;
}

static void refusals_say_which_and_when(void **state)
{
    struct err err;

    (void)state;
    zone("UTC");
    err = refused((struct limit_use){ .unit = LIMIT_MESSAGES,
                                      .span = SPAN_DAY,
                                      .cap = 20,
                                      .used = 20,
                                      .n = 1,
                                      .now = at(5, 3, 23, 0) });
    assert_int_equal(err.kind, ERR_LIMITED);
    assert_string_equal(err.text,
                        "you have sent 20 of 20 texts today; again at 00:00");
    assert_int_equal(err.retry_after, 3570);
    err = refused((struct limit_use){ .unit = LIMIT_PARTS,
                                      .span = SPAN_MONTH,
                                      .cap = 60,
                                      .used = 59,
                                      .n = 3,
                                      .now = at(5, 3, 23, 0) });
    assert_string_equal(err.text,
                        "you have sent 59 of 60 SMS parts this month and this "
                        "one needs 3; again on 2026-06-01");
}

static void what_never_fits_is_too_long(void **state)
{
    struct err err = refused((struct limit_use){ .unit = LIMIT_PARTS,
                                                 .span = SPAN_DAY,
                                                 .cap = 2,
                                                 .n = 3,
                                                 .now = at(5, 3, 23, 0) });

    (void)state;
    assert_int_equal(err.kind, ERR_TOO_LONG);
}

/* --- quiet hours ---------------------------------------------------------- */

static void quiet_is_read(void **state)
{
    static const char *const bad[] = { "",
                                       "22",
                                       "22:00",
                                       "22-7",
                                       "22:00-22:00",
                                       "25:00-07:00",
                                       "22:60-07:00",
                                       "22:00-07:00 x",
                                       "22:00-24:01" };
    struct quiet quiet;

    (void)state;
    assert_true(quiet_parse("22:00-07:05", &quiet, NULL));
    assert_int_equal(quiet.from, 22 * 60);
    assert_int_equal(quiet.to, 7 * 60 + 5);
    assert_true(quiet_parse(" 13:00 - 24:00 ", &quiet, NULL));
    assert_int_equal(quiet.to, 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (quiet_parse(bad[i], &quiet, NULL))
            fail_msg("taken: %s", bad[i]);
}

static int64_t until(const char *text, int64_t now)
{
    struct quiet quiet;

    assert_true(quiet_parse(text, &quiet, NULL));
    return quiet_until(&quiet, now);
}

static void quiet_ends(void **state)
{
    (void)state;
    zone("UTC");
    assert_int_equal(until("22:00-07:00", at(5, 3, 21, 59)), 0);
    assert_int_equal(until("22:00-07:00", at(5, 3, 22, 0)),
                     clock_from_date(2026, 5, 4, 7, 0, 0));
    assert_int_equal(until("22:00-07:00", at(5, 4, 6, 59)),
                     clock_from_date(2026, 5, 4, 7, 0, 0));
    assert_int_equal(until("22:00-07:00", at(5, 4, 7, 0)), 0);
    assert_int_equal(until("12:00-13:00", at(5, 4, 12, 0)),
                     clock_from_date(2026, 5, 4, 13, 0, 0));
    assert_int_equal(until("12:00-13:00", at(5, 4, 13, 0)), 0);
    assert_int_equal(until("22:00-24:00", at(5, 4, 23, 59)),
                     clock_from_date(2026, 5, 5, 0, 0, 0));
    assert_int_equal(until("22:00-24:00", at(5, 5, 0, 0)), 0);
    assert_int_equal(until("00:00-06:00", at(5, 5, 0, 0)),
                     clock_from_date(2026, 5, 5, 6, 0, 0));
    assert_int_equal(quiet_until(&(struct quiet){ 0 }, at(5, 5, 0, 0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_read),
        cmocka_unit_test(no_limits_are_told),
        cmocka_unit_test(periods_are_local),
        cmocka_unit_test(a_day_of_23_hours),
        cmocka_unit_test(refusals_say_which_and_when),
        cmocka_unit_test(what_never_fits_is_too_long),
        cmocka_unit_test(quiet_is_read),
        cmocka_unit_test(quiet_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
