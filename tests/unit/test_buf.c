/* test_buf.c - the growing buffer and its ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_grow(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 100000);
    assert_string_equal(buf_text(&buf), "");
    for (int i = 0; i < 1000; i++) {
        assert_true(buf_addf(&buf, "%03d,", i));
        assert_true(buf.len < buf.cap);
        assert_int_equal(buf.data[buf.len], 0);
    }
    assert_int_equal(buf.len, 4000);
    assert_memory_equal(buf.data + 3996, "999,", 5);
    buf_reset(&buf);
    assert_string_equal(buf_text(&buf), "");
    assert_true(buf_add(&buf, "a\0b", 3));
    assert_int_equal(buf.len, 3);
    assert_memory_equal(buf.data, "a\0b", 4);
    buf_free(&buf);
    assert_null(buf.data);
    assert_true(buf_add_text(&buf, "again"));
    buf_free(&buf);
}

static void test_ceiling(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 5);
    assert_true(buf_add_text(&buf, "abc"));
    assert_false(buf_add_text(&buf, "def"));
    assert_true(buf.over);
    assert_string_equal(buf_text(&buf), "abc");
    assert_false(buf_addf(&buf, "%d", 1234));
    assert_true(buf_addf(&buf, "%d", 12));
    assert_false(buf_add_char(&buf, 'x'));
    assert_true(buf_add(&buf, "", 0));
    assert_string_equal(buf_text(&buf), "abc12");
    buf_reset(&buf);
    assert_false(buf.over);
    buf_free(&buf);
    buf_init(&buf, 0);
    assert_false(buf_add_char(&buf, 'x'));
    assert_string_equal(buf_text(&buf), "");
    buf_free(&buf);
}

static void test_consume_and_take(void **state)
{
    struct buf buf;
    char *text;

    (void)state;
    buf_init(&buf, 64);
    buf_consume(&buf, 3);
    text = buf_take(&buf);
    assert_string_equal(text, "");
    free(text);
    buf_add_text(&buf, "hello world");
    buf_consume(&buf, 6);
    assert_string_equal(buf_text(&buf), "world");
    buf_consume(&buf, 99);
    assert_string_equal(buf_text(&buf), "");
    buf_add_text(&buf, "kept");
    text = buf_take(&buf);
    assert_string_equal(text, "kept");
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.max, 64);
    free(text);
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_consume_and_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
