/* fence.h - the reverse fence: XEP-0199 pings of ours, at most one out at a
 * time. Its answer, whatever it is, proves that the server has read everything
 * that was written before; it is keep-alive and half-open check too. */
#ifndef MOONGATE_XMPP_FENCE_H
#define MOONGATE_XMPP_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "xmpp/stanza.h"

struct fence;
struct owner;

struct fence_events {
    /* Writes a ping with this id to `to`. */
    void (*ping)(void *arg, const char *to, const char *id);
    /* The first `serial` counted stanzas are read. */
    void (*fenced)(void *arg, uint64_t serial);
    void (*dead)(void *arg); /* no answer within 30 s */
};

/* ping_to NULL: the parent domain of `jid`, and `jid` itself once that proves
 * unreachable. every_s 0: 60. Strings and events are borrowed for life; its
 * handles belong to `owner`. */
struct fence *fence_new(struct owner *owner, const char *jid,
                        const char *ping_to, unsigned every_s,
                        const struct fence_events *events, void *arg);
void fence_free(struct fence *fence);

void fence_up(struct fence *fence);   /* counts from 0 */
void fence_down(struct fence *fence); /* forgets what is out */

/* Something will be written that a fence is asked for: makes the ping leave
 * in the same packet. */
void fence_expect(struct fence *fence);

/* One more stanza that the core counts is written. */
void fence_count(struct fence *fence);

/* A ping goes out at the end of this turn of the loop, or right after the
 * answer to the one that is out. */
void fence_ask(struct fence *fence);

/* Nothing is written that a fence has not covered? */
bool fence_is_clear(const struct fence *fence);

/* True when an IQ with this id answers our ping (or is the ping itself, back
 * at our own domain): it is dealt with then. `condition` is that of an IQ
 * error, NULL otherwise. */
bool fence_answer(struct fence *fence, const char *id, const char *condition);

#endif
