/* test_options.c - every option table keeps the promises that the loader, the
 * manual page and people rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "options.h"
#include "toolkit/config.h"

enum { HELP_MAX = 80, FALLBACK_MAX = 64 };

static void check_row(const struct option *o)
{
    assert_non_null(o->help);
    assert_in_range(strlen(o->help), 3, HELP_MAX);
    assert_int_not_equal(o->help[strlen(o->help) - 1], '.');
    assert_true(strspn(o->key, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
                strlen(o->key));
    if (o->flags & OPT_REQUIRED)
        assert_null(o->fallback);
    else if (o->type != OPT_TEXT && o->type != OPT_LIST)
        assert_non_null(o->fallback);
    if (o->flags & (OPT_SECRET | OPT_DIGITS))
        assert_int_equal(o->type, OPT_TEXT);
    if (o->type == OPT_INT)
        assert_true(o->min < o->max);
    assert_int_equal(o->type == OPT_ENUM, o->choices != NULL);
}

static void rows_are_well_formed(void **state)
{
    struct option_group group;
    size_t i;

    (void)state;
    for (i = 0; options_group(i, &group); i++) {
        assert_non_null(group.title);
        for (const struct option *o = group.options; o->key; o++)
            check_row(o);
    }
    assert_true(i > 4);
}

/* The driver's rows and those of every line stand in one group. */
static void keys_are_unique(void **state)
{
    struct option_group lines, group;

    (void)state;
    assert_true(options_group(4, &lines));
    assert_string_equal(lines.section, "lines");
    for (size_t i = 0; options_group(i, &group); i++) {
        for (const struct option *o = group.options; o->key; o++) {
            for (const struct option *p = o + 1; p->key; p++)
                assert_string_not_equal(o->key, p->key);
            for (const struct option *p = lines.options; group.driver && p->key;
                 p++)
                assert_string_not_equal(o->key, p->key);
        }
    }
}

/* A default must pass the check of its own option: "key=default" does. */
static void defaults_fit(void **state)
{
    struct option_group group;

    (void)state;
    for (size_t i = 0; options_group(i, &group); i++) {
        for (const struct option *o = group.options; o->key; o++) {
            const struct option table[] = { *o, { 0 } };
            char pair[128];
            const char *const pairs[] = { pair };
            struct err err = { 0 };
            struct settings *s;

            if (!o->fallback)
                continue;
            assert_in_range(strlen(o->fallback), 0, FALLBACK_MAX);
            snprintf(pair, sizeof(pair), "%s=%s", o->key, o->fallback);
            s = settings_new(table, "x", pairs, 1, &err);
            if (!s)
                fail_msg("%s: %s", o->key, err.text);
            settings_free(s);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_well_formed),
        cmocka_unit_test(keys_are_unique),
        cmocka_unit_test(defaults_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
