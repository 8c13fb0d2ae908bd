/* driver.h - the contract between the core and a driver. It is the only
 * gateway header that a driver includes.
 *
 * A driver is one `const struct driver` with designated initialisers. A *line*
 * is one running instance of it: a modem, a provider account, a bot.
 *
 * MUST and MAY
 *  - Everything runs on the loop thread. An op MUST NOT block.
 *  - Up-calls (line_*) only record. The core acts after the driver has
 *    returned, so nothing re-enters the driver.
 *  - Each `send` MUST end in exactly one line_sent, line_failed or line_unsure
 *    (or return false with an error, which is its failure). The core makes a
 *    silent driver unsure after limits.send_timeout_s.
 *  - Timers, serial ports, HTTP requests, hooks and whatever else the toolkit
 *    offers MUST be opened with line_owner(). On stop the core closes them all
 *    and never calls that instance again: a driver MUST NOT have free-order
 *    logic. Heap memory of its own is freed in `destroy`.
 *  - Arguments are borrowed for the call: copy to keep.
 *  - Retry, back-off, ordering, limits, dedupe and persistence are the core's;
 *    a driver MUST NOT queue messages or try one again by itself.
 *  - A received message MUST NOT be deleted at its source before `ack`.
 *  - `plan` and `assemble` MUST be pure: same input, same output, no I/O.
 *  - A line's options never change under it.
 *  - A driver MAY leave optional ops NULL; then their capability bit MUST be
 *    clear.
 */
#ifndef MOONGATE_DRIVER_H
#define MOONGATE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/kind.h"
#include "base/option.h"
#include "toolkit/address.h"
#include "toolkit/hash.h"
#include "toolkit/http.h"
#include "toolkit/httpd.h"
#include "toolkit/loop.h"
#include "toolkit/serial.h"
#include "toolkit/timer.h"
#include "toolkit/tree.h"

enum { DRIVER_ABI = 3 };

struct line;
struct status;

enum driver_cap {
    CAP_TEXT = 1 << 0,
    CAP_DELIVERED = 1 << 1, /* reports that the phone or user got it */
    CAP_READ = 1 << 2,
    CAP_TYPING = 1 << 3,
    CAP_MEDIA = 1 << 4,
    CAP_EDIT = 1 << 5,
    CAP_RETRACT = 1 << 6,
    CAP_REACTION = 1 << 7,
    CAP_FRAGMENTS = 1 << 8, /* calls line_received_part; has `assemble` */
    CAP_COMMAND = 1 << 10,
    CAP_REPLY = 1 << 11,
};

/* What may be done when nobody knows whether a submission was taken. */
enum driver_ambiguity {
    AMBIGUITY_NONE,       /* a second try may be a second copy */
    AMBIGUITY_IDEMPOTENT, /* the far side takes our key: send again freely */
};

struct driver_limits {
    unsigned max_parts;      /* of one message */
    unsigned in_flight;      /* tickets open at once on one line */
    unsigned send_timeout_s; /* then a silent ticket is made unsure */
    unsigned settle_s;       /* wait for a late report when unsure */
    unsigned ttl_s;          /* default time to live of a message */
};

/* What comes with a text, or instead of one: a photo, a voice message, a file.
 */
enum { ATTACHMENT_SOURCE_MAX = 2048 };
struct attachment {
    const char *source; /* out: an http or https URL that any user may have
                           sent, so it is fetched under HTTP_MEDIA only.
                           In: such a URL, or whatever `locate` understands,
                           at most ATTACHMENT_SOURCE_MAX bytes; it is stored,
                           so it MUST NOT hold a secret */
    const char *type;   /* MIME; NULL: unknown */
    const char *name;   /* of the file; NULL: none */
    int64_t size;       /* bytes; 0: unknown */
};

