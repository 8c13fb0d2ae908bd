/* component.h - what the files of this folder share: one network's component,
 * and the ways in which a stanza leaves it. */
#ifndef MOONGATE_XMPP_COMPONENT_H
#define MOONGATE_XMPP_COMPONENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/front.h"
#include "toolkit/loop.h"
#include "xmpp/jid.h"
#include "xmpp/stanza.h"
#include "xmpp/stream.h"
#include "xmpp/xmpp.h"

struct adhoc;
struct answer;
struct bounces;
struct fence;
struct presence;
struct prompt;
struct queries;
struct rosters;
struct sessions;
struct timer;
struct upload;

/* Oddities of peers that are logged once in the life of the process. */
enum oddity {
    ODD_ADDRESS, /* a stanza without usable from or to */
    ODD_DOMAIN,  /* a stanza for a domain that is not ours */
    ODD_SENDER,  /* an oversized stanza that cannot be answered */
    ODDITIES,
};

enum { RECENT = 256 };

/* Remembers for a short while, and forgets under pressure, what was done for
 * whom: so that it is not done again and again. */
struct recent {
    uint32_t hashes[RECENT];
    int64_t times[RECENT];
};

/* True when `key` was not seen within `ms`; remembers it. */
bool recent_is_new(struct recent *recent, const char *key, int64_t ms);

/* Is it remembered? */
bool recent_has(const struct recent *recent, const char *key, int64_t ms);

struct component {
    struct owner owner;
    struct component_options options;
    struct network *network;
    xmpp_ctx_t *ctx;
    struct stream *stream;
    struct fence *fence;
    struct presence *presence;
    struct queries *queries;
    struct upload *upload;
    struct rosters *rosters;
    struct adhoc *adhoc;
    struct prompt *prompt;
    struct sessions *sessions; /* who is there */
    struct bounces *bounces;
    struct answer *held; /* decided, but the output is full */
    unsigned n_held;
    struct recent locked;   /* who takes nothing from strangers */
    struct recent blockers; /* full JIDs that have asked for a block list */
    struct recent helped;   /* who was told what this is */
    struct recent present;  /* whose availability the core was told */
    bool odd[ODDITIES];
    int64_t started; /* clock_mono_ms */
    bool up, closed;
    struct timer *farewell; /* while a stop waits for the fence */
    void (*done)(void *arg);
    void *done_arg;
};

/* The bare JID of a foreign address on this network, of the gateway itself
 * for "", into JID_BARE_SIZE bytes. False when the address has none. */
bool component_jid(const struct component *component, const char *address,
                   char *out);

/* Sends and releases a stanza. */
bool component_send(struct component *component, xmpp_stanza_t *stanza,
                    enum stream_class class);

/* Sends and releases an answer to an IQ: after everything that was read before
 * is decided (the ack fence), in the order of the calls. */
void component_answer(struct component *component, xmpp_stanza_t *answer);

/* Sends what the full output has held back. */
void component_answer_held(struct component *component);
void component_forget_held(struct component *component);

/* True the first time: then the caller logs it. */
bool component_odd(struct component *component, enum oddity oddity);

#endif
