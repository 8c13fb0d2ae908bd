/* test_store_reports.c - reports: early, late, duplicate, foreign, ambiguous,
 * negative and positive, of one part and of several. */
#include "store_scene.h"

static char bytes[] = "abc";
static const struct part_row two_parts[] = {
    { .n = 1, .state = PART_WAITING, .bytes = bytes, .size = 3 },
    { .n = 2, .state = PART_WAITING, .bytes = bytes, .size = 3 },
};

static const char *const phone = "+447700900001";
static const char *const other_phone = "+447700900002";

static struct delivery *submitted(struct scene *s, const char *contact,
                                  size_t parts)
{
    struct entry entry = scene_out("romeo@example.org", contact, "text");
    struct delivery *d;

    entry.receipt = true;
    entry.take = true;
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_TAKEN);
    d = s->results[0].delivery;
    scene_intend(s, d, two_parts, parts, 1);
    assert_false(s->failed);
    return d;
}

/* Part n ends; the last one makes the message `move`. */
static void part_ends(struct scene *s, struct delivery *d, unsigned n,
                      enum part_state state, const char *remote_id,
                      enum message_state move)
{
    scene_outcome(s, &(struct outcome){
                         .delivery = d,
                         .line = "sim1",
                         .sim = "imsi1",
                         .n = n,
                         .state = state,
                         .remote_id = remote_id,
                         .move = move,
                         .next_at = clock_wall_ms() + 60000,
                         .intend = move == MESSAGE_SUBMITTING ? n + 1 : 0 });
    assert_false(s->failed);
    d->attempt += move == MESSAGE_SUBMITTING;
    d->state = move;
}

static int64_t sent(struct scene *s, const char *contact, const char *remote_id)
{
    struct delivery *d = submitted(s, contact, 1);
    int64_t row = d->row;

    part_ends(s, d, 1, PART_SENT, remote_id, MESSAGE_SENT);
    delivery_free(d);
    return row;
}

static void test_alike(void **state)
{
    (void)state;
    assert_true(recipients_alike("+447700900001", "07700900001"));
    assert_true(recipients_alike("+447700900001", "447700900001"));
    assert_true(recipients_alike("12345", "12345"));
    assert_true(recipients_alike("12345;phone-context=44", "12345;x=44"));
    assert_false(recipients_alike("+447700900001", "+447700900002"));
    assert_false(recipients_alike("12345", "+447700912345"));
    assert_false(recipients_alike("Bank", "Shop"));
    assert_true(recipients_alike("Bank", "Bank"));
    assert_false(recipients_alike("Bank", "123"));
}

static void test_delivered(void **state)
{
    struct scene *s = *state;
    int64_t row = sent(s, phone, "17");

    scene_report(s, "17", "07700900001", true);
    assert_true(s->changed);
    assert_int_equal(s->moved.row, row);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    assert_int_equal(s->moved.owed, OWED_RECEIPT);
    scene_report(s, "17", phone, true);
    assert_false(s->changed);
    scene_report(s, "17", phone, false);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, row), MESSAGE_DELIVERED);
    /* Kept for a part whose answer is on its way, not for a later one. */
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM report"), 2);
    for (int64_t now = clock_wall_ms(); clock_wall_ms() == now;)
        continue;
    assert_int_equal(scene_state(s, sent(s, phone, "17")), MESSAGE_SENT);
}

