/* quirks.h - what some modems do otherwise, as data. */
#ifndef MOONGATE_GSM_QUIRKS_H
#define MOONGATE_GSM_QUIRKS_H

#include <stdbool.h>

/* How a routed message or report is acknowledged (27.005 4.7). A PDU of our
 * own is never sent with it: it would hold nothing that the modem's does not,
 * and many modems refuse it. */
enum gsm_cnma {
    CNMA_UNKNOWN, /* nobody has tried: only when `delivery` asks for it */
    CNMA_NONE,    /* not at all, or not while a text is being sent: such a
                     modem gets no routed mode */
    CNMA_ONE,     /* AT+CNMA=1 */
    CNMA_ZERO,    /* AT+CNMA=0 */
    CNMA_PLAIN,   /* AT+CNMA */
};

/* Which of the ways that the modem offers for delivery reports do work. */
enum gsm_reports {
    REPORTS_OFFERED, /* each; +CDS is preferred */
    REPORTS_ROUTED,  /* +CDS only: +CDSI names places where none is */
    REPORTS_STORED,  /* +CDSI only */
};

enum { QUIRK_INIT_MAX = 3 };

/* Zero and NULL are the usual way. What a modem says of itself in its `=?`
 * answers comes first; a row may forbid some of it, or say what is not asked
 * about. */
struct gsm_quirk {
    const char *name;  /* of the family: "huawei" */
    const char *maker; /* part of the answer to AT+CGMI, any case */
    const char *model; /* part of the answer to AT+CGMM; NULL fits all */

    const char *init[QUIRK_INIT_MAX]; /* more commands for the set-up */
    const char *noise; /* beginnings of lines that mean nothing, by '|' */
    const char *no_ok; /* a command that is answered without a final result */

    int cnmi_mode;     /* AT+CNMI mode to be tried first */
    bool cnmi_bfr_one; /* buffered lines are dropped: 0 is refused */
    enum gsm_reports reports;
    enum gsm_cnma cnma;
    unsigned memories; /* those that are of use, bits of 1 << enum gsm_memory */
    bool send_only;    /* a phone: its texts cannot be read */

    unsigned prompt_delay_ms; /* between the prompt and the PDU */
    unsigned chunk;           /* octets that are taken at once; 0: all */
    unsigned chunk_ms;        /* between two chunks */
};

/* The first row that fits, or one without any quirk; never NULL. */
const struct gsm_quirk *gsm_quirk_find(const char *maker, const char *model);

/* The i-th row, or NULL after the last: for tests. */
const struct gsm_quirk *gsm_quirk_row(unsigned i);

#endif
