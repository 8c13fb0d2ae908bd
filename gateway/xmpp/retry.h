/* retry.h - when to connect again: exponential, jittered, for ever. Pure but
 * for the random numbers. */
#ifndef MOONGATE_XMPP_RETRY_H
#define MOONGATE_XMPP_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Failures since the last steady time; zeroed to begin with. */
struct retry {
    unsigned unreached; /* nobody answered at that address */
    unsigned refused;   /* a server did, and that ended */
};

/* Milliseconds from one more failure to the next try: the first comes fast. A
 * server that cannot be reached is tried about once a second for a minute, so
 * that its restart is hardly noticed, then up to every 30 s; one that refuses
 * us, or breaks off, ever more seldom, up to once a minute. */
uint64_t retry_next_ms(struct retry *retry, bool reached);

#endif
