/* dial.c - from a host name to a connected uv_tcp_t.
 *
 * Literal addresses are parsed at once (AI_NUMERICHOST never waits), names go
 * to libuv's thread pool. Each address gets an equal share of the time that is
 * left, so that one which swallows packets does not use it all, and a uv_tcp_t
 * of its own (`attempt`), because a failed one cannot be used again. */
#include "toolkit/dial.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "toolkit/handle.h"

enum { KEEPALIVE_S = 60 };

struct attempt {
    uv_tcp_t tcp; /* first: handle_free_uv frees the attempt */
    uv_connect_t connect;
};

/* A look-up cannot be stopped; it may end after its dial did. */
struct lookup {
    uv_getaddrinfo_t uv;
    struct loop *loop;
    struct dial *dial; /* NULL: closed */
};

struct dial {
    struct handle base;
    dial_fn *done;
    void *arg;
    char *host, *where;
    char port[8];
    struct later *begin;
    uv_timer_t timer;
    uint64_t deadline; /* loop time */
    struct lookup *lookup;
    struct addrinfo *addresses, *next;
    struct attempt *attempt;
};

char *dial_where(const char *host, int port)
{
    return strchr(host, ':') ? xasprintf("[%s]:%d", host, port)
                             : xasprintf("%s:%d", host, port);
}

static void dial_drop_attempt(struct dial *dial)
{
    if (!dial->attempt)
        return;
    handle_free_uv(&dial->base, (uv_handle_t *)&dial->attempt->tcp);
    dial->attempt = NULL;
}

static void dial_shut(struct handle *handle)
{
    struct dial *dial = (struct dial *)handle;

    handle_close(&dial->begin->base);
    dial_drop_attempt(dial);
    handle_close_uv(handle, (uv_handle_t *)&dial->timer);
    if (!dial->lookup)
        return;
    dial->lookup->dial = NULL;
    (void)uv_cancel((uv_req_t *)&dial->lookup->uv);
}

static void dial_release(struct handle *handle)
{
    struct dial *dial = (struct dial *)handle;

    if (dial->addresses)
        freeaddrinfo(dial->addresses);
    free(dial->host);
    free(dial->where);
    free(dial);
}

static const struct handle_ops dial_ops = {
    .shut = dial_shut,
    .release = dial_release,
};

static void dial_fail(struct dial *dial, const char *what, const char *why)
{
    struct err err;

    err_set(&err, ERR_LINK, "%s %s: %s", what, dial->where, why);
    handle_close(&dial->base);
    dial->done(dial->arg, NULL, &err);
}

static void on_connected(uv_connect_t *connect, int status);

/* Zero, or the uv error that says why nothing was begun. */
static int dial_attempt(struct dial *dial, const struct addrinfo *address)
{
    struct attempt *attempt = xcalloc(1, sizeof(*attempt));
    int rc = uv_tcp_init(handle_loop(&dial->base), &attempt->tcp);

    if (rc < 0) {
        free(attempt);
        return rc;
    }
    attempt->tcp.data = dial;
    attempt->connect.data = dial;
    dial->attempt = attempt;
    rc = uv_tcp_connect(&attempt->connect, &attempt->tcp, address->ai_addr,
                        on_connected);
    if (rc < 0)
        dial_drop_attempt(dial);
    return rc;
}

static uint64_t dial_left(const struct dial *dial)
{
    uint64_t now = uv_now(handle_loop(&dial->base));

    return now < dial->deadline ? dial->deadline - now : 0;
}

static void on_timer(uv_timer_t *timer);

