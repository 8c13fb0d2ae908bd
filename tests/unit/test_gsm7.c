/* test_gsm7.c - the GSM 7-bit alphabet and its packing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sms/gsm7.h"

static void check_decode(const uint8_t *septets, size_t count,
                         struct gsm7_shift shift, const char *want)
{
    struct buf out;

    buf_init(&out, 1024);
    assert_true(gsm7_decode(&out, septets, count, shift));
    assert_string_equal(buf_text(&out), want);
    buf_free(&out);
}

static void test_encode_char(void **state)
{
    static const struct {
        uint32_t cp;
        size_t n;
        uint8_t want[2];
    } cases[] = {
        { '@', 1, { 0x00 } },        { 'A', 1, { 'A' } },
        { '\n', 1, { 0x0A } },       { 0xE0, 1, { 0x7F } },
        { 0xC7, 1, { 0x09 } },       { 0xE7, 1, { 0x09 } },
        { 0x3A9, 1, { 0x15 } },      { 0x20AC, 2, { 0x1B, 0x65 } },
        { '{', 2, { 0x1B, 0x28 } },  { '\\', 2, { 0x1B, 0x2F } },
        { 0x0C, 2, { 0x1B, 0x0A } }, { 0, 0, { 0 } },
        { 0x1B, 0, { 0 } },          { '`', 0, { 0 } },
        { 0x401, 0, { 0 } },         { 0x1F600, 0, { 0 } },
        { 0x10040, 0, { 0 } },
    };
    uint8_t out[2];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gsm7_encode_char(cases[i].cp, out), cases[i].n);
        assert_memory_equal(out, cases[i].want, cases[i].n);
    }
}

/* Every septet decodes to a character that encodes to it again. */
static void test_default_table_both_ways(void **state)
{
    uint8_t out[2];

    (void)state;
    for (uint8_t septet = 0; septet < 128; septet++) {
        uint32_t cp = gsm7_locking(0, septet);

        if (septet == GSM7_ESCAPE)
            continue;
        assert_int_equal(gsm7_encode_char(cp, out), 1);
        assert_int_equal(out[0], septet);
        cp = gsm7_single(0, septet);
        if (cp == 0)
            continue;
        assert_int_equal(gsm7_encode_char(cp, out), 2);
        assert_int_equal(out[1], septet);
    }
}

static void test_escapes(void **state)
{
    static const struct gsm7_shift plain = { 0, 0 };

    (void)state;
    check_decode((const uint8_t *)"\x1B\x65", 2, plain, "\xE2\x82\xAC");
    /* No entry: the character of the main table. */
    check_decode((const uint8_t *)"\x1B\x41", 2, plain, "A");
    check_decode((const uint8_t *)"\x1B\x1B", 2, plain, " ");
    check_decode((const uint8_t *)"\x1B\x1B\x65", 3, plain, " e");
    check_decode((const uint8_t *)"a\x1B", 2, plain, "a ");
    check_decode((const uint8_t *)"\x00\x00", 2, plain, "@@");
    check_decode((const uint8_t *)"\xC1\xE5", 2, plain, "Ae");
}

static void test_national_tables(void **state)
{
    (void)state;
    check_decode((const uint8_t *)"\x07\x1C\x1D", 3,
                 (struct gsm7_shift){ .locking = 1 },
                 "\xC4\xB1\xC5\x9E\xC5\x9F");
    check_decode((const uint8_t *)"\x1B\x67\x07", 3,
                 (struct gsm7_shift){ .single = 1 }, "\xC4\x9F\xC3\xAC");
    check_decode((const uint8_t *)"\x1B\x09", 2,
                 (struct gsm7_shift){ .single = 2 }, "\xC3\xA7");
    /* Tamil has no septet 0. */
    check_decode((const uint8_t *)"\x00", 1,
                 (struct gsm7_shift){ .locking = 11 }, "\xEF\xBF\xBD");
    /* Languages that do not exist (yet). */
    check_decode((const uint8_t *)"\x00\x1B\x65", 3,
                 (struct gsm7_shift){ 14, 255 }, "@\xE2\x82\xAC");
    assert_string_equal(gsm7_language(13), "Urdu");
    assert_null(gsm7_language(14));
}

static void test_decoder_in_pieces(void **state)
{
    struct gsm7_decoder decoder = { .escaped = false };
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    assert_true(gsm7_feed(&decoder, &out, (const uint8_t *)"a\x1B", 2));
    assert_true(gsm7_feed(&decoder, &out, (const uint8_t *)"e\x1B", 2));
    assert_true(gsm7_finish(&decoder, &out));
    assert_string_equal(buf_text(&out), "a\xE2\x82\xAC ");
    assert_false(decoder.escaped);
    buf_free(&out);
    buf_init(&out, 2);
    assert_false(gsm7_decode(&out, (const uint8_t *)"abc", 3,
                             (struct gsm7_shift){ 0, 0 }));
    buf_free(&out);
}

