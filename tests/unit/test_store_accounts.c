/* test_store_accounts.c - accounts made, changed, disabled and removed, and
 * what becomes of their texts and of those who write to them. */
#include "store_scene.h"

#define ROMEO "romeo@example.org"
#define PHONE "+447700900001"

struct seen_row {
    struct scene *scene;
    bool found, disabled;
    char settings[128];
};

static void on_row(void *arg, const struct account_row *row,
                   const struct err *err)
{
    struct seen_row *seen = arg;

    seen->found = row != NULL;
    if (row) {
        seen->disabled = row->disabled;
        text_copy(seen->settings, sizeof(seen->settings), row->settings);
    }
    scene_keep(seen->scene, err);
}

static struct seen_row get(struct scene *s)
{
    struct seen_row seen = { .scene = s };

    store_account(s->store, "sms", ROMEO, on_row, &seen);
    scene_wait(s);
    assert_false(s->failed);
    return seen;
}

static void on_changed(void *arg, bool made, const struct err *err)
{
    struct scene *s = arg;

    s->changed = made;
    scene_keep(s, err);
}

static void put(struct scene *s, struct account_change change)
{
    change.network = "sms";
    change.jid = ROMEO;
    store_account_put(s->store, &change, on_changed, s);
    scene_wait(s);
}

static void on_failed(void *arg, const struct moved *moved,
                      struct delivery *follower, const struct err *err)
{
    struct scene *s = arg;

    assert_null(follower);
    if (moved) {
        assert_string_equal(moved->account, ROMEO);
        assert_string_equal(moved->network, "sms");
        assert_int_equal(moved->state, MESSAGE_FAILED);
        assert_int_equal(moved->owed, OWED_ERROR);
        assert_int_equal(moved->err.kind, ERR_UNREGISTERED);
        text_copy(s->texts[s->n_texts++ % 64], 64, moved->stanza_id);
        return;
    }
    scene_keep(s, err);
}

static void remove_account(struct scene *s)
{
    struct err why;

    s->n_texts = 0;
    err_set(&why, ERR_UNREGISTERED, "gone");
    store_account_remove(s->store, "sms", ROMEO, &why, on_failed, s);
    scene_wait(s);
}

static struct entry_result *text_out(struct scene *s, const char *text,
                                     bool make)
{
    struct entry entry = scene_out(ROMEO, PHONE, text);

    entry.stanza_id = text;
    entry.make_account = make;
    return scene_accept(s, &entry);
}

static void test_make_and_change(void **state)
{
    struct scene *s = *state;

    assert_false(get(s).found);
    put(s, (struct account_change){ .settings = "{\"nick\":\"R\"}" });
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_UNREGISTERED);
    put(s, (struct account_change){ .make = true });
    assert_true(!s->failed && s->changed);
    assert_string_equal(get(s).settings, "{}");
    put(s, (struct account_change){ .make = true,
                                    .settings = "{\"nick\":\"R\"}" });
    assert_true(!s->failed && !s->changed);
    put(s, (struct account_change){ .make = true });
    assert_string_equal(get(s).settings, "{\"nick\":\"R\"}");
    scene_reopen(s);
    assert_string_equal(get(s).settings, "{\"nick\":\"R\"}");
}

static void test_open_registration(void **state)
{
    struct scene *s = *state;

    assert_int_equal(text_out(s, "one", false)->outcome, ENTRY_REFUSED);
    assert_int_equal(s->results[0].err.kind, ERR_UNREGISTERED);
    put(s, (struct account_change){ .make = true });
    assert_int_equal(text_out(s, "two", false)->outcome, ENTRY_QUEUED);
}

/* What conversations remember about the account does not outlive it. */
static void test_disable(void **state)
{
    struct scene *s = *state;

    assert_int_equal(text_out(s, "one", true)->outcome, ENTRY_QUEUED);
    put(s, (struct account_change){ .state = ACCOUNT_DISABLED });
    assert_false(s->failed);
    assert_true(get(s).disabled);
    assert_int_equal(text_out(s, "two", true)->outcome, ENTRY_REFUSED);
    assert_int_equal(s->results[0].err.kind, ERR_FORBIDDEN);
    put(s, (struct account_change){ .state = ACCOUNT_ENABLED });
    assert_false(get(s).disabled);
    assert_int_equal(text_out(s, "three", true)->outcome, ENTRY_QUEUED);
}

