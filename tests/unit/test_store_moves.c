/* test_store_moves.c - intents, outcomes part by part, moves of whole
 * messages, fences, bounces, poison, debts. */
#include "store_scene.h"

static char abc[] = "abc", defg[] = "defg";
static const struct part_row two_parts[] = {
    { .n = 1, .state = PART_WAITING, .bytes = abc, .size = 3 },
    { .n = 2, .state = PART_WAITING, .bytes = defg, .size = 4 },
};

static struct delivery *ready(struct scene *s, const char *text)
{
    struct entry entry = scene_out("romeo@example.org", "+447700900001", text);

    entry.receipt = true;
    (void)scene_accept(s, &entry);
    return scene_take_one(s, TO_LINE, text);
}

static void test_message_table(void **state)
{
    enum message_state parsed;

    (void)state;
    for (int i = 0; i < MESSAGE_STATES; i++) {
        assert_true(message_may_move(i, i));
        assert_true(message_state_parse(message_state_name(i), &parsed));
        assert_int_equal(parsed, i);
    }
    assert_false(message_may_move(MESSAGE_DELIVERED, MESSAGE_FAILED));
    assert_false(message_may_move(MESSAGE_DELIVERED, MESSAGE_SENT));
    assert_false(message_may_move(MESSAGE_QUEUED, MESSAGE_UNKNOWN));
    assert_false(message_may_move(MESSAGE_FAILED, MESSAGE_QUEUED));
    assert_false(message_may_move(MESSAGE_SENT, MESSAGE_SUBMITTING));
    assert_true(message_may_move(MESSAGE_FAILED, MESSAGE_DELIVERED));
    assert_false(message_state_parse("lost", &parsed));
    assert_true(message_handed_over(MESSAGE_FAILED));
    assert_false(message_handed_over(MESSAGE_UNKNOWN));
}

static void test_parts(void **state)
{
    struct scene *s = *state;
    struct delivery *d = ready(s, "long");
    struct outcome first = { .delivery = d,
                             .line = "sim1",
                             .sim = "imsi1",
                             .n = 1,
                             .state = PART_SENT,
                             .remote_id = "11",
                             .move = MESSAGE_SUBMITTING,
                             .intend = 2 };

    scene_intend(s, d, two_parts, 2, 1);
    assert_false(s->failed);
    assert_int_equal(scene_state(s, d->row), MESSAGE_SUBMITTING);
    scene_outcome(s, &first);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_SUBMITTING);
    d->attempt++;
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attempt"), 2);
    assert_int_equal(scene_sql(s, "SELECT state FROM part WHERE n = 2"),
                     PART_SUBMITTING);
    first.n = 2;
    first.remote_id = "12";
    first.move = MESSAGE_SENT;
    first.intend = 0;
    scene_outcome(s, &first);
    assert_int_equal(s->moved.state, MESSAGE_SENT);
    assert_int_equal(s->moved.owed, OWED_NOTHING);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 2);
    delivery_free(d);
}

/* The intent rides in the insert. */
static void test_accept_with_intent(void **state)
{
    struct scene *s = *state;
    struct entry entry =
        scene_out("romeo@example.org", "+447700900001", "long");
    struct delivery *d;

    entry.take = true;
    entry.line = "sim1";
    entry.sim = "imsi1";
    entry.reference = 7;
    entry.parts = two_parts;
    entry.n_parts = 2;
    (void)scene_accept(s, &entry);
    d = s->results[0].delivery;
    assert_int_equal(d->state, MESSAGE_SUBMITTING);
    assert_int_equal(d->attempt, 1);
    assert_int_equal(d->n_parts, 2);
    assert_int_equal(d->parts[1].size, 4);
    assert_memory_equal(d->parts[1].bytes, "defg", 4);
    assert_int_equal(d->reference, 7);
    assert_int_equal(scene_sql(s, "SELECT tries FROM part WHERE n = 1"), 1);
    delivery_free(d);
    scene_reopen(s);
    d = scene_take_one(s, TO_LINE, "long");
    assert_int_equal(d->state, MESSAGE_UNKNOWN);
    assert_int_equal(d->n_parts, 2);
    assert_int_equal(d->parts[0].state, PART_UNSURE);
    assert_int_equal(d->parts[1].state, PART_WAITING);
    assert_int_equal(d->reference, 7);
    assert_string_equal(d->line, "sim1");
    assert_string_equal(d->sim, "imsi1");
    assert_int_not_equal(d->tried, 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attempt WHERE "
                                  "outcome = 3"),
                     1);
    scene_intend(s, d, NULL, 0, 1);
    assert_false(s->failed);
    assert_int_equal(scene_sql(s, "SELECT value FROM counter WHERE name = "
                                  "'ambiguous_resend'"),
                     1);
    assert_int_equal(scene_sql(s, "SELECT tries FROM part WHERE n = 1"), 2);
    delivery_free(d);
}

