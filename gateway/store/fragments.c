/* fragments.c - segments of long messages, durable until their whole is
 * accepted, so that each may be deleted at its source at once.
 *
 * References are reused (GSM: 256): a segment that contradicts its set starts
 * a new one. The old segments are not dropped, they were accepted: their set is
 * renamed and due at once, incomplete as it is. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/fragments.h"
#include "store/inside.h"

enum {
    SETS_PER_CHAT = 64,
    SETS_MAX = 4096,
    TOTAL_MAX = 255,
    BYTES_MAX = 64 * 1024,
    DUE_BITE = 32,
};

struct fragment_task {
    struct task task;
    store_fragment_fn *fn;
    void *arg;
    struct fragment_entry entry;
    int64_t before; /* store_fragments_due */
    struct fragment_set sets[DUE_BITE];
    size_t n;
};

/* --- reading sets --------------------------------------------------------- */

#define SET "id, network, line, source, name, chat, total, at FROM fragment_set"

static void set_read(struct task *task, struct db_rows *rows,
                     struct fragment_set *set, int64_t *id)
{
    *id = db_get_int(rows, 0);
    *set = (struct fragment_set){
        .id = *id,
        .network = task_text(task, db_get_text(rows, 1)),
        .line = task_text(task, db_get_text(rows, 2)),
        .source = task_text(task, db_get_text(rows, 3)),
        .set = task_text(task, db_get_text(rows, 4)),
        .chat = task_text(task, db_get_text(rows, 5)),
        .total = (unsigned)db_get_int(rows, 6),
        .at = db_get_int(rows, 7),
    };
}

static bool set_fragments(struct store *store, struct task *task, int64_t id,
                          struct fragment_set *set, struct err *err)
{
    static const char find[] = "SELECT seq, bytes FROM fragment"
                               " WHERE owner = ?1 ORDER BY seq LIMIT 255";
    struct db_rows *rows = db_query(store->db, find, DB_VALUES(db_int(id)));

    set->fragments = task_alloc(task, TOTAL_MAX * sizeof(*set->fragments));
    for (set->n = 0; set->n < TOTAL_MAX && db_next(rows); set->n++) {
        struct fragment_row *row = &set->fragments[set->n];
        const void *bytes = db_get_blob(rows, 1, &row->size);

        row->seq = (unsigned)db_get_int(rows, 0);
        row->bytes = task_bytes(task, bytes ? bytes : "", row->size);
    }
    return db_end(rows, err);
}

static bool set_find(struct store *store, struct fragment_task *t, int64_t *id,
                     struct err *err)
{
    static const char find[] = "SELECT " SET " WHERE source = ?1 AND name = ?2";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->entry.source), db_text(t->entry.set)));

    *id = 0;
    if (db_next(rows))
        set_read(&t->task, rows, &t->sets[0], id);
    return db_end(rows, err);
}

/* --- changing them -------------------------------------------------------- */

bool fragments_count(struct store *store, int64_t set, size_t *n,
                     struct err *err)
{
    static const char count[] =
        "SELECT count(*) FROM fragment WHERE owner = ?1";
    struct db_rows *rows = db_query(store->db, count, DB_VALUES(db_int(set)));

    *n = db_next(rows) ? (size_t)db_get_int(rows, 0) : 0;
    return db_end(rows, err);
}

bool fragments_forget(struct store *store, int64_t set, struct err *err)
{
    static const char rows[] = "DELETE FROM fragment WHERE owner = ?1";
    static const char sets[] = "DELETE FROM fragment_set WHERE id = ?1";

    return db_run(store->db, rows, DB_VALUES(db_int(set)), err) &&
           db_run(store->db, sets, DB_VALUES(db_int(set)), err);
}

static bool set_rename(struct store *store, int64_t id, const char *name,
                       struct err *err)
{
    static const char update[] =
        "UPDATE fragment_set SET name = ?2, newest = 0 WHERE id = ?1";
    char *other = xasprintf("%s (before %lld)", name, (long long)id);
    bool good =
        db_run(store->db, update, DB_VALUES(db_int(id), db_text(other)), err);

    free(other);
    return good;
}

static bool sets_counted(struct store *store, const char *network,
                         const char *chat, int64_t n[2], struct err *err)
{
    static const char count[] =
        "SELECT (SELECT count(*) FROM fragment_set),"
        " (SELECT count(*) FROM fragment_set WHERE network = ?1 AND chat = ?2"
        " AND newest <> 0)";
    struct db_rows *rows =
        db_query(store->db, count, DB_VALUES(db_text(network), db_text(chat)));

    if (db_next(rows)) {
        n[0] = db_get_int(rows, 0);
        n[1] = db_get_int(rows, 1);
    }
    return db_end(rows, err);
}

