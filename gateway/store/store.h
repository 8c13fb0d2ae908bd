/* store.h - what the gateway remembers. Every call is a job: it is copied,
 * runs on the store's thread in the order of the calls, is committed with
 * whatever waits at that moment (group commit), and its callback runs on the
 * loop thread after COMMIT. A job that fails, fails alone (the others run
 * again without it). When there is no space even for moves, the whole group
 * gets ERR_FULL and nothing of it was done; other errors of the disk give
 * ERR_STORE to this and all later jobs: nobody knows, the daemon must stop.
 *
 * Callbacks get `err` NULL on success. What they are given is borrowed, except
 * for deliveries, which belong to the receiver (delivery_free). Strings in
 * arguments are copied by the call. */
#ifndef MOONGATE_STORE_STORE_H
#define MOONGATE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/limit.h"
#include "store/attachment.h"
#include "store/message.h"

struct owner;
struct store;

/* Opens (creates, migrates) the store: "DIR/moongate.db" for "sqlite". Takes
 * the lock file, checks integrity quickly, recovers: conversations that an
 * earlier life had taken are ready again, submitting messages are unknown.
 * Blocks; before the loop runs. `min_free` bytes must stay free on the disk
 * (and are kept in a ballast file for state moves). */
struct store *store_open(struct owner *owner, const char *spec, const char *dir,
                         int64_t min_free, struct err *err);

/* Finishes every job that was submitted and closes; blocks. */
void store_close(struct store *store);

/* Jobs whose callbacks have not run yet: 0 means all read is decided. */
size_t store_pending(const struct store *store);

typedef void store_fn(void *arg, const struct err *err);

/* A job that does nothing: its callback runs after everything before it. */
void store_barrier(struct store *store, store_fn *fn, void *arg);

/* Is less than min_free left? New work is refused then (ERR_FULL), moves go
 * on. Read from a flag that the store refreshes. */
bool store_is_full(const struct store *store);

/* --- parts that count --------------------------------------------------- */

/* Where a part counts against the caps of its SIM: the starts of the day and
 * the minute in Unix ms; 0: it does not. Written with the intent, so that a
 * crash cannot forget it. */
struct spend {
    int64_t day, minute;
};

/* What a SIM has spent in the periods that begin at `since`; months are added
 * up from days. */
struct spent_since {
    int64_t minute, day, month;
};
struct spent {
    int64_t minute, day, month;
};
typedef void store_usage_fn(void *arg, const struct spent *spent,
                            const struct err *err);
void store_usage(struct store *store, const char *sim,
                 const struct spent_since *since, store_usage_fn *fn,
                 void *arg);

/* --- messages in ------------------------------------------------------- */

/* What may be accepted for the lines of a network: counted in the transaction
 * of the insert. What an account has of its own stands in for `account`. */
struct allowance {
    struct limits account, network;
    int64_t burst;    /* new contacts a minute that pause an account; 0: none */
    int64_t pause_ms; /* for so long */
};

struct part_row {
    unsigned n; /* from 1 */
    enum part_state state;
    unsigned tries; /* attempts so far, this one included */
    void *bytes;
    size_t size;
};

/* A message in somebody's hands: taken from its conversation, to be handed
 * over. Ends with delivery_free. It is one block of memory: never free a field;
 * a text or the parts may be pointed to heap memory of the holder, which
 * delivery_free then frees too. */
struct delivery {
    struct delivery *prev, *next; /* utlist, for its holder */
    int64_t row;                  /* the store's key of the message */
    int64_t conversation;         /* the store's key */
    int64_t seq;
    struct id id;
    enum direction direction;
    int kind;                 /* enum message_kind of driver.h */
    enum message_state state; /* as stored */
    unsigned attempt;         /* moves name it in their WHERE */
    char *network, *account, *contact;
    char *line, *sim; /* sticky line; the SIM its parts went out on */
    char *text;
    char *stanza_id,
        *from;    /* TO_LINE: the sender's id attribute and full JID */
    char *manner; /* TO_LINE: how to send it (driver.h); NULL: as usual */
    char *author, *name; /* TO_XMPP: in groups; contact's nickname */
    char *target; /* TO_XMPP: id of a stanza; TO_LINE: remote ids; or NULL */
    bool receipt; /* TO_LINE: the sender asked for a receipt */
    int64_t created, at, expires; /* Unix ms; 0: none */
    int64_t tried;          /* when its last attempt was submitted; 0: never */
    uint16_t reference;     /* for concatenation, stable over tries */
    struct part_row *parts; /* only when planned before */
    size_t n_parts;
    struct attachment_row *attachments; /* texts as the delivery's */
    size_t n_attachments;
};

void delivery_free(struct delivery *delivery); /* NULL is fine */

