/* test_compose.c - which encoding a text takes, what is approximated, and the
 * words about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sms/compose.h"

enum { TURKISH = 1, SPANISH, PORTUGUESE, HINDI = 6, URDU = 13 };

#define ALL_LANGUAGES 0x3FFE
#define EMOJI "\xF0\x9F\x98\x80"

static struct gsm7_shift shift_of(unsigned locking, unsigned single)
{
    return (struct gsm7_shift){ .locking = (uint8_t)locking,
                                .single = (uint8_t)single };
}

static struct composed composed_of(const char *text, uint16_t languages,
                                   bool approximate)
{
    struct compose_options options = { .concat.reference = 7,
                                       .concat.languages = languages,
                                       .approximate = approximate };
    struct composed composed;
    struct err err;

    if (!compose(text, strlen(text), &options, &composed, &err))
        fail_msg("%s", err.text);
    return composed;
}

/* What the phone shows of it, through encoder and decoder. */
static void receive(const char *text, const struct concat_plan *plan,
                    struct buf *out)
{
    struct concat_join join;

    concat_begin(&join, out, plan->total);
    for (unsigned i = 0; i < plan->total; i++) {
        struct pdu_bytes bytes;
        struct pdu pdu;

        assert_true(pdu_init_submit(&pdu, "+447700900123", NULL));
        pdu.type = PDU_DELIVER;
        concat_fill(plan, text, i, &pdu);
        assert_true(pdu_encode(&pdu, &bytes, NULL));
        assert_true(pdu_decode(bytes.bytes, bytes.size, &pdu, NULL));
        assert_int_equal(pdu.shift.locking, plan->shift.locking);
        assert_int_equal(pdu.shift.single, plan->shift.single);
        assert_int_equal(pdu.concat.total, plan->total > 1 ? plan->total : 0);
        assert_true(concat_add(&join, i + 1, &pdu));
    }
    assert_true(concat_end(&join));
}

static void check_received(const struct composed *composed)
{
    struct buf back;

    buf_init(&back, 1 << 20);
    receive(buf_text(&composed->text), &composed->plan, &back);
    assert_string_equal(buf_text(&back), buf_text(&composed->text));
    buf_free(&back);
}

static void add_char(struct buf *text, uint32_t cp)
{
    char octets[4];

    if (cp != 0 && cp != '\r')
        assert_true(buf_add(text, octets, utf8_put(octets, cp)));
}

/* Every character of the tables, then some at random. */
static void add_table(struct buf *text, struct gsm7_shift shift)
{
    for (unsigned i = 0; i < 700; i++) {
        uint8_t septet = (uint8_t)(i < 128 ? i : random() % 128);

        if (septet == GSM7_ESCAPE)
            continue;
        add_char(text, gsm7_locking(shift.locking, septet));
        add_char(text, gsm7_single(shift.single, septet));
    }
}

static void check_shift(struct gsm7_shift shift, bool wide)
{
    struct concat_options options = { .reference = 0x0102, .wide = wide };
    struct concat_plan plan;
    struct buf text, back;

    buf_init(&text, 1 << 20);
    buf_init(&back, 1 << 20);
    add_table(&text, shift);
    if (!concat_cut(buf_text(&text), text.len, PDU_GSM7, shift, &options,
                    &plan))
        fail_msg("tables %u, %u lack one of their own", shift.locking,
                 shift.single);
    assert_in_range(plan.total, 5, CONCAT_PARTS_MAX);
    receive(buf_text(&text), &plan, &back);
    assert_string_equal(buf_text(&back), buf_text(&text));
    buf_free(&text);
    buf_free(&back);
}

static void test_all_tables_there_and_back(void **state)
{
    (void)state;
    srandom(5);
    for (unsigned i = 0; i < GSM7_LANGUAGES; i++) {
        check_shift(shift_of(0, i), i % 2 != 0);
        check_shift(shift_of(i, 0), i % 2 == 0);
        check_shift(shift_of(i, i), i % 2 != 0);
    }
}

static void test_part_sizes(void **state)
{
    static const struct {
        unsigned locking, single;
        bool wide;
        unsigned whole, part;
    } cases[] = {
        { 0, 0, false, 160, 153 }, { 0, 0, true, 160, 152 },
        { 0, 1, false, 155, 149 }, { 0, 1, true, 155, 148 },
        { 1, 0, false, 155, 149 }, { 1, 0, true, 155, 148 },
        { 1, 1, false, 152, 146 }, { 1, 1, true, 152, 145 },
    };
    char text[400];

    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct gsm7_shift shift = shift_of(cases[i].locking, cases[i].single);
        struct concat_options options = { .wide = cases[i].wide };
        struct concat_plan plan;

        assert_true(
            concat_cut(text, cases[i].whole, PDU_GSM7, shift, &options, &plan));
        assert_int_equal(plan.total, 1);
        assert_int_equal(concat_room_left(&plan), 0);
        assert_true(concat_cut(text, cases[i].whole + 1, PDU_GSM7, shift,
                               &options, &plan));
        assert_int_equal(plan.total, 2);
        assert_int_equal(plan.parts[0].units, cases[i].part);
        assert_true(concat_cut(text, 2 * cases[i].part, PDU_GSM7, shift,
                               &options, &plan));
        assert_int_equal(plan.total, 2);
    }
}

