/* test_admins.c - what admins are told, and how often. */
#include "core_scene.h"

static void tell(struct core_scene *s, const char *text)
{
    network_tell_admins(s->network, text);
}

static struct core_scene *with_admin(void **state)
{
    struct core_scene *s = *state;

    setting_add_item(settings_find(s->xmpp, "admins"), "admin@example.org");
    s->network->front_state = FRONT_UP;
    return s;
}

/* The news of one trouble do not hide another. */
static void each_word_once_a_minute(void **state)
{
    struct core_scene *s = with_admin(state);

    tell(s, "a text belongs to nobody");
    tell(s, "a text belongs to nobody");
    assert_int_equal(s->notices, 1);
    tell(s, "romeo is paused");
    assert_int_equal(s->notices, 2);
}

static void no_flood(void **state)
{
    struct core_scene *s = with_admin(state);

    for (int i = 0; i < 50; i++)
        tell(s, i % 2 ? "one" : "two");
    assert_int_equal(s->notices, 10);
    s->network->told.since -= 60000;
    tell(s, "one");
    assert_int_equal(s->notices, 11);
}

static void the_last_words_wait(void **state)
{
    struct core_scene *s = with_admin(state);

    s->network->front_state = FRONT_DOWN;
    tell(s, "one");
    tell(s, "two");
    assert_int_equal(s->notices, 0);
    s->network->front_state = FRONT_UP;
    network_tell_untold(s->network);
    network_tell_untold(s->network);
    assert_int_equal(s->notices, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CORE_SCENE(each_word_once_a_minute),
        CORE_SCENE(no_flood),
        CORE_SCENE(the_last_words_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
