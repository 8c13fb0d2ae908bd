/* manage.c - a hand in the queue: hold, release, requeue, expire. Nothing is
 * done to a message that is in somebody's hands. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/manage.h"

enum { TOGETHER = 1000 }; /* messages that one release moves at most */

struct manage_task {
    struct moved_task moved; /* first */
    struct management m;
};

static bool not_allowed(struct err *err, const char *why)
{
    return err_set(err, ERR_NOT_ALLOWED, "%s", why);
}

static bool check_idle(const struct subject *subject, struct err *err)
{
    if (message_handed_over(subject->state))
        return not_allowed(err, "the message is not waiting any more");
    return subject->conv->taken < subject->seq ||
           err_set(err, ERR_TEMPORARY,
                   "the message is being handed over just now");
}

static bool set_held(struct store *store, const struct subject *subject,
                     bool held, struct err *err)
{
    static const char update[] = "UPDATE message SET held = ?2 WHERE id = ?1";

    return db_run(store->db, update,
                  DB_VALUES(db_int(subject->row), db_int(held)), err);
}

static bool hold(struct store *store, struct manage_task *t,
                 struct subject *subject, bool held, struct err *err)
{
    (void)t;
    if (held)
        return not_allowed(err, "the message is held already");
    return check_idle(subject, err) && set_held(store, subject, true, err);
}

/* --- release -------------------------------------------------------------- */

/* The account it goes to; made when there is none. */
static bool account_for(struct store *store, const char *network,
                        const char *account, struct err *err)
{
    static const char find[] =
        "SELECT state FROM account WHERE network = ?1 AND jid = ?2";
    static const char insert[] =
        "INSERT INTO account (network, jid, state, created)"
        " VALUES (?1, ?2, 0, ?3)";
    struct db_rows *rows = db_query(
        store->db, find, DB_VALUES(db_text(network), db_text(account)));
    bool found = db_next(rows), disabled = found && db_get_int(rows, 0) != 0;

    if (!db_end(rows, err))
        return false;
    if (disabled)
        return err_set(err, ERR_FORBIDDEN, "the account %.100s is disabled",
                       account);
    return found || db_run(store->db, insert,
                           DB_VALUES(db_text(network), db_text(account),
                                     db_int(store->now)),
                           err);
}

/* The rows of what a nobody's conversation still holds, oldest first. */
static bool waiting_rows(struct store *store, const struct conversation *conv,
                         int64_t rows[TOGETHER], size_t *n, struct err *err)
{
    static const char find[] = "SELECT id FROM message WHERE conv = ?1"
                               " AND state < ?2 ORDER BY seq LIMIT ?3";
    struct db_rows *found = db_query(
        store->db, find,
        DB_VALUES(db_int(conv->id), db_state(MESSAGE_SENT), db_int(TOGETHER)));

    for (*n = 0; *n < TOGETHER && db_next(found);)
        rows[(*n)++] = db_get_int(found, 0);
    return db_end(found, err);
}

static bool move_row(struct store *store, int64_t row,
                     struct conversation *conv, struct err *err)
{
    static const char update[] =
        "UPDATE message SET conv = ?2, seq = ?3, held = 0 WHERE id = ?1";

    return db_run(
        store->db, update,
        DB_VALUES(db_int(row), db_int(conv->id), db_int(++conv->last_seq)),
        err);
}

/* What nobody's conversation holds goes to the end of the account's. */
static bool adopt(struct store *store, const struct manage_task *t,
                  struct subject *subject, struct err *err)
{
    struct conversation *old = subject->conv;
    struct conversation *conv =
        conversation_find(store, old->sink, t->m.account, old->contact, err);
    int64_t rows[TOGETHER];
    size_t n;

    if (!conv || !waiting_rows(store, old, rows, &n, err) ||
        !account_for(store, old->sink->network, t->m.account, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!move_row(store, rows[i], conv, err))
            return false;
    }
    conv->touched = store->now;
    conversation_touch(store, conv);
    conversation_ready(store, conv);
    subject->conv = conv;
    conversation_advance(store, old, old->head);
    return true;
}

static bool release(struct store *store, struct manage_task *t,
                    struct subject *subject, bool held, struct err *err)
{
    bool nobody = subject->conv->account[0] == '\0';

    if (!held || message_handed_over(subject->state))
        return not_allowed(err, "the message is not held");
    if (nobody && !t->m.account)
        return not_allowed(err, "the message belongs to nobody: say to whom");
    if (!nobody && t->m.account)
        return not_allowed(err, "the message has an owner: name nobody else");
    if (nobody)
        return adopt(store, t, subject, err);
    if (!set_held(store, subject, false, err))
        return false;
    conversation_ready(store, subject->conv);
    return true;
}

