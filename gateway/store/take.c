/* take.c - what is ready goes out: conversations in the order of their turns,
 * the oldest messages of each. Every step is one index look-up, whatever the
 * size of the queue. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/rules.h"

/* More parts than any message has: a ceiling for a damaged row. */
enum { PARTS_MAX = 255 };

static bool read_parts(struct store *store, struct delivery *delivery,
                       int64_t n, struct err *err)
{
    static const char find[] = "SELECT n, state, tries, bytes FROM part"
                               " WHERE message = ?1 ORDER BY n LIMIT ?2";
    struct db_rows *rows;

    if (n == 0)
        return true;
    rows = db_query(store->db, find,
                    DB_VALUES(db_int(delivery->row), db_int(PARTS_MAX)));
    delivery->parts = xcalloc(PARTS_MAX, sizeof(*delivery->parts));
    while (db_next(rows)) {
        struct part_row *part = &delivery->parts[delivery->n_parts++];
        const void *bytes = db_get_blob(rows, 3, &part->size);

        part->n = (unsigned)db_get_int(rows, 0);
        part->state = (enum part_state)db_get_int(rows, 1);
        part->tries = (unsigned)db_get_int(rows, 2);
        part->bytes = xmemdup(bytes, part->size);
    }
    return db_end(rows, err);
}

static bool read_tried(struct store *store, struct delivery *delivery,
                       struct err *err)
{
    static const char find[] =
        "SELECT max(submitted_at) FROM attempt WHERE message = ?1";
    struct db_rows *rows;

    if (delivery->attempt == 0 || delivery->direction == TO_XMPP)
        return true;
    rows = db_query(store->db, find, DB_VALUES(db_int(delivery->row)));
    if (db_next(rows))
        delivery->tried = db_get_int(rows, 0);
    return db_end(rows, err);
}

static void free_parts(struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_parts; i++)
        free(delivery->parts[i].bytes);
    free(delivery->parts);
}

/* The columns of next_messages in take_from. */
enum {
    COL_ROW,
    COL_ID,
    COL_SEQ,
    COL_STATE,
    COL_ATTEMPT,
    COL_HELD,
    COL_KIND,
    COL_RECEIPT,
    COL_CREATED,
    COL_AT,
    COL_EXPIRES,
    COL_REFERENCE,
    COL_PARTS,
    COL_AUTHOR,
    COL_STANZA_ID,
    COL_SENDER,
    COL_MANNER,
    COL_TEXT,
    COL_TARGET,
    COL_ATTACHMENTS,
};

static uint16_t reference_of(const struct conversation *conv,
                             struct db_rows *rows)
{
    if (conv->sink->direction == TO_XMPP)
        return 0;
    return (uint16_t)(db_is_null(rows, COL_REFERENCE)
                          ? conv->last_ref + 1
                          : db_get_int(rows, COL_REFERENCE));
}

/* Borrows the row's and the conversation's texts. */
static void read_delivery(const struct conversation *conv, struct db_rows *rows,
                          struct delivery *delivery)
{
    size_t size;
    const void *id = db_get_blob(rows, COL_ID, &size);

    *delivery = (struct delivery){
        .row = db_get_int(rows, COL_ROW),
        .conversation = conv->id,
        .seq = db_get_int(rows, COL_SEQ),
        .direction = conv->sink->direction,
        .kind = (int)db_get_int(rows, COL_KIND),
        .state = db_get_state(rows, COL_STATE),
        .attempt = (unsigned)db_get_int(rows, COL_ATTEMPT),
        .network = conv->sink->network,
        .account = (char *)conv->account,
        .contact = (char *)conv->contact,
        .line = conv->line,
        .sim = conv->sim,
        .name = conv->name,
        .text = (char *)db_get_text(rows, COL_TEXT),
        .stanza_id = (char *)db_get_text(rows, COL_STANZA_ID),
        .from = (char *)db_get_text(rows, COL_SENDER),
        .manner = (char *)db_get_text(rows, COL_MANNER),
        .author = (char *)db_get_text(rows, COL_AUTHOR),
        .target = (char *)db_get_text(rows, COL_TARGET),
        .receipt = (db_get_int(rows, COL_RECEIPT) & ASKED_RECEIPT) != 0,
        .created = db_get_int(rows, COL_CREATED),
        .at = db_get_int(rows, COL_AT),
        .expires = db_get_int(rows, COL_EXPIRES),
        .reference = reference_of(conv, rows),
    };
    if (size == sizeof(delivery->id))
        memcpy(&delivery->id, id, size);
    if (!delivery->text)
        delivery->text = (char *)"";
}