static void test_unknown_and_settle(void **state)
{
    struct scene *s = *state;
    struct delivery *d = ready(s, "short");
    int64_t later = clock_wall_ms() + 3600000;
    struct err why;

    err_set(&why, ERR_UNKNOWN, "no answer");
    scene_intend(s, d, two_parts, 1, 1);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_UNSURE,
                                        .err = &why,
                                        .move = MESSAGE_UNKNOWN,
                                        .next_at = later });
    assert_int_equal(s->moved.state, MESSAGE_UNKNOWN);
    delivery_free(d);
    scene_take_one(s, TO_LINE, NULL);
    assert_int_equal(s->next_at, later);
    /* The report of a part whose id was never heard. */
    scene_report(s, "99", "07700900001", true);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    assert_int_equal(s->moved.owed, OWED_RECEIPT);
    scene_take_one(s, TO_LINE, NULL);
    assert_int_equal(s->next_at, 0);
}

static void test_moved_by_somebody_else(void **state)
{
    struct scene *s = *state;
    struct delivery *d = ready(s, "short");
    struct delivery stale;

    scene_intend(s, d, two_parts, 1, 1);
    stale = *d;
    stale.attempt = 7;
    scene_move_to(s, &stale, MESSAGE_FAILED, 0);
    assert_false(s->failed);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, d->row), MESSAGE_SUBMITTING);
    stale = *d;
    stale.state = MESSAGE_QUEUED;
    scene_intend(s, &stale, NULL, 0, 1);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_NOT_ALLOWED);
    scene_move_to(s, d, MESSAGE_DELIVERED, 0);
    d->state = MESSAGE_DELIVERED;
    scene_move_to(s, d, MESSAGE_QUEUED, 0);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_NOT_ALLOWED);
    assert_int_equal(scene_state(s, d->row), MESSAGE_DELIVERED);
    delivery_free(d);
}

static void test_failed_is_owed(void **state)
{
    struct scene *s = *state;
    struct delivery *d = ready(s, "short");
    struct err why;

    err_set(&why, ERR_NO_RECIPIENT, "no such number");
    (void)snprintf(why.code, sizeof(why.code), "CMS 1");
    scene_move(
        s, &(struct move){
               .delivery = d, .to = MESSAGE_FAILED, .err = &why, .owe = true });
    assert_int_equal(s->moved.owed, OWED_ERROR);
    assert_int_equal(s->moved.err.kind, ERR_NO_RECIPIENT);
    delivery_free(d);
    scene_reopen(s);
    store_owed(s->store, "other", 10, on_moved, s);
    scene_wait(s);
    assert_false(s->changed);
}

struct debts {
    struct scene *s;
    struct moved moved[4];
    char from[64], account[64];
    size_t n;
};

static void on_debt(void *arg, const struct moved *moved,
                    struct delivery *follower, const struct err *err)
{
    struct debts *debts = arg;

    assert_null(follower);
    if (!moved) {
        scene_keep(debts->s, err);
        return;
    }
    text_copy(debts->from, sizeof(debts->from), moved->from);
    text_copy(debts->account, sizeof(debts->account), moved->account);
    debts->moved[debts->n++] = *moved;
}

