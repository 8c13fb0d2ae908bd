/* test_store_usage.c - parts that count: with their intent, by SIM, across
 * restarts and rollbacks; lines that an admin has paused. */
#include "store_scene.h"

#define DAY ((int64_t)86400000)

static const struct spend today = { .day = 100 * DAY, .minute = 100 * DAY };
static const struct spent_since since = { .minute = 100 * DAY,
                                          .day = 100 * DAY,
                                          .month = 90 * DAY };

static struct spent spent;

static void on_spent(void *arg, const struct spent *answer,
                     const struct err *err)
{
    if (answer)
        spent = *answer;
    scene_keep(arg, err);
}

static struct spent ask(struct scene *s, const char *sim)
{
    store_usage(s->store, sim, &since, on_spent, s);
    scene_wait(s);
    assert_false(s->failed);
    return spent;
}

static void intend(struct scene *s, struct delivery *d, size_t n_parts)
{
    char byte[] = "x";
    struct part_row parts[2] = { { .n = 1, .bytes = byte, .size = 1 },
                                 { .n = 2, .bytes = byte, .size = 1 } };
    struct intent intent = { .delivery = d,
                             .line = "sim1",
                             .sim = "imsi1",
                             .parts = parts,
                             .n_parts = n_parts,
                             .n = 1,
                             .spend = today };

    store_intend(s->store, &intent, on_plain, s);
    scene_wait(s);
    if (s->failed)
        return;
    d->attempt++;
    d->state = MESSAGE_SUBMITTING;
}

static struct delivery *queued(struct scene *s)
{
    struct entry entry = scene_out("romeo@example.org", "+1", "hi");

    scene_accept(s, &entry);
    return scene_take_one(s, TO_LINE, "hi");
}

static void counted_with_the_intent(void **state)
{
    struct scene *s = *state;
    struct delivery *d = queued(s);

    intend(s, d, 2);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_SENT,
                                        .move = MESSAGE_SUBMITTING,
                                        .intend = 2,
                                        .spend = { .day = 100 * DAY } });
    assert_int_equal(ask(s, "imsi1").day, 2);
    assert_int_equal(spent.minute, 1); /* the second named no minute */
    scene_reopen(s);
    assert_int_equal(ask(s, "imsi1").day, 2);
    assert_int_equal(ask(s, "imsi2").day, 0);
    delivery_free(d);
}

static void an_intent_that_comes_late_does_not_count(void **state)
{
    struct scene *s = *state;
    struct delivery *d = queued(s);

    d->attempt++; /* somebody else has moved it */
    intend(s, d, 1);
    assert_true(s->failed);
    assert_int_equal(ask(s, "imsi1").day, 0);
    delivery_free(d);
}

static void what_was_not_taken_is_given_back(void **state)
{
    struct scene *s = *state;
    struct delivery *d = queued(s);

    intend(s, d, 1);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_WAITING,
                                        .move = MESSAGE_QUEUED,
                                        .next_at = 1,
                                        .refund = today });
    assert_int_equal(ask(s, "imsi1").day, 0);
    delivery_free(d);
}

static void months_are_added_up_from_days(void **state)
{
    struct scene *s = *state;

    scene_sql(s, "INSERT INTO usage VALUES ('sim:imsi1', 'day',"
                 " 86400000 * 89, 1000)");
    scene_sql(s, "INSERT INTO usage VALUES ('sim:imsi1', 'day',"
                 " 86400000 * 90, 30)");
    scene_sql(s, "INSERT INTO usage VALUES ('sim:imsi1', 'day',"
                 " 86400000 * 100, 4)");
    assert_int_equal(ask(s, "imsi1").month, 34);
    assert_int_equal(spent.day, 4);
}

/* A job of the same group fails: what the group counted counts once. */
static bool break_group(struct store *store, struct task *task, struct err *err)
{
    (void)store;
    (void)task;
    return err_set(err, ERR_INTERNAL, "a test's bug");
}

static void a_rollback_counts_nothing_twice(void **state)
{
    static const struct task_ops ops = { .run = break_group,
                                         .finish = plain_finish,
                                         .writes = true };
    struct scene *s = *state;
    struct delivery *d = queued(s);
    struct plain_task *bad = task_new(s->store, &ops, sizeof(*bad), 0);
    char byte[] = "x";
    struct part_row part = { .n = 1, .bytes = byte, .size = 1 };
    struct intent intent = { .delivery = d,
                             .line = "sim1",
                             .sim = "imsi1",
                             .parts = &part,
                             .n_parts = 1,
                             .n = 1,
                             .spend = today };

    /* Held, the store takes both as one group. */
    (void)pthread_mutex_lock(&s->store->lock);
    store_barrier(s->store, NULL, NULL);
    store_intend(s->store, &intent, NULL, NULL);
    bad->fn = on_plain;
    bad->arg = s;
    task_submit(&bad->task);
    (void)pthread_mutex_unlock(&s->store->lock);
    scene_wait(s);
    assert_int_equal(ask(s, "imsi1").day, 1);
    assert_int_equal(ask(s, "imsi1").minute, 1);
    delivery_free(d);
}

