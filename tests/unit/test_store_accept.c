/* test_store_accept.c - acceptance, order, dedupe, taking, fairness. */
#include "store_scene.h"

static void test_accept_and_take(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "one");
    struct delivery *d;

    entry.receipt = true;
    entry.expires = 77;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    assert_null(s->results[0].delivery);
    d = scene_take_one(s, TO_LINE, "one");
    assert_true(id_equal(&d->id, &entry.id));
    assert_int_equal(d->seq, 1);
    assert_int_equal(d->state, MESSAGE_QUEUED);
    assert_int_equal(d->attempt, 0);
    assert_string_equal(d->network, "sms");
    assert_string_equal(d->account, "romeo@example.org");
    assert_string_equal(d->contact, "+447700900001");
    assert_string_equal(d->stanza_id, "s1");
    assert_string_equal(d->from, "romeo@example.org/orchard");
    assert_true(d->receipt);
    assert_int_equal(d->expires, 77);
    assert_int_not_equal(d->reference, 0);
    delivery_free(d);
    scene_take_one(s, TO_LINE, NULL);
}

static void test_take_at_once(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "one");
    struct delivery *first, *second;

    entry.take = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
    first = s->results[0].delivery;
    assert_string_equal(first->text, "one");
    entry.id = id_new();
    entry.text = "two";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    scene_take_one(s, TO_LINE, NULL);
    scene_move_to(s, first, MESSAGE_SENT, 0);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_SENT);
    assert_non_null(s->follower);
    assert_string_equal(s->follower->text, "two");
    delivery_free(first);
    second = s->follower;
    scene_move_to(s, second, MESSAGE_SENT, 0);
    assert_null(s->follower);
    delivery_free(second);
    scene_take_one(s, TO_LINE, NULL);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM conversation WHERE "
                                  "head = 3 AND taken = 2 AND turn IS NULL"),
                     1);
}

/* How to send it comes along whichever way it goes out, also in a later life.
 */
static void test_manner(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "one");
    struct delivery *first, *second;

    entry.take = true;
    entry.manner = "flash";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
    first = s->results[0].delivery;
    assert_string_equal(first->manner, "flash");
    entry.id = id_new();
    entry.manner = "silent";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    scene_move_to(s, first, MESSAGE_SENT, 0);
    delivery_free(first);
    assert_string_equal(s->follower->manner, "silent");
    delivery_free(s->follower);
    scene_reopen(s);
    second = scene_take_one(s, TO_LINE, "one");
    assert_string_equal(second->manner, "silent");
    scene_move_to(s, second, MESSAGE_SENT, 0);
    delivery_free(second);
    entry.id = id_new();
    entry.manner = NULL;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
    assert_null(s->results[0].delivery->manner);
    delivery_free(s->results[0].delivery);
}

static void take_at_once_leak(struct scene *s, struct entry *entry,
                              enum entry_outcome outcome)
{
    entry->id = id_new();
    assert_int_equal(scene_accept(s, entry)->outcome, outcome);
    delivery_free(s->results[0].delivery);
}

/* A stream keeps order: what is in its hands does not stop the next. */
static void test_pipeline(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_in("romeo@example.org", "+447700900001", "one");
    int64_t rows[3];

    entry.take = true;
    for (int i = 0; i < 3; i++) {
        entry.id = id_new();
        assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
        rows[i] = s->results[0].delivery->row;
        delivery_free(s->results[0].delivery);
    }
    scene_fenced(s, rows, 2);
    assert_int_equal(scene_state(s, rows[1]), MESSAGE_SENT);
    assert_int_equal(scene_state(s, rows[2]), MESSAGE_QUEUED);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 3);
    scene_fenced(s, rows + 2, 1);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 4);
    entry.take = false;
    take_at_once_leak(s, &entry, ENTRY_QUEUED);
    entry.take = true; /* nothing overtakes what waits */
    take_at_once_leak(s, &entry, ENTRY_QUEUED);
}

static void test_dedupe(void **state)
{
    struct scene *s = *state;
    struct entry two[2] = {
        scene_in("romeo@example.org", "+447700900001", "one"),
        scene_in("juliet@example.org", "+447700900001", "one"),
    };

    two[0].source = "sim1";
    two[0].key = "k1";
    two[1].with_first = true;
    scene_accept_all(s, two, 2);
    assert_int_equal(s->results[0].outcome, ENTRY_QUEUED);
    assert_int_equal(s->results[1].outcome, ENTRY_QUEUED);
    two[0].id = id_new();
    two[1].id = id_new();
    scene_accept_all(s, two, 2);
    assert_int_equal(s->results[0].outcome, ENTRY_DUPLICATE);
    assert_int_equal(s->results[1].outcome, ENTRY_DUPLICATE);
    two[0].source = "sim2";
    scene_accept_all(s, two, 2);
    assert_int_equal(s->results[1].outcome, ENTRY_QUEUED);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 4);
    assert_int_equal(scene_sql(s, "SELECT value FROM counter WHERE name = "
                                  "'duplicates_suppressed'"),
                     1);
}

