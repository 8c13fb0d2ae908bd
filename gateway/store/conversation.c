/* conversation.c - conversations, and the cache of them.
 *
 * A conversation changes with every message, so it is loaded once, changed in
 * memory by all jobs of a group, and written once before COMMIT, or before a
 * job that reads conversations by SQL. Nobody else writes the table: the cache
 * is the truth until a rollback drops it. Its size has a ceiling. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

enum { CACHE_MAX = 2048 };

#define COLUMNS                                                                \
    "c.id, c.network, c.direction, c.account, c.contact, c.kind, c.line,"      \
    " c.sim, c.last_seq, c.head, c.taken, c.turn, c.next_at, c.last_ref,"      \
    " c.touched, coalesce(k.name, a.name) FROM conversation c"                 \
    " LEFT JOIN contact k ON k.network = c.network"                            \
    " AND k.account = c.account AND k.address = c.contact"                     \
    " LEFT JOIN contact a ON a.network = c.network AND a.account = ''"         \
    " AND a.address = c.contact"

static bool key_make(struct buf *key, const struct sink *sink,
                     const char *account, const char *contact)
{
    buf_reset(key);
    key->over = false;
    return buf_add_char(key, sink->direction == TO_LINE ? 'l' : 'x') &&
           buf_add(key, sink->network, strlen(sink->network) + 1) &&
           buf_add(key, account, strlen(account) + 1) &&
           buf_add(key, contact, strlen(contact) + 1);
}

static struct conversation *conversation_cache(struct store *store,
                                               struct sink *sink, int64_t id,
                                               const char *account,
                                               const char *contact)
{
    struct conversation *conv = xcalloc(1, sizeof(*conv));
    size_t network = strlen(sink->network) + 2;

    (void)key_make(&store->key, sink, account, contact);
    conv->id = id;
    conv->sink = sink;
    conv->key_size = store->key.len;
    conv->key = xmemdup(store->key.data, store->key.len);
    conv->account = conv->key + network;
    conv->contact = conv->account + strlen(conv->account) + 1;
    HASH_ADD(by_id, store->by_id, id, sizeof(conv->id), conv);
    HASH_ADD_KEYPTR(by_key, store->by_key, conv->key, conv->key_size, conv);
    return conv;
}

static void conversation_free(struct store *store, struct conversation *conv)
{
    HASH_DELETE(by_id, store->by_id, conv);
    HASH_DELETE(by_key, store->by_key, conv);
    free(conv->key);
    free(conv->line);
    free(conv->sim);
    free(conv->name);
    free(conv);
}

static struct conversation *
conversation_read(struct store *store, struct db_rows *rows, struct err *err)
{
    struct sink *sink = sink_get(store, db_get_text(rows, 1),
                                 (enum direction)db_get_int(rows, 2), err);
    struct conversation *conv;

    if (!sink)
        return NULL;
    conv = conversation_cache(store, sink, db_get_int(rows, 0),
                              db_get_text(rows, 3), db_get_text(rows, 4));
    conv->kind = db_get_int(rows, 5);
    conv->line = xstrdup(db_get_text(rows, 6));
    conv->sim = xstrdup(db_get_text(rows, 7));
    conv->last_seq = db_get_int(rows, 8);
    conv->head = db_get_int(rows, 9);
    conv->taken = db_get_int(rows, 10);
    conv->turn = db_get_int(rows, 11);
    conv->next_at = db_get_int(rows, 12);
    conv->last_ref = db_get_int(rows, 13);
    conv->touched = db_get_int(rows, 14);
    conv->name = xstrdup(db_get_text(rows, 15));
    return conv;
}

static struct conversation *
conversation_new(struct store *store, struct sink *sink, const char *account,
                 const char *contact, struct err *err)
{
    struct conversation *conv = conversation_cache(
        store, sink, ++store->last_conversation, account, contact);

    conv->head = 1;
    conv->fresh = true;
    if (contact_name(store, conv, &conv->name, err))
        return conv;
    conversation_free(store, conv);
    return NULL;
}

struct conversation *conversation_find(struct store *store, struct sink *sink,
                                       const char *account, const char *contact,
                                       struct err *err)
{
    static const char find[] =
        "SELECT " COLUMNS " WHERE c.network = ?1 AND c.account = ?2"
        " AND c.contact = ?3 AND c.direction = ?4";
    struct conversation *conv = NULL;
    struct db_rows *rows;
    bool found;

    if (!key_make(&store->key, sink, account, contact)) {
        err_set(err, ERR_BAD_ADDRESS, "the address is too long");
        return NULL;
    }
    HASH_FIND(by_key, store->by_key, store->key.data, store->key.len, conv);
    if (conv)
        return conv;
    rows = db_query(store->db, find,
                    DB_VALUES(db_text(sink->network), db_text(account),
                              db_text(contact), db_int(sink->direction)));
    found = db_next(rows);
    if (found)
        conv = conversation_read(store, rows, err);
    if (!db_end(rows, err) || found)
        return conv;
    return conversation_new(store, sink, account, contact, err);
}

struct conversation *conversation_get(struct store *store, int64_t id,
                                      struct err *err)
{
    static const char find[] = "SELECT " COLUMNS " WHERE c.id = ?1";
    struct conversation *conv = NULL;
    struct db_rows *rows;
    bool found;

    HASH_FIND(by_id, store->by_id, &id, sizeof(id), conv);
    if (conv)
        return conv;
    rows = db_query(store->db, find, DB_VALUES(db_int(id)));
    found = db_next(rows);
    if (found)
        conv = conversation_read(store, rows, err);
    if (!db_end(rows, err))
        return NULL;
    if (!found)
        err_set(err, ERR_BAD_ADDRESS, "there is no such conversation");
    return conv;
}

/* --- changes -------------------------------------------------------------- */