/* One message to accept. */
struct entry {
    struct id id;
    enum direction direction;
    int kind;
    const char *network, *contact;
    const char *account; /* bare JID; NULL: belongs to nobody, is held */
    const char *text;
    const char *stanza_id, *from; /* TO_LINE */
    const char *manner;           /* TO_LINE; driver.h */
    const char *author, *name;    /* TO_XMPP; name updates the contact */
    const char *slot; /* TO_XMPP: corrects the slot's last message */
    const char *target, *target_sim; /* what it is about (targets.c) */
    const char *source, *key; /* dedupe in seen(source, key); key NULL: no */
    bool with_first; /* a copy of the nearest entry before it without this:
                        shares its dedupe; is dropped when that one is a text
                        to a line and refused */
    bool receipt;
    bool markable;     /* TO_LINE: the sender wants to know that it was read */
    bool make_account; /* registration = auto; else unknown is refused */
    const struct allowance *allowance; /* TO_LINE; lives as long as the store;
                                          NULL: only what the account has */
    bool answers_only; /* TO_LINE: refused unless the contact wrote first */
    size_t cost;       /* parts that it will be, as planned */
    int64_t at, expires;
    /* Take it at once when nothing of its conversation waits in front: for
     * TO_LINE an idle conversation, for TO_XMPP one whose earlier messages
     * are all taken (the stream keeps order). */
    bool take;
    /* With `take`, for sinks that need an intent: line, sim and planned parts
     * that are stored with state submitting and the first part's attempt.
     * TO_XMPP: where it came from; an idle conversation answers there. */
    const char *line, *sim;
    struct spend spend; /* of that first part */
    uint16_t reference;
    const struct part_row *parts;
    size_t n_parts;
    const struct attachment_row *attachments; /* ATTACHMENTS_MAX at most */
    size_t n_attachments;
};

enum entry_outcome {
    ENTRY_QUEUED,    /* committed; to be claimed later by store_take */
    ENTRY_TAKEN,     /* committed and taken */
    ENTRY_DUPLICATE, /* seen before: success without effect */
    ENTRY_REFUSED,   /* err of the entry says why; nothing stored */
};

struct entry_result {
    enum entry_outcome outcome;
    struct err err;            /* ENTRY_REFUSED */
    struct delivery *delivery; /* ENTRY_TAKEN; the receiver owns it */
    bool nobody; /* TO_XMPP: held, for it has no account (any more) */
    bool paused; /* ENTRY_REFUSED: by this one its account was paused */
};

/* What rides in the same transaction as the entries. */
struct acceptance {
    const struct entry *entries;
    size_t n;
    /* The fragments that the entries were joined from are dropped. When the
     * set has not just `forget_n` of them any more (it was joined before, or
     * has grown), every entry is a duplicate and the set stays. 0: none. */
    int64_t forget_set;
    size_t forget_n;
    const char *state_owner, *state_key, *state_value; /* kept too; or NULL */
};

typedef void store_accept_fn(void *arg, struct entry_result *results, size_t n,
                             const struct err *err);

/* Accepts all entries in one transaction; each is decided for itself. */
void store_accept(struct store *store, const struct acceptance *acceptance,
                  store_accept_fn *fn, void *arg);

/* --- messages out ------------------------------------------------------ */

struct take {
    const char *network;
    enum direction direction;
    size_t limit;   /* messages in all */
    unsigned depth; /* messages per conversation (1 for lines) */
    int64_t now;    /* deferred ones due by then are ready too */
};

/* `list` is a utlist DL of deliveries; the receiver owns them. `next_at` is
 * when the earliest deferred conversation of that sink is due, 0 for none. */
typedef void store_take_fn(void *arg, struct delivery *list, int64_t next_at,
                           const struct err *err);

/* Takes the oldest unfinished messages of ready conversations, round-robin
 * over accounts (start-time fair turns), then oldest first. Held ones and
 * their followers stay. */
void store_take(struct store *store, const struct take *take, store_take_fn *fn,
                void *arg);

/* Gives a conversation back untouched: ready again at `next_at` (0: now). All
 * deliveries of it must be dropped. */
void store_release(struct store *store, int64_t conversation, int64_t next_at,
                   store_fn *fn, void *arg);

/* The same for what a delivery was taken from; nothing when that message was
 * settled meanwhile (by a report) and the conversation went on. */
void store_give_back(struct store *store, const struct delivery *delivery,
                     int64_t next_at, store_fn *fn, void *arg);

/* Makes deferred conversations of a sink ready now; `account` and `line` may
 * be NULL for all. (A line came online, a user became available.) */
void store_wake(struct store *store, const char *network,
                enum direction direction, const char *account, store_fn *fn,
                void *arg);

