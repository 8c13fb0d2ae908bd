/* commit.c - prints the median time of a durable SQLite commit of one row in
 * ms, in the same folder kind as the gateway's store. usage: commit DIR */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire.h"

enum { COMMITS = 400 };

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    static int64_t took[COMMITS];
    char path[4096];
    sqlite3 *db;
    if (argc != 2)
        return 2;
    snprintf(path, sizeof(path), "%s/commit.db", argv[1]);
    if (sqlite3_open(path, &db) != SQLITE_OK)
        return 2;
    sqlite3_exec(db,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                 "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)",
                 NULL, NULL, NULL);
    for (int i = 0; i < COMMITS; i++) {
        int64_t start = wire_now_us();
        if (sqlite3_exec(db,
                         "INSERT INTO t(a) VALUES "
                         "('a text of some forty characters or so')",
                         NULL, NULL, NULL) != SQLITE_OK)
            return 2;
        took[i] = wire_now_us() - start;
    }
    qsort(took, COMMITS, sizeof(took[0]), by_value);
    printf("%.4f\n", (double)took[COMMITS / 2] / 1000);
    sqlite3_close(db);
    return 0;
}
