/* store_scene.h - a store in a fresh folder, and its calls as if they blocked:
 * each runs the loop until its callback has come. */
#ifndef MOONGATE_TESTS_STORE_SCENE_H
#define MOONGATE_TESTS_STORE_SCENE_H

#include "on_loop.h"

#include <dirent.h>
#include <limits.h>
#include <sqlite3.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "store/inside.h"
#include "store/store.h"
#include "toolkit/loop.h"

struct scene {
    struct on_loop *on;
    char dir[64];
    struct store *store;
    bool failed;
    struct err err;
    bool changed; /* the last store_moved_fn had a moved */
    struct moved moved;
    struct delivery *follower, *list;
    int64_t next_at;
    struct entry_result results[8];
    size_t n;
    char texts[64][64]; /* what list-like calls gave */
    size_t n_texts;
    char *sqls[64]; /* of scene_sql */
};

static inline void scene_keep(struct scene *s, const struct err *err)
{
    s->failed = err != NULL;
    s->err = err ? *err : (struct err){ 0 };
    loop_stop(s->on->loop);
}

static inline void scene_wait(struct scene *s)
{
    loop_run(s->on->loop);
}

static inline void scene_open(struct scene *s, int64_t min_free)
{
    struct err err;

    s->store = store_open(&s->on->owner, "sqlite", s->dir, min_free, &err);
    if (!s->store)
        fail_msg("store_open: %s", err.text);
}

static inline void scene_close(struct scene *s)
{
    store_close(s->store);
    s->store = NULL;
    on_loop_close(s->on);
}

/* As after a crash: the file is all that is left. */
static inline void scene_reopen(struct scene *s)
{
    scene_close(s);
    scene_open(s, 0);
}

static inline void scene_remove(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    assert_non_null(d);
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
    (void)closedir(d);
    assert_int_equal(rmdir(dir), 0);
}

