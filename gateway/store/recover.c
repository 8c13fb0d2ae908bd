/* recover.c - what an earlier life of the daemon left: conversations that it
 * had in hand are ready again, in front of all others and in the order of
 * their messages' age; what it was submitting may or may not have been sent.
 * Costs one look-up per conversation that was in hand, whatever the size of
 * the store. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/inside.h"

static bool last_id(struct store *store, const char *sql, int64_t *last,
                    struct err *err)
{
    struct db_rows *rows = db_query(store->db, sql, NULL, 0);

    if (db_next(rows) && db_get_int(rows, 0) > *last)
        *last = db_get_int(rows, 0);
    return db_end(rows, err);
}

/* Attempts outlive their message: its number must not be used again. */
static bool recover_ids(struct store *store, struct err *err)
{
    static const char conversations[] = "SELECT max(id) FROM conversation";
    static const char messages[] = "SELECT max(id) FROM message";
    static const char of_attempts[] = "SELECT max(message) FROM attempt";
    static const char attempts[] = "SELECT max(id) FROM attempt";
    static const char reports[] = "SELECT max(id) FROM report";
    static const char sets[] = "SELECT max(id) FROM fragment_set";
    static const char orphans[] = "SELECT count(*) FROM report";

    return last_id(store, conversations, &store->last_conversation, err) &&
           last_id(store, messages, &store->last_message, err) &&
           last_id(store, of_attempts, &store->last_message, err) &&
           last_id(store, attempts, &store->last_attempt, err) &&
           last_id(store, reports, &store->last_report, err) &&
           last_id(store, sets, &store->last_set, err) &&
           last_id(store, orphans, &store->orphans, err);
}

struct in_hand {
    int64_t conversation;
    size_t n;
    int64_t *rows;
};

static bool find_conversations(struct store *store, struct in_hand *list,
                               struct err *err)
{
    static const char find[] =
        "SELECT c.id FROM conversation c LEFT JOIN message m"
        " ON m.conv = c.id AND m.seq = c.head WHERE c.taken >= c.head"
        " ORDER BY m.id";
    struct db_rows *rows = db_query(store->db, find, NULL, 0);

    while (db_next(rows)) {
        list->rows = xrealloc(list->rows, (list->n + 1) * sizeof(*list->rows));
        list->rows[list->n++] = db_get_int(rows, 0);
    }
    return db_end(rows, err);
}

static bool find_submitting(struct store *store,
                            const struct conversation *conv, int64_t *row,
                            struct err *err)
{
    static const char find[] =
        "SELECT id FROM message WHERE conv = ?1 AND seq >= ?2 AND seq <= ?3"
        " AND state = ?4 ORDER BY seq LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_int(conv->id), db_int(conv->head),
                           db_int(conv->taken), db_state(MESSAGE_SUBMITTING)));

    *row = db_next(rows) ? db_get_int(rows, 0) : 0;
    return db_end(rows, err);
}

static bool make_unsure(struct store *store, int64_t row, struct err *err)
{
    static const char attempts[] =
        "UPDATE attempt SET outcome = ?2, settled_at = ?3"
        " WHERE message = ?1 AND outcome = ?4";
    static const char parts[] =
        "UPDATE part SET state = ?2 WHERE message = ?1 AND state = ?3";

    return db_run(store->db, attempts,
                  DB_VALUES(db_int(row), db_int(ATTEMPT_UNSURE),
                            db_int(store->now), db_int(ATTEMPT_OPEN)),
                  err) &&
           db_run(store->db, parts,
                  DB_VALUES(db_int(row), db_int(PART_UNSURE),
                            db_int(PART_SUBMITTING)),
                  err);
}

static bool recover_message(struct store *store, int64_t row, struct err *err)
{
    struct err why = { .kind = ERR_UNKNOWN };
    struct change change = { .to = MESSAGE_UNKNOWN, .err = &why };
    struct subject subject;
    bool found, done;

    text_copy(why.text, sizeof(why.text), "the gateway stopped meanwhile");
    if (!moves_find(store, NULL, row, &subject, &found, err))
        return false;
    change.attempt = subject.attempt;
    return moves_apply(store, &subject, &change, &done, err) &&
           make_unsure(store, row, err);
}

static bool recover_conversation(struct store *store, int64_t id, int64_t turn,
                                 struct err *err)
{
    struct conversation *conv = conversation_get(store, id, err);
    int64_t row;

    if (!conv || !find_submitting(store, conv, &row, err))
        return false;
    if (row && !recover_message(store, row, err))
        return false;
    conv->taken = conv->head - 1;
    conversation_touch(store, conv);
    conversation_place(store, conv, conv->next_at ? 0 : turn, conv->next_at);
    return true;
}

/* Turns below every other one of the sink. */
static int64_t front_turn(struct store *store, int64_t id, struct err *err)
{
    struct conversation *conv = conversation_get(store, id, err);

    return conv ? conv->sink->now-- : 0;
}

static bool recover_all(struct store *store, const struct in_hand *list,
                        struct err *err)
{
    for (size_t i = list->n; i > 0; i--) {
        int64_t turn = front_turn(store, list->rows[i - 1], err);

        if (turn == 0 ||
            !recover_conversation(store, list->rows[i - 1], turn, err))
            return false;
        conversations_trim(store);
    }
    return conversations_settle(store, err) &&
           conversations_flush(store, err) && sinks_flush(store, err);
}

bool store_recover(struct store *store, struct err *err)
{
    struct in_hand list = { 0 };
    bool good;

    if (!recover_ids(store, err) || !counters_load(store, err) ||
        !db_begin(store->db, err))
        return false;
    good = find_conversations(store, &list, err) &&
           recover_all(store, &list, err) && db_commit(store->db, err);
    if (good && list.n > 0)
        log_info("store: %zu conversations were in hand when the gateway "
                 "stopped",
                 list.n);
    free(list.rows);
    if (good)
        sinks_committed(store);
    return good;
}
