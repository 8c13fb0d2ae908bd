/* test_concat.c - cutting long texts and joining parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sms/concat.h"

#define EMOJI "\xF0\x9F\x98\x80" /* U+1F600 */
#define SMALL "\xD1\x8F"         /* Cyrillic ya: UCS-2, one unit */
#define FAMILY                                                                 \
    "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D"                 \
    "\xF0\x9F\x91\xA7" /* man ZWJ woman ZWJ girl, 8 units */
#define FLAG "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA" /* DE, 4 units */
#define ACUTE "e\xCC\x81"                       /* e, combining acute */

static void repeat(struct buf *out, const char *text, size_t times)
{
    while (times-- > 0)
        assert_true(buf_add_text(out, text));
}

struct built {
    struct buf text;
    struct concat_plan plan;
};

/* `head` n times, then `tail`. */
static unsigned split(struct built *built, const char *head, size_t n,
                      const char *tail)
{
    static const struct concat_options options = { .reference = 7 };

    buf_init(&built->text, 1 << 20);
    repeat(&built->text, head, n);
    repeat(&built->text, tail, 1);
    assert_true(concat_split(buf_text(&built->text), built->text.len, &options,
                             &built->plan, NULL));
    return built->plan.total;
}

static void test_sizes(void **state)
{
    static const struct {
        const char *head;
        size_t n;
        const char *tail;
        enum pdu_alphabet alphabet;
        unsigned total, first_units;
    } cases[] = {
        { "", 0, "", PDU_GSM7, 1, 0 },
        { "a", 160, "", PDU_GSM7, 1, 160 },
        { "a", 161, "", PDU_GSM7, 2, 153 },
        { "a", 306, "", PDU_GSM7, 2, 153 },
        { "a", 307, "", PDU_GSM7, 3, 153 },
        { "a", 158, "{", PDU_GSM7, 1, 160 },
        { "a", 159, "{", PDU_GSM7, 2, 153 },
        /* 153 is odd: an escape pair must not be cut. */
        { "{", 100, "", PDU_GSM7, 2, 152 },
        { SMALL, 70, "", PDU_UCS2, 1, 70 },
        { SMALL, 71, "", PDU_UCS2, 2, 67 },
        { EMOJI, 35, "", PDU_UCS2, 1, 70 },
        { EMOJI, 36, "", PDU_UCS2, 2, 66 },
        { FAMILY, 8, "", PDU_UCS2, 1, 64 },
        { FAMILY, 9, "", PDU_UCS2, 2, 64 },
        { FLAG, 18, "", PDU_UCS2, 2, 64 },
        { ACUTE, 36, "", PDU_UCS2, 2, 66 },
        { "a", 66, FAMILY, PDU_UCS2, 2, 66 },
        { "a", 69, EMOJI, PDU_UCS2, 2, 67 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct built built;

        if (split(&built, cases[i].head, cases[i].n, cases[i].tail) !=
                cases[i].total ||
            built.plan.alphabet != cases[i].alphabet ||
            built.plan.parts[0].units != cases[i].first_units)
            fail_msg("case %zu: %u parts, first %u", i, built.plan.total,
                     built.plan.parts[0].units);
        buf_free(&built.text);
    }
}

/* A cluster that is longer than a part has to be cut somewhere. */
static void test_endless_cluster(void **state)
{
    struct built built;

    (void)state;
    assert_int_equal(split(&built, "\xCC\x81", 200, ""), 3);
    assert_int_equal(built.plan.parts[0].units, 67);
    assert_int_equal(built.plan.parts[2].units, 200 - 134);
    buf_free(&built.text);
}

/* Of a regional-indicator row only pairs belong together. */
static void test_flags(void **state)
{
    struct built built;

    (void)state;
    assert_int_equal(split(&built, SMALL, 65, FLAG FLAG), 2);
    assert_int_equal(built.plan.parts[0].units, 65);
    buf_free(&built.text);
    assert_int_equal(split(&built, SMALL, 63, FLAG FLAG), 2);
    assert_int_equal(built.plan.parts[0].units, 67);
    buf_free(&built.text);
}

static void test_wide(void **state)
{
    static const struct concat_options wide = { .reference = 0x1234,
                                                .wide = true };
    static const char header[] = "\x06\x08\x04\x12\x34\x02\x02";
    struct concat_plan plan;
    struct pdu pdu;
    char text[305];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_true(concat_split(text, 304, &wide, &plan, NULL));
    assert_int_equal(plan.total, 2);
    assert_int_equal(plan.parts[1].units, 152);
    assert_true(concat_split(text, 305, &wide, &plan, NULL));
    assert_int_equal(plan.total, 3);
    assert_true(concat_split(text, 304, &wide, &plan, NULL));
    assert_true(pdu_init_submit(&pdu, "+447700900123", NULL));
    concat_fill(&plan, text, 1, &pdu);
    assert_int_equal(pdu.udh_size, 7);
    assert_memory_equal(pdu.udh, header, 7);
}

static void test_limits(void **state)
{
    static char text[255 * 153 + 1];
    struct concat_options options = { .max_parts = 0 };
    struct concat_plan plan;
    struct err err;

    (void)state;
    memset(text, 'a', sizeof text);
    assert_true(concat_split(text, sizeof text - 1, &options, &plan, &err));
    assert_int_equal(plan.total, 255);
    assert_false(concat_split(text, sizeof text, &options, &plan, &err));
    assert_int_equal(err.kind, ERR_TOO_LONG);
    assert_string_equal(err.text, "the text needs 256 parts, the "
                                  "limit is 255");
    options.wide = true;
    assert_true(concat_split(text, 255 * 152, &options, &plan, &err));
    assert_false(concat_split(text, 255 * 152 + 1, &options, &plan, &err));
    options.max_parts = 2;
    assert_false(concat_split(text, 305, &options, &plan, &err));
    assert_non_null(strstr(err.text, "needs 3"));
    assert_non_null(strstr(err.text, "limit is 2"));
    options.max_parts = 9999;
    assert_true(concat_split(text, 305, &options, &plan, &err));
}

static void test_limits_ucs2(void **state)
{
    struct concat_options options = { .max_parts = 0 };
    struct concat_plan plan;
    struct buf text;

    (void)state;
    buf_init(&text, 1 << 20);
    repeat(&text, SMALL, 255 * 67);
    assert_true(concat_split(buf_text(&text), text.len, &options, &plan, NULL));
    assert_int_equal(plan.total, 255);
    repeat(&text, SMALL, 1);
    assert_false(
        concat_split(buf_text(&text), text.len, &options, &plan, NULL));
    buf_free(&text);
}

/* Encodes part `i` as a phone would get it, and decodes it. */
static void through_the_air(const struct concat_plan *plan, const char *text,
                            unsigned i, struct pdu *pdu)
{
    struct pdu_bytes bytes;
    struct pdu out;

    assert_true(pdu_init_submit(&out, "+447700900123", NULL));
    out.type = PDU_DELIVER;
    concat_fill(plan, text, i, &out);
    assert_true(pdu_encode(&out, &bytes, NULL));
    assert_true(bytes.tpdu <= 164);
    assert_true(pdu_decode(bytes.bytes, bytes.size, pdu, NULL));
    if (plan->total > 1) {
        assert_int_equal(pdu->concat.seq, i + 1);
        assert_int_equal(pdu->concat.total, plan->total);
        assert_int_equal(pdu->concat.reference, plan->options.reference);
    }
}

static void add_noise(struct buf *text, bool gsm)
{
    static const char *const gsm_pieces[] = { "a",     "{",  "\xE2\x82\xAC",
                                              "@",     "\n", "\xC3\xA9",
                                              "hello " };
    static const char *const pieces[] = { "a",  SMALL, EMOJI,          FAMILY,
                                          FLAG, ACUTE, "\xEF\xBF\xBD", "\r\n" };

    for (long i = random() % 300; i > 0; i--)
        buf_add_text(text,
                     gsm ? gsm_pieces[random() % 7] : pieces[random() % 8]);
}

/* Random texts, cut, encoded, decoded and joined: the same again, and no part
 * is over its room or invalid by itself. */
static void test_round_trip(void **state)
{
    (void)state;
    srandom(11);
    for (int round = 0; round < 1000; round++) {
        struct concat_options options = { .reference = 200,
                                          .wide = round % 2 != 0 };
        struct concat_plan plan;
        struct concat_join join;
        struct buf text, back;

        buf_init(&text, 1 << 16);
        buf_init(&back, 1 << 16);
        add_noise(&text, round % 3 == 0);
        assert_true(
            concat_split(buf_text(&text), text.len, &options, &plan, NULL));
        concat_begin(&join, &back, plan.total);
        for (unsigned i = 0; i < plan.total; i++) {
            struct pdu pdu;

            through_the_air(&plan, buf_text(&text), i, &pdu);
            assert_true(utf8_valid(buf_text(&text) + plan.parts[i].start,
                                   plan.parts[i].size));
            assert_true(concat_add(&join, i + 1, &pdu));
        }
        assert_true(concat_end(&join));
        assert_string_equal(buf_text(&back), buf_text(&text));
        buf_free(&text);
        buf_free(&back);
    }
}

static void set_text(struct pdu *pdu, const char *text)
{
    static const struct concat_options options = { .reference = 1 };
    struct concat_plan plan;

    assert_true(pdu_init_submit(pdu, "1", NULL));
    assert_true(concat_split(text, strlen(text), &options, &plan, NULL));
    concat_fill(&plan, text, 0, pdu);
}

static void test_gaps(void **state)
{
    static const struct {
        unsigned total, have[4];
        const char *want;
    } cases[] = {
        { 3, { 1, 3 }, "<1>[part 2 of 3 missing]<3>" },
        { 3, { 2 }, "[part 1 of 3 missing]<2>[part 3 of 3 missing]" },
        { 9,
          { 1, 5 },
          "<1>[parts 2-4 of 9 missing]<5>"
          "[parts 6-9 of 9 missing]" },
        { 2, { 1, 2 }, "<1><2>" },
        /* Twice the same, and one that is out of range. */
        { 2, { 1, 1, 2, 7 }, "<1><2>" },
        { 2, { 0 }, "[parts 1-2 of 2 missing]" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct concat_join join;
        struct buf out;

        buf_init(&out, 1024);
        concat_begin(&join, &out, cases[i].total);
        for (size_t j = 0; j < 4 && cases[i].have[j] != 0; j++) {
            struct pdu pdu;
            char text[16];

            snprintf(text, sizeof text, "<%u>", cases[i].have[j]);
            set_text(&pdu, text);
            assert_true(concat_add(&join, cases[i].have[j], &pdu));
        }
        assert_true(concat_end(&join));
        assert_string_equal(buf_text(&out), cases[i].want);
        buf_free(&out);
    }
}

/* Foreign senders cut emoji, units and escapes; and mix alphabets. */
static void test_join_what_was_cut_apart(void **state)
{
    static const struct {
        enum pdu_alphabet alphabet;
        const char *data[3];
        size_t sizes[3];
        const char *want;
    } cases[] = {
        { PDU_UCS2,
          { "\0a\xD8\x3D", "\xDE\0\0b", "" },
          { 4, 4, 0 },
          "a" EMOJI "b" },
        { PDU_UCS2, { "\0a\xD8", "\x3D", "\xDE\0" }, { 3, 1, 2 }, "a" EMOJI },
        { PDU_GSM7, { "a\x1B", "e", "\x1B" }, { 2, 1, 1 }, "a\xE2\x82\xAC " },
        { PDU_8BIT, { "plain", "\x01\x02", "too" }, { 5, 2, 3 }, "plaintoo" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct concat_join join;
        struct buf out;

        buf_init(&out, 64);
        concat_begin(&join, &out, 3);
        for (unsigned j = 0; j < 3; j++) {
            struct pdu pdu = { .alphabet = cases[i].alphabet,
                               .size = cases[i].sizes[j] };

            memcpy(pdu.data, cases[i].data[j], pdu.size);
            assert_true(concat_add(&join, j + 1, &pdu));
        }
        assert_true(concat_end(&join));
        assert_string_equal(buf_text(&out), cases[i].want);
        buf_free(&out);
    }
}

static void test_join_mixed_alphabets(void **state)
{
    struct pdu high = { .alphabet = PDU_UCS2, .size = 2, .data = { 0xD8 } };
    struct pdu text = { .alphabet = PDU_GSM7, .size = 1, .data = { 'x' } };
    struct pdu turkish = { .alphabet = PDU_GSM7,
                           .size = 1,
                           .data = { 7 },
                           .shift = { .locking = 1 } };
    struct concat_join join;
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    concat_begin(&join, &out, 3);
    assert_true(concat_add(&join, 1, &high));
    assert_true(concat_add(&join, 2, &text));
    assert_true(concat_add(&join, 3, &turkish));
    assert_true(concat_end(&join));
    assert_string_equal(buf_text(&out), "\xEF\xBF\xBDx\xC4\xB1");
    buf_free(&out);
}

static void test_join_into_little_room(void **state)
{
    struct concat_join join;
    struct pdu pdu;
    struct buf out;

    (void)state;
    set_text(&pdu, "hello");
    buf_init(&out, 3);
    concat_begin(&join, &out, 2);
    assert_false(concat_add(&join, 1, &pdu));
    assert_false(concat_end(&join));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_endless_cluster),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_limits_ucs2),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_join_what_was_cut_apart),
        cmocka_unit_test(test_join_mixed_alphabets),
        cmocka_unit_test(test_join_into_little_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
