/* front.h - the seam between the core and the XMPP side: the core reaches XMPP
 * only through `struct front`, XMPP reaches the core only through the network_
 * and inbox_ functions declared here. */
#ifndef MOONGATE_CORE_FRONT_H
#define MOONGATE_CORE_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "base/kind.h"
#include "base/number.h"
#include "core/finding.h"

struct network;
struct delivery;
struct moved;

enum { NETWORK_JID_SIZE = 2048 }; /* a bare JID with its NUL */

/* How a network's stream is: state word, since (Unix ms), last problem in words
 * ("" for none), stanzas read and written. */
struct front_status {
    const char *state;
    long long since;
    char problem[256];
    unsigned long long stanzas_in, stanzas_out, reconnects;
};

/* --- core to XMPP ------------------------------------------------------ */

/* All borrowed. The words are said in the conversation of `account` with
 * `contact`, as a reply to the stanza `stanza_id` of the full JID `from` where
 * that is known (NULL: not). */
struct remark {
    const char *account, *contact;
    const char *stanza_id, *from;
    const char *text;
};

/* A file that is to be put on the server (XEP-0363). */
struct upload_file {
    const char *name; /* media_type.h */
    const char *type; /* MIME; "" unknown */
    int64_t size;
};

enum { UPLOAD_HEADERS = 3 };
struct upload_slot {
    const char *put, *get; /* URLs */
    struct {
        const char *name, *value;
    } headers[UPLOAD_HEADERS];
    size_t n_headers;
};

/* NULL: err. ERR_UNSUPPORTED: the server has no such service; ERR_TOO_LONG;
 * ERR_NOT_ALLOWED; ERR_TEMPORARY. Borrowed; maybe before the call returns. */
typedef void upload_fn(void *arg, const struct upload_slot *slot,
                       const struct err *err);

/* What a network's stream can do for the core. `self` is the front's own. */
struct front {
    /* Writes a message stanza from contact@network to the account's bare JID,
     * id and XEP-0359 id = delivery->id. Borrowed. False: not now (no stream,
     * output full); network_front_ready() follows when it can again. */
    bool (*deliver)(void *self, const struct delivery *delivery);
    /* Tells the sender how his message ended: an XEP-0184 receipt when
     * moved->owed is OWED_RECEIPT, else the stanza error of moved->err to the
     * full JID (a text notice to the bare JID too when `late`). */
    bool (*settle)(void *self, const struct moved *moved, bool late);
    /* Tells the sender that his message was read (XEP-0333). */
    void (*displayed)(void *self, const struct moved *moved);
    /* A chat message from the gateway itself to a bare JID (admins). */
    bool (*notice)(void *self, const char *to, const char *text);
    /* Words of the gateway's own about a text that was accepted, in the
     * conversation it belongs to. */
    bool (*remark)(void *self, const struct remark *remark);
    /* Asks for a fence: network_fenced(generation) follows once the server
     * has proved to have read all that was written before this call. Cheap,
     * may be called for every stanza. */
    void (*fence)(void *self);
    /* The presence of the gateway (and of its contacts) changed. */
    void (*presence)(void *self);
    /* Puts a contact on the account's roster or renames it there, or takes it
     * off; `name` may be NULL. As the server and the user allow. */
    void (*roster)(void *self, const char *account, const char *contact,
                   const char *name, bool listed);
    /* An account was made: ask to see its presence. */
    void (*joined)(void *self, const char *account);
    /* It may see another picture of a contact than before. */
    void (*pictured)(void *self, const char *account);
    /* It is gone, and saw the presence of `contact` ("": of the gateway). */
    void (*left)(void *self, const char *account, const char *contact);
    bool (*online)(void *self);
    /* Asks for a place for the file; with `file` NULL only whether there is
     * such a service at all (then `slot` is empty). */
    void (*upload)(void *self, const struct upload_file *file, upload_fn *fn,
                   void *arg);
    /* Facts of the network's stream for `status`. */
    struct front_status (*status)(void *self);
    /* Looks at the server and our place there; may take half a minute. */
    void (*examine)(void *self, finding_fn *found, void *arg);
    /* The bare JID in what somebody typed; false: it is none. */
    bool (*typed_jid)(const char *typed, char out[NETWORK_JID_SIZE]);
    /* As network_address_by, and JIDs of the network's contacts are understood.
     */
    bool (*typed_address)(void *self, const struct number_plan *plan,
                          const char *typed, char out[1024], struct err *err);
    /* The JID of a contact; false: the address has none. */
    bool (*contact_jid)(const void *self, const char *address,
                        char out[NETWORK_JID_SIZE]);
};

/* --- XMPP to core ------------------------------------------------------ */

/* Which contacts that write are put on rosters. */
enum roster_policy { ROSTER_NAMED, ROSTER_ALL, ROSTER_OFF };

/* Policy of a network, from its configuration; borrowed, never changes. */
struct network_policy {
    const char *jid;          /* the component domain */
    const char *gateway_type; /* "sms": XMPP registrar, category gateway */
    struct number_plan plan;
    bool phone_addresses; /* local parts are phone numbers */
    bool receipts;        /* some line can report delivery */
    bool markers;         /* some line can report that one has read */
    bool edits, retractions, reactions, replies, typing; /* can take them */
    const char *const *addresses; /* XEP-0157, "KIND=URI" each */
    size_t n_addresses;
    enum roster_policy roster;
    const char *terms;    /* URI of the terms of service; NULL: none */
    unsigned retention_h; /* hours for which texts are kept at most */
};
const struct network_policy *network_policy(const struct network *network);
const char *network_name(const struct network *network);
struct core *network_core(const struct network *network);

