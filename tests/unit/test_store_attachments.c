/* test_store_attachments.c - attachments stay with their message until they are
 * settled, over a crash, and no longer. */
#include "store_scene.h"

#include "base/mem.h"

#define ROMEO "romeo@example.org"
#define PHONE "+447700900001"

static const struct attachment_row two[] = {
    { .url = (char *)"https://a/1",
      .type = (char *)"image/png",
      .name = (char *)"a.png",
      .line = (char *)"web",
      .size = 5 },
    { .url = (char *)"file-id-2", .line = (char *)"web" },
};

static struct entry with_two(enum direction direction)
{
    struct entry entry = direction == TO_XMPP ? scene_in(ROMEO, PHONE, "look")
                                              : scene_out(ROMEO, PHONE, "look");

    entry.attachments = two;
    entry.n_attachments = 2;
    return entry;
}

static void expect_two(const struct delivery *d)
{
    assert_int_equal(d->n_attachments, 2);
    assert_string_equal(d->attachments[0].url, "https://a/1");
    assert_string_equal(d->attachments[0].type, "image/png");
    assert_string_equal(d->attachments[0].name, "a.png");
    assert_string_equal(d->attachments[0].line, "web");
    assert_int_equal(d->attachments[0].size, 5);
    assert_int_equal(d->attachments[0].state, ATTACHMENT_WAITING);
    assert_string_equal(d->attachments[1].url, "file-id-2");
    assert_null(d->attachments[1].type);
    assert_null(d->attachments[1].name);
}

/* As accepted, and as read again by another life. */
static void test_kept(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 2; i++) {
        enum direction direction = i == 0 ? TO_XMPP : TO_LINE;
        struct entry entry = with_two(direction);
        struct delivery *d;

        entry.take = true;
        d = scene_accept(s, &entry)->delivery;
        assert_non_null(d);
        expect_two(d);
        delivery_free(d);
        scene_reopen(s);
        d = scene_take_one(s, direction, "look");
        expect_two(d);
        delivery_free(d);
    }
}

static void test_settled(void **state)
{
    struct scene *s = *state;
    struct entry entry = with_two(TO_XMPP);
    struct attachment_row row = { .state = ATTACHMENT_PUBLISHED,
                                  .url = (char *)"https://up/1",
                                  .type = (char *)"image/gif",
                                  .size = 9 };
    struct delivery *d;

    scene_accept(s, &entry);
    d = scene_take_one(s, TO_XMPP, "look");
    /* A holder may point them to memory of its own. */
    d->attachments[1].url = xstrdup("https://up/2");
    d->attachments[1].type = xstrdup("image/gif");
    store_attachment(s->store, d->row, 1, &row, on_plain, s);
    scene_wait(s);
    delivery_free(d);
    scene_reopen(s);
    d = scene_take_one(s, TO_XMPP, "look");
    assert_int_equal(d->attachments[0].state, ATTACHMENT_WAITING);
    assert_int_equal(d->attachments[1].state, ATTACHMENT_PUBLISHED);
    assert_string_equal(d->attachments[1].url, "https://up/1");
    assert_string_equal(d->attachments[1].type, "image/gif");
    assert_int_equal(d->attachments[1].size, 9);
    delivery_free(d);
}

/* What a message said is not kept longer than its text. */
static void test_forgotten(void **state)
{
    struct scene *s = *state;
    struct entry entry = with_two(TO_XMPP);
    struct delivery *d;

    scene_accept(s, &entry);
    d = scene_take_one(s, TO_XMPP, "look");
    scene_fenced(s, &d->row, 1);
    delivery_free(d);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attachment"), 2);
    store_sweep(s->store, clock_wall_ms() + (int64_t)8 * 24 * 3600 * 1000);
    do {
        store_barrier(s->store, on_plain, s);
        scene_wait(s);
    } while (store_pending(s->store) > 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attachment"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept, scene_setup, scene_teardown),
        cmocka_unit_test_setup_teardown(test_settled, scene_setup,
                                        scene_teardown),
        cmocka_unit_test_setup_teardown(test_forgotten, scene_setup,
                                        scene_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
