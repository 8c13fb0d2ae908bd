/* reader.h - bytes of an XEP-0114 stream in, libstrophe stanzas out. Pure: no
 * I/O. Linear in its input and bounded in memory: it keeps at most one stanza
 * of the allowed size. */
#ifndef MOONGATE_XMPP_READER_H
#define MOONGATE_XMPP_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <strophe.h>

#include "base/err.h"

struct reader;

/* What is known of a stanza that was passed over; absent: NULL. */
struct stanza_head {
    const char *name, *from, *to, *id, *type;
};

/* Everything is borrowed for the call. They may call reader_stop, but not
 * reader_feed, reader_reset or reader_free. */
struct reader_events {
    /* The stream header: its id and default namespace, "" when absent. */
    void (*opened)(void *arg, const char *id, const char *ns);
    void (*stanza)(void *arg, xmpp_stanza_t *stanza);
    /* A stanza above the limits; it was not kept. */
    void (*oversized)(void *arg, const struct stanza_head *head);
    void (*closed)(void *arg); /* the end tag of the stream */
};

/* `stanza_max` bytes of one stanza (0: 65536); besides 32 levels, 256 elements
 * and 64 attributes an element. Stanzas are made in ctx, which is borrowed. */
struct reader *reader_new(xmpp_ctx_t *ctx, size_t stanza_max,
                          const struct reader_events *events, void *arg);

/* Reads on. False once what came is not XMPP: not well-formed, a document
 * type, a processing instruction, text between stanzas, an overlong stream
 * header (ERR_PROTOCOL); nothing is read any more then, until reader_reset. */
bool reader_feed(struct reader *reader, const char *bytes, size_t size,
                 struct err *err);

/* From an event: no event follows until reader_reset. */
void reader_stop(struct reader *reader);

/* Ready for a new stream. */
void reader_reset(struct reader *reader);

void reader_free(struct reader *reader); /* NULL is fine */

#endif