/* What somebody else has is not held for those whose account is blocked. */
static void test_copy_for_blocked_account(void **state)
{
    struct scene *s = *state;
    struct entry two[2] = {
        scene_in("romeo@example.org", "+447700900001", "one"),
        scene_in("juliet@example.org", "+447700900001", "one"),
    };

    two[1].with_first = true;
    scene_accept_all(s, two, 2);
    (void)scene_sql(s, "UPDATE account SET state = 1"
                       " WHERE jid = 'juliet@example.org'");
    scene_reopen(s);
    two[0].id = id_new();
    two[1].id = id_new();
    scene_accept_all(s, two, 2);
    assert_int_equal(s->results[0].outcome, ENTRY_QUEUED);
    assert_int_equal(s->results[1].outcome, ENTRY_DUPLICATE);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 3);
    assert_int_equal(
        scene_sql(s, "SELECT count(*) FROM message WHERE held <> 0"), 0);
    (void)scene_sql(s, "UPDATE account SET state = 1");
    scene_reopen(s);
    two[0].id = id_new();
    two[1].id = id_new();
    scene_accept_all(s, two, 2); /* nobody has it: one is held */
    assert_int_equal(
        scene_sql(s, "SELECT count(*) FROM message WHERE held <> 0"), 1);
}

static void test_accounts(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "one");

    entry.make_account = false;
    entry.key = "k";
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_REFUSED);
    assert_int_equal(s->results[0].err.kind, ERR_UNREGISTERED);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM conversation"), 0);
    entry.make_account = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    entry.make_account = false;
    entry.key = NULL;
    take_at_once_leak(s, &entry, ENTRY_QUEUED);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM account"), 1);
    (void)scene_sql(s, "UPDATE account SET state = 1");
    scene_reopen(s);
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_REFUSED);
    assert_int_equal(s->results[0].err.kind, ERR_FORBIDDEN);
}

/* The same id twice is our own bug: that job fails alone. */
static void test_broken_job_fails_alone(void **state)
{
    struct scene *s = *state;
    struct entry bad = scene_out("romeo@example.org", "+447700900001", "one");
    struct entry good = scene_out("romeo@example.org", "+447700900002", "two");
    struct acceptance acceptance = { .entries = &good, .n = 1 };
    struct acceptance broken = { .entries = &bad, .n = 1 };
    struct scene other = { .on = s->on };

    (void)scene_accept(s, &bad);
    store_accept(s->store, &acceptance, on_accepted, &other);
    store_accept(s->store, &broken, on_accepted, s);
    while (!s->failed)
        scene_wait(s);
    assert_false(other.failed);
    assert_int_equal(other.n, 1);
    assert_int_equal(other.results[0].outcome, ENTRY_QUEUED);
    assert_int_equal(s->err.kind, ERR_INTERNAL);
    good.id = id_new();
    assert_int_equal(scene_accept(s, &good)->outcome, ENTRY_QUEUED);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 3);
    assert_int_equal(scene_sql(s, "SELECT queued FROM sink"), 3);
}

static void test_held(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_in(NULL, "+447700900001", "who are you");

    entry.take = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    scene_take_one(s, TO_XMPP, NULL);
    scene_reopen(s);
    scene_take_one(s, TO_XMPP, NULL);
    assert_int_equal(scene_sql(s, "SELECT held FROM message"), 1);
}

/* One account with many conversations does not keep another one waiting. */
static void test_fair(void **state)
{
    struct scene *s = *state;
    struct delivery *list, *d;
    size_t place = 0;

    for (int i = 0; i < 20; i++) {
        char contact[32];
        struct entry entry;

        (void)snprintf(contact, sizeof(contact), "+4477009000%02d", i);
        entry = scene_out("romeo@example.org", contact, "mass");
        (void)scene_accept(s, &entry);
    }
    (void)scene_accept(s, &(struct entry){ .id = id_new(),
                                           .direction = TO_LINE,
                                           .network = "sms",
                                           .account = "juliet@example.org",
                                           .contact = "+447700900055",
                                           .text = "one",
                                           .make_account = true });
    list = scene_take(s, TO_LINE, 5, 1);
    DL_FOREACH (list, d) {
        if (strcmp(d->account, "juliet@example.org") == 0)
            break;
        place++;
    }
    assert_true(place <= 1);
    deliveries_free(list);
    list = scene_take(s, TO_LINE, 100, 1);
    DL_COUNT(list, d, place);
    assert_int_equal(place, 16);
    deliveries_free(list);
}

