/* test_card.c - phone book and own number, as modems list them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/card.h"

static void test_range(void **state)
{
    int first = 0, last = 0;

    (void)state;
    assert_true(card_range("+CPBR: (1-250),40,18\n", &first, &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 250);
    assert_true(card_range("+CPBR: 0-99,20\n", &first, &last));
    assert_int_equal(last, 99);
    assert_false(card_range("+CPBR: (1,2,3),40,18\n", &first, &last));
    assert_false(card_range("+CPBR: (9-1),40,18\n", &first, &last));
    assert_false(card_range("+CPBR:\n", &first, &last));
    assert_false(card_range("", &first, &last));
}

static void test_entries(void **state)
{
    const char *cursor = "+CPBR: 1,\"+447700900123\",145,\"Angelica\"\n"
                         "+CPBR: 2,\"07700900124\",129,\"Pet, er\"\n"
                         "+CPBR: 3,\"\",129,\"no number\"\n"
                         "+CPBR: 4,\"123\",129,\"\"\n"
                         "+CPBR: 5\n"
                         "garbage\n"
                         "+CPBR: 6,\"447700900125\",145,\"J{ger\",\"\",0\n";
    struct card_entry entry;

    (void)state;
    assert_true(card_entry_next(&cursor, false, &entry));
    assert_string_equal(entry.number, "+447700900123");
    assert_string_equal(entry.name, "Angelica");
    assert_true(card_entry_next(&cursor, false, &entry));
    assert_string_equal(entry.number, "07700900124");
    assert_string_equal(entry.name, "Pet, er");
    assert_true(card_entry_next(&cursor, false, &entry));
    assert_string_equal(entry.number, "+447700900125");
    assert_string_equal(entry.name, "J\xC3\xA4ger");
    assert_false(card_entry_next(&cursor, false, &entry));
}

static void test_ucs2_entries(void **state)
{
    const char *cursor =
        "+CPBR: 1,\"002B0034003400370037\",145,\"041B0443043D0430\"\n"
        "+CPBR: 2,\"+4478\",145,\"plain all the same\"\n";
    struct card_entry entry;

    (void)state;
    assert_true(card_entry_next(&cursor, true, &entry));
    assert_string_equal(entry.number, "+4477");
    assert_string_equal(entry.name, "\xD0\x9B\xD1\x83\xD0\xBD\xD0\xB0");
    assert_true(card_entry_next(&cursor, true, &entry));
    assert_string_equal(entry.name, "plain all the same");
    assert_false(card_entry_next(&cursor, true, &entry));
}

static void test_long_name(void **state)
{
    char line[1024] = "+CPBR: 1,\"123\",129,\"";
    const char *cursor = line;
    struct card_entry entry;
    size_t n = strlen(line);

    (void)state;
    for (int i = 0; i < 100; i++, n += 2)
        memcpy(line + n, "\xC3\xA9", 3);
    memcpy(line + n, "\"\n", 3);
    assert_true(card_entry_next(&cursor, false, &entry));
    assert_int_equal(strlen(entry.name), 126);
}

static void test_own_number(void **state)
{
    char number[32] = "";

    (void)state;
    assert_true(card_own_number("+CNUM: \"\",\"+447700900000\",145\n", number));
    assert_string_equal(number, "+447700900000");
    assert_true(card_own_number("+CNUM: \"fax\",\"\",129\n"
                                "+CNUM: \"Own\",\"447700900001\",145,,4\n",
                                number));
    assert_string_equal(number, "+447700900001");
    /* A quote is missing (chan_dongle). */
    assert_true(card_own_number("+CNUM: \"\",+79139131234\"\n", number));
    assert_string_equal(number, "+79139131234");
    assert_false(card_own_number("+CNUM: ,\"\",129\n", number));
    assert_false(card_own_number("", number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range),        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_ucs2_entries), cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_own_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
