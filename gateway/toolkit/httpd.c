/* httpd.c - libmicrohttpd's epoll descriptor on the loop.
 *
 * A request that waits for its answer is suspended: libmicrohttpd forgets it
 * until hook_answer() resumes it. The call lives until both sides are done with
 * it, the connection and the hook. libmicrohttpd's own time-out counts from the
 * last byte, so a timer here ends what drips; it shuts the socket down, and
 * libmicrohttpd finds out by itself. Never its post-processor: bodies are read
 * here, up to the hook's limit. */
#include "toolkit/httpd.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "toolkit/httpd_inside.h"

enum {
    CONNECTIONS_MAX = 1024,
    CONNECTION_MEMORY = 24 * 1024, /* request line, headers, parsed query */
    IDLE_S = 15,
    ANSWER_MS = 10000,
    READ_MS = 30000,
    SWEEP_MS = 500,
    FILE_MS = 600000, /* for a client to read a whole file */
};

static struct connection *connection_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void connection_waits(struct MHD_Connection *mhd, bool waits)
{
    struct connection *connection = connection_of(mhd);

    if (!connection)
        return;
    connection->waits = waits;
    connection->since = clock_mono_ms();
}

static enum MHD_Result call_reply(struct hook_call *call)
{
    struct connection *connection = connection_of(call->connection);

    connection_waits(call->connection, false);
    if (connection)
        connection->reads = call->file;
    return MHD_queue_response(call->connection, call->status, call->response);
}

/* --- libmicrohttpd's callbacks ------------------------------------------- */

/* The request line came: the only place that tells it unchanged. */
static void *on_target(void *arg, const char *target,
                       struct MHD_Connection *connection)
{
    struct hook_call *call = xcalloc(1, sizeof(*call));

    call->httpd = arg;
    call->connection = connection;
    call->target = xstrdup(target);
    call->since = clock_mono_ms();
    return call;
}

static void on_completed(void *arg, struct MHD_Connection *connection,
                         void **of, enum MHD_RequestTerminationCode how)
{
    struct hook_call *call = *of;

    (void)arg;
    (void)how;
    if (!call)
        return;
    connection_waits(connection, false);
    if (connection_of(connection))
        connection_of(connection)->reads = false;
    call->connection = NULL;
    call->suspended = false;
    call->httpd = NULL;
    *of = NULL;
    hook_call_free(call);
}

static void on_connection(void *arg, struct MHD_Connection *mhd, void **of,
                          enum MHD_ConnectionNotificationCode what)
{
    struct httpd *httpd = arg;
    struct connection *connection = *of;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

        connection = xcalloc(1, sizeof(*connection));
        connection->fd = info ? info->connect_fd : -1;
        connection->since = clock_mono_ms();
        DL_APPEND(httpd->connections, connection);
        *of = connection;
    } else if (connection) {
        DL_DELETE(httpd->connections, connection);
        free(connection);
        *of = NULL;
    }
}

static enum MHD_Result refuse(struct hook_call *call, int status)
{
    call_respond(call, status, NULL, NULL, 0);
    return call_reply(call);
}

static bool known_method(const struct hook *hook, const char *method)
{
    if (strcmp(method, "HEAD") == 0)
        return hook_is_folder(hook);
    return strcmp(method, "POST") == 0 || strcmp(method, "GET") == 0 ||
           strcmp(method, "PUT") == 0;
}

/* The headers came. Whatever is answered now ends the connection if a body
 * follows, without reading it. */
static enum MHD_Result call_start(struct hook_call *call, const char *method)
{
    const struct hook *hook = httpd_find(call->httpd, call->target);
    const char *length = hook_header(call, MHD_HTTP_HEADER_CONTENT_LENGTH);

