/* accept.c - messages come in. For each entry: is the account known, was it
 * seen before, then the next number of its conversation, one row, one body;
 * when it is taken at once, the delivery is built from the entry itself, and
 * an intent (parts, first attempt) rides along. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/inside.h"
#include "store/lines.h"
#include "store/rules.h"
#include "store/usage.h"

struct accept_task {
    struct task task;
    store_accept_fn *fn;
    void *arg;
    struct entry *entries;
    struct entry_result *results;
    size_t n;
    int64_t forget_set;
    size_t forget_n;
    const char *state_owner, *state_key, *state_value;
};

/* What several receivers of one event share. */
struct event {
    const char *source, *key;
    bool noted, again;
    int64_t row;  /* of the first; 0: none yet */
    bool refused; /* a text to a line: its copies tell nobody anything */
    struct err err;
};

/* --- rows ----------------------------------------------------------------- */

static bool message_insert(struct store *store, const struct entry *entry,
                           const struct subject *subject,
                           const struct slot_target *target, struct err *err)
{
    static const char insert[] =
        "INSERT INTO message (id, mid, conv, seq, state, attempt, owed, held,"
        " moved_at, direction, kind, receipt, created, at, expires, author,"
        " stanza_id, sender, reference, parts, manner, slot, target_id,"
        " copy_of, attachments) VALUES"
        " (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9, ?10, ?11, ?8, ?12, ?13, ?14,"
        " ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";
    static const char body[] = "INSERT INTO body (message, text)"
                               " VALUES (?1, ?2)";
    int64_t parts = subject->parts;
    int64_t asked = (entry->receipt ? ASKED_RECEIPT : 0) |
                    (entry->markable ? ASKED_MARKER : 0);

    return db_run(store->db, insert,
                  DB_VALUES(db_int(subject->row),
                            db_blob(entry->id.bytes, sizeof(entry->id.bytes)),
                            db_int(subject->conv->id), db_int(subject->seq),
                            db_state(subject->state), db_int(subject->attempt),
                            db_int(entry->account == NULL), db_int(store->now),
                            db_int(entry->direction), db_int(entry->kind),
                            db_int(asked), db_some(entry->at),
                            db_some(entry->expires), db_text(entry->author),
                            db_text(entry->stanza_id), db_text(entry->from),
                            db_some(parts ? entry->reference : 0),
                            db_some(parts), db_text(entry->manner),
                            db_text(entry->slot),
                            db_text(target->text[0] ? target->text : NULL),
                            db_some(subject->copy_of),
                            db_some((int64_t)entry->n_attachments)),
                  err) &&
           attachments_insert(store, subject->row, entry, err) &&
           db_run(store->db, body,
                  DB_VALUES(db_int(subject->row),
                            db_text(entry->text ? entry->text : "")),
                  err);
}

static bool may_take(const struct store *store, const struct conversation *conv,
                     const struct entry *entry)
{
    bool in_front = entry->direction == TO_LINE ? conv->head <= conv->last_seq
                                                : conv->taken < conv->last_seq;

    bool other_line =
        entry->line && conv->line && strcmp(entry->line, conv->line) != 0;

    return entry->take && entry->account && !in_front && !conv->turn &&
           !conv->next_at && !other_line && !rules_quiet_until(store, conv);
}

static struct delivery *entry_delivery(struct store *store,
                                       const struct entry *entry,
                                       const struct subject *subject,
                                       const char *target)
{
    struct conversation *conv = subject->conv;
    bool to_line = entry->direction == TO_LINE;
    uint16_t next = to_line ? (uint16_t)(conv->last_ref + 1) : 0;
    struct delivery delivery = {
        .row = subject->row,
        .conversation = conv->id,
        .seq = subject->seq,
        .id = entry->id,
        .direction = entry->direction,
        .kind = entry->kind,
        .state = subject->state,
        .attempt = subject->attempt,
        .network = conv->sink->network,
        .account = (char *)conv->account,
        .contact = (char *)conv->contact,
        .line = conv->line,
        .sim = conv->sim,
        .text = (char *)(entry->text ? entry->text : ""),
        .stanza_id = (char *)entry->stanza_id,
        .from = (char *)entry->from,
        .manner = (char *)entry->manner,
        .author = (char *)entry->author,
        .name = conv->name,
        .target = (char *)target,
        .receipt = entry->receipt,
        .created = store->now,
        .at = entry->at,
        .expires = entry->expires,
        .tried = subject->attempt ? store->now : 0,
        .reference = entry->n_parts ? entry->reference : next,
        .parts = (struct part_row *)entry->parts,
        .n_parts = entry->n_parts,
        .attachments = (struct attachment_row *)entry->attachments,
        .n_attachments = entry->n_attachments,
    };

    return delivery_copy(&delivery);
}