/* ERR_NOT_ALLOWED when somebody else had moved the message (a report): drop
 * the delivery. The intent: move to submitting, parts stored when they are not
 * yet, an attempt row for part `n`. `attempt` of the delivery is raised by one
 * in the store and, on success, must be by the caller. */
struct intent {
    const struct delivery *delivery;
    const char *line, *sim;
    const struct part_row *parts; /* to store; NULL: stored before */
    size_t n_parts;
    unsigned n; /* the part that is about to be sent */
    struct spend spend;
};
void store_intend(struct store *store, const struct intent *intent,
                  store_fn *fn, void *arg);

/* The end of one part's try. */
struct outcome {
    const struct delivery *delivery;
    const char *line, *sim;
    unsigned n;
    enum part_state state; /* PART_SENT, PART_UNSURE, PART_FAILED, PART_WAITING
                              (it can be tried again) */
    const char *remote_id; /* PART_SENT */
    const struct err *err;
    /* Where the message goes by this, from delivery->state: PART_SENT of the
     * last part: MESSAGE_SENT. Otherwise queued, unknown, failed, or
     * submitting when `intend` names the next part. */
    enum message_state move;
    unsigned intend;     /* part whose attempt row is added (the delivery's
                            attempt is raised as by store_intend); 0: none */
    int64_t next_at;     /* for queued and unknown: when to try again */
    bool owe;            /* failed: owe an error; sent: see receipt_on_sent */
    struct spend refund; /* of part n, that certainly was not taken */
    struct spend spend;  /* of part `intend` */
};

/* What a move did, for telling the sender and going on. */
struct moved {
    int64_t row;
    struct id id;
    enum message_state state; /* may be delivered when a report came early */
    enum owed owed;
    const char *network, *account, *contact;
    const char *stanza_id, *from;
    bool receipt;
    struct err err; /* failed */
    enum direction direction;
    int64_t created; /* when it was accepted, Unix ms */
};

/* `followers`: when the message was handed over and its conversation has a
 * next one, it is taken and given here; the receiver owns it. `moved` NULL:
 * somebody else had moved it, nothing was done but the attempt's record. */
typedef void store_moved_fn(void *arg, const struct moved *moved,
                            struct delivery *follower, const struct err *err);

void store_outcome(struct store *store, const struct outcome *outcome,
                   store_moved_fn *fn, void *arg);

/* Moves whole messages without a part: expired, poison, failed by an answer,
 * deferred (queued with next_at; from queued to queued is the end of a try of a
 * sink without intents and raises the attempt), sent for idempotent sinks
 * (with remote_ids of its n_parts parts for later reports). Queued `anew` it is
 * as if it had never begun, and may go to any line. */
struct move {
    const struct delivery *delivery;
    enum message_state to;
    const struct err *err;
    int64_t next_at;
    bool owe;
    const char *line, *sim;
    const char *const *remote_ids; /* n of them, or NULL */
    size_t n;
    struct spend spend; /* of each of the n parts */
    bool follow;        /* take the conversation's next message */
    bool anew;
    bool failover; /* anew, although it had begun: counted */
};
void store_move(struct store *store, const struct move *move,
                store_moved_fn *fn, void *arg);

/* The stream's fence: rows written to XMPP are sent now. One job for many. */
void store_fenced(struct store *store, const int64_t *rows, size_t n,
                  store_fn *fn, void *arg);

/* Unfenced messages of a stream that died: attempt + 1 each in one commit.
 * Those above `limit` attempts are failed(poison); the others are given back
 * to their conversations in order. `poisoned` counts those that failed. */
typedef void store_unfenced_fn(void *arg, size_t poisoned,
                               const struct err *err);
void store_unfenced(struct store *store, const int64_t *rows, size_t n,
                    unsigned limit, store_unfenced_fn *fn, void *arg);

/* A stanza error came back for message `id` (sent or queued, TO_XMPP). With
 * `retry` it goes again after `wait` ms, or its age, at most six hours; at once
 * for 0. */
void store_bounced(struct store *store, const struct id *id,
                   const struct err *err, bool retry, int64_t wait,
                   store_moved_fn *fn, void *arg);

/* --- reports and debts ------------------------------------------------- */

struct report {
    const char *sim, *remote_id, *chat;
    bool delivered, final; /* delivered; or failed (final) or pending */
    int64_t at;            /* far side's time of submission, 0 unknown */
    const struct err *err;
    const char *source, *key; /* dedupe, key NULL: no */
};

/* Matches a report to the newest fitting attempt (same sim, same remote id,
 * recipient ending alike, submitted before now and within 3 days; several
 * fitting candidates settle none). Unmatched ones are kept an hour and tried
 * again when an attempt gets its remote id. `moved` only when the message
 * itself moved; its conversation's next message is ready then, not taken. */
void store_report(struct store *store, const struct report *report,
                  store_moved_fn *fn, void *arg);

