/* rows.c - the yardstick of P4: a bare SQLite loop that writes the rows of the
 * same whole lives as the gateway with its loopback driver, and decides
 * nothing: a text is accepted; it is sent and its echo accepted; the echo is
 * fenced. As in the gateway each of the three is committed before the next, so
 * a transaction holds the first step of one batch of 1,000 lives, the second
 * of the batch before and the third of the one before that, and writes each
 * conversation and count that changed once. The pragmas are the store's.
 * usage: rows DIR N CONVERSATIONS; prints lives/s. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "store/db.h"
#include "store/schema.h"
#include "wire.h"

enum { BATCH = 1000 };

#define TEXT                                                                   \
    "'6008084091 1234 Lorem ipsum dolor sit amet, consectetur adipiscing"      \
    " elit, sed do'"
#define NOW "1795235080412"

/* ?1 the message's row, ?2 its number from 0, ?3 its conversation from 1, ?4
 * its number in there, ?5 all conversations of one direction, ?6 its id, ?7
 * the text's id in hex: the line's key, and what its echo came with. States
 * are the store's: 2 queued, 5 sent. */
static const char *const accepted[] = {
    "INSERT INTO seen (source, key, at) VALUES"
    " ('user' || ?3 || '@bench.localhost', 'o12345-' || ?2, " NOW ")",
    "INSERT INTO message (id, mid, conv, seq, state, attempt, owed, held,"
    " moved_at, direction, kind, receipt, created, expires, stanza_id, sender)"
    " VALUES (?1, ?6, ?3, ?4, 2, 0, 0, 0, " NOW ", 0, 0, 1, " NOW ", " NOW
    ", 'm' || ?2, 'user' || ?3 || '@bench.localhost/bench')",
    "INSERT INTO body (message, text) VALUES (?1, " TEXT ")",
    NULL,
};
static const char *const sent[] = {
    "UPDATE message SET state = 5, attempt = 0, owed = 0, moved_at = " NOW
    " WHERE id = ?1 AND state = 2 AND attempt = 0",
    "INSERT INTO attempt (id, message, part, n, outcome, submitted_at, line,"
    " sim, chat, remote_id) VALUES (?2 + 1, ?1, 1, 1, 4, " NOW ", 'sim1',"
    " 'sim1', '+44770000' || ?3, ?7)",
    NULL,
};
static const char *const echoed[] = {
    "INSERT INTO seen (source, key, at) VALUES"
    " ('sim1', ?7, " NOW ")",
    "INSERT INTO message (id, mid, conv, seq, state, attempt, owed, held,"
    " moved_at, direction, kind, receipt, created, expires) VALUES (?1,"
    " ?6, ?5 + ?3, ?4, 2, 0, 0, 0, " NOW ", 1, 0, 0, " NOW ", " NOW ")",
    "INSERT INTO body (message, text) VALUES (?1, " TEXT ")",
    NULL,
};
static const char *const fenced[] = {
    "UPDATE message SET state = 5, attempt = 0, owed = 0, moved_at = " NOW
    " WHERE id = ?1 AND state = 2 AND attempt = 0",
    NULL,
};
static const char conversation[] =
    "UPDATE conversation SET line = 'sim1', sim = 'sim1', last_seq = ?1,"
    " head = ?2, taken = ?1, last_ref = 0, touched = " NOW " WHERE id = ?3";
static const char sink[] =
    "UPDATE sink SET queued = ?1, sent = ?2 WHERE direction = ?3";

enum { STEPS = 4, MOST = 4 };

struct rows {
    sqlite3 *db;
    sqlite3_stmt *steps[STEPS][MOST], *conversation, *sink;
    long total, conversations;
    struct id *ids; /* of the texts of two batches */
};

static void check(sqlite3 *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_DONE)
        return;
    fprintf(stderr, "rows: %s\n", db ? sqlite3_errmsg(db) : "no database");
    exit(2);
}

static void execute(sqlite3 *db, const char *sql)
{
    check(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;

    check(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt,
                                 NULL));
    return stmt;
}

enum { NUMBERS = 5 };

static void step(sqlite3 *db, sqlite3_stmt *stmt, const int64_t *values)
{
    int n = sqlite3_bind_parameter_count(stmt);

    for (int i = 0; i < n && i < NUMBERS; i++)
        check(db, sqlite3_bind_int64(stmt, i + 1, values[i]));
    check(db, sqlite3_step(stmt));
    check(db, sqlite3_reset(stmt));
}

static void bind_ids(sqlite3 *db, sqlite3_stmt *stmt, const struct id *own,
                     const char *text)
{
    int n = sqlite3_bind_parameter_count(stmt);

    if (n > NUMBERS)
        check(db, sqlite3_bind_blob(stmt, NUMBERS + 1, own->bytes,
                                    sizeof(own->bytes), SQLITE_STATIC));
    if (n > NUMBERS + 1)
        check(db,
              sqlite3_bind_text(stmt, NUMBERS + 2, text, -1, SQLITE_STATIC));
}