static bool give_delivery(struct store *store, const struct entry *entry,
                          const struct subject *subject, const char *target,
                          struct entry_result *result, struct err *err)
{
    char *remote = NULL;

    if (entry->direction == TO_LINE && target &&
        !target_remote(store, subject->conv, target, &remote, err))
        return false;
    result->delivery = entry_delivery(
        store, entry, subject, entry->direction == TO_LINE ? remote : target);
    free(remote);
    return true;
}

static bool accept_intent(struct store *store, const struct entry *entry,
                          const struct subject *subject, struct err *err)
{
    subject->conv->last_ref = entry->reference;
    return parts_insert(store, subject->row, entry->parts, entry->n_parts,
                        err) &&
           attempt_begin(store, subject, &(struct attempt){ .part = 1, .n = 1 },
                         entry->line, entry->sim, err) &&
           usage_spend(store, entry->sim, &entry->spend, 1, err);
}

/* An answer goes out where the text came in, unless something is under way on
 * another line. */
static bool reply_stick(struct store *store, const struct entry *entry,
                        struct err *err)
{
    struct conversation *conv;
    struct sink *sink;

    if (entry->direction == TO_LINE || !entry->line || !entry->account)
        return true;
    sink = sink_get(store, entry->network, TO_LINE, err);
    conv = sink ? conversation_find(store, sink, entry->account, entry->contact,
                                    err)
                : NULL;
    if (!conv)
        return false;
    if (conv->head > conv->last_seq)
        conversation_stick(store, conv, entry->line, entry->sim);
    return true;
}

/* The checks are done: from here on nothing is refused. */
static bool accept_insert(struct store *store, struct conversation *conv,
                          const struct entry *entry,
                          struct entry_result *result, struct event *event,
                          struct err *err)
{
    bool take = may_take(store, conv, entry);
    bool intent = take && entry->n_parts > 0;
    struct subject subject = {
        .row = ++store->last_message,
        .seq = ++conv->last_seq,
        .conv = conv,
        .state = intent ? MESSAGE_SUBMITTING : MESSAGE_QUEUED,
        .attempt = intent ? 1 : 0,
        .parts = intent ? (int64_t)entry->n_parts : 0,
        .copy_of = entry->with_first ? event->row : 0,
    };
    struct slot_target target;

    if (!target_find(store, conv, entry, &target, err))
        return false;
    conv->touched = store->now;
    conv->registered = entry->account != NULL;
    conv->kind = entry->author ? 1 : conv->kind;
    conversation_touch(store, conv);
    if (take)
        conv->taken = conv->last_seq;
    else
        conversation_ready(store, conv);
    sink_count(conv->sink, MESSAGE_STATES, subject.state);
    if (!message_insert(store, entry, &subject, &target, err) ||
        !contact_introduce(store, conv, entry->name, err) ||
        !reply_stick(store, entry, err) ||
        (intent && !accept_intent(store, entry, &subject, err)))
        return false;
    if (!entry->with_first)
        event->row = subject.row;
    result->outcome = take ? ENTRY_TAKEN : ENTRY_QUEUED;
    return !take ||
           give_delivery(store, entry, &subject,
                         target.text[0] ? target.text : NULL, result, err);
}

static struct conversation *entry_conversation(struct store *store,
                                               const struct entry *entry,
                                               struct err *err)
{
    struct sink *sink = sink_get(store, entry->network, entry->direction, err);

    if (!sink)
        return NULL;
    return conversation_find(store, sink, entry->account ? entry->account : "",
                             entry->contact, err);
}

