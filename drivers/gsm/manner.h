/* manner.h - how one text is to be sent: the words of outgoing.manner. Pure. */
#ifndef MOONGATE_GSM_MANNER_H
#define MOONGATE_GSM_MANNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* What the words say; -1 where they say nothing. */
struct manner {
    int class;     /* 0 to 3 (TS 23.038 4) */
    int pid;       /* TP-PID (TS 23.040 9.2.3.9) */
    long validity; /* minutes */
    int report;    /* 0 or 1 */
};

/* Reads words separated by blanks; NULL and "" say nothing. ERR_UNSUPPORTED
 * names the word that is wrong, and the words that there are. */
bool manner_parse(const char *words, struct manner *manner, struct err *err);

extern const char manner_help[];

#endif
