/* errors.h - what the numbers of +CMS ERROR and +CME ERROR mean to us. */
#ifndef MOONGATE_GSM_ERRORS_H
#define MOONGATE_GSM_ERRORS_H

#include "base/err.h"
#include "gsm/at.h"

/* Fills *err from a final result code that is no success: kind, scope, pause,
 * code ("CMS 38") and a sentence for people. ERR_UNKNOWN is no failure (332:
 * the modem does not know whether it was sent).
 * 3GPP TS 27.005 3.2.5, 24.011 E-2, 23.040 9.2.3.22, 27.007 9.2. */
void gsm_error(const struct at_final *final, struct err *err);

/* What a person should do about an error that comes again and again. Texts are
 * static; advice is NULL when there is none. */
struct gsm_advice {
    const char *meaning, *advice;
    unsigned enough; /* so many in a row, to several numbers, are the SIM's own
                        trouble (no credit, barred); 0: never */
};
struct gsm_advice gsm_error_advice(const struct at_final *final);

/* Is the SIM gone, locked or broken? */
bool gsm_error_is_sim(const struct at_final *final);

/* The SIM or modem asks to wait a second and try again? */
bool gsm_error_is_busy(const struct at_final *final);

#endif
