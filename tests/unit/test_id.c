/* test_id.c - random identities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"

static void test_text(void **state)
{
    static const char text[] = "00112233445566778899aabbccddeeff";
    struct id id, other;

    (void)state;
    assert_true(id_parse(text, &id));
    assert_int_equal(id.bytes[ID_TIME + 1], 0x11);
    assert_string_equal(id_text(&id).text, text);
    assert_true(id_parse("00112233445566778899AABBCCDDEEFF", &other));
    assert_true(id_equal(&id, &other));
    other = id_new();
    assert_false(id_equal(&id, &other));
}

static void test_not_an_id(void **state)
{
    static const char *const wrong[] = {
        "",
        "0",
        "00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff0",
        "00112233445566778899aabbccddeefg",
        " 0112233445566778899aabbccddeeff",
    };
    struct id id = { { 7 } };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(id_parse(wrong[i], &id));
    assert_int_equal(id.bytes[0], 7);
}

/* 1,000 identities: none twice, in order of time, and about half of all random
 * bits set. */
static void test_random(void **state)
{
    static struct id ids[1000];
    unsigned bits = 0;

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        ids[i] = id_new();
        for (size_t j = 0; j < i; j++)
            assert_false(id_equal(&ids[i], &ids[j]));
        assert_true(i == 0 ||
                    memcmp(ids[i - 1].bytes, ids[i].bytes, ID_TIME) <= 0);
        for (size_t j = ID_TIME; j < 16; j++)
            bits += (unsigned)__builtin_popcount(ids[i].bytes[j]);
    }
    assert_in_range(bits, 38500, 41500);
}

static void test_below(void **state)
{
    unsigned counts[6] = { 0 };

    (void)state;
    assert_int_equal(id_random_below(1), 0);
    for (int i = 0; i < 6000; i++) {
        uint32_t value = id_random_below(6);

        assert_true(value < 6);
        counts[value]++;
    }
    for (size_t i = 0; i < 6; i++)
        assert_in_range(counts[i], 800, 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_not_an_id),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
