/* inspect.c - the queue, one message's history, and the counts, as JSON. Made
 * on the store's thread, a bite of the table at a time. Never a body. */
#include <json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/json_task.h"

enum { BITE = 20000, LIST_MAX = 10000, EVENTS_MAX = 1000 };

/* --- rows ----------------------------------------------------------------- */

#define COLUMNS                                                                \
    "m.id, m.mid, m.direction, m.state, m.held, c.network, c.account,"         \
    " c.contact, m.created, m.attempt, m.parts, m.err_kind, m.err_text,"       \
    " c.next_at, m.seq, c.head, m.expires, m.moved_at, c.line, c.sim"          \
    " FROM message m JOIN conversation c ON c.id = m.conv"

/* "rejected: no such number" */
static void put_reason(struct json_object *object, struct db_rows *rows)
{
    const char *text = db_get_text(rows, 12);
    char *reason;

    if (db_is_null(rows, 11)) {
        put_text(object, "reason", NULL);
        return;
    }
    reason = xasprintf("%s%s%s",
                       err_policy((enum err_kind)db_get_int(rows, 11))->name,
                       text ? ": " : "", text ? text : "");
    put_text(object, "reason", reason);
    free(reason);
}

static struct json_object *row_object(const struct store *store,
                                      struct db_rows *rows)
{
    struct json_object *object = json_object_new_object();
    size_t size;
    const void *bytes = db_get_blob(rows, 1, &size);
    bool is_head = db_get_int(rows, 14) == db_get_int(rows, 15);
    struct id id = { { 0 } };

    if (size == sizeof(id))
        memcpy(&id, bytes, size);
    put_text(object, "id", id_text(&id).text);
    put_text(object, "direction",
             db_get_int(rows, 2) == TO_LINE ? "to_line" : "to_xmpp");
    put_text(object, "state", message_state_name(db_get_state(rows, 3)));
    json_object_object_add(object, "held",
                           json_object_new_boolean(db_get_int(rows, 4) != 0));
    put_text(object, "network", db_get_text(rows, 5));
    put_text(object, "account", text_or_null(db_get_text(rows, 6)));
    put_text(object, "contact", db_get_text(rows, 7));
    put_int(object, "created", db_get_int(rows, 8));
    put_int(object, "age_s", (store->now - db_get_int(rows, 8)) / 1000);
    put_int(object, "attempt", db_get_int(rows, 9));
    put_int(object, "parts", db_get_int(rows, 10));
    put_reason(object, rows);
    put_int(object, "next_at", is_head ? db_get_int(rows, 13) : 0);
    put_int(object, "expires", db_get_int(rows, 16));
    return object;
}

/* --- store_list ----------------------------------------------------------- */

/* The range of states that a word stands for. */
static bool list_states(const char *word, int64_t range[2], struct err *err)
{
    enum message_state state;

    range[0] = MESSAGE_QUEUED + STATE_BASE;
    range[1] = MESSAGE_FAILED + STATE_BASE;
    if (!word)
        return true;
    if (strcmp(word, "open") == 0) {
        range[1] = MESSAGE_UNKNOWN + STATE_BASE;
        return true;
    }
    if (!message_state_parse(word, &state))
        return err_set(err, ERR_UNSUPPORTED, "there is no state \"%s\"", word);
    range[0] = range[1] = (int64_t)state + STATE_BASE;
    return true;
}

static bool list_begin(struct store *store, struct json_task *t, int64_t *least,
                       struct err *err)
{
    static const char first[] = "SELECT min(id) FROM message";
    struct db_rows *rows = db_query(store->db, first, NULL, 0);

    *least = db_next(rows) ? db_get_int(rows, 0) : 0;
    if (t->from == 0)
        t->from = store->last_message + 1;
    return db_end(rows, err);
}

static bool list_rows(struct store *store, struct json_task *t,
                      struct db_rows *rows, struct err *err)
{
    while (db_next(rows))
        add_object(t, row_object(store, rows));
    return db_end(rows, err);
}