static void test_remove(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_in(ROMEO, PHONE, "for him");
    struct delivery *d;

    remove_account(s);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_UNREGISTERED);
    text_out(s, "one", true);
    text_out(s, "two", true);
    entry.name = "Juliet";
    scene_accept(s, &entry);
    store_subscribe(s->store, "sms", ROMEO, PHONE, true, on_plain, s);
    scene_wait(s);
    remove_account(s);
    assert_false(s->failed);
    assert_int_equal(s->n_texts, 2);
    assert_string_equal(s->texts[0], "one");
    assert_string_equal(s->texts[1], "two");
    assert_false(get(s).found);
    scene_take_one(s, TO_LINE, NULL);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM subscription"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM contact"), 0);
    /* It was accepted for him. */
    d = scene_take_one(s, TO_XMPP, "for him");
    delivery_free(d);
    assert_int_equal(text_out(s, "again", false)->outcome, ENTRY_REFUSED);
    scene_reopen(s);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message WHERE state = "
                                  "7 AND owed = 2"),
                     2);
}

/* One is in the line's hands, one is on its way: the first is stopped at its
 * intent, the second ends by itself. */
static void test_remove_in_hand(void **state)
{
    struct scene *s = *state;
    char byte[] = "x";
    struct part_row part = { .n = 1, .bytes = byte, .size = 1 };
    struct outcome outcome = { .line = "sim1",
                               .sim = "imsi1",
                               .n = 1,
                               .state = PART_SENT,
                               .remote_id = "5",
                               .move = MESSAGE_SENT };
    struct delivery *first, *second;
    struct entry other = scene_out(ROMEO, "+447700900002", "other");

    text_out(s, "one", true);
    scene_accept(s, &other);
    first = scene_take_one(s, TO_LINE, "one");
    second = scene_take_one(s, TO_LINE, "other");
    scene_intend(s, second, &part, 1, 1);
    remove_account(s);
    assert_int_equal(s->n_texts, 1);
    assert_string_equal(s->texts[0], "one");
    scene_intend(s, first, &part, 1, 1);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_NOT_ALLOWED);
    outcome.delivery = second;
    scene_outcome(s, &outcome);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_SENT);
    delivery_free(first);
    delivery_free(second);
    assert_int_equal(
        scene_sql(s, "SELECT count(*) FROM conversation WHERE head <= last_seq"
                     " OR turn IS NOT NULL OR next_at IS NOT NULL"),
        0);
    /* The conversation works for a new account. */
    assert_int_equal(text_out(s, "new", true)->outcome, ENTRY_QUEUED);
    delivery_free(scene_take_one(s, TO_LINE, "new"));
}

static void test_remove_many(void **state)
{
    struct scene *s = *state;
    enum { N = 450 }; /* more than two pages */

    for (int i = 0; i < N; i++)
        text_out(s, "x", true);
    remove_account(s);
    assert_false(s->failed);
    assert_int_equal(s->n_texts, N);
    scene_take_one(s, TO_LINE, NULL);
}

static void on_account(void *arg, const char *account, const struct err *err)
{
    struct scene *s = arg;

    if (account)
        text_copy(s->texts[s->n_texts++], 64, account);
    else
        scene_keep(s, err);
}

static size_t find_accounts(struct scene *s)
{
    s->n_texts = 0;
    store_find_accounts(s->store, "sms", PHONE, 8, on_account, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->n_texts;
}

/* A phone that wrote to somebody who is gone, also a moment too late. */
static void test_texts_for_who_is_gone(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_in(ROMEO, PHONE, "hello?");

    text_out(s, "one", true);
    assert_int_equal(find_accounts(s), 1);
    put(s, (struct account_change){ .state = ACCOUNT_DISABLED });
    assert_int_equal(find_accounts(s), 0);
    put(s, (struct account_change){ .state = ACCOUNT_ENABLED });
    assert_int_equal(find_accounts(s), 1);
    remove_account(s);
    assert_int_equal(find_accounts(s), 0);
    entry.make_account = false;
    entry.source = "sim1";
    entry.key = "k1";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    assert_true(s->results[0].nobody);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message m JOIN "
                                  "conversation c ON c.id = m.conv WHERE "
                                  "m.held = 1 AND c.account = ''"),
                     1);
    scene_take_one(s, TO_XMPP, NULL);
    entry.id = id_new();
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_DUPLICATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_make_and_change),
        SCENE(test_open_registration),
        SCENE(test_disable),
        SCENE(test_remove),
        SCENE(test_remove_in_hand),
        SCENE(test_remove_many),
        SCENE(test_texts_for_who_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
