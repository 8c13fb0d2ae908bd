/* stream.c - XEP-0114 1.6 over toolkit/socket.h.
 *
 *   CLOSED -> CONNECTING -> OPENING -> HANDSHAKING -> ONLINE -> CLOSING
 *                 ^            \___________\____________/         |
 *                 |                        v                      v
 *                 +---------------------BACKOFF                CLOSED
 *
 * Every way down ends in stream_fail, which tells why (once; repeated, only at
 * level debug) and sets the timer for the next try.
 *
 * The output has one door, stream_send. Above FULL it is closed to stanzas
 * that can wait; above OVERFLOW the server has stopped reading and the stream
 * is given up. As the socket does not say when its queue gets shorter, a timer
 * looks while the output is full. */
#include "xmpp/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "toolkit/loop.h"
#include "toolkit/socket.h"
#include "toolkit/timer.h"
#include "xmpp/retry.h"
#include "xmpp/stanza.h"
#include "xmpp/trouble.h"

enum {
    PORT = 5347,
    CONNECT_MS = 15000,
    STEADY_MS = 60000, /* online that long: the next failure is a first */
    FULL = 8 << 20,
    ROOMY = 4 << 20,
    OVERFLOW = 16 << 20,
    LOOK_MS = 50,
};

enum state {
    CLOSED,
    CONNECTING,
    OPENING,     /* our header is sent */
    HANDSHAKING, /* their header has come, our digest is sent */
    ONLINE,
    CLOSING, /* our end tag is sent */
    BACKOFF,
    STATES,
};

#define TO(state) (1u << (state))

static const struct {
    const char *name;
    unsigned next;
    unsigned timeout_ms;
    const char *late; /* what it means when the time is up */
} states[STATES] = {
    [CLOSED] = { "closed", TO(CONNECTING), 0, NULL },
    [CONNECTING] = { "connecting", TO(OPENING) | TO(BACKOFF) | TO(CLOSED),
                     CONNECT_MS + 5000, "no connection in time" },
    [OPENING] = { "opening", TO(HANDSHAKING) | TO(BACKOFF) | TO(CLOSED), 15000,
                  "no answer within 15 s: is it a component port, and does TLS "
                  "match?" },
    [HANDSHAKING] = { "handshaking", TO(ONLINE) | TO(BACKOFF) | TO(CLOSED),
                      15000, "no answer to the handshake within 15 s" },
    [ONLINE] = { "online", TO(CLOSING) | TO(BACKOFF), 0, NULL },
    [CLOSING] = { "closing", TO(CLOSED), 5000,
                  "the server did not end the stream within 5 s" },
    [BACKOFF] = { "backoff", TO(CONNECTING) | TO(CLOSED), 0, NULL },
};

struct stream {
    struct owner *owner;
    xmpp_ctx_t *ctx;
    const struct component_options *options;
    struct trouble_names names;
    const struct stream_events *events;
    void *arg;
    char *host;
    int port;
    enum state state;
    struct socket *socket; /* CONNECTING to CLOSING */
    struct reader *reader;
    struct buf out;      /* the stanza that is being written */
    struct timer *timer; /* of the state */
    struct timer *steady;
    struct timer *look;     /* runs while `full` */
    struct later *overflow; /* the reset, out of the sender's stack */
    struct retry retry;
    bool full;
    struct front_status status;
};

/* --- states ------------------------------------------------------------- */

static void set_state(struct stream *stream, enum state state)
{
    assert(states[stream->state].next & TO(state));
    stream->state = state;
    stream->status.state = states[state].name;
    stream->status.since = clock_wall_ms();
    if (states[state].timeout_ms)
        timer_start(stream->timer, states[state].timeout_ms);
    else
        timer_stop(stream->timer);
}

/* Says it once, in words; the same again is only of interest to debuggers. */
static void tell(struct stream *stream, const char *why)
{
    char *last = stream->status.problem;
    size_t size = sizeof(stream->status.problem);
    bool again = strncmp(last, why, size - 1) == 0;

    log_line(again ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "network %s: %s",
             stream->names.network, why);
    text_copy(last, size, why);
}

static void disconnect(struct stream *stream)
{
    if (stream->socket)
        socket_close(stream->socket);
    stream->socket = NULL;
    reader_stop(stream->reader);
    timer_stop(stream->steady);
    timer_stop(stream->look);
    stream->full = false;
}

static void finish(struct stream *stream)
{
    bool was_up = stream->state == CLOSING;

    disconnect(stream);
    if (stream->state != CLOSED)
        set_state(stream, CLOSED);
    if (was_up)
        stream->events->down(stream->arg);
    stream->events->ended(stream->arg);
}

