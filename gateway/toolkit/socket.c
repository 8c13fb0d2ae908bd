/* socket.c - a client TCP stream on the loop, in the clear or with TLS.
 *
 *   DIALLING (dial.c) -> [HANDSHAKE ->] OPEN, or FAILED
 *
 * Output: what the caller writes collects in `plain`; one later per turn moves
 * it, encrypted if need be, to `wire`, which is written in one call; while
 * `wire` is busy `plain` collects on. Failures are reported by the same later,
 * never from inside a call.
 *
 * A write error is kept until the reading side ends as well: what the peer sent
 * before it closed (a stream error that says why) is still delivered. */
#include "toolkit/socket.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "toolkit/dial.h"
#include "toolkit/handle.h"
#include "toolkit/timer.h"
#include "toolkit/tls.h"

enum {
    SOCKET_TIMEOUT_MS = 15000,
    SOCKET_KEEP_MEMORY = 64 * 1024, /* of an empty buffer */
    SOCKET_CHUNK = 16 * 1024,
    SOCKET_OUTPUT_MAX = 1 << 30,
};

enum socket_state {
    SOCKET_DIALLING,
    SOCKET_HANDSHAKE,
    SOCKET_OPEN,
    SOCKET_FAILED, /* `error` is to be reported */
};

enum output_state {
    OUTPUT_OPEN,
    OUTPUT_ENDING, /* shut down when `plain` is empty */
    OUTPUT_ENDED,
};

struct socket {
    struct handle base;
    const struct socket_events *events;
    void *arg;
    enum socket_state state;
    struct later *turn;
    struct err error; /* the last one; reported when FAILED */

    char *where; /* HOST:PORT for people */
    struct timer *timer;
    int64_t deadline; /* clock_mono_ms */
    struct dial *dial;
    uv_tcp_t *tcp;   /* NULL: not connected */
    struct tls *tls; /* NULL: in the clear */

    size_t output_max;
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
    return (uv_stream_t *)socket->tcp;
}

/* Reports it at the end of the turn. */
static void socket_fail(struct socket *socket, const struct err *err)
{
    if (socket->state == SOCKET_FAILED)
        return;
    socket->state = SOCKET_FAILED;
    socket->error = *err;
    timer_stop(socket->timer);
    if (socket->tcp)
        (void)uv_read_stop(socket_stream(socket));
    later_ask(socket->turn);
}

