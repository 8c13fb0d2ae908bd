/* retry.c - two counters; a delay is half fixed and half at random, so that
 * gateways that lost the same server do not come back all at once. */
#include "xmpp/retry.h"

#include "base/id.h"

enum {
    FIRST_MS = 200,
    BASE_MS = 1000,
    EAGER_TRIES = 60,
    UNREACHED_MAX_MS = 30000,
    REFUSED_MAX_MS = 60000,
};

static uint64_t jittered(unsigned delay)
{
    return delay / 2 + id_random_below(delay / 2) + 1;
}

uint64_t retry_next_ms(struct retry *retry, bool reached)
{
    unsigned n = reached ? retry->refused++ : retry->unreached++;
    unsigned max = reached ? REFUSED_MAX_MS : UNREACHED_MAX_MS;
    unsigned delay = BASE_MS;

    if (n == 0)
        return jittered(FIRST_MS);
    if (!reached)
        n = n > EAGER_TRIES ? n - EAGER_TRIES : 1;
    for (; n > 1 && delay < max; n--)
        delay *= 2;
    return jittered(delay < max ? delay : max);
}