static void stream_fail(struct stream *stream, const char *why)
{
    bool was_up = stream->state == ONLINE;
    bool reached = stream->state != CONNECTING;

    if (stream->state == CLOSING) {
        finish(stream);
        return;
    }
    if (!(states[stream->state].next & TO(BACKOFF)))
        return;
    tell(stream, why);
    disconnect(stream);
    set_state(stream, BACKOFF);
    stream->status.reconnects++;
    timer_start(stream->timer, retry_next_ms(&stream->retry, reached));
    if (was_up)
        stream->events->down(stream->arg);
}

/* --- writing ------------------------------------------------------------ */

/* Writes it without its last `cut` bytes. False when it is beyond all bounds.
 */
static bool write_stanza(struct stream *stream, xmpp_stanza_t *stanza,
                         size_t cut)
{
    struct buf *out = &stream->out;

    buf_reset(out);
    if (!stanza_write(stanza, out))
        return false;
    socket_write(stream->socket, out->data, out->len - cut);
    return true;
}

static void on_look(void *arg)
{
    struct stream *stream = arg;

    if (socket_queued(stream->socket) >= ROOMY)
        return;
    stream->full = false;
    timer_stop(stream->look);
    stream->events->roomy(stream->arg);
}

bool stream_is_full(struct stream *stream)
{
    if (!stream->full && stream->state == ONLINE &&
        socket_queued(stream->socket) > FULL) {
        stream->full = true;
        timer_repeat(stream->look, LOOK_MS);
    }
    return stream->full;
}

static void on_overflow(void *arg)
{
    struct stream *stream = arg;

    if (stream->socket && socket_queued(stream->socket) > OVERFLOW)
        stream_fail(stream, "the server does not read: 16 MiB are queued, the "
                            "connection is given up");
}

bool stream_send(struct stream *stream, xmpp_stanza_t *stanza,
                 enum stream_class class)
{
    assert(xmpp_stanza_get_from(stanza) && xmpp_stanza_get_to(stanza));
    if (stream->state != ONLINE)
        return false;
    if (stream_is_full(stream)) {
        if (class != STREAM_NEEDED)
            return false;
        if (socket_queued(stream->socket) > OVERFLOW) {
            later_ask(stream->overflow);
            return false;
        }
    }
    if (!write_stanza(stream, stanza, 0))
        return false;
    stream->status.stanzas_out++;
    return true;
}

static void write_header(struct stream *stream)
{
    xmpp_stanza_t *header =
        stanza_new(stream->ctx, "stream:stream", NS_COMPONENT);

    stanza_set(header, "xmlns:stream", NS_STREAMS);
    stanza_set(header, "to", stream->options->jid);
    socket_write(stream->socket, "<?xml version='1.0'?>", 21);
    (void)write_stanza(stream, header, 2); /* without its "/>" */
    socket_write(stream->socket, ">", 1);
    (void)xmpp_stanza_release(header);
}

/* XEP-0114 3: the lower-case hex SHA-1 of the stream's id and the secret. */
static void write_handshake(struct stream *stream, const char *id)
{
    xmpp_stanza_t *root = stanza_new(stream->ctx, "stream", NULL);
    char *both = xasprintf("%s%s", id, stream->options->secret);
    char *digest = xmpp_sha1(stream->ctx, (unsigned char *)both, strlen(both));

    (void)write_stanza(stream, stanza_add(root, "handshake", NULL, digest), 0);
    explicit_bzero(both, strlen(both));
    free(both);
    xmpp_free(stream->ctx, digest);
    (void)xmpp_stanza_release(root);
}

/* --- what comes in ------------------------------------------------------ */

static void on_header(void *arg, const char *id, const char *ns)
{
    struct stream *stream = arg;
    char why[256];

    if (stream->state != OPENING)
        return;
    if (strcmp(ns, NS_COMPONENT) != 0) {
        trouble_namespace(ns, &stream->names, why, sizeof(why));
        stream_fail(stream, why);
        return;
    }
    set_state(stream, HANDSHAKING);
    write_handshake(stream, id);
}

static void on_online(struct stream *stream)
{
    set_state(stream, ONLINE);
    log_info("network %s: joined %s as %s", stream->names.network,
             stream->names.server, stream->names.jid);
    stream->status.problem[0] = '\0';
    timer_start(stream->steady, STEADY_MS);
    stream->events->up(stream->arg);
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct stream *stream = arg;

    if (stanza_is(stanza, "error", NS_STREAMS)) {
        struct condition condition = stanza_condition(stanza, NS_STREAM_ERRORS);
        char why[256];

        trouble_stream_error(&condition, &stream->names, why, sizeof(why));
        stream_fail(stream, why);
        return;
    }
    stream->status.stanzas_in++;
    if (stream->state == ONLINE || stream->state == CLOSING)
        stream->events->stanza(stream->arg, stanza);
    else if (stanza_is(stanza, "handshake", NS_COMPONENT))
        on_online(stream);
}

