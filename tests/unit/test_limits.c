/* test_limits.c - where a network sends to, and talks of two machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "toolkit/config.h"
#include "toolkit/settings.h"

static const struct option lists[] = {
    { .key = "allow_prefixes", .type = OPT_LIST },
    { .key = "deny_prefixes", .type = OPT_LIST },
    { 0 },
};

struct scene {
    struct config *config;
    struct settings *settings;
    struct destinations d;
    struct loop_guard guard;
};

static int setup(void **state)
{
    static struct scene scene;
    const struct option *tables[] = { lists, NULL };

    scene = (struct scene){ .guard = { .turns = 4, .pause_ms = 60000 } };
    scene.config = calloc(1, sizeof(*scene.config));
    scene.settings = settings_default(tables, "sms", "test");
    section_add_group(config_add_section(scene.config, "all", true),
                      scene.settings);
    scene.d.settings = scene.settings;
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    struct scene *s = *state;

    config_free(s->config);
    return 0;
}

static void add(struct scene *s, const char *key, const char *item)
{
    setting_add_item(settings_find(s->settings, key), item);
}

static bool goes(const struct scene *s, const char *address)
{
    struct err err = { 0 };
    bool good = destination_allowed(&s->d, address, true, &err);

    assert_int_equal(err.kind, good ? ERR_NONE : ERR_NOT_ALLOWED);
    return good;
}

/* --- destinations --------------------------------------------------------- */

static void ordinary_numbers_are_free(void **state)
{
    assert_true(goes(*state, "+447700900123"));
    assert_true(goes(*state, "+15551234567"));
    assert_true(goes(*state, "+4915112345678"));
    assert_true(goes(*state, "+35315551234")); /* Dublin */
    assert_true(goes(*state, "+4690123456"));  /* 090 is Umea, 0900 is not */
    assert_true(goes(*state, "name:Bank"));    /* the line's to refuse */
}

static void dear_numbers_are_not(void **state)
{
    static const char *const dear[] = {
        "+19005551234",  "+449061234567", "+498001",      "+491371234567",
        "+881612345678", "+97912345678",  "+33892123456", "+447012345678",
    };
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(dear) / sizeof(dear[0]); i++) {
        bool free_call = strcmp(dear[i], "+498001") == 0;

        if (goes(s, dear[i]) != free_call)
            fail_msg("%s", dear[i]);
    }
    s->d.premium = true;
    for (size_t i = 0; i < sizeof(dear) / sizeof(dear[0]); i++)
        assert_true(goes(s, dear[i]));
}

static void short_numbers_are_only_answered(void **state)
{
    static const char code[] = "12345;phone-context=+44";
    struct scene *s = *state;

    assert_true(goes(s, code));
    assert_true(destination_answers_only(&s->d, code, true));
    assert_false(destination_answers_only(&s->d, "+447700900123", true));
    assert_false(destination_answers_only(&s->d, "name:Bank", true));
    assert_false(destination_answers_only(&s->d, "12345", false));
    add(s, "allow_prefixes", "12345");
    assert_false(destination_answers_only(&s->d, code, true));
    add(s, "deny_prefixes", "12345");
    assert_false(goes(s, code));
}

static void emergency_numbers_never(void **state)
{
    struct scene *s = *state;

    s->d.premium = true;
    add(s, "allow_prefixes", "112");
    assert_false(goes(s, "112;phone-context=+49"));
    assert_false(goes(s, "110;phone-context=+49"));
    assert_false(goes(s, "999;phone-context=+44"));
    assert_false(goes(s, "911;phone-context=+1"));
    assert_true(is_emergency("000;phone-context=+61"));
    assert_false(is_emergency("1120;phone-context=+49"));
    assert_false(is_emergency("+1125551234"));
    assert_false(is_emergency("911"));
}