static bool event_note(struct store *store, struct event *event,
                       struct err *err)
{
    if (event->noted)
        return true;
    event->noted = true;
    return seen_note(store, event->source, event->key, &event->again, err);
}

/* Who is blocked does not hear of it. */
static bool accept_blocked(struct store *store, const struct entry *entry,
                           struct entry_result *result, struct err *err)
{
    if (entry->direction == TO_LINE)
        return err_set(err, ERR_BLOCKED,
                       "you have blocked this contact: unblock it to write");
    store->counts[COUNT_BLOCKED]++;
    result->outcome = ENTRY_DUPLICATE;
    return true;
}

static bool accept_entry(struct store *store, const struct entry *entry,
                         struct entry_result *result, struct event *event,
                         struct err *err);

/* Whom it is for has no account any more: it is held like one for nobody,
 * unless it is a copy of what somebody else has. */
static bool accept_orphan(struct store *store, const struct entry *entry,
                          struct entry_result *result, struct event *event,
                          struct err *err)
{
    struct entry orphan = *entry;

    if (entry->with_first && event->row) {
        result->outcome = ENTRY_DUPLICATE;
        return true;
    }
    orphan.account = NULL;
    result->nobody = true;
    return accept_entry(store, &orphan, result, event, err);
}

static bool is_refusal(const struct err *err)
{
    return err->kind == ERR_UNREGISTERED || err->kind == ERR_FORBIDDEN ||
           err->kind == ERR_BAD_ADDRESS || err->kind == ERR_BLOCKED ||
           err->kind == ERR_LIMITED || err->kind == ERR_TOO_LONG ||
           err->kind == ERR_NOT_ALLOWED;
}

/* What was accepted already is not refused when it comes again. */
static bool accept_limited(struct store *store, const struct event *event,
                           struct entry_result *result, struct err *err)
{
    struct err failed;
    bool again;

    if (!is_refusal(err) || !event->key)
        return false;
    if (!seen_before(store, event->source, event->key, &again, &failed))
        *err = failed;
    else if (again)
        result->outcome = ENTRY_DUPLICATE;
    return again;
}

static bool accept_entry(struct store *store, const struct entry *entry,
                         struct entry_result *result, struct event *event,
                         struct err *err)
{
    struct conversation *conv = entry_conversation(store, entry, err);
    bool make, blocked;

    if (!conv)
        return false;
    if (!admission_check(store, conv, entry, &make, err))
        return entry->direction == TO_XMPP && is_refusal(err) &&
               accept_orphan(store, entry, result, event, err);
    if (!block_check(store, conv, &blocked, err))
        return false;
    if (blocked)
        return accept_blocked(store, entry, result, err);
    if (!allowance_check(store, conv, entry, &result->paused, err))
        return accept_limited(store, event, result, err);
    if (!event_note(store, event, err))
        return false;
    if (event->again) {
        result->outcome = ENTRY_DUPLICATE;
        return true;
    }
    if (make && !admission_make(store, entry, err))
        return false;
    return allowance_count(store, conv, entry, err) &&
           accept_insert(store, conv, entry, result, event, err);
}

/* The fragments were joined by somebody else, or more of them came. */
static bool accept_is_stale(struct store *store, struct accept_task *t,
                            bool *stale, struct err *err)
{
    size_t n = 0;

    *stale = false;
    if (t->forget_set == 0)
        return true;
    if (!fragments_count(store, t->forget_set, &n, err))
        return false;
    *stale = n != t->forget_n;
    for (size_t i = 0; *stale && i < t->n; i++)
        t->results[i].outcome = ENTRY_DUPLICATE;
    return true;
}

