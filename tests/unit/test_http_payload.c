/* test_http_payload.c - forms, JSON pointers, picks, charsets and times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "base/code.h"
#include "http/charset.h"
#include "http/json.h"
#include "http/pick.h"
#include "http/segments.h"

static void test_params(void **state)
{
    static const char text[] =
        "a=1&b=%C3%A9+%2b&&c&=x&a=2&d=%zz%4&nul=%00%41&e=f=g";
    struct params params;

    (void)state;
    assert_true(params_parse(text, strlen(text), &params));
    assert_string_equal(params_get(&params, "a"), "1");
    assert_string_equal(params_get(&params, "b"), "\xC3\xA9 +");
    assert_string_equal(params_get(&params, "c"), "");
    assert_string_equal(params_get(&params, ""), "x");
    assert_string_equal(params_get(&params, "d"), "%zz%4");
    assert_string_equal(params_get(&params, "e"), "f=g");
    assert_int_equal(params_find(&params, "nul")->size, 2);
    assert_memory_equal(params_find(&params, "nul")->value, "\0A", 3);
    assert_null(params_get(&params, "z"));
    assert_int_equal(params.n, 8);
    params_free(&params);
    assert_true(params_parse("", 0, &params));
    params_free(&params);
}

static void test_params_many(void **state)
{
    char text[PARAMS_MAX * 2 + 2];
    struct params params;

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? '&' : 'x';
    assert_true(params_parse(text, PARAMS_MAX * 2, &params));
    params_free(&params);
    assert_false(params_parse(text, sizeof(text), &params));
}

/* RFC 6901 5. */
static void test_pointer_rfc(void **state)
{
    static const char doc[] =
        "{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,"
        "\"g|h\":4,\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8}";
    static const char *const pointers[][2] = {
        { "/foo/0", "bar" }, { "/", "0" },     { "/a~1b", "1" },
        { "/c%d", "2" },     { "/e^f", "3" },  { "/g|h", "4" },
        { "/i\\j", "5" },    { "/k\"l", "6" }, { "/ ", "7" },
        { "/m~0n", "8" },
    };
    static const char *const nothing[] = { "/foo/2", "/foo/-", "/foo/01",
                                           "/foo/x", "/bar",   "/foo/0/x",
                                           "/foo",   "" };
    struct json_object *json = json_parse(doc, strlen(doc));

    (void)state;
    for (size_t i = 0; i < 10; i++)
        assert_string_equal(json_text(json_at(json, pointers[i][0], 0), NULL),
                            pointers[i][1]);
    for (size_t i = 0; i < 8; i++)
        assert_null(json_text(json_at(json, nothing[i], 0), NULL));
    assert_ptr_equal(json_at(json, "", 0), json);
    assert_string_equal(json_text(json_at(json, "/foo/*", 1), NULL), "baz");
    assert_null(json_at(json, "/foo/*", 2));
    json_object_put(json);
    assert_true(json_pointer_valid(""));
    assert_true(json_pointer_valid("/a~0~1"));
    assert_false(json_pointer_valid("a"));
    assert_false(json_pointer_valid("/~"));
    assert_false(json_pointer_valid("/~2"));
}

static void test_json_refused(void **state)
{
    static const char *const wrong[] = {
        "", "{", "{} x", "[1,]", "\"\xC3\"", "{\"a\":nul}", "\x01", "{\"a\" 1}",
    };
    char deep[200];

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        if (json_parse(wrong[i], strlen(wrong[i])))
            fail_msg("%s is right?", wrong[i]);
    assert_null(json_parse("1\0 2", 4));
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_null(json_parse(deep, 200));
}

static const char *find_header(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "X-Id") == 0 ? "h1" : NULL;
}

static void pick_is(const struct payload *payload, const char *text,
                    const char *expected)
{
    struct err err;
    struct pick *pick = pick_parse(text, &err);
    char *value;

    assert_non_null(pick);
    value = pick_text(pick, payload);
    if (expected)
        assert_string_equal(value ? value : "(nothing)", expected);
    else
        assert_null(value);
    free(value);
    pick_free(pick);
}

static void test_picks(void **state)
{
    static const char body[] = "0: Accepted; ID: 4711 x";
    static const char json[] = "{\"a\":{\"b\":42},\"t\":true,\"n\":null}";
    struct payload payload = { .body = body,
                               .size = strlen(body),
                               .header = find_header };

    (void)state;
    payload.json = json_parse(json, strlen(json));
    assert_true(params_parse("f=1&g=2", 7, &payload.form));
    assert_true(params_parse("g=3&h=4", 7, &payload.query));
    pick_is(&payload, "/a/b", "42");
    pick_is(&payload, "/t", "true");
    pick_is(&payload, "/n", NULL);
    pick_is(&payload, "/a", NULL);
    pick_is(&payload, "f", "1");
    pick_is(&payload, "g", "2");
    pick_is(&payload, "h", "4");
    pick_is(&payload, "query:g", "3");
    pick_is(&payload, "query:f", NULL);
    pick_is(&payload, "header:X-Id", "h1");
    pick_is(&payload, "header:X-No", NULL);
    pick_is(&payload, "~ID: ([0-9]+)", "4711");
    pick_is(&payload, "~Acc[a-z]+", "Accepted");
    pick_is(&payload, "~^nothing", NULL);
    pick_is(&payload, "/a/b|hex", "3432");
    params_free(&payload.form);
    params_free(&payload.query);
    json_object_put(payload.json);
    pick_is(&(struct payload){ .body = "" }, "/a", NULL);
    pick_is(&(struct payload){ .body = "" }, "header:X", NULL);
}

