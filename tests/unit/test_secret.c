/* test_secret.c - where secrets come from. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/secret.h"

static char path[] = "/tmp/moongate-secret-XXXXXX";

static int setup(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    if (fd < 0)
        return -1;
    return close(fd);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const void *bytes, size_t size)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static bool load(struct err *err, char **out)
{
    char spec[64];

    snprintf(spec, sizeof spec, "file:%s", path);
    return secret_load(spec, out, err);
}

static void test_file(void **state)
{
    static const struct {
        const char *content, *want;
    } cases[] = {
        { "s3cret\n", "s3cret" },
        { "s3cret", "s3cret" },
        { "first\r\nsecond\n", "first" },
        { " blank \n", " blank " },
    };
    struct err err;
    char *secret;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i].content, strlen(cases[i].content));
        assert_true(load(&err, &secret));
        assert_string_equal(secret, cases[i].want);
        secret_free(secret);
    }
}

static void test_bad_file(void **state)
{
    static char longer[5000];
    char *secret = (char *)1;
    struct err err;

    (void)state;
    put("", 0);
    assert_false(load(&err, &secret));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, path));
    put("\nsecond\n", 8);
    assert_false(load(&err, &secret));
    put("a\0b\n", 4);
    assert_false(load(&err, &secret));
    memset(longer, 'x', sizeof longer);
    put(longer, sizeof longer);
    assert_false(load(&err, &secret));
    assert_false(secret_load("file:/does/not/exist", &secret, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "/does/not/exist"));
    assert_false(secret_load("file:/", &secret, &err));
    assert_ptr_equal(secret, (char *)1);
}

static void test_variable(void **state)
{
    struct err err;
    char *secret;

    (void)state;
    setenv("MOONGATE_TEST_SECRET", "from the environment", 1);
    assert_true(secret_load("env:MOONGATE_TEST_SECRET", &secret, &err));
    assert_string_equal(secret, "from the environment");
    secret_free(secret);
    setenv("MOONGATE_TEST_SECRET", "", 1);
    assert_false(secret_load("env:MOONGATE_TEST_SECRET", &secret, &err));
    assert_non_null(strstr(err.text, "MOONGATE_TEST_SECRET"));
    unsetenv("MOONGATE_TEST_SECRET");
    assert_false(secret_load("env:MOONGATE_TEST_SECRET", &secret, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
}

static void test_literal(void **state)
{
    struct err err;
    char *secret;

    (void)state;
    assert_true(secret_load("plain", &secret, &err));
    assert_string_equal(secret, "plain");
    secret_free(secret);
    secret_free(NULL);
    assert_false(secret_load("", &secret, &err));
}

static void test_equal(void **state)
{
    (void)state;
    assert_true(secret_equal("abc", "abc", 3));
    assert_false(secret_equal("abc", "abd", 3));
    assert_false(secret_equal("xbc", "abc", 3));
    assert_true(secret_equal("abc", "abd", 2));
    assert_true(secret_equal("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file),     cmocka_unit_test(test_bad_file),
        cmocka_unit_test(test_variable), cmocka_unit_test(test_literal),
        cmocka_unit_test(test_equal),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
