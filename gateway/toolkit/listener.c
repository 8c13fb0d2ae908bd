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
    PEER_INPUT_MAX = PEER_LINE_MAX + LOOP_SCRATCH,
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
    struct later *drop; /* closes it at the end of the turn */
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
    handle_close(&peer->drop->base);
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

static void peer_drop(void *arg)
{
    peer_gone(arg);
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
    if (uv_shutdown(&peer->shutdown, (uv_stream_t *)&peer->uv, on_shutdown) < 0)
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
    size_t queued = uv_stream_get_write_queue_size(stream);
    if (queued > PEER_OUTPUT_MAX || size > PEER_OUTPUT_MAX - queued) {
        later_ask(peer->drop);
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
    char *line = peer->in.data, *last = line + peer->in.len;
    char *end;

    while ((end = memchr(line, '\n', (size_t)(last - line)))) {
        if (end - line > PEER_LINE_MAX)
            break;
        *end = '\0';
        events->line(peer->conn, peer, line);
        if (peer->base.closing || peer->ending)
            return;
        line = end + 1;
    }
    if (last - line > PEER_LINE_MAX)
        peer_gone(peer);
    else
        buf_consume(&peer->in, (size_t)(line - peer->in.data));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct peer *peer = stream->data;

    if (n == UV_EOF)
        peer_close(peer);
    else if (n < 0)
        peer_gone(peer);
    else if (n > 0 && buf_add(&peer->in, buf->base, (size_t)n))
        peer_lines(peer);
}

static struct peer *peer_new(struct listener *listener)
{
    struct peer *peer = xcalloc(1, sizeof(*peer));
    struct owner *owner = listener->base.owner;

    handle_open(&peer->base, owner, &peer_ops);
    handle_hold(&listener->base);
    listener->peers++;
    peer->listener = listener;
    peer->drop = later_new(owner, peer_drop, peer);
    buf_init(&peer->in, PEER_INPUT_MAX);
    (void)uv_pipe_init(&owner->loop->uv, &peer->uv, 0);
    peer->uv.data = peer;
    return peer;
}

static bool peer_credentials(const struct peer *peer, struct ucred *who)
{
    socklen_t size = sizeof(*who);
    uv_os_fd_t fd = -1;

    return uv_fileno((const uv_handle_t *)&peer->uv, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &size) == 0;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *listener = server->data;
    struct ucred who;

    if (status < 0)
        return;
    struct peer *peer = peer_new(listener);
    if (uv_accept(server, (uv_stream_t *)&peer->uv) == 0 &&
        listener->peers <= listener->max_peers && peer_credentials(peer, &who))
        peer->conn =
            listener->events->accepted(listener->arg, peer, who.uid, who.gid);
    if (!peer->conn)
        handle_close(&peer->base);
    else if (!peer->base.closing && !peer->ending)
        (void)uv_read_start((uv_stream_t *)&peer->uv, handle_lend, on_read);
}

static void listener_shut(struct handle *handle)
{
    struct listener *listener = (struct listener *)handle;

    (void)unlink(listener->path);
    handle_close_uv(handle, (uv_handle_t *)&listener->uv);
}

static void listener_release(struct handle *handle)
{
    struct listener *listener = (struct listener *)handle;

    free(listener->path);
    free(listener);
}

static const struct handle_ops listener_ops = {
    .shut = listener_shut,
    .release = listener_release,
};

static bool address_make(struct sockaddr_un *address, const char *path,
                         struct err *err)
{
    size_t size = strlen(path);

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (size == 0 || size >= sizeof(address->sun_path))
        return err_set(err, ERR_CONFIG,
                       "socket path %s is too long: at most %zu characters",
                       path, sizeof(address->sun_path) - 1);
    memcpy(address->sun_path, path, size);
    return true;
}

/* Makes way for a new socket file: removes one that nobody listens on. */
static bool path_clear(const struct sockaddr_un *address, struct err *err)
{
    const char *path = address->sun_path;
    struct stat stat;

    if (lstat(path, &stat) < 0)
        return true; /* bind will say why, if it matters */
    if (!S_ISSOCK(stat.st_mode))
        return err_set(err, ERR_CONFIG, "%s is in the way: not a socket", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = fd < 0 ? -1
                    : connect(fd, (const struct sockaddr *)address,
                              sizeof(*address));
    bool stale = rc < 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        (void)close(fd);
    if (!stale)
        return err_set(err, ERR_CONFIG,
                       "%s is in use: is another gateway running?", path);
    if (unlink(path) < 0 && errno != ENOENT)
        return err_errno(err, ERR_CONFIG, "remove the old %s", path);
    return true;
}

/* A bound socket, or -1. chmod() gives back what the umask took. */
static int socket_bind(const struct sockaddr_un *address, unsigned mode,
                       struct err *err)
{
    const char *path = address->sun_path;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && fchmod(fd, (mode_t)mode) == 0 &&
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
        chmod(path, (mode_t)mode) == 0)
        return fd;
    err_errno(err, ERR_CONFIG, "cannot make the socket %s", path);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static bool listener_listen(struct listener *listener, int fd, struct err *err)
{
    int rc = uv_pipe_open(&listener->uv, fd);

    if (rc < 0)
        (void)close(fd);
    else
        rc = uv_listen((uv_stream_t *)&listener->uv, LISTENER_BACKLOG,
                       on_connection);
    if (rc == 0)
        return true;
    return err_set(err, ERR_CONFIG, "cannot listen on %s: %s", listener->path,
                   uv_strerror(rc));
}

struct listener *listener_open(struct owner *owner, const char *path,
                               unsigned mode, unsigned max_peers,
                               const struct listener_events *events, void *arg,
                               struct err *err)
{
    struct sockaddr_un address;

    if (!address_make(&address, path, err) || !path_clear(&address, err))
        return NULL;
    int fd = socket_bind(&address, mode, err);
    if (fd < 0)
        return NULL;
    struct listener *listener = xcalloc(1, sizeof(*listener));
    handle_open(&listener->base, owner, &listener_ops);
    listener->path = xstrdup(path);
    listener->max_peers = max_peers;
    listener->events = events;
    listener->arg = arg;
    (void)uv_pipe_init(&owner->loop->uv, &listener->uv, 0);
    listener->uv.data = listener;
    if (listener_listen(listener, fd, err))
        return listener;
    handle_close(&listener->base);
    return NULL;
}

/* The blocking end. */

static int call_connect(const char *path, struct err *err)
{
    struct sockaddr_un address;

    if (!address_make(&address, path, err))
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (errno == ENOENT || errno == ECONNREFUSED)
        err_set(err, ERR_UNREACHABLE,
                "nothing listens on %s: is the gateway running?", path);
    else if (errno == EACCES || errno == EPERM)
        err_set(err, ERR_FORBIDDEN,
                "no permission for %s: run this as the gateway's user", path);
    else
        err_errno(err, ERR_LINK, "connect to %s", path);
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static bool call_send(int fd, const char *text, size_t size, struct err *err)
{
    while (size > 0) {
        ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return err_errno(err, ERR_LINK, "write to the gateway");
        if (n < 0)
            continue;
        text += n;
        size -= (size_t)n;
    }
    return true;
}

struct dialogue {
    int fd;
    bool (*line)(void *arg, const char *text, char **more);
    void *arg;
    bool over; /* the caller has enough */
};

static bool call_line(struct dialogue *dialogue, const char *text,
                      struct err *err)
{
    char *more = NULL;
    bool ok = true;

    dialogue->over = !dialogue->line(dialogue->arg, text, &more);
    if (more)
        ok = call_send(dialogue->fd, more, strlen(more), err) &&
             call_send(dialogue->fd, "\n", 1, err);
    free(more);
    return ok;
}

/* Takes whole lines off the front of `in`. */
static bool call_lines(struct dialogue *dialogue, struct buf *in,
                       struct err *err)
{
    size_t start = 0;
    char *end;

    while (!dialogue->over && start < in->len &&
           (end = memchr(in->data + start, '\n', in->len - start))) {
        *end = '\0';
        if (!call_line(dialogue, in->data + start, err))
            return false;
        start = (size_t)(end - in->data) + 1;
    }
    buf_consume(in, start);
    return true;
}

static bool call_receive(struct dialogue *dialogue, struct err *err)
{
    struct buf in;
    char bytes[16 * 1024];
    bool ok = true;

    buf_init(&in, ANSWER_LINE_MAX);
    while (ok && !dialogue->over) {
        ssize_t n = recv(dialogue->fd, bytes, sizeof(bytes), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            break;
        if (n < 0)
            ok = err_errno(err, ERR_LINK, "read from the gateway");
        else if (!buf_add(&in, bytes, (size_t)n))
            ok = err_set(err, ERR_PROTOCOL, "the gateway's answer is too long");
        else
            ok = call_lines(dialogue, &in, err);
    }
    buf_free(&in);
    return ok;
}

bool listener_call(const char *path, const char *request,
                   bool (*line)(void *arg, const char *text, char **more),
                   void *arg, struct err *err)
{
    struct dialogue dialogue = { call_connect(path, err), line, arg, false };

    if (dialogue.fd < 0)
        return false;
    bool ok = call_send(dialogue.fd, request, strlen(request), err) &&
              call_send(dialogue.fd, "\n", 1, err) &&
              call_receive(&dialogue, err);
    (void)close(dialogue.fd);
    return ok;
}
