/* test_utf8.c - UTF-8 decoding, encoding and cleaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void test_next(void **state)
{
    /* Unicode 15, tables 3-8 to 3-11: one U+FFFD for each maximal subpart. */
    static const struct {
        const char *text;
        uint32_t want[8];
    } cases[] = {
        { "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
          { 'a', 0xE9, 0x20AC, 0x1F600 } },
        { "\xC0\xAF\x41", { 0xFFFD, 0xFFFD, 'A' } },
        { "\xE0\x80\xBF\x41", { 0xFFFD, 0xFFFD, 0xFFFD, 'A' } },
        { "\xED\xA0\x80", { 0xFFFD, 0xFFFD, 0xFFFD } },
        { "\xF4\x91\x92\x93\x41", { 0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD, 'A' } },
        { "\xE1\x80\xE2\xF0\x91\x92\x41", { 0xFFFD, 0xFFFD, 0xFFFD, 'A' } },
        { "\xFF\x80", { 0xFFFD, 0xFFFD } },
        { "\xF0\x9F\x98", { 0xFFFD } },
        { "\xF4\x8F\xBF\xBF", { 0x10FFFF } },
        { "\xED\x9F\xBF\xEE\x80\x80", { 0xD7FF, 0xE000 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text), n = 0;

        for (size_t pos = 0; pos < size;)
            assert_int_equal(utf8_next(cases[i].text, size, &pos),
                             cases[i].want[n++]);
        assert_int_equal(cases[i].want[n], 0);
        assert_int_equal(utf8_length(cases[i].text, size), n);
    }
}

static void test_put_and_next_agree(void **state)
{
    char text[4];

    (void)state;
    for (uint32_t cp = 0; cp <= 0x110010; cp++) {
        bool bad = cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF);
        size_t size = utf8_put(text, cp), pos = 0;

        if (utf8_next(text, size, &pos) != (bad ? 0xFFFD : cp) || pos != size ||
            !utf8_valid(text, size))
            fail_msg("code point %X", cp);
    }
}

static void test_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
    assert_false(utf8_valid("\x80", 1));
    assert_false(utf8_valid("\xC3", 1));
    assert_false(utf8_valid("\xED\xBF\xBF", 3));
}

static void test_clean(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *want;
    } cases[] = {
        { "plain \t\n", 8, "plain \t\n" },
        { "a\r\nb\rc\n", 7, "a\nb\nc\n" },
        { "\r", 1, "\n" },
        { "a\0b\x01\x1F", 5, "ab" },
        { "\x7F\xC2\x85", 3, "\x7F\xC2\x85" },
        { "x\xEF\xBF\xBE\xEF\xBF\xBF", 7, "x\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\xFF", 1, "\xEF\xBF\xBD" },
        { "\xF0\x9F\x98\x80", 4, "\xF0\x9F\x98\x80" },
    };
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_init(&out, 64);
        assert_true(utf8_clean(&out, cases[i].text, cases[i].size));
        assert_string_equal(buf_text(&out), cases[i].want);
        buf_free(&out);
    }
    buf_init(&out, 3);
    assert_false(utf8_clean(&out, "abcd", 4));
    buf_free(&out);
}

/* Whatever comes in, what goes out is valid and legal in XML. */
static void test_clean_of_noise(void **state)
{
    struct buf out;
    char noise[200];

    (void)state;
    srandom(1);
    for (int round = 0; round < 2000; round++) {
        size_t size = (size_t)random() % sizeof noise;

        for (size_t i = 0; i < size; i++)
            noise[i] = (char)(random() >> 3);
        buf_init(&out, 3 * sizeof noise);
        assert_true(utf8_clean(&out, noise, size));
        assert_true(utf8_valid(buf_text(&out), out.len));
        for (size_t pos = 0; pos < out.len;)
            assert_true(utf8_is_xml(utf8_next(out.data, out.len, &pos)));
        buf_free(&out);
    }
}

static void test_units(void **state)
{
    (void)state;
    assert_int_equal(utf8_units("a\xE2\x82\xAC\xF0\x9F\x98\x80", 8), 4);
    assert_int_equal(utf8_units("\xF0\x9F", 2), 1);
    assert_int_equal(utf8_units("", 0), 0);
}

static void test_contains(void **state)
{
    static const struct {
        const char *text, *part;
        bool found;
    } rows[] = {
        { "Juliet Capulet", "capu", true },
        { "Juliet", "", true },
        { "", "", true },
        { "", "x", false },
        { "abc", "abcd", false },
        { "\u00c1ngela \u041b\u0443\u043d\u0438\u043d\u0430", "\u00e1NG",
          true },
        { "\u00c1ngela \u041b\u0443\u043d\u0438\u043d\u0430", "\u043b\u0423",
          true },
        { "\u0386\u03a1\u0397\u03a3", "\u03ac\u03c1\u03b7", true },
        { "\u015aliwa \u017b", "\u015bLIWA \u017c", true },
        { "\u00d7", "\u00f7", false },
        { "\xff"
          "a",
          "A", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(utf8_contains(rows[i].text, rows[i].part),
                         rows[i].found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_put_and_next_agree),
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_clean_of_noise),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_contains),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
