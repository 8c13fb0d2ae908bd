/* fake_commands.h - commands for tests of calls and doors: send, menu (asks
 * until the reply is "end"), queue (three rows), queue-hold (admins; answers
 * when the test says so), every (a field of each type), wish (asks for
 * what may be left out; needs an account). */
#ifndef FAKE_COMMANDS_H
#define FAKE_COMMANDS_H

#include <stdbool.h>

#include "core/command.h"

struct fake_commands {
    struct call *later; /* queue-hold that waits to be ended */
    unsigned dropped;   /* notes */
    bool inside;        /* in the run of a command */
};

extern struct fake_commands fake_commands;

void fake_drop(void *notes); /* frees and counts */

#endif