/* g-breve (Turkish only), i-acute (Spanish and Portuguese), ka (Hindi). */
#define G "\xC4\x9F"
#define I "\xC3\xAD"
#define KA "\xE0\xA4\x95"

static void test_choice(void **state)
{
    static const struct {
        const char *head, *tail;
        size_t n; /* of the tail */
        uint16_t languages;
        enum pdu_alphabet alphabet;
        unsigned locking, single, total;
    } cases[] = {
        /* Off, not needed, or of no use: as ever. */
        { G, "a", 10, 0, PDU_UCS2, 0, 0, 1 },
        { "", "a", 160, ALL_LANGUAGES, PDU_GSM7, 0, 0, 1 },
        { "", "a", 400, ALL_LANGUAGES, PDU_GSM7, 0, 0, 3 },
        { G, "a", 10, 1 << SPANISH, PDU_UCS2, 0, 0, 1 },
        { G I, "a", 10, 1 << TURKISH | 1 << SPANISH, PDU_UCS2, 0, 0, 1 },
        { EMOJI, G, 100, ALL_LANGUAGES, PDU_UCS2, 0, 0, 2 },
        /* Equal: GSM 7-bit before UCS-2, single before locking. */
        { G, "a", 10, ALL_LANGUAGES, PDU_GSM7, 0, TURKISH, 1 },
        { I, "a", 10, ALL_LANGUAGES, PDU_GSM7, 0, SPANISH, 1 },
        { I, "a", 10, 1 << PORTUGUESE, PDU_GSM7, 0, PORTUGUESE, 1 },
        { KA, "a", 10, ALL_LANGUAGES, PDU_GSM7, HINDI, 0, 1 },
        /* Capitals are in the Hindi single shift table. */
        { KA, "A", 10, ALL_LANGUAGES, PDU_GSM7, HINDI, HINDI, 1 },
        /* Fewest parts: 77 take 154 septets by single shift. */
        { "", G, 77, ALL_LANGUAGES, PDU_GSM7, 0, TURKISH, 1 },
        { "", G, 78, ALL_LANGUAGES, PDU_GSM7, TURKISH, 0, 1 },
        { "", G, 155, ALL_LANGUAGES, PDU_GSM7, TURKISH, 0, 1 },
        { "", G, 156, ALL_LANGUAGES, PDU_GSM7, TURKISH, 0, 2 },
        { "", KA, 155, ALL_LANGUAGES, PDU_GSM7, HINDI, 0, 1 },
        /* The euro is one septet in the Turkish alphabet. */
        { "", "\xE2\x82\xAC", 100, ALL_LANGUAGES, PDU_GSM7, TURKISH, 0, 1 },
        { "", "\xE2\x82\xAC", 80, ALL_LANGUAGES, PDU_GSM7, 0, 0, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct composed composed;
        struct buf text;

        buf_init(&text, 4096);
        (void)buf_add_text(&text, cases[i].head);
        for (size_t n = 0; n < cases[i].n; n++)
            (void)buf_add_text(&text, cases[i].tail);
        composed = composed_of(buf_text(&text), cases[i].languages, false);
        if (composed.plan.alphabet != cases[i].alphabet ||
            composed.plan.shift.locking != cases[i].locking ||
            composed.plan.shift.single != cases[i].single ||
            composed.plan.total != cases[i].total)
            fail_msg("case %zu: %s, tables %u and %u, %u parts", i,
                     pdu_alphabet_name(composed.plan.alphabet),
                     composed.plan.shift.locking, composed.plan.shift.single,
                     composed.plan.total);
        check_received(&composed);
        composed_free(&composed);
        buf_free(&text);
    }
}

/* In its own tables a small c-cedilla stays small. */
static void test_cedilla(void **state)
{
    struct composed plain = composed_of("\xC3\xA7", 0, false);
    struct composed turkish = composed_of("\xC3\xA7" G, 1 << TURKISH, false);
    uint8_t pair[2];

    (void)state;
    assert_int_equal(plain.plan.alphabet, PDU_GSM7);
    assert_int_equal(plain.plan.parts[0].units, 1);
    check_received(&turkish);
    assert_int_equal(turkish.plan.parts[0].units, 4);
    assert_int_equal(gsm7_shift_char(shift_of(HINDI, 0), 0xE7, pair), 0);
    composed_free(&plain);
    composed_free(&turkish);
}

static void test_approximations(void **state)
{
    /* NULL: it stays as it is, in UCS-2. */
    static const struct {
        const char *text, *want;
        unsigned letters;
    } cases[] = {
        { "“so”, ‘they’ said… — it’s 5 € – ok", /* all in one */
          "\"so\", 'they' said... - it's 5 € - ok", 8 },
        { "naïve café façade Ångström über", "naive café façade Ångström über",
          1 },
        { "Łódź, Dvořák, Đurđa, Ștefan", "Lodz, Dvorak, Durda, Stefan", 8 },
        { "Tiếng Việt", "Tieng Viet", 2 },
        { "œuvre ĳs Þór ẞ", "oeuvre ijs Thor SS", 5 },
        { "ﬁne aﬀair ﬃ", "fine affair ffi", 3 },
        { "ＡＢｃ！１￥", "ABc!1¥", 6 },
        { "a\u00A0b\u2009c\u3000d\te", "a b c d e", 4 },
        { "soft\u00ADhyphen\u200B \u200Eltr\uFEFF", "softhyphen ltr", 4 },
        /* Letters that come in two pieces; joining them is no change. */
        { "e\u0301 a\u0308 n\u0303 “", "é ä ñ \"", 1 },
        { "s\u030C e\u0301\u0323", "s é", 2 },
        { "2 → 3 ≤ 4 × 5 − 1", "2 -> 3 <= 4 x 5 - 1", 4 },
        { "© ® ™", "(c) (R) (TM)", 3 },
        /* Never in part: one letter of another kind keeps all. */
        { "“привет”", NULL, 0 },
        { "“γειά”", NULL, 0 },
        { "so… 😀", NULL, 0 },
        { "“日本”", NULL, 0 },
        { "й", NULL, 0 },
        { "“\u0301”", NULL, 0 },
        /* They would mean something else. */
        { "10² “m”", NULL, 0 },
        { "1½ “h”", NULL, 0 },
        { "21 °C…", NULL, 0 },
        { "5 ‰…", NULL, 0 },
        { "\uFFFD…", NULL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct composed composed = composed_of(cases[i].text, 0, true);
        const char *want = cases[i].want ? cases[i].want : cases[i].text;

        if (strcmp(buf_text(&composed.text), want) != 0 ||
            composed.made.letters != cases[i].letters)
            fail_msg("case %zu: %s, %u letters", i, buf_text(&composed.text),
                     composed.made.letters);
        assert_int_equal(composed.plan.alphabet,
                         cases[i].want ? PDU_GSM7 : PDU_UCS2);
        composed_free(&composed);
        composed = composed_of(cases[i].text, 0, false);
        assert_string_equal(buf_text(&composed.text), cases[i].text);
        assert_int_equal(composed.plan.alphabet, PDU_UCS2);
        check_received(&composed);
        composed_free(&composed);
    }
}

/* The tables that are allowed keep their own letters; and what would need more
 * parts is not done. */
static void test_approximation_and_languages(void **state)
{
    struct composed composed = composed_of("“" G "üzel”", 1 << TURKISH, true);
    struct buf dots;

    (void)state;
    assert_string_equal(buf_text(&composed.text), "\"" G "üzel\"");
    assert_int_equal(composed.plan.shift.single, TURKISH);
    assert_int_equal(composed.made.letters, 2);
    check_received(&composed);
    composed_free(&composed);
    composed = composed_of("\"" G "üzel\"", 1 << TURKISH, true);
    assert_int_equal(composed.made.letters, 0);
    composed_free(&composed);
    buf_init(&dots, 1024);
    for (int i = 0; i < 70; i++)
        (void)buf_add_text(&dots, "…");
    composed = composed_of(buf_text(&dots), 0, true);
    assert_int_equal(composed.plan.alphabet, PDU_UCS2);
    assert_int_equal(composed.plan.total, 1);
    composed_free(&composed);
    buf_free(&dots);
}

static void check_words(const char *text, uint16_t languages, const char *about,
                        const char *remark)
{
    struct composed composed = composed_of(text, languages, true);
    struct buf words;

    buf_init(&words, 1024);
    compose_describe(&composed, &words);
    assert_string_equal(buf_text(&words), about);
    buf_reset(&words);
    compose_remark(&composed, &words);
    assert_string_equal(buf_text(&words), remark);
    buf_free(&words);
    composed_free(&composed);
}

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_words(void **state)
{
    (void)state;
    check_words("hello", 0, "GSM 7-bit, 155 characters left in the part", "");
    check_words(A50 A50 A50 "123456789", 0,
                "GSM 7-bit, 1 character left in the part", "");
    check_words(A50 A50 A50 A50, 0,
                "GSM 7-bit, 106 characters left in the last part", "");
    check_words(G, 1 << TURKISH,
                "GSM 7-bit with Turkish letters, 153 characters left in the "
                "part",
                "");
    check_words("\xD0\xB9", 0,
                "UCS-2 because of \xD0\xB9, 69 characters left in the part",
                "");
    /* The Turkish letter is not to blame. */
    check_words(G EMOJI, 1 << TURKISH,
                "UCS-2 because of " EMOJI ", 67 characters left in the part",
                "");
    check_words("it’s", 0, "GSM 7-bit, 156 characters left in the part",
                "Sent with 1 letter changed: ’ to '");
    check_words(A50 "“" A50 "… “", 0,
                "GSM 7-bit, 54 characters left in the part",
                "Sent with 3 letters changed to save 1 part: “ to \", … to "
                "...");
    check_words(A50 "\u00A0\u200B\u2028" A50, 0,
                "GSM 7-bit, 58 characters left in the part",
                "Sent with 3 letters changed to save 1 part: U+00A0 to a "
                "space, U+200B left out, U+2028 to a new line");
    check_words("ąćęłńśźżš", 0, "GSM 7-bit, 151 characters left in the part",
                "Sent with 9 letters changed: ą to a, ć to c, ę to e, ł to l, "
                "ń to n, ś to s, ź to z, ż to z and more");
}

static void test_limit(void **state)
{
    struct compose_options options = { .concat.max_parts = 10,
                                       .concat.languages = ALL_LANGUAGES };
    struct composed composed;
    struct buf text;
    struct err err;

    (void)state;
    buf_init(&text, 1 << 16);
    for (int i = 0; i < 800; i++)
        (void)buf_add_text(&text, i == 0 ? "’" : "a");
    assert_false(compose(buf_text(&text), text.len, &options, &composed, &err));
    assert_int_equal(err.kind, ERR_TOO_LONG);
    assert_string_equal(err.text, "the text needs 12 parts, the limit is 10");
    options.approximate = true; /* the limit is about what is sent */
    assert_true(compose(buf_text(&text), text.len, &options, &composed, &err));
    assert_int_equal(composed.plan.total, 6);
    assert_int_equal(composed.saved, 6);
    composed_free(&composed);
    buf_free(&text);
}

static void test_language_names(void **state)
{
    uint16_t languages = 0;
    struct err err;

    (void)state;
    assert_true(compose_language("turkish", &languages, &err));
    assert_true(compose_language("URDU", &languages, &err));
    assert_int_equal(languages, 1 << TURKISH | 1 << URDU);
    assert_false(compose_language("default", &languages, &err));
    assert_false(compose_language("klingon", &languages, &err));
    assert_non_null(strstr(err.text, "Portuguese"));
    assert_non_null(strstr(err.text, "Urdu"));
    assert_int_equal(languages, 1 << TURKISH | 1 << URDU);
}

/* Texts at random from all kinds of pieces: what arrives is what was composed,
 * and that is the text itself unless it was approximated. */
static void test_random_texts(void **state)
{
    static const char *const pieces[] = {
        "hello ",
        G,
        I,
        KA,
        "€",
        "“",
        "…",
        EMOJI,
        "Ж",
        "e\u0301",
        "ﬁ",
        "{",
        "\n",
        "ñ",
        "क्षि",
        "🇩🇪",
        "👩‍👩‍👧",
        "A",
        "क़",
    };

    (void)state;
    srandom(3);
    for (int round = 0; round < 3000; round++) {
        size_t few = 1 + (size_t)random() % 19;
        struct composed composed;
        struct buf text;

        buf_init(&text, 1 << 16);
        for (long i = random() % 120; i >= 0; i--)
            (void)buf_add_text(
                &text, pieces[((size_t)random() % few + (size_t)round) % 19]);
        composed =
            composed_of(buf_text(&text), (uint16_t)random(), round % 2 != 0);
        check_received(&composed);
        if (composed.made.letters > 0)
            assert_int_equal(composed.plan.alphabet, PDU_GSM7);
        else if (round % 2 == 0 || composed.plan.alphabet == PDU_UCS2)
            assert_string_equal(buf_text(&composed.text), buf_text(&text));
        assert_null(strchr(buf_text(&composed.text), '?'));
        composed_free(&composed);
        buf_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_tables_there_and_back),
        cmocka_unit_test(test_part_sizes),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_cedilla),
        cmocka_unit_test(test_approximations),
        cmocka_unit_test(test_approximation_and_languages),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_language_names),
        cmocka_unit_test(test_random_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