/* A message on its way out, as `plan` sees it. */
struct outgoing {
    enum message_kind kind; /* others than texts need their capability */
    const char *to;         /* canonical foreign address */
    const char *text;       /* valid UTF-8 without NUL; "" beside an attachment
                               without a caption */
    const struct attachment *attachment; /* only for lines with CAP_MEDIA, for
                                            others its URL is in the text;
                                            NULL: none */
    const char *key;    /* 32 hex digits, the same at every try */
    uint16_t reference; /* for concatenation; the same at every try */
    bool report;        /* a delivery report is wanted */
    int64_t expires;    /* Unix ms, 0: the network's default */
    const char *manner; /* how, in the driver's own words, "flash validity=60"
                           (see driver.manners); NULL: as usual */
};

/* Filled by `plan`: the encoded parts, opaque to the core, stored as they are
 * and handed back to `send` one by one, also after a restart. */
struct parts;
void parts_add(struct parts *parts, const void *bytes, size_t size);

/* What the sender ought to know of this plan, such as letters that were
 * replaced: he is told once the message is accepted. */
void parts_remark(struct parts *parts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* In a few words what it costs besides its number of parts, for those who ask
 * before they send: "GSM 7-bit, 12 characters left in the last part". */
void parts_describe(struct parts *parts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One part to be sent now. */
struct submission {
    const char *to;
    const void *bytes; /* what parts_add was given */
    size_t size;
    unsigned part, total; /* part counts from 1 */
    const char *target;   /* remote ids of the parts of the message that this
                             is about, with a space between; NULL: unknown */
    bool repeat;     /* an earlier try may have been taken (gsm: set TP-RD);
                        refused for that reason: ERR_REPEATED */
    bool more;       /* another submission follows at once (gsm: AT+CMMS) */
    const char *key; /* 32 hex digits, the same at every try */
};

/* A whole message that came in. */
struct incoming {
    enum message_kind kind;
    const char *chat;   /* whose conversation: a canonical foreign address */
    const char *author; /* in groups; NULL: chat */
    const char *text;
    const char *remote_id; /* dedupe key at this source; NULL: none */
    const char *target_id; /* the slot or remote id of the message that is
                              reacted or replied to; NULL: none */
    const char *account;   /* bare JID of the user whom it is for, because he
                              has asked for it (telegram: an invitation); NULL:
                              who talked with this chat before, or `inbox` */
    const char *name;      /* nickname of the author; NULL: unknown */
    const char *slot;      /* its place in the chat, or NULL: a KIND_EDIT of
                              the same slot corrects it (gsm: replace types;
                              others: its remote id) */
    int64_t at;            /* Unix ms when the far side took it; 0: now */
    /* The core fetches them later, and publishes them for the user or says in
     * words what arrived; `text` is their caption. */
    const struct attachment *attachments;
    size_t n_attachments;
};

/* One stored segment of a longer message, for line_received_part/assemble. */
struct fragment {
    unsigned seq; /* from 1; absent ones are not in the list */
    const void *bytes;
    size_t size;
};

enum ack {
    ACK_STORED,  /* committed (or a duplicate): delete at the source */
    ACK_RETRY,   /* not now: leave it at the source, offer it again later */
    ACK_REFUSED, /* will never be taken: delete at the source */
};

enum report_kind {
    REPORT_DELIVERED,
    REPORT_READ,
    REPORT_PENDING, /* still trying: no state change, shown in the trace */
    REPORT_FAILED,  /* final; err says why */
};

/* Something that people may ask of a line beside messages: "ussd". Its one
 * argument is a text. */
struct driver_command {
    const char *name, *argument, *help;
    bool admin; /* not for every user of the network: costs or tells secrets */
};

/* What `moongate modems` asks of a driver: what is plugged in that a line
 * could use? `status_text` fills in what `found` gives; these keys are known:
 * "port", "link" (its name that stays the same), "device" (what to write into
 * the configuration), "name" (for the line), "maker", "model", "imei", "sim",
 * "imsi", "operator", "signal", "also" (further ports), and "problem" with
 * "code" for a port that could not be asked. */
struct discovery {
    const char *const *ports; /* patterns of ports to look at */
    size_t n_ports;           /* 0: all that there are */
    void (*progress)(void *arg, const char *port, size_t i, size_t n);
    struct status *(*found)(void *arg);    /* one more; valid until `done` */
    void (*done)(void *arg, size_t ports); /* how many were looked at */
    void *arg;
};

struct driver {
    size_t size; /* sizeof(struct driver) */
    unsigned abi;
    const char *name;         /* "gsm": what the config calls it */
    const char *title;        /* "GSM modem on a serial port" */
    const char *gateway_type; /* XMPP registrar gateway type: "sms" */
    unsigned caps;            /* the most it can do */
    struct driver_limits limits;
    enum driver_ambiguity ambiguity;
    bool phone_addresses; /* addresses are phone numbers (base/number.h) */
    const struct option *options; /* of a line in the config */
    size_t state_size; /* line_state(): zeroed by the core, freed by it */
    const struct driver_command *commands; /* ended by a NULL name; or NULL */
    const char *manners;  /* help on outgoing.manner; NULL: knows none */
    const char *more_key; /* the option whose value brings more options along:
                             see `more`; NULL: none does */

    /* Required. start begins to connect (the line is STARTING until
     * line_online); false is a config error that a retry cannot mend. */
    bool (*start)(struct line *line, struct err *err);
    /* Says goodbye politely and calls line_offline when done; the core closes
     * everything after a grace time of 5 s anyway. */
    void (*stop)(struct line *line);
    bool (*plan)(struct line *line, const struct outgoing *message,
                 struct parts *parts, struct err *err);
    bool (*send)(struct line *line, const struct submission *part,
                 uint64_t ticket, struct err *err);

    /* Optional. */
    bool (*check)(const struct settings *options, struct err *err);
    /* The options that `value` of the option more_key brings along (http: what
     * a provider file declares), in one heap block that the caller frees; NULL:
     * there are none with that value, and why. */
    struct option *(*more)(const char *value, struct err *err);
    /* What this line's options change in the description: `own` is the line's
     * copy of it, to be used from then on (http: limits, ambiguity, addresses
     * of a provider). Operations, options and state_size MUST stay. */
    void (*tailor)(const struct settings *options, struct driver *own);
    void (*ack)(struct line *line, uint64_t token, enum ack ack);
    /* Joins fragments (sorted by seq, `total` expected) into UTF-8 text in
     * *text (heap, freed by the core); missing ones leave a visible mark. */
    bool (*assemble)(struct line *line, const struct fragment *fragments,
                     size_t n, unsigned total, char **text, struct err *err);
    void (*destroy)(struct line *line); /* frees what start allocated */
    /* How to fetch an attachment that was received, maybe in an earlier life:
     * ends in line_located, which may come within the call. NULL: its source
     * is a URL of the open Internet. False: not now. */
    bool (*locate)(struct line *line, const char *source, uint64_t call,
                   struct err *err);
    void (*typing)(struct line *line, const char *to, bool on);
    void (*status)(struct line *line, struct status *status);
    /* Runs one of `commands`; ends in line_answer. A dialogue that waits for a
     * reply goes on with the command "reply", or ends with "cancel" (which
     * need not answer), under the same `call`. False: it cannot be begun. */
    bool (*command)(struct line *line, const char *name, const char *argument,
                    uint64_t call, struct err *err);
    /* No line runs. `discovery` stays valid until `done`, which comes later.*/
    void (*discover)(struct owner *owner, const struct discovery *discovery);
};

/* Facts for `moongate status`: "signal" = "-71 dBm". Texts are copied. */
void status_text(struct status *status, const char *key, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* What a driver may ask about its line. */
struct owner *line_owner(struct line *line);
void *line_state(struct line *line); /* state_size bytes */
const struct settings *line_options(const struct line *line);
const char *line_name(const struct line *line);

/* Up-calls. All arguments are copied. */

/* The line works; caps are what this modem or account really offers. `sim`
 * identifies the subscription (IMSI, account id): reports and repeats are
 * tied to it, not to the line's name. */
void line_online(struct line *line, unsigned caps, const char *sim);

/* It does not (any more): a report, never a destruction. The core stops the
 * instance and starts a new one after its back-off; kinds that a retry cannot
 * mend (ERR_AUTH, ERR_CONFIG) wait for an admin. */
void line_offline(struct line *line, const struct err *err);

/* Whole messages, stored in one transaction, then one ack(token). */
void line_received(struct line *line, const struct incoming *messages, size_t n,
                   uint64_t token);

/* The same, and line_state_put of the key in that transaction; it can be got
 * once ack says ACK_STORED. */
void line_received_and_put(struct line *line, const struct incoming *messages,
                           size_t n, uint64_t token, const char *key,
                           const char *value);

/* One segment of a longer message from `message->chat`. `set` names the set
 * (sender, reference, width: the driver's own text); the core stores it
 * durably, joins by assemble() when all `total` are there or after a time-out,
 * and calls ack(token) once this segment is committed. message->remote_id is
 * the segment's dedupe key; message->text is not used. */
void line_received_part(struct line *line, const struct incoming *message,
                        const char *set, unsigned total,
                        const struct fragment *fragment, uint64_t token);

void line_sent(struct line *line, uint64_t ticket, const char *remote_id);
void line_failed(struct line *line, uint64_t ticket, const struct err *err);
void line_unsure(struct line *line, uint64_t ticket, const char *why);

/* The far side's word on a part sent earlier, maybe before line_sent, maybe
 * of an earlier life. `chat` is the recipient as the report names it (gsm: may
 * lack the prefix; the last digits are compared). `at`: the far side's time of
 * submission, Unix ms, 0 when unknown. Then one ack(token), if token is not 0.
 */
void line_report(struct line *line, const char *remote_id, const char *chat,
                 enum report_kind kind, int64_t at, const struct err *err,
                 uint64_t token);

/* The request that fetches the attachment: its profile (http.h) says whether it
 * goes to the service of the configuration, with credentials, or to a URL that
 * somebody sent. Time-outs, limits and where the bytes go are the core's.
 * NULL: it cannot be had, as `err` says; kinds that a retry may mend
 * (ERR_TEMPORARY, ERR_LINK) are asked for again. */
void line_located(struct line *line, uint64_t call,
                  const struct http_request *request, const struct err *err);

/* Which private networks media may come from and go to (HTTP_MEDIA's `allow`),
 * for a driver that fetches what a user sent; "" none. */
const char *line_media_networks(const struct line *line);

/* How many bytes of a medium are taken, in either direction; 0: none. */
int64_t line_media_max(const struct line *line);

void line_typing(struct line *line, const char *chat, bool on);

/* The answer to a command: `err` NULL is success; `more` says that the far side
 * waits for a reply. */
void line_answer(struct line *line, uint64_t call, const char *text, bool more,
                 const struct err *err);

/* The far side's name of an address (gsm: the SIM's phone book). */
void line_contact(struct line *line, const char *chat, const char *name);

/* The contact's picture: `id` is the far side's name of it, another for another
 * picture, `source` what `locate` understands. The core fetches it when the id
 * is news: a JPEG, PNG or GIF of 64 KiB at most. NULL: the contact has none. */
void line_contact_picture(struct line *line, const char *chat, const char *id,
                          const char *source);

/* The contact has blocked us, or is no more: those who see its presence are
 * told that it is not theirs to see any longer. */
void line_contact_gone(struct line *line, const char *chat);

/* A word for those who run this line: the balance is low, the SIM is full. */
void line_notice(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Small durable state of the driver: `value` NULL removes the key. Committed
 * with the next thing the line reports, at the latest in a second. */
void line_state_put(struct line *line, const char *key, const char *value);
const char *line_state_get(struct line *line, const char *key); /* borrowed */

#endif
