/* ucs2.h - UCS-2 of short messages, which in fact is UTF-16BE. Pure. */
#ifndef MOONGATE_SMS_UCS2_H
#define MOONGATE_SMS_UCS2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Writes UTF-8 as UTF-16BE octets; false when `max` is too small. */
bool ucs2_encode(const char *text, size_t size, uint8_t *out, size_t max,
                 size_t *octets);

/* Decodes octets that come in pieces, which may end inside a unit or between
 * the halves of a surrogate pair. Zero it, feed, finish. Lone surrogates and
 * an odd last octet become U+FFFD. The result is false when `out` is full. */
struct ucs2_decoder {
    uint16_t high; /* a high surrogate that waits for its low one, or 0 */
    uint8_t octet; /* the first half of a unit, if `half` */
    bool half;
};
bool ucs2_feed(struct ucs2_decoder *decoder, struct buf *out,
               const uint8_t *octets, size_t size);
bool ucs2_finish(struct ucs2_decoder *decoder, struct buf *out);

/* All of it at once. May write NUL characters: mind `out->len`. */
bool ucs2_decode(struct buf *out, const uint8_t *octets, size_t size);

#endif