static inline int scene_setup(void **state)
{
    struct scene *s = xcalloc(1, sizeof(*s));

    (void)on_loop_setup((void **)&s->on);
    (void)snprintf(s->dir, sizeof(s->dir), "/tmp/moongate-store-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    scene_open(s, 0);
    *state = s;
    return 0;
}

static inline int scene_teardown(void **state)
{
    struct scene *s = *state;
    void *on = s->on;

    scene_close(s);
    scene_remove(s->dir);
    (void)on_loop_teardown(&on);
    for (size_t i = 0; i < 64; i++)
        free(s->sqls[i]);
    free(s);
    return 0;
}

#define SCENE(name)                                                            \
    cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

/* --- calls ---------------------------------------------------------------- */

static inline void on_plain(void *arg, const struct err *err)
{
    scene_keep(arg, err);
}

static inline void on_accepted(void *arg, struct entry_result *results,
                               size_t n, const struct err *err)
{
    struct scene *s = arg;

    s->n = n;
    for (size_t i = 0; i < n && i < 8; i++)
        s->results[i] = results[i];
    scene_keep(s, err);
}

static inline void on_took(void *arg, struct delivery *list, int64_t next_at,
                           const struct err *err)
{
    struct scene *s = arg;

    s->list = list;
    s->next_at = next_at;
    scene_keep(s, err);
}

/* The texts of a moved are the task's: only what is compared is copied. */
static inline void on_moved(void *arg, const struct moved *moved,
                            struct delivery *follower, const struct err *err)
{
    struct scene *s = arg;

    s->changed = moved != NULL;
    s->moved = moved ? *moved : (struct moved){ 0 };
    s->moved.stanza_id = s->moved.from = NULL;
    s->moved.network = s->moved.account = s->moved.contact = NULL;
    s->follower = follower;
    scene_keep(s, err);
}

static inline void scene_accept_all(struct scene *s,
                                    const struct entry *entries, size_t n)
{
    struct acceptance acceptance = { .entries = entries, .n = n };

    store_accept(s->store, &acceptance, on_accepted, s);
    scene_wait(s);
}

/* One entry that must be stored. */
static inline struct entry_result *scene_accept(struct scene *s,
                                                const struct entry *entry)
{
    scene_accept_all(s, entry, 1);
    if (s->failed)
        fail_msg("store_accept: %s", s->err.text);
    return &s->results[0];
}

static inline struct entry scene_out(const char *account, const char *contact,
                                     const char *text)
{
    return (struct entry){ .id = id_new(),
                           .direction = TO_LINE,
                           .network = "sms",
                           .account = account,
                           .contact = contact,
                           .text = text,
                           .stanza_id = "s1",
                           .from = "romeo@example.org/orchard",
                           .make_account = true };
}

static inline struct entry scene_in(const char *account, const char *contact,
                                    const char *text)
{
    return (struct entry){ .id = id_new(),
                           .direction = TO_XMPP,
                           .network = "sms",
                           .account = account,
                           .contact = contact,
                           .text = text,
                           .make_account = true };
}

static inline struct delivery *scene_take(struct scene *s,
                                          enum direction direction,
                                          size_t limit, unsigned depth)
{
    struct take take = { .network = "sms",
                         .direction = direction,
                         .limit = limit,
                         .depth = depth,
                         .now = clock_wall_ms() };

    store_take(s->store, &take, on_took, s);
    scene_wait(s);
    assert_false(s->failed);
    return s->list;
}

/* Exactly one delivery, with this text; NULL: none. */
static inline struct delivery *
scene_take_one(struct scene *s, enum direction direction, const char *text)
{
    struct delivery *d = scene_take(s, direction, 1, 1);

    if (!text) {
        assert_null(d);
        return NULL;
    }
    assert_non_null(d);
    assert_string_equal(d->text, text);
    return d;
}

static inline void scene_fenced(struct scene *s, const int64_t *rows, size_t n)
{
    store_fenced(s->store, rows, n, on_plain, s);
    scene_wait(s);
    assert_false(s->failed);
}

static inline void scene_move(struct scene *s, const struct move *move)
{
    store_move(s->store, move, on_moved, s);
    scene_wait(s);
}

static inline void scene_move_to(struct scene *s, const struct delivery *d,
                                 enum message_state to, int64_t next_at)
{
    scene_move(s, &(struct move){ .delivery = d,
                                  .to = to,
                                  .next_at = next_at,
                                  .owe = true,
                                  .follow = true });
}

static inline void scene_outcome(struct scene *s, const struct outcome *outcome)
{
    store_outcome(s->store, outcome, on_moved, s);
    scene_wait(s);
}

static inline void scene_intend(struct scene *s, struct delivery *d,
                                const struct part_row *parts, size_t n_parts,
                                unsigned n)
{
    struct intent intent = { .delivery = d,
                             .line = "sim1",
                             .sim = "imsi1",
                             .parts = parts,
                             .n_parts = n_parts,
                             .n = n };

    store_intend(s->store, &intent, on_plain, s);
    scene_wait(s);
    if (s->failed)
        return;
    d->attempt++;
    d->state = MESSAGE_SUBMITTING;
}

static inline void scene_report(struct scene *s, const char *remote_id,
                                const char *chat, bool delivered)
{
    struct err why;
    struct report report = { .sim = "imsi1",
                             .remote_id = remote_id,
                             .chat = chat,
                             .delivered = delivered,
                             .final = true };

    err_set(&why, ERR_UNREACHABLE, "the phone was off too long");
    report.err = delivered ? NULL : &why;
    store_report(s->store, &report, on_moved, s);
    scene_wait(s);
    assert_false(s->failed);
}

/* --- looking into the file ------------------------------------------------ */

struct scene_sql {
    struct plain_task plain;
    const char *sql;
    int64_t *answer;
};

/* Statements are cached by the address of their text. */
static inline const char *scene_intern(struct scene *s, const char *sql)
{
    for (size_t i = 0; i < 64; i++) {
        if (!s->sqls[i])
            s->sqls[i] = xstrdup(sql);
        if (strcmp(s->sqls[i], sql) == 0)
            return s->sqls[i];
    }
    fail_msg("too many statements");
    return NULL;
}

static inline bool scene_sql_run(struct store *store, struct task *task,
                                 struct err *err)
{
    struct scene_sql *t = (struct scene_sql *)task;
    struct db_rows *rows = db_query(store->db, t->sql, NULL, 0);

    if (db_next(rows) && t->answer)
        *t->answer = db_get_int(rows, 0);
    return db_end(rows, err);
}

/* The first column of the first row; on the store's thread. */
static inline int64_t scene_sql(struct scene *s, const char *sql)
{
    static const struct task_ops ops = { .run = scene_sql_run,
                                         .finish = plain_finish,
                                         .writes = true,
                                         .looks = true };
    struct scene_sql *t = task_new(s->store, &ops, sizeof(*t), 0);
    int64_t answer = 0;

    t->plain.fn = on_plain;
    t->plain.arg = s;
    t->answer = &answer;
    t->sql = scene_intern(s, sql);
    task_submit(&t->plain.task);
    scene_wait(s);
    if (s->failed)
        fail_msg("%s: %s", sql, s->err.text);
    return answer;
}

static inline int64_t scene_state(struct scene *s, int64_t row)
{
    char sql[128];

    (void)snprintf(sql, sizeof(sql),
                   "SELECT state - 2 FROM message WHERE "
                   "id = %lld",
                   (long long)row);
    return scene_sql(s, sql);
}

#endif
