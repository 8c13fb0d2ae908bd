/* at.h - the AT engine: the bytes of a modem in, events out. Pure: no I/O and
 * no clock; the caller writes the commands and keeps the deadlines.
 *
 * One command is in flight at most. Information lines that belong to it are
 * collected; unsolicited result codes (URCs) may come at any place and are
 * told apart by a table, by the command's own prefixes, and for two-line ones
 * by the length of the PDU that follows. Implements 3GPP TS 27.007 4 and
 * 27.005 3, with what real modems make of them. Everything is bounded; the
 * modem is a hostile peer. */
#ifndef MOONGATE_GSM_AT_H
#define MOONGATE_GSM_AT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
    AT_LINE_MAX = 1024, /* longer lines are dropped */
    AT_LINES_MAX = 512, /* of one answer: 255 texts; the rest is dropped */
    AT_COMMAND_MAX = 128,
};

enum at_code {
    AT_OK,
    AT_ERROR, /* ERROR and vendors' words for it */
    AT_CME,   /* +CME ERROR: the equipment refused */
    AT_CMS,   /* +CMS ERROR: the SMS service refused */
    AT_CALL,  /* NO CARRIER and such: of a call, never of a command of ours */
};

struct at_final {
    enum at_code code;
    int number;    /* of CME and CMS; -1: it was text or nothing */
    char text[64]; /* the line itself, cut */
};

/* Reads one line, ended or not, as a final result code. */
bool at_final_parse(const char *line, struct at_final *final);

/* What an unsolicited line means to us. */
enum at_urc {
    AT_URC_NOISE,     /* known, and of no interest */
    AT_URC_UNKNOWN,   /* in no table: a vendor's own, or a garbled line */
    AT_URC_STORED,    /* +CMTI, +CDSI: something arrived in a store */
    AT_URC_MESSAGE,   /* +CMT, with its PDU */
    AT_URC_REPORT,    /* +CDS, with its PDU */
    AT_URC_BROADCAST, /* +CBM, with its PDU */
    AT_URC_FULL,      /* the store is full */
    AT_URC_BOOT,      /* the modem (re)started or goes: set it up again */
    AT_URC_SET_UP,    /* it has become ready: set it up again, soon */
    AT_URC_SUSPECT,   /* it may have: look at AT+CMGF? */
    AT_URC_NETWORK,   /* +CREG, +CEREG */
    AT_URC_STRAY,     /* a result while no command of ours is in flight */
    AT_URC_CALL,      /* RING, +CLIP, NO CARRIER: somebody calls, or no more */
    AT_URC_USSD,      /* +CUSD; more lines may follow (cusd.h) */
};

/* What a line means unasked, by its beginning; AT_URC_UNKNOWN: no idea. */
enum at_urc at_urc_parse(const char *line);

/* What the answer looks like. */
enum at_shape {
    AT_BARE,  /* no information lines: whatever comes is unsolicited */
    AT_LINES, /* lines with one of the prefixes */
    AT_PDUS,  /* the same, each followed by a line of hex */
    AT_ANY,   /* any line that is no known URC: +CGMI, +CIMI */
};

struct at_command {
    const char *text;     /* "AT+CMGL=4", without the CR */
    const char *prefixes; /* separated by '|': "+CREG:|+CEREG:"; or NULL */
    enum at_shape shape;
    bool prompt; /* "> " comes before the final result */
};

enum at_event_kind {
    AT_EVENT_URC,
    AT_EVENT_PROMPT,
    AT_EVENT_DONE,
    AT_EVENT_ASIDE, /* the command beside has ended; only `final` is set */
};

/* Everything is borrowed for the call. */
struct at_event {
    enum at_event_kind kind;
    enum at_urc urc;
    const char *line; /* of the URC */
    const char *pdu;  /* its hex, or NULL when there was none that fits */
    const struct at_final *final; /* of AT_EVENT_DONE and _ASIDE */
    const char *answer;           /* its lines, each ended by '\n' */
    bool truncated;               /* there were more lines than we keep */
};

/* The callback may call at_begin and at_reset, not at_feed. */
typedef void at_event_fn(void *arg, const struct at_event *event);

enum at_phase {
    AT_IDLE,
    AT_WAIT_PROMPT,
    AT_WAIT_DATA, /* the prompt came; the caller owes data */
    AT_WAIT_FINAL,
};

struct at {
    at_event_fn *event;
    void *arg;
    enum at_phase phase;
    char command[AT_COMMAND_MAX + 1]; /* to know its echo */
    bool echoed;                      /* it came */
    const char *noise; /* more beginnings of lines that mean nothing, as in
                          at_command.prefixes; set by the caller, or NULL */
    const char *aside; /* the command beside, NULL: none */
    bool is_late;      /* its result may still come, though given up */
    bool is_held;      /* an error of which nobody knows yet whose it is */
    struct at_final held;
    const char *prefixes;
    enum at_shape shape;
    struct buf answer;
    unsigned lines;
    bool truncated;
    bool want_hex;     /* the next line of hex belongs to the answer */
    enum at_urc bound; /* a URC that waits for its PDU */
    char bound_line[AT_LINE_MAX + 1]; /* "" when there is none */
    int bound_length;                 /* octets of its TPDU; -1: text mode */
    char line[AT_LINE_MAX + 1];
    size_t len;
    bool overlong;
};

void at_init(struct at *at, at_event_fn *event, void *arg);
void at_free(struct at *at);

/* A command is about to be written. `prefixes` must stay valid until it ends;
 * one that is too long or while another is in flight is our own bug. */
void at_begin(struct at *at, const struct at_command *command);

/* The data after the prompt was written. */
void at_data_sent(struct at *at);

/* A command without answer lines is written beside the one in flight, whose
 * final result is awaited: AT+CNMA while a text is being sent, with modems that
 * take it (27.005 does not say). The two results are told apart by the answer
 * lines of the one in flight, which must have some when it succeeds. `text`
 * must stay valid until it ends; while one is beside, no other may begin. */
void at_aside(struct at *at, const char *text);

/* The result of the command beside is not waited for any more. An OK that
 * comes where lines of the one in flight should have come is taken for it. */
void at_aside_end(struct at *at);

bool at_busy(const struct at *at);

/* Lines that were collected for the command in flight so far. */
const char *at_answer(const struct at *at);

/* Forgets the command in flight and the line that has begun. */
void at_reset(struct at *at);

void at_feed(struct at *at, const char *bytes, size_t size);

#endif