/* One user's are found by his conversations, at once. */
static bool list_own_run(struct store *store, struct task *task,
                         struct err *err)
{
    static const char find[] =
        "SELECT " COLUMNS " WHERE c.network = ?1 AND c.account = ?2"
        " AND m.state >= ?3 AND m.state <= ?4 ORDER BY m.id DESC LIMIT ?5";
    struct json_task *t = (struct json_task *)task;
    int64_t range[2];

    return list_states(t->state, range, err) &&
           list_rows(
               store, t,
               db_query(store->db, find,
                        DB_VALUES(db_text(t->network), db_text(t->account),
                                  db_int(range[0]), db_int(range[1]),
                                  db_int((int64_t)t->limit))),
               err);
}

static bool list_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT " COLUMNS " WHERE m.id < ?1 AND m.id >= ?2"
        " AND m.state >= ?3 AND m.state <= ?4"
        " AND (?5 = '' OR c.network = ?5)"
        " AND (?6 = '' OR c.account = ?6) ORDER BY m.id DESC LIMIT ?7";
    struct json_task *t = (struct json_task *)task;
    struct db_rows *rows;
    int64_t range[2], least, to;

    if (!list_states(t->state, range, err) ||
        !list_begin(store, t, &least, err))
        return false;
    to = t->from - BITE;
    rows = db_query(store->db, find,
                    DB_VALUES(db_int(t->from), db_int(to), db_int(range[0]),
                              db_int(range[1]),
                              db_text(t->network ? t->network : ""),
                              db_text(t->account ? t->account : ""),
                              db_int((int64_t)(t->limit - t->n))));
    t->next = to;
    if (!list_rows(store, t, rows, err))
        return false;
    task->again = t->n < t->limit && to > least;
    return true;
}

static const struct task_ops list_ops = {
    .run = list_run,
    .undo = json_undo,
    .drop = json_drop,
    .finish = json_finish,
    .looks = true,
};

static const struct task_ops list_own_ops = {
    .run = list_own_run,
    .undo = json_undo,
    .drop = json_drop,
    .finish = json_finish,
    .looks = true,
};

void store_list(struct store *store, const struct listing *listing,
                store_json_fn *fn, void *arg)
{
    bool own = listing->network && listing->account;
    struct json_task *t =
        json_task_new(store, own ? &list_own_ops : &list_ops, fn, arg);

    t->network = task_text(&t->task, listing->network);
    t->account = task_text(&t->task, listing->account);
    t->state = task_text(&t->task, listing->state);
    t->limit = listing->limit < LIST_MAX ? listing->limit : LIST_MAX;
    task_submit(&t->task);
}

/* --- store_trace ---------------------------------------------------------- */

static const char *const outcome_names[] = {
    [ATTEMPT_OPEN] = "submitted",      [ATTEMPT_UNSURE] = "unsure",
    [ATTEMPT_SENT] = "sent",           [ATTEMPT_REFUSED] = "refused",
    [ATTEMPT_DELIVERED] = "delivered", [ATTEMPT_UNDELIVERED] = "undelivered",
    [ATTEMPT_ABANDONED] = "abandoned",
};
enum { OUTCOMES = sizeof(outcome_names) / sizeof(outcome_names[0]) };

static void add_event(struct json_object *events, int64_t at, const char *what,
                      const char *detail)
{
    struct json_object *event = json_object_new_object();

    put_int(event, "at", at);
    put_text(event, "what", what);
    put_text(event, "detail", detail ? detail : "");
    json_object_array_add(events, event);
}