/* --- requeue and expire --------------------------------------------------- */

static bool has_body(struct store *store, int64_t row, bool *has,
                     struct err *err)
{
    static const char find[] = "SELECT 1 FROM body WHERE message = ?1";
    struct db_rows *rows = db_query(store->db, find, DB_VALUES(db_int(row)));

    *has = db_next(rows);
    return db_end(rows, err);
}

static bool again(struct store *store, const struct manage_task *t,
                  struct subject *subject, struct err *err)
{
    bool has;

    if (!has_body(store, subject->row, &has, err))
        return false;
    if (!has)
        return not_allowed(err, "the message's text is not kept any more");
    return moves_again(store, subject,
                       t->m.expires[subject->conv->sink->direction], err);
}

static bool requeue(struct store *store, struct manage_task *t,
                    struct subject *subject, bool held, struct err *err)
{
    if (subject->state == MESSAGE_FAILED)
        return again(store, t, subject, err);
    if (held)
        return not_allowed(err, "the message is held: release it");
    if (!check_idle(subject, err))
        return false;
    if (subject->conv->next_at)
        conversation_place(store, subject->conv, 0, 0);
    conversation_ready(store, subject->conv);
    return true;
}

static bool expire(struct store *store, struct manage_task *t,
                   struct subject *subject, bool held, struct err *err)
{
    bool to_line = subject->conv->sink->direction == TO_LINE;
    struct change change = {
        .to = MESSAGE_FAILED,
        .attempt = subject->attempt,
        .owed = to_line ? OWED_ERROR : OWED_NOTHING,
        .err = &t->moved.moved.err,
    };
    bool done;

    (void)err_set(&t->moved.moved.err, ERR_EXPIRED,
                  "an administrator has given it up");
    return check_idle(subject, err) &&
           (!held || set_held(store, subject, false, err)) &&
           moves_apply(store, subject, &change, &done, err);
}

/* --- the task ------------------------------------------------------------- */

static bool manage_find(struct store *store, const char *id, int64_t *row,
                        bool *held, struct err *err)
{
    static const char find[] =
        "SELECT id, held FROM message WHERE mid >= ?1 AND mid <= ?2 LIMIT 2";
    static const char scan[] =
        "SELECT id, held FROM message WHERE substr(mid, 7) >= ?1"
        " AND substr(mid, 7) <= ?2 LIMIT 2";
    size_t skip = strlen(id) < 32 ? ID_TIME : 0;
    struct db_rows *rows;
    struct id range[2];
    bool several;

    if (!id_range(id, range, err))
        return false;
    rows = db_query(
        store->db, skip ? scan : find,
        DB_VALUES(
            db_blob(range[0].bytes + skip, sizeof(range[0].bytes) - skip),
            db_blob(range[1].bytes + skip, sizeof(range[1].bytes) - skip)));
    *row = db_next(rows) ? db_get_int(rows, 0) : 0;
    *held = *row && db_get_int(rows, 1) != 0;
    several = *row && db_next(rows);
    if (!db_end(rows, err))
        return false;
    if (*row == 0)
        return err_set(err, ERR_BAD_ADDRESS, "there is no message %s", id);
    return !several ||
           err_set(err, ERR_BAD_ADDRESS, "several messages begin with %s", id);
}

static bool manage_run(struct store *store, struct task *task, struct err *err)
{
    static bool (*const actions[])(struct store *, struct manage_task *,
                                   struct subject *, bool, struct err *) = {
        [MANAGE_HOLD] = hold,
        [MANAGE_RELEASE] = release,
        [MANAGE_REQUEUE] = requeue,
        [MANAGE_EXPIRE] = expire,
    };
    struct manage_task *t = (struct manage_task *)task;
    struct subject subject;
    bool found = false, held;
    int64_t row;

    if (!manage_find(store, t->m.id, &row, &held, err) ||
        !moves_find(store, task, row, &subject, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_BAD_ADDRESS, "there is no message %s", t->m.id);
    if (!actions[t->m.what](store, t, &subject, held, err))
        return false;
    moved_fill(&t->moved, &subject,
               t->m.what == MANAGE_EXPIRE ? &t->moved.moved.err : NULL);
    return true;
}

static const struct task_ops manage_ops = {
    .run = manage_run,
    .undo = moved_undo,
    .finish = moved_finish,
    .writes = true,
};

void store_manage(struct store *store, const struct management *management,
                  store_moved_fn *fn, void *arg)
{
    struct manage_task *t = task_new(store, &manage_ops, sizeof(*t), 256);
    struct task *task = &t->moved.task;

    t->moved.fn = fn;
    t->moved.arg = arg;
    t->m = *management;
    t->m.id = task_text(task, management->id);
    t->m.account = task_text(task, management->account);
    task_submit(task);
}
