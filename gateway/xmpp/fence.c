/* fence.c - a few counters and three timers.
 *
 * `written` counts what the core wants covered, `covers` is its value when the
 * ping that is out was sent. The server answers in the order in which it reads
 * one stream, so even an error proves the point; but a parent domain that is
 * not there costs the server a look-up each time, so that one answer
 * remote-server-not-found, or none within SILENT_MS, moves the pings to our
 * own domain for good: they come back to ourselves. */
#include "xmpp/fence.h"

#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/mem.h"
#include "toolkit/loop.h"
#include "toolkit/timer.h"
#include "xmpp/jid.h"

enum {
    EVERY_S = 60,
    SILENT_MS = 10000,
    DEAD_MS = 30000,
};

struct ping {
    char id[33]; /* "": none */
    uint64_t covers;
};

struct fence {
    const struct fence_events *events;
    void *arg;
    const char *jid;
    const char *to; /* whom we ping now */
    uint64_t every_ms;
    struct later *turn;
    struct timer *idle;   /* since the last answer */
    struct timer *silent; /* while a ping is out, and `to` is not our own */
    struct timer *dead;   /* while a ping is out */
    bool up, asked;
    struct ping out;
    struct ping former; /* sent to somebody silent; may still be answered */
    uint64_t written, covered;
};

static bool is_out(const struct fence *fence)
{
    return fence->out.id[0] != '\0';
}

static void send_ping(struct fence *fence)
{
    struct id id = id_new();

    fence->asked = false;
    fence->out.covers = fence->written;
    text_copy(fence->out.id, sizeof(fence->out.id), id_text(&id).text);
    timer_stop(fence->idle);
    if (!timer_active(fence->dead))
        timer_start(fence->dead, DEAD_MS);
    if (fence->to != fence->jid)
        timer_start(fence->silent, SILENT_MS);
    fence->events->ping(fence->arg, fence->to, fence->out.id);
}

static void on_turn(void *arg)
{
    struct fence *fence = arg;

    if (fence->up && fence->asked && !is_out(fence))
        send_ping(fence);
}

static void on_silent(void *arg)
{
    struct fence *fence = arg;

    fence->to = fence->jid;
    fence->former = fence->out;
    send_ping(fence);
}

static void on_dead(void *arg)
{
    struct fence *fence = arg;

    fence->events->dead(fence->arg);
}

static void on_idle(void *arg)
{
    fence_ask(arg);
}

struct fence *fence_new(struct owner *owner, const char *jid,
                        const char *ping_to, unsigned every_s,
                        const struct fence_events *events, void *arg)
{
    struct fence *fence = xcalloc(1, sizeof(*fence));
    const char *parent = jid_parent_domain(jid);

    fence->events = events;
    fence->arg = arg;
    fence->jid = jid;
    fence->to = ping_to && ping_to[0] ? ping_to : parent ? parent : jid;
    fence->every_ms = 1000ull * (every_s ? every_s : EVERY_S);
    fence->turn = later_new(owner, on_turn, fence);
    fence->idle = timer_new(owner, on_idle, fence);
    fence->silent = timer_new(owner, on_silent, fence);
    fence->dead = timer_new(owner, on_dead, fence);
    return fence;
}

void fence_free(struct fence *fence)
{
    free(fence);
}

void fence_up(struct fence *fence)
{
    fence->up = true;
    fence->written = fence->covered = 0;
    fence_ask(fence); /* shows early who answers */
}

static void nothing_out(struct fence *fence)
{
    fence->out.id[0] = fence->former.id[0] = '\0';
    timer_stop(fence->silent);
    timer_stop(fence->dead);
}

void fence_down(struct fence *fence)
{
    fence->up = false;
    nothing_out(fence);
    timer_stop(fence->idle);
}

void fence_expect(struct fence *fence)
{
    if (!is_out(fence))
        later_ask(fence->turn);
}

void fence_count(struct fence *fence)
{
    fence->written++;
}

void fence_ask(struct fence *fence)
{
    fence->asked = true;
    if (fence->up && !is_out(fence))
        later_ask(fence->turn);
}

bool fence_is_clear(const struct fence *fence)
{
    return fence->covered == fence->written && !is_out(fence);
}

static bool is_ping(const struct ping *ping, const char *id)
{
    return ping->id[0] && strcmp(ping->id, id) == 0;
}

bool fence_answer(struct fence *fence, const char *id, const char *condition)
{
    if (is_ping(&fence->former, id)) {
        fence->covered = fence->former.covers;
        fence->former.id[0] = '\0';
    } else if (is_ping(&fence->out, id)) {
        fence->covered = fence->out.covers;
        nothing_out(fence);
        timer_start(fence->idle, fence->every_ms);
        if (fence->asked)
            later_ask(fence->turn);
    } else {
        return false;
    }
    if (condition && strcmp(condition, "remote-server-not-found") == 0)
        fence->to = fence->jid;
    fence->events->fenced(fence->arg, fence->covered);
    return true;
}
