/* listener.c - a unix socket for lines of text.
 *
 * The listening socket is made here and not by uv_pipe_bind, which cuts long
 * paths silently and knows no mode: on Linux fchmod() before bind() makes the
 * file with that mode from the first moment, so it is never wider open.
 *
 * Every peer is a handle of the listener's owner. A peer that ends its side
 * gets what is queued for it, then it is gone; `closed` is called for every
 * accepted peer, except by owner_close(), after which nothing is called. */
#include "toolkit/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "toolkit/handle.h"

enum {
    LISTENER_BACKLOG = 64,
    PEER_LINE_MAX = 64 * 1024,
    PEER_OUTPUT_MAX = 4 * 1024 * 1024,
    ANSWER_LINE_MAX = 64 * 1024 * 1024, /* from our own daemon */
};

struct listener {
    struct handle base;
    uv_pipe_t uv;
    char *path;
    const struct listener_events *events;
    void *arg;
    unsigned peers, max_peers;
};

struct peer {
    struct handle base;
    uv_pipe_t uv;
    struct listener *listener; /* held; so it outlives its peers */
    void *conn;                /* NULL: refused, or not accepted yet */
    struct buf in;
    bool ending;
    uv_shutdown_t shutdown;
};

struct peer_write {
    uv_write_t uv; /* first */
    char bytes[];
};

static void peer_shut(struct handle *handle)
{
    struct peer *peer = (struct peer *)handle;

    peer->listener->peers--;
    handle_close_uv(handle, (uv_handle_t *)&peer->uv);
}

static void peer_release(struct handle *handle)
{
    struct peer *peer = (struct peer *)handle;

    buf_free(&peer->in);
    handle_release(&peer->listener->base);
    free(peer);
}

static const struct handle_ops peer_ops = {
    .shut = peer_shut,
    .release = peer_release,
};

static void peer_gone(struct peer *peer)
{
    void *conn = peer->conn;

    if (peer->base.closing)
        return;
    handle_close(&peer->base);
    if (conn)
        peer->listener->events->closed(conn);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    (void)status;
    peer_gone(shutdown->data);
}

void peer_close(struct peer *peer)
{
    if (peer->ending || peer->base.closing)
        return;
    peer->ending = true;
    (void)uv_read_stop((uv_stream_t *)&peer->uv);
    peer->shutdown.data = peer;
    if (uv_shutdown(&peer->shutdown, (uv_stream_t *)&peer->uv, on_shutdown) <
        0)
        abort(); /* only for a stream that is not connected */
}

static void on_written(uv_write_t *uv, int status)
{
    struct peer *peer = uv->data;

    free(uv);
    if (status < 0)
        peer_gone(peer);
}

void peer_write(struct peer *peer, const char *text, size_t size)
{
    uv_stream_t *stream = (uv_stream_t *)&peer->uv;

    if (peer->ending || peer->base.closing || size == 0)
        return;
    if (size > PEER_OUTPUT_MAX - uv_stream_get_write_queue_size(stream)) {
        peer_abort(peer);
        return;
    }
    struct peer_write *write = xmalloc(sizeof(*write) + size);
    uv_buf_t all = uv_buf_init(write->bytes, (unsigned)size);
    memcpy(write->bytes, text, size);
    write->uv.data = peer;
    if (uv_write(&write->uv, stream, &all, 1, on_written) < 0)
        abort(); /* only for a stream that is not connected */
}

/* Hands over whole lines; what is left is the begin of one. */
static void peer_lines(struct peer *peer)
{
    const struct listener_events *events = peer->listener->events;
    size_t start = 0;

    while (start < peer->in.len) {
        char *line = peer->in.data + start;
        char *end = memchr(line, '\n', peer->in.len - start);

        if (!end)
            break;
        *end = '\0';
        start += (size_t)(end - line) + 1;
        events->line(peer->conn, peer, line);
        if (peer->base.closing || peer->ending)
            return;
    }
    buf_consume(&peer->in, start);
}
