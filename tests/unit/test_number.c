/* test_number.c - phone numbers as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"

static const struct number_plan uk = { "44", "0", "00" };
static const struct number_plan us = { "1", "1", "011" };
static const struct number_plan italy = { "39", "", "00" };
static const struct number_plan russia = { "7", "8", "810" };
static const struct number_plan none = { "", "", "" };

static const struct {
    const struct number_plan *plan;
    const char *typed, *want; /* NULL: refused */
} cases[] = {
    { &uk, "+447700900123", "+447700900123" },
    { &uk, "07700 900123", "+447700900123" },
    { &uk, "(07700) 900-123", "+447700900123" },
    { &uk, "07700.900.123", "+447700900123" },
    { &uk, "0044 7700 900123", "+447700900123" },
    { &uk, "tel:+44-7700-900123", "+447700900123" },
    { &uk, "SMS:07700900123", "+447700900123" },
    { &uk, "sms:+447700900123?body=hello", "+447700900123" },
    { &uk, "+44 (0)7700 900123", "+447700900123" },
    { &uk, "+44 (0) 7700 900123", "+447700900123" },
    { &uk, "447700900123", "+447700900123" },
    { &uk, "7700900123", "+447700900123" },
    { &uk,
      "\xE2\x80\xAA+44\xC2\xA0"
      "7700\xE2\x80\x91"
      "900123\xE2\x80\xAC",
      "+447700900123" },
    { &uk,
      "\xEF\xBC\x8B\xEF\xBC\x94\xEF\xBC\x94"
      "7700900123",
      "+447700900123" },
    { &uk, "12345", "12345;phone-context=+44" },
    { &uk, "123", "123;phone-context=+44" },
    { &uk, "123456", "123456;phone-context=+44" },
    { &uk, "12345;phone-context=+44", "12345;phone-context=+44" },
    { &uk, "12345;phone-context=44", "12345;phone-context=+44" },
    { &uk, "tel:12345;phone-context=+49", "12345;phone-context=+49" },
    { &uk, "12", NULL },
    { &uk, "", NULL },
    { &uk, "   ", NULL },
    { &uk, "+", NULL },
    { &uk, "hello", NULL },
    { &uk, "+44 7700 CALL", NULL },
    { &uk, "++447700900123", NULL },
    { &uk, "44+7700900123", NULL },
    { &uk, "+123456", NULL },
    { &uk, "+1234567890123456", NULL },
    { &uk, "+0447700900123", NULL },
    { &uk, "*100#", NULL },
    { &uk, "12345;ext=4", NULL },
    { &uk, "12345;phone-context=example.org", NULL },
    { &uk, "07700900123;phone-context=+44", NULL },
    { &uk, "0770090012307700900123", NULL },
    { &us, "(212) 555-0123", "+12125550123" },
    { &us, "1-212-555-0123", "+12125550123" },
    { &us, "011 44 7700 900123", "+447700900123" },
    { &us, "46645", "46645;phone-context=+1" },
    { &italy, "06 1234 5678", "+390612345678" },
    { &italy, "3931234567", "+393931234567" },
    { &russia, "8 916 123-45-67", "+79161234567" },
    { &russia, "79161234567", "+79161234567" },
    { &russia, "810 44 7700 900123", "+447700900123" },
    { &none, "+447700900123", "+447700900123" },
    { &none, "00447700900123", "+447700900123" },
    { &none, "07700900123", NULL },
    { &none, "12345", NULL },
};

static void test_canonical(void **state)
{
    char out[NUMBER_MAX];
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool ok;

        memcpy(out, "untouched", sizeof "untouched");
        ok = number_canonical(cases[i].plan, cases[i].typed, out, &err);
        if (ok != (cases[i].want != NULL))
            fail_msg("%s: %s", cases[i].typed, ok ? out : err.text);
        assert_string_equal(out, ok ? cases[i].want : "untouched");
        if (!ok) {
            assert_int_equal(err.kind, ERR_BAD_ADDRESS);
            assert_true(err.text[0] != '\0');
            continue;
        }
        assert_true(number_is_canonical(out));
        /* What is canonical stays what it is, under every plan. */
        assert_true(number_canonical(&us, cases[i].want, out, &err));
        assert_string_equal(out, cases[i].want);
    }
}

static void test_is_canonical(void **state)
{
    static const char *const wrong[] = {
        "",
        "+",
        "447700900123",
        "+44 7700900123",
        "+123456",
        "+1234567890123456",
        "+0447700900123",
        "12345",
        "12;phone-context=+44",
        "1234567;phone-context=+44",
        "12345;phone-context=",
        "12345;phone-context=+",
        "12345;phone-context=44",
        "12345;phone-context=+44x",
        "12345;phone-context=+12345678",
        "12345;Phone-Context=44",
        "+447700900123;phone-context=+44",
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(number_is_canonical(wrong[i]));
    assert_true(number_is_canonical("+1234567"));
    assert_true(number_is_canonical("12345;phone-context=+44"));
}

static void test_dial(void **state)
{
    char out[16];

    (void)state;
    number_dial("+447700900123", out, sizeof out);
    assert_string_equal(out, "+447700900123");
    number_dial("12345;phone-context=+44", out, sizeof out);
    assert_string_equal(out, "12345");
    number_dial("+447700900123", out, 5);
    assert_string_equal(out, "+447");
}

static void test_long_input(void **state)
{
    static char text[5000];
    char out[NUMBER_MAX];

    (void)state;
    memset(text, '1', sizeof text - 1);
    assert_false(number_canonical(&uk, text, out, NULL));
    memset(text, ' ', sizeof text - 1);
    assert_false(number_canonical(&uk, text, out, NULL));
}

static void test_contains(void **state)
{
    static const struct {
        const char *canonical, *typed;
        bool found;
    } rows[] = {
        { "+447700900123", "07700 900", true },
        { "+447700900123", "(0044) 7700", true },
        { "+447700900123", "+44 7700-900123", true },
        { "+447700900123", "0123", true },
        { "+447700900123", "\uff17\uff17\uff10\uff10", true },
        { "+447700900123", "7701", false },
        { "+447700900123", "bob", false },
        { "+447700900123", "7700 bob", false },
        { "+447700900123", "", false },
        { "+447700900123", "00", false },
        { "12345;phone-context=+44", "12345", true },
        { "12345;phone-context=+44", "44", false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(number_contains(rows[i].canonical, rows[i].typed),
                         rows[i].found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical), cmocka_unit_test(test_is_canonical),
        cmocka_unit_test(test_dial),      cmocka_unit_test(test_long_input),
        cmocka_unit_test(test_contains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
