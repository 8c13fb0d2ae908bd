/* xmpp.h - what gateway.c needs of the XMPP side: one component per network. */
#ifndef MOONGATE_XMPP_XMPP_H
#define MOONGATE_XMPP_XMPP_H

#include <stdbool.h>

#include "base/err.h"

struct component;
struct front;
struct loop;
struct network;

struct component_options {
    const char *server;  /* HOST:PORT, [v6]:PORT, HOST */
    bool tls;            /* direct TLS */
    const char *tls_ca;  /* NULL: the system's certificates */
    const char *secret;  /* borrowed for the component's life */
    const char *jid;     /* component domain */
    const char *ping_to; /* NULL: parent domain, then our own */
    const char *upload;  /* JID of the upload service; NULL: look for it */
    unsigned ping_every; /* seconds of idleness; 0: 60 */
    unsigned stanza_max; /* bytes of one incoming stanza; 0: 65536 */
};

/* Makes the component and its front for `network`; connects on start. */
struct component *component_new(struct loop *loop,
                                const struct component_options *options,
                                struct network *network);

/* The function table and its `self` for the core. */
const struct front *component_front(void);

/* Begins to connect, and reconnects for ever. */
void component_start(struct component *component);

/* Waits for the reverse fence (2 s at most), sends unavailable presence,
 * closes the stream, reads to its end (5 s at most), then calls done. */
void component_stop(struct component *component, void (*done)(void *arg),
                    void *arg);

/* After `done`. */
void component_free(struct component *component);

#endif
