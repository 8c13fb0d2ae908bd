/* test_log.c - log lines, levels and shortened numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* Standard error goes into a file while `level` and `text` are logged. */
static size_t capture(enum log_level level, const char *text, char *out,
                      size_t room)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t n;

    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_line(level, "%s", text);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    rewind(file);
    n = fread(out, 1, room - 1, file);
    out[n] = '\0';
    fclose(file);
    return n;
}

static void test_line(void **state)
{
    char line[4096];

    (void)state;
    capture(LOG_LEVEL_WARN, "disk is full path=/x", line, sizeof line);
    assert_string_equal(line, "warn disk is full path=/x\n");
    capture(LOG_LEVEL_INFO, "a\nerror b\x1b[2J\x7f \xC2\x85 \xC3\xA9", line,
            sizeof line);
    assert_string_equal(line, "info a?error b?[2J? ?? \xC3\xA9\n");
}

static void test_secrets(void **state)
{
    char line[256];

    (void)state;
    log_hide("hunter2!");
    log_hide("hunter2!");
    log_hide("abc"); /* too short to be told from words */
    capture(LOG_LEVEL_INFO, "hunter2! abc xhunter2!hunter2!", line,
            sizeof line);
    assert_string_equal(line, "info *** abc x******\n");
    log_hide("\xC3\xA9t\xC3\xA9-secret");
    capture(LOG_LEVEL_INFO, "\xC3\xA9t\xC3\xA9-secret", line, sizeof line);
    assert_string_equal(line, "info ***\n");
}

static void test_levels(void **state)
{
    enum log_level level = LOG_LEVEL_WARN;
    char line[64];

    (void)state;
    assert_int_equal(capture(LOG_LEVEL_DEBUG, "x", line, sizeof line), 0);
    log_set_level(LOG_LEVEL_DEBUG);
    assert_int_equal(capture(LOG_LEVEL_DEBUG, "x", line, sizeof line), 8);
    log_set_level(LOG_LEVEL_ERROR);
    assert_int_equal(capture(LOG_LEVEL_WARN, "x", line, sizeof line), 0);
    log_set_level(LOG_LEVEL_INFO);
    assert_false(log_level_parse("loud", &level));
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_true(log_level_parse("error", &level));
    assert_int_equal(level, LOG_LEVEL_ERROR);
}

static void test_long_line(void **state)
{
    char text[8192], line[8192];
    size_t n;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    n = capture(LOG_LEVEL_ERROR, text, line, sizeof line);
    assert_true(n > 1000 && n <= 2048);
    assert_int_equal(line[n - 1], '\n');
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
}

static void test_number(void **state)
{
    (void)state;
    assert_string_equal(log_number("+447700900123").text, "+4477*****23");
    assert_string_equal(log_number("12345").text, "12345");
    assert_string_equal(log_number("1234567").text, "1234567");
    assert_string_equal(log_number("12345678").text, "12345*****78");
    assert_string_equal(log_number("").text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),    cmocka_unit_test(test_levels),
        cmocka_unit_test(test_secrets), cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
