/* blocks.c - who has blocked whom. Asked for every message, so a conversation
 * remembers the answer. */
#include <string.h>

#include "store/inside.h"
#include "store/manage.h"

enum { BLOCKS_MAX = 1000 };

bool block_check(struct store *store, struct conversation *conv, bool *blocked,
                 struct err *err)
{
    static const char find[] = "SELECT 1 FROM block WHERE network = ?1"
                               " AND account = ?2 AND contact = ?3";
    struct db_rows *rows;

    if (conv->block == BLOCK_UNKNOWN) {
        rows =
            db_query(store->db, find,
                     DB_VALUES(db_text(conv->sink->network),
                               db_text(conv->account), db_text(conv->contact)));
        conv->block = db_next(rows) ? BLOCK_YES : BLOCK_NO;
        if (!db_end(rows, err))
            return false;
    }
    *blocked = conv->block == BLOCK_YES;
    return true;
}

static bool has_room(struct store *store, const struct pair_task *t,
                     struct err *err)
{
    static const char count[] = "SELECT count(*) FROM block"
                                " WHERE network = ?1 AND account = ?2";
    struct db_rows *rows = db_query(
        store->db, count, DB_VALUES(db_text(t->network), db_text(t->account)));
    bool room = !db_next(rows) || db_get_int(rows, 0) < BLOCKS_MAX;

    if (!db_end(rows, err))
        return false;
    return room || err_set(err, ERR_LIMITED,
                           "%d contacts are blocked already: no more fit",
                           (int)BLOCKS_MAX);
}

/* Both directions of the conversation ask again. */
static void forget_answers(struct store *store, const struct pair_task *t)
{
    struct conversation *conv, *next;

    HASH_ITER (by_id, store->by_id, conv, next) {
        if (strcmp(conv->account, t->account) == 0 &&
            (!t->contact || strcmp(conv->contact, t->contact) == 0))
            conv->block = BLOCK_UNKNOWN;
    }
}

static bool block_run(struct store *store, struct task *task, struct err *err)
{
    static const char insert[] =
        "INSERT INTO block (network, account, contact) VALUES (?1, ?2, ?3)"
        " ON CONFLICT DO NOTHING";
    static const char drop[] = "DELETE FROM block WHERE network = ?1"
                               " AND account = ?2"
                               " AND contact = coalesce(?3, contact)";
    struct pair_task *t = (struct pair_task *)task;

    if (t->on && !has_room(store, t, err))
        return false;
    forget_answers(store, t);
    return db_run(store->db, t->on ? insert : drop,
                  DB_VALUES(db_text(t->network), db_text(t->account),
                            db_text(t->contact)),
                  err);
}

static const struct task_ops block_ops = {
    .run = block_run,
    .finish = plain_finish,
    .writes = true,
};

void store_block(struct store *store, const char *network, const char *account,
                 const char *contact, bool on, store_fn *fn, void *arg)
{
    struct pair_task pair = { .plain = { .fn = fn, .arg = arg },
                              .network = network,
                              .account = account,
                              .contact = contact,
                              .on = on };

    pair_submit(store, &block_ops, &pair);
}
