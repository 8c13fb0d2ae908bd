/* serial.c - a byte pipe to a modem on the loop.
 *
 * Two transports: a local device (serial_port.c), polled and read here, and
 * tcp:HOST:PORT, which is a struct socket whose events are passed on. What was
 * asked in one loop turn (open, write, failure) is done by one later at its
 * end: so events never come from inside a call, and the writes of one turn
 * leave in one write(2).
 *
 * A hang-up of a tty shows as a read of 0 bytes with POLLHUP set, a pty gives
 * EIO. Without POLLHUP a read of 0 means "nothing there" (VMIN 0). */
#include "toolkit/serial.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "toolkit/handle.h"
#include "toolkit/serial_port.h"
#include "toolkit/socket.h"

enum {
    SERIAL_OUTPUT_MAX = 64 * 1024,
    SERIAL_CONNECT_MS = 10000,
    SERIAL_BAUD = 115200,
    SERIAL_BAUD_MIN = 50,
    SERIAL_BAUD_MAX = 4000000,
};

enum serial_state {
    SERIAL_NEW,
    SERIAL_CONNECTING, /* tcp */
    SERIAL_OPEN,
    SERIAL_FAILED, /* `error` is to be reported */
};

struct serial {
    struct handle base;
    const struct serial_events *events;
    void *arg;
    enum serial_state state;
    struct later *turn;
    struct buf out;
    struct err error;

    char *device; /* or the host of tcp: */
    int tcp_port; /* 0: a local device */
    int baud;
    bool flow_control;

    struct socket *tcp;
    bool polled; /* `port` is open and `poll` is initialised */
    struct serial_port port;
    uv_poll_t poll;
};

/* Reports it at the end of the turn. */
static void serial_fail(struct serial *serial, const struct err *err)
{
    if (serial->state == SERIAL_FAILED)
        return;
    serial->state = SERIAL_FAILED;
    serial->error = *err;
    if (serial->polled)
        (void)uv_poll_stop(&serial->poll);
    later_ask(serial->turn);
}

static void serial_fail_errno(struct serial *serial, int error)
{
    bool gone = error == 0 || error == EIO || error == ENXIO ||
                error == ENODEV || error == EBADF;
    struct err err;

    err_set(&err, ERR_LINK, "%s: %s", serial->device,
            gone ? "the device is gone: was it unplugged?" : strerror(error));
    serial_fail(serial, &err);
}

static bool serial_hung_up(const struct serial *serial)
{
    struct pollfd poll_fd = { .fd = serial->port.fd, .events = POLLIN };

    return poll(&poll_fd, 1, 0) > 0 &&
           (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void serial_read(struct serial *serial)
{
    char *bytes = serial->base.owner->loop->scratch;
    ssize_t n = read(serial->port.fd, bytes, LOOP_SCRATCH);

    if (n > 0)
        serial->events->data(serial->arg, bytes, (size_t)n);
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        serial_fail_errno(serial, errno);
    else if (n == 0 && serial_hung_up(serial))
        serial_fail_errno(serial, 0);
}

static void serial_flush(struct serial *serial);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct serial *serial = poll->data;

    if (status < 0) {
        serial_fail_errno(serial, -status);
        return;
    }
    if (events & (UV_READABLE | UV_DISCONNECT))
        serial_read(serial);
    if (serial->base.closing || serial->state != SERIAL_OPEN)
        return;
    if (events & UV_WRITABLE)
        serial_flush(serial);
}

static void serial_watch(struct serial *serial)
{
    int events = UV_READABLE | UV_DISCONNECT;
    int rc = uv_poll_start(&serial->poll,
                           serial->out.len > 0 ? events | UV_WRITABLE : events,
                           on_poll);

    if (rc < 0)
        serial_fail_errno(serial, -rc);
}

static void serial_flush_tty(struct serial *serial)
{
    ssize_t n = write(serial->port.fd, serial->out.data, serial->out.len);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        serial_fail_errno(serial, errno);
        return;
    }
    if (n > 0)
        buf_consume(&serial->out, (size_t)n);
    serial_watch(serial);
}

/* The socket has the same ceiling; what it holds counts. */
static void serial_flush(struct serial *serial)
{
    if (serial->out.len == 0 && !serial->polled)
        return;
    if (serial->polled) {
        serial_flush_tty(serial);
        return;
    }
    socket_write(serial->tcp, serial->out.data, serial->out.len);
    buf_reset(&serial->out);
}

static void serial_opened(struct serial *serial)
{
    serial->state = SERIAL_OPEN;
    serial->events->opened(serial->arg);
    if (!serial->base.closing && serial->state == SERIAL_OPEN)
        serial_flush(serial);
}

static void serial_open_device(struct serial *serial)
{
    struct err err;

    if (!serial_port_open(&serial->port, serial->device, serial->baud,
                          serial->flow_control, &err)) {
        serial_fail(serial, &err);
        return;
    }
    int rc = uv_poll_init(handle_loop(&serial->base), &serial->poll,
                          serial->port.fd);
    if (rc < 0) {
        serial_port_close(&serial->port);
        serial_fail_errno(serial, -rc);
        return;
    }
    serial->poll.data = serial;
    serial->polled = true;
    serial_opened(serial);
}

static void on_tcp_opened(void *arg)
{
    serial_opened(arg);
}

