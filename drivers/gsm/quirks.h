/* quirks.h - what some modems do otherwise, as data. */
#ifndef MOONGATE_GSM_QUIRKS_H
#define MOONGATE_GSM_QUIRKS_H

#include <stdbool.h>

struct gsm_quirk {
    const char *maker;        /* part of the answer to AT+CGMI, any case */
    const char *model;        /* part of the answer to AT+CGMM; "" fits all */
    int cnmi_mode;            /* 0: the usual choice */
    bool no_stored_reports;   /* reports in the store cannot be found again */
    unsigned prompt_delay_ms; /* between the prompt and the PDU */
    const char *init; /* one more command for the init sequence, or NULL */
};

/* The first row that fits, or one without any quirk; never NULL. */
const struct gsm_quirk *gsm_quirk_find(const char *maker, const char *model);

#endif
