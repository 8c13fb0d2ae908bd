/* socket.c - a client TCP stream on the loop, in the clear or with TLS.
 *
 *   NEW -> RESOLVING -> CONNECTING -> [HANDSHAKE ->] OPEN, or FAILED
 *
 * Each address gets an equal share of the time that is left, and a uv_tcp_t of
 * its own (`attempt`), because a failed one cannot be used again. Output: what
 * the caller writes collects in `plain`; one later per turn moves it, encrypted
 * if need be, to `wire`, which is written in one call; while `wire` is busy
 * `plain` collects on. Failures are reported by the same later, never from
 * inside a call.
 *
 * A write error is kept until the reading side ends as well: what the peer sent
 * before it closed (a stream error that says why) is still delivered. */
#include "toolkit/socket.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "toolkit/handle.h"
#include "toolkit/tls.h"

enum {
    SOCKET_TIMEOUT_MS = 15000,
    SOCKET_KEEPALIVE_S = 60,
    SOCKET_KEEP_MEMORY = 64 * 1024, /* of an empty buffer */
    SOCKET_CHUNK = 16 * 1024,
};

enum socket_state {
    SOCKET_NEW,
    SOCKET_RESOLVING,
    SOCKET_CONNECTING,
    SOCKET_HANDSHAKE,
    SOCKET_OPEN,
    SOCKET_FAILED, /* `error` is to be reported */
};

enum output_state {
    OUTPUT_OPEN,
    OUTPUT_ENDING, /* shut down when `plain` is empty */
    OUTPUT_ENDED,
};

struct attempt {
    uv_tcp_t tcp; /* first: handle_free_uv */
    uv_connect_t connect;
};

/* A name look-up cannot be stopped; it may end after its socket did. */
struct lookup {
    uv_getaddrinfo_t uv;
    struct loop *loop;
    struct socket *socket; /* NULL: closed */
};

struct socket {
    struct handle base;
    const struct socket_events *events;
    void *arg;
    enum socket_state state;
    struct later *turn;
    struct err error; /* the last one; reported when FAILED */

    char *host, *where; /* where: HOST:PORT for people */
    char *tls_name, *ca_file;
    int port;
    uint64_t timeout_ms;
    size_t output_max;

    uv_timer_t timer;
    uint64_t deadline; /* loop time */
    struct lookup *lookup;
    struct addrinfo *addresses, *next;
    struct attempt *attempt;
    struct tls *tls; /* NULL: in the clear */

    struct buf plain, wire;
    uv_write_t write;
    bool writing; /* libuv has `wire` */
    enum output_state output;
    uv_shutdown_t shutdown;
    int write_error;
    bool eof;
};

static uv_stream_t *socket_stream(const struct socket *socket)
{
    return (uv_stream_t *)&socket->attempt->tcp;
}

/* Reports it at the end of the turn. */
static void socket_fail(struct socket *socket, const struct err *err)
{
    if (socket->state == SOCKET_FAILED)
        return;
    socket->state = SOCKET_FAILED;
    socket->error = *err;
    (void)uv_timer_stop(&socket->timer);
    if (socket->attempt)
        (void)uv_read_stop(socket_stream(socket));
    later_ask(socket->turn);
}

static void socket_fail_words(struct socket *socket, const char *words)
{
    struct err err;

    err_set(&err, ERR_LINK, "connection to %s: %s", socket->where, words);
    socket_fail(socket, &err);
}

static bool socket_is(const struct socket *socket, enum socket_state state)
{
    return !socket->base.closing && socket->state == state;
}

/* Output */

static void buf_empty(struct buf *buf)
{
    if (buf->cap > SOCKET_KEEP_MEMORY)
        buf_free(buf);
    else
        buf_reset(buf);
}

static void socket_write_failed(struct socket *socket, int error)
{
    socket->write_error = error;
    buf_empty(&socket->plain);
    if (socket->eof)
        socket_fail_words(socket, uv_strerror(error));
}

static void socket_flush(struct socket *socket);

static void on_written(uv_write_t *write, int status)
{
    struct socket *socket = write->data;

    socket->writing = false;
    buf_empty(&socket->wire);
    if (socket->base.closing || socket->state == SOCKET_FAILED)
        return;
    if (status < 0)
        socket_write_failed(socket, status);
    else
        socket_flush(socket);
}

static void socket_send_wire(struct socket *socket)
{
    struct buf *wire = &socket->wire;
    uv_buf_t all = uv_buf_init(wire->data, (unsigned)wire->len);

    if (wire->len == 0)
        return;
    int n = uv_try_write(socket_stream(socket), &all, 1);
    if (n < 0 && n != UV_EAGAIN) {
        buf_empty(wire);
        socket_write_failed(socket, n);
        return;
    }
    size_t sent = n > 0 ? (size_t)n : 0;
    if (sent == wire->len) {
        buf_empty(wire);
        return;
    }
    uv_buf_t rest = uv_buf_init(wire->data + sent,
                                (unsigned)(wire->len - sent));
    socket->write.data = socket;
    socket->writing = uv_write(&socket->write, socket_stream(socket), &rest, 1,
                               on_written) == 0;
    if (!socket->writing)
        socket_write_failed(socket, UV_EPIPE);
}

