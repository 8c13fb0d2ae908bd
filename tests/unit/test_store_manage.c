/* test_store_manage.c - a hand in the queue, block lists, contacts, what is
 * known of somebody. */
#include "store_scene.h"

#include <json-c/json.h>

#include "store/manage.h"

#define ROMEO "romeo@example.org"
#define PHONE "+447700900001"

static void manage(struct scene *s, enum manage what, const struct id *id,
                   const char *account)
{
    struct id_text text = id_text(id);
    struct management m = { .what = what, .id = text.text, .account = account };

    text.text[8] = '\0';
    store_manage(s->store, &m, on_moved, s);
    scene_wait(s);
}

static void refused(struct scene *s, enum manage what, const struct id *id,
                    const char *account, const char *why)
{
    manage(s, what, id, account);
    assert_true(s->failed);
    if (!strstr(s->err.text, why))
        fail_msg("%s", s->err.text);
}

static struct id accept(struct scene *s, enum direction direction,
                        const char *account, const char *text)
{
    struct entry entry = direction == TO_LINE ? scene_out(account, PHONE, text)
                                              : scene_in(account, PHONE, text);

    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    return entry.id;
}

static void test_hold_and_release(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_LINE, ROMEO, "one");

    (void)accept(s, TO_LINE, ROMEO, "two");
    manage(s, MANAGE_HOLD, &id, NULL);
    assert_false(s->failed);
    (void)scene_take_one(s, TO_LINE, NULL);
    refused(s, MANAGE_HOLD, &id, NULL, "held already");
    refused(s, MANAGE_REQUEUE, &id, NULL, "release it");
    scene_reopen(s);
    (void)scene_take_one(s, TO_LINE, NULL);
    refused(s, MANAGE_RELEASE, &id, "juliet@example.org", "has an owner");
    manage(s, MANAGE_RELEASE, &id, NULL);
    assert_false(s->failed);
    assert_int_equal(s->moved.direction, TO_LINE);
    delivery_free(scene_take_one(s, TO_LINE, "one"));
    refused(s, MANAGE_RELEASE, &id, NULL, "not held");
}

static void test_leaves_what_is_in_hand(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_LINE, ROMEO, "one");
    struct delivery *d = scene_take_one(s, TO_LINE, "one");

    refused(s, MANAGE_HOLD, &id, NULL, "just now");
    refused(s, MANAGE_EXPIRE, &id, NULL, "just now");
    assert_int_equal(s->err.kind, ERR_TEMPORARY);
    scene_move_to(s, d, MESSAGE_SENT, 0);
    delivery_free(d);
    refused(s, MANAGE_HOLD, &id, NULL, "not waiting");
    refused(s, MANAGE_REQUEUE, &id, NULL, "not waiting");
    id = id_new();
    refused(s, MANAGE_HOLD, &id, NULL, "there is no message");
}

static void test_nobodys_texts_find_somebody(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_XMPP, NULL, "one");

    (void)accept(s, TO_XMPP, NULL, "two");
    refused(s, MANAGE_RELEASE, &id, NULL, "belongs to nobody");
    manage(s, MANAGE_RELEASE, &id, ROMEO);
    assert_false(s->failed);
    scene_reopen(s);
    delivery_free(scene_take_one(s, TO_XMPP, "one"));
    delivery_free(scene_take_one(s, TO_XMPP, "two"));
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM account"), 1);
    /* What comes now is nobody's again: the store does not decide that. */
    id = accept(s, TO_XMPP, NULL, "three");
    manage(s, MANAGE_RELEASE, &id, ROMEO);
    delivery_free(scene_take_one(s, TO_XMPP, "three"));
}

static void test_no_release_to_a_disabled_account(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_XMPP, NULL, "one");

    (void)scene_sql(s, "INSERT INTO account (network, jid, state, created)"
                       " VALUES ('sms', '" ROMEO "', 1, 1)");
    refused(s, MANAGE_RELEASE, &id, ROMEO, "is disabled");
    assert_int_equal(scene_sql(s, "SELECT held FROM message"), 1);
}

static void test_requeue_makes_a_deferred_one_due(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_LINE, ROMEO, "one");
    struct delivery *d = scene_take_one(s, TO_LINE, "one");

    scene_move_to(s, d, MESSAGE_QUEUED, clock_wall_ms() + 3600000);
    delivery_free(d);
    (void)scene_take_one(s, TO_LINE, NULL);
    manage(s, MANAGE_REQUEUE, &id, NULL);
    assert_false(s->failed);
    delivery_free(scene_take_one(s, TO_LINE, "one"));
}

