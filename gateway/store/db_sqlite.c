/* db_sqlite.c - SQLite below db.h.
 *
 * One connection of one process: exclusive locking, so that the WAL index is
 * ordinary memory and nobody else checkpoints (SQLite before 3.51.3 can
 * corrupt a file that two connections checkpoint). WAL with synchronous=FULL:
 * a commit that returned is on the disk. No mmap: an I/O error is an error
 * then, not a SIGBUS. The checkpoint limit is four times the default, so that
 * a busy page is written once for many commits.
 *
 * Prepared statements are kept in a small open-addressed table keyed by the
 * address of their text. */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { SLOTS = 512 }; /* power of two, at least twice the statements we have */

/* A full check of a file of this size takes about 20 ms on a slow machine. */
enum { CHECK_WHOLE = 4 * 1024 * 1024 };

struct db_rows {
    const char *sql; /* key */
    struct db *db;
    sqlite3_stmt *stmt;
    bool busy;
    int code; /* of the last step */
};

struct db {
    sqlite3 *sqlite;
    char *path;
    size_t used;
    struct db_rows slots[SLOTS];
};

static enum err_kind kind_of(sqlite3 *sqlite, int code)
{
    int number = sqlite ? sqlite3_system_errno(sqlite) : 0;
    bool no_space = number == ENOSPC || number == EDQUOT;

    switch (code & 0xff) {
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_IOERR:
        return no_space &&
                       sqlite3_extended_errcode(sqlite) == SQLITE_IOERR_WRITE
                   ? ERR_FULL
                   : ERR_STORE;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return ERR_INTERNAL;
    default:
        return ERR_STORE;
    }
}

static bool db_fail(struct db *db, int code, const char *what, struct err *err)
{
    const char *why =
        db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(code);

    if ((code & 0xff) == SQLITE_NOMEM)
        abort();
    if ((code & 0xff) == SQLITE_BUSY)
        return err_set(err, ERR_CONFIG, "%s is open in another program",
                       db->path);
    return err_set(err, kind_of(db->sqlite, code), "%s: %s (%d): %.80s",
                   db->path, why, sqlite3_extended_errcode(db->sqlite), what);
}

/* Bodies are in there: the file is nobody else's. */
static bool db_create_private(const char *path, struct err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_errno(err, ERR_CONFIG, "cannot open %s", path);
    (void)close(fd);
    return true;
}

static bool db_settle(struct db *db, struct err *err)
{
    static const char pragmas[] = "PRAGMA locking_mode=EXCLUSIVE;"
                                  "PRAGMA mmap_size=0;"
                                  "PRAGMA cache_size=-2048;"
                                  "PRAGMA foreign_keys=OFF;"
                                  "PRAGMA temp_store=MEMORY;"
                                  "PRAGMA journal_mode=WAL;"
                                  "PRAGMA synchronous=FULL;"
                                  "PRAGMA wal_autocheckpoint=4000;"
                                  "PRAGMA journal_size_limit=33554432;";

    (void)sqlite3_extended_result_codes(db->sqlite, 1);
    (void)sqlite3_limit(db->sqlite, SQLITE_LIMIT_ATTACHED, 0);
    return db_exec(db, pragmas, err);
}

struct db *db_open(const char *path, struct err *err)
{
    struct db *db;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int code;

    if (!db_create_private(path, err))
        return NULL;
    /* Without it, every allocation takes a lock to be counted. Refused, and
     * harmless, when SQLite is in use already. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    db = xcalloc(1, sizeof(*db));
    db->path = xstrdup(path);
    code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    if (code != SQLITE_OK) {
        (void)db_fail(db, code, "open", err);
        db_close(db);
        return NULL;
    }
    if (!db_settle(db, err)) {
        db_close(db);
        return NULL;
    }
    return db;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        (void)sqlite3_finalize(db->slots[i].stmt);
    (void)sqlite3_close(db->sqlite);
    free(db->path);
    free(db);
}

bool db_check(struct db *db, struct err *err)
{
    static const char whole[] = "PRAGMA quick_check(1)";
    static const char some[] = "SELECT 'ok' FROM sqlite_master LIMIT 1";
    struct stat file;
    bool small = stat(db->path, &file) == 0 && file.st_size < CHECK_WHOLE;
    struct db_rows *rows = db_query(db, small ? whole : some, NULL, 0);
    bool good = true;
    char text[128] = "";

    if (db_next(rows)) {
        text_copy(text, sizeof(text), db_get_text(rows, 0));
        good = strcmp(text, "ok") == 0;
    }
    if (!db_end(rows, err))
        return false;
    return good || err_set(err, ERR_STORE,
                           "%s is damaged (%s): restore a backup, or move it "
                           "away to start with an empty store",
                           db->path, text);
}

bool db_exec(struct db *db, const char *sql, struct err *err)
{
    int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

    return code == SQLITE_OK || db_fail(db, code, sql, err);
}

/* --- statements ----------------------------------------------------------- */

static struct db_rows *db_slot(struct db *db, const char *sql)
{
    size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b1u;
    struct db_rows *slot;