/* Batches are numbered from 0; rows of a text and its echo get ids as they
 * would in turn: 1,000 texts, then 1,000 echoes. */
static void run_step(struct rows *rows, int at, long batch)
{
    long first = batch * BATCH, end = first + BATCH;
    bool is_echo = at >= 2;

    for (long n = first; batch >= 0 && n < end && n < rows->total; n++) {
        int64_t values[] = { n + first + 1 + (is_echo ? BATCH : 0), n,
                             n % rows->conversations + 1,
                             n / rows->conversations + 1, rows->conversations };
        struct id *text = &rows->ids[n % (2 * BATCH)];
        struct id own = id_new();

        if (at == 0)
            *text = own;
        struct id_text hex = id_text(text);
        for (sqlite3_stmt **stmt = rows->steps[at]; *stmt; stmt++) {
            bind_ids(rows->db, *stmt, &own, hex.text);
            step(rows->db, *stmt, values);
        }
    }
}

static long lives_in(const struct rows *rows, long batches)
{
    long lives = batches > 0 ? batches * BATCH : 0;

    return lives < rows->total ? lives : rows->total;
}

static void end_group(struct rows *rows, long batch)
{
    for (int to_xmpp = 0; to_xmpp < 2; to_xmpp++) {
        long made = lives_in(rows, batch + 1 - to_xmpp);
        long done = lives_in(rows, batch - to_xmpp);
        int64_t counts[] = { made - done, done, to_xmpp };

        for (long i = 0; made > 0 && i < rows->conversations; i++) {
            int64_t values[] = { made / rows->conversations,
                                 done / rows->conversations + 1,
                                 i + 1 + to_xmpp * rows->conversations };

            step(rows->db, rows->conversation, values);
        }
        step(rows->db, rows->sink, counts);
    }
}

static void live(struct rows *rows)
{
    long last = (rows->total + BATCH - 1) / BATCH + 1;

    for (long batch = 0; batch <= last; batch++) {
        execute(rows->db, "BEGIN IMMEDIATE");
        run_step(rows, 0, batch);
        run_step(rows, 1, batch - 1);
        run_step(rows, 2, batch - 1);
        run_step(rows, 3, batch - 2);
        end_group(rows, batch);
        execute(rows->db, "COMMIT");
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

static void make_conversations(struct rows *rows)
{
    sqlite3_stmt *insert = prepare(
        rows->db, "INSERT INTO conversation (id, network, account, contact,"
                  " direction, kind, line, sim, last_seq, head, taken,"
                  " last_ref, touched) VALUES (?1, 'sms', 'user' || ?2 ||"
                  " '@bench.localhost', '+44770000' || ?2, ?3, 0, 'sim1',"
                  " 'sim1', 0, 1, 0, 0, 1)");

    execute(rows->db, "BEGIN");
    execute(rows->db, "INSERT INTO sink VALUES ('sms', 0, 0, 0, 0, 0, 0, 0),"
                      " ('sms', 1, 0, 0, 0, 0, 0, 0)");
    for (long i = 0; i < 2 * rows->conversations; i++) {
        int64_t values[] = { i + 1, i % rows->conversations,
                             i >= rows->conversations };

        step(rows->db, insert, values);
    }
    execute(rows->db, "COMMIT");
    check(rows->db, sqlite3_finalize(insert));
}

static void open_rows(struct rows *rows, const char *path)
{
    static const char *const *const steps[STEPS] = { accepted, sent, echoed,
                                                     fenced };

    make_tables(path);
    check(NULL, sqlite3_open(path, &rows->db));
    execute(rows->db, "PRAGMA locking_mode=EXCLUSIVE;"
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "PRAGMA wal_autocheckpoint=4000");
    make_conversations(rows);
    for (int i = 0; i < STEPS; i++)
        for (int j = 0; steps[i][j]; j++)
            rows->steps[i][j] = prepare(rows->db, steps[i][j]);
    rows->conversation = prepare(rows->db, conversation);
    rows->sink = prepare(rows->db, sink);
}

int main(int argc, char **argv)
{
    static struct rows rows;
    char path[4096];

    if (argc != 4)
        return 2;
    snprintf(path, sizeof(path), "%s/rows.db", argv[1]);
    rows.total = strtol(argv[2], NULL, 10);
    rows.conversations = strtol(argv[3], NULL, 10);
    if (rows.total < 1 || rows.conversations < 1 || rows.conversations > BATCH)
        return 2;
    rows.ids = calloc(2 * BATCH, sizeof(*rows.ids));
    if (!rows.ids)
        return 2;
    open_rows(&rows, path);
    int64_t start = wire_now_us();
    live(&rows);
    printf("%.1f\n",
           (double)rows.total * 1e6 / (double)(wire_now_us() - start));
    return 0;
}
