/* test_store_recover.c - kills in the middle, full and broken disks, a second
 * process, other schemas, damaged files. */
#include "store_scene.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* --- in hand -------------------------------------------------------------- */

static void test_in_hand_comes_back(void **state)
{
    struct scene *s = *state;
    struct delivery *list, *d;
    const char *const texts[] = { "a1", "b1", "c1" };
    size_t i = 0;

    for (i = 0; i < 3; i++) {
        char contact[32];
        struct entry entry;

        (void)snprintf(contact, sizeof(contact), "+44770090000%zu", i);
        entry = scene_out("romeo@example.org", contact, texts[i]);
        (void)scene_accept(s, &entry);
    }
    deliveries_free(scene_take(s, TO_LINE, 2, 1));
    scene_reopen(s);
    list = scene_take(s, TO_LINE, 10, 1);
    i = 0;
    DL_FOREACH (list, d)
        assert_string_equal(d->text, texts[i++]);
    assert_int_equal(i, 3);
    deliveries_free(list);
}

static void test_order_after_recovery(void **state)
{
    struct scene *s = *state;
    struct delivery *list, *d;
    int64_t seq = 0;

    for (int i = 0; i < 5; i++) {
        struct entry entry =
            scene_in("romeo@example.org", "+447700900001", "t");

        entry.take = i < 3;
        delivery_free(scene_accept(s, &entry)->delivery);
    }
    scene_reopen(s);
    list = scene_take(s, TO_XMPP, 10, 10);
    DL_FOREACH (list, d)
        assert_int_equal(d->seq, ++seq);
    assert_int_equal(seq, 5);
    deliveries_free(list);
}

/* --- kills ---------------------------------------------------------------- */

/* What the child says when a text is surely stored, or handed over. */
struct word {
    int64_t row;
    bool sent;
};

struct child {
    struct scene *s;
    int fd;
    int texts;
};

static void child_next(struct child *child);

static void child_moved(void *arg, const struct moved *moved,
                        struct delivery *follower, const struct err *err)
{
    struct child *child = arg;
    struct word word = { moved ? moved->row : 0, true };

    if (err || !moved || follower ||
        write(child->fd, &word, sizeof(word)) != sizeof(word))
        _exit(3);
    child_next(child);
}

static void child_accepted(void *arg, struct entry_result *results, size_t n,
                           const struct err *err)
{
    struct child *child = arg;
    struct word word;
    struct move move = { .to = MESSAGE_SENT, .follow = true };

    if (err || n != 1 || results[0].outcome != ENTRY_TAKEN)
        _exit(3);
    word = (struct word){ results[0].delivery->row, false };
    if (write(child->fd, &word, sizeof(word)) != sizeof(word))
        _exit(3);
    move.delivery = results[0].delivery;
    store_move(child->s->store, &move, child_moved, child);
    delivery_free(results[0].delivery);
}

static void child_next(struct child *child)
{
    char contact[32];
    struct entry entry;
    struct acceptance acceptance = { .entries = &entry, .n = 1 };

    (void)snprintf(contact, sizeof(contact), "+44%08d", child->texts++);
    entry = scene_out("romeo@example.org", contact, "text");
    entry.take = true;
    /* A fork inherits the buffer of random numbers. */
    memcpy(entry.id.bytes, &(pid_t){ getpid() }, sizeof(pid_t));
    store_accept(child->s->store, &acceptance, child_accepted, child);
}

static void child_run(const char *dir, int fd, int round)
{
    struct scene s = { 0 };
    struct child children[8];

    (void)on_loop_setup((void **)&s.on);
    (void)snprintf(s.dir, sizeof(s.dir), "%s", dir);
    scene_open(&s, 0);
    for (int i = 0; i < 8; i++) {
        children[i] = (struct child){ &s, fd, (round * 8 + i) * 10000 };
        child_next(&children[i]);
    }
    loop_run(s.on->loop);
    _exit(3);
}

static bool row_is(sqlite3 *db, int64_t row, bool sent)
{
    sqlite3_stmt *stmt;
    bool good;

    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT state FROM message"
                                        " WHERE id = ?1",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_int64(stmt, 1, row);
    good =
        sqlite3_step(stmt) == SQLITE_ROW &&
        (!sent || sqlite3_column_int64(stmt, 0) == MESSAGE_SENT + STATE_BASE);
    (void)sqlite3_finalize(stmt);
    return good;
}

