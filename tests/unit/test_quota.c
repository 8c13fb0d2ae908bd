/* test_quota.c - caps and their periods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "core/quota.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static void zone(const char *name)
{
    assert_int_equal(setenv("TZ", name, 1), 0);
    tzset();
}

static int64_t at(int month, int day, int hour, int minute)
{
    return clock_from_date(2026, month, day, hour, minute, 30);
}

static struct quota quota_at(int64_t now)
{
    struct quota quota = { 0 };

    assert_true(quota_roll(&quota, now));
    return quota;
}

/* --- periods -------------------------------------------------------------- */

static void days_are_local(void **state)
{
    struct quota quota;

    (void)state;
    zone("Asia/Tokyo"); /* UTC+9 */
    quota = quota_at(at(3, 31, 14, 59));
    assert_int_equal(quota.spans[QUOTA_DAY].end,
                     clock_from_date(2026, 3, 31, 15, 0, 0));
    assert_int_equal(quota.spans[QUOTA_MONTH].end,
                     clock_from_date(2026, 3, 31, 15, 0, 0));
    assert_int_equal(quota.spans[QUOTA_MONTH].start,
                     clock_from_date(2026, 2, 28, 15, 0, 0));
    assert_int_equal(quota.spans[QUOTA_MINUTE].start,
                     clock_from_date(2026, 3, 31, 14, 59, 0));
}

static void days_may_have_23_hours(void **state)
{
    struct quota quota;

    (void)state;
    zone("Europe/London");
    quota = quota_at(at(3, 29, 12, 0));
    assert_int_equal(quota.spans[QUOTA_DAY].end - quota.spans[QUOTA_DAY].start,
                     23 * HOUR);
    quota = quota_at(at(10, 25, 12, 0));
    assert_int_equal(quota.spans[QUOTA_DAY].end - quota.spans[QUOTA_DAY].start,
                     25 * HOUR);
}

static void a_new_period_begins_at_nothing(void **state)
{
    struct quota quota;
    struct spend spend;

    (void)state;
    zone("UTC0");
    quota = quota_at(at(5, 1, 23, 58));
    spend = quota_spend(&quota, 2);
    assert_false(quota_roll(&quota, at(5, 1, 23, 59)));
    assert_int_equal(quota.spans[QUOTA_MINUTE].used, 0);
    assert_int_equal(quota.spans[QUOTA_DAY].used, 2);
    /* Another day is asked of the store, with all that it knows. */
    assert_true(quota_roll(&quota, at(5, 2, 0, 0)));
    for (int i = 0; i < QUOTA_SPANS; i++)
        assert_int_equal(quota.spans[i].used, 0);
    /* What is given back of yesterday is none of today's. */
    quota_give_back(&quota, &spend, 1);
    assert_int_equal(quota.spans[QUOTA_DAY].used, 0);
    assert_int_equal(quota.spans[QUOTA_MONTH].used, -1);
}

static void a_clock_set_back_asks_the_store(void **state)
{
    struct quota quota;

    (void)state;
    zone("UTC0");
    quota = quota_at(at(5, 2, 12, 0));
    assert_true(quota_roll(&quota, at(5, 2, 11, 0)));
    assert_true(quota_roll(&quota, at(5, 1, 11, 0)));
    assert_false(quota_roll(&quota, at(5, 1, 11, 1)));
}

static void stored_amounts_are_of_their_period(void **state)
{
    const struct spent spent = { .minute = 1, .day = 10, .month = 100 };
    struct spent_since since;
    struct quota quota;

    (void)state;
    zone("UTC0");
    quota = quota_at(at(5, 2, 12, 0));
    since = quota_since(&quota);
    (void)quota_spend(&quota, 1);
    quota_add_stored(&quota, &since, &spent);
    assert_int_equal(quota.spans[QUOTA_MINUTE].used, 2);
    assert_int_equal(quota.spans[QUOTA_DAY].used, 11);
    assert_int_equal(quota.spans[QUOTA_MONTH].used, 101);
    quota = quota_at(at(5, 2, 12, 1));
    quota_add_stored(&quota, &since, &spent);
    assert_int_equal(quota.spans[QUOTA_MINUTE].used, 0);
    assert_int_equal(quota.spans[QUOTA_DAY].used, 10);
}

/* --- caps ---------------------------------------------------------------- */

static const struct {
    int64_t cap, used, reserved;
    size_t parts;
    bool begun, fits;
} rows[] = {
    { 0, 1000, 0, 10, false, true }, /* no cap */
    { 10, 9, 0, 1, false, true },    { 10, 10, 0, 1, false, false },
    { 10, 8, 0, 3, false, false },   { 10, 8, 1, 1, false, true },
    { 10, 8, 2, 1, false, false },   { 10, 8, 2, 1, true, true },
    { 10, 10, 0, 1, true, false },   { 3, 0, 0, 5, false, true },
    { 3, 1, 0, 5, false, false },    { 3, 0, 1, 5, false, false },
};

static void caps(void **state)
{
    (void)state;
    zone("UTC0");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct quota quota = quota_at(at(5, 2, 12, 0));

        quota.spans[QUOTA_DAY].cap = rows[i].cap;
        quota.spans[QUOTA_DAY].used = rows[i].used;
        quota.reserved = rows[i].reserved;
        if (quota_fits(&quota, rows[i].parts, rows[i].begun) != rows[i].fits)
            fail_msg("row %zu", i);
    }
}

static void waits_for_the_latest_period(void **state)
{
    int64_t now = at(5, 2, 12, 0);
    struct quota quota;

    (void)state;
    zone("UTC0");
    quota = quota_at(now);
    quota.spans[QUOTA_MINUTE].cap = 1;
    quota.spans[QUOTA_DAY].cap = 5;
    (void)quota_spend(&quota, 1);
    assert_int_equal(quota_clears(&quota, 1, false, now), now + MINUTE / 2);
    (void)quota_spend(&quota, 4);
    assert_int_equal(quota_clears(&quota, 1, false, now),
                     clock_from_date(2026, 5, 3, 0, 0, 0));
}

/* What others have reserved may come free at any time. */
static void looks_again_soon_at_what_is_reserved(void **state)
{
    int64_t now = at(5, 2, 12, 0);
    struct quota quota;

    (void)state;
    zone("UTC0");
    quota = quota_at(now);
    quota.spans[QUOTA_DAY].cap = 5;
    quota.reserved = 5;
    assert_in_range(quota_clears(&quota, 1, false, now), now + 1, now + 5000);
}

static void minutes_are_stored_only_with_a_cap(void **state)
{
    struct quota quota;

    (void)state;
    zone("UTC0");
    quota = quota_at(at(5, 2, 12, 0));
    assert_int_equal(quota_spend(&quota, 1).minute, 0);
    quota.spans[QUOTA_MINUTE].cap = 9;
    assert_int_equal(quota_spend(&quota, 1).minute,
                     clock_from_date(2026, 5, 2, 12, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_are_local),
        cmocka_unit_test(days_may_have_23_hours),
        cmocka_unit_test(a_new_period_begins_at_nothing),
        cmocka_unit_test(a_clock_set_back_asks_the_store),
        cmocka_unit_test(stored_amounts_are_of_their_period),
        cmocka_unit_test(caps),
        cmocka_unit_test(waits_for_the_latest_period),
        cmocka_unit_test(looks_again_soon_at_what_is_reserved),
        cmocka_unit_test(minutes_are_stored_only_with_a_cap),
    };

    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
