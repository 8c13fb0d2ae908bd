/* test_store_plan.c - with a long queue every statement finds its rows by an
 * index; what is taken from it comes in order and at once. */
#include "store_scene.h"

enum { STATEMENTS_MAX = 256, QUEUED = 100000 };

struct statements {
    struct plain_task plain;
    const char **texts;
    size_t *n;
};

static bool collect(struct store *store, struct task *task, struct err *err)
{
    struct statements *t = (struct statements *)task;

    (void)err;
    for (*t->n = 0; *t->n < STATEMENTS_MAX; ++*t->n) {
        t->texts[*t->n] = db_statement_text(store->db, *t->n);
        if (!t->texts[*t->n])
            return true;
    }
    return true;
}

/* A scan is fine when a LIMIT ends it, in tables that hold one row per network,
 * orphans for an hour or segments with a ceiling, and over partial indexes that
 * hold only what is asked for. */
static bool may_scan(const char *detail, const char *sql)
{
    static const char *const good[] = {
        "sqlite_master",     "SCAN sink",
        "SCAN counter",      "SCAN report",
        "SCAN fragment_set", "SCAN CONSTANT ROW",
        "message_owed",      "conversation_in_hand",
        "SCAN bite",         "SCAN (subquery",
        "SCAN usage",        "account_ruled",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (strstr(detail, good[i]))
            return true;
    return strstr(sql, "ORDER BY id LIMIT") != NULL;
}

static void check_plan(sqlite3 *db, const char *sql)
{
    char *explain = xasprintf("EXPLAIN QUERY PLAN %s", sql);
    bool take = strstr(sql, "ORDER BY turn") || strstr(sql, "ORDER BY next_at");
    sqlite3_stmt *stmt;

    assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(stmt, 3);

        if (strncmp(detail, "SCAN", 4) == 0 && !may_scan(detail, sql))
            fail_msg("%s: %s", detail, sql);
        if (take && strstr(detail, "TEMP B-TREE"))
            fail_msg("%s: %s", detail, sql);
    }
    (void)sqlite3_finalize(stmt);
    free(explain);
}

/* Runs about everything once, so that its statements are there. */
static void use_all(struct scene *s)
{
    struct entry entry = scene_out("romeo@example.org", "+1", "a");
    char byte[] = "x";
    struct part_row part = { .n = 1, .bytes = byte, .size = 1 };
    struct delivery *d = scene_take_one(s, TO_LINE, "text");
    struct delivery *in;

    scene_intend(s, d, &part, 1, 1);
    scene_report(s, "5", "+1", true);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_SENT,
                                        .remote_id = "17",
                                        .move = MESSAGE_SENT });
    delivery_free(s->follower);
    scene_report(s, "17", d->contact, true);
    delivery_free(d);
    d = scene_take_one(s, TO_LINE, "text");
    scene_intend(s, d, &part, 1, 1);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_UNSURE,
                                        .move = MESSAGE_UNKNOWN,
                                        .next_at = 1 });
    delivery_free(d);
    entry = scene_in("romeo@example.org", "+1", "a");
    entry.take = true;
    entry.key = "k";
    entry.name = "Juliet";
    in = scene_accept(s, &entry)->delivery;
    scene_fenced(s, &in->row, 1);
    delivery_free(in);
    store_wake(s->store, "sms", TO_LINE, NULL, on_plain, s);
    scene_wait(s);
    store_wake(s->store, "sms", TO_LINE, "romeo@example.org", on_plain, s);
    scene_wait(s);
    store_owed(s->store, "sms", 10, on_moved, s);
    while (s->changed || s->moved.row)
        scene_wait(s);
    store_sweep(s->store, 0);
    do {
        store_barrier(s->store, on_plain, s);
        scene_wait(s);
    } while (store_pending(s->store) > 0);
}

/* 100,000 conversations with a text each. */
static void fill(struct scene *s)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql),
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
                   " FROM n WHERE i < %d) INSERT INTO conversation SELECT i,"
                   " 'sms', 'romeo@example.org', '+' || (440000000000 + i), 0,"
                   " 0, NULL, NULL, 1, 1, 0, i, NULL, 0, 1 FROM n",
                   QUEUED);
    (void)scene_sql(s, sql);
    (void)scene_sql(s, "INSERT INTO message (id, mid, conv, seq, state, "
                       "attempt, owed, held, moved_at, direction, kind, "
                       "receipt, created) SELECT id, randomblob(16), id, 1, 2, "
                       "0, 0, 0, 1, 0, 0, 1, 1 FROM conversation");
    (void)scene_sql(s, "INSERT INTO body SELECT id, 'text' FROM message");
    (void)scene_sql(s, "INSERT INTO account (network, jid, state, settings, "
                       "created) VALUES ('sms', "
                       "'romeo@example.org', 0, NULL, 1)");
    scene_reopen(s);
}

static void test_plans(void **state)
{
    struct scene *s = *state;
    static const struct task_ops ops = { .run = collect,
                                         .finish = plain_finish };
    const char *texts[STATEMENTS_MAX];
    size_t n = 0;
    struct statements *t;
    char path[128];
    sqlite3 *db;

    fill(s);
    use_all(s);
    t = task_new(s->store, &ops, sizeof(*t), 0);
    t->plain.fn = on_plain;
    t->plain.arg = s;
    t->texts = texts;
    t->n = &n;
    task_submit(&t->plain.task);
    scene_wait(s);
    assert_true(n > 50);
    scene_close(s);
    (void)snprintf(path, sizeof(path), "%s/moongate.db", s->dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < n; i++)
        if (strncmp(texts[i], "BEGIN", 5) && strncmp(texts[i], "COMMIT", 6) &&
            strncmp(texts[i], "CREATE", 6) && strncmp(texts[i], "PRAGMA", 6))
            check_plan(db, texts[i]);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    scene_open(s, 0);
}

static void test_long_queue(void **state)
{
    struct scene *s = *state;
    struct delivery *list, *d;
    int64_t row = 0, us;

    fill(s);
    us = clock_mono_us();
    for (int i = 0; i < 100; i++) {
        list = scene_take(s, TO_LINE, 10, 1);
        DL_FOREACH (list, d)
            assert_int_equal(d->row, ++row);
        deliveries_free(list);
    }
    us = clock_mono_us() - us;
    assert_int_equal(row, 1000);
    assert_true(us < 10 * 1000 * 1000); /* a scan would take minutes */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_plans),
        SCENE(test_long_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
