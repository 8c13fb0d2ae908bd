/* test_amount.c - sums as operators write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/amount.h"

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        { "12", 1200 },         { "12.5", 1250 },
        { "12,50", 1250 },      { "12.", 1200 },
        { "12.50.", 1250 },     { "-0,05", -5 },
        { "1.234", 123400 },    { "1,234.56", 123456 },
        { "1.234,56", 123456 }, { "1.234.567", 123456700 },
        { "0.00", 0 },          { "999999999999999", 99999999999999900 },
    };
    int64_t amount = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(
            amount_parse(cases[i].text, strlen(cases[i].text), &amount));
        assert_true(amount == cases[i].want);
    }
    amount = 7;
    assert_false(amount_parse("", 0, &amount));
    assert_false(amount_parse("-.,", 3, &amount));
    assert_false(amount_parse("9999999999999999", 16, &amount));
    assert_int_equal(amount, 7);
}

static void test_text(void **state)
{
    (void)state;
    assert_string_equal(amount_text(123456).text, "1234.56");
    assert_string_equal(amount_text(-5).text, "-0.05");
    assert_string_equal(amount_text(0).text, "0.00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