static void socket_fail_words(struct socket *socket, const char *words)
{
    struct err err;

    err_set(&err, ERR_LINK, "connection to %s: %s", socket->where, words);
    socket_fail(socket, &err);
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
    uv_buf_t rest =
        uv_buf_init(wire->data + sent, (unsigned)(wire->len - sent));
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
    timer_stop(socket->timer);
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
        uv_buf_t all =
            uv_buf_init(socket->wire.data, (unsigned)socket->wire.len);
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

static bool socket_is_open(const struct socket *socket)
{
    return !socket->base.closing && socket->state == SOCKET_OPEN;
}

static void socket_input_tls(struct socket *socket, const char *bytes,
                             size_t size)
{
    tls_input(socket->tls, bytes, size);
    if (socket->state == SOCKET_HANDSHAKE)
        socket_handshake(socket);
    while (socket_is_open(socket) && socket_decrypt(socket))
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

    if (n > 0)
        dial_acknowledge(stream);
    if (n < 0)
        socket_input_end(socket, (int)n);
    else if (n > 0 && socket->tls)
        socket_input_tls(socket, buf->base, (size_t)n);
    else if (n > 0)
        socket->events->data(socket->arg, buf->base, (size_t)n);
}

/* The whole */

static void on_timeout(void *arg)
{
    socket_fail_words(arg, "no TLS handshake in time");
}

static void on_dialled(void *arg, uv_tcp_t *tcp, const struct err *err)
{
    struct socket *socket = arg;
    int64_t left = socket->deadline - clock_mono_ms();

    socket->dial = NULL;
    if (!tcp) {
        socket_fail(socket, err);
        return;
    }
    socket->tcp = tcp;
    tcp->data = socket;
    (void)uv_read_start(socket_stream(socket), handle_lend, on_read);
    if (!socket->tls) {
        socket_opened(socket);
        return;
    }
    socket->state = SOCKET_HANDSHAKE;
    timer_start(socket->timer, left > 0 ? (uint64_t)left : 0);
    socket_handshake(socket);
}

static void socket_turn(void *arg)
{
    struct socket *socket = arg;

    switch (socket->state) {
    case SOCKET_DIALLING:
        break;
    case SOCKET_HANDSHAKE:
    case SOCKET_OPEN:
        socket_flush(socket);
        break;
    case SOCKET_FAILED:
        handle_close(&socket->base);
        socket->events->gone(socket->arg, &socket->error);
        break;
    }
}

static void socket_shut(struct handle *handle)
{
    struct socket *socket = (struct socket *)handle;

    handle_close(&socket->turn->base);
    timer_free(socket->timer);
    dial_cancel(socket->dial);
    if (socket->tcp)
        handle_free_uv(handle, (uv_handle_t *)socket->tcp);
}

static void socket_release(struct handle *handle)
{
    struct socket *socket = (struct socket *)handle;

    tls_free(socket->tls);
    buf_free(&socket->plain);
    buf_free(&socket->wire);
    free(socket->where);
    free(socket);
}

static const struct handle_ops socket_ops = {
    .shut = socket_shut,
    .release = socket_release,
};

/* "[::1]" as people write it in a URL; the caller frees. */
static char *host_bare(const char *host)
{
    size_t size = strlen(host);

    if (size > 2 && host[0] == '[' && host[size - 1] == ']')
        return xstrndup(host + 1, size - 2);
    return xstrdup(host);
}

static void socket_dial(struct socket *socket,
                        const struct socket_options *options)
{
    int timeout =
        options->timeout_ms > 0 ? options->timeout_ms : SOCKET_TIMEOUT_MS;
    char *host = host_bare(options->host);
    const char *name = options->tls_name ? options->tls_name : host;
    struct err err;

    socket->where = dial_where(host, options->port);
    if (options->tls)
        socket->tls = tls_new(name, options->ca_file, &err);
    socket->deadline = clock_mono_ms() + timeout;
    if (options->tls && !socket->tls)
        socket_fail(socket, &err);
    else
        socket->dial = dial_start(socket->base.owner, host, options->port,
                                  (uint64_t)timeout, on_dialled, socket);
    free(host);
}

struct socket *socket_connect(struct owner *owner,
                              const struct socket_options *options,
                              const struct socket_events *events, void *arg)
{
    struct socket *socket = xcalloc(1, sizeof(*socket));

    handle_open(&socket->base, owner, &socket_ops);
    socket->events = events;
    socket->arg = arg;
    socket->output_max = options->output_max;
    buf_init(&socket->plain, SOCKET_OUTPUT_MAX);
    buf_init(&socket->wire, UINT_MAX);
    socket->turn = later_new(owner, socket_turn, socket);
    socket->timer = timer_new(owner, on_timeout, socket);
    socket_dial(socket, options);
    return socket;
}

size_t socket_queued(const struct socket *socket)
{
    size_t wire = socket->writing
                      ? uv_stream_get_write_queue_size(socket_stream(socket))
                      : socket->wire.len;

    return socket->plain.len + wire;
}

void socket_write(struct socket *socket, const void *bytes, size_t size)
{
    size_t max =
        socket->output_max > 0 ? socket->output_max : SOCKET_OUTPUT_MAX;
    size_t queued = socket_queued(socket);
    struct err err;

    if (socket->base.closing || socket->state == SOCKET_FAILED ||
        socket->write_error || socket->output != OUTPUT_OPEN)
        return;
    if (queued <= max && size <= max - queued &&
        buf_add(&socket->plain, bytes, size)) {
        later_ask(socket->turn);
        return;
    }
    err_set(&err, ERR_FULL,
            "connection to %s: the peer reads too slowly, %zu "
            "bytes wait",
            socket->where, queued);
    socket_fail(socket, &err);
}

void socket_shutdown(struct socket *socket)
{
    if (socket->output != OUTPUT_OPEN)
        return;
    socket->output = OUTPUT_ENDING;
    later_ask(socket->turn);
}

void socket_close(struct socket *socket)
{
    if (socket)
        handle_close(&socket->base);
}
