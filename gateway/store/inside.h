/* inside.h - what the files of the store share; nobody else includes it.
 *
 * Everything here runs on the store's thread, inside the transaction of the
 * group, unless it says otherwise. Functions that fail fill *err; a job that
 * refuses must do so before its first write. */
#ifndef MOONGATE_STORE_INSIDE_H
#define MOONGATE_STORE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/db.h"
#include "store/message.h"
#include "store/store.h"
#include "toolkit/worker.h"

/* --- tasks (task.c) ------------------------------------------------------- */

struct task;

struct task_ops {
    /* NULL: nothing to do. May run again after a rollback. */
    bool (*run)(struct store *store, struct task *task, struct err *err);
    /* Frees what run made and finish did not give away; NULL: nothing. */
    void (*undo)(struct task *task);
    /* Loop thread: calls back; err NULL on success. NULL: nobody waits. */
    void (*finish)(struct task *task, const struct err *err);
    /* Loop thread: frees what outlives a run; NULL: nothing. */
    void (*drop)(struct task *task);
    bool writes; /* needs a transaction */
    bool grows;  /* new work: refused when the disk is full */
    bool looks;  /* reads conversations by SQL: the cache is written first */
};

struct task {
    struct job job; /* first */
    const struct task_ops *ops;
    struct store *store;
    bool failed, barred; /* barred: it broke a group and is left out */
    bool again; /* set by run: not done yet, comes again after finish */
    char *room; /* rest of the block, for copies */
    size_t left;
    struct chunk *chunks;
    struct err err;
};

/* A zeroed task of `size` bytes with `room` for copies (more is allocated when
 * that is not enough). Loop thread. */
void *task_new(struct store *store, const struct task_ops *ops, size_t size,
               size_t room);
void task_submit(struct task *task); /* loop thread */

/* Memory and copies that live as long as the task. NULL stays NULL. */
void *task_alloc(struct task *task, size_t size);
void *task_bytes(struct task *task, const void *bytes, size_t size);
char *task_text(struct task *task, const char *text);

/* --- the store ------------------------------------------------------------ */

enum counter {
    COUNT_RESENT,
    COUNT_DUPLICATE,
    COUNT_POISON,
    COUNT_BLOCKED,
    COUNT_FAILOVER,
    COUNTERS
};

/* Where the outbox of one direction of a network goes: its fair clock, and how
 * many messages are in which state. */
struct sink {
    struct sink *next;
    char *network;
    enum direction direction;
    int64_t now; /* turn of the conversation taken last */
    struct account_turn *turns;
    int64_t counts[MESSAGE_STATES], committed[MESSAGE_STATES];
    bool dirty;
};

/* Cached; the truth for as long as it is there. */
struct conversation {
    int64_t id;
    struct sink *sink;
    const char *account, *contact; /* account "": belongs to nobody */
    char *key; /* direction, network, account, contact: owns the texts */
    size_t key_size;
    char *line, *sim, *name; /* NULL: none */
    int64_t kind, last_seq, head, taken;
    int64_t turn, next_at; /* 0: none */
    int64_t deferred;      /* the number next_at is about; 0: head */
    int64_t last_ref, touched;
    bool fresh;      /* not in the table yet */
    bool dirty;      /* differs from the table */
    bool moved;      /* turn or next_at do */
    bool advanced;   /* its head has to be looked up (settle) */
    bool listed;     /* in store->advanced */
    bool registered; /* the account is known to exist */
    enum { BLOCK_UNKNOWN, BLOCK_NO, BLOCK_YES } block; /* by its account */
    struct conversation *next_dirty, *next_advanced;
    UT_hash_handle by_id, by_key;
};

struct space {
    char *dir;
    int64_t min_free, checked; /* bytes; monotonic ms */
    bool ballast;              /* the file is there */
};

struct store {
    struct owner *owner; /* loop thread */
    struct worker *worker;
    struct timer *probe; /* runs while the disk is full */
    bool closing;
    atomic_bool full;

    pthread_mutex_t lock; /* held by whoever uses what follows */
    struct db *db;
    int lock_fd;
    int64_t now; /* Unix ms at the start of the group */
    struct space space;
    bool broken; /* for ever: every task gets `why` */
    struct err why;
    struct sink *sinks;
    struct conversation *by_id, *by_key, *dirty, *advanced;
    struct buf key;
    int64_t last_conversation, last_message, last_attempt, last_report,
        last_set;
    int64_t orphans; /* unmatched reports, about */
    int64_t counts[COUNTERS], committed[COUNTERS];
    struct usage *usages, *used; /* all that is cached; changed in the group */
    struct rules *rules;         /* of all accounts that have any */
    struct {
        int64_t body, message;
        char *source, *key; /* of seen */
    } swept;                /* how far sweep.c has come */
};