void conversation_touch(struct store *store, struct conversation *conv)
{
    if (conv->dirty)
        return;
    conv->dirty = true;
    conv->next_dirty = store->dirty;
    store->dirty = conv;
}

void conversation_place(struct store *store, struct conversation *conv,
                        int64_t turn, int64_t next_at)
{
    if (next_at == 0)
        conv->deferred = 0;
    if (conv->turn == turn && conv->next_at == next_at)
        return;
    conv->turn = turn;
    conv->next_at = next_at;
    conv->moved = true;
    conversation_touch(store, conv);
}

/* Lines answer each message for itself: one of a conversation at a time. A
 * stream keeps the order. */
void conversation_ready(struct store *store, struct conversation *conv)
{
    bool in_hand = conv->taken >= conv->head;

    if (conv->turn || conv->next_at || conv->taken >= conv->last_seq ||
        conv->account[0] == '\0' ||
        (in_hand && conv->sink->direction == TO_LINE))
        return;
    conversation_place(store, conv, sink_turn(conv->sink, conv->account), 0);
}

void conversation_give_back(struct store *store, struct conversation *conv,
                            int64_t seq, int64_t next_at)
{
    conv->taken = conv->head - 1;
    conversation_touch(store, conv);
    if (next_at) {
        conversation_place(store, conv, 0, next_at);
        conv->deferred = seq;
        return;
    }
    if (conv->next_at)
        conversation_place(store, conv, 0, 0);
    conversation_ready(store, conv);
}

void conversation_advance(struct store *store, struct conversation *conv,
                          int64_t seq)
{
    if (seq != conv->head)
        return;
    conv->head = seq + 1;
    if (conv->taken < seq)
        conv->taken = seq;
    if (conv->next_at && conv->deferred <= seq)
        conversation_place(store, conv, conv->turn, 0);
    conversation_touch(store, conv);
    conv->advanced = true;
    if (conv->listed)
        return;
    conv->listed = true;
    conv->next_advanced = store->advanced;
    store->advanced = conv;
}

static bool find_head(struct store *store, struct conversation *conv,
                      struct err *err)
{
    static const char find[] =
        "SELECT seq FROM message WHERE conv = ?1 AND seq >= ?2 AND state < ?3"
        " ORDER BY seq LIMIT 1";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_int(conv->id), db_int(conv->head),
                           db_state(MESSAGE_SENT)));

    conv->head = db_next(rows) ? db_get_int(rows, 0) : conv->last_seq + 1;
    return db_end(rows, err);
}