    call->started = true;
    if (!hook)
        return refuse(call, MHD_HTTP_NOT_FOUND);
    if (!known_method(hook, method))
        return refuse(call, MHD_HTTP_METHOD_NOT_ALLOWED);
    if (length && strtoull(length, NULL, 10) > hook->body_max)
        return refuse(call, MHD_HTTP_CONTENT_TOO_LARGE);
    buf_init(&call->body, hook->body_max);
    return MHD_YES;
}

static void call_hand_over(struct hook_call *call, struct hook *hook,
                           const char *method)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char *url = xasprintf("%s%s", call->httpd->public_url, call->target);
    const char *query = strchr(call->target, '?');
    char peer[PEER_MAX] = "";
    struct hook_request request = {
        .method = method,
        .url = url,
        .query = query ? query + 1 : "",
        .peer = peer,
        .body = buf_text(&call->body),
        .size = call->body.len,
        .call = call,
    };

    if (info && info->client_addr)
        httpd_peer(info->client_addr, hook_header(call, "X-Forwarded-For"),
                   peer);
    connection_waits(call->connection, true);
    call->hook = hook;
    call->since = clock_mono_ms();
    DL_APPEND(hook->calls, call);
    hook->fn(hook->arg, &request);
    free(url);
}

/* The whole request is here. */
static enum MHD_Result call_finish(struct hook_call *call, const char *method)
{
    struct hook *hook = httpd_find(call->httpd, call->target);

    if (!hook)
        return refuse(call, MHD_HTTP_NOT_FOUND); /* closed meanwhile */
    call_hand_over(call, hook, method);
    if (call->response)
        return call_reply(call);
    call->suspended = true;
    MHD_suspend_connection(call->connection);
    return MHD_YES;
}

static enum MHD_Result on_access(void *arg, struct MHD_Connection *connection,
                                 const char *url, const char *method,
                                 const char *version, const char *bytes,
                                 size_t *size, void **of)
{
    struct hook_call *call = *of;
    const struct httpd *httpd = arg;

    (void)connection;
    (void)url;
    (void)version;
    if (!call->started)
        return call_start(call, method);
    if (call->response)
        return call_reply(call);
    if (*size > 0) {
        /* MHD cannot answer before the end of a body. */
        if (!buf_add(&call->body, bytes, *size) ||
            clock_mono_ms() - call->since > httpd->read_ms)
            return MHD_NO;
        *size = 0;
        return MHD_YES;
    }
    return call_finish(call, method);
}

/* --- on the loop --------------------------------------------------------- */

static void httpd_stop(struct httpd *httpd)
{
    for (struct hook *hook = httpd->hooks; hook; hook = hook->hh.next) {
        struct hook_call *call;

        DL_FOREACH (hook->calls, call) {
            if (call->suspended)
                call_respond(call, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, NULL, 0);
        }
    }
    MHD_stop_daemon(httpd->daemon);
    httpd->daemon = NULL;
}

static void on_timer(uv_timer_t *timer);

static void httpd_work(struct httpd *httpd)
{
    MHD_UNSIGNED_LONG_LONG wait;

    if (!httpd->daemon || httpd->inside)
        return;
    handle_hold(&httpd->base);
    httpd->inside = true;
    (void)MHD_run(httpd->daemon);
    httpd->inside = false;
    if (httpd->base.closing)
        httpd_stop(httpd);
    else if (MHD_get_timeout(httpd->daemon, &wait) == MHD_YES)
        (void)uv_timer_start(&httpd->timer, on_timer, wait > 0 ? wait : 1, 0);
    else
        (void)uv_timer_stop(&httpd->timer);
    handle_release(&httpd->base);
}

