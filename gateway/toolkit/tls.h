/* tls.h - a TLS client as a pure state machine: bytes in, bytes out, no I/O.
 * TLS 1.2 at least; the peer's certificate must be valid for the name. */
#ifndef MOONGATE_TOOLKIT_TLS_H
#define MOONGATE_TOOLKIT_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct tls;

enum tls_result {
    TLS_DONE, /* handshake complete; or bytes were read */
    TLS_WANT, /* more bytes from the peer are needed */
    TLS_END,  /* the peer ended TLS in order (close_notify) */
    TLS_FAIL, /* *err is set; send what tls_output still gives (an alert) */
};

/* `name` is a host name or an IP address: checked against the certificate,
 * and sent as SNI when it is a name (RFC 6066 3). `ca_file` NULL: the system's
 * certificates. ERR_CONFIG when it cannot be read or no name can be so long. */
struct tls *tls_new(const char *name, const char *ca_file, struct err *err);
void tls_free(struct tls *tls); /* NULL is fine */

/* Takes bytes that came from the peer. */
void tls_input(struct tls *tls, const char *bytes, size_t size);

/* Goes on with the handshake. ERR_AUTH: the certificate; ERR_LINK: the rest. */
enum tls_result tls_handshake(struct tls *tls, struct err *err);

/* Reads at most `max` clear bytes; TLS_DONE sets *size. */
enum tls_result tls_read(struct tls *tls, char *bytes, size_t max, size_t *size,
                         struct err *err);

/* Encrypts to the end of `out`, behind what tls_output would give; only after
 * the handshake. */
bool tls_write(struct tls *tls, const char *bytes, size_t size, struct buf *out,
               struct err *err);

void tls_shutdown(struct tls *tls); /* makes our close_notify */

/* Moves what TLS itself has for the peer to the end of `out`. */
void tls_output(struct tls *tls, struct buf *out);

#endif
