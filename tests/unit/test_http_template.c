/* test_http_template.c - templates: placeholders, filters, escaping by place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/cut.h"
#include "http/filter.h"
#include "http/template.h"

static const char *const names[] = { "to", "text", "base", "none", NULL };
static const char *const values[] = { "+447700900123",
                                      "a&b <\"c'> d=\xC3\xA9\n%{}",
                                      "https://x.test/p?q=1", "" };

struct row {
    const char *template;
    enum place place;
    enum render result;
    const char *out;
};

static const struct row rows[] = {
    { "plain", PLACE_TEXT, RENDER_OK, "plain" },
    { "", PLACE_TEXT, RENDER_OK, "" },
    { "{{to}} {to}", PLACE_TEXT, RENDER_OK, "{to} +447700900123" },
    { "{text}", PLACE_TEXT, RENDER_OK, "a&b <\"c'> d=\xC3\xA9\n%{}" },
    { "{text}", PLACE_FORM, RENDER_OK,
      "a%26b%20%3C%22c%27%3E%20d%3D%C3%A9%0A%25%7B%7D" },
    { "{base}/{to}", PLACE_URL, RENDER_OK,
      "https://x.test/p?q=1/%2B447700900123" },
    { "x{base}", PLACE_URL, RENDER_OK, "xhttps%3A%2F%2Fx.test%2Fp%3Fq%3D1" },
    { "{base}", PLACE_FORM, RENDER_OK, "https%3A%2F%2Fx.test%2Fp%3Fq%3D1" },
    { "<t>{text}</t>", PLACE_XML, RENDER_OK,
      "<t>a&amp;b &lt;&quot;c&apos;&gt; d=\xC3\xA9\n%{}</t>" },
    { "Bearer {to}", PLACE_HEADER, RENDER_OK, "Bearer +447700900123" },
    { "Bearer {text}", PLACE_HEADER, RENDER_FAILED, NULL },
    { "{none?}", PLACE_TEXT, RENDER_LEFT_OUT, NULL },
    { "a{none?}b{to}", PLACE_TEXT, RENDER_LEFT_OUT, NULL },
    { "a{none}b", PLACE_TEXT, RENDER_OK, "ab" },
    { "{to|digits}", PLACE_TEXT, RENDER_OK, "447700900123" },
    { "{to|digits|plus}", PLACE_TEXT, RENDER_OK, "+447700900123" },
    { "{to|trunc:3}", PLACE_TEXT, RENDER_OK, "+44" },
    { "{to|skip:3|trunc:2}", PLACE_TEXT, RENDER_OK, "77" },
    { "{to|digits|trunc:2|plus}", PLACE_TEXT, RENDER_OK, "44" },
    { "{text|trunc:1|upper}", PLACE_TEXT, RENDER_OK, "A" },
    { "{to|hex|trunc:4}", PLACE_TEXT, RENDER_OK, "2b34" },
    { "{to|b64}", PLACE_TEXT, RENDER_OK, "KzQ0NzcwMDkwMDEyMw==" },
    { "{text|skip:12|ucs2hex|trunc:4}", PLACE_TEXT, RENDER_OK, "00E9" },
    { "{none|digits?}", PLACE_TEXT, RENDER_LEFT_OUT, NULL },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct err err = { 0 };
        struct template *template =
            template_parse(rows[i].template, names, &err);
        struct buf out;

        if (!template)
            fail_msg("%s: %s", rows[i].template, err.text);
        buf_init(&out, 1000);
        assert_int_equal(template_render(template, values, rows[i].place, &out),
                         rows[i].result);
        if (rows[i].out)
            assert_string_equal(buf_text(&out), rows[i].out);
        buf_free(&out);
        template_free(template);
    }
}

static void test_mistakes(void **state)
{
    static const char *const wrong[] = {
        "{",
        "}",
        "a{to",
        "{}",
        "{nobody}",
        "{to|}",
        "{to|what}",
        "{to|trunc}",
        "{to|trunc:x}",
        "{to|digits:3}",
        "{to||digits}",
        "{to|digits|plus|upper|lower|hex}",
        "{to}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct err err = { 0 };

        if (template_parse(wrong[i], names, &err))
            fail_msg("%s is right?", wrong[i]);
        assert_int_equal(err.kind, ERR_CONFIG);
    }
}

static void test_full(void **state)
{
    struct template *template = template_parse("{to}{to}", names, NULL);
    struct buf out;

    (void)state;
    buf_init(&out, 20);
    assert_int_equal(template_render(template, values, PLACE_TEXT, &out),
                     RENDER_FAILED);
    assert_true(template_uses(template, 0));
    assert_false(template_uses(template, 1));
    assert_false(template_is_number(template));
    buf_free(&out);
    template_free(template);
}

static void filter(const char *name, const char *in, const char *expected)
{
    struct filters filters;
    struct buf text;

    assert_true(filters_parse(name, &filters, NULL));
    buf_init(&text, 1000);
    buf_add_text(&text, in);
    filters_apply(&filters, &text);
    assert_string_equal(buf_text(&text), expected);
    buf_free(&text);
}

static void test_filters(void **state)
{
    (void)state;
    filter("cq", "hi[CQ:face,id=14] &#91;x&#93; &amp;&#44;", "hi[face] [x] &,");
    filter("cq", "[CQ:image,file=a,url=b]", "[image]");
    filter("cq", "[CQ:open &am", "[CQ:open &am");
    filter("cq", "", "");
    filter("plus", "12345", "12345");
    filter("plus", "441234567", "+441234567");
    filter("plus", "+441234567", "+441234567");
    filter("plus", "SENDER", "SENDER");
    filter("skip:100", "abc", "");
    filter("ucs2hex", "a\xF0\x9F\x98\x80", "0061D83DDE00");
}

static void cut(const char *text, size_t units, const char *first)
{
    size_t n = cut_first(text, strlen(text), units);

    assert_int_equal(n, strlen(first));
    assert_memory_equal(text, first, n);
}

static void test_cut(void **state)
{
    (void)state;
    cut("short", 10, "short");
    cut("exactly 10", 10, "exactly 10");
    cut("between two words", 10, "between ");
    cut("averylongwordindeed", 10, "averylongw");
    cut("a averylongwordindeed", 10, "a averylon");
    cut("\xF0\x9F\x98\x80\xF0\x9F\x98\x80", 3, "\xF0\x9F\x98\x80");
    cut("e\xCC\x81xyz", 1, "e");    /* at least one character */
    cut("abe\xCC\x81xyz", 3, "ab"); /* not between e and its accent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows), cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_full), cmocka_unit_test(test_filters),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