/* Kills the child after `words` of its words; all it said must be true. */
static void kill_once(const char *dir, int round, size_t words)
{
    char path[128];
    int fds[2], status;
    struct word *said = xcalloc(words + 4096, sizeof(*said));
    size_t n = 0;
    ssize_t got;
    sqlite3 *db;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child_run(dir, fds[1], round);
    (void)close(fds[1]);
    while (n < words && read(fds[0], &said[n], sizeof(*said)) > 0)
        n++;
    assert_int_equal(n, words);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    while (n < words + 4096 &&
           (got = read(fds[0], &said[n], sizeof(*said))) > 0)
        n++;
    (void)close(fds[0]);
    (void)snprintf(path, sizeof(path), "%s/moongate.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < n; i++)
        assert_true(row_is(db, said[i].row, said[i].sent));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(said);
}

/* A conversation's head, its messages and the counts must still agree. */
static void check_invariants(struct scene *s)
{
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM conversation c WHERE "
                                  "head <> coalesce((SELECT min(seq) FROM "
                                  "message m WHERE m.conv = c.id AND m.state "
                                  "< 5), last_seq + 1)"),
                     0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM conversation WHERE "
                                  "taken < head - 1 OR taken > last_seq"),
                     0);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM conversation WHERE "
                                  "head <= last_seq AND taken < head AND turn "
                                  "IS NULL AND next_at IS NULL"),
                     0);
    assert_int_equal(scene_sql(s, "SELECT (SELECT sum(queued) FROM sink) - "
                                  "(SELECT count(*) FROM message WHERE state "
                                  "= 2)"),
                     0);
}

static void test_kills(void **state)
{
    struct scene *s = *state;

    scene_close(s);
    for (int i = 0; i < 20; i++)
        kill_once(s->dir, i, 1 + (size_t)i * 7);
    scene_open(s, 0);
    check_invariants(s);
    deliveries_free(scene_take(s, TO_LINE, 100, 1));
    check_invariants(s);
}

/* --- disks ---------------------------------------------------------------- */

static void test_min_free(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a");
    struct delivery *d;

    entry.take = true;
    d = scene_accept(s, &entry)->delivery;
    delivery_free(d);
    scene_close(s);
    scene_open(s, INT64_MAX / 4);
    assert_true(store_is_full(s->store));
    entry.id = id_new();
    scene_accept_all(s, &entry, 1);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_FULL);
    assert_int_equal(s->n, 0);
    d = scene_take_one(s, TO_LINE, "a");
    scene_move_to(s, d, MESSAGE_SENT, 0);
    assert_true(s->changed);
    delivery_free(d);
}

/* SQLite's own limit on pages acts as a full disk. */
static int64_t limit_pages(struct scene *s, int64_t more)
{
    char sql[64];

    (void)snprintf(sql, sizeof(sql), "PRAGMA max_page_count=%lld",
                   (long long)(scene_sql(s, "PRAGMA page_count") + more));
    return scene_sql(s, sql);
}

static void test_no_space(void **state)
{
    struct scene *s = *state;
    char *text = xcalloc(1, 60001), path[128];
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a");
    struct delivery *d;

    (void)snprintf(path, sizeof(path), "%s/moongate.ballast", s->dir);
    assert_int_equal(access(path, F_OK), 0);
    d = (scene_accept(s, &entry), scene_take_one(s, TO_LINE, "a"));
    (void)limit_pages(s, 2);
    memset(text, 'x', 60000);
    entry.id = id_new();
    entry.text = text;
    scene_accept_all(s, &entry, 1);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_FULL);
    assert_true(store_is_full(s->store));
    assert_int_equal(access(path, F_OK), -1);
    scene_move_to(s, d, MESSAGE_SENT, 0);
    assert_true(s->changed);
    delivery_free(d);
    assert_int_equal(scene_sql(s, "SELECT count(*) FROM message"), 1);
    (void)limit_pages(s, 100000);
    while (store_is_full(s->store)) {
        store_barrier(s->store, on_plain, s);
        scene_wait(s);
        (void)usleep(20000);
    }
    assert_int_equal(access(path, F_OK), 0);
    entry.id = id_new();
    assert_int_equal(scene_accept(s, &entry)->outcome, ENTRY_QUEUED);
    check_invariants(s);
    free(text);
}

/* A move that finds no space although the ballast is gone fails with ERR_FULL;
 * nothing is half done. */
