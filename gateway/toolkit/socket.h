/* socket.h - a client TCP stream on the loop, in the clear or with direct TLS
 * (OpenSSL over memory BIOs). Names are resolved off the loop thread and every
 * address is tried in turn (IPv6 and IPv4). TCP_NODELAY and keep-alive on. */
#ifndef MOONGATE_TOOLKIT_SOCKET_H
#define MOONGATE_TOOLKIT_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct owner;
struct socket;

struct socket_options {
    const char *host; /* name, IPv4, IPv6 (with or without brackets) */
    int port;
    bool tls;             /* direct TLS, certificate checked against name */
    const char *tls_name; /* NULL: host */
    const char *ca_file;  /* NULL: the system's */
    int timeout_ms;       /* name, connect and TLS together; 0: 15000 */
    size_t output_max;    /* bytes queued for writing before `gone`; 0: none */
};

struct socket_events {
    void (*opened)(void *arg); /* TCP and TLS are up */
    void (*data)(void *arg, const char *bytes, size_t size);
    void (*eof)(void *arg); /* the peer closed its side in order */
    void (*gone)(void *arg, const struct err *err); /* closed already */
};

/* Begins to connect; every failure comes later as `gone` (ERR_LINK for the
 * network, ERR_AUTH for a certificate; the text says what to do). */
struct socket *socket_connect(struct owner *owner,
                              const struct socket_options *options,
                              const struct socket_events *events, void *arg);

/* Queues bytes; everything queued in one loop turn leaves in one write. */
void socket_write(struct socket *socket, const void *bytes, size_t size);

size_t socket_queued(const struct socket *socket); /* bytes not yet written */

/* Sends what is queued, then our FIN (and TLS close_notify); reading goes on
 * until eof. */
void socket_shutdown(struct socket *socket);

void socket_close(struct socket *socket); /* at once; no event follows */

#endif