/* Too many of one sender: his oldest is due at once, incomplete as it is. */
static bool set_hurry(struct store *store, const struct fragment_entry *entry,
                      struct err *err)
{
    static const char update[] =
        "UPDATE fragment_set SET newest = 0 WHERE id = (SELECT min(id)"
        " FROM fragment_set WHERE network = ?1 AND chat = ?2 AND newest <> 0)";

    return db_run(store->db, update,
                  DB_VALUES(db_text(entry->network), db_text(entry->chat)),
                  err);
}

static bool set_room(struct store *store, const struct fragment_entry *entry,
                     struct err *err)
{
    int64_t n[2] = { 0, 0 };

    if (!sets_counted(store, entry->network, entry->chat, n, err))
        return false;
    if (n[0] >= SETS_MAX)
        return err_set(err, ERR_LIMITED, "too many incomplete long messages");
    return n[1] < SETS_PER_CHAT || set_hurry(store, entry, err);
}

static bool set_open(struct store *store, const struct fragment_entry *entry,
                     int64_t *id, struct err *err)
{
    static const char insert[] =
        "INSERT INTO fragment_set (id, source, name, network, line, chat,"
        " total, at, newest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

    *id = ++store->last_set;
    return db_run(store->db, insert,
                  DB_VALUES(db_int(*id), db_text(entry->source),
                            db_text(entry->set), db_text(entry->network),
                            db_text(entry->line), db_text(entry->chat),
                            db_int(entry->total), db_some(entry->at),
                            db_int(store->now)),
                  err);
}

static bool fragment_insert(struct store *store, int64_t id,
                            const struct fragment_entry *entry, struct err *err)
{
    static const char insert[] =
        "INSERT INTO fragment (owner, seq, bytes) VALUES (?1, ?2, ?3)";
    static const char note[] =
        "UPDATE fragment_set SET newest = ?2, at = CASE"
        " WHEN at IS NULL OR at > ?3 THEN ?3 ELSE at END WHERE id = ?1";

    return db_run(store->db, insert,
                  DB_VALUES(db_int(id), db_int(entry->seq),
                            db_blob(entry->bytes, entry->size)),
                  err) &&
           db_run(store->db, note,
                  DB_VALUES(db_int(id), db_int(store->now), db_some(entry->at)),
                  err);
}

/* --- store_fragment ------------------------------------------------------- */

enum fit { FITS, IS_THERE, CONTRADICTS };

static bool fragment_fit(struct store *store, int64_t id,
                         const struct fragment_task *t, enum fit *fit,
                         struct err *err)
{
    static const char find[] =
        "SELECT bytes FROM fragment WHERE owner = ?1 AND seq = ?2";
    const struct fragment_entry *entry = &t->entry;
    struct db_rows *rows =
        db_query(store->db, find, DB_VALUES(db_int(id), db_int(entry->seq)));

    *fit = t->sets[0].total == entry->total ? FITS : CONTRADICTS;
    if (db_next(rows)) {
        size_t size;
        const void *bytes = db_get_blob(rows, 0, &size);
        bool same = size == entry->size &&
                    (size == 0 || memcmp(bytes, entry->bytes, size) == 0);

        *fit = same && *fit == FITS ? IS_THERE : CONTRADICTS;
    }
    return db_end(rows, err);
}

static bool is_known(struct store *store, const struct fragment_entry *entry,
                     bool *known, struct err *err)
{
    static const char find[] =
        "SELECT 1 FROM seen WHERE source = ?1 AND key = ?2";
    struct db_rows *rows;

    *known = false;
    if (!entry->key)
        return true;
    rows = db_query(store->db, find,
                    DB_VALUES(db_text(entry->source), db_text(entry->key)));
    *known = db_next(rows);
    return db_end(rows, err);
}

/* Stores it; all that can be refused comes before the first write. */
static bool fragment_store(struct store *store, struct fragment_task *t,
                           int64_t *id, enum fit fit, struct err *err)
{
    const struct fragment_entry *entry = &t->entry;
    bool fresh = *id == 0 || fit == CONTRADICTS, again;

    if (fresh && !set_room(store, entry, err))
        return false;
    if (!seen_note(store, entry->source, entry->key, &again, err))
        return false;
    if (*id && fit == CONTRADICTS && !set_rename(store, *id, entry->set, err))
        return false;
    if (fresh && !set_open(store, entry, id, err))
        return false;
    return fragment_insert(store, *id, entry, err);
}

