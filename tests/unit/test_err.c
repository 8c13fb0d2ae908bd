/* test_err.c - the error and its policy table. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void test_every_kind_has_a_policy(void **state)
{
    (void)state;
    for (int kind = 0; kind < ERR_KINDS; kind++) {
        const struct err_policy *policy = err_policy((enum err_kind)kind);

        assert_non_null(policy->name);
        assert_non_null(policy->condition);
        assert_non_null(policy->type);
        assert_int_equal(err_kind_parse(policy->name), kind);
    }
    assert_int_equal(err_kind_parse("no such kind"), ERR_INTERNAL);
}

static void test_policy_types(void **state)
{
    static const char *const types[] = { "cancel", "modify", "wait", "auth" };

    (void)state;
    for (int kind = 0; kind < ERR_KINDS; kind++) {
        bool known = false;

        for (size_t i = 0; i < 4; i++)
            known = known || strcmp(err_policy((enum err_kind)kind)->type,
                                    types[i]) == 0;
        assert_true(known);
    }
    /* What is tried again is never reported as hopeless. */
    for (int kind = 0; kind < ERR_KINDS; kind++) {
        if (err_policy((enum err_kind)kind)->retry)
            assert_string_equal(err_policy((enum err_kind)kind)->type, "wait");
    }
}

static void test_set_and_wrap(void **state)
{
    struct err err;

    (void)state;
    memset(&err, 0xAA, sizeof err);
    assert_false(err_set(&err, ERR_LIMITED, "%d a minute", 5));
    assert_int_equal(err.kind, ERR_LIMITED);
    assert_int_equal(err.scope, SCOPE_MESSAGE);
    assert_int_equal(err.retry_after, 0);
    assert_string_equal(err.code, "");
    assert_string_equal(err.text, "5 a minute");
    snprintf(err.code, sizeof err.code, "CMS 38");
    assert_false(err_wrap(&err, "line %s", "sim1"));
    assert_string_equal(err.text, "line sim1: 5 a minute");
    assert_string_equal(err.code, "CMS 38");
    assert_false(err_set(&err, ERR_AUTH, "again: %s", err.text));
    assert_string_equal(err.text, "again: line sim1: 5 a minute");
    assert_false(err_set(NULL, ERR_AUTH, "nobody listens"));
    assert_false(err_wrap(NULL, "nobody listens"));
}

static void test_errno(void **state)
{
    struct err err;

    (void)state;
    errno = ENOENT;
    assert_false(err_errno(&err, ERR_CONFIG, "cannot open %s", "x"));
    assert_string_equal(err.text, "cannot open x: No such file or directory");
    assert_false(err_errno(NULL, ERR_CONFIG, "nobody listens"));
}

static void test_long_texts_are_cut_between_characters(void **state)
{
    struct err err;
    char text[600];

    (void)state;
    /* 254 octets, then one character of two. */
    memset(text, 'x', sizeof text);
    memcpy(text + 254, "\xC3\xA9", 3);
    err_set(&err, ERR_INTERNAL, "%s", text);
    assert_int_equal(strlen(err.text), 254);
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_has_a_policy),
        cmocka_unit_test(test_policy_types),
        cmocka_unit_test(test_set_and_wrap),
        cmocka_unit_test(test_errno),
        cmocka_unit_test(test_long_texts_are_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