static bool is_told(struct scene *s, const char *remote_id)
{
    struct report report = { .sim = "imsi1",
                             .remote_id = remote_id,
                             .chat = phone };

    store_read(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->changed;
}

/* Who asked is told that it was read, once all of it is there. */
static void test_read(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", phone, "text");
    struct delivery *d;

    (void)sent(s, phone, "17");
    scene_report(s, "17", phone, true);
    assert_false(is_told(s, "17"));
    entry.markable = true;
    entry.stanza_id = "m1";
    entry.take = true;
    scene_accept(s, &entry);
    d = s->results[0].delivery;
    assert_false(d->receipt);
    scene_intend(s, d, two_parts, 1, 1);
    part_ends(s, d, 1, PART_SENT, "18", MESSAGE_SENT);
    delivery_free(d);
    assert_false(is_told(s, "18"));
    scene_report(s, "18", phone, true);
    assert_int_equal(s->moved.owed, OWED_NOTHING);
    assert_true(is_told(s, "18"));
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    assert_false(is_told(s, "19"));
}

static void test_foreign(void **state)
{
    struct scene *s = *state;
    int64_t row = sent(s, phone, "17");
    struct report report = { .sim = "imsi2",
                             .remote_id = "17",
                             .chat = phone,
                             .delivered = true,
                             .final = true };

    scene_report(s, "18", phone, true);
    assert_false(s->changed);
    scene_report(s, "17", other_phone, true);
    assert_false(s->changed);
    store_report(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, row), MESSAGE_SENT);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM report"), 3);
    /* Kept reports settle nothing that was submitted after they came. */
    (void)scene_sql(s, "UPDATE report SET arrived = arrived - 5000");
    row = sent(s, other_phone, "17");
    assert_int_equal(scene_state(s, row), MESSAGE_SENT);
}

static void test_early(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 1);

    scene_report(s, "17", "07700900001", true);
    assert_false(s->changed);
    part_ends(s, d, 1, PART_SENT, "17", MESSAGE_SENT);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    assert_int_equal(s->moved.owed, OWED_RECEIPT);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM report"), 0);
    assert_int_equal(scene_sql(s, "SELECT head FROM conversation"), 2);
    delivery_free(d);
}

static void test_early_negative(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 1);

    scene_report(s, "17", phone, false);
    part_ends(s, d, 1, PART_SENT, "17", MESSAGE_SENT);
    assert_int_equal(s->moved.state, MESSAGE_FAILED);
    assert_int_equal(s->moved.owed, OWED_ERROR);
    assert_int_equal(s->moved.err.kind, ERR_UNREACHABLE);
    delivery_free(d);
}

static void test_two_parts(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 2);

    part_ends(s, d, 1, PART_SENT, "1", MESSAGE_SUBMITTING);
    scene_report(s, "1", phone, true);
    assert_false(s->changed);
    scene_report(s, "2", phone, true); /* before its answer */
    assert_false(s->changed);
    part_ends(s, d, 2, PART_SENT, "2", MESSAGE_SENT);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    delivery_free(d);
}

static void test_one_of_two_fails(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 2);

    part_ends(s, d, 1, PART_SENT, "1", MESSAGE_SUBMITTING);
    part_ends(s, d, 2, PART_SENT, "2", MESSAGE_SENT);
    scene_report(s, "1", phone, true);
    scene_report(s, "2", phone, false);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_FAILED);
    assert_int_equal(s->moved.owed, OWED_ERROR);
    /* The sender was not told yet: a positive word wins. */
    scene_report(s, "2", phone, true);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    assert_int_equal(s->moved.owed, OWED_RECEIPT);
    delivery_free(d);
}

static void test_told_is_told(void **state)
{
    struct scene *s = *state;
    int64_t row = sent(s, phone, "17");

    scene_report(s, "17", phone, false);
    assert_int_equal(s->moved.state, MESSAGE_FAILED);
    store_paid(s->store, &row, 1, on_plain, s);
    scene_wait(s);
    scene_report(s, "17", phone, true);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, row), MESSAGE_FAILED);
}