static bool fragment_complete(struct store *store, struct fragment_task *t,
                              int64_t id, struct err *err)
{
    struct fragment_set *set = &t->sets[0];

    t->n = 0;
    if (id == 0)
        return true;
    if (!set_find(store, t, &id, err) ||
        !set_fragments(store, &t->task, id, set, err))
        return false;
    t->n = set->n == set->total;
    return true;
}

static bool fragment_check(const struct fragment_entry *entry, struct err *err)
{
    if (entry->total < 1 || entry->total > TOTAL_MAX || entry->seq < 1 ||
        entry->seq > entry->total)
        return err_set(err, ERR_PROTOCOL, "segment %u of %u", entry->seq,
                       entry->total);
    if (entry->size > BYTES_MAX)
        return err_set(err, ERR_TOO_LONG, "a segment of %zu bytes",
                       entry->size);
    return true;
}

static bool fragment_run(struct store *store, struct task *task,
                         struct err *err)
{
    struct fragment_task *t = (struct fragment_task *)task;
    enum fit fit = FITS;
    bool known = false;
    int64_t id;

    if (!fragment_check(&t->entry, err) || !set_find(store, t, &id, err) ||
        (id && !fragment_fit(store, id, t, &fit, err)))
        return false;
    if (fit != IS_THERE && !is_known(store, &t->entry, &known, err))
        return false;
    if (known || fit == IS_THERE)
        store->counts[COUNT_DUPLICATE]++;
    else if (!fragment_store(store, t, &id, fit, err))
        return false;
    return fragment_complete(store, t, id, err);
}

static void fragment_finish(struct task *task, const struct err *err)
{
    struct fragment_task *t = (struct fragment_task *)task;
    struct err full;

    /* For the caller it is the same as a full disk: offer it again later. */
    if (err && err->kind == ERR_LIMITED) {
        full = *err;
        full.kind = ERR_FULL;
        err = &full;
    }
    t->fn(t->arg, !err && t->n ? &t->sets[0] : NULL, err);
}

static const struct task_ops fragment_ops = {
    .run = fragment_run,
    .finish = fragment_finish,
    .writes = true,
    .grows = true,
};

void store_fragment(struct store *store, const struct fragment_entry *entry,
                    store_fragment_fn *fn, void *arg)
{
    struct fragment_task *t =
        task_new(store, &fragment_ops, sizeof(*t), entry->size + 512);
    struct task *task = &t->task;

    t->fn = fn;
    t->arg = arg;
    t->entry = *entry;
    t->entry.network = task_text(task, entry->network);
    t->entry.line = task_text(task, entry->line);
    t->entry.source = task_text(task, entry->source ? entry->source : "");
    t->entry.set = task_text(task, entry->set);
    t->entry.chat = task_text(task, entry->chat);
    t->entry.key = task_text(task, entry->key);
    t->entry.bytes = task_bytes(task, entry->bytes, entry->size);
    task_submit(task);
}

/* --- store_fragments_due -------------------------------------------------- */

static bool due_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT " SET " WHERE newest < ?1 OR total <= (SELECT count(*)"
        " FROM fragment WHERE owner = fragment_set.id)"
        " ORDER BY newest LIMIT 32";
    struct fragment_task *t = (struct fragment_task *)task;
    struct db_rows *rows =
        db_query(store->db, find, DB_VALUES(db_int(t->before)));
    int64_t ids[DUE_BITE];

    for (t->n = 0; t->n < DUE_BITE && db_next(rows); t->n++)
        set_read(task, rows, &t->sets[t->n], &ids[t->n]);
    if (!db_end(rows, err))
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (!set_fragments(store, task, ids[i], &t->sets[i], err))
            return false;
    return true;
}

static void due_finish(struct task *task, const struct err *err)
{
    struct fragment_task *t = (struct fragment_task *)task;

    for (size_t i = 0; !err && i < t->n; i++)
        t->fn(t->arg, &t->sets[i], NULL);
    t->fn(t->arg, NULL, err);
}

static const struct task_ops due_ops = {
    .run = due_run,
    .finish = due_finish,
};

void store_fragments_due(struct store *store, int64_t before,
                         store_fragment_fn *fn, void *arg)
{
    struct fragment_task *t = task_new(store, &due_ops, sizeof(*t), 4096);

    t->fn = fn;
    t->arg = arg;
    t->before = before;
    task_submit(&t->task);
}