    for (;; at++) {
        slot = &db->slots[at & (SLOTS - 1)];
        if (slot->sql == sql || !slot->sql)
            return slot;
    }
}

static struct db_rows *db_prepare(struct db *db, const char *sql)
{
    struct db_rows *slot = db_slot(db, sql);

    if (slot->stmt)
        return slot;
    assert(db->used < SLOTS / 2);
    slot->db = db;
    slot->code = sqlite3_prepare_v3(
        db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL);
    if (slot->code == SQLITE_OK) {
        slot->sql = sql;
        db->used++;
    } else {
        slot->stmt = NULL;
    }
    return slot;
}

static int db_bind(sqlite3_stmt *stmt, int i, const struct db_value *value)
{
    switch (value->type) {
    case DB_TYPE_NULL:
        return sqlite3_bind_null(stmt, i);
    case DB_TYPE_INT:
        return sqlite3_bind_int64(stmt, i, value->number);
    case DB_TYPE_TEXT:
        return sqlite3_bind_text(stmt, i, value->bytes, (int)value->number,
                                 SQLITE_STATIC);
    case DB_TYPE_BLOB:
        return sqlite3_bind_blob64(stmt, i, value->bytes ? value->bytes : "",
                                   (sqlite3_uint64)value->number,
                                   SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

struct db_rows *db_query(struct db *db, const char *sql,
                         const struct db_value *values, size_t n)
{
    struct db_rows *rows = db_prepare(db, sql);

    if (!rows->stmt)
        return rows;
    assert(!rows->busy);
    assert((size_t)sqlite3_bind_parameter_count(rows->stmt) == n);
    rows->busy = true;
    rows->code = SQLITE_OK;
    for (size_t i = 0; i < n && rows->code == SQLITE_OK; i++)
        rows->code = db_bind(rows->stmt, (int)i + 1, &values[i]);
    return rows;
}

bool db_next(struct db_rows *rows)
{
    if (rows->code != SQLITE_OK && rows->code != SQLITE_ROW)
        return false;
    rows->code = sqlite3_step(rows->stmt);
    return rows->code == SQLITE_ROW;
}

bool db_end(struct db_rows *rows, struct err *err)
{
    bool good = rows->code == SQLITE_OK || rows->code == SQLITE_ROW ||
                rows->code == SQLITE_DONE;

    if (!good)
        (void)db_fail(rows->db, rows->code, rows->sql ? rows->sql : "prepare",
                      err);
    (void)sqlite3_reset(rows->stmt);
    rows->busy = false;
    return good;
}

bool db_run(struct db *db, const char *sql, const struct db_value *values,
            size_t n, struct err *err)
{
    struct db_rows *rows = db_query(db, sql, values, n);

    (void)db_next(rows);
    return db_end(rows, err);
}

int64_t db_changed(const struct db *db)
{
    return sqlite3_changes(db->sqlite);
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_total_changes(db->sqlite);
}

int64_t db_get_int(struct db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->stmt, column);
}

const char *db_get_text(struct db_rows *rows, int column)
{
    return (const char *)sqlite3_column_text(rows->stmt, column);
}

const void *db_get_blob(struct db_rows *rows, int column, size_t *size)
{
    const void *bytes = sqlite3_column_blob(rows->stmt, column);

    *size = (size_t)sqlite3_column_bytes(rows->stmt, column);
    return bytes;
}

bool db_is_null(struct db_rows *rows, int column)
{
    return sqlite3_column_type(rows->stmt, column) == SQLITE_NULL;
}

const char *db_statement_text(const struct db *db, size_t i)
{
    for (size_t slot = 0; slot < SLOTS; slot++)
        if (db->slots[slot].stmt && i-- == 0)
            return db->slots[slot].sql;
    return NULL;
}

/* --- transactions --------------------------------------------------------- */

bool db_begin(struct db *db, struct err *err)
{
    static const char begin[] = "BEGIN IMMEDIATE";

    return db_run(db, begin, NULL, 0, err);
}

bool db_commit(struct db *db, struct err *err)
{
    static const char commit[] = "COMMIT";

    return db_run(db, commit, NULL, 0, err);
}

void db_rollback(struct db *db)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (db->slots[i].busy)
            (void)db_end(&db->slots[i], NULL);
    if (!sqlite3_get_autocommit(db->sqlite))
        (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}
