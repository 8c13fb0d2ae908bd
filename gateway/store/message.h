/* message.h - the states of a message and the moves between them: the only
 * table of them. store/moves.c holds the only UPDATE that writes a state. */
#ifndef MOONGATE_STORE_MESSAGE_H
#define MOONGATE_STORE_MESSAGE_H

#include <stdbool.h>

enum direction { TO_LINE, TO_XMPP };

enum message_state {
    MESSAGE_QUEUED,     /* committed, not handed over; maybe deferred */
    MESSAGE_SUBMITTING, /* the intent is committed; a part may be out */
    MESSAGE_UNKNOWN,    /* nobody can tell whether a part was taken */
    MESSAGE_SENT,       /* every part was taken by the next hop */
    MESSAGE_DELIVERED,  /* the phone or the foreign user got all parts */
    MESSAGE_FAILED,     /* for good; the reason is kept */
    MESSAGE_STATES,
};

/* What the sender has still to be told; set in the same UPDATE as the state,
 * cleared by the stream's fence only. */
enum owed { OWED_NOTHING, OWED_RECEIPT, OWED_ERROR };

enum part_state {
    PART_WAITING,
    PART_SUBMITTING,
    PART_SENT,
    PART_UNSURE,
    PART_DELIVERED,
    PART_FAILED
};

/* Does the table allow the move? Every state may move to itself. */
bool message_may_move(enum message_state from, enum message_state to);

const char *message_state_name(enum message_state state); /* "queued" */
bool message_state_parse(const char *name, enum message_state *state);

/* sent, delivered or failed: the conversation's next message may go. */
bool message_handed_over(enum message_state state);

#endif