static void add_attempt(struct json_object *events, struct db_rows *rows)
{
    int64_t outcome = db_get_int(rows, 2);
    const char *line = db_get_text(rows, 5), *sim = db_get_text(rows, 6);
    const char *remote = db_get_text(rows, 7), *error = db_get_text(rows, 8);
    char *detail =
        xasprintf("part %d try %d line %s sim %s", (int)db_get_int(rows, 0),
                  (int)db_get_int(rows, 1), line ? line : "-", sim);

    add_event(events, db_get_int(rows, 3), "submitted", detail);
    free(detail);
    if (outcome <= ATTEMPT_OPEN || outcome >= OUTCOMES)
        return;
    detail = xasprintf("part %d try %d id %s %s", (int)db_get_int(rows, 0),
                       (int)db_get_int(rows, 1), remote ? remote : "-",
                       error ? error : "");
    add_event(events,
              db_is_null(rows, 4) ? db_get_int(rows, 3) : db_get_int(rows, 4),
              outcome_names[outcome], detail);
    free(detail);
}

static bool trace_attempts(struct store *store, int64_t message,
                           struct json_object *events, struct err *err)
{
    static const char find[] =
        "SELECT part, n, outcome, submitted_at, settled_at, line, sim,"
        " remote_id, error FROM attempt WHERE message = ?1 ORDER BY id LIMIT"
        " ?2";
    struct db_rows *rows = db_query(
        store->db, find, DB_VALUES(db_int(message), db_int(EVENTS_MAX)));

    while (db_next(rows))
        add_attempt(events, rows);
    return db_end(rows, err);
}

static int64_t event_at(const void *event)
{
    struct json_object *at = NULL;

    (void)json_object_object_get_ex(*(struct json_object *const *)event, "at",
                                    &at);
    return json_object_get_int64(at);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = event_at(a), y = event_at(b);

    return (x > y) - (x < y);
}

bool id_range(const char *prefix, struct id range[2], struct err *err)
{
    size_t n = strlen(prefix);
    char low[33], high[33];

    if (n < 4 || n > 32)
        return err_set(err, ERR_BAD_ADDRESS,
                       "an id has 32 hex digits; give at least 4 of them");
    memset(low, '0', 32);
    memset(high, 'f', 32);
    memcpy(low, prefix, n);
    memcpy(high, prefix, n);
    low[32] = high[32] = '\0';
    if (!id_parse(low, &range[0]) || !id_parse(high, &range[1]))
        return err_set(err, ERR_BAD_ADDRESS, "\"%s\" is not an id", prefix);
    return true;
}

static struct db_rows *trace_query(struct store *store,
                                   const struct json_task *t,
                                   const struct id range[2])
{
    static const char find[] =
        "SELECT " COLUMNS " WHERE m.mid >= ?1 AND m.mid <= ?2 LIMIT 2";
    /* A few digits are of the random part, which no index leads with. */
    static const char scan[] = "SELECT " COLUMNS " WHERE substr(m.mid, 7) >= ?1"
                               " AND substr(m.mid, 7) <= ?2 LIMIT 2";
    static const char own[] =
        "SELECT " COLUMNS " WHERE c.network = ?3 AND c.account = ?4"
        " AND substr(m.mid, 7) >= ?1 AND substr(m.mid, 7) <= ?2 LIMIT 2";
    size_t skip = strlen(t->id) < 32 || t->account ? ID_TIME : 0;
    const struct db_value values[] = {
        db_blob(range[0].bytes + skip, sizeof(range[0].bytes) - skip),
        db_blob(range[1].bytes + skip, sizeof(range[1].bytes) - skip),
        db_text(t->network),
        db_text(t->account),
    };

    if (t->account)
        return db_query(store->db, own, values, 4);
    return db_query(store->db, skip ? scan : find, values, 2);
}

static void trace_object(struct store *store, struct json_task *t,
                         struct db_rows *rows)
{
    struct json_object *events = json_object_new_array();

    add_event(events, db_get_int(rows, 8), "accepted",
              message_state_name(MESSAGE_QUEUED));
    add_event(events, db_get_int(rows, 17),
              message_state_name(db_get_state(rows, 3)), db_get_text(rows, 12));
    add_object(t, row_object(store, rows));
    put_text(t->objects[0], "line", db_get_text(rows, 18));
    put_text(t->objects[0], "sim", db_get_text(rows, 19));
    json_object_object_add(t->objects[0], "events", events);
}

