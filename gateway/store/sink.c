/* sink.c - the fair clock of each network and direction, and its counts.
 *
 * Fairness is start-time fair queueing over accounts: a conversation that
 * becomes ready gets the turn max(now, last turn of its account) + 1, and the
 * lowest turn is taken first. What is remembered per account is void once the
 * clock has passed it, so the table holds only accounts that are ahead; it has
 * a ceiling, above which an account that is not in it is treated as new.
 *
 * Counts are kept in memory and written once a group. Those of final states
 * only grow: they are totals, not rows. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

enum { TURNS_MAX = 2048 };

/* Turns start high, so that recovered conversations fit in front. */
static const int64_t turn_start = (int64_t)1 << 40;

struct account_turn {
    UT_hash_handle hh;
    int64_t last;
    char account[];
};

static bool sink_load(struct store *store, struct sink *sink, struct err *err)
{
    static const char counts[] =
        "SELECT queued, submitting, unknown, sent, delivered, failed FROM sink"
        " WHERE network = ?1 AND direction = ?2";
    static const char first[] =
        "SELECT turn FROM conversation WHERE network = ?1 AND direction = ?2"
        " AND turn IS NOT NULL ORDER BY turn LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, counts,
                 DB_VALUES(db_text(sink->network), db_int(sink->direction)));

    if (db_next(rows))
        for (int i = 0; i < MESSAGE_STATES; i++)
            sink->counts[i] = sink->committed[i] = db_get_int(rows, i);
    if (!db_end(rows, err))
        return false;
    rows = db_query(store->db, first,
                    DB_VALUES(db_text(sink->network), db_int(sink->direction)));
    sink->now = db_next(rows) ? db_get_int(rows, 0) - 1 : turn_start;
    return db_end(rows, err);
}

static void sink_free(struct sink *sink)
{
    struct account_turn *turn, *next;

    HASH_ITER (hh, sink->turns, turn, next) {
        HASH_DEL(sink->turns, turn);
        free(turn);
    }
    free(sink->network);
    free(sink);
}

struct sink *sink_get(struct store *store, const char *network,
                      enum direction direction, struct err *err)
{
    struct sink *sink;

    for (sink = store->sinks; sink; sink = sink->next)
        if (sink->direction == direction && strcmp(sink->network, network) == 0)
            return sink;
    sink = xcalloc(1, sizeof(*sink));
    sink->network = xstrdup(network);
    sink->direction = direction;
    if (!sink_load(store, sink, err)) {
        sink_free(sink);
        return NULL;
    }
    sink->next = store->sinks;
    store->sinks = sink;
    return sink;
}

/* Drops what the clock has passed. */
static void turns_purge(struct sink *sink)
{
    struct account_turn *turn, *next;

    HASH_ITER (hh, sink->turns, turn, next) {
        if (turn->last > sink->now)
            continue;
        HASH_DEL(sink->turns, turn);
        free(turn);
    }
}

static struct account_turn *turn_of(struct sink *sink, const char *account)
{
    struct account_turn *turn;
    size_t size = strlen(account);

    HASH_FIND(hh, sink->turns, account, size, turn);
    if (turn)
        return turn;
    if (HASH_COUNT(sink->turns) >= TURNS_MAX)
        turns_purge(sink);
    if (HASH_COUNT(sink->turns) >= TURNS_MAX)
        return NULL;
    turn = xmalloc(sizeof(*turn) + size + 1);
    memcpy(turn->account, account, size + 1);
    turn->last = 0;
    HASH_ADD(hh, sink->turns, account, size, turn);
    return turn;
}

int64_t sink_turn(struct sink *sink, const char *account)
{
    struct account_turn *turn = turn_of(sink, account);
    int64_t after = sink->now;

    if (!turn)
        return after + 1;
    if (turn->last > after)
        after = turn->last;
    turn->last = after + 1;
    return turn->last;
}

void sink_count(struct sink *sink, enum message_state from,
                enum message_state to)
{
    if (from == to)
        return;
    if (from < MESSAGE_STATES)
        sink->counts[from]--;
    sink->counts[to]++;
    sink->dirty = true;
}

/* --- counters ------------------------------------------------------------- */

static const char *const counter_names[COUNTERS] = {
    [COUNT_RESENT] = "ambiguous_resend",
    [COUNT_DUPLICATE] = "duplicates_suppressed",
    [COUNT_POISON] = "poison",
    [COUNT_BLOCKED] = "blocked",
    [COUNT_FAILOVER] = "failovers",
};

const char *counter_name(enum counter counter)
{
    return counter_names[counter];
}

bool counters_load(struct store *store, struct err *err)
{
    static const char find[] = "SELECT value FROM counter WHERE name = ?1";

    for (int i = 0; i < COUNTERS; i++) {
        struct db_rows *rows =
            db_query(store->db, find, DB_VALUES(db_text(counter_names[i])));

        if (db_next(rows))
            store->counts[i] = store->committed[i] = db_get_int(rows, 0);
        if (!db_end(rows, err))
            return false;
    }
    return true;
}

static bool counters_flush(struct store *store, struct err *err)
{
    static const char put[] =
        "INSERT INTO counter (name, value) VALUES (?1, ?2)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value";

    for (int i = 0; i < COUNTERS; i++)
        if (store->counts[i] != store->committed[i] &&
            !db_run(
                store->db, put,
                DB_VALUES(db_text(counter_names[i]), db_int(store->counts[i])),
                err))
            return false;
    return true;
}

/* --- once a group --------------------------------------------------------- */

static bool sink_flush(struct store *store, const struct sink *sink,
                       struct err *err)
{
    static const char put[] =
        "INSERT INTO sink (network, direction, queued, submitting, unknown,"
        " sent, delivered, failed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (network, direction) DO UPDATE SET"
        " queued = excluded.queued, submitting = excluded.submitting,"
        " unknown = excluded.unknown, sent = excluded.sent,"
        " delivered = excluded.delivered, failed = excluded.failed";
    const int64_t *n = sink->counts;

    return db_run(
        store->db, put,
        DB_VALUES(db_text(sink->network), db_int(sink->direction),
                  db_int(n[MESSAGE_QUEUED]), db_int(n[MESSAGE_SUBMITTING]),
                  db_int(n[MESSAGE_UNKNOWN]), db_int(n[MESSAGE_SENT]),
                  db_int(n[MESSAGE_DELIVERED]), db_int(n[MESSAGE_FAILED])),
        err);
}

bool sinks_flush(struct store *store, struct err *err)
{
    for (struct sink *sink = store->sinks; sink; sink = sink->next)
        if (sink->dirty && !sink_flush(store, sink, err))
            return false;
    return counters_flush(store, err);
}

void sinks_committed(struct store *store)
{
    for (struct sink *sink = store->sinks; sink; sink = sink->next) {
        memcpy(sink->committed, sink->counts, sizeof(sink->counts));
        sink->dirty = false;
    }
    memcpy(store->committed, store->counts, sizeof(store->counts));
}

void sinks_rollback(struct store *store)
{
    for (struct sink *sink = store->sinks; sink; sink = sink->next) {
        memcpy(sink->counts, sink->committed, sizeof(sink->counts));
        sink->dirty = false;
    }
    memcpy(store->counts, store->committed, sizeof(store->counts));
}

void sinks_free(struct store *store)
{
    while (store->sinks) {
        struct sink *sink = store->sinks;

        store->sinks = sink->next;
        sink_free(sink);
    }
}
