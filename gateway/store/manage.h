/* manage.h - what people ask of the store beside its daily work: to look at it,
 * a hand in the queue, block lists, names of contacts, what is known of
 * somebody. Jobs like those of store.h. */
#ifndef MOONGATE_STORE_MANAGE_H
#define MOONGATE_STORE_MANAGE_H

#include <stdbool.h>

#include "store/store.h"

/* --- looking at it ------------------------------------------------------ */

struct json_object; /* json-c */

/* The answers are JSON objects, one call of fn each (borrowed), then NULL. */
typedef void store_json_fn(void *arg, struct json_object *object,
                           const struct err *err);

struct listing {
    /* NULL: all; state "open": not handed over */
    const char *network, *account, *state;
    size_t limit;
};
/* id direction state held network account contact created age_s attempt parts
 * reason next_at expires; newest last. Never a body. */
void store_list(struct store *store, const struct listing *listing,
                store_json_fn *fn, void *arg);

/* One message by id (or unique prefix of at least 4 hex digits): its row and
 * "events": [{at, what, detail}...] from attempts, reports and moves, in order
 * of time. All times in JSON are Unix ms. */
void store_trace(struct store *store, const char *id, store_json_fn *fn,
                 void *arg);

/* The same among the messages of one account. */
void store_trace_own(struct store *store, const char *network,
                     const char *account, const char *id, store_json_fn *fn,
                     void *arg);

/* {"network": {"to_line": {"queued": n, ...}, "to_xmpp": ...}, ...}; final
 * states are totals of all time, also of rows that were swept; plus
 * counters ambiguous_resend, duplicates_suppressed, poison, blocked. One
 * object. */
void store_counts(struct store *store, store_json_fn *fn, void *arg);

/* --- the queue ------------------------------------------------------------ */

enum manage {
    MANAGE_HOLD,    /* it and its followers stay where they are */
    MANAGE_RELEASE, /* a held one goes on */
    MANAGE_REQUEUE, /* it is tried now; a failed one anew, as a whole */
    MANAGE_EXPIRE,  /* it fails, and its sender is told */
};

struct management {
    enum manage what;
    const char *id; /* may be shortened as in store_trace */
    /* RELEASE of what belongs to nobody: to this account, which is made when
     * there is none, with all that its sender wrote. NULL otherwise. */
    const char *account;
    int64_t expires[2]; /* REQUEUE: the new end, by enum direction; 0: none */
};

/* What is in somebody's hands just now is left alone: ERR_TEMPORARY. What makes
 * no sense, like the release of a message that is not held, is
 * ERR_NOT_ALLOWED. `follower` is always NULL. */
void store_manage(struct store *store, const struct management *management,
                  store_moved_fn *fn, void *arg);

/* --- block lists ---------------------------------------------------------- */

/* Texts between the two are refused (out: ERR_BLOCKED) and dropped (in: like
 * duplicates, and counted). At most 1,000 for an account: ERR_LIMITED.
 * `contact` NULL with `on` false: all of them. */
void store_block(struct store *store, const char *network, const char *account,
                 const char *contact, bool on, store_fn *fn, void *arg);

/* fn(arg, {"address"}) each, then (arg, NULL). */
void store_blocked(struct store *store, const char *network,
                   const char *account, store_json_fn *fn, void *arg);

/* --- contacts ------------------------------------------------------------- */

/* Names a contact for an account (NULL: for everybody who has no name of his
 * own for it); `name` NULL: it has none. */
void store_contact_name(struct store *store, const char *network,
                        const char *account, const char *address,
                        const char *name, store_fn *fn, void *arg);

/* Keeps a contact with its name ("": none), or forgets both; `name` NULL
 * forgets. At most 10,000 for an account: ERR_LIMITED. A contact that is kept
 * is on the account's roster, or was offered for it. */
void store_contact(struct store *store, const char *network,
                   const char *account, const char *address, const char *name,
                   store_fn *fn, void *arg);

/* The kept ones: fn(arg, {"address", "name"}) each in order, then (arg, NULL).
 */
void store_contacts(struct store *store, const char *network,
                    const char *account, store_json_fn *fn, void *arg);

/* Keeps a contact that wrote, so that it is put on the account's roster: `made`
 * when it is not there, never was, and was not taken off by the user. */
void store_contact_offer(struct store *store, const char *network,
                         const char *account, const char *address,
                         store_changed_fn *fn, void *arg);

/* What a contact is called: by the account, or else by everybody; NULL:
 * nothing. Borrowed. */
typedef void store_name_fn(void *arg, const char *name, const struct err *err);
void store_contact_named(struct store *store, const char *network,
                         const char *account, const char *address,
                         store_name_fn *fn, void *arg);

/* Among all with whom the account has to do: kept, on the roster, in a talk.
 * Both texts must be found where they are given: in the name (without regard to
 * case), and in the address (as digits, too). */
struct contact_search {
    const char *network, *account;
    const char *name, *number; /* NULL or "": any */
    size_t limit;
};
/* As store_contacts. */
void store_contact_search(struct store *store,
                          const struct contact_search *search,
                          store_json_fn *fn, void *arg);

/* --- what is known of somebody -------------------------------------------- */

/* One object: "account", "contacts", "blocked", "subscriptions" and the newest
 * 1,000 "messages" with their texts, as far as they are still kept. */
void store_export(struct store *store, const char *network, const char *account,
                  store_json_fn *fn, void *arg);

/* Forgets contacts, block list, and every message that was handed over. What is
 * still under way stays until it ended. */
void store_erase(struct store *store, const char *network, const char *account,
                 store_fn *fn, void *arg);

#endif