/* group.c: a worker_fn. */
void store_group(void *arg, struct job *jobs);

/* Is there room? Refreshes store->full about once a second; keeps or gives up
 * the ballast (space.c). */
bool space_open(struct store *store, const char *dir, int64_t min_free,
                struct err *err);
void space_refresh(struct store *store);
void space_give_up(struct store *store); /* a commit found no space */
void space_close(struct store *store);

bool store_recover(struct store *store, struct err *err); /* recover.c */

/* account.state */
enum { ACCOUNT_ACTIVE, ACCOUNT_BLOCKED };

/* Bits of message.receipt: what its sender wants to hear. */
enum { ASKED_RECEIPT = 1, ASKED_MARKER = 2 };

/* --- sinks and counters (sink.c) ------------------------------------------ */

struct sink *sink_get(struct store *store, const char *network,
                      enum direction direction, struct err *err);
/* The next fair turn for a conversation of `account`. */
int64_t sink_turn(struct sink *sink, const char *account);
/* `from` MESSAGE_STATES: new. */
void sink_count(struct sink *sink, enum message_state from,
                enum message_state to);
bool sinks_flush(struct store *store, struct err *err);
void sinks_committed(struct store *store);
void sinks_rollback(struct store *store);
void sinks_free(struct store *store);
bool counters_load(struct store *store, struct err *err);
const char *counter_name(enum counter counter);

/* --- conversations (conversation.c) --------------------------------------- */

/* The conversation, new if there is none. NULL: err. */
struct conversation *conversation_find(struct store *store, struct sink *sink,
                                       const char *account, const char *contact,
                                       struct err *err);
struct conversation *conversation_get(struct store *store, int64_t id,
                                      struct err *err);

/* After a change of any field but turn, next_at. */
void conversation_touch(struct store *store, struct conversation *conv);

/* Sets turn or next_at (0: none). */
void conversation_place(struct store *store, struct conversation *conv,
                        int64_t turn, int64_t next_at);

/* Gives it a turn if there is something to take and nothing against it. */
void conversation_ready(struct store *store, struct conversation *conv);

/* What was taken comes back; message `seq` is deferred, or nothing (0). */
void conversation_give_back(struct store *store, struct conversation *conv,
                            int64_t seq, int64_t next_at);

/* Message `seq` is handed over; settle finds the new head, once per task. */
void conversation_advance(struct store *store, struct conversation *conv,
                          int64_t seq);
bool conversation_settle(struct store *store, struct conversation *conv,
                         struct err *err);
bool conversations_settle(struct store *store, struct err *err);

/* Remembers the line that its messages stick to. NULL: no change. */
void conversation_stick(struct store *store, struct conversation *conv,
                        const char *line, const char *sim);
void conversation_unstick(struct store *store, struct conversation *conv);

bool conversations_flush(struct store *store, struct err *err);
void conversations_forget(struct store *store); /* all; after a flush */
void conversations_trim(struct store *store);   /* when there are many */

/* --- deliveries (delivery.c, take.c) -------------------------------------- */

/* A copy in one block of a delivery whose texts and parts are borrowed. */
struct delivery *delivery_copy(const struct delivery *from);
void deliveries_free(struct delivery *list);

/* Takes up to n messages of the conversation, appends them to *list and counts
 * them in *taken. */
bool take_from(struct store *store, struct conversation *conv, size_t n,
               struct delivery **list, size_t *taken, struct err *err);

/* --- attachments (attachments.c) ------------------------------------------ */

bool attachments_insert(struct store *store, int64_t message,
                        const struct entry *entry, struct err *err);
/* Into the delivery's rows, heap memory for attachments_free. */
bool attachments_read(struct store *store, struct delivery *delivery,
                      struct err *err);
void attachments_free(struct delivery *delivery);
/* A copy that takes `attachments_size` bytes of `room`; NULL for none. */
size_t attachments_size(const struct attachment_row *rows, size_t n);
struct attachment_row *attachments_copy(const struct attachment_row *rows,
                                        size_t n, char *room);

/* --- contacts (contacts.c) ------------------------------------------------ */

/* The account ended its subscription: it is not offered that contact again. */
bool contact_taken_off(struct store *store, const char *network,
                       const char *account, const char *address,
                       struct err *err);