static bool trace_find(struct store *store, struct json_task *t, int64_t *row,
                       struct err *err)
{
    struct db_rows *rows;
    struct id range[2];
    bool several = false;

    if (!id_range(t->id, range, err))
        return false;
    rows = trace_query(store, t, range);
    *row = 0;
    if (db_next(rows)) {
        *row = db_get_int(rows, 0);
        trace_object(store, t, rows);
        several = db_next(rows);
    }
    if (!db_end(rows, err))
        return false;
    if (*row == 0)
        return err_set(err, ERR_BAD_ADDRESS, "there is no message %s%s", t->id,
                       t->account ? " of yours" : "");
    return !several || err_set(err, ERR_BAD_ADDRESS,
                               "several messages begin with %s", t->id);
}

static bool trace_run(struct store *store, struct task *task, struct err *err)
{
    struct json_task *t = (struct json_task *)task;
    struct json_object *events = NULL;
    int64_t row;

    if (!trace_find(store, t, &row, err))
        return false;
    (void)json_object_object_get_ex(t->objects[0], "events", &events);
    if (!trace_attempts(store, row, events, err))
        return false;
    json_object_array_sort(events, by_time);
    return true;
}

static const struct task_ops trace_ops = {
    .run = trace_run,
    .undo = json_undo,
    .drop = json_drop,
    .finish = json_finish,
    .looks = true,
};

void store_trace(struct store *store, const char *id, store_json_fn *fn,
                 void *arg)
{
    store_trace_own(store, NULL, NULL, id, fn, arg);
}

void store_trace_own(struct store *store, const char *network,
                     const char *account, const char *id, store_json_fn *fn,
                     void *arg)
{
    struct json_task *t = json_task_new(store, &trace_ops, fn, arg);

    t->network = task_text(&t->task, network);
    t->account = task_text(&t->task, account);
    t->id = task_text(&t->task, id);
    task_submit(&t->task);
}

/* --- store_counts --------------------------------------------------------- */

static bool load_sinks(struct store *store, struct err *err)
{
    static const char find[] = "SELECT network, direction FROM sink";
    struct db_rows *rows = db_query(store->db, find, NULL, 0);
    bool good = true;

    while (good && db_next(rows))
        good = sink_get(store, db_get_text(rows, 0),
                        (enum direction)db_get_int(rows, 1), err) != NULL;
    return db_end(rows, good ? err : NULL) && good;
}

static void put_sink(struct json_object *object, const struct sink *sink)
{
    struct json_object *network, *states = json_object_new_object();

    if (!json_object_object_get_ex(object, sink->network, &network)) {
        network = json_object_new_object();
        json_object_object_add(object, sink->network, network);
    }
    for (int i = 0; i < MESSAGE_STATES; i++)
        put_int(states, message_state_name((enum message_state)i),
                sink->counts[i]);
    json_object_object_add(
        network, sink->direction == TO_LINE ? "to_line" : "to_xmpp", states);
}

static bool counts_run(struct store *store, struct task *task, struct err *err)
{
    struct json_task *t = (struct json_task *)task;
    struct json_object *object;

    if (!load_sinks(store, err))
        return false;
    object = json_object_new_object();
    for (const struct sink *sink = store->sinks; sink; sink = sink->next)
        put_sink(object, sink);
    for (int i = 0; i < COUNTERS; i++)
        put_int(object, counter_name((enum counter)i), store->counts[i]);
    add_object(t, object);
    return true;
}

static const struct task_ops counts_ops = {
    .run = counts_run,
    .undo = json_undo,
    .drop = json_drop,
    .finish = json_finish,
};

void store_counts(struct store *store, store_json_fn *fn, void *arg)
{
    struct json_task *t = json_task_new(store, &counts_ops, fn, arg);

    task_submit(&t->task);
}