/* Two messages to one number under one reused id. */
static void test_several_settle_none(void **state)
{
    struct scene *s = *state;
    int64_t first = sent(s, phone, "17"), second;
    int64_t hour = 3600000;
    struct report report = { .sim = "imsi1",
                             .remote_id = "17",
                             .chat = phone,
                             .delivered = true,
                             .final = true };

    (void)scene_sql(s, "UPDATE attempt SET submitted_at = submitted_at - "
                       "3600000");
    second = sent(s, phone, "17");
    scene_report(s, "17", phone, true);
    assert_false(s->changed);
    report.at = clock_wall_ms() - hour;
    store_report(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_true(s->changed);
    assert_int_equal(s->moved.row, first);
    scene_report(s, "17", phone, true);
    assert_true(s->changed);
    assert_int_equal(s->moved.row, second);
}

/* Two of unknown outcome to one number: a report with an unheard id might be
 * of either. */
static void test_unsure_is_ambiguous(void **state)
{
    struct scene *s = *state;
    struct delivery *a = submitted(s, phone, 1), *b;
    int64_t rows[2];

    part_ends(s, a, 1, PART_UNSURE, NULL, MESSAGE_UNKNOWN);
    rows[0] = a->row;
    (void)scene_sql(s, "UPDATE conversation SET next_at = 1");
    delivery_free(a);
    b = submitted(s, "+337700900001", 1);
    part_ends(s, b, 1, PART_UNSURE, NULL, MESSAGE_UNKNOWN);
    rows[1] = b->row;
    scene_report(s, "5", "7700900001", true);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, rows[0]), MESSAGE_UNKNOWN);
    assert_int_equal(scene_state(s, rows[1]), MESSAGE_UNKNOWN);
    delivery_free(b);
}

/* The report came first, the line never answered. */
static void test_early_for_unsure(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 1);

    scene_report(s, "5", phone, true);
    part_ends(s, d, 1, PART_UNSURE, NULL, MESSAGE_UNKNOWN);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    delivery_free(d);
}

/* A part went out twice; the word on either copy is good, a bad one on the
 * first says nothing. */
static void test_resent(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 1);
    int64_t row = d->row;

    part_ends(s, d, 1, PART_UNSURE, NULL, MESSAGE_UNKNOWN);
    (void)scene_sql(s, "UPDATE attempt SET remote_id = '5'");
    scene_intend(s, d, NULL, 0, 1);
    assert_false(s->failed);
    scene_report(s, "5", phone, false);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, row), MESSAGE_SUBMITTING);
    part_ends(s, d, 1, PART_SENT, "6", MESSAGE_SENT);
    scene_report(s, "5", phone, true);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    scene_report(s, "6", phone, false);
    assert_int_equal(scene_state(s, row), MESSAGE_DELIVERED);
    delivery_free(d);
}

/* The bad word on the second try comes before that try's answer; its id may be
 * that of the first, whose answer was lost. */
static void test_early_for_resent(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 1);
    int64_t row = d->row;

    part_ends(s, d, 1, PART_UNSURE, NULL, MESSAGE_UNKNOWN);
    scene_intend(s, d, NULL, 0, 1);
    scene_report(s, "5", phone, false);
    assert_false(s->changed);
    part_ends(s, d, 1, PART_SENT, "5", MESSAGE_SENT);
    assert_int_equal(s->moved.state, MESSAGE_FAILED);
    assert_int_equal(scene_state(s, row), MESSAGE_FAILED);
    delivery_free(d);
}

static void test_delivered_in_hand(void **state)
{
    struct scene *s = *state;
    struct delivery *d = submitted(s, phone, 1), *next;
    struct entry entry = scene_out("romeo@example.org", phone, "next");

    (void)scene_accept(s, &entry);
    part_ends(s, d, 1, PART_UNSURE, NULL, MESSAGE_UNKNOWN);
    scene_intend(s, d, NULL, 0, 1);
    scene_report(s, "5", phone, true);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    next = scene_take_one(s, TO_LINE, "next");
    /* The answer of the copy that was still out is recorded only. */
    d->state = MESSAGE_SUBMITTING;
    d->attempt = 2;
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .n = 1,
                                        .state = PART_SENT,
                                        .remote_id = "9",
                                        .move = MESSAGE_SENT });
    assert_false(s->changed);
    assert_null(s->follower);
    /* Neither may what is in hand now be given back by the old holder. */
    store_give_back(s->store, d, 0, on_plain, s);
    scene_wait(s);
    scene_take_one(s, TO_LINE, NULL);
    delivery_free(next);
    delivery_free(d);
}