static bool socket_encrypt(struct socket *socket)
{
    struct err err;

    tls_output(socket->tls, &socket->wire);
    if (socket->state != SOCKET_OPEN)
        return true;
    if (!tls_write(socket->tls, socket->plain.data, socket->plain.len,
                   &socket->wire, &err)) {
        socket_fail(socket, &err);
        return false;
    }
    buf_empty(&socket->plain);
    if (socket->output == OUTPUT_ENDING) {
        tls_shutdown(socket->tls);
        tls_output(socket->tls, &socket->wire);
    }
    return true;
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    (void)shutdown;
    (void)status; /* reading tells */
}

static void socket_flush(struct socket *socket)
{
    if (socket->writing || socket->write_error)
        return;
    if (socket->tls) {
        if (!socket_encrypt(socket))
            return;
    } else {
        struct buf empty = socket->wire;

        socket->wire = socket->plain;
        socket->plain = empty;
    }
    socket_send_wire(socket);
    if (socket->output != OUTPUT_ENDING || socket->state != SOCKET_OPEN)
        return;
    socket->output = OUTPUT_ENDED;
    (void)uv_shutdown(&socket->shutdown, socket_stream(socket), on_shutdown);
}

/* Input */

static void socket_opened(struct socket *socket)
{
    socket->state = SOCKET_OPEN;
    (void)uv_timer_stop(&socket->timer);
    later_ask(socket->turn);
    socket->events->opened(socket->arg);
}

static void socket_eof(struct socket *socket)
{
    if (socket->eof)
        return;
    socket->eof = true;
    if (socket->write_error)
        socket_fail_words(socket, uv_strerror(socket->write_error));
    else
        socket->events->eof(socket->arg);
}

/* The alert tells the server's log what we did not like. */
static void socket_fail_tls(struct socket *socket, const struct err *err)
{
    if (!socket->writing) {
        tls_output(socket->tls, &socket->wire);
        uv_buf_t all = uv_buf_init(socket->wire.data,
                                   (unsigned)socket->wire.len);
        if (all.len > 0)
            (void)uv_try_write(socket_stream(socket), &all, 1);
    }
    socket_fail(socket, err);
}

static void socket_handshake(struct socket *socket)
{
    struct err err;

    switch (tls_handshake(socket->tls, &err)) {
    case TLS_DONE:
        socket_opened(socket);
        break;
    case TLS_WANT:
        socket_flush(socket);
        break;
    case TLS_END:
        socket_fail_words(socket, "the server ended the TLS handshake");
        break;
    case TLS_FAIL:
        socket_fail_tls(socket, &err);
        break;
    }
}

/* Reads one piece; false: nothing more for now. */
static bool socket_decrypt(struct socket *socket)
{
    char bytes[SOCKET_CHUNK];
    size_t size = 0;
    struct err err;

    switch (tls_read(socket->tls, bytes, sizeof(bytes), &size, &err)) {
    case TLS_DONE:
        socket->events->data(socket->arg, bytes, size);
        return true;
    case TLS_WANT:
        break;
    case TLS_END:
        socket_eof(socket);
        break;
    case TLS_FAIL:
        socket_fail_tls(socket, &err);
        break;
    }
    return false;
}

static void socket_input_tls(struct socket *socket, const char *bytes,
                             size_t size)
{
    tls_input(socket->tls, bytes, size);
    if (socket->state == SOCKET_HANDSHAKE)
        socket_handshake(socket);
    while (socket_is(socket, SOCKET_OPEN) && socket_decrypt(socket))
        continue;
    later_ask(socket->turn); /* TLS may have an answer of its own */
}

static void socket_input_end(struct socket *socket, int status)
{
    (void)uv_read_stop(socket_stream(socket));
    if (status != UV_EOF)
        socket_fail_words(socket, uv_strerror(status));
    else if (socket->state == SOCKET_HANDSHAKE)
        socket_fail_words(socket, "the server closed it during the TLS "
                                  "handshake: is it a TLS port?");
    else if (socket->tls && !socket->eof)
        socket_fail_words(socket, "cut off (closed without ending TLS)");
    else
        socket_eof(socket);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct socket *socket = stream->data;

    if (n < 0)
        socket_input_end(socket, (int)n);
    else if (n > 0 && socket->tls)
        socket_input_tls(socket, buf->base, (size_t)n);
    else if (n > 0)
        socket->events->data(socket->arg, buf->base, (size_t)n);
}

/* Connecting */

static void socket_drop_attempt(struct socket *socket)
{
    if (!socket->attempt)
        return;
    handle_free_uv(&socket->base, (uv_handle_t *)&socket->attempt->tcp);
    socket->attempt = NULL;
}

static void socket_try_next(struct socket *socket);

static void socket_attempt_failed(struct socket *socket, const char *words)
{
    err_set(&socket->error, ERR_LINK, "connect to %s: %s", socket->where,
            words);
    socket_drop_attempt(socket);
    socket_try_next(socket);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct socket *socket = connect->data;
    struct attempt *attempt = socket->attempt;

    if (status == UV_ECANCELED || !socket_is(socket, SOCKET_CONNECTING))
        return;
    if (status < 0) {
        socket_attempt_failed(socket, uv_strerror(status));
        return;
    }
    (void)uv_tcp_nodelay(&attempt->tcp, 1);
    (void)uv_tcp_keepalive(&attempt->tcp, 1, SOCKET_KEEPALIVE_S);
    (void)uv_read_start(socket_stream(socket), handle_lend, on_read);
    if (!socket->tls) {
        socket_opened(socket);
        return;
    }
    socket->state = SOCKET_HANDSHAKE;
    (void)uv_timer_stop(&socket->timer);
    socket_handshake(socket);
}