static void test_debts(void **state)
{
    struct scene *s = *state;
    struct debts debts = { .s = s };
    struct delivery *d = ready(s, "short");
    struct err why;
    int64_t row = d->row;

    err_set(&why, ERR_NO_RECIPIENT, "no such number");
    scene_move(
        s, &(struct move){
               .delivery = d, .to = MESSAGE_FAILED, .err = &why, .owe = true });
    delivery_free(d);
    store_owed(s->store, "sms", 10, on_debt, &debts);
    scene_wait(s);
    assert_int_equal(debts.n, 1);
    assert_int_equal(debts.moved[0].row, row);
    assert_int_equal(debts.moved[0].owed, OWED_ERROR);
    assert_int_equal(debts.moved[0].state, MESSAGE_FAILED);
    assert_int_equal(debts.moved[0].err.kind, ERR_NO_RECIPIENT);
    assert_string_equal(debts.moved[0].err.text, "no such number");
    assert_string_equal(debts.from, "romeo@example.org/orchard");
    assert_string_equal(debts.account, "romeo@example.org");
    store_paid(s->store, &row, 1, on_plain, s);
    scene_wait(s);
    debts.n = 0;
    store_owed(s->store, "sms", 10, on_debt, &debts);
    scene_wait(s);
    assert_int_equal(debts.n, 0);
}

/* --- the stream ----------------------------------------------------------- */

static struct delivery *in_hand(struct scene *s, const char *text)
{
    struct entry entry = scene_in("romeo@example.org", "+447700900001", text);

    entry.take = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
    return s->results[0].delivery;
}

static void on_unfenced(void *arg, size_t poisoned, const struct err *err)
{
    struct scene *s = arg;

    s->n = poisoned;
    on_plain(arg, err);
}

static void test_unfenced_and_poison(void **state)
{
    struct scene *s = *state;
    struct delivery *list, *d;
    int64_t rows[3];

    for (int i = 0; i < 3; i++) {
        d = in_hand(s, "text");
        rows[i] = d->row;
        delivery_free(d);
    }
    store_unfenced(s->store, rows, 3, 1, on_unfenced, s);
    scene_wait(s);
    assert_int_equal(s->n, 0);
    list = scene_take(s, TO_XMPP, 10, 10);
    assert_int_equal(list->row, rows[0]);
    assert_int_equal(list->attempt, 1);
    assert_int_equal(list->next->row, rows[1]);
    deliveries_free(list);
    store_unfenced(s->store, rows, 1, 1, on_unfenced, s);
    scene_wait(s);
    assert_int_equal(s->n, 1);
    assert_int_equal(scene_state(s, rows[0]), MESSAGE_FAILED);
    assert_int_equal(scene_sql(s, "SELECT value FROM counter WHERE "
                                  "name = 'poison'"),
                     1);
    scene_fenced(s, rows + 1, 2);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 4);
}

static void bounce(struct scene *s, const struct id *id, bool retry)
{
    struct err why;

    err_set(&why, ERR_UNREACHABLE, "recipient-unavailable");
    store_bounced(s->store, id, &why, retry, 3600000, on_moved, s);
    scene_wait(s);
}

/* The longer a text waits, the more rarely it is tried. */
static void test_bounced_again(void **state)
{
    static const char next[] = "SELECT c.next_at - m.moved_at FROM"
                               " conversation c JOIN message m ON m.conv = c.id"
                               " ORDER BY m.id DESC LIMIT 1";
    static const int hours[][2] = { { 0, 1 }, { 2, 2 }, { 24, 6 } };
    static const char *const who[] = { "a@x", "b@x", "c@x" };
    struct scene *s = *state;

    for (size_t i = 0; i < 3; i++) {
        struct entry entry = scene_in(who[i], "+441", "hi");
        struct delivery *d;
        char sql[128];

        scene_accept(s, &entry);
        d = scene_take_one(s, TO_XMPP, "hi");
        scene_fenced(s, &d->row, 1);
        (void)snprintf(sql, sizeof(sql),
                       "UPDATE message SET created = created - %d"
                       " WHERE id = %d",
                       hours[i][0] * 3600000, (int)d->row);
        (void)scene_sql(s, sql);
        bounce(s, &d->id, true);
        assert_in_range(scene_sql(s, next), hours[i][1] * 3600000,
                        hours[i][1] * 3600000 + 5000);
        delivery_free(d);
    }
}

