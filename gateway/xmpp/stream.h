/* stream.h - one XEP-0114 stream: connects, shakes hands, reads, writes, and
 * comes back for ever. It knows nothing of what the stanzas mean. */
#ifndef MOONGATE_XMPP_STREAM_H
#define MOONGATE_XMPP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <strophe.h>

#include "core/front.h"
#include "xmpp/reader.h"
#include "xmpp/xmpp.h"

struct owner;
struct stream;

struct stream_events {
    void (*up)(void *arg);   /* the handshake is done */
    void (*down)(void *arg); /* it was up */
    void (*stanza)(void *arg, xmpp_stanza_t *stanza);
    void (*oversized)(void *arg, const struct stanza_head *head);
    void (*roomy)(void *arg); /* the output was full and is not any more */
    void (*ended)(void *arg); /* stream_end has come to its end */
};

/* A closed stream. options, events and `network` (its name, for people) are
 * borrowed for its life. Its handles belong to `owner`: stream_free only after
 * that is closed. */
struct stream *stream_new(struct owner *owner, xmpp_ctx_t *ctx,
                          const struct component_options *options,
                          const char *network,
                          const struct stream_events *events, void *arg);
void stream_free(struct stream *stream);

void stream_start(struct stream *stream);

/* How much a stanza matters when the output is full (8 MiB are queued). */
enum stream_class {
    STREAM_NEEDED,   /* queued up to 16 MiB; above, the stream is reset */
    STREAM_PATIENT,  /* refused while full: the caller tries again */
    STREAM_OPTIONAL, /* dropped while full */
};

/* Queues a stanza, which must have `from` and `to`; borrowed. The only way
 * out. False: not written (not online, or by its class). */
bool stream_send(struct stream *stream, xmpp_stanza_t *stanza,
                 enum stream_class class);

bool stream_is_up(const struct stream *stream);
bool stream_is_full(struct stream *stream);

/* Gives the connection up for the reason in `why` and reconnects. Only from a
 * timer or from an event of the stream. */
void stream_reset(struct stream *stream, const char *why);

/* Ends the stream in order: nothing is written any more, everything that the
 * server still sends is read, up to 5 s. Then `ended`, maybe at once. */
void stream_end(struct stream *stream);

struct front_status stream_status(const struct stream *stream);

#endif
