/* outcome.c - intents, the ends of tries, and moves of whole messages.
 *
 * The caller's delivery names the message as the caller knows it. When it has
 * been moved by somebody else meanwhile (a report settled it), only the
 * attempt's end is recorded; the conversation goes on without the caller. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/usage.h"

/* What is kept of the delivery, with the answer's texts in the task's room. */
static void subject_copy(struct task *task, struct subject *subject,
                         const struct delivery *delivery)
{
    *subject = (struct subject){
        .row = delivery->row,
        .seq = delivery->seq,
        .id = delivery->id,
        .state = delivery->state,
        .attempt = delivery->attempt,
        .receipt = delivery->receipt,
        .parts = (int64_t)delivery->n_parts,
        .tried_at = delivery->created,
        .created = delivery->created,
        .stanza_id = task_text(task, delivery->stanza_id),
        .from = task_text(task, delivery->from),
    };
}

static struct err *err_copy(struct task *task, const struct err *err)
{
    return task_bytes(task, err, sizeof(*err));
}

/* --- store_intend --------------------------------------------------------- */

struct intend_task {
    struct plain_task plain;
    struct subject subject;
    int64_t conversation;
    const char *line, *sim;
    struct part_row *parts;
    size_t n_parts;
    uint16_t reference;
    unsigned n;
    struct spend spend;
};

static bool intend_run(struct store *store, struct task *task, struct err *err)
{
    struct intend_task *t = (struct intend_task *)task;
    struct subject subject = t->subject;
    struct change change = { .to = MESSAGE_SUBMITTING,
                             .attempt = subject.attempt + 1 };
    bool done;

    subject.conv = conversation_get(store, t->conversation, err);
    if (!subject.conv || !moves_apply(store, &subject, &change, &done, err))
        return false;
    if (!done)
        return err_set(err, ERR_NOT_ALLOWED,
                       "the message was moved by somebody else");
    if (t->parts &&
        !parts_store(store, &subject, t->reference, t->parts, t->n_parts, err))
        return false;
    return attempt_open(store, &subject, t->n, t->line, t->sim, err) &&
           usage_spend(store, t->sim, &t->spend, 1, err);
}

static const struct task_ops intend_ops = {
    .run = intend_run,
    .finish = plain_finish,
    .writes = true,
};

static struct part_row *parts_copy(struct task *task,
                                   const struct part_row *from, size_t n)
{
    struct part_row *parts = task_bytes(task, from, n * sizeof(*from));

    for (size_t i = 0; parts && i < n; i++)
        parts[i].bytes = task_bytes(task, from[i].bytes, from[i].size);
    return parts;
}

void store_intend(struct store *store, const struct intent *intent,
                  store_fn *fn, void *arg)
{
    struct intend_task *t = task_new(store, &intend_ops, sizeof(*t), 512);
    struct task *task = &t->plain.task;

    t->plain.fn = fn;
    t->plain.arg = arg;
    t->conversation = intent->delivery->conversation;
    t->line = task_text(task, intent->line);
    t->sim = task_text(task, intent->sim);
    t->parts = parts_copy(task, intent->parts, intent->n_parts);
    t->n_parts = intent->n_parts;
    t->reference = intent->delivery->reference;
    t->n = intent->n;
    t->spend = intent->spend;
    subject_copy(task, &t->subject, intent->delivery);
    task_submit(task);
}

/* --- what store_outcome and store_move share ------------------------------ */

static enum owed owed_for(const struct subject *subject,
                          enum message_state state, bool owe)
{
    if (state == MESSAGE_FAILED && owe)
        return OWED_ERROR;
    if (state == MESSAGE_DELIVERED && subject->receipt)
        return OWED_RECEIPT;
    return OWED_NOTHING;
}

static bool follow(struct store *store, struct conversation *conv,
                   struct delivery **follower, struct err *err)
{
    size_t taken = 0;

    if (!conversation_settle(store, conv, err))
        return false;
    if (conv->next_at || conv->taken >= conv->last_seq ||
        (conv->sink->direction == TO_LINE && conv->taken >= conv->head))
        return true;
    return take_from(store, conv, 1, follower, &taken, err);
}

/* --- store_outcome -------------------------------------------------------- */

struct outcome_task {
    struct moved_task moved;
    struct subject subject;
    int64_t conversation;
    struct outcome outcome;
};

/* The row of the part, the intent of the next one, reports that came early. */
static bool outcome_parts(struct store *store, struct outcome_task *t,
                          struct subject *subject,
                          const struct attempt *attempt, struct err *why,
                          struct err *err)
{
    const struct outcome *o = &t->outcome;

    if (!part_set(store, subject->row, o->n, o->state, err))
        return false;
    conversation_stick(store, subject->conv, o->line, o->sim);
    if (o->intend &&
        (!attempt_open(store, subject, o->intend, o->line, o->sim, err) ||
         !usage_spend(store, o->sim, &o->spend, 1, err)))
        return false;
    if (o->state != PART_SENT && o->state != PART_UNSURE)
        return true;
    return reports_catch_up(store, subject, attempt, o->sim ? o->sim : o->line,
                            o->remote_id, why, err);
}

