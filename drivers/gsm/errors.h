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

/* The SIM or modem asks to wait a second and try again? */
bool gsm_error_is_busy(const struct at_final *final);

#endif
