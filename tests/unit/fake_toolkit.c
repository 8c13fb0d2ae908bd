/* fake_toolkit.c - see fake_toolkit.h. */
#include "fake_toolkit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "toolkit/loop.h"
#include "toolkit/socket.h"
#include "toolkit/timer.h"

enum { MAX = 64 };

struct timer {
    struct owner *owner;
    timer_fn *fn;
    void *arg;
    uint64_t due, every; /* due 0: stopped */
};

struct later {
    struct owner *owner;
    void (*fn)(void *arg);
    void *arg;
    bool asked;
};

struct closing {
    void (*fn)(void *arg);
    void *arg;
};

struct fake_socket fake_socket;

static struct {
    uint64_t now;
    struct timer *timers[MAX];
    struct later *laters[MAX];
    struct closing closings[MAX];
    size_t n_closings;
    const struct socket_events *events;
    void *arg;
    struct buf look;
} world;

void fake_reset(void)
{
    memset(&world, 0, sizeof(world));
    memset(&fake_socket, 0, sizeof(fake_socket));
    world.now = 1;
    buf_init(&fake_socket.written, 64 << 20);
    buf_init(&world.look, 64 << 20);
}

static bool run_laters(void)
{
    bool any = false;

    for (size_t i = 0; i < MAX; i++) {
        struct later *later = world.laters[i];

        if (!later || !later->asked)
            continue;
        later->asked = false;
        later->fn(later->arg);
        any = true;
    }
    for (size_t i = 0; i < world.n_closings; i++) {
        struct closing closing = world.closings[i];

        memmove(&world.closings[i], &world.closings[i + 1],
                (--world.n_closings - i) * sizeof(closing));
        closing.fn(closing.arg);
        return true;
    }
    return any;
}

static struct timer *first_timer(void)
{
    struct timer *first = NULL;

    for (size_t i = 0; i < MAX; i++) {
        struct timer *timer = world.timers[i];

        if (timer && timer->due && (!first || timer->due < first->due))
            first = timer;
    }
    return first;
}

uint64_t fake_next_timer(void)
{
    struct timer *first = first_timer();

    return first ? first->due - world.now : UINT64_MAX;
}

void fake_advance(uint64_t ms)
{
    uint64_t end = world.now + ms;
    struct timer *timer;

    while (run_laters())
        continue;
    while ((timer = first_timer()) && timer->due <= end) {
        world.now = timer->due;
        timer->due = timer->every ? world.now + timer->every : 0;
        timer->fn(timer->arg);
        while (run_laters())
            continue;
    }
    world.now = end;
}

uint64_t fake_now(void)
{
    return world.now;
}

bool fake_is_clean(void)
{
    for (size_t i = 0; i < MAX; i++) {
        if (world.timers[i] || world.laters[i])
            return false;
    }
    buf_free(&fake_socket.written);
    buf_free(&world.look);
    memset(&fake_socket, 0, sizeof(fake_socket));
    return world.n_closings == 0;
}

/* --- loop.h -------------------------------------------------------------- */

void owner_init(struct owner *owner, struct loop *loop)
{
    memset(owner, 0, sizeof(*owner));
    owner->loop = loop;
}

void owner_close(struct owner *owner, void (*closed)(void *arg), void *arg)
{
    for (size_t i = 0; i < MAX; i++) {
        if (world.timers[i] && world.timers[i]->owner == owner) {
            free(world.timers[i]);
            world.timers[i] = NULL;
        }
        if (world.laters[i] && world.laters[i]->owner == owner) {
            free(world.laters[i]);
            world.laters[i] = NULL;
        }
    }
    fake_socket.open = fake_socket.connecting = false;
    if (closed)
        world.closings[world.n_closings++] = (struct closing){ closed, arg };
}

struct later *later_new(struct owner *owner, void (*fn)(void *arg), void *arg)
{
    struct later *later = xcalloc(1, sizeof(*later));

    later->owner = owner;
    later->fn = fn;
    later->arg = arg;
    for (size_t i = 0; i < MAX; i++) {
        if (!world.laters[i]) {
            world.laters[i] = later;
            return later;
        }
    }
    abort();
}

void later_ask(struct later *later)
{
    later->asked = true;
}

/* --- timer.h ------------------------------------------------------------- */

struct timer *timer_new(struct owner *owner, timer_fn *fn, void *arg)
{
    struct timer *timer = xcalloc(1, sizeof(*timer));

    timer->owner = owner;
    timer->fn = fn;
    timer->arg = arg;
    for (size_t i = 0; i < MAX; i++) {
        if (!world.timers[i]) {
            world.timers[i] = timer;
            return timer;
        }
    }
    abort();
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
    timer->due = world.now + delay_ms;
    timer->every = 0;
}

void timer_repeat(struct timer *timer, uint64_t every_ms)
{
    timer->due = world.now + every_ms;
    timer->every = every_ms;
}

void timer_stop(struct timer *timer)
{
    timer->due = timer->every = 0;
}

bool timer_active(const struct timer *timer)
{
    return timer->due != 0;
}

void timer_free(struct timer *timer)
{
    for (size_t i = 0; timer && i < MAX; i++) {
        if (world.timers[i] == timer)
            world.timers[i] = NULL;
    }
    free(timer);
}

/* --- socket.h ------------------------------------------------------------ */

struct socket *socket_connect(struct owner *owner,
                              const struct socket_options *options,
                              const struct socket_events *events, void *arg)
{
    (void)owner;
    world.events = events;
    world.arg = arg;
    buf_reset(&fake_socket.written);
    fake_socket.connects++;
    fake_socket.connecting = true;
    fake_socket.closed = fake_socket.shut = false;
    fake_socket.queued = 0;
    text_copy(fake_socket.host, sizeof(fake_socket.host), options->host);
    text_copy(fake_socket.ca_file, sizeof(fake_socket.ca_file),
              options->ca_file ? options->ca_file : "");
    fake_socket.port = options->port;
    fake_socket.tls = options->tls;
    return (struct socket *)&fake_socket;
}

void socket_write(struct socket *socket, const void *bytes, size_t size)
{
    (void)socket;
    (void)buf_add(&fake_socket.written, bytes, size);
}

size_t socket_queued(const struct socket *socket)
{
    (void)socket;
    return fake_socket.queued;
}

void socket_shutdown(struct socket *socket)
{
    (void)socket;
    fake_socket.shut = true;
}

void socket_close(struct socket *socket)
{
    (void)socket;
    fake_socket.open = fake_socket.connecting = false;
    fake_socket.closed = true;
}

void fake_open(void)
{
    if (!fake_socket.connecting)
        abort();
    fake_socket.connecting = false;
    fake_socket.open = true;
    world.events->opened(world.arg);
}

void fake_data(const char *text)
{
    if (fake_socket.open)
        world.events->data(world.arg, text, strlen(text));
}

void fake_eof(void)
{
    if (fake_socket.open)
        world.events->eof(world.arg);
}

void fake_gone(const char *text)
{
    struct err err;

    if (!fake_socket.open && !fake_socket.connecting)
        abort();
    fake_socket.open = fake_socket.connecting = false;
    (void)err_set(&err, ERR_LINK, "%s", text);
    world.events->gone(world.arg, &err);
}

const char *fake_written(void)
{
    fake_advance(0);
    buf_reset(&world.look);
    (void)buf_add_text(&world.look, buf_text(&fake_socket.written));
    buf_reset(&fake_socket.written);
    return buf_text(&world.look);
}
