/* rows.c - the yardstick of P4: a bare SQLite loop that writes the rows of the
 * same whole lives (a text in, sent, echoed, fenced), 1,000 lives to a
 * transaction, and decides nothing. usage: rows DIR N; prints lives/s. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/schema.h"
#include "wire.h"

enum { GROUP = 1000, CONVERSATIONS = 100 };

static const char *const statements[] = {
    "INSERT INTO seen (source, key, at) VALUES ('user@localhost', ?1, 1)",
    "INSERT INTO message (mid, conv, seq, state, attempt, owed, held,"
    " moved_at, direction, kind, receipt, created, expires, stanza_id, sender)"
    " VALUES (randomblob(16), ?2, ?1, 2, 0, 0, 0, 1, 0, 0, 1, 1, 2, 'm1',"
    " 'user1@localhost/bench')",
    "INSERT INTO body (message, text) VALUES (last_insert_rowid(),"
    " 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do')",
    "UPDATE conversation SET last_seq = ?1, taken = ?1 WHERE id = ?2",
    "UPDATE message SET state = 5, moved_at = 2, attempt = 1"
    " WHERE conv = ?2 AND seq = ?1",
    "INSERT INTO attempt (message, part, n, outcome, submitted_at, settled_at,"
    " line, sim, chat, remote_id) VALUES (?1, 1, 1, 2, 1, 1, 'sim1', 'sim1',"
    " '+447700000001', ?1)",
    "UPDATE conversation SET head = ?1 + 1 WHERE id = ?2",
    "INSERT INTO message (mid, conv, seq, state, attempt, owed, held,"
    " moved_at, direction, kind, receipt, created)"
    " VALUES (randomblob(16), ?2 + 1000, ?1, 2, 0, 0, 0, 1, 1, 0, 0, 1)",
    "INSERT INTO body (message, text) VALUES (last_insert_rowid(),"
    " 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do')",
    "UPDATE conversation SET last_seq = ?1, taken = ?1 WHERE id = ?2 + 1000",
    "UPDATE message SET state = 5, moved_at = 2"
    " WHERE conv = ?2 + 1000 AND seq = ?1",
    "UPDATE conversation SET head = ?1 + 1 WHERE id = ?2 + 1000",
};
enum { STATEMENTS = sizeof(statements) / sizeof(statements[0]) };

static void check(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return;
    fprintf(stderr, "rows: %s\n", sqlite3_errmsg(db));
    exit(2);
}

/* Conversations `first` to `first` + CONVERSATIONS. */
static void make_conversations(sqlite3 *db, int first, int direction)
{
    char sql[512];
    for (int i = 0; i < CONVERSATIONS; i++) {
        snprintf(sql, sizeof(sql),
                 "INSERT INTO conversation (id, network, account, contact,"
                 " direction, kind, last_seq, head, taken, last_ref, touched)"
                 " VALUES (%d, 'sms', 'user%d@localhost', '+4477%08d', %d, 0,"
                 " 0, 1, 0, 0, 1)",
                 first + i, i, i, direction);
        check(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
    }
}

static void live(sqlite3 *db, sqlite3_stmt *const *prepared, long n)
{
    for (int i = 0; i < STATEMENTS; i++) {
        sqlite3_bind_int64(prepared[i], 1, n);
        if (sqlite3_bind_parameter_count(prepared[i]) > 1)
            sqlite3_bind_int64(prepared[i], 2, 1 + n % CONVERSATIONS);
        check(db, sqlite3_step(prepared[i]));
        sqlite3_reset(prepared[i]);
    }
}

static void make_tables(const char *path)
{
    struct err err;
    struct db *db = db_open(path, &err);
    if (!db || !schema_migrate(db, &err)) {
        fprintf(stderr, "rows: %s\n", err.text);
        exit(2);
    }
    db_close(db);
}

int main(int argc, char **argv)
{
    char path[4096];
    sqlite3 *db;
    sqlite3_stmt *prepared[STATEMENTS];
    if (argc != 3)
        return 2;
    snprintf(path, sizeof(path), "%s/rows.db", argv[1]);
    make_tables(path);
    check(NULL, sqlite3_open(path, &db));
    check(db, sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL));
    check(db, sqlite3_exec(db, "PRAGMA synchronous=FULL", NULL, NULL, NULL));
    make_conversations(db, 1, 0);
    make_conversations(db, 1001, 1);
    for (int i = 0; i < STATEMENTS; i++)
        check(db,
              sqlite3_prepare_v2(db, statements[i], -1, &prepared[i], NULL));
    long total = strtol(argv[2], NULL, 10);
    int64_t start = wire_now_us();
    for (long n = 1; n <= total; n++) {
        if (n % GROUP == 1)
            check(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        live(db, prepared, n);
        if (n % GROUP == 0 || n == total)
            check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    printf("%.1f\n", (double)total * 1e6 / (double)(wire_now_us() - start));
    return 0;
}
