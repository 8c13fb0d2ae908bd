/* test_ucs2.c - UTF-16BE to UTF-8 and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sms/ucs2.h"

static void test_decode(void **state)
{
    static const struct {
        const char *octets;
        size_t size;
        const char *want;
    } cases[] = {
        { "", 0, "" },
        { "\x00"
          "A\x20\xAC",
          4, "A\xE2\x82\xAC" },
        { "\xD8\x3D\xDE\x00", 4, "\xF0\x9F\x98\x80" },
        { "\xD8\x3D\x00"
          "A",
          4,
          "\xEF\xBF\xBD"
          "A" },
        { "\xDE\x00\x00"
          "A",
          4,
          "\xEF\xBF\xBD"
          "A" },
        { "\xD8\x3D", 2, "\xEF\xBF\xBD" },
        { "\xD8\x3D\xD8\x3D\xDE\x00", 6, "\xEF\xBF\xBD\xF0\x9F\x98\x80" },
        { "\x00"
          "A\x00",
          3, "A\xEF\xBF\xBD" },
        { "\xD8\x3D\xDE", 3, "\xEF\xBF\xBD\xEF\xBF\xBD" },
    };
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_init(&out, 64);
        assert_true(
            ucs2_decode(&out, (const uint8_t *)cases[i].octets, cases[i].size));
        assert_string_equal(buf_text(&out), cases[i].want);
        buf_free(&out);
    }
    buf_init(&out, 2);
    assert_false(ucs2_decode(&out, (const uint8_t *)"\x20\xAC", 2));
    buf_free(&out);
}

/* However a text is cut, feeding the pieces gives the same. */
static void test_pieces(void **state)
{
    static const uint8_t octets[] = { 0, 'a', 0xD8, 0x3D, 0xDE, 0, 0, 'b' };

    (void)state;
    for (size_t cut = 0; cut <= sizeof octets; cut++) {
        struct ucs2_decoder decoder = { 0 };
        struct buf out;

        buf_init(&out, 64);
        assert_true(ucs2_feed(&decoder, &out, octets, cut));
        assert_true(
            ucs2_feed(&decoder, &out, octets + cut, sizeof octets - cut));
        assert_true(ucs2_finish(&decoder, &out));
        assert_string_equal(buf_text(&out), "a\xF0\x9F\x98\x80"
                                            "b");
        buf_free(&out);
    }
}

static void test_nul(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    assert_true(ucs2_decode(&out, (const uint8_t *)"\0A\0\0\0B", 6));
    assert_int_equal(out.len, 3);
    assert_memory_equal(buf_text(&out), "A\0B", 4);
    buf_free(&out);
}

static void test_encode(void **state)
{
    uint8_t out[8];
    size_t n = 77;

    (void)state;
    assert_true(ucs2_encode("A\xF0\x9F\x98\x80", 5, out, 6, &n));
    assert_int_equal(n, 6);
    assert_memory_equal(out, "\0A\xD8\x3D\xDE\0", 6);
    assert_false(ucs2_encode("A\xF0\x9F\x98\x80", 5, out, 5, &n));
    assert_true(ucs2_encode("", 0, out, 0, &n));
    assert_int_equal(n, 0);
}

static void test_round_trip(void **state)
{
    (void)state;
    srandom(3);
    for (int round = 0; round < 2000; round++) {
        uint8_t octets[400];
        struct buf text, back;
        size_t n;

        buf_init(&text, 1024);
        buf_init(&back, 1024);
        for (long i = random() % 60; i > 0; i--) {
            char utf8[4];
            uint32_t cp = (uint32_t)random() >> (random() % 4 * 5 + 10);

            buf_add(&text, utf8, utf8_put(utf8, cp));
        }
        assert_true(
            ucs2_encode(buf_text(&text), text.len, octets, sizeof octets, &n));
        assert_int_equal(n, 2 * utf8_units(buf_text(&text), text.len));
        assert_true(ucs2_decode(&back, octets, n));
        assert_int_equal(back.len, text.len);
        assert_memory_equal(buf_text(&back), buf_text(&text), text.len);
        buf_free(&text);
        buf_free(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),     cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_nul),        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