static void test_pick_mistakes(void **state)
{
    static const char *const wrong[] = { "",   "query:", "header:", "/~2",
                                         "~(", "a|no",   "|hex",    "a|" };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (pick_parse(wrong[i], &err))
            fail_msg("%s is right?", wrong[i]);
    }
    assert_true(word_among("b", "a|b|c"));
    assert_false(word_among("", "a|b|c"));
    assert_false(word_among("a|b", "a|b|c"));
    assert_true(word_among("", ""));
}

static void decoded(const char *charset, const char *bytes, size_t size,
                    const char *expected)
{
    struct buf out;

    buf_init(&out, 1000);
    charset_decode(&out, charset, bytes, size);
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void test_charsets(void **state)
{
    (void)state;
    decoded(NULL, "h\xC3\xA9\0x\r\n", 7, "h\xC3\xA9x\n");
    decoded("UTF-16BE", "\0h\0\xE9\xD8\x3D\xDE\x00", 8,
            "h\xC3\xA9\xF0\x9F\x98\x80");
    decoded("utf-16le", "h\0\xE9\0", 4, "h\xC3\xA9");
    decoded("UTF-16BE", "\xD8\x3D", 2, "\xEF\xBF\xBD");
    decoded("UTF-16BE", "\0h\0", 3, "h");
    decoded("ISO-8859-1", "h\xE9", 2, "h\xC3\xA9");
    decoded("windows-1252", "\x80", 1, "\xE2\x82\xAC");
    decoded("UTF-8", "\xFF", 1, "\xEF\xBF\xBD");
}

static void test_times(void **state)
{
    static const int64_t at = 1732181400000; /* 2024-11-21T09:30:00Z */

    (void)state;
    assert_true(charset_time("1732181400") == at);
    assert_true(charset_time("1732181400000") == at);
    assert_true(charset_time("1732181400.5") == at + 500);
    assert_true(charset_time("2024-11-21T09:30:00Z") == at);
    assert_true(charset_time("2024-11-21T09:30:00.123Z") == at);
    assert_true(charset_time("2024-11-21T11:30:00+02:00") == at);
    assert_true(charset_time("2024-11-21T11:30:00.000+0200") == at);
    assert_true(charset_time("2024-11-21T04:30:00-05:00") == at);
    assert_true(charset_time("2024-11-21 09:30:00") == at);
    assert_true(charset_time("") == 0);
    assert_true(charset_time("soon") == 0);
    assert_true(charset_time("99999999999999999999999") == 0);
    assert_true(charset_time("0001-01-01T00:00:00Z") == 0);
    assert_true(charset_time("2024-") > 0); /* whatever; it does not crash */
}

static void test_codes(void **state)
{
    static const char *const pairs[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "\xFF\xFE", "//4=" },
    };
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        buf_reset(&out);
        assert_true(code_base64(&out, pairs[i][0], strlen(pairs[i][0])));
        assert_string_equal(buf_text(&out), pairs[i][1]);
        buf_reset(&out);
        assert_true(code_base64_parse(&out, pairs[i][1], strlen(pairs[i][1])));
        assert_string_equal(buf_text(&out), pairs[i][0]);
    }
    assert_true(code_base64_parse(&out, "_-4", 3));
    assert_false(code_base64_parse(&out, "a", 1));
    assert_false(code_base64_parse(&out, "a b=", 4));
    buf_reset(&out);
    assert_true(code_hex_parse(&out, "4aFf", 4));
    assert_memory_equal(out.data, "\x4a\xff", 2);
    assert_false(code_hex_parse(&out, "4", 1));
    assert_false(code_hex_parse(&out, "4g", 2));
    buf_free(&out);
}

static void test_segments(void **state)
{
    struct buf s;
    char id[16];

    (void)state;
    buf_init(&s, SEGMENTS_SIZE_MAX);
    assert_true(segments_delivered(&s, "x", "a")); /* never heard of */
    segments_expect(&s, "one", "a");
    assert_int_equal(s.len, 0);
    segments_expect(&s, "three", "a b c");
    segments_expect(&s, "two", "d e");
    assert_false(segments_delivered(&s, "three", "b"));
    assert_false(segments_delivered(&s, "three", "b")); /* again */
    assert_false(segments_delivered(&s, "three", "zz"));
    assert_false(segments_delivered(&s, "three", "a"));
    assert_true(segments_delivered(&s, "three", "c"));
    assert_string_equal(buf_text(&s), "two d e\n");
    segments_forget(&s, "three");
    segments_forget(&s, "two");
    assert_string_equal(buf_text(&s), "");
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof(id), "id%d", i);
        segments_expect(&s, id, "a b");
    }
    assert_true(s.len <= SEGMENTS_SIZE_MAX && !s.over);
    assert_true(segments_delivered(&s, "id1", "a"));
    assert_false(segments_delivered(&s, "id4999", "a"));
    assert_true(segments_delivered(&s, "id4999", "b"));
    buf_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_params_many),
        cmocka_unit_test(test_pointer_rfc),
        cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_picks),
        cmocka_unit_test(test_pick_mistakes),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