static void test_fits(void **state)
{
    uint8_t out[8];
    size_t n = 77;

    (void)state;
    assert_true(gsm7_fits("a{\xE2\x82\xAC}", 6, &n));
    assert_int_equal(n, 7);
    assert_true(gsm7_fits("", 0, &n));
    assert_int_equal(n, 0);
    assert_false(gsm7_fits("\xD0\x81", 2, NULL));
    assert_false(gsm7_fits("\xFF", 1, NULL));
    assert_true(gsm7_encode("{a", 2, out, 3, &n));
    assert_int_equal(n, 3);
    assert_memory_equal(out,
                        "\x1B\x28"
                        "a",
                        3);
    assert_false(gsm7_encode("{a", 2, out, 2, &n));
    assert_false(gsm7_encode("a{", 2, out, 2, &n));
    assert_false(gsm7_encode("\xD0\x81", 2, out, 8, &n));
}

static void test_pack(void **state)
{
    /* TS 23.038 6.1.2: "hello" is the usual example. */
    static const struct {
        const char *septets;
        size_t count;
        unsigned fill;
        const char *octets;
        size_t size;
    } cases[] = {
        { "", 0, 0, "", 0 },
        { "hello", 5, 0, "\xE8\x32\x9B\xFD\x06", 5 },
        { "hellohello", 10, 0, "\xE8\x32\x9B\xFD\x46\x97\xD9\xEC\x37", 9 },
        { "\x7F", 1, 1, "\xFE", 1 },
        { "\x7F", 1, 6, "\xC0\x1F", 2 },
        { "\x7F\x7F", 2, 3, "\xF8\xFF\x01", 3 },
        { "", 0, 1, "\x00", 1 },
    };
    uint8_t octets[16], septets[16];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = gsm7_pack(octets, sizeof octets, cases[i].fill,
                             (const uint8_t *)cases[i].septets, cases[i].count);

        assert_int_equal(n, cases[i].size);
        assert_memory_equal(octets, cases[i].octets, n);
        assert_int_equal(gsm7_unpack(septets, sizeof septets, octets, n,
                                     cases[i].fill, cases[i].count),
                         cases[i].count);
        assert_memory_equal(septets, cases[i].septets, cases[i].count);
    }
    assert_int_equal(gsm7_pack(octets, 4, 0, (const uint8_t *)"hello", 5), 0);
    /* Fewer octets or less room than the count asks for. */
    assert_int_equal(gsm7_unpack(septets, 16, octets, 2, 0, 9), 2);
    assert_int_equal(gsm7_unpack(septets, 1, octets, 3, 0, 9), 1);
    assert_int_equal(gsm7_unpack(septets, 16, octets, 0, 0, 9), 0);
}

static void test_pack_ussd(void **state)
{
    uint8_t octets[16];

    (void)state;
    assert_int_equal(gsm7_pack_ussd(octets, 16, (const uint8_t *)"*100#xy", 7),
                     7);
    assert_int_equal(octets[6] >> 1, 0x0D);
    assert_int_equal(gsm7_pack_ussd(octets, 16, (const uint8_t *)"*100#xyz", 8),
                     7);
    assert_int_equal(
        gsm7_pack_ussd(octets, 16, (const uint8_t *)"*100#xy\r", 8), 8);
    assert_int_equal(octets[7], 0x0D);
    assert_int_equal(gsm7_pack_ussd(octets, 7, (const uint8_t *)"*100#xy\r", 8),
                     0);
    assert_int_equal(gsm7_pack_ussd(octets, 16, NULL, 0), 0);
}

/* Random texts of the alphabet, any length and fill: the same again. */
static void test_round_trip(void **state)
{
    (void)state;
    srandom(7);
    for (int round = 0; round < 2000; round++) {
        uint8_t septets[400], octets[400], again[400];
        size_t want = (size_t)random() % 160, n, size;
        unsigned fill = (unsigned)random() % 7;
        struct buf text, back;

        buf_init(&text, 1024);
        buf_init(&back, 1024);
        for (size_t i = 0; i < want; i++) {
            uint8_t septet = (uint8_t)(random() % 128);
            uint32_t cp = random() % 8 == 0 ? gsm7_single(0, septet) : 0;
            char utf8[4];

            if (cp == 0)
                cp = gsm7_locking(0, septet);
            if (cp != 0)
                buf_add(&text, utf8, utf8_put(utf8, cp));
        }
        assert_true(gsm7_encode(buf_text(&text), text.len, septets,
                                sizeof septets, &n));
        size = gsm7_pack(octets, sizeof octets, fill, septets, n);
        assert_int_equal(size, (7 * n + fill + 7) / 8);
        assert_int_equal(
            gsm7_unpack(again, sizeof again, octets, size, fill, n), n);
        assert_true(gsm7_decode(&back, again, n, (struct gsm7_shift){ 0, 0 }));
        assert_string_equal(buf_text(&back), buf_text(&text));
        buf_free(&text);
        buf_free(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_char),
        cmocka_unit_test(test_default_table_both_ways),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_national_tables),
        cmocka_unit_test(test_decoder_in_pieces),
        cmocka_unit_test(test_fits),
        cmocka_unit_test(test_pack),
        cmocka_unit_test(test_pack_ussd),
        cmocka_unit_test(test_round_trip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
