/* db.h - the seam to the database: one connection, statements, rows. All SQL
 * is written once, in the files above; a database differs only below this
 * header.
 *
 * A statement is named by its text: a string constant whose address is the key
 * of the cache of prepared statements. Parameters are written ?1, ?2, ... The
 * dialect is what SQLite and PostgreSQL share (ON CONFLICT, partial indexes,
 * LEFT JOIN); keys are assigned by the store, never by the database.
 *
 * Errors: ERR_FULL, no space, and the transaction is surely not committed;
 * ERR_STORE, the database cannot be trusted or reached any more; ERR_INTERNAL,
 * our own bug (a constraint, a wrong statement). */
#ifndef MOONGATE_STORE_DB_H
#define MOONGATE_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_rows;

enum db_type { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_TEXT, DB_TYPE_BLOB };

struct db_value {
    enum db_type type;
    int64_t number; /* DB_TYPE_INT; else the size of bytes */
    const void *bytes;
};

/* A text may be NULL: that is SQL's NULL. */
static inline struct db_value db_int(int64_t number)
{
    return (struct db_value){ .type = DB_TYPE_INT, .number = number };
}

/* 0 is stored as NULL, which needs no room and joins no partial index. */
static inline struct db_value db_some(int64_t number)
{
    return (struct db_value){ .type = number ? DB_TYPE_INT : DB_TYPE_NULL,
                              .number = number };
}

static inline struct db_value db_text(const char *text)
{
    return (struct db_value){ .type = text ? DB_TYPE_TEXT : DB_TYPE_NULL,
                              .number = -1,
                              .bytes = text };
}

static inline struct db_value db_blob(const void *bytes, size_t size)
{
    return (struct db_value){ .type = DB_TYPE_BLOB,
                              .number = (int64_t)size,
                              .bytes = bytes };
}

#define DB_VALUES(...)                                                         \
    (const struct db_value[]){ __VA_ARGS__ },                                  \
        sizeof((const struct db_value[]){ __VA_ARGS__ }) /                     \
            sizeof(struct db_value)

/* Opens (creates) the database at `path` for this process alone. */
struct db *db_open(const char *path, struct err *err);
void db_close(struct db *db); /* NULL is fine */

/* A cheap look for damage; thorough when the file is small. */
bool db_check(struct db *db, struct err *err);

/* Runs statements without parameters, e.g. a migration. Not cached. */
bool db_exec(struct db *db, const char *sql, struct err *err);

bool db_begin(struct db *db, struct err *err);
/* After ERR_FULL the transaction is still open: db_rollback. */
bool db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db);

/* Runs a statement that gives no rows. */
bool db_run(struct db *db, const char *sql, const struct db_value *values,
            size_t n, struct err *err);

/* Rows changed by the last db_run; and by all since the open. */
int64_t db_changed(const struct db *db);
int64_t db_changes(const struct db *db);

/* Begins a query. Errors are kept for db_end, which must follow before the
 * same text is used again. */
struct db_rows *db_query(struct db *db, const char *sql,
                         const struct db_value *values, size_t n);
bool db_next(struct db_rows *rows); /* false: no more, or an error */
bool db_end(struct db_rows *rows, struct err *err);

/* Columns of the current row, from 0. Borrowed until db_next or db_end. NULL
 * reads as 0, NULL and size 0. */
int64_t db_get_int(struct db_rows *rows, int column);
const char *db_get_text(struct db_rows *rows, int column);
const void *db_get_blob(struct db_rows *rows, int column, size_t *size);
bool db_is_null(struct db_rows *rows, int column);

/* For tests: the text of the i-th cached statement, NULL behind the last. */
const char *db_statement_text(const struct db *db, size_t i);

#endif