/* The name of the conversation's contact, heap; NULL when it has none. */
bool contact_name(struct store *store, const struct conversation *conv,
                  char **name, struct err *err);

/* A message brought this name; unless the account has given one itself, it is
 * the contact's from now on. */
bool contact_introduce(struct store *store, struct conversation *conv,
                       const char *name, struct err *err);

/* --- slots (slots.c) ------------------------------------------------------ */

/* The stanza's id that a message names; "" when it names none. */
struct slot_target {
    char text[256];
};

/* What a new message of `slot` (NULL: none) corrects in the conversation: the
 * first of the slot's messages, unless the last of them failed or is gone. */
bool slot_target(struct store *store, const struct conversation *conv,
                 const char *slot, struct slot_target *out, struct err *err);

/* --- targets (targets.c) -------------------------------------------------- */

/* What the entry is about: the message of its slot, else what its target says,
 * which for TO_LINE is a stanza's id, for TO_XMPP a slot, or a remote id on
 * target_sim. The result is the id by which the user knows it. */
bool target_find(struct store *store, const struct conversation *conv,
                 const struct entry *entry, struct slot_target *out,
                 struct err *err);

/* The remote ids (heap) of what a user named in a conversation TO_LINE; NULL
 * when nobody knows them. */
bool target_remote(struct store *store, const struct conversation *conv,
                   const char *target, char **remote, struct err *err);

/* --- moves (moves.c) ------------------------------------------------------ */

/* A message that is about to be moved. */
struct subject {
    int64_t row, seq;
    struct conversation *conv;
    struct id id;
    enum message_state state;
    unsigned attempt;
    enum owed owed;
    bool receipt, markable;
    bool bounced;    /* an error is noted with it */
    int64_t parts;   /* planned ones; 0: none stored */
    int64_t copy_of; /* the row it was accepted with; 0: it is no copy */
    int64_t tried_at, created;
    char *stanza_id, *from; /* in the task's room */
};

struct change {
    enum message_state to;
    unsigned attempt; /* the new one */
    enum owed owed;
    const struct err *err; /* kept with the message; may be NULL */
    int64_t next_at;
};

/* The only writer of message.state: moves the subject if it is still as it
 * says, with its conversation's head and place. *done: it was. */
bool moves_apply(struct store *store, struct subject *subject,
                 const struct change *change, bool *done, struct err *err);

/* Reads the message of `row` (of `id`) for a move; *found false: none. */
bool moves_find(struct store *store, struct task *task, int64_t row,
                struct subject *subject, bool *found, struct err *err);
bool moves_find_id(struct store *store, struct task *task, const struct id *id,
                   struct subject *subject, bool *found, struct err *err);

/* A failed message begins anew, whole, at the end of its conversation, though
 * the table of moves forbids it: somebody wants it so. `expires` 0: never. */
bool moves_again(struct store *store, struct subject *subject, int64_t expires,
                 struct err *err);

/* A task that answers with store_moved_fn. */
struct moved_task {
    struct task task;
    store_moved_fn *fn;
    void *arg;
    bool changed;
    struct moved moved;
    struct delivery *follower;
};
void moved_undo(struct task *task);
void moved_finish(struct task *task, const struct err *err);
void moved_fill(struct moved_task *task, const struct subject *subject,
                const struct err *why);

/* A task that answers with store_fn. */
struct plain_task {
    struct task task;
    store_fn *fn;
    void *arg;
};
void plain_finish(struct task *task, const struct err *err);

/* One that says something of an account and a contact. */
struct pair_task {
    struct plain_task plain; /* first */
    const char *network, *account, *contact;
    bool on;
};
void pair_submit(struct store *store, const struct task_ops *ops,
                 const struct pair_task *pair); /* copied */

/* --- parts and attempts (attempts.c) -------------------------------------- */

enum attempt_outcome {
    ATTEMPT_OPEN = 2,
    ATTEMPT_UNSURE = 3, /* named by an index of schema.c */
    ATTEMPT_SENT,
    ATTEMPT_REFUSED,
    ATTEMPT_DELIVERED,
    ATTEMPT_UNDELIVERED,
    ATTEMPT_ABANDONED, /* its message was cut anew: no word on it counts */
};

struct attempt {
    int64_t id, message;
    unsigned part, n;
    int64_t submitted_at;
    enum attempt_outcome outcome;
};

bool parts_insert(struct store *store, int64_t message,
                  const struct part_row *parts, size_t n, struct err *err);

