/* message.c - the table of states and moves. */
#include "store/message.h"

#include <string.h>

#define TO(state) (1u << MESSAGE_##state)

/* sent -> queued: a stanza error says "later". failed -> delivered: a positive
 * report came after a negative one, and the sender was not told yet
 * (store/reports.c sees to that). */
static const unsigned allowed[MESSAGE_STATES] = {
    [MESSAGE_QUEUED] =
        TO(QUEUED) | TO(SUBMITTING) | TO(SENT) | TO(DELIVERED) | TO(FAILED),
    [MESSAGE_SUBMITTING] = TO(SUBMITTING) | TO(QUEUED) | TO(UNKNOWN) |
                           TO(SENT) | TO(DELIVERED) | TO(FAILED),
    [MESSAGE_UNKNOWN] = TO(UNKNOWN) | TO(QUEUED) | TO(SUBMITTING) | TO(SENT) |
                        TO(DELIVERED) | TO(FAILED),
    [MESSAGE_SENT] = TO(SENT) | TO(QUEUED) | TO(DELIVERED) | TO(FAILED),
    [MESSAGE_DELIVERED] = TO(DELIVERED),
    [MESSAGE_FAILED] = TO(FAILED) | TO(DELIVERED),
};

static const char *const names[MESSAGE_STATES] = {
    [MESSAGE_QUEUED] = "queued",       [MESSAGE_SUBMITTING] = "submitting",
    [MESSAGE_UNKNOWN] = "unknown",     [MESSAGE_SENT] = "sent",
    [MESSAGE_DELIVERED] = "delivered", [MESSAGE_FAILED] = "failed",
};

bool message_may_move(enum message_state from, enum message_state to)
{
    return from < MESSAGE_STATES && to < MESSAGE_STATES &&
           (allowed[from] & 1u << to) != 0;
}

const char *message_state_name(enum message_state state)
{
    return names[state];
}

bool message_state_parse(const char *name, enum message_state *state)
{
    for (int i = 0; i < MESSAGE_STATES; i++) {
        if (strcmp(names[i], name) == 0) {
            *state = (enum message_state)i;
            return true;
        }
    }
    return false;
}

bool message_handed_over(enum message_state state)
{
    return state >= MESSAGE_SENT;
}
