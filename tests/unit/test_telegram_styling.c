/* test_telegram_styling.c - XEP-0393 from and to entities; cutting at UTF-16
 * units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "telegram/split.h"
#include "telegram/styling.h"

enum { ROOM = 400000 };

struct pair {
    const char *in, *out;
};

/* The text with each entity as <style>...</style> would be too clever: "plain
 * | style start-end, ..." */
static void show(const char *text, struct buf *out)
{
    struct entities entities = { 0 };

    styling_read(text, strlen(text), out, &entities);
    for (size_t i = 0; i < entities.n; i++)
        buf_addf(out, " |%s %zu-%zu", style_name(entities.items[i].style),
                 entities.items[i].start, entities.items[i].end);
    entities_free(&entities);
}

static const struct pair readings[] = {
    { "", "" },
    { "plain", "plain" },
    { "*b* _i_ ~s~ `c`", "b i s c |bold 0-1 |italic 2-3 |strikethrough 4-5"
                         " |code 6-7" },
    { "*_both_*", "both |bold 0-4 |italic 0-4" },
    { "2*3*4 a_b_c *open", "2*3*4 a_b_c *open" },
    { "`*x*`", "*x* |code 0-3" },
    { "> said\n> *more*\nme", "said\nmore\nme |blockquote 0-9 |bold 5-9" },
    { "a\n```c\n*p;\nq\n```\nb", "a\n*p;\nq\nb |pre 2-7" },
    { "```\nopen end", "open end |pre 0-8" },
    { "```\n```\nx", "x" },
    { "> a\n```\nb\n```\n> c", "a\nb\nc |blockquote 0-1 |pre 2-3"
                               " |blockquote 4-5" },
    { ">", "" },
    { "*a\nb*", "*a\nb*" },
};

static void test_read(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
        buf_reset(&out);
        show(readings[i].in, &out);
        assert_string_equal(buf_text(&out), readings[i].out);
    }
    buf_free(&out);
}

struct writing {
    const char *text;
    struct entity entities[4]; /* ended by end 0 */
    const char *out;
};

static const struct writing writings[] = {
    { "plain", { { 0 } }, "plain" },
    { "a b c", { { STYLE_BOLD, 2, 3, NULL } }, "a *b* c" },
    { "abc", { { STYLE_BOLD, 1, 2, NULL } }, "abc" }, /* would not style */
    { "ab cd",
      { { STYLE_BOLD, 0, 5, NULL }, { STYLE_ITALIC, 0, 2, NULL } },
      "*_ab_ cd*" },
    { "ab",
      { { STYLE_ITALIC, 0, 2, NULL }, { STYLE_BOLD, 0, 2, NULL } },
      "*_ab_*" },
    { "a\nb", { { STYLE_BOLD, 0, 3, NULL } }, "*a*\n*b*" },
    { "abc d",
      { { STYLE_BOLD, 0, 3, NULL }, { STYLE_ITALIC, 2, 5, NULL } },
      "*abc* d" }, /* crossing */
    { "x y", { { STYLE_BOLD, 0, 9, NULL } }, "x y" },
    { "x y", { { STYLE_BOLD, 2, 2, NULL } }, "x y" },
    { "\xc3\xa9 x", { { STYLE_BOLD, 1, 2, NULL } }, "\xc3\xa9 x" },
    { "see int i; ok",
      { { STYLE_PRE, 4, 10, "c" } },
      "see \n```c\nint i;\n```\n ok" },
    { "q1\nq2\nme", { { STYLE_QUOTE, 0, 5, NULL } }, "> q1\n> q2\nme" },
    { "here",
      { { STYLE_LINK, 0, 4, "https://x.example" } },
      "here (https://x.example)" },
    { "x.example", { { STYLE_LINK, 0, 9, "x.example" } }, "x.example" },
    { "*a* b",
      { { STYLE_CODE, 0, 3, NULL }, { STYLE_BOLD, 0, 3, NULL } },
      "*`*a*`* b" },
};