bool conversation_settle(struct store *store, struct conversation *conv,
                         struct err *err)
{
    if (!conv->advanced)
        return true;
    conv->advanced = false;
    if (conv->head <= conv->last_seq && !find_head(store, conv, err))
        return false;
    if (conv->taken < conv->head - 1)
        conv->taken = conv->head - 1;
    if (conv->turn && conv->taken >= conv->last_seq)
        conversation_place(store, conv, 0, conv->next_at);
    conversation_ready(store, conv);
    return true;
}

bool conversations_settle(struct store *store, struct err *err)
{
    while (store->advanced) {
        struct conversation *conv = store->advanced;

        store->advanced = conv->next_advanced;
        conv->listed = false;
        if (!conversation_settle(store, conv, err))
            return false;
    }
    return true;
}

static bool text_differs(const char *old, const char *text)
{
    return text && (!old || strcmp(old, text) != 0);
}

void conversation_stick(struct store *store, struct conversation *conv,
                        const char *line, const char *sim)
{
    if (text_differs(conv->line, line)) {
        free(conv->line);
        conv->line = xstrdup(line);
        conversation_touch(store, conv);
    }
    if (text_differs(conv->sim, sim)) {
        free(conv->sim);
        conv->sim = xstrdup(sim);
        conversation_touch(store, conv);
    }
}

void conversation_unstick(struct store *store, struct conversation *conv)
{
    free(conv->line);
    free(conv->sim);
    conv->line = conv->sim = NULL;
    conversation_touch(store, conv);
}

/* --- writing -------------------------------------------------------------- */

static bool conversation_insert(struct store *store,
                                const struct conversation *c, struct err *err)
{
    static const char insert[] =
        "INSERT INTO conversation (id, network, account, contact, direction,"
        " kind, line, sim, last_seq, head, taken, turn, next_at, last_ref,"
        " touched) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
        " ?13, ?14, ?15)";

    return db_run(
        store->db, insert,
        DB_VALUES(db_int(c->id), db_text(c->sink->network), db_text(c->account),
                  db_text(c->contact), db_int(c->sink->direction),
                  db_int(c->kind), db_text(c->line), db_text(c->sim),
                  db_int(c->last_seq), db_int(c->head), db_int(c->taken),
                  db_some(c->turn), db_some(c->next_at), db_int(c->last_ref),
                  db_int(c->touched)),
        err);
}

/* Turn and next_at only when they changed: their indexes stay untouched. */
static bool conversation_update(struct store *store,
                                const struct conversation *c, struct err *err)
{
    static const char update[] =
        "UPDATE conversation SET line = ?2, sim = ?3, last_seq = ?4, head = ?5,"
        " taken = ?6, last_ref = ?7, touched = ?8 WHERE id = ?1";
    static const char move[] =
        "UPDATE conversation SET line = ?2, sim = ?3, last_seq = ?4, head = ?5,"
        " taken = ?6, last_ref = ?7, touched = ?8, turn = ?9, next_at = ?10"
        " WHERE id = ?1";
    const struct db_value values[] = {
        db_int(c->id),       db_text(c->line),   db_text(c->sim),
        db_int(c->last_seq), db_int(c->head),    db_int(c->taken),
        db_int(c->last_ref), db_int(c->touched), db_some(c->turn),
        db_some(c->next_at),
    };

    if (c->moved)
        return db_run(store->db, move, values, 10, err);
    return db_run(store->db, update, values, 8, err);
}

bool conversations_flush(struct store *store, struct err *err)
{
    while (store->dirty) {
        struct conversation *conv = store->dirty;

        if (conv->fresh ? !conversation_insert(store, conv, err)
                        : !conversation_update(store, conv, err))
            return false;
        conv->fresh = conv->dirty = conv->moved = false;
        store->dirty = conv->next_dirty;
    }
    return true;
}

void conversations_forget(struct store *store)
{
    struct conversation *conv, *next;

    store->dirty = store->advanced = NULL;
    HASH_ITER (by_id, store->by_id, conv, next)
        conversation_free(store, conv);
}

void conversations_trim(struct store *store)
{
    if (HASH_CNT(by_id, store->by_id) > CACHE_MAX)
        conversations_forget(store);
}
