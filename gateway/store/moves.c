/* moves.c - every change of a message's state: one UPDATE, with the old state
 * and attempt in its WHERE clause, and what follows from it for the
 * conversation. A move that finds its message elsewhere does nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"

static bool moves_update(struct store *store, const struct subject *subject,
                         const struct change *change, struct err *err)
{
    static const char update[] =
        "UPDATE message SET state = ?2, attempt = ?3, owed = ?4, moved_at = ?5,"
        " err_kind = ?6, err_code = ?7, err_text = ?8"
        " WHERE id = ?1 AND state = ?9 AND attempt = ?10";
    const struct err *why = change->err;

    return db_run(store->db, update,
                  DB_VALUES(db_int(subject->row), db_state(change->to),
                            db_int(change->attempt), db_int(change->owed),
                            db_int(store->now), db_some(why ? why->kind : 0),
                            db_text(text_or_null(why ? why->code : NULL)),
                            db_text(text_or_null(why ? why->text : NULL)),
                            db_state(subject->state), db_int(subject->attempt)),
                  err);
}

static void moves_place(struct store *store, const struct subject *subject,
                        const struct change *change)
{
    struct conversation *conv = subject->conv;

    if (message_handed_over(change->to)) {
        conversation_advance(store, conv, subject->seq);
        return;
    }
    if (subject->seq < conv->head)
        conv->head = subject->seq;
    if (change->to == MESSAGE_SUBMITTING) {
        /* In hand, so that a new life finds it. */
        if (conv->taken < subject->seq)
            conv->taken = subject->seq;
        conversation_touch(store, conv);
        conversation_place(store, conv, 0, 0);
        return;
    }
    conversation_give_back(store, conv, subject->seq, change->next_at);
}

bool moves_apply(struct store *store, struct subject *subject,
                 const struct change *change, bool *done, struct err *err)
{
    enum message_state from = subject->state;

    if (!message_may_move(from, change->to))
        return err_set(err, ERR_NOT_ALLOWED, "a %s message cannot become %s",
                       message_state_name(from),
                       message_state_name(change->to));
    if (!moves_update(store, subject, change, err))
        return false;
    *done = db_changed(store->db) > 0;
    if (!*done)
        return true;
    sink_count(subject->conv->sink, from, change->to);
    moves_place(store, subject, change);
    subject->state = change->to;
    subject->attempt = change->attempt;
    subject->owed = change->owed;
    return true;
}

bool moves_again(struct store *store, struct subject *subject, int64_t expires,
                 struct err *err)
{
    static const char update[] =
        "UPDATE message SET state = ?2, owed = 0, held = 0, moved_at = ?3,"
        " seq = ?4, expires = ?5, parts = NULL, reference = NULL,"
        " err_kind = NULL, err_code = NULL, err_text = NULL"
        " WHERE id = ?1 AND state = ?6";
    static const char forget[] = "DELETE FROM part WHERE message = ?1";
    struct conversation *conv = subject->conv;

    subject->seq = conv->last_seq + 1;
    if (!db_run(store->db, update,
                DB_VALUES(db_int(subject->row), db_state(MESSAGE_QUEUED),
                          db_int(store->now), db_int(subject->seq),
                          db_some(expires), db_state(subject->state)),
                err) ||
        !db_run(store->db, forget, DB_VALUES(db_int(subject->row)), err))
        return false;
    sink_count(conv->sink, subject->state, MESSAGE_QUEUED);
    subject->state = MESSAGE_QUEUED;
    subject->owed = OWED_NOTHING;
    conv->last_seq = subject->seq;
    conversation_touch(store, conv);
    conversation_ready(store, conv);
    return true;
}

/* --- reading -------------------------------------------------------------- */

#define COLUMNS                                                                \
    "id, mid, conv, seq, state, attempt, owed, receipt, parts, stanza_id,"     \
    " sender, created, err_kind FROM message"

static bool moves_read(struct store *store, struct task *task,
                       struct db_rows *rows, struct subject *subject,
                       struct err *err)
{
    struct conversation *conv =
        conversation_get(store, db_get_int(rows, 2), err);
    size_t size;
    const void *id = db_get_blob(rows, 1, &size);

    if (!conv)
        return false;
    *subject = (struct subject){
        .row = db_get_int(rows, 0),
        .conv = conv,
        .seq = db_get_int(rows, 3),
        .state = db_get_state(rows, 4),
        .attempt = (unsigned)db_get_int(rows, 5),
        .owed = (enum owed)db_get_int(rows, 6),
        .receipt = (db_get_int(rows, 7) & ASKED_RECEIPT) != 0,
        .markable = (db_get_int(rows, 7) & ASKED_MARKER) != 0,
        .parts = db_get_int(rows, 8),
        .created = db_get_int(rows, 11),
        .bounced = db_get_int(rows, 12) != 0,
    };
    if (size == sizeof(subject->id))
        memcpy(&subject->id, id, size);
    if (task) {
        subject->stanza_id = task_text(task, db_get_text(rows, 9));
        subject->from = task_text(task, db_get_text(rows, 10));
    }
    return true;
}

static bool moves_found(struct store *store, struct task *task,
                        struct db_rows *rows, struct subject *subject,
                        bool *found, struct err *err)
{
    *found = db_next(rows);
    if (*found && !moves_read(store, task, rows, subject, err)) {
        (void)db_end(rows, NULL);
        return false;
    }
    return db_end(rows, err);
}

bool moves_find(struct store *store, struct task *task, int64_t row,
                struct subject *subject, bool *found, struct err *err)
{
    static const char find[] = "SELECT " COLUMNS " WHERE id = ?1";

    return moves_found(store, task,
                       db_query(store->db, find, DB_VALUES(db_int(row))),
                       subject, found, err);
}

bool moves_find_id(struct store *store, struct task *task, const struct id *id,
                   struct subject *subject, bool *found, struct err *err)
{
    static const char find[] = "SELECT " COLUMNS " WHERE mid = ?1";
    struct db_rows *rows = db_query(
        store->db, find, DB_VALUES(db_blob(id->bytes, sizeof(id->bytes))));

    return moves_found(store, task, rows, subject, found, err);
}

/* --- answers -------------------------------------------------------------- */

void moved_fill(struct moved_task *task, const struct subject *subject,
                const struct err *why)
{
    const struct conversation *conv = subject->conv;
    struct moved *moved = &task->moved;

    task->changed = true;
    moved->row = subject->row;
    moved->id = subject->id;
    moved->state = subject->state;
    moved->owed = subject->owed;
    moved->network = task_text(&task->task, conv->sink->network);
    moved->account = task_text(&task->task, conv->account);
    moved->contact = task_text(&task->task, conv->contact);
    moved->stanza_id = subject->stanza_id;
    moved->from = subject->from;
    moved->receipt = subject->receipt;
    moved->direction = conv->sink->direction;
    moved->created = subject->created;
    if (why)
        moved->err = *why;
}

void moved_undo(struct task *task)
{
    struct moved_task *moved = (struct moved_task *)task;

    delivery_free(moved->follower);
    moved->follower = NULL;
    moved->changed = false;
}

void moved_finish(struct task *task, const struct err *err)
{
    struct moved_task *moved = (struct moved_task *)task;
    struct delivery *follower = err ? NULL : moved->follower;

    moved->follower = err ? moved->follower : NULL;
    if (moved->fn)
        moved->fn(moved->arg, !err && moved->changed ? &moved->moved : NULL,
                  follower, err);
    else
        delivery_free(follower);
}