/* While another of its conversation is in hand, which must not go twice. */
static void test_requeue_tries_a_failed_one_again(void **state)
{
    struct scene *s = *state;
    struct part_row part = { .n = 1, .bytes = (char[]){ "x" }, .size = 1 };
    struct id id = accept(s, TO_LINE, ROMEO, "one");
    struct delivery *d = scene_take_one(s, TO_LINE, "one"), *other;
    struct err why;

    scene_intend(s, d, &part, 1, 1);
    (void)err_set(&why, ERR_REJECTED, "no");
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_FAILED,
                                        .err = &why,
                                        .move = MESSAGE_FAILED,
                                        .owe = true });
    assert_int_equal(s->moved.owed, OWED_ERROR);
    (void)accept(s, TO_LINE, ROMEO, "two");
    other = scene_take_one(s, TO_LINE, "two");
    manage(s, MANAGE_REQUEUE, &id, NULL);
    assert_false(s->failed);
    assert_int_equal(scene_state(s, d->row), MESSAGE_QUEUED);
    (void)scene_take_one(s, TO_LINE, NULL);
    scene_move_to(s, other, MESSAGE_SENT, 0);
    assert_non_null(s->follower);
    assert_string_equal(s->follower->text, "one");
    assert_int_equal(s->follower->n_parts, 0);
    delivery_free(s->follower);
    delivery_free(other);
    delivery_free(d);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message WHERE"
                                  " err_text IS NOT NULL"),
                     0);
}

static void test_requeue_needs_the_text(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_LINE, ROMEO, "one");

    manage(s, MANAGE_EXPIRE, &id, NULL);
    (void)scene_sql(s, "DELETE FROM body");
    refused(s, MANAGE_REQUEUE, &id, NULL, "not kept any more");
}

static void test_expire_tells_the_sender(void **state)
{
    struct scene *s = *state;
    struct id id = accept(s, TO_LINE, ROMEO, "one");

    (void)accept(s, TO_LINE, ROMEO, "two");
    manage(s, MANAGE_HOLD, &id, NULL);
    manage(s, MANAGE_EXPIRE, &id, NULL);
    assert_false(s->failed);
    assert_int_equal(s->moved.owed, OWED_ERROR);
    assert_int_equal(s->moved.err.kind, ERR_EXPIRED);
    delivery_free(scene_take_one(s, TO_LINE, "two"));
    id = accept(s, TO_XMPP, NULL, "three");
    manage(s, MANAGE_EXPIRE, &id, NULL);
    assert_false(s->failed);
    assert_int_equal(s->moved.owed, OWED_NOTHING);
}

/* --- block lists ---------------------------------------------------------- */