static void only_what_is_allowed(void **state)
{
    struct scene *s = *state;

    add(s, "allow_prefixes", "+44");
    add(s, "allow_prefixes", "12345");
    add(s, "deny_prefixes", "+447700");
    assert_true(goes(s, "+447911123456"));
    assert_false(goes(s, "+447700900123"));
    assert_false(goes(s, "+33612345678"));
    assert_true(goes(s, "12345;phone-context=+44"));
    assert_false(goes(s, "1234;phone-context=+44")); /* a code is named whole */
    assert_false(goes(s, "123456;phone-context=+44"));
    assert_false(goes(s, "+449061234567")); /* +44 does not name the premium */
    add(s, "allow_prefixes", "+44906");
    assert_true(goes(s, "+449061234567"));
}

static void other_addresses_have_prefixes_only(void **state)
{
    struct scene *s = *state;
    struct err err;

    assert_true(destination_allowed(&s->d, "12345", false, &err));
    assert_true(destination_allowed(&s->d, "+449061234567", false, &err));
    add(s, "deny_prefixes", "-100");
    assert_false(destination_allowed(&s->d, "-10012", false, &err));
}

/* --- loops ---------------------------------------------------------------- */

static enum loop_verdict out(struct scene *s, const char *text, int64_t now)
{
    struct err err = { 0 };
    enum loop_verdict verdict =
        loop_out(&s->guard, "romeo@example.org", "+1", text, now, &err);

    assert_int_equal(err.kind, verdict == LOOP_NONE ? ERR_NONE : ERR_LIMITED);
    return verdict;
}

static void in(struct scene *s, const char *text, int64_t now)
{
    loop_in(&s->guard, "romeo@example.org", "+1", text, now);
}

static void answers_in_a_minute(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 4; i++) {
        in(s, "in", 1000 + i);
        assert_int_equal(out(s, "out", 1000 + i), LOOP_NONE);
        assert_int_equal(out(s, "more", 1000 + i), LOOP_NONE);
    }
    in(s, "in", 2000);
    assert_int_equal(out(s, "out", 2000), LOOP_BEGUN);
    in(s, "in", 2001);
    assert_int_equal(out(s, "out", 61999), LOOP_GOES_ON);
    assert_int_equal(out(s, "out", 62000), LOOP_NONE);
}

static void the_same_text_back_and_forth(void **state)
{
    struct scene *s = *state;

    in(s, "I am away", 1);
    assert_int_equal(out(s, "I am away", 2), LOOP_NONE);
    in(s, "I am away", 3);
    assert_int_equal(out(s, "I am away", 4), LOOP_BEGUN);
}

static void people_have_time(void **state)
{
    struct scene *s = *state;

    for (int64_t i = 0; i < 100; i++) {
        in(s, "how are you?", 1 + i * 20000);
        assert_int_equal(out(s, "fine", 2 + i * 20000), LOOP_NONE);
    }
    for (int64_t i = 0; i < 100; i++) /* one side alone is no loop */
        assert_int_equal(out(s, "hello", 3000000 + i), LOOP_NONE);
}

static void others_do_not_matter(void **state)
{
    struct scene *s = *state;
    char contact[16];

    for (int i = 0; i < 4; i++) {
        in(s, "in", 1000);
        assert_int_equal(out(s, "out", 1000), LOOP_NONE);
    }
    in(s, "in", 2000);
    for (int i = 0; i < LOOP_TALKS - 1; i++) {
        (void)snprintf(contact, sizeof(contact), "+2%d", i);
        loop_in(&s->guard, "romeo@example.org", contact, "hi", 1500);
    }
    assert_int_equal(out(s, "out", 2000), LOOP_BEGUN);
    loop_in(&s->guard, "juliet@example.org", "+1", "hi", 2000);
    assert_int_equal(out(s, "out", 2001), LOOP_GOES_ON);
    s->guard.turns = 0;
    assert_int_equal(out(s, "out", 2001), LOOP_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ordinary_numbers_are_free),
        TEST(dear_numbers_are_not),
        TEST(emergency_numbers_never),
        TEST(short_numbers_are_only_answered),
        TEST(only_what_is_allowed),
        TEST(other_addresses_have_prefixes_only),
        TEST(answers_in_a_minute),
        TEST(the_same_text_back_and_forth),
        TEST(people_have_time),
        TEST(others_do_not_matter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
