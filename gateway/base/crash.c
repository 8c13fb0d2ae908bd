/* crash.c - kills the daemon at a chosen point, for the crash tests. A
 * SIGKILL, because that is what cannot be prepared for. Several threads may
 * pass the same point, so the countdown is atomic. */
#include "base/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static int armed = -1; /* written before threads start, then only read */
static _Atomic long left;

static const char *const names[CRASH_POINTS] = {
    [CRASH_INSERT] = "insert", [CRASH_COMMIT] = "commit",
    [CRASH_ACK] = "ack",       [CRASH_INTENT] = "intent",
    [CRASH_WRITE] = "write",   [CRASH_ANSWER] = "answer",
    [CRASH_RESULT] = "result", [CRASH_DELETE] = "delete",
};

static int find_point(const char *name, size_t size)
{
    for (int i = 0; i < CRASH_POINTS; i++) {
        if (strlen(names[i]) == size && strncmp(names[i], name, size) == 0)
            return i;
    }
    return -1;
}

void crash_init(void)
{
    const char *spec = getenv("MOONGATE_CRASH");
    const char *colon = spec != NULL ? strchr(spec, ':') : NULL;
    char *end;
    long count;
    int point;

    if (spec == NULL || spec[0] == '\0')
        return;
    point =
        find_point(spec, colon != NULL ? (size_t)(colon - spec) : strlen(spec));
    count = colon != NULL ? strtol(colon + 1, &end, 10) : 1;
    if (point < 0 || count < 1 || (colon != NULL && *end != '\0')) {
        log_warn("MOONGATE_CRASH is not POINT:N value=%s", spec);
        return;
    }
    atomic_store(&left, count);
    armed = point;
}

void crash_at(enum crash_point point)
{
    if ((int)point != armed)
        return;
    if (atomic_fetch_sub(&left, 1) != 1)
        return;
    kill(getpid(), SIGKILL);
    pause();
}