static void block(struct scene *s, bool on)
{
    store_block(s->store, "sms", ROMEO, PHONE, on, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

static enum entry_outcome outcome_of(struct scene *s, struct entry entry)
{
    entry.source = "x";
    return scene_accept(s, &entry)->outcome;
}

static void test_blocks_both_directions(void **state)
{
    struct scene *s = *state;
    struct entry again = scene_out(ROMEO, PHONE, "a");

    again.key = "origin";
    (void)accept(s, TO_LINE, ROMEO, "before");
    block(s, true);
    assert_int_equal(outcome_of(s, again), ENTRY_REFUSED);
    assert_int_equal(s->results[0].err.kind, ERR_BLOCKED);
    assert_int_equal(outcome_of(s, scene_in(ROMEO, PHONE, "a")),
                     ENTRY_DUPLICATE);
    assert_int_equal(outcome_of(s, scene_out(ROMEO, "+441", "a")),
                     ENTRY_QUEUED);
    assert_int_equal(outcome_of(s, scene_in("j@example.org", PHONE, "a")),
                     ENTRY_QUEUED);
    assert_int_equal(outcome_of(s, scene_in(NULL, PHONE, "a")), ENTRY_QUEUED);
    scene_reopen(s);
    assert_int_equal(outcome_of(s, scene_in(ROMEO, PHONE, "a")),
                     ENTRY_DUPLICATE);
    assert_int_equal(
        scene_sql(s, "SELECT value FROM counter WHERE name = 'blocked'"), 2);
    block(s, false);
    assert_int_equal(outcome_of(s, again), ENTRY_QUEUED);
    assert_int_equal(outcome_of(s, scene_in(ROMEO, PHONE, "a")), ENTRY_QUEUED);
}

static void test_a_block_list_is_bounded(void **state)
{
    struct scene *s = *state;

    (void)scene_sql(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
                       "1 FROM n WHERE i < 1000) INSERT INTO block (network, "
                       "account, contact) SELECT 'sms', '" ROMEO "', i FROM n");
    store_block(s->store, "sms", ROMEO, PHONE, true, on_plain, s);
    scene_wait(s);
    assert_int_equal(s->err.kind, ERR_LIMITED);
    block(s, false);
}

/* --- contacts, export, erase ---------------------------------------------- */

static void on_json(void *arg, struct json_object *object,
                    const struct err *err)
{
    struct scene *s = arg;

    if (!object) {
        scene_keep(s, err);
        return;
    }
    text_copy(s->texts[s->n_texts++], sizeof(s->texts[0]),
              json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
}

static void name_contact(struct scene *s, const char *address, const char *name)
{
    store_contact(s->store, "sms", ROMEO, address, name, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

static void list(struct scene *s, bool blocked)
{
    s->n_texts = 0;
    if (blocked)
        store_blocked(s->store, "sms", ROMEO, on_json, s);
    else
        store_contacts(s->store, "sms", ROMEO, on_json, s);
    scene_wait(s);
    assert_false(s->failed);
}

static void test_contacts_have_names(void **state)
{
    struct scene *s = *state;
    struct delivery *d;

    (void)accept(s, TO_XMPP, ROMEO, "one");
    name_contact(s, PHONE, "Nurse");
    name_contact(s, "+441", "");
    list(s, false);
    assert_int_equal(s->n_texts, 2);
    assert_string_equal(s->texts[0], "{\"address\":\"+441\",\"name\":\"\"}");
    assert_string_equal(s->texts[1],
                        "{\"address\":\"" PHONE "\",\"name\":\"Nurse\"}");
    d = scene_take_one(s, TO_XMPP, "one");
    assert_string_equal(d->name, "Nurse");
    delivery_free(d);
    name_contact(s, PHONE, NULL);
    list(s, false);
    assert_int_equal(s->n_texts, 1);
}

static void on_export(void *arg, struct json_object *object,
                      const struct err *err)
{
    struct scene *s = arg;

    if (!object) {
        scene_keep(s, err);
        return;
    }
    json_object_object_foreach(object, key, value)
    {
        int n = json_object_is_type(value, json_type_array)
                    ? (int)json_object_array_length(value)
                    : -1;

        (void)snprintf(s->texts[s->n_texts++], sizeof(s->texts[0]), "%s %d",
                       key, n);
    }
}

static void test_export_and_erase(void **state)
{
    struct scene *s = *state;
    struct attachment_row medium = { .state = ATTACHMENT_PUBLISHED,
                                     .url = (char *)"https://a/1" };
    struct entry entry = scene_out(ROMEO, PHONE, "one");
    struct delivery *d;

    entry.source = ROMEO;
    entry.key = "origin";
    entry.attachments = &medium;
    entry.n_attachments = 1;
    scene_accept(s, &entry);
    d = scene_take_one(s, TO_LINE, "one");
    scene_move_to(s, d, MESSAGE_SENT, 0);
    delivery_free(d);
    (void)accept(s, TO_LINE, ROMEO, "two");
    (void)accept(s, TO_LINE, "other@example.org", "three");
    name_contact(s, PHONE, "Nurse");
    store_export(s->store, "sms", ROMEO, on_export, s);
    scene_wait(s);
    assert_int_equal(s->n_texts, 6);
    assert_string_equal(s->texts[1], "contacts 1");
    assert_string_equal(s->texts[4], "messages 2");
    assert_string_equal(s->texts[5], "media 1");
    block(s, true);
    list(s, true);
    assert_string_equal(s->texts[0], "{\"address\":\"" PHONE "\"}");
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM seen"), 1);
    store_erase(s->store, "sms", ROMEO, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 2);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM body"), 2);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attachment"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM contact"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM block"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM seen"), 0);
    d = scene_take(s, TO_LINE, 2, 1);
    assert_string_equal(d->text, "two");
    assert_string_equal(d->next->text, "three");
    deliveries_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_hold_and_release),
        SCENE(test_leaves_what_is_in_hand),
        SCENE(test_nobodys_texts_find_somebody),
        SCENE(test_no_release_to_a_disabled_account),
        SCENE(test_requeue_makes_a_deferred_one_due),
        SCENE(test_requeue_tries_a_failed_one_again),
        SCENE(test_requeue_needs_the_text),
        SCENE(test_expire_tells_the_sender),
        SCENE(test_blocks_both_directions),
        SCENE(test_a_block_list_is_bounded),
        SCENE(test_contacts_have_names),
        SCENE(test_export_and_erase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
