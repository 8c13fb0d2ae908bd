/* crash.h - named points where tests may kill the daemon (rule R1 of the
 * reliability reference: insert, commit, ack, intent, write, answer, result,
 * delete). MOONGATE_CRASH=POINT:N in the environment sends SIGKILL to
 * ourselves the N-th time that point is passed; without it a point costs one
 * comparison. */
#ifndef MOONGATE_BASE_CRASH_H
#define MOONGATE_BASE_CRASH_H

enum crash_point {
    CRASH_INSERT, /* rows of a group are written, not committed */
    CRASH_COMMIT, /* committed, nobody told yet */
    CRASH_ACK,    /* about to ack a driver: stored, not deleted at source */
    CRASH_INTENT, /* the intent is committed, the side effect not begun */
    CRASH_WRITE,  /* in the middle of the side effect (PDU or stanza written) */
    CRASH_ANSWER, /* the far side's answer was read, not recorded */
    CRASH_RESULT, /* the result is committed, nobody told yet */
    CRASH_DELETE, /* the source was told to delete */
    CRASH_POINTS,
};

/* Reads MOONGATE_CRASH once, before threads start. */
void crash_init(void);
void crash_at(enum crash_point point);

#endif