static bool outcome_run(struct store *store, struct task *task, struct err *err)
{
    struct outcome_task *t = (struct outcome_task *)task;
    const struct outcome *o = &t->outcome;
    struct subject subject = t->subject;
    struct attempt attempt;
    struct change change = {
        .to = o->move,
        .attempt = subject.attempt + (o->intend ? 1 : 0),
        .owed = owed_for(&subject, o->move, o->owe),
        .err = o->err,
        .next_at = o->next_at,
    };
    struct err why = { 0 };
    bool done;

    subject.conv = conversation_get(store, t->conversation, err);
    if (!subject.conv || !moves_apply(store, &subject, &change, &done, err) ||
        !attempt_close(store, &subject, o, &attempt, err) ||
        !usage_spend(store, o->sim, &o->refund, -1, err))
        return false;
    if (!done)
        return true;
    if (o->err)
        why = *o->err;
    if (!outcome_parts(store, t, &subject, &attempt, &why, err))
        return false;
    moved_fill(&t->moved, &subject, &why);
    return !message_handed_over(subject.state) ||
           follow(store, subject.conv, &t->moved.follower, err);
}

static const struct task_ops outcome_ops = {
    .run = outcome_run,
    .undo = moved_undo,
    .finish = moved_finish,
    .writes = true,
};

void store_outcome(struct store *store, const struct outcome *outcome,
                   store_moved_fn *fn, void *arg)
{
    struct outcome_task *t = task_new(store, &outcome_ops, sizeof(*t), 512);
    struct task *task = &t->moved.task;

    t->moved.fn = fn;
    t->moved.arg = arg;
    t->conversation = outcome->delivery->conversation;
    t->outcome = *outcome;
    t->outcome.delivery = NULL;
    t->outcome.line = task_text(task, outcome->line);
    t->outcome.sim = task_text(task, outcome->sim);
    t->outcome.remote_id = task_text(task, outcome->remote_id);
    t->outcome.err = err_copy(task, outcome->err);
    subject_copy(task, &t->subject, outcome->delivery);
    task_submit(task);
}

/* --- store_move ----------------------------------------------------------- */

struct move_task {
    struct moved_task moved;
    struct subject subject;
    int64_t conversation;
    struct move move;
};

/* All attempts first: a message is delivered when all of them are. */
static bool move_remote_ids(struct store *store, const struct move *move,
                            struct subject *subject, struct err *why,
                            struct err *err)
{
    int64_t first = store->last_attempt;
    struct attempt attempt;

    conversation_stick(store, subject->conv, move->line, move->sim);
    if (!usage_spend(store, move->sim, &move->spend, (int64_t)move->n, err))
        return false;
    for (unsigned n = 1; n <= move->n; n++)
        if (!attempt_sent(store, subject, move, n, &attempt, err))
            return false;
    for (unsigned n = 1; n <= move->n; n++) {
        attempt.id = first + n;
        attempt.part = n;
        if (!reports_catch_up(store, subject, &attempt,
                              move->sim ? move->sim : move->line,
                              text_or_null(move->remote_ids[n - 1]), why, err))
            return false;
    }
    return true;
}

/* A try of an idempotent sink has no intent that counts it. */
static unsigned move_attempt(const struct subject *subject,
                             const struct move *move)
{
    bool tried = move->to == MESSAGE_QUEUED && subject->state == MESSAGE_QUEUED;

    return subject->attempt + (tried ? 1 : 0);
}

/* Nothing ties it to its line any more. */
static bool move_anew(struct store *store, const struct move *move,
                      const struct subject *subject, bool unsure,
                      struct err *err)
{
    if (!move->anew)
        return true;
    store->counts[COUNT_FAILOVER] += move->failover;
    store->counts[COUNT_RESENT] += move->failover && unsure;
    conversation_unstick(store, subject->conv);
    return parts_forget(store, subject, err);
}

static bool move_run(struct store *store, struct task *task, struct err *err)
{
    struct move_task *t = (struct move_task *)task;
    const struct move *move = &t->move;
    struct subject subject = t->subject;
    struct change change = {
        .to = move->to,
        .attempt = move_attempt(&subject, move),
        .owed = owed_for(&subject, move->to, move->owe),
        .err = move->err,
        .next_at = move->next_at,
    };
    struct err why = { 0 };
    bool done;

    subject.conv = conversation_get(store, t->conversation, err);
    if (!subject.conv || !moves_apply(store, &subject, &change, &done, err))
        return false;
    if (!done)
        return true;
    if (move->err)
        why = *move->err;
    store->counts[COUNT_POISON] +=
        move->to == MESSAGE_FAILED && why.kind == ERR_POISON;
    if (!move_anew(store, move, &subject, t->subject.state == MESSAGE_UNKNOWN,
                   err) ||
        !move_remote_ids(store, move, &subject, &why, err))
        return false;
    moved_fill(&t->moved, &subject, &why);
    return !move->follow || !message_handed_over(subject.state) ||
           follow(store, subject.conv, &t->moved.follower, err);
}

static const struct task_ops move_ops = {
    .run = move_run,
    .undo = moved_undo,
    .finish = moved_finish,
    .writes = true,
};

void store_move(struct store *store, const struct move *move,
                store_moved_fn *fn, void *arg)
{
    struct move_task *t = task_new(store, &move_ops, sizeof(*t), 512);
    struct task *task = &t->moved.task;
    const char **ids = task_alloc(task, move->n * sizeof(*ids));

    t->moved.fn = fn;
    t->moved.arg = arg;
    t->conversation = move->delivery->conversation;
    t->move = *move;
    t->move.delivery = NULL;
    t->move.line = task_text(task, move->line);
    t->move.sim = task_text(task, move->sim);
    t->move.err = err_copy(task, move->err);
    t->move.n = move->remote_ids ? move->n : 0;
    for (size_t i = 0; i < t->move.n; i++)
        ids[i] = task_text(task, move->remote_ids[i]);
    t->move.remote_ids = ids;
    subject_copy(task, &t->subject, move->delivery);
    task_submit(task);
}
