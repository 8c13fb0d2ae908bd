/* limits.h - a network's policy on what its users send: where to, how much,
 * and when it looks like two machines that answer each other. Pure; amounts are
 * counted by the store (struct allowance). */
#ifndef MOONGATE_CORE_LIMITS_H
#define MOONGATE_CORE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

struct settings;

/* --- destinations --------------------------------------------------------- */

struct destinations {
    const struct settings *settings; /* allow_prefixes, deny_prefixes */
    bool premium;                    /* premium and short numbers may be used */
};

/* May a text go to this canonical address? ERR_NOT_ALLOWED. `phone`: it is a
 * phone number; of other addresses only the prefixes are looked at. Emergency
 * numbers never, also as national numbers. */
bool destination_allowed(const struct destinations *destinations,
                         const char *address, bool phone, struct err *err);

/* A short number that is not named: it may cost a lot, so that it is answered
 * only if it has written first. */
bool destination_answers_only(const struct destinations *destinations,
                              const char *address, bool phone);

/* "+449": what calls and texts to such numbers cost is set by who has them.
 * NULL: an ordinary number. */
const char *premium_prefix(const char *address);
bool is_emergency(const char *address);

/* --- loops ---------------------------------------------------------------- */

enum { LOOP_TALKS = 64 };

/* A conversation in which something went to and fro lately. */
struct loop_talk {
    uint64_t who;     /* account and contact; 0: free */
    uint64_t text;    /* the last one */
    int64_t begun;    /* clock_mono_ms: of the minute that is counted */
    int64_t stopped;  /* until then; 0: it is not */
    unsigned turns;   /* answers to what came in */
    unsigned repeats; /* of them just what had come in */
    bool in;          /* the last one came in */
};

/* The talks that are watched: the one that was idle longest makes room. */
struct loop_guard {
    unsigned turns; /* a minute that stop a talk; 0: none is watched */
    int64_t pause_ms;
    struct loop_talk talks[LOOP_TALKS];
};

enum loop_verdict {
    LOOP_NONE,
    LOOP_BEGUN, /* this text made it one: tell the admins */
    LOOP_GOES_ON,
};

/* `now`: clock_mono_ms. What came in is only noted. */
void loop_in(struct loop_guard *guard, const char *account, const char *contact,
             const char *text, int64_t now);

/* May this one go out? When not, *err is ERR_LIMITED. */
enum loop_verdict loop_out(struct loop_guard *guard, const char *account,
                           const char *contact, const char *text, int64_t now,
                           struct err *err);

/* --- all of a network ----------------------------------------------------- */

struct network_limits {
    struct destinations destinations;
    struct allowance allowance;
    struct loop_guard loops;
};

/* From the network's checked settings. */
void network_limits_init(struct network_limits *limits,
                         const struct settings *settings);

#endif
