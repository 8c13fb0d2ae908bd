/* accounts.c - making, changing and removing accounts.
 *
 * An account that is removed takes with it who sees whose presence, its names
 * of contacts and its own line, and whom it has blocked. Its texts that have
 * not gone out fail, a page at a time, and their sender is told like of any
 * other failure; one that is going out just now comes to its own end. What
 * waits for the user himself stays: it was accepted for him, and is his when he
 * is there again. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/lines.h"
#include "store/rules.h"

enum { PAGE = 200 };

/* What conversations have noted about an account is read anew. */
static void conversations_recheck(struct store *store, const char *network,
                                  const char *jid)
{
    struct conversation *conv, *next;

    HASH_ITER (by_id, store->by_id, conv, next) {
        if (strcmp(conv->account, jid) != 0 ||
            strcmp(conv->sink->network, network) != 0)
            continue;
        conv->registered = false;
        conv->block = BLOCK_UNKNOWN;
        free(conv->name);
        conv->name = NULL;
    }
}

/* --- reading -------------------------------------------------------------- */

struct get_task {
    struct task task;
    const char *network, *jid;
    store_account_row_fn *fn;
    void *arg;
    bool found;
    struct account_row row;
    char *settings; /* of the last run */
};

static bool get_run(struct store *store, struct task *task, struct err *err)
{
    static const char find[] =
        "SELECT state, settings, created,"
        " limits IS NOT NULL OR coalesce(paused_until, 0) > ?3"
        " FROM account WHERE network = ?1 AND jid = ?2";
    struct get_task *t = (struct get_task *)task;
    struct db_rows *rows = db_query(
        store->db, find,
        DB_VALUES(db_text(t->network), db_text(t->jid), db_int(store->now)));

    t->found = db_next(rows);
    if (t->found) {
        t->settings = xstrdup(db_get_text(rows, 1));
        t->row = (struct account_row){
            .jid = t->jid,
            .settings = t->settings ? t->settings : "{}",
            .disabled = db_get_int(rows, 0) == ACCOUNT_BLOCKED,
            .created = db_get_int(rows, 2),
            .ruled = db_get_int(rows, 3) != 0,
        };
    }
    return db_end(rows, err);
}

static void get_undo(struct task *task)
{
    struct get_task *t = (struct get_task *)task;

    free(t->settings);
    t->settings = NULL;
}

static void get_finish(struct task *task, const struct err *err)
{
    struct get_task *t = (struct get_task *)task;

    t->fn(t->arg, !err && t->found ? &t->row : NULL, err);
}

static const struct task_ops get_ops = {
    .run = get_run,
    .undo = get_undo,
    .finish = get_finish,
};

void store_account(struct store *store, const char *network, const char *jid,
                   store_account_row_fn *fn, void *arg)
{
    struct get_task *t = task_new(store, &get_ops, sizeof(*t), 256);

    t->network = task_text(&t->task, network);
    t->jid = task_text(&t->task, jid);
    t->fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}

/* --- changing ------------------------------------------------------------- */

struct put_task {
    struct task task;
    struct account_change change;
    store_changed_fn *fn;
    void *arg;
    bool made, found;
};

/* Makes it when that is wanted, with the defaults of the table. */
static bool put_make(struct store *store, struct put_task *t, struct err *err)
{
    static const char insert[] =
        "INSERT INTO account (network, jid, state, created)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

    t->made = false;
    if (!t->change.make)
        return true;
    if (!db_run(store->db, insert,
                DB_VALUES(db_text(t->change.network), db_text(t->change.jid),
                          db_int(ACCOUNT_ACTIVE), db_int(store->now)),
                err))
        return false;
    t->made = db_changed(store->db) > 0;
    return true;
}

static bool put_run(struct store *store, struct task *task, struct err *err)
{
    static const char update[] =
        "UPDATE account SET settings = coalesce(?3, settings),"
        " state = coalesce(?4, state),"
        " paused_until = CASE WHEN ?4 = 0 THEN NULL ELSE paused_until END,"
        " limits = CASE WHEN ?5 IS NULL THEN limits"
        " ELSE nullif(?5, '') END"
        " WHERE network = ?1 AND jid = ?2";
    struct put_task *t = (struct put_task *)task;
    const struct account_change *change = &t->change;
    bool state = change->state != ACCOUNT_AS_IT_IS;

    if (!put_make(store, t, err) ||
        !db_run(store->db, update,
                DB_VALUES(db_text(change->network), db_text(change->jid),
                          db_text(change->settings),
                          state ? db_int(change->state == ACCOUNT_DISABLED)
                                : db_text(NULL),
                          db_text(change->limits)),
                err))
        return false;
    t->found = db_changed(store->db) > 0;
    conversations_recheck(store, change->network, change->jid);
    return rules_refresh(store, change->network, change->jid, err);
}

static void put_finish(struct task *task, const struct err *err)
{
    struct put_task *t = (struct put_task *)task;
    struct err none;

    if (!err && !t->found) {
        err_set(&none, ERR_UNREGISTERED, "there is no such account");
        err = &none;
    }
    t->fn(t->arg, !err && t->made, err);
}

static const struct task_ops put_ops = {
    .run = put_run,
    .finish = put_finish,
    .writes = true,
};