static bool accept_run(struct store *store, struct task *task, struct err *err)
{
    struct accept_task *t = (struct accept_task *)task;
    struct event event = { 0 };
    bool stale;

    if (!accept_is_stale(store, t, &stale, err))
        return false;
    if (stale)
        return true;
    for (size_t i = 0; i < t->n; i++) {
        const struct entry *entry = &t->entries[i];
        struct entry_result *result = &t->results[i];

        result->delivery = NULL;
        result->nobody = !entry->account;
        if (!entry->with_first)
            event =
                (struct event){ .source = entry->source, .key = entry->key };
        if (event.refused)
            *err = event.err;
        else if (accept_entry(store, entry, result, &event, err))
            continue;
        if (!is_refusal(err))
            return false;
        result->outcome = ENTRY_REFUSED;
        result->err = *err;
        if (!entry->with_first && entry->direction == TO_LINE) {
            event.refused = true;
            event.err = *err;
        }
    }
    if (t->state_key &&
        !state_keep(store, t->state_owner, t->state_key, t->state_value, err))
        return false;
    return !t->forget_set || fragments_forget(store, t->forget_set, err);
}

static void accept_undo(struct task *task)
{
    struct accept_task *t = (struct accept_task *)task;

    for (size_t i = 0; i < t->n; i++) {
        delivery_free(t->results[i].delivery);
        t->results[i].delivery = NULL;
    }
}

static void accept_finish(struct task *task, const struct err *err)
{
    struct accept_task *t = (struct accept_task *)task;

    t->fn(t->arg, err ? NULL : t->results, err ? 0 : t->n, err);
    if (!err)
        for (size_t i = 0; i < t->n; i++)
            t->results[i].delivery = NULL; /* the receiver's */
}

static const struct task_ops accept_ops = {
    .run = accept_run,
    .undo = accept_undo,
    .finish = accept_finish,
    .writes = true,
    .grows = true,
};

/* --- copying -------------------------------------------------------------- */

static const size_t texts[] = {
    offsetof(struct entry, network), offsetof(struct entry, contact),
    offsetof(struct entry, account), offsetof(struct entry, text),
    offsetof(struct entry, from),    offsetof(struct entry, stanza_id),
    offsetof(struct entry, author),  offsetof(struct entry, name),
    offsetof(struct entry, source),  offsetof(struct entry, key),
    offsetof(struct entry, line),    offsetof(struct entry, sim),
    offsetof(struct entry, manner),  offsetof(struct entry, slot),
    offsetof(struct entry, target),  offsetof(struct entry, target_sim),
};

static void entry_copy(struct task *task, struct entry *to,
                       const struct entry *from)
{
    struct part_row *parts =
        task_alloc(task, from->n_parts * sizeof(*from->parts));

    *to = *from;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char **text = (const char **)(void *)((char *)to + texts[i]);

        *text = task_text(task, *text);
    }
    for (size_t i = 0; i < from->n_parts; i++) {
        parts[i] = from->parts[i];
        parts[i].bytes = task_bytes(task, parts[i].bytes, parts[i].size);
        if (i == 0) {
            parts[i].state = PART_SUBMITTING;
            parts[i].tries = 1;
        }
    }
    to->parts = from->n_parts ? parts : NULL;
    to->attachments = attachments_copy(
        from->attachments, from->n_attachments,
        task_alloc(task,
                   attachments_size(from->attachments, from->n_attachments)));
}

static size_t entry_room(const struct entry *entry)
{
    size_t text = entry->text ? strlen(entry->text) : 0;

    return sizeof(*entry) + sizeof(struct entry_result) + text + 512;
}

void store_accept(struct store *store, const struct acceptance *acceptance,
                  store_accept_fn *fn, void *arg)
{
    size_t n = acceptance->n, room = 64;
    struct accept_task *t;

    for (size_t i = 0; i < n; i++)
        room += entry_room(&acceptance->entries[i]);
    t = task_new(store, &accept_ops, sizeof(*t), room);
    t->fn = fn;
    t->arg = arg;
    t->n = n;
    t->entries = task_alloc(&t->task, n * sizeof(*t->entries));
    t->results = task_alloc(&t->task, n * sizeof(*t->results));
    memset(t->results, 0, n * sizeof(*t->results));
    for (size_t i = 0; i < n; i++)
        entry_copy(&t->task, &t->entries[i], &acceptance->entries[i]);
    t->forget_set = acceptance->forget_set;
    t->forget_n = acceptance->forget_n;
    t->state_owner = task_text(&t->task, acceptance->state_owner);
    t->state_key = task_text(&t->task, acceptance->state_key);
    t->state_value = task_text(&t->task, acceptance->state_value);
    task_submit(&t->task);
}
