/* fake_toolkit.h - the toolkit without a loop: time passes when a test says
 * so, and a socket is a place to look at what was written. One of each. */
#ifndef FAKE_TOOLKIT_H
#define FAKE_TOOLKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct fake_socket {
    bool connecting, open, closed; /* closed: by our side */
    unsigned connects;
    char host[128], ca_file[128];
    int port;
    bool tls, shut;
    struct buf written; /* since it was last looked at */
    size_t queued;      /* what socket_queued says */
};

extern struct fake_socket fake_socket;

void fake_reset(void);

/* Lets time pass: timers in order, laters after each. 0: laters only. */
void fake_advance(uint64_t ms);
uint64_t fake_now(void);
uint64_t fake_next_timer(void); /* ms until the first timer, or UINT64_MAX */

void fake_open(void);
void fake_data(const char *text);
void fake_eof(void);
void fake_gone(const char *text);

/* What was written since the last call (laters run before). */
const char *fake_written(void);

/* Every owner was closed and nothing is left. */
bool fake_is_clean(void);

#endif
