/* wire.h - the least that speaks XEP-0114, blocking, on raw expat: the
 * yardstick that Moongate is measured against must do no more than this. */
#ifndef MOONGATE_BENCH_WIRE_H
#define MOONGATE_BENCH_WIRE_H

#include <expat.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_BODY = 4096, WIRE_ATTR = 256 };

struct stanza {
    char name[32], from[WIRE_ATTR], to[WIRE_ATTR], id[WIRE_ATTR], type[16];
    char body[WIRE_BODY];
    size_t body_size;
};

struct wire {
    int fd;
    XML_Parser parser;
    int depth;
    bool in_body;
    char stream_id[WIRE_ATTR];
    struct stanza stanza;
    bool ready; /* the handshake is done */
    char *out;
    size_t out_size, out_max;
    void (*on_stanza)(struct wire *wire, const struct stanza *stanza);
    void *arg;
};

/* Connects to 127.0.0.1:port as `domain`; exits with a message on failure. */
void wire_open(struct wire *wire, int port, const char *domain,
               const char *secret);

/* The server's side of a connection that was accepted as `fd`. */
void wire_serve(struct wire *wire, int fd);

void wire_printf(struct wire *wire, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void wire_escape(struct wire *wire, const char *text, size_t size);
void wire_flush(struct wire *wire); /* writes all, blocking */

/* Reads once (waits at most timeout_ms), calls on_stanza for each stanza.
 * False at the end of the stream or, silently, on a time-out when `timed`. */
bool wire_read(struct wire *wire, int timeout_ms);

int64_t wire_now_us(void);

#endif
