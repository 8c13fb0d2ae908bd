/* seen.c - what came in already, by source and key. */
#include "store/inside.h"

bool seen_before(struct store *store, const char *source, const char *key,
                 bool *again, struct err *err)
{
    static const char find[] =
        "SELECT 1 FROM seen WHERE source = ?1 AND key = ?2";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(source ? source : ""), db_text(key)));

    *again = db_next(rows);
    return db_end(rows, err);
}

bool seen_note(struct store *store, const char *source, const char *key,
               bool *again, struct err *err)
{
    static const char insert[] = "INSERT INTO seen (source, key, at)"
                                 " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

    *again = false;
    if (!key)
        return true;
    if (!db_run(store->db, insert,
                DB_VALUES(db_text(source ? source : ""), db_text(key),
                          db_int(store->now)),
                err))
        return false;
    *again = db_changed(store->db) == 0;
    store->counts[COUNT_DUPLICATE] += *again;
    return true;
}
