/* test_mem.c - allocation helpers and text_copy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static void test_allocate(void **state)
{
    char *text = xstrndup("moongate", 4);
    uint8_t *zeros = xcalloc(4, 8);
    char *none = xmalloc(0);

    (void)state;
    assert_string_equal(text, "moon");
    for (size_t i = 0; i < 32; i++)
        assert_int_equal(zeros[i], 0);
    assert_non_null(none);
    assert_null(xstrdup(NULL));
    assert_null(xmemdup("x", 0));
    text = xrealloc(text, 100);
    assert_string_equal(text, "moon");
    free(text);
    free(zeros);
    free(none);
    text = xasprintf("%s %d", "part", 3);
    assert_string_equal(text, "part 3");
    free(text);
    text = xmemdup("a\0b", 4);
    assert_memory_equal(text, "a\0b", 4);
    free(text);
}

static void test_text_copy(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *want;
    } cases[] = {
        { "abc", 4, "abc" },
        { "abcd", 4, "abc" },
        { "abc", 1, "" },
        { "ab\xC3\xA9", 5, "ab\xC3\xA9" },
        { "ab\xC3\xA9", 4, "ab" },
        { "a\xF0\x9F\x98\x80", 5, "a" },
        { "a\xF0\x9F\x98\x80", 6, "a\xF0\x9F\x98\x80" },
        { "\xF0\x9F\x98\x80", 3, "" },
    };
    char out[8];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(out, 'z', sizeof out);
        text_copy(out, cases[i].size, cases[i].text);
        assert_string_equal(out, cases[i].want);
    }
    out[0] = 'z';
    text_copy(out, 0, "abc");
    assert_int_equal(out[0], 'z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocate),
        cmocka_unit_test(test_text_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