static void old_periods_are_swept(void **state)
{
    struct scene *s = *state;
    struct delivery *d = queued(s);

    intend(s, d, 1); /* in 1970 */
    store_sweep(s->store, clock_wall_ms());
    for (int i = 0; i < 10; i++)
        (void)ask(s, "imsi1");
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM usage"), 0);
    delivery_free(d);
}

/* --- anew ---------------------------------------------------------------- */

static void begun_anew_it_is_as_if_new(void **state)
{
    struct scene *s = *state;
    struct delivery *d = queued(s), *again;

    intend(s, d, 2);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_SENT,
                                        .remote_id = "5",
                                        .move = MESSAGE_QUEUED,
                                        .next_at = 1 });
    delivery_free(d);
    d = scene_take_one(s, TO_LINE, "hi");
    assert_int_equal(d->n_parts, 2);
    scene_move(s, &(struct move){ .delivery = d,
                                  .to = MESSAGE_QUEUED,
                                  .anew = true,
                                  .failover = true });
    again = scene_take_one(s, TO_LINE, "hi");
    assert_int_equal(again->n_parts, 0);
    assert_null(again->line);
    assert_null(again->sim);
    assert_int_not_equal(again->reference, d->reference);
    assert_int_equal(
        scene_sql(s, "SELECT value FROM counter WHERE name = 'failovers'"), 1);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM part"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attempt"), 1);
    /* A word on the first of two parts is none on the only one. */
    intend(s, again, 1);
    scene_report(s, "5", "+1", true);
    assert_false(s->changed);
    assert_int_equal(scene_state(s, again->row), MESSAGE_SUBMITTING);
    delivery_free(d);
    delivery_free(again);
}

/* --- duty ---------------------------------------------------------------- */

static void duty_is_kept(void **state)
{
    struct scene *s = *state;

    assert_int_equal(store_line_duty_get(s->store, "sim1"), DUTY_ON);
    store_line_duty(s->store, "sim1", "sms", "gsm", DUTY_PAUSED, on_plain, s);
    scene_wait(s);
    store_line(s->store, "sim1", "sms", "gsm", "imsi1"); /* comes online */
    store_barrier(s->store, on_plain, s);
    scene_wait(s);
    scene_reopen(s);
    assert_int_equal(store_line_duty_get(s->store, "sim1"), DUTY_PAUSED);
    store_line_duty(s->store, "sim1", "sms", "gsm", DUTY_DRAINING, on_plain, s);
    scene_wait(s);
    assert_int_equal(store_line_duty_get(s->store, "sim1"), DUTY_DRAINING);
    store_line_duty(s->store, "sim1", "sms", "gsm", DUTY_ON, on_plain, s);
    scene_wait(s);
    assert_int_equal(store_line_duty_get(s->store, "sim1"), DUTY_ON);
}

static bool begun;

static void on_begun(void *arg, bool answer, const struct err *err)
{
    begun = answer;
    scene_keep(arg, err);
}

static bool ask_begun(struct scene *s, const char *line)
{
    store_begun(s->store, "sms", line, on_begun, s);
    scene_wait(s);
    assert_false(s->failed);
    return begun;
}

static void what_a_line_has_begun(void **state)
{
    struct scene *s = *state;
    struct delivery *d = queued(s);

    assert_false(ask_begun(s, "sim1"));
    intend(s, d, 1);
    assert_true(ask_begun(s, "sim1"));
    assert_false(ask_begun(s, "sim2"));
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_WAITING,
                                        .move = MESSAGE_QUEUED,
                                        .next_at = 1 });
    assert_false(ask_begun(s, "sim1")); /* planned, but nothing is out */
    delivery_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(counted_with_the_intent),
        SCENE(an_intent_that_comes_late_does_not_count),
        SCENE(what_was_not_taken_is_given_back),
        SCENE(months_are_added_up_from_days),
        SCENE(a_rollback_counts_nothing_twice),
        SCENE(old_periods_are_swept),
        SCENE(begun_anew_it_is_as_if_new),
        SCENE(duty_is_kept),
        SCENE(what_a_line_has_begun),
    };

    return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
