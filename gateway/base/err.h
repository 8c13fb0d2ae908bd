/* err.h - the one error of Moongate, and the one policy table over it. */
#ifndef MOONGATE_BASE_ERR_H
#define MOONGATE_BASE_ERR_H

#include <stdbool.h>

#include "base/log.h"

/* What went wrong, from the point of view of who has to act. The policy of
 * each kind (retry, stanza condition, log level) is a row of err.c. */
enum err_kind {
    ERR_NONE,
    ERR_TEMPORARY,    /* try again later: busy, congested, no route now */
    ERR_LIMITED,      /* a quota or rate, clears by itself: retry_after */
    ERR_REJECTED,     /* the far network refused it for good */
    ERR_NO_RECIPIENT, /* the far network does not know the recipient */
    ERR_UNREACHABLE,  /* the recipient is known, but absent */
    ERR_EXPIRED,      /* its time to live ran out */
    ERR_BAD_ADDRESS,  /* not an address of this network */
    ERR_MOVED,        /* the address is not canonical; text is the right JID */
    ERR_UNSUPPORTED,  /* this network cannot do that */
    ERR_NOT_ALLOWED,  /* never possible here, e.g. text to a sender name */
    ERR_FORBIDDEN,    /* the sender may not use this gateway */
    ERR_UNREGISTERED, /* the sender has to register first */
    ERR_TOO_LONG,     /* too many parts or bytes; text says the limit */
    ERR_AUTH,         /* credentials, PIN, credit: an admin has to act */
    ERR_CONFIG,       /* the configuration is wrong; text says where */
    ERR_PROTOCOL,     /* the peer does not speak as it should */
    ERR_LINK,         /* the device or connection is gone */
    ERR_FULL,         /* our queue, disk or memory limit */
    ERR_STORE,        /* the store failed; the daemon must stop */
    ERR_UNKNOWN,      /* nobody can tell whether it was sent */
    ERR_BLOCKED,      /* by the sender himself: he has to unblock first */
    ERR_REPEATED,     /* refused as a repeat: try without that mark */
    ERR_STRANGER,     /* the receiver takes nothing from those he does not
                         know: try by another way */
    ERR_POISON,       /* it killed its peer or line again and again */
    ERR_INTERNAL,     /* our own bug */
    ERR_KINDS,
};

/* How far the error reaches. */
enum err_scope {
    SCOPE_MESSAGE, /* this message (or call) only */
    SCOPE_CONTACT, /* everything to this contact */
    SCOPE_LINE,    /* everything on this line */
    SCOPE_ACCOUNT, /* everything of this account */
};

/* Fixed size, copied by value; empty strings mean unknown, never NULL. */
struct err {
    enum err_kind kind;
    enum err_scope scope;
    int retry_after; /* seconds; 0: the caller's own back-off */
    char code[32];   /* the peer's own code, e.g. "CMS 38" */
    char text[256];  /* what happened and what to do, for people */
};

struct err_policy {
    const char *name;      /* stable lower-case word: "rejected" */
    bool retry;            /* does trying again make sense? */
    const char *condition; /* RFC 6120 8.3.3 stanza error condition */
    const char *type;      /* RFC 6120 8.3.2: cancel, modify, wait, auth */
    enum log_level level;  /* where the decision is logged */
};

/* The row of the policy table for `kind`. */
const struct err_policy *err_policy(enum err_kind kind);

/* Fills *err (scope message, no code) and returns false, so that a caller can
 * `return err_set(...)`. `err` may be NULL. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set, with errno's text appended after ": ". */
bool err_errno(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts context before the text of an error on its way up; returns false. */
bool err_wrap(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The kind called `name`, or ERR_INTERNAL when there is none. */
enum err_kind err_kind_parse(const char *name);

#endif