/* May this bare JID use the network at all (`allow`)? */
bool network_allows(const struct network *network, const char *bare_jid);
bool network_is_admin(const struct network *network, const char *bare_jid);
/* The i-th of the configuration's admins; NULL: there are fewer. */
const char *network_admin(const struct network *network, size_t i);

enum health {
    HEALTH_UNKNOWN, /* the lines start for the first time: nothing to tell */
    HEALTH_GOOD,
    HEALTH_TROUBLE, /* some line is down */
    HEALTH_DOWN,    /* no line is online */
};

/* The state of the network's lines for presence; `text` says in words what
 * the trouble is. */
enum health network_health(const struct network *network, char *text,
                           size_t size);

/* The same for what a contact sees: good as long as one line works that carries
 * its address. "" is the gateway itself. */
enum health network_contact_health(const struct network *network,
                                   const char *contact, char *text,
                                   size_t size);

/* A contact's picture, as the account sees it; NULL: the network has told none.
 * Borrowed until the next callback. */
struct picture {
    char sha1[41];
    char type[16]; /* MIME */
};
const struct picture *network_picture(const struct network *network,
                                      const char *account, const char *contact);

/* With its bytes, 64 KiB at most; NULL: there is none. Borrowed. */
typedef void picture_fn(void *arg, const struct picture *picture,
                        const void *bytes, size_t size);
void network_picture_get(struct network *network, const char *account,
                         const char *contact, picture_fn *fn, void *arg);

/* The canonical foreign address of what a user typed or of an unescaped local
 * part, into out (NUMBER_MAX... at most 1024 bytes). ERR_BAD_ADDRESS. */
bool network_address(const struct network *network, const char *typed,
                     char out[1024], struct err *err);

/* The same by another plan: that of the user who typed it. */
bool network_address_by(const struct network *network,
                        const struct number_plan *plan, const char *typed,
                        char out[1024], struct err *err);

/* The same of what people type for commands: the bare JID of an XMPP user, and
 * a foreign address, which may also be a JID of this network. */
bool network_typed_jid(const struct network *network, const char *typed,
                       char out[NETWORK_JID_SIZE], struct err *err);
bool network_typed_address(const struct network *network,
                           const struct number_plan *plan, const char *typed,
                           char out[1024], struct err *err);

/* The JID of a contact: what people put on their rosters; or its address, when
 * it has none. */
void network_contact_jid(const struct network *network, const char *address,
                         char out[NETWORK_JID_SIZE]);

/* A text from an XMPP user. All borrowed, valid UTF-8, no NUL. */
struct user_text {
    const char *account;    /* bare JID of the sender */
    const char *from;       /* full JID */
    const char *contact;    /* canonical foreign address */
    const char *stanza_id;  /* its id attribute; may be NULL */
    const char *origin_id;  /* XEP-0359; NULL: no dedupe */
    enum message_kind kind; /* what the network's policy says it can */
    const char *target;     /* id of the stanza that it is about; NULL: none */
    const char *text;
    const char *attachment; /* URL of a medium, at the end of the text; NULL */
    const char *manner;     /* see driver.h; NULL: as usual */
    bool receipt;           /* XEP-0184 asked */
    bool markable;          /* XEP-0333 asked */
};

/* Accepts or refuses; `done` is called exactly once, maybe before this
 * returns, with err NULL when the message is committed (or a duplicate). The
 * id is the message's. */
typedef void inbox_done_fn(void *arg, const struct id *id,
                           const struct err *err);
void inbox_user_text(struct network *network, const struct user_text *text,
                     inbox_done_fn *done, void *arg);

/* The account writes to this contact just now, or has stopped: told where it
 * can be, kept nowhere. */
void network_typing(struct network *network, const char *account,
                    const char *contact, bool on);

/* The stream is up and the handshake done / is gone. After `down` everything
 * unfenced counts as not written. */
void network_front_up(struct network *network);
void network_front_down(struct network *network);
void network_front_ready(struct network *network); /* output drained */

/* The server has read all stanzas that were written before fence() was last
 * called for the ping now answered. `serial`: number of deliver() and settle()
 * calls that returned true since front_up and are covered. */
void network_fenced(struct network *network, uint64_t serial);

/* A stanza error came back for the message we delivered as `id`. */
void network_bounced(struct network *network, const struct id *id,
                     const struct err *err);

/* The user became available: deferred messages to him may go. */
void network_user_available(struct network *network, const char *account);

/* Roster bookkeeping: durable set of (account, contact) that see presence. */
void network_subscribe(struct network *network, const char *account,
                       const char *contact, bool on);
void network_each_subscription(struct network *network, const char *account,
                               void (*fn)(void *arg, const char *account,
                                          const char *contact),
                               void *arg);

/* The next few of all of them behind (account, contact), in order; NULL: from
 * the beginning. Then NULL; nothing before it: there are no more. */
void network_page_subscriptions(
    struct network *network, const char *account, const char *contact,
    void (*fn)(void *arg, const char *account, const char *contact), void *arg);

/* Runs `fn` once everything that was read so far is committed or refused: at
 * once when nothing is pending. The ack fence of DESIGN section 5. */
void network_after_decided(struct network *network, void (*fn)(void *arg),
                           void *arg);

/* Is the store too full or slow for new work? */
bool network_refuses(const struct network *network, struct err *err);

#endif