/* By now what it is about may have been sent. */
static bool read_target(struct store *store, const struct conversation *conv,
                        struct delivery *delivery, char **remote,
                        struct err *err)
{
    *remote = NULL;
    if (!delivery->target || conv->sink->direction == TO_XMPP)
        return true;
    if (!target_remote(store, conv, delivery->target, remote, err))
        return false;
    delivery->target = *remote;
    return true;
}

static bool take_row(struct store *store, const struct conversation *conv,
                     struct db_rows *rows, struct delivery **list,
                     struct err *err)
{
    struct delivery borrowed;
    char *remote;
    bool good;

    read_delivery(conv, rows, &borrowed);
    good = read_parts(store, &borrowed, db_get_int(rows, COL_PARTS), err) &&
           read_tried(store, &borrowed, err) &&
           (db_is_null(rows, COL_ATTACHMENTS) ||
            attachments_read(store, &borrowed, err)) &&
           read_target(store, conv, &borrowed, &remote, err);
    if (good) {
        struct delivery *delivery = delivery_copy(&borrowed);

        DL_APPEND(*list, delivery);
        free(remote);
    }
    free_parts(&borrowed);
    attachments_free(&borrowed);
    return good;
}

/* Its user wants quiet: later. */
static bool take_later(struct store *store, struct conversation *conv)
{
    int64_t until = rules_quiet_until(store, conv);

    if (!until)
        return false;
    conv->deferred = 0;
    conversation_place(store, conv, 0, until);
    return true;
}

bool take_from(struct store *store, struct conversation *conv, size_t n,
               struct delivery **list, size_t *taken, struct err *err)
{
    static const char next_messages[] =
        "SELECT m.id, m.mid, m.seq, m.state, m.attempt, m.held, m.kind,"
        " m.receipt, m.created, m.at, m.expires, m.reference, m.parts,"
        " m.author, m.stanza_id, m.sender, m.manner, b.text, m.target_id,"
        " m.attachments"
        " FROM message m LEFT JOIN body b ON b.message = m.id"
        " WHERE m.conv = ?1 AND m.seq > ?2 AND m.state < ?3"
        " ORDER BY m.seq LIMIT ?4";
    struct db_rows *rows;
    bool held = false, good = true;

    if (take_later(store, conv))
        return true;
    rows = db_query(store->db, next_messages,
                    DB_VALUES(db_int(conv->id), db_int(conv->taken),
                              db_state(MESSAGE_SENT), db_int((int64_t)n)));
    for (; good && !held && db_next(rows); *taken += held ? 0 : 1) {
        held = db_get_int(rows, COL_HELD) != 0;
        if (held)
            continue;
        good = take_row(store, conv, rows, list, err);
        conv->taken = db_get_int(rows, COL_SEQ);
    }
    if (!good)
        (void)db_end(rows, NULL);
    if (!good || !db_end(rows, err))
        return false;
    conversation_touch(store, conv);
    conversation_place(store, conv, 0, conv->next_at);
    if (!held)
        conversation_ready(store, conv);
    return true;
}

/* --- store_take ----------------------------------------------------------- */

struct take_task {
    struct task task;
    store_take_fn *fn;
    void *arg;
    struct take take;
    struct sink *sink;
    int64_t *ids; /* of the conversations that are looked at */
    size_t n_ids;
    struct delivery *list;
    int64_t next_at;
};

static bool collect(struct take_task *t, struct db_rows *rows, struct err *err)
{
    t->n_ids = 0;
    while (t->n_ids < t->take.limit && db_next(rows))
        t->ids[t->n_ids++] = db_get_int(rows, 0);
    return db_end(rows, err);
}

