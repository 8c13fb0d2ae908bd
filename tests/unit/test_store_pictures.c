/* test_store_pictures.c - pictures of contacts are kept, replaced, and go with
 * the line that a user has brought along. */
#include "store_scene.h"

#include "store/own.h"
#include "store/pictures.h"

#define ROMEO "romeo@example.org"

static void on_done(void *arg, const struct err *err)
{
    scene_keep(arg, err);
}

static void put(struct scene *s, const char *account, const char *token,
                const char *bytes)
{
    const struct picture_row row = { .network = "sms",
                                     .account = account,
                                     .contact = "5001",
                                     .token = token,
                                     .sha1 = token,
                                     .type = "image/png",
                                     .bytes = bytes,
                                     .size = strlen(bytes) };

    store_picture_put(s->store, &row, on_done, s);
    scene_wait(s);
    assert_false(s->failed);
}

static void on_row(void *arg, const struct picture_row *row,
                   const struct err *err)
{
    struct scene *s = arg;

    s->n_texts = 0;
    if (row)
        snprintf(s->texts[s->n_texts++], sizeof(s->texts[0]), "%s %s %.*s",
                 row->sha1, row->type, (int)row->size,
                 (const char *)row->bytes);
    scene_keep(s, err);
}

/* Its words; NULL: there is none. */
static const char *get(struct scene *s, const char *account)
{
    store_picture_get(s->store, "sms", account, "5001", on_row, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->n_texts ? s->texts[0] : NULL;
}

static void on_each(void *arg, const struct picture_row *row,
                    const struct err *err)
{
    struct scene *s = arg;

    (void)err;
    assert_null(row->bytes);
    snprintf(s->texts[s->n_texts++], sizeof(s->texts[0]), "%s|%s|%s",
             row->account, row->contact, row->token);
}

static void test_kept(void **state)
{
    struct scene *s = *state;

    assert_null(get(s, ""));
    put(s, "", "one", "a face");
    assert_string_equal(get(s, ""), "one image/png a face");
    assert_null(get(s, ROMEO));
    put(s, "", "two", "another");
    scene_reopen(s);
    assert_string_equal(get(s, ""), "two image/png another");
    put(s, "", "three", "");
    assert_null(get(s, ""));
    s->n_texts = 0;
    store_pictures_each(s->store, "sms", on_each, s);
    assert_int_equal(s->n_texts, 1);
    assert_string_equal(s->texts[0], "|5001|three");
}

static void test_gone_with_the_line(void **state)
{
    struct scene *s = *state;

    put(s, ROMEO, "his", "a face");
    put(s, "", "ours", "a face");
    store_own_drop(s->store, "sms", ROMEO, on_done, s);
    scene_wait(s);
    assert_null(get(s, ROMEO));
    assert_non_null(get(s, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_kept),
        SCENE(test_gone_with_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