static void test_pending_and_dedupe(void **state)
{
    struct scene *s = *state;
    int64_t row = sent(s, phone, "17");
    struct report report = { .sim = "imsi1",
                             .remote_id = "17",
                             .chat = phone,
                             .source = "sim1",
                             .key = "k1" };

    store_report(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, row), MESSAGE_SENT);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attempt WHERE error = "
                                  "'pending'"),
                     1);
    report.delivered = report.final = true;
    store_report(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_false(s->changed);
    report.key = "k2";
    store_report(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_true(s->changed);
}

/* Sinks that take our key: sent in one move, a remote id for each part. */
static void test_idempotent(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", phone, "text");
    static const char *const ids[] = { "a1", "a2" };
    struct delivery *d;

    entry.receipt = entry.take = true;
    d = scene_accept(s, &entry)->delivery;
    scene_report(s, "a1", phone, true);
    scene_move(s, &(struct move){ .delivery = d,
                                  .to = MESSAGE_SENT,
                                  .line = "http1",
                                  .sim = "imsi1",
                                  .remote_ids = ids,
                                  .n = 2,
                                  .follow = true });
    assert_int_equal(s->moved.state, MESSAGE_SENT);
    scene_report(s, "a2", phone, true);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    assert_int_equal(s->moved.owed, OWED_RECEIPT);
    delivery_free(d);
}

/* The second of two parts was not taken yet: a word on the first is not one on
 * the text. */
static void test_idempotent_in_the_middle(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", phone, "text");
    static const char *const ids[] = { "a1", "a2" };
    struct delivery *d;
    struct move move = { .to = MESSAGE_QUEUED,
                         .line = "http1",
                         .sim = "imsi1",
                         .remote_ids = ids,
                         .n = 1 };

    entry.receipt = entry.take = true;
    move.delivery = d = scene_accept(s, &entry)->delivery;
    scene_move(s, &move);
    scene_report(s, "a1", phone, true);
    assert_false(s->changed);
    delivery_free(d);
    move.delivery = d = scene_take_one(s, TO_LINE, "text");
    move.to = MESSAGE_SENT;
    move.n = 2;
    scene_move(s, &move);
    scene_report(s, "a2", phone, true);
    assert_true(s->changed);
    assert_int_equal(s->moved.state, MESSAGE_DELIVERED);
    delivery_free(d);
}

static void test_after_the_sweep(void **state)
{
    struct scene *s = *state;
    int64_t month = (int64_t)31 * 24 * 3600 * 1000;

    (void)sent(s, phone, "17");
    (void)scene_sql(s, "UPDATE message SET created = 1, moved_at = 1");
    store_sweep(s->store, clock_wall_ms() + month);
    while (store_pending(s->store) > 0) {
        store_barrier(s->store, on_plain, s);
        scene_wait(s);
    }
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 0);
    scene_report(s, "17", phone, true);
    assert_false(s->changed);
    assert_int_equal(scene_sql(s, "SELECT outcome FROM attempt"),
                     ATTEMPT_DELIVERED);
    /* The number of the message that is gone is not used again. */
    scene_reopen(s);
    assert_int_equal(sent(s, other_phone, "18"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike),
        SCENE(test_delivered),
        SCENE(test_read),
        SCENE(test_foreign),
        SCENE(test_early),
        SCENE(test_early_negative),
        SCENE(test_two_parts),
        SCENE(test_one_of_two_fails),
        SCENE(test_told_is_told),
        SCENE(test_several_settle_none),
        SCENE(test_unsure_is_ambiguous),
        SCENE(test_early_for_unsure),
        SCENE(test_resent),
        SCENE(test_early_for_resent),
        SCENE(test_delivered_in_hand),
        SCENE(test_pending_and_dedupe),
        SCENE(test_idempotent),
        SCENE(test_idempotent_in_the_middle),
        SCENE(test_after_the_sweep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
