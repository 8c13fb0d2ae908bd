/* test_store_inspect.c - people, lines, small state; listing, tracing and
 * counting; what a sweep forgets. */
#include "store_scene.h"

#include "store/manage.h"

#include <json.h>

static void keep_text(struct scene *s, const char *text)
{
    assert_true(s->n_texts < 64);
    text_copy(s->texts[s->n_texts++], sizeof(s->texts[0]), text);
}

/* --- people --------------------------------------------------------------- */

struct counted {
    struct scene *s;
    size_t n;
};

static void on_account(void *arg, const char *account, const struct err *err)
{
    struct counted *counted = arg;

    if (!account) {
        scene_keep(counted->s, err);
        return;
    }
    if (counted->n++ < 8)
        keep_text(counted->s, account);
}

static void on_contact(void *arg, const char *account, const char *contact)
{
    struct counted *counted = arg;

    if (!account) {
        scene_keep(counted->s, NULL);
        return;
    }
    if (counted->n++ < 8)
        keep_text(counted->s, contact);
}

static void test_find_accounts(void **state)
{
    struct scene *s = *state;
    struct counted counted = { .s = s };
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a");

    (void)scene_accept(s, &entry);
    entry.id = id_new();
    entry.account = "juliet@example.org";
    (void)scene_accept(s, &entry);
    (void)scene_sql(s, "UPDATE conversation SET touched = touched - 5000 WHERE "
                       "account = 'romeo@example.org'");
    store_find_accounts(s->store, "sms", "+447700900001", 5, on_account,
                        &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 2);
    assert_string_equal(s->texts[0], "juliet@example.org");
    assert_string_equal(s->texts[1], "romeo@example.org");
    counted.n = 0;
    store_find_accounts(s->store, "sms", "+447700900001", 1, on_account,
                        &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 1);
    counted.n = 0;
    store_find_accounts(s->store, "sms", "+1", 1, on_account, &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 0);
}

static void test_accounts_by_pages(void **state)
{
    struct scene *s = *state;
    struct counted counted = { .s = s };

    (void)scene_sql(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
                       "1 FROM n WHERE i < 1500) INSERT INTO account (network, "
                       "jid, state, created) SELECT 'sms', printf('u%04d@x', "
                       "i), 0, 1 FROM n");
    store_accounts(s->store, "sms", on_account, &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 1500);
    assert_string_equal(s->texts[0], "u0001@x");
    counted.n = 0;
    store_accounts(s->store, "other", on_account, &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 0);
}

static void subscribe(struct scene *s, const char *account, const char *contact,
                      bool on)
{
    store_subscribe(s->store, "sms", account, contact, on, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

static void test_subscriptions(void **state)
{
    struct scene *s = *state;
    struct counted counted = { .s = s };

    subscribe(s, "romeo@example.org", "+2", true);
    subscribe(s, "romeo@example.org", "+1", true);
    subscribe(s, "romeo@example.org", "+1", true);
    subscribe(s, "juliet@example.org", "+3", true);
    store_subscriptions(s->store, "sms", "romeo@example.org", on_contact,
                        &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 2);
    assert_string_equal(s->texts[0], "+1");
    assert_string_equal(s->texts[1], "+2");
    subscribe(s, "romeo@example.org", "+1", false);
    counted.n = 0;
    store_subscriptions(s->store, "sms", NULL, on_contact, &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 2);
    (void)scene_sql(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
                       "1 FROM n WHERE i < 1200) INSERT INTO subscription "
                       "SELECT 'sms', printf('u%d@x', i % 7), printf('+9%d', "
                       "i) FROM n");
    counted.n = 0;
    store_subscriptions(s->store, "sms", NULL, on_contact, &counted);
    scene_wait(s);
    assert_int_equal(counted.n, 1202);
}

static void on_pair(void *arg, const char *key, const char *value)
{
    struct scene *s = arg;

    keep_text(s, key);
    keep_text(s, value);
}

static void test_small_state(void **state)
{
    struct scene *s = *state;

    store_state_put(s->store, "sim1", "smsc", "+44", on_plain, s);
    scene_wait(s);
    store_state_put(s->store, "sim1", "smsc", "+45", on_plain, s);
    scene_wait(s);
    store_state_put(s->store, "sim1", "old", "x", on_plain, s);
    scene_wait(s);
    store_state_put(s->store, "sim1", "old", NULL, on_plain, s);
    scene_wait(s);
    store_line(s->store, "sim1", "sms", "gsm", NULL);
    store_line(s->store, "sim1", "sms", "gsm", "imsi1");
    store_line(s->store, "sim1", "sms", "gsm", NULL);
    scene_reopen(s);
    store_state_each(s->store, "sim1", on_pair, s);
    assert_int_equal(s->n_texts, 2);
    assert_string_equal(s->texts[0], "smsc");
    assert_string_equal(s->texts[1], "+45");
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM line WHERE sim = "
                                  "'imsi1'"),
                     1);
}