/* An error that comes before the fence is not undone by it; what was written
 * behind the message is not sent again. */
static void test_bounce_before_fence(void **state)
{
    struct scene *s = *state;
    struct delivery *a = in_hand(s, "a"), *b = in_hand(s, "b"), *d;
    int64_t rows[] = { a->row, b->row };

    bounce(s, &a->id, true);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_QUEUED);
    scene_fenced(s, rows, 2);
    assert_int_equal(scene_state(s, a->row), MESSAGE_QUEUED);
    assert_int_equal(scene_state(s, b->row), MESSAGE_SENT);
    scene_take_one(s, TO_XMPP, NULL);
    store_wake(s->store, "sms", TO_XMPP, "romeo@example.org", on_plain, s);
    scene_wait(s);
    d = scene_take_one(s, TO_XMPP, "a");
    assert_int_equal(d->attempt, 0); /* it did the stream no harm */
    scene_take_one(s, TO_XMPP, NULL);
    scene_fenced(s, &d->row, 1);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 3);
    delivery_free(a);
    delivery_free(b);
    delivery_free(d);
}

static void test_bounce_after_fence(void **state)
{
    struct scene *s = *state;
    struct delivery *a = in_hand(s, "a"), *b = in_hand(s, "b"), *d;
    int64_t rows[] = { a->row, b->row };

    scene_fenced(s, rows, 2);
    bounce(s, &a->id, true);
    assert_int_equal(s->moved.state, MESSAGE_QUEUED);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 1);
    scene_reopen(s);
    store_wake(s->store, "sms", TO_XMPP, NULL, on_plain, s);
    scene_wait(s);
    d = scene_take_one(s, TO_XMPP, "a");
    bounce(s, &d->id, false);
    assert_int_equal(s->moved.state, MESSAGE_FAILED);
    assert_int_equal(s->moved.owed, OWED_NOTHING);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 3);
    bounce(s, &d->id, true);
    assert_false(s->changed);
    delivery_free(a);
    delivery_free(b);
    delivery_free(d);
}

static void test_second_deferred(void **state)
{
    struct scene *s = *state;
    struct delivery *a = in_hand(s, "a"), *b = in_hand(s, "b");

    bounce(s, &b->id, true);
    scene_fenced(s, &a->row, 1);
    assert_int_equal(scene_state(s, a->row), MESSAGE_SENT);
    scene_fenced(s, &b->row, 1);
    assert_int_equal(scene_state(s, b->row), MESSAGE_QUEUED);
    scene_take_one(s, TO_XMPP, NULL);
    assert_int_not_equal(s->next_at, 0);
    delivery_free(a);
    delivery_free(b);
}

/* A move to queued of a sink without intents is a try. */
static void test_tries_count(void **state)
{
    struct scene *s = *state;
    struct delivery *d = ready(s, "short");

    scene_move_to(s, d, MESSAGE_QUEUED, clock_wall_ms() - 1);
    delivery_free(d);
    d = scene_take_one(s, TO_LINE, "short");
    assert_int_equal(d->attempt, 1);
    scene_intend(s, d, two_parts, 1, 1);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_WAITING,
                                        .move = MESSAGE_QUEUED,
                                        .next_at = 1 });
    delivery_free(d);
    d = scene_take_one(s, TO_LINE, "short");
    assert_int_equal(d->attempt, 2);
    assert_int_equal(d->n_parts, 1);
    delivery_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_table),
        SCENE(test_parts),
        SCENE(test_accept_with_intent),
        SCENE(test_unknown_and_settle),
        SCENE(test_moved_by_somebody_else),
        SCENE(test_failed_is_owed),
        SCENE(test_debts),
        SCENE(test_unfenced_and_poison),
        SCENE(test_bounced_again),
        SCENE(test_bounce_before_fence),
        SCENE(test_bounce_after_fence),
        SCENE(test_second_deferred),
        SCENE(test_tries_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
