/* cusd.h - USSD as AT+CUSD writes and reads it (3GPP TS 27.007 7.15, TS 23.038
 * 5 for the coding). Pure; a modem's line is hostile. */
#ifndef MOONGATE_GSM_CUSD_H
#define MOONGATE_GSM_CUSD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { CUSD_TEXT_MAX = 1024 };

/* <m> of +CUSD. */
enum cusd_kind {
    CUSD_DONE,        /* nothing more is needed */
    CUSD_MORE,        /* the network waits for a reply */
    CUSD_ENDED,       /* the network has ended the dialogue */
    CUSD_ELSEWHERE,   /* another program of the modem has answered */
    CUSD_UNSUPPORTED, /* the network does not do that */
    CUSD_TIMED_OUT,   /* the network has waited in vain, or we have */
};

struct cusd {
    enum cusd_kind kind;
    char text[CUSD_TEXT_MAX]; /* valid UTF-8, "" when there is none */
};

/* Is the text of this line not closed yet? Modems send the lines of a menu as
 * they are: join them with '\n' until it is. */
bool cusd_is_open(const char *line);

/* Reads a whole "+CUSD: 0,"...",15". The text may be GSM or ASCII as it is,
 * UCS-2 in hex or 7-bit packed in hex, whatever the coding claims. */
bool cusd_parse(const char *line, struct cusd *out);

/* How a modem wants a code; each firmware its own way. */
enum cusd_form { CUSD_PLAIN, CUSD_PACKED };

/* Writes AT+CUSD=1,"...",15 into `out` of `size`. What has no plain form is
 * packed in any case. ERR_UNSUPPORTED: a character that GSM 7-bit lacks;
 * ERR_TOO_LONG. */
bool cusd_command(const char *text, enum cusd_form form, char *out, size_t size,
                  struct err *err);

#endif
