/* http_pool.c - one libcurl multi handle per loop and profile.
 *
 * libcurl says which sockets to watch and when to call it again; a uv_poll for
 * each socket and one uv_timer do that. The pool belongs to the loop, not to an
 * owner: kept-alive connections outlive the requests that opened them.
 * libcurl must not be told to drop a transfer from within its own callbacks;
 * such a removal waits until it has returned. */
#include "toolkit/http_pool.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/mem.h"

enum { CONNECTIONS_IDLE = 64 };

struct http_pool {
    struct loop *loop;
    CURLM *multi;
    uv_timer_t timer; /* `data` is the pool */
    bool inside;      /* libcurl is on the stack */
    struct http_transfer *doomed;
    size_t transfers;
};

struct http_socket {
    uv_poll_t poll; /* first */
    struct http_pool *pool;
    curl_socket_t fd;
};

static void pool_remove(struct http_pool *pool, struct http_transfer *transfer)
{
    (void)curl_multi_remove_handle(pool->multi, transfer->easy);
    pool->transfers--;
    (void)curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS,
                            (long)(pool->transfers + CONNECTIONS_IDLE));
}

/* What ended while libcurl worked. Each callback may add and remove more. */
static void pool_reap(struct http_pool *pool)
{
    struct http_transfer *transfer;
    CURLMsg *message;
    int left;

    while ((transfer = pool->doomed)) {
        DL_DELETE(pool->doomed, transfer);
        pool_remove(pool, transfer);
        transfer->removed(transfer);
    }
    while ((message = curl_multi_info_read(pool->multi, &left))) {
        CURLcode result = message->data.result;
        char *private = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
                                &private);
        transfer = (struct http_transfer *)private;
        pool_remove(pool, transfer);
        transfer->ended(transfer, result);
    }
}

static void pool_act(struct http_pool *pool, curl_socket_t fd, int events)
{
    int running;

    pool->inside = true;
    (void)curl_multi_socket_action(pool->multi, fd, events, &running);
    pool->inside = false;
    pool_reap(pool);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct http_socket *socket = (struct http_socket *)poll;
    int flags = status < 0 ? CURL_CSELECT_ERR : 0;

    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    pool_act(socket->pool, socket->fd, flags);
}

static void on_timer(uv_timer_t *timer)
{
    pool_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct http_pool *pool = arg;

    (void)multi;
    if (timeout_ms < 0) {
        (void)uv_timer_stop(&pool->timer);
        return 0;
    }
    uv_update_time(&pool->loop->uv);
    /* Within a timer 0 would starve I/O: libuv before 1.45 runs it at once. */
    if (timeout_ms == 0 && pool->inside)
        timeout_ms = 1;
    (void)uv_timer_start(&pool->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_closed_free(uv_handle_t *uv)
{
    free(uv);
}

static struct http_socket *socket_new(struct http_pool *pool, curl_socket_t fd)
{
    struct http_socket *socket = xcalloc(1, sizeof(*socket));

    socket->pool = pool;
    socket->fd = fd;
    if (uv_poll_init(&pool->loop->uv, &socket->poll, fd) == 0) {
        (void)curl_multi_assign(pool->multi, fd, socket);
        return socket;
    }
    free(socket);
    return NULL;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                          void *known)
{
    struct http_pool *pool = arg;
    struct http_socket *socket = known;
    int events = 0;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket)
            uv_close((uv_handle_t *)&socket->poll, on_closed_free);
        (void)curl_multi_assign(pool->multi, fd, NULL);
        return 0;
    }
    if (!socket)
        socket = socket_new(pool, fd);
    if (!socket)
        return -1;
    if (what != CURL_POLL_OUT)
        events |= UV_READABLE;
    if (what != CURL_POLL_IN)
        events |= UV_WRITABLE;
    return uv_poll_start(&socket->poll, events, on_poll);
}

static void on_pool_closed(uv_handle_t *timer)
{
    free(timer->data);
}

/* The loop ends; all transfers are gone. */
static void pool_free(struct http_pool *pool)
{
    (void)curl_multi_cleanup(pool->multi);
    uv_close((uv_handle_t *)&pool->timer, on_pool_closed);
}

static struct http_pool *pool_new(struct loop *loop)
{
    struct http_pool *pool = xcalloc(1, sizeof(*pool));

    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    pool->loop = loop;
    pool->multi = curl_multi_init();
    if (!pool->multi)
        abort();
    (void)uv_timer_init(&loop->uv, &pool->timer);
    pool->timer.data = pool;
    (void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION,
                            on_curl_socket);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
    (void)curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return pool;
}

void http_pool_add(struct loop *loop, unsigned profile,
                   struct http_transfer *transfer)
{
    if (!loop->pools[profile]) {
        loop->pools[profile] = pool_new(loop);
        loop->pool_free = pool_free;
    }
    struct http_pool *pool = loop->pools[profile];
    transfer->pool = pool;
    pool->transfers++;
    (void)curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS,
                            (long)(pool->transfers + CONNECTIONS_IDLE));
    (void)curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    if (curl_multi_add_handle(pool->multi, transfer->easy) != CURLM_OK)
        abort(); /* only for a handle that is added twice, or no memory */
}

void http_pool_remove(struct http_transfer *transfer)
{
    struct http_pool *pool = transfer->pool;

    if (pool->inside) {
        DL_APPEND(pool->doomed, transfer);
        return;
    }
    pool_remove(pool, transfer);
    transfer->removed(transfer);
}