/* Those that are due again get a turn. */
static bool take_due(struct store *store, struct take_task *t, struct err *err)
{
    static const char due[] =
        "SELECT id FROM conversation WHERE network = ?1 AND direction = ?2"
        " AND next_at IS NOT NULL AND next_at <= ?3 ORDER BY next_at LIMIT ?4";
    struct db_rows *rows = db_query(
        store->db, due,
        DB_VALUES(db_text(t->take.network), db_int(t->take.direction),
                  db_int(t->take.now), db_int((int64_t)t->take.limit)));

    if (!collect(t, rows, err))
        return false;
    for (size_t i = 0; i < t->n_ids; i++) {
        struct conversation *conv = conversation_get(store, t->ids[i], err);

        if (!conv)
            return false;
        conversation_place(store, conv, 0, 0);
        conversation_ready(store, conv);
    }
    return t->n_ids == 0 || conversations_flush(store, err);
}

static bool take_turns(struct store *store, struct take_task *t,
                       struct err *err)
{
    static const char ready[] =
        "SELECT id FROM conversation WHERE network = ?1 AND direction = ?2"
        " AND turn IS NOT NULL ORDER BY turn LIMIT ?3";
    struct db_rows *rows =
        db_query(store->db, ready,
                 DB_VALUES(db_text(t->take.network), db_int(t->take.direction),
                           db_int((int64_t)t->take.limit)));
    size_t taken = 0;
    bool later = false;

    if (!collect(t, rows, err))
        return false;
    for (size_t i = 0; i < t->n_ids && taken < t->take.limit; i++) {
        struct conversation *conv = conversation_get(store, t->ids[i], err);
        size_t n = t->take.limit - taken;

        if (!conv)
            return false;
        if (conv->turn > t->sink->now)
            t->sink->now = conv->turn;
        if (n > t->take.depth)
            n = t->take.depth;
        if (!take_from(store, conv, n, &t->list, &taken, err))
            return false;
        later |= conv->next_at != 0;
    }
    return !later || conversations_flush(store, err);
}

static bool take_next_at(struct store *store, struct take_task *t,
                         struct err *err)
{
    static const char next[] =
        "SELECT next_at FROM conversation WHERE network = ?1 AND direction = ?2"
        " AND next_at IS NOT NULL ORDER BY next_at LIMIT 1";
    struct db_rows *rows = db_query(
        store->db, next,
        DB_VALUES(db_text(t->take.network), db_int(t->take.direction)));

    t->next_at = db_next(rows) ? db_get_int(rows, 0) : 0;
    return db_end(rows, err);
}

static bool take_run(struct store *store, struct task *task, struct err *err)
{
    struct take_task *t = (struct take_task *)task;

    t->sink = sink_get(store, t->take.network, t->take.direction, err);
    return t->sink && take_due(store, t, err) && take_turns(store, t, err) &&
           take_next_at(store, t, err);
}

static void take_undo(struct task *task)
{
    struct take_task *t = (struct take_task *)task;

    deliveries_free(t->list);
    t->list = NULL;
}

static void take_finish(struct task *task, const struct err *err)
{
    struct take_task *t = (struct take_task *)task;
    struct delivery *list = err ? NULL : t->list;

    if (!err)
        t->list = NULL;
    t->fn(t->arg, list, t->next_at, err);
}

static const struct task_ops take_ops = {
    .run = take_run,
    .undo = take_undo,
    .finish = take_finish,
    .writes = true,
    .looks = true,
};

enum { TAKE_MAX = 4096 };

void store_take(struct store *store, const struct take *take, store_take_fn *fn,
                void *arg)
{
    size_t limit = take->limit < TAKE_MAX ? take->limit : TAKE_MAX;
    struct take_task *t =
        task_new(store, &take_ops, sizeof(*t), limit * sizeof(int64_t) + 128);

    t->fn = fn;
    t->arg = arg;
    t->take = *take;
    t->take.limit = limit;
    t->ids = task_alloc(&t->task, limit * sizeof(int64_t));
    t->take.network = task_text(&t->task, take->network);
    task_submit(&t->task);
}