void store_account_put(struct store *store, const struct account_change *change,
                       store_changed_fn *fn, void *arg)
{
    struct put_task *t = task_new(store, &put_ops, sizeof(*t), 512);

    t->change = *change;
    t->change.network = task_text(&t->task, change->network);
    t->change.jid = task_text(&t->task, change->jid);
    t->change.settings = task_text(&t->task, change->settings);
    t->change.limits = task_text(&t->task, change->limits);
    t->fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}

/* --- removing ------------------------------------------------------------- */

struct remove_task {
    struct task task;
    const char *network, *jid;
    struct err why;
    store_moved_fn *fn;
    void *arg;
    bool found;
    size_t n;
    int64_t rows[PAGE];
    struct moved moved[PAGE];
    size_t n_moved;
};

static bool remove_collect(struct store *store, struct remove_task *t,
                           struct err *err)
{
    static const char find[] =
        "SELECT m.id FROM conversation c JOIN message m ON m.conv = c.id"
        " AND m.seq >= c.head WHERE c.network = ?1 AND c.account = ?2"
        " AND c.direction = ?3 AND m.state IN (?4, ?5) ORDER BY m.id LIMIT ?6";
    struct db_rows *rows =
        db_query(store->db, find,
                 DB_VALUES(db_text(t->network), db_text(t->jid),
                           db_int(TO_LINE), db_state(MESSAGE_QUEUED),
                           db_state(MESSAGE_UNKNOWN), db_int(PAGE)));

    for (t->n = 0; t->n < PAGE && db_next(rows); t->n++)
        t->rows[t->n] = db_get_int(rows, 0);
    return db_end(rows, err);
}

static void remove_note(struct remove_task *t, const struct subject *subject)
{
    t->moved[t->n_moved++] = (struct moved){
        .row = subject->row,
        .id = subject->id,
        .state = subject->state,
        .owed = subject->owed,
        .network = t->network,
        .account = t->jid,
        .contact = task_text(&t->task, subject->conv->contact),
        .stanza_id = subject->stanza_id,
        .from = subject->from,
        .receipt = subject->receipt,
        .err = t->why,
        .direction = TO_LINE,
        .created = subject->created,
    };
}

static bool remove_message(struct store *store, struct remove_task *t,
                           int64_t row, struct err *err)
{
    struct change change = { .to = MESSAGE_FAILED,
                             .owed = OWED_ERROR,
                             .err = &t->why };
    struct subject subject;
    bool found, done;

    if (!moves_find(store, &t->task, row, &subject, &found, err))
        return false;
    if (!found)
        return true;
    change.attempt = subject.attempt;
    if (!moves_apply(store, &subject, &change, &done, err))
        return false;
    if (done)
        remove_note(t, &subject);
    return true;
}

static bool remove_rows(struct store *store, struct remove_task *t,
                        struct err *err)
{
    static const char *const deletes[] = {
        "DELETE FROM subscription WHERE network = ?1 AND account = ?2",
        "DELETE FROM contact WHERE network = ?1 AND account = ?2",
        "DELETE FROM block WHERE network = ?1 AND account = ?2",
        "DELETE FROM account WHERE network = ?1 AND jid = ?2",
    };

    if (!own_drop(store, t->network, t->jid, err))
        return false;
    for (size_t i = 0; i < sizeof(deletes) / sizeof(deletes[0]); i++)
        if (!db_run(store->db, deletes[i],
                    DB_VALUES(db_text(t->network), db_text(t->jid)), err))
            return false;
    t->found = t->found || db_changed(store->db) > 0;
    return true;
}

/* The account goes first, so that nothing new is accepted between pages. */
static bool remove_run(struct store *store, struct task *task, struct err *err)
{
    struct remove_task *t = (struct remove_task *)task;

    t->n_moved = 0;
    if (!remove_rows(store, t, err))
        return false;
    conversations_recheck(store, t->network, t->jid);
    if (!rules_refresh(store, t->network, t->jid, err) ||
        !remove_collect(store, t, err))
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (!remove_message(store, t, t->rows[i], err))
            return false;
    task->again = t->n == PAGE;
    return true;
}

static void remove_finish(struct task *task, const struct err *err)
{
    struct remove_task *t = (struct remove_task *)task;
    struct err none;

    for (size_t i = 0; !err && i < t->n_moved; i++)
        t->fn(t->arg, &t->moved[i], NULL, NULL);
    if (!err && task->again)
        return;
    if (!err && !t->found) {
        err_set(&none, ERR_UNREGISTERED, "there is no such account");
        err = &none;
    }
    t->fn(t->arg, NULL, NULL, err);
}

static const struct task_ops remove_ops = {
    .run = remove_run,
    .finish = remove_finish,
    .writes = true,
    .looks = true,
};

void store_account_remove(struct store *store, const char *network,
                          const char *jid, const struct err *why,
                          store_moved_fn *fn, void *arg)
{
    struct remove_task *t = task_new(store, &remove_ops, sizeof(*t), 256);

    t->network = task_text(&t->task, network);
    t->jid = task_text(&t->task, jid);
    t->why = *why;
    t->fn = fn;
    t->arg = arg;
    task_submit(&t->task);
}