static void test_depth_and_order(void **state)
{
    struct scene *s = *state;
    struct delivery *list, *d;
    int64_t seq = 0;

    for (int i = 0; i < 10; i++) {
        struct entry entry =
            scene_in("romeo@example.org", "+447700900001", "text");

        (void)scene_accept(s, &entry);
    }
    list = scene_take(s, TO_XMPP, 100, 4);
    DL_FOREACH (list, d)
        assert_int_equal(d->seq, ++seq);
    assert_int_equal(seq, 4);
    deliveries_free(list);
    list = scene_take(s, TO_XMPP, 100, 100);
    DL_FOREACH (list, d)
        assert_int_equal(d->seq, ++seq);
    assert_int_equal(seq, 10);
    deliveries_free(list);
    scene_take_one(s, TO_XMPP, NULL);
}

/* A deferred head holds its followers, and only them. */
static void test_deferral(void **state)
{
    struct scene *s = *state;
    struct entry a1 = scene_out("romeo@example.org", "+447700900001", "a1");
    struct entry a2 = scene_out("romeo@example.org", "+447700900001", "a2");
    struct entry b1 = scene_out("romeo@example.org", "+447700900002", "b1");
    struct delivery *d, *b;
    int64_t later = clock_wall_ms() + 3600000;

    (void)scene_accept(s, &a1);
    (void)scene_accept(s, &a2);
    (void)scene_accept(s, &b1);
    d = scene_take_one(s, TO_LINE, "a1");
    scene_move_to(s, d, MESSAGE_QUEUED, later);
    assert_true(s->changed);
    assert_null(s->follower);
    delivery_free(d);
    b = scene_take_one(s, TO_LINE, "b1");
    assert_int_equal(s->next_at, later);
    scene_take_one(s, TO_LINE, NULL);
    a2.id = id_new();
    a2.take = true;
    assert_int_equal(scene_accept(s, &a2)->outcome, ENTRY_QUEUED);
    scene_take_one(s, TO_LINE, NULL);
    store_wake(s->store, "sms", TO_LINE, NULL, on_plain, s);
    scene_wait(s);
    d = scene_take_one(s, TO_LINE, "a1");
    assert_int_equal(d->attempt, 1);
    scene_take_one(s, TO_LINE, NULL);
    delivery_free(d);
    delivery_free(b);
}

static void test_due(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a1");
    struct delivery *d;

    (void)scene_accept(s, &entry);
    d = scene_take_one(s, TO_LINE, "a1");
    store_release(s->store, d->conversation, clock_wall_ms() - 1, on_plain, s);
    scene_wait(s);
    delivery_free(d);
    d = scene_take_one(s, TO_LINE, "a1");
    assert_int_equal(d->attempt, 0);
    store_release(s->store, d->conversation, 0, on_plain, s);
    scene_wait(s);
    store_release(s->store, d->conversation, 0, on_plain, s);
    scene_wait(s);
    delivery_free(d);
    d = scene_take_one(s, TO_LINE, "a1");
    store_give_back(s->store, d, clock_wall_ms() + 60000, on_plain, s);
    scene_wait(s);
    delivery_free(d);
    store_wake(s->store, "sms", TO_LINE, "juliet@example.org", on_plain, s);
    scene_wait(s);
    scene_take_one(s, TO_LINE, NULL);
    store_wake(s->store, "sms", TO_LINE, "romeo@example.org", on_plain, s);
    scene_wait(s);
    delivery_free(scene_take_one(s, TO_LINE, "a1"));
}

static void test_name_and_author(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_in("romeo@example.org", "+447700900001", "hi");
    struct delivery *d;

    entry.name = "Juliet";
    entry.author = "+447700900009";
    (void)scene_accept(s, &entry);
    d = scene_take_one(s, TO_XMPP, "hi");
    assert_string_equal(d->name, "Juliet");
    assert_string_equal(d->author, "+447700900009");
    scene_fenced(s, &d->row, 1);
    delivery_free(d);
    scene_reopen(s);
    entry.id = id_new();
    entry.name = NULL;
    entry.take = true;
    (void)scene_accept(s, &entry);
    assert_string_equal(s->results[0].delivery->name, "Juliet");
    delivery_free(s->results[0].delivery);
}

/* What its holder points a delivery to is freed with it. */
static void test_delivery_memory(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "hi");
    struct delivery *d;

    (void)scene_accept(s, &entry);
    d = scene_take_one(s, TO_LINE, "hi");
    assert_null(d->line);
    d->line = xstrdup("sim1");
    d->sim = xstrdup("imsi1");
    d->parts = xcalloc(2, sizeof(*d->parts));
    d->n_parts = 2;
    d->parts[0].bytes = xstrdup("abc");
    delivery_free(d);
    delivery_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_accept_and_take),
        SCENE(test_take_at_once),
        SCENE(test_manner),
        SCENE(test_pipeline),
        SCENE(test_dedupe),
        SCENE(test_copy_for_blocked_account),
        SCENE(test_accounts),
        SCENE(test_broken_job_fails_alone),
        SCENE(test_held),
        SCENE(test_fair),
        SCENE(test_depth_and_order),
        SCENE(test_deferral),
        SCENE(test_due),
        SCENE(test_name_and_author),
        SCENE(test_delivery_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