/* --- looking -------------------------------------------------------------- */

struct objects {
    struct scene *s;
    struct json_object *o[16];
    size_t n;
};

static void on_object(void *arg, struct json_object *object,
                      const struct err *err)
{
    struct objects *objects = arg;

    if (object) {
        assert_true(objects->n < 16);
        objects->o[objects->n++] = json_object_get(object);
        return;
    }
    scene_keep(objects->s, err);
}

static void forget(struct objects *objects)
{
    while (objects->n > 0)
        json_object_put(objects->o[--objects->n]);
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;

    assert_true(json_object_object_get_ex(object, key, &value));
    return json_object_get_string(value);
}

static int64_t int_of(struct json_object *object, const char *key)
{
    struct json_object *value;

    assert_true(json_object_object_get_ex(object, key, &value));
    return json_object_get_int64(value);
}

static void list(struct objects *objects, const char *network,
                 const char *state, size_t limit)
{
    struct listing listing = { .network = network,
                               .state = state,
                               .limit = limit };

    forget(objects);
    store_list(objects->s->store, &listing, on_object, objects);
    scene_wait(objects->s);
}

/* Three texts: one waits, one failed, one is deferred. */
static void three_texts(struct scene *s, struct id ids[3])
{
    struct err why;
    struct delivery *d;

    for (int i = 0; i < 3; i++) {
        char contact[32];
        struct entry entry;

        (void)snprintf(contact, sizeof(contact), "+44770090000%d", i);
        entry = scene_out("romeo@example.org", contact, "secret");
        ids[i] = entry.id;
        entry.take = i > 0;
        d = scene_accept(s, &entry)->delivery;
        if (i == 0)
            continue;
        err_set(&why, ERR_REJECTED, "no");
        scene_move(
            s, &(struct move){ .delivery = d,
                               .to = i == 1 ? MESSAGE_FAILED : MESSAGE_QUEUED,
                               .next_at = i == 1 ? 0 : INT64_MAX / 2,
                               .err = &why });
        delivery_free(d);
    }
}

static void test_list(void **state)
{
    struct scene *s = *state;
    struct objects objects = { .s = s };
    struct id ids[3];

    three_texts(s, ids);
    list(&objects, NULL, NULL, 10);
    assert_int_equal(objects.n, 3);
    assert_string_equal(text_of(objects.o[0], "id"), id_text(&ids[0]).text);
    assert_string_equal(text_of(objects.o[1], "state"), "failed");
    assert_string_equal(text_of(objects.o[1], "reason"), "rejected: no");
    assert_string_equal(text_of(objects.o[2], "direction"), "to_line");
    assert_int_equal(int_of(objects.o[2], "next_at"), INT64_MAX / 2);
    assert_int_equal(int_of(objects.o[2], "attempt"), 1);
    assert_null(strstr(json_object_to_json_string(objects.o[0]), "secret"));
    list(&objects, "sms", "open", 10);
    assert_int_equal(objects.n, 2);
    list(&objects, "sms", "failed", 10);
    assert_int_equal(objects.n, 1);
    list(&objects, "other", NULL, 10);
    assert_int_equal(objects.n, 0);
    list(&objects, NULL, NULL, 2);
    assert_int_equal(objects.n, 2);
    assert_string_equal(text_of(objects.o[1], "id"), id_text(&ids[2]).text);
    list(&objects, NULL, "lost", 2);
    assert_int_equal(s->err.kind, ERR_UNSUPPORTED);
    assert_int_equal(objects.n, 0);
    /* Old ones behind many numbers that are not there. */
    (void)scene_sql(s, "UPDATE message SET id = id + 90000 WHERE id = 3");
    scene_reopen(s);
    list(&objects, NULL, NULL, 10);
    assert_int_equal(objects.n, 3);
    forget(&objects);
}

