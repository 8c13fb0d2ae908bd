/* test_seal.c - what is sealed can be opened with its key only, and not be
 * changed or moved elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "toolkit/seal.h"

static void test_round(void **state)
{
    static const char *const texts[] = { "", "a", "123456:ABC-DEF1234ghIkl" };
    struct seal seal;

    (void)state;
    seal_init(&seal, "a secret of the admin's");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t size;
        unsigned char *sealed = seal_close(&seal, "line", texts[i], &size);
        char *opened = seal_open(&seal, "line", sealed, size);

        assert_string_equal(opened, texts[i]);
        secret_free(opened);
        free(sealed);
    }
}

static void test_never_twice_the_same(void **state)
{
    struct seal seal;
    size_t one, two;
    unsigned char *a, *b;

    (void)state;
    seal_init(&seal, "key");
    a = seal_close(&seal, "line", "text", &one);
    b = seal_close(&seal, "line", "text", &two);
    assert_int_equal(one, two);
    assert_memory_not_equal(a, b, one);
    assert_null(memmem(a, one, "text", 4));
    free(a);
    free(b);
}

static void test_wrong(void **state)
{
    struct seal seal, other;
    size_t size;
    unsigned char *sealed;

    (void)state;
    seal_init(&seal, "key");
    seal_init(&other, "kez");
    sealed = seal_close(&seal, "line", "text", &size);
    assert_null(seal_open(&other, "line", sealed, size));
    assert_null(seal_open(&seal, "lime", sealed, size));
    for (size_t i = 0; i < size; i++) {
        sealed[i] ^= 1;
        assert_null(seal_open(&seal, "line", sealed, size));
        sealed[i] ^= 1;
        assert_null(seal_open(&seal, "line", sealed, i));
    }
    free(sealed);
}

static void test_credential(void **state)
{
    char folder[] = "/tmp/moongate-credential-XXXXXX", path[64];
    struct err err;
    char *secret;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/seal", folder);
    file = fopen(path, "w");
    fputs("hidden\n", file);
    fclose(file);
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    assert_false(secret_load("credential:seal", &secret, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    (void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
    assert_true(secret_load("credential:seal", &secret, &err));
    assert_string_equal(secret, "hidden");
    secret_free(secret);
    assert_false(secret_load("credential:../seal", &secret, &err));
    assert_false(secret_load("credential:", &secret, &err));
    assert_false(secret_load("credential:none", &secret, &err));
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_never_twice_the_same),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_credential),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