static void on_timer(uv_timer_t *timer)
{
    httpd_work(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    httpd_work(poll->data);
}

static void on_run(void *arg)
{
    httpd_work(arg);
}

/* Ends what takes too long: our own answers, and clients that drip. */
static void on_sweep(uv_timer_t *timer)
{
    struct httpd *httpd = timer->data;
    int64_t now = clock_mono_ms();
    struct connection *connection;
    struct hook_call *call;

    for (struct hook *hook = httpd->hooks; hook; hook = hook->hh.next) {
        DL_FOREACH (hook->calls, call) {
            if (call->suspended && now - call->since > httpd->answer_ms)
                call_respond(call, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, NULL, 0);
        }
    }
    DL_FOREACH (httpd->connections, connection) {
        int64_t most = connection->reads ? FILE_MS : httpd->read_ms;

        if (!connection->waits && now - connection->since > most)
            (void)shutdown(connection->fd, SHUT_RDWR);
    }
}

static void httpd_shut(struct handle *handle)
{
    struct httpd *httpd = (struct httpd *)handle;
    struct loop *loop = handle->owner->loop;

    if (loop->hooks == httpd)
        loop->hooks = NULL;
    handle_close(&httpd->run->base);
    handle_close_uv(handle, (uv_handle_t *)&httpd->poll);
    handle_close_uv(handle, (uv_handle_t *)&httpd->timer);
    handle_close_uv(handle, (uv_handle_t *)&httpd->sweep);
    if (!httpd->inside)
        httpd_stop(httpd);
}

static void httpd_release(struct handle *handle)
{
    struct httpd *httpd = (struct httpd *)handle;

    free(httpd->public_url);
    free(httpd);
}

static const struct handle_ops httpd_ops = {
    .shut = httpd_shut,
    .release = httpd_release,
};

void httpd_close(struct httpd *httpd)
{
    if (httpd)
        handle_close(&httpd->base);
}

int httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

static struct MHD_Daemon *daemon_start(struct httpd *httpd, int fd)
{
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access,
        httpd, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_S, MHD_OPTION_URI_LOG_CALLBACK, on_target, httpd,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, httpd,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, httpd, MHD_OPTION_END);
}

static void httpd_attach(struct httpd *httpd)
{
    uv_loop_t *uv = handle_loop(&httpd->base);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    (void)uv_timer_init(uv, &httpd->timer);
    (void)uv_timer_init(uv, &httpd->sweep);
    if (uv_poll_init(uv, &httpd->poll, info->epoll_fd) < 0)
        abort();
    httpd->timer.data = httpd->sweep.data = httpd->poll.data = httpd;
    (void)uv_poll_start(&httpd->poll, UV_READABLE, on_poll);
    (void)uv_timer_start(&httpd->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    httpd->run = later_new(httpd->base.owner, on_run, httpd);
}

static char *own_url(const struct httpd_options *options, int port)
{
    const char *colon = strrchr(options->listen, ':');

    if (options->public_url && *options->public_url) {
        size_t size = strlen(options->public_url);

        while (size > 0 && options->public_url[size - 1] == '/')
            size--;
        return xstrndup(options->public_url, size);
    }
    return xasprintf("http://%.*s:%d", (int)(colon - options->listen),
                     options->listen, port);
}

struct httpd *httpd_open(struct owner *owner,
                         const struct httpd_options *options, struct err *err)
{
    struct httpd *httpd;
    int fd = httpd_listen(options->listen, err);

    if (fd < 0)
        return NULL;
    httpd = xcalloc(1, sizeof(*httpd));
    httpd->port = httpd_fd_port(fd);
    httpd->daemon = daemon_start(httpd, fd);
    if (!httpd->daemon) {
        err_set(err, ERR_CONFIG, "cannot serve HTTP on %.100s",
                options->listen);
        (void)close(fd);
        free(httpd);
        return NULL;
    }
    handle_open(&httpd->base, owner, &httpd_ops);
    httpd->public_url = own_url(options, httpd->port);
    httpd->answer_ms = options->answer_ms ? options->answer_ms : ANSWER_MS;
    httpd->read_ms = options->read_ms ? options->read_ms : READ_MS;
    httpd_attach(httpd);
    if (options->hooks)
        owner->loop->hooks = httpd;
    return httpd;
}