static void on_tcp_data(void *arg, const char *bytes, size_t size)
{
    struct serial *serial = arg;

    if (serial->state == SERIAL_OPEN)
        serial->events->data(serial->arg, bytes, size);
}

static void on_tcp_gone(void *arg, const struct err *err)
{
    struct serial *serial = arg;

    serial->tcp = NULL;
    serial_fail(serial, err);
}

static void on_tcp_eof(void *arg)
{
    struct serial *serial = arg;
    struct err err;

    err_set(&err, ERR_LINK, "tcp:%s:%d: the other side closed the connection",
            serial->device, serial->tcp_port);
    serial_fail(serial, &err);
}

static const struct socket_events tcp_events = {
    .opened = on_tcp_opened,
    .data = on_tcp_data,
    .eof = on_tcp_eof,
    .gone = on_tcp_gone,
};

static void serial_open_tcp(struct serial *serial)
{
    const struct socket_options options = {
        .host = serial->device,
        .port = serial->tcp_port,
        .timeout_ms = SERIAL_CONNECT_MS,
        .output_max = SERIAL_OUTPUT_MAX,
    };

    serial->state = SERIAL_CONNECTING;
    serial->tcp =
        socket_connect(serial->base.owner, &options, &tcp_events, serial);
}

static void serial_report(struct serial *serial)
{
    struct err err = serial->error;

    handle_close(&serial->base);
    serial->events->gone(serial->arg, &err);
}

static void serial_turn(void *arg)
{
    struct serial *serial = arg;

    switch (serial->state) {
    case SERIAL_NEW:
        if (serial->tcp_port > 0)
            serial_open_tcp(serial);
        else
            serial_open_device(serial);
        break;
    case SERIAL_CONNECTING:
        break;
    case SERIAL_OPEN:
        serial_flush(serial);
        break;
    case SERIAL_FAILED:
        serial_report(serial);
        break;
    }
}

static void serial_shut(struct handle *handle)
{
    struct serial *serial = (struct serial *)handle;

    handle_close(&serial->turn->base);
    if (serial->tcp)
        socket_close(serial->tcp);
    if (!serial->polled)
        return;
    handle_close_uv(handle, (uv_handle_t *)&serial->poll);
    serial_port_close(&serial->port);
}

static void serial_release(struct handle *handle)
{
    struct serial *serial = (struct serial *)handle;

    buf_free(&serial->out);
    free(serial->device);
    free(serial);
}

static const struct handle_ops serial_ops = {
    .shut = serial_shut,
    .release = serial_release,
};

/* "tcp:HOST:PORT", HOST perhaps in brackets; *host is the caller's. */
static bool tcp_parse(const char *spec, char **host, int *port, struct err *err)
{
    const char *start = spec + strlen("tcp:");
    const char *colon = strrchr(start, ':');
    char *end = NULL;
    long value = colon ? strtol(colon + 1, &end, 10) : 0;

    if (!colon || colon == start || end == colon + 1 || *end != '\0' ||
        value < 1 || value > 65535)
        return err_set(err, ERR_CONFIG,
                       "device \"%s\" is not of the form tcp:HOST:PORT", spec);
    *host = xstrndup(start, (size_t)(colon - start));
    *port = (int)value;
    return true;
}

static bool options_check(const struct serial_options *options, struct err *err)
{
    int baud = options->baud;

    if (!options->device || options->device[0] == '\0')
        return err_set(err, ERR_CONFIG, "no device is set");
    if (baud != 0 && (baud < SERIAL_BAUD_MIN || baud > SERIAL_BAUD_MAX))
        return err_set(err, ERR_CONFIG, "%d is not a baud rate", baud);
    return true;
}

struct serial *serial_open(struct owner *owner,
                           const struct serial_options *options,
                           const struct serial_events *events, void *arg,
                           struct err *err)
{
    char *device = NULL;
    int tcp_port = 0;

    if (!options_check(options, err))
        return NULL;
    if (strncmp(options->device, "tcp:", 4) != 0)
        device = xstrdup(options->device);
    else if (!tcp_parse(options->device, &device, &tcp_port, err))
        return NULL;
    struct serial *serial = xcalloc(1, sizeof(*serial));
    handle_open(&serial->base, owner, &serial_ops);
    serial->events = events;
    serial->arg = arg;
    serial->device = device;
    serial->tcp_port = tcp_port;
    serial->baud = options->baud ? options->baud : SERIAL_BAUD;
    serial->flow_control = options->flow_control;
    buf_init(&serial->out, SERIAL_OUTPUT_MAX);
    serial->turn = later_new(owner, serial_turn, serial);
    later_ask(serial->turn);
    return serial;
}

void serial_hand_over(struct serial *serial, const struct serial_events *events,
                      void *arg)
{
    serial->events = events;
    serial->arg = arg;
}

void serial_write(struct serial *serial, const void *bytes, size_t size)
{
    struct err err;

    if (serial->base.closing || serial->state == SERIAL_FAILED)
        return;
    if (!buf_add(&serial->out, bytes, size)) {
        err_set(&err, ERR_FULL, "%s: the modem takes no more bytes",
                serial->device);
        serial_fail(serial, &err);
        return;
    }
    later_ask(serial->turn);
}

void serial_close(struct serial *serial)
{
    if (serial)
        handle_close(&serial->base);
}
