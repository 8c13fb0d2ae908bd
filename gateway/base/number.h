/* number.h - phone numbers as people type them, and E.164. */
#ifndef MOONGATE_BASE_NUMBER_H
#define MOONGATE_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { NUMBER_MAX = 64 };

/* How a network's people write numbers; from its configuration. */
struct number_plan {
    char country_code[8];         /* "44" */
    char trunk_prefix[8];         /* "0"; may be empty */
    char international_prefix[8]; /* "00" */
};

/* Canonical form of `typed` in `out` (NUMBER_MAX bytes): "+447700900123" for
 * E.164, "12345;phone-context=+44" (RFC 3966 3) for short codes: 3 to 6
 * digits that no prefix rule makes international. Takes spaces, dots, dashes,
 * brackets, "tel:", "sms:" and Unicode full-width digits. Without a country
 * code only +... and 00... give E.164. ERR_BAD_ADDRESS says why not. */
bool number_canonical(const struct number_plan *plan, const char *typed,
                      char *out, struct err *err);

/* Is `text` canonical already, i.e. "+" and 7 to 15 digits, or a short code
 * with phone-context? */
bool number_is_canonical(const char *text);

/* The digits to dial of a canonical number: "+447700900123" as it is, the
 * short code without its context. Cut to size. */
void number_dial(const char *canonical, char *out, size_t size);

/* Does a canonical number hold what somebody typed who looks for it: digits
 * with whatever separates them, with a trunk or international prefix of zeros
 * or without? False when there is something else than a number in it. */
bool number_contains(const char *canonical, const char *typed);

#endif