static void test_trace(void **state)
{
    struct scene *s = *state;
    struct objects objects = { .s = s };
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a");
    char byte[] = "x";
    struct part_row part = { .n = 1, .bytes = byte, .size = 1 };
    struct json_object *events;
    struct delivery *d;
    char prefix[7] = "";

    entry.take = true;
    d = scene_accept(s, &entry)->delivery;
    scene_intend(s, d, &part, 1, 1);
    scene_outcome(s, &(struct outcome){ .delivery = d,
                                        .line = "sim1",
                                        .sim = "imsi1",
                                        .n = 1,
                                        .state = PART_SENT,
                                        .remote_id = "17",
                                        .move = MESSAGE_SENT });
    memcpy(prefix, id_text(&d->id).text, 6);
    store_trace(s->store, prefix, on_object, &objects);
    scene_wait(s);
    assert_int_equal(objects.n, 1);
    assert_string_equal(text_of(objects.o[0], "id"), id_text(&d->id).text);
    assert_string_equal(text_of(objects.o[0], "sim"), "imsi1");
    assert_true(json_object_object_get_ex(objects.o[0], "events", &events));
    assert_int_equal(json_object_array_length(events), 4);
    assert_string_equal(text_of(json_object_array_get_idx(events, 0), "what"),
                        "accepted");
    forget(&objects);
    store_trace(s->store, "abc", on_object, &objects);
    scene_wait(s);
    assert_int_equal(s->err.kind, ERR_BAD_ADDRESS);
    store_trace(s->store, "zzzz", on_object, &objects);
    scene_wait(s);
    assert_int_equal(s->err.kind, ERR_BAD_ADDRESS);
    assert_int_equal(objects.n, 0);
    delivery_free(d);
}

static void test_counts(void **state)
{
    struct scene *s = *state;
    struct objects objects = { .s = s };
    struct json_object *sms, *to_line;
    struct id ids[3];

    three_texts(s, ids);
    for (int i = 0; i < 2; i++) {
        store_counts(s->store, on_object, &objects);
        scene_wait(s);
        assert_int_equal(objects.n, 1);
        assert_true(json_object_object_get_ex(objects.o[0], "sms", &sms));
        assert_true(json_object_object_get_ex(sms, "to_line", &to_line));
        assert_int_equal(int_of(to_line, "queued"), 2);
        assert_int_equal(int_of(to_line, "failed"), 1);
        assert_int_equal(int_of(objects.o[0], "poison"), 0);
        forget(&objects);
        scene_reopen(s);
    }
}

/* --- sweep ---------------------------------------------------------------- */

static void sweep(struct scene *s, int days)
{
    store_sweep(s->store, clock_wall_ms() + (int64_t)days * 24 * 3600 * 1000);
    do {
        store_barrier(s->store, on_plain, s);
        scene_wait(s);
    } while (store_pending(s->store) > 0);
}

static void test_sweep(void **state)
{
    struct scene *s = *state;
    struct id ids[3];
    struct entry entry = scene_out("romeo@example.org", "+447700900009", "d");
    struct delivery *d;

    three_texts(s, ids);
    entry.take = true;
    entry.key = "k";
    d = scene_accept(s, &entry)->delivery;
    scene_move_to(s, d, MESSAGE_DELIVERED, 0);
    delivery_free(d);
    scene_report(s, "nobody's", "+1", true);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM body"), 4);
    sweep(s, 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM body"), 3);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM report"), 1);
    sweep(s, 8);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM body"), 2);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 4);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM report"), 0);
    sweep(s, 31);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 2);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM seen"), 1);
    sweep(s, 91);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM seen"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message WHERE state = "
                                  "2"),
                     2);
}

static void test_sweep_many(void **state)
{
    struct scene *s = *state;

    (void)scene_sql(s, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + "
                       "1 FROM n WHERE i < 3000) INSERT INTO message (id, mid, "
                       "conv, seq, state, attempt, owed, held, moved_at, "
                       "direction, kind, receipt, created) SELECT i, "
                       "randomblob(16), 1, i, 5, 0, 0, 0, 1, 0, 0, 0, 1 FROM "
                       "n");
    (void)scene_sql(s, "INSERT INTO body SELECT id, 'x' FROM message");
    (void)scene_sql(s, "INSERT INTO seen SELECT 's', printf('%05d', id), 1 "
                       "FROM message");
    (void)scene_sql(s, "INSERT INTO attempt (id, message, part, n, outcome, "
                       "submitted_at, sim, chat) SELECT id, id, 1, 1, 4, 1, "
                       "'', '' FROM message");
    sweep(s, 1);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM body"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM attempt"), 0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM seen"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_find_accounts), SCENE(test_accounts_by_pages),
        SCENE(test_subscriptions), SCENE(test_small_state),
        SCENE(test_list),          SCENE(test_trace),
        SCENE(test_counts),        SCENE(test_sweep),
        SCENE(test_sweep_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
