/* charset.h - texts in AT answers: AT+CSCS says how, and modems differ. Pure;
 * everything comes out as valid UTF-8 that XML can hold. */
#ifndef MOONGATE_GSM_CHARSET_H
#define MOONGATE_GSM_CHARSET_H

#include <stdbool.h>

#include "base/buf.h"
#include "gsm/fields.h"

/* UCS-2 in hex ("00480069"), up to its first NUL. False, with nothing added,
 * when it is not that. */
bool charset_ucs2(struct slice hex, struct buf *out);

/* A text as it is: under AT+CSCS="GSM" a modem sends GSM 7-bit codes ("w{hlen"
 * is "wählen"), or the plain ASCII, UTF-8 or Latin-1 that it keeps. Codes of
 * the two that differ are told apart by their neighbours. */
void charset_plain(struct slice text, struct buf *out);

/* A phone number, maybe as UCS-2 in hex: digits, *, #, and + in front, which is
 * added when `type` (145) asks for it. "" when it is something else. */
void charset_number(struct slice text, int type, char out[32]);

#endif