/* `status` is what the last attempt came to. */
static void dial_try_next(struct dial *dial, int status)
{
    while (dial->next && dial_left(dial) > 0) {
        const struct addrinfo *address = dial->next;
        uint64_t share = 0;

        for (const struct addrinfo *a = address; a; a = a->ai_next)
            share++;
        dial->next = address->ai_next;
        status = dial_attempt(dial, address);
        if (status < 0)
            continue;
        (void)uv_timer_start(&dial->timer, on_timer,
                             dial_left(dial) / share + 1, 0);
        return;
    }
    dial_fail(dial, "connect to", uv_strerror(status));
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct dial *dial = connect->data;

    if (dial->base.closing || !dial->attempt ||
        connect != &dial->attempt->connect)
        return;
    if (status < 0) {
        dial_drop_attempt(dial);
        dial_try_next(dial, status);
        return;
    }
    uv_tcp_t *tcp = &dial->attempt->tcp;
    dial->attempt = NULL;
    handle_close(&dial->base);
    (void)uv_tcp_nodelay(tcp, 1);
    (void)uv_tcp_keepalive(tcp, 1, KEEPALIVE_S);
    dial->done(dial->arg, tcp, NULL);
}

static void on_timer(uv_timer_t *timer)
{
    struct dial *dial = timer->data;

    if (dial->lookup) {
        dial_fail(dial, "look up the name of", "no answer in time");
        return;
    }
    dial_drop_attempt(dial);
    dial_try_next(dial, UV_ETIMEDOUT);
}

static void on_found(uv_getaddrinfo_t *uv, int status,
                     struct addrinfo *addresses)
{
    struct lookup *lookup = uv->data;
    struct dial *dial = lookup->dial;

    lookup->loop->lookups--;
    free(lookup);
    if (!dial) {
        uv_freeaddrinfo(addresses);
        return;
    }
    dial->lookup = NULL;
    dial->addresses = dial->next = addresses;
    if (status < 0)
        dial_fail(dial, "look up the name of", uv_strerror(status));
    else
        dial_try_next(dial, UV_ENOENT);
}

static void dial_lookup(struct dial *dial, const struct addrinfo *hints)
{
    struct lookup *lookup = xcalloc(1, sizeof(*lookup));
    int rc = uv_getaddrinfo(handle_loop(&dial->base), &lookup->uv, on_found,
                            dial->host, dial->port, hints);

    if (rc < 0) {
        free(lookup);
        dial_fail(dial, "look up the name of", uv_strerror(rc));
        return;
    }
    lookup->uv.data = lookup;
    lookup->loop = dial->base.owner->loop;
    lookup->loop->lookups++;
    lookup->dial = dial;
    dial->lookup = lookup;
    (void)uv_timer_start(&dial->timer, on_timer, dial_left(dial), 0);
}

static void dial_begin(void *arg)
{
    struct dial *dial = arg;
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
    };

    if (getaddrinfo(dial->host, dial->port, &hints, &dial->addresses) == 0) {
        dial->next = dial->addresses;
        dial_try_next(dial, UV_ENOENT);
        return;
    }
    dial->addresses = NULL;
    hints.ai_flags = AI_NUMERICSERV;
    dial_lookup(dial, &hints);
}

struct dial *dial_start(struct owner *owner, const char *host, int port,
                        uint64_t timeout_ms, dial_fn *done, void *arg)
{
    struct dial *dial = xcalloc(1, sizeof(*dial));
    uv_loop_t *uv = &owner->loop->uv;

    handle_open(&dial->base, owner, &dial_ops);
    dial->done = done;
    dial->arg = arg;
    dial->host = xstrdup(host);
    dial->where = dial_where(host, port);
    (void)snprintf(dial->port, sizeof(dial->port), "%u",
                   (unsigned)port % 65536);
    uv_update_time(uv);
    dial->deadline = uv_now(uv) + timeout_ms;
    (void)uv_timer_init(uv, &dial->timer);
    dial->timer.data = dial;
    dial->begin = later_new(owner, dial_begin, dial);
    later_ask(dial->begin);
    return dial;
}

void dial_cancel(struct dial *dial)
{
    if (dial)
        handle_close(&dial->base);
}

void dial_acknowledge(uv_stream_t *stream)
{
    int fd, one = 1;

    if (uv_fileno((uv_handle_t *)stream, &fd) == 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}
