/* pdu_fields.h - the one way to read octets of a PDU; for pdu_decode.c. */
#ifndef MOONGATE_SMS_PDU_FIELDS_H
#define MOONGATE_SMS_PDU_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sms/pdu.h"

/* What is left to read. Errors go to `err`, which may be NULL. */
struct pdu_cursor {
    const uint8_t *at;
    size_t left;
    struct err *err;
};

/* The next `n` octets, or NULL and an error that says which field is cut. */
const uint8_t *pdu_take(struct pdu_cursor *in, size_t n, const char *field);

bool pdu_take_octet(struct pdu_cursor *in, uint8_t *out, const char *field);

/* TS 23.040 9.1.2.5: the length counts digits. */
bool pdu_take_address(struct pdu_cursor *in, struct pdu_address *out,
                      const char *field);

/* TS 24.011 8.2.5.1: the length counts octets; 0 leaves *out alone. */
bool pdu_take_smsc(struct pdu_cursor *in, struct pdu_address *out);

/* TS 23.040 9.2.3.11: seven octets, clamped. */
bool pdu_take_time(struct pdu_cursor *in, struct pdu_time *out,
                   const char *field);

#endif