/* Replaces the stored parts of the message. */
bool parts_store(struct store *store, const struct subject *subject,
                 uint16_t reference, const struct part_row *parts, size_t n,
                 struct err *err);

/* Forgets the parts and what may still be said of them: the message is as one
 * that was never begun. */
bool parts_forget(struct store *store, const struct subject *subject,
                  struct err *err);

/* A new attempt with its part and n; the line sticks to the conversation. */
bool attempt_begin(struct store *store, const struct subject *subject,
                   struct attempt *attempt, const char *line, const char *sim,
                   struct err *err);

/* Part `n` goes out: marks its row, then attempt_begin. */
bool attempt_open(struct store *store, const struct subject *subject,
                  unsigned n, const char *line, const char *sim,
                  struct err *err);

/* The newest attempt of part `n` ends; *attempt.id is 0 when there is none. */
bool attempt_close(struct store *store, const struct subject *subject,
                   const struct outcome *outcome, struct attempt *attempt,
                   struct err *err);

/* An attempt of an idempotent sink, with its end. */
bool attempt_sent(struct store *store, const struct subject *subject,
                  const struct move *move, unsigned n, struct attempt *attempt,
                  struct err *err);

bool part_set(struct store *store, int64_t message, unsigned n,
              enum part_state state, struct err *err);

/* --- reports (verdicts.c) ------------------------------------------------ */

/* A report may come this long after its part, in ms. */
#define REPORT_WINDOW ((int64_t)3 * 24 * 3600 * 1000)

#define ATTEMPT_COLUMNS                                                        \
    "id, message, part, n, submitted_at, outcome, chat FROM attempt"
void attempt_from(struct db_rows *rows, struct attempt *attempt);
bool attempt_same_part(const struct attempt *a, const struct attempt *b);

/* An attempt whose answer was never heard has this id, as a report shows: what
 * is offered again is known by it. */
bool attempt_name(struct store *store, const struct attempt *attempt,
                  const char *remote_id, struct err *err);

struct verdict {
    bool delivered;
    const struct err *err; /* why not */
};

bool attempt_settle(struct store *store, const struct attempt *attempt,
                    const struct verdict *verdict, struct err *err);

/* Notes the word on the attempt, then on its part and message. *done: the
 * message itself moved by it. */
bool verdict_apply(struct store *store, struct subject *subject,
                   const struct attempt *attempt, const struct verdict *verdict,
                   bool *done, struct err *err);

/* Attempts of unknown outcome on this SIM to that recipient (NULL: any): the
 * newest, and how many parts. `resent`: also parts of which another try is
 * under way. */
bool unsure_like(struct store *store, const char *sim, const char *chat,
                 bool resent, struct attempt *attempt, size_t *n,
                 struct err *err);

/* Looks for an early report of an attempt that has just ended; applies it.
 * *why is filled when the message failed by it. */
bool reports_catch_up(struct store *store, struct subject *subject,
                      const struct attempt *attempt, const char *sim,
                      const char *remote_id, struct err *why, struct err *err);

/* Do two recipients end alike (the last 7 digits, or all)? */
bool recipients_alike(const char *a, const char *b);

/* Hex digits to the lowest and the highest id that begin with them
 * (inspect.c). */
bool id_range(const char *prefix, struct id range[2], struct err *err);

/* --- block lists (blocks.c) ----------------------------------------------- */

/* Has the conversation's account blocked its contact? */
bool block_check(struct store *store, struct conversation *conv, bool *blocked,
                 struct err *err);

/* --- dedupe (seen.c) ------------------------------------------------------ */

/* Notes (source, key); *again: it was there. */
bool seen_note(struct store *store, const char *source, const char *key,
               bool *again, struct err *err);
bool seen_before(struct store *store, const char *source, const char *key,
                 bool *again, struct err *err);

/* How many fragments the set has; drops it (fragments.c). */
bool fragments_count(struct store *store, int64_t set, size_t *n,
                     struct err *err);
bool fragments_forget(struct store *store, int64_t set, struct err *err);

/* Message states are stored as they are plus this (see schema.c). */
enum { STATE_BASE = 2 };
static inline struct db_value db_state(enum message_state state)
{
    return db_int((int64_t)state + STATE_BASE);
}
static inline enum message_state db_get_state(struct db_rows *rows, int column)
{
    return (enum message_state)(db_get_int(rows, column) - STATE_BASE);
}

/* Texts of an err in a row: NULL when there is none. */
static inline const char *text_or_null(const char *text)
{
    return text && text[0] ? text : NULL;
}

#endif
