/* attachment.h - what comes with a message beside its text, as it is stored.
 * Included by store.h. */
#ifndef MOONGATE_STORE_ATTACHMENT_H
#define MOONGATE_STORE_ATTACHMENT_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct store;

enum { ATTACHMENTS_MAX = 16 }; /* of one message */

/* Stored: append only. */
enum attachment_state {
    ATTACHMENT_WAITING,   /* to be fetched, by `line` */
    ATTACHMENT_PUBLISHED, /* `url` is for everybody who knows it */
    ATTACHMENT_OFF,       /* no way to publish it is configured */
    ATTACHMENT_TOO_BIG,
    ATTACHMENT_BAD_TYPE,
    ATTACHMENT_LOST, /* it could not be fetched or published in time */
};

struct attachment_row {
    enum attachment_state state;
    char *url;    /* where to fetch it (driver.h: source); once published, where
                     the user gets it */
    char *type;   /* MIME; NULL: unknown */
    char *name;   /* of the file; NULL: none */
    char *line;   /* that reported it; NULL: the user's own */
    int64_t size; /* bytes; 0: unknown */
};

/* What became of attachment n (from 0) of a message: state, url, type, size. */
void store_attachment(struct store *store, int64_t message, size_t n,
                      const struct attachment_row *row,
                      void (*fn)(void *arg, const struct err *err), void *arg);

#endif