static void test_no_space_at_all(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a");
    char *text = xcalloc(1, 60001);

    (void)scene_accept(s, &entry);
    (void)limit_pages(s, 0);
    memset(text, 'x', 60000);
    store_state_put(s->store, "sim1", "key", text, on_plain, s);
    scene_wait(s);
    assert_true(s->failed);
    assert_int_equal(s->err.kind, ERR_FULL);
    store_state_put(s->store, "sim1", "key", "short", on_plain, s);
    scene_wait(s);
    free(text);
}

static void broken_child(const char *dir)
{
    struct scene s = { 0 };
    struct rlimit limit = { 300000, 300000 };
    char *text = xcalloc(1, 60001);

    memset(text, 'x', 60000);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)on_loop_setup((void **)&s.on);
    (void)snprintf(s.dir, sizeof(s.dir), "%s", dir);
    scene_open(&s, 0);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(1);
    for (int i = 0; i < 30 && !s.failed; i++) {
        struct entry entry =
            scene_out("romeo@example.org", "+447700900001", text);

        scene_accept_all(&s, &entry, 1);
    }
    if (!s.failed || s.err.kind != ERR_STORE)
        _exit(2);
    store_barrier(s.store, on_plain, &s);
    scene_wait(&s);
    _exit(s.failed && s.err.kind == ERR_STORE ? 0 : 3);
}

/* Any other write error ends the store for good, and loses nothing. */
static void test_broken_disk(void **state)
{
    struct scene *s = *state;
    struct entry entry = scene_out("romeo@example.org", "+447700900001", "a");
    int status;
    pid_t pid;

    (void)scene_accept(s, &entry);
    scene_close(s);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        broken_child(s->dir);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    scene_open(s, 0);
    check_invariants(s);
    delivery_free(scene_take_one(s, TO_LINE, "a"));
}

/* --- opening -------------------------------------------------------------- */

static void assert_refused(struct scene *s, enum err_kind kind,
                           const char *word)
{
    struct err err = { 0 };

    assert_null(store_open(&s->on->owner, "sqlite", s->dir, 0, &err));
    assert_int_equal(err.kind, kind);
    if (!strstr(err.text, word))
        fail_msg("\"%s\" does not say %s", err.text, word);
}

static void test_second_process(void **state)
{
    struct scene *s = *state;
    char pid[32];

    (void)snprintf(pid, sizeof(pid), "(pid %ld)", (long)getpid());
    assert_refused(s, ERR_CONFIG, pid);
}

static void test_newer_schema(void **state)
{
    struct scene *s = *state;

    (void)scene_sql(s, "UPDATE meta SET value = value + 97");
    scene_close(s);
    assert_refused(s, ERR_CONFIG, "schema 99");
    {
        char path[128];
        sqlite3 *db;

        (void)snprintf(path, sizeof(path), "%s/moongate.db", s->dir);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "UPDATE meta SET value = value - 97",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
    }
    scene_open(s, 0);
}

static void overwrite(const char *dir, off_t at, size_t size)
{
    char path[128], junk[512];
    int fd;

    memset(junk, 0x5a, sizeof(junk));
    (void)snprintf(path, sizeof(path), "%s/moongate.db", dir);
    fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, junk, size, at), size);
    (void)close(fd);
}

static void test_damaged(void **state)
{
    struct scene *s = *state;
    char path[128], copy[128];

    (void)snprintf(path, sizeof(path), "%s/moongate.db", s->dir);
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", s->dir);
    scene_close(s);
    overwrite(s->dir, 5 * 4096, 512);
    assert_refused(s, ERR_STORE, "moongate.db");
    overwrite(s->dir, 0, 100);
    assert_refused(s, ERR_STORE, "moongate.db");
    assert_int_equal(rename(path, copy), 0);
    scene_open(s, 0);
}

static void test_other_errors(void **state)
{
    struct scene *s = *state;
    struct err err;

    assert_null(store_open(&s->on->owner, "postgresql://x", s->dir, 0, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_null(store_open(&s->on->owner, "sqlite", "/proc/no/such", 0, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(test_in_hand_comes_back),
        SCENE(test_order_after_recovery),
        SCENE(test_kills),
        SCENE(test_min_free),
        SCENE(test_no_space),
        SCENE(test_no_space_at_all),
        SCENE(test_broken_disk),
        SCENE(test_second_process),
        SCENE(test_newer_schema),
        SCENE(test_damaged),
        SCENE(test_other_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
