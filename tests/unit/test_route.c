/* test_route.c - which line carries an address, and in which order lines are
 * asked. Nothing runs: lines are what the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "core/route.h"
#include "toolkit/settings.h"

enum { LINES = 4, PREFIXES_MAX = 4 };

/* --- prefixes ------------------------------------------------------------- */

static const struct {
    const char *prefixes[PREFIXES_MAX];
    const char *address;
    bool covers;
} covers[] = {
    { { NULL }, "+447700900123", true },
    { { "+44" }, "+447700900123", true },
    { { "+44" }, "+33612345678", false },
    { { "+44", "+33" }, "+33612345678", true },
    { { "!+4490" }, "+447700900123", true },
    { { "!+4490" }, "+4490123", false },
    { { "!+44", "+4477" }, "+447700900123", true },
    { { "+4477", "!+44" }, "+447700900123", true },
    { { "+44", "!+4490" }, "+4490123", false },
    { { "+44", "!+4490", "+44901" }, "+4490123", true },
    { { "+44", "!+4490" }, "+33612345678", false },
    { { "!+44", "!+33" }, "+15550100", true },
    { { "+44" }, "12345;phone-context=44", false },
    { { "123" }, "12345;phone-context=44", true },
    { { "+447700900123" }, "+4477", false },
};

static void longest_prefix_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(covers) / sizeof(covers[0]); i++) {
        const char *prefixes[PREFIXES_MAX];
        struct route route = { .prefixes = prefixes };

        memcpy(prefixes, covers[i].prefixes, sizeof(prefixes));
        while (route.n_prefixes < PREFIXES_MAX && prefixes[route.n_prefixes])
            route.n_prefixes++;
        if (route_covers(&route, covers[i].address) != covers[i].covers)
            fail_msg("row %zu: %s", i, covers[i].address);
    }
}

/* --- the list ------------------------------------------------------------- */

struct lines {
    struct core core;
    struct network network;
    struct driver driver;
    struct settings settings[LINES];
    struct line lines[LINES];
    char names[LINES][2];
    struct line *list[ROUTES_MAX];
};

static int setup(void **state)
{
    struct lines *l = xcalloc(1, sizeof(*l));

    l->network.core = &l->core;
    l->driver.limits.in_flight = 1;
    for (size_t i = 0; i < LINES; i++) {
        struct line *line = &l->lines[i];

        l->names[i][0] = (char)('a' + i);
        l->settings[i].name = l->names[i];
        line->core = &l->core;
        line->network = &l->network;
        line->driver = &l->driver;
        line->settings = &l->settings[i];
        line->state = LINE_ONLINE;
        line->life = 2;
        line->route.weight = 1;
        (void)snprintf(line->sim, sizeof(line->sim), "sim-%zu", i);
        DL_APPEND(l->core.lines, line);
    }
    *state = l;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

/* The list in letters: "abcd". */
static const char *list(struct lines *l, struct route_query query)
{
    static char text[LINES + 1];
    size_t n;

    query.to = query.to ? query.to : "+447700900123";
    n = route_list(&l->network, &query, l->list);
    for (size_t i = 0; i < n; i++)
        text[i] = line_name(l->list[i])[0];
    text[n] = '\0';
    return text;
}

static void in_turn(void **state)
{
    struct lines *l = *state;
    struct route_query any = { 0 };

    assert_string_equal(list(l, any), "abcd");
    route_served(&l->lines[0], 1);
    assert_string_equal(list(l, any), "bcda");
    route_served(&l->lines[1], 3);
    route_served(&l->lines[2], 1);
    assert_string_equal(list(l, any), "dacb");
}

/* Who was away has nothing to catch up on. */
static void no_credit(void **state)
{
    struct lines *l = *state;

    l->lines[3].state = LINE_BACKOFF;
    for (size_t i = 0; i < 30; i++)
        route_served(&l->lines[i % 3], 1);
    l->lines[3].state = LINE_ONLINE;
    route_served(&l->lines[3], 1);
    route_served(&l->lines[3], 1);
    assert_int_not_equal(list(l, (struct route_query){ 0 })[0], 'd');
}

static void cheapest_first_then_free_then_turn(void **state)
{
    struct lines *l = *state;

    l->lines[0].route.cost = 2;
    l->lines[1].route.cost = 1;
    assert_string_equal(list(l, (struct route_query){ 0 }), "cdba");
    l->lines[2].in_hand = 1; /* busy */
    assert_string_equal(list(l, (struct route_query){ 0 }), "dcba");
    l->lines[3].in_hand = 3;
    assert_string_equal(list(l, (struct route_query){ 0 }), "cdba");
}

static void busy_ones_by_their_load(void **state)
{
    struct lines *l = *state;

    for (size_t i = 0; i < LINES; i++)
        l->lines[i].in_hand = 4 - i;
    l->lines[0].route.weight = 5;
    route_served(&l->lines[3], 1);
    assert_string_equal(list(l, (struct route_query){ 0 }), "adcb");
}

static void sticky_beats_all(void **state)
{
    struct lines *l = *state;

    l->lines[3].route.cost = 9;
    l->lines[3].in_hand = 9;
    assert_string_equal(list(l, (struct route_query){ .line = "d" }), "dabc");
    assert_string_equal(
        list(l, (struct route_query){ .line = "d", .sim = "sim-1" }), "bdac");
}

static void only_what_works(void **state)
{
    struct lines *l = *state;

    l->lines[0].state = LINE_BACKOFF;
    l->lines[1].duty = DUTY_PAUSED;
    l->lines[2].duty = DUTY_DRAINING;
    assert_string_equal(list(l, (struct route_query){ .line = "a" }), "d");
}

static void begun_stays_on_its_sim(void **state)
{
    struct lines *l = *state;
    struct route_query begun = { .line = "a", .sim = "sim-2", .begun = true };

    assert_string_equal(list(l, begun), "c");
    l->lines[2].duty = DUTY_DRAINING;
    assert_string_equal(list(l, begun), "c");
    l->lines[2].duty = DUTY_PAUSED;
    assert_string_equal(list(l, begun), "");
}

/* Also to where the line would not send by itself. */
static void begun_needs_no_prefix(void **state)
{
    struct lines *l = *state;
    const char *prefixes[] = { "+33" };

    l->lines[2].route.prefixes = prefixes;
    l->lines[2].route.n_prefixes = 1;
    assert_string_equal(list(l, (struct route_query){ 0 }), "abd");
    assert_string_equal(
        list(l, (struct route_query){ .sim = "sim-2", .begun = true }), "c");
}

static void first_start_is_waited_for(void **state)
{
    struct lines *l = *state;

    l->lines[0].state = LINE_STARTING;
    l->lines[0].life = 1;
    assert_string_equal(list(l, (struct route_query){ .line = "a" }), "");
    assert_string_equal(list(l, (struct route_query){ .line = "b" }), "bcd");
    l->lines[0].duty = DUTY_PAUSED;
    assert_string_equal(list(l, (struct route_query){ .line = "a" }), "bcd");
}

#define LINES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_prefix_decides),
        LINES_TEST(in_turn),
        LINES_TEST(no_credit),
        LINES_TEST(cheapest_first_then_free_then_turn),
        LINES_TEST(busy_ones_by_their_load),
        LINES_TEST(sticky_beats_all),
        LINES_TEST(only_what_works),
        LINES_TEST(begun_stays_on_its_sim),
        LINES_TEST(begun_needs_no_prefix),
        LINES_TEST(first_start_is_waited_for),
    };

    return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
