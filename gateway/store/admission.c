/* admission.c - has it an account, and may that be used? */
#include "store/inside.h"
#include "store/rules.h"

bool admission_make(struct store *store, const struct entry *entry,
                    struct err *err)
{
    static const char insert[] =
        "INSERT INTO account (network, jid, state, created)"
        " VALUES (?1, ?2, ?3, ?4)";

    return db_run(store->db, insert,
                  DB_VALUES(db_text(entry->network), db_text(entry->account),
                            db_int(ACCOUNT_ACTIVE), db_int(store->now)),
                  err);
}

bool admission_check(struct store *store, const struct conversation *conv,
                     const struct entry *entry, bool *make, struct err *err)
{
    static const char find[] =
        "SELECT state FROM account WHERE network = ?1 AND jid = ?2";
    struct db_rows *rows;
    int64_t state = ACCOUNT_ACTIVE;

    *make = false;
    if (!entry->account || conv->registered)
        return true;
    rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(entry->network), db_text(entry->account)));
    if (db_next(rows))
        state = db_get_int(rows, 0);
    else
        *make = true;
    if (!db_end(rows, err))
        return false;
    if (*make && !entry->make_account)
        return err_set(err, ERR_UNREGISTERED,
                       "you have no account on this gateway: register "
                       "first, or ask its administrator");
    if (state == ACCOUNT_BLOCKED)
        return err_set(err, ERR_FORBIDDEN, "this account is blocked");
    return true;
}