static void test_write(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, ROOM);
    for (size_t i = 0; i < sizeof(writings) / sizeof(writings[0]); i++) {
        const struct writing *w = &writings[i];
        struct entities entities = { 0 };

        for (size_t k = 0; w->entities[k].end > 0; k++)
            entities_add(&entities, &w->entities[k]);
        buf_reset(&out);
        styling_write(w->text, strlen(w->text), &entities, &out);
        assert_string_equal(buf_text(&out), w->out);
        entities_free(&entities);
    }
    buf_free(&out);
}

/* What was read can be written: the marks come back. */
static void test_there_and_back(void **state)
{
    static const char *const texts[] = {
        "a *b* _c_ ~d~ `e`",     "*_both_* ~gone~",
        "> quoted *x*\nme",      "see\n```\n*p = 1;\n```\nok",
        "2*3*4 snake_case_name",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct entities entities = { 0 };
        struct buf plain, out;

        buf_init(&plain, ROOM);
        buf_init(&out, ROOM);
        styling_read(texts[i], strlen(texts[i]), &plain, &entities);
        styling_write(buf_text(&plain), plain.len, &entities, &out);
        assert_string_equal(buf_text(&out), texts[i]);
        entities_free(&entities);
        buf_free(&plain);
        buf_free(&out);
    }
}

static void test_flood(void **state)
{
    enum { SIZE = 200000 };
    static char text[SIZE];
    static const char *const patterns[] = { "*a ", "*_~` ", "*a*",
                                            " _*", "> \n",  "```\n" };
    struct buf plain;

    (void)state;
    buf_init(&plain, SIZE);
    for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
        struct entities entities = { 0 };

        for (size_t i = 0; i < SIZE; i++)
            text[i] = patterns[p][i % strlen(patterns[p])];
        buf_reset(&plain);
        styling_read(text, SIZE, &plain, &entities);
        assert_true(plain.len <= SIZE);
        entities_free(&entities);
    }
    buf_free(&plain);
}

/* --- cutting ------------------------------------------------------------- */

/* All pieces, with '|' between. */
static const char *cut(const char *text, size_t units)
{
    static char out[1000];
    struct piece piece;
    size_t at = 0, n = 0;

    out[0] = '\0';
    while (split_next(text, strlen(text), units, &at, &piece)) {
        assert_true(utf8_units(text + piece.start, piece.end - piece.start) <=
                    units);
        n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s", n ? "|" : "",
                              (int)(piece.end - piece.start),
                              text + piece.start);
    }
    return out;
}

static void test_split(void **state)
{
    (void)state;
    assert_string_equal(cut("", 8), "");
    assert_string_equal(cut(" \n ", 8), "");
    assert_string_equal(cut("  short ", 8), "short");
    assert_string_equal(cut("12345678", 8), "12345678");
    assert_string_equal(cut("123456789", 8), "12345678|9");
    assert_string_equal(cut("123456 89", 8), "123456|89");
    assert_string_equal(cut("1 3456789", 8), "1 345678|9");
    assert_string_equal(cut("12345\n7 9a", 8), "12345\n7|9a");
    assert_string_equal(cut("123456\n 89", 8), "123456|89");
    /* An astral character is two units and stays whole. */
    assert_string_equal(cut("1234567\xf0\x9f\x98\x80x", 8),
                        "1234567|\xf0\x9f\x98\x80x");
    /* e and its accent, a flag, and a family. */
    assert_string_equal(cut("1234567e\xcc\x81x", 8), "1234567|e\xcc\x81x");
    assert_string_equal(cut("12345\xf0\x9f\x87\xb3\xf0\x9f\x87\xb1x", 8),
                        "12345|\xf0\x9f\x87\xb3\xf0\x9f\x87\xb1x");
    /* One that never fits is taken apart rather than lost. */
    assert_string_equal(cut("e\xcc\x81\xcc\x81\xcc\x81\xcc\x81", 3),
                        "e\xcc\x81\xcc\x81|\xcc\x81\xcc\x81");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),           cmocka_unit_test(test_write),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_flood),
        cmocka_unit_test(test_split),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