/* The far side says that somebody has read a part. fn gets its message when all
 * of it is delivered and its sender asked to be told (XEP-0333), else NULL. */
void store_read(struct store *store, const struct report *report,
                store_moved_fn *fn, void *arg);

/* Debts of a network in order of age: fn gets each in turn, then NULL. */
void store_owed(struct store *store, const char *network, size_t limit,
                store_moved_fn *fn, void *arg);

/* Debts that a fence has covered. */
void store_paid(struct store *store, const int64_t *rows, size_t n,
                store_fn *fn, void *arg);

/* --- small state and upkeep -------------------------------------------- */

void store_state_put(struct store *store, const char *owner, const char *key,
                     const char *value, store_fn *fn, void *arg);

/* Blocking, for start-up: calls fn for each pair of `owner`. */
void store_state_each(struct store *store, const char *owner,
                      void (*fn)(void *arg, const char *key, const char *value),
                      void *arg);

/* Notes a line of the config: name, network, driver, sim. */
void store_line(struct store *store, const char *name, const char *network,
                const char *driver, const char *sim);

/* What an admin wants of a line, across restarts. */
enum line_duty {
    DUTY_ON,
    DUTY_PAUSED,   /* sends nothing, receives */
    DUTY_DRAINING, /* sends only what it has begun, then it is paused */
};
void store_line_duty(struct store *store, const char *name, const char *network,
                     const char *driver, enum line_duty duty, store_fn *fn,
                     void *arg);
enum line_duty store_line_duty_get(struct store *store, const char *name);
/* (blocking, for start-up) */

/* Is there a message that was begun on the line and is not handed over? */
typedef void store_begun_fn(void *arg, bool begun, const struct err *err);
void store_begun(struct store *store, const char *network, const char *line,
                 store_begun_fn *fn, void *arg);

/* Hourly upkeep, in small bites: bodies (0 d after delivered, 7 d after sent
 * or failed), messages 30 d, attempts 90 d, seen 90 d, orphan reports 1 h. */
void store_sweep(struct store *store, int64_t now);

/* The newest account a contact talked with on a network, for texts that come
 * in: fn gets each active account (newest first), then NULL. */
typedef void store_account_fn(void *arg, const char *account,
                              const struct err *err);
void store_find_accounts(struct store *store, const char *network,
                         const char *contact, size_t limit,
                         store_account_fn *fn, void *arg);

/* Accounts of a network (for presence at start), then NULL. */
void store_accounts(struct store *store, const char *network,
                    store_account_fn *fn, void *arg);

/* One account. `row` NULL without an err: there is none. */
struct account_row {
    const char *jid;
    const char *settings; /* a JSON object */
    bool disabled;
    bool ruled;      /* an admin has limited it, or it is paused */
    int64_t created; /* Unix ms */
};
typedef void store_account_row_fn(void *arg, const struct account_row *row,
                                  const struct err *err);
void store_account(struct store *store, const char *network, const char *jid,
                   store_account_row_fn *fn, void *arg);

struct account_change {
    const char *network, *jid;
    bool make;            /* when there is none; else ERR_UNREGISTERED */
    const char *settings; /* a JSON object; NULL: as they are */
    const char *limits;   /* limits_parse; "": those of all; NULL: no change */
    /* Enabled: it goes on after a pause too. */
    enum { ACCOUNT_AS_IT_IS, ACCOUNT_ENABLED, ACCOUNT_DISABLED } state;
};
typedef void store_changed_fn(void *arg, bool made, const struct err *err);
void store_account_put(struct store *store, const struct account_change *change,
                       store_changed_fn *fn, void *arg);

/* Removes an account with its subscriptions, contacts and block list. Its
 * texts that have not gone out fail with `why`, which their sender is owed: fn
 * gets each, then NULL; ERR_UNREGISTERED when there is no such account. */
void store_account_remove(struct store *store, const char *network,
                          const char *jid, const struct err *why,
                          store_moved_fn *fn, void *arg);

/* Roster: contacts of an account that asked for presence. */
void store_subscribe(struct store *store, const char *network,
                     const char *account, const char *contact, bool on,
                     store_fn *fn, void *arg);
/* fn(arg, account, contact) each, then (arg, NULL, NULL). `account` NULL:
 * all.*/
typedef void store_contact_fn(void *arg, const char *account,
                              const char *contact);
void store_subscriptions(struct store *store, const char *network,
                         const char *account, store_contact_fn *fn, void *arg);
/* At most 500 behind (account, contact) in order; NULL: the first ones. Then
 * (arg, NULL, NULL). */
void store_subscriptions_page(struct store *store, const char *network,
                              const char *account, const char *contact,
                              store_contact_fn *fn, void *arg);

#endif
