/* bench_store.c - whole lives of messages in the store (accepted and taken,
 * then fenced or sent) against a bare SQLite loop that writes the same rows,
 * at several sizes of group. usage: bench_store DIR [N]; a line each:
 * `to_xmpp group 100: store 43210/s 20.1 us cpu, bare 51234/s 15.0 us, 0.84`.
 * DIR must exist and have no store in it. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/schema.h"
#include "store/store.h"
#include "toolkit/loop.h"

/* A line takes one message of a conversation at a time: as many as a group. */
enum { ACCOUNTS = 100, CONVERSATIONS = 1000 };

static const char body[] = "Lorem ipsum dolor sit amet, consectetur adipiscing "
                           "elit, sed do eiusmod tempor incididunt ut labore";

struct bench {
    struct loop *loop;
    struct owner owner;
    struct store *store;
    const char *dir;
    enum direction direction;
    size_t n, group, waiting;
    struct delivery **taken;
    size_t n_taken;
};

struct cost {
    int64_t us;
    double cpu_us;
};

static double cpu_us(void)
{
    struct rusage use;

    (void)getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static void need(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "bench_store: %s\n", what);
    exit(2);
}

/* --- the store ------------------------------------------------------------ */

static void one_less(struct bench *b)
{
    if (--b->waiting == 0)
        loop_stop(b->loop);
}

static void on_accepted(void *arg, struct entry_result *results, size_t n,
                        const struct err *err)
{
    struct bench *b = arg;

    need(!err && n == 1 && results[0].outcome == ENTRY_TAKEN, "not taken");
    b->taken[b->n_taken++] = results[0].delivery;
    one_less(b);
}

static void on_moved(void *arg, const struct moved *moved,
                     struct delivery *follower, const struct err *err)
{
    need(!err && moved && !follower, "not moved");
    one_less(arg);
}

static void on_fenced(void *arg, const struct err *err)
{
    need(!err, "not fenced");
    one_less(arg);
}

static void accept_one(struct bench *b, size_t i)
{
    char account[64], contact[32], key[32];
    struct entry entry = { .id = id_new(),
                           .direction = b->direction,
                           .network = "sms",
                           .account = account,
                           .contact = contact,
                           .text = body,
                           .stanza_id = "m1",
                           .from = "user1@localhost/bench",
                           .make_account = true,
                           .source = account,
                           .key = key,
                           .take = true };
    struct acceptance acceptance = { .entries = &entry, .n = 1 };

    (void)snprintf(account, sizeof(account), "user%zu@localhost", i % ACCOUNTS);
    (void)snprintf(contact, sizeof(contact), "+44770090%04zu",
                   b->direction == TO_LINE ? i % CONVERSATIONS : i % ACCOUNTS);
    (void)snprintf(key, sizeof(key), "key-%zu-%d-%zu", b->group, b->direction,
                   i);
    store_accept(b->store, &acceptance, on_accepted, b);
}

static void finish_group(struct bench *b, size_t n)
{
    int64_t *rows = xcalloc(n, sizeof(*rows));

    for (size_t i = 0; i < n; i++)
        rows[i] = b->taken[i]->row;
    b->waiting = b->direction == TO_LINE ? n : 1;
    if (b->direction == TO_XMPP)
        store_fenced(b->store, rows, n, on_fenced, b);
    for (size_t i = 0; b->direction == TO_LINE && i < n; i++)
        store_move(b->store,
                   &(struct move){ .delivery = b->taken[i],
                                   .to = MESSAGE_SENT,
                                   .line = "line1",
                                   .sim = "sim1",
                                   .follow = true },
                   on_moved, b);
    free(rows);
    loop_run(b->loop);
    for (size_t i = 0; i < n; i++)
        delivery_free(b->taken[i]);
    b->n_taken = 0;
}

static void run_store(struct bench *b)
{
    for (size_t done = 0; done < b->n; done += b->group) {
        b->waiting = b->group;
        for (size_t i = 0; i < b->group; i++)
            accept_one(b, done + i);
        loop_run(b->loop);
        finish_group(b, b->group);
    }
}

static struct cost measure_store(struct bench *b)
{
    struct err err = { 0 };
    struct cost cost;

    b->loop = loop_new();
    owner_init(&b->owner, b->loop);
    b->store = store_open(&b->owner, "sqlite", b->dir, 0, &err);
    need(b->store != NULL, err.text);
    b->taken = xcalloc(b->group, sizeof(*b->taken));
    cost.us = clock_mono_us();
    cost.cpu_us = cpu_us();
    run_store(b);
    cost.us = clock_mono_us() - cost.us;
    cost.cpu_us = (cpu_us() - cost.cpu_us) / (double)b->n;
    store_close(b->store);
    owner_close(&b->owner, (void (*)(void *))loop_stop, b->loop);
    loop_run(b->loop);
    loop_free(b->loop);
    free(b->taken);
    return cost;
}

/* --- the bare loop -------------------------------------------------------- */