static void on_oversized(void *arg, const struct stanza_head *head)
{
    struct stream *stream = arg;

    stream->status.stanzas_in++;
    if (stream->state == ONLINE || stream->state == CLOSING)
        stream->events->oversized(stream->arg, head);
}

static void on_end(void *arg)
{
    stream_fail(arg, "the server ended the stream");
}

static const struct reader_events reader_events = {
    .opened = on_header,
    .stanza = on_stanza,
    .oversized = on_oversized,
    .closed = on_end,
};

/* --- the socket --------------------------------------------------------- */

static void on_opened(void *arg)
{
    struct stream *stream = arg;

    set_state(stream, OPENING);
    write_header(stream);
}

static void on_data(void *arg, const char *bytes, size_t size)
{
    struct stream *stream = arg;
    struct err err;

    if (!reader_feed(stream->reader, bytes, size, &err))
        stream_fail(stream, err.text);
}

static void on_eof(void *arg)
{
    struct stream *stream = arg;
    char why[256];

    trouble_connection(stream->state == ONLINE
                           ? "the server closed the connection"
                           : "the connection was closed during the handshake",
                       &stream->names, why, sizeof(why));
    stream_fail(stream, why);
}

static void on_gone(void *arg, const struct err *err)
{
    struct stream *stream = arg;
    char why[256];

    stream->socket = NULL;
    trouble_connection(err->text, &stream->names, why, sizeof(why));
    stream_fail(stream, why);
}

static const struct socket_events socket_events = {
    .opened = on_opened,
    .data = on_data,
    .eof = on_eof,
    .gone = on_gone,
};

static void stream_connect(struct stream *stream)
{
    struct socket_options options = {
        .host = stream->host,
        .port = stream->port,
        .tls = stream->options->tls,
        .ca_file = stream->options->tls_ca,
        .timeout_ms = CONNECT_MS,
    };

    set_state(stream, CONNECTING);
    reader_reset(stream->reader);
    stream->socket =
        socket_connect(stream->owner, &options, &socket_events, stream);
}

static void on_timer(void *arg)
{
    struct stream *stream = arg;

    if (stream->state == BACKOFF)
        stream_connect(stream);
    else
        stream_fail(stream, states[stream->state].late);
}

static void on_steady(void *arg)
{
    struct stream *stream = arg;

    stream->retry = (struct retry){ 0 };
}

/* --- public ------------------------------------------------------------- */

/* "HOST:PORT", "[v6]:PORT", "HOST", "v6". */
static void split_server(struct stream *stream, const char *server)
{
    const char *colon = strrchr(server, ':');
    const char *bracket = strrchr(server, ']');
    size_t size = strlen(server);

    stream->port = PORT;
    if (colon && (bracket ? colon > bracket : strchr(server, ':') == colon)) {
        stream->port = (int)strtol(colon + 1, NULL, 10);
        size = (size_t)(colon - server);
    }
    if (bracket && server[0] == '[')
        stream->host = xstrndup(server + 1, (size_t)(bracket - server) - 1);
    else
        stream->host = xstrndup(server, size);
}

struct stream *stream_new(struct owner *owner, xmpp_ctx_t *ctx,
                          const struct component_options *options,
                          const char *network,
                          const struct stream_events *events, void *arg)
{
    struct stream *stream = xcalloc(1, sizeof(*stream));

    stream->owner = owner;
    stream->ctx = ctx;
    stream->options = options;
    stream->names = (struct trouble_names){ .network = network,
                                            .jid = options->jid,
                                            .server = options->server };
    stream->events = events;
    stream->arg = arg;
    split_server(stream, options->server);
    stream->reader =
        reader_new(ctx, options->stanza_max, &reader_events, stream);
    buf_init(&stream->out, FULL);
    stream->timer = timer_new(owner, on_timer, stream);
    stream->steady = timer_new(owner, on_steady, stream);
    stream->look = timer_new(owner, on_look, stream);
    stream->overflow = later_new(owner, on_overflow, stream);
    stream->status.state = states[CLOSED].name;
    stream->status.since = clock_wall_ms();
    return stream;
}

void stream_free(struct stream *stream)
{
    reader_free(stream->reader);
    buf_free(&stream->out);
    free(stream->host);
    free(stream);
}

void stream_start(struct stream *stream)
{
    stream_connect(stream);
}

bool stream_is_up(const struct stream *stream)
{
    return stream->state == ONLINE;
}

void stream_reset(struct stream *stream, const char *why)
{
    stream_fail(stream, why);
}

void stream_end(struct stream *stream)
{
    if (stream->state == ONLINE) {
        socket_write(stream->socket, "</stream:stream>", 16);
        set_state(stream, CLOSING);
    } else if (stream->state != CLOSING) {
        finish(stream);
    }
}

struct front_status stream_status(const struct stream *stream)
{
    return stream->status;
}
