/* pdu_json.h - a decoded PDU as a JSON object, for `moongate pdu`. */
#ifndef MOONGATE_SMS_PDU_JSON_H
#define MOONGATE_SMS_PDU_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "sms/pdu.h"

struct json_object;

/* All fields of `pdu`, whose TPDU has `tpdu` octets. The caller owns the
 * result (json_object_put). */
struct json_object *pdu_json(const struct pdu *pdu, size_t tpdu);

/* Adds octets (at most PDU_MAX) as upper-case hex. */
void pdu_json_hex(struct json_object *to, const char *key,
                  const uint8_t *octets, size_t size);

#endif