static const char *const statements[] = {
    "INSERT INTO seen (source, key, at) VALUES ('user1@localhost', ?3, 1700000"
    "000000)",
    "INSERT INTO message (id, mid, conv, seq, state, attempt, owed, held,"
    " moved_at, direction, kind, receipt, created, stanza_id, sender)"
    " VALUES (?1, randomblob(16), ?2, ?1, 2, 0, 0, 0, 1700000000000, 1, 0, 0,"
    " 1700000000000, 'm1', 'user1@localhost/bench')",
    "INSERT INTO body (message, text) VALUES (?1, ?3 ||"
    " 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eius')",
    "UPDATE conversation SET last_seq = ?1, taken = ?1 WHERE id = ?2",
    "UPDATE message SET state = 5, moved_at = 1700000000001 WHERE id = ?1"
    " AND state = 2",
    "UPDATE conversation SET head = ?1 + 1 WHERE id = ?2",
};
enum { STATEMENTS = 6, FIRST_MOVE = 4 };

static void bare_exec(sqlite3 *db, const char *sql)
{
    need(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK,
         sqlite3_errmsg(db));
}

static void bare_step(sqlite3_stmt *stmt, const struct bench *b, size_t i)
{
    size_t conversations = b->direction == TO_LINE ? CONVERSATIONS : ACCOUNTS;
    char key[32];

    (void)snprintf(key, sizeof(key), "key-%zu", i);
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)i + 1);
    (void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)(i % conversations) + 1);
    (void)sqlite3_bind_text(stmt, 3, key, -1, SQLITE_STATIC);
    (void)sqlite3_step(stmt);
    need(sqlite3_reset(stmt) == SQLITE_OK, "a statement failed");
}

static void run_bare(sqlite3 *db, sqlite3_stmt **stmts, const struct bench *b)
{
    for (size_t done = 0; done < b->n; done += b->group) {
        bare_exec(db, "BEGIN");
        for (size_t i = done; i < done + b->group; i++)
            for (size_t j = 0; j < FIRST_MOVE; j++)
                bare_step(stmts[j], b, i);
        bare_exec(db, "COMMIT");
        bare_exec(db, "BEGIN");
        for (size_t i = done; i < done + b->group; i++)
            for (size_t j = FIRST_MOVE; j < STATEMENTS; j++)
                bare_step(stmts[j], b, i);
        bare_exec(db, "COMMIT");
    }
}

static sqlite3 *bare_open(const char *path)
{
    struct err err = { 0 };
    struct db *made = db_open(path, &err);
    sqlite3 *db = NULL;
    char sql[400];

    need(made && schema_migrate(made, &err), err.text);
    db_close(made);
    need(sqlite3_open(path, &db) == SQLITE_OK, path);
    bare_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                  "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;");
    for (int i = 1; i <= CONVERSATIONS; i++) {
        (void)snprintf(sql, sizeof(sql),
                       "INSERT INTO conversation (id, network, account,"
                       " contact, direction, kind, last_seq, head, taken,"
                       " last_ref, touched) VALUES (%d, 'sms',"
                       " 'user%d@localhost', '+44770090%04d', 1, 0, 0, 1, 0,"
                       " 0, 1)",
                       i, i, i);
        bare_exec(db, sql);
    }
    return db;
}

static struct cost measure_bare(const struct bench *b, const char *path)
{
    sqlite3 *db = bare_open(path);
    sqlite3_stmt *stmts[STATEMENTS];
    struct cost cost;

    for (size_t i = 0; i < STATEMENTS; i++)
        need(sqlite3_prepare_v2(db, statements[i], -1, &stmts[i], NULL) ==
                 SQLITE_OK,
             sqlite3_errmsg(db));
    cost.us = clock_mono_us();
    cost.cpu_us = cpu_us();
    run_bare(db, stmts, b);
    cost.us = clock_mono_us() - cost.us;
    cost.cpu_us = (cpu_us() - cost.cpu_us) / (double)b->n;
    for (size_t i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(stmts[i]);
    (void)sqlite3_close(db);
    return cost;
}

/* --- both ----------------------------------------------------------------- */

static void remove_files(const char *dir)
{
    static const char *const names[] = { "moongate.db",   "moongate.db-wal",
                                         "moongate.lock", "moongate.ballast",
                                         "bare.db",       "bare.db-wal" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = xasprintf("%s/%s", dir, names[i]);

        (void)unlink(path);
        free(path);
    }
}

static void measure(const char *dir, enum direction direction, size_t group,
                    size_t n)
{
    struct bench b = {
        .dir = dir, .direction = direction, .group = group, .n = n - n % group
    };
    char *path = xasprintf("%s/bare.db", dir);
    struct cost bare, store;
    double per_s;

    remove_files(dir);
    store = measure_store(&b);
    bare = measure_bare(&b, path);
    per_s = (double)b.n * 1e6;
    (void)printf("%s group %zu: store %.0f/s %.1f us cpu, bare %.0f/s %.1f us"
                 " cpu, %.2f\n",
                 direction == TO_LINE ? "to_line" : "to_xmpp", group,
                 per_s / (double)store.us, store.cpu_us,
                 per_s / (double)bare.us, bare.cpu_us,
                 (double)bare.us / (double)store.us);
    (void)fflush(stdout);
    remove_files(dir);
    free(path);
}

int main(int argc, char **argv)
{
    static const size_t groups[] = { 1, 100, 1000 };
    size_t n = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 50000;

    if (argc < 2 || n < 1000) {
        (void)fprintf(stderr, "usage: bench_store DIR [N]\n");
        return 2;
    }
    for (size_t i = 0; i < 3; i++) {
        measure(argv[1], TO_XMPP, groups[i], i == 0 ? n / 10 : n);
        measure(argv[1], TO_LINE, groups[i], i == 0 ? n / 10 : n);
    }
    return 0;
}
