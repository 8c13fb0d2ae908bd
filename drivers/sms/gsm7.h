/* gsm7.h - the GSM 7-bit default alphabet, its extension table and the
 * national language shift tables (3GPP TS 23.038 6.1, 6.2, Annex A). Pure:
 * bytes in, values out. A *septet* here is one uint8_t below 128. */
#ifndef MOONGATE_SMS_GSM7_H
#define MOONGATE_SMS_GSM7_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    GSM7_SEPTETS_MAX = 160, /* of one part */
    GSM7_OCTETS_MAX = 140,
    GSM7_ESCAPE = 0x1B,
    GSM7_LANGUAGES = 14, /* national language identifiers 0 (default) to 13 */
};

/* National language identifiers of TS 23.038 6.2.1.2.4; 0 and whatever is
 * not known mean the default tables. */
struct gsm7_shift {
    uint8_t locking;
    uint8_t single;
};

/* Code point of a septet in the locking (whole) table of a language. */
uint32_t gsm7_locking(unsigned language, uint8_t septet);

/* Code point after ESC in the single shift table, 0 when it has none. */
uint32_t gsm7_single(unsigned language, uint8_t septet);

/* English name of a national language identifier, NULL when unknown. */
const char *gsm7_language(unsigned language);

/* The identifier of a language by that name, in any case; 0 when unknown. */
unsigned gsm7_find_language(const char *name);

/* Septets of one code point in the default alphabet and its extension
 * table: 1, or 2 with ESC first, or 0 when it cannot be written. Both
 * c-cedillas give 0x09. */
size_t gsm7_encode_char(uint32_t cp, uint8_t out[2]);

/* Can the whole text be written in the default alphabet with its extension
 * table? *septets (may be NULL) is then how many it needs. */
bool gsm7_fits(const char *text, size_t size, size_t *septets);

/* Writes the septets of `text` to `out`; false, with nothing promised about
 * `out`, when a character does not fit the alphabet or `max` is too small. */
bool gsm7_encode(const char *text, size_t size, uint8_t *out, size_t max,
                 size_t *count);

/* The same three with the tables of a shift, whose identifiers are known ones.
 * A c-cedilla goes into the Turkish, Spanish or Portuguese table where one is
 * chosen, and is exact there. */
size_t gsm7_shift_char(struct gsm7_shift shift, uint32_t cp, uint8_t out[2]);
bool gsm7_shift_fits(struct gsm7_shift shift, const char *text, size_t size,
                     size_t *septets);
bool gsm7_shift_encode(struct gsm7_shift shift, const char *text, size_t size,
                       uint8_t *out, size_t max, size_t *count);

/* Decodes septets that come in pieces: an escape at the end of one piece
 * changes the first septet of the next. Zero it, set `shift`, feed, finish.
 * The result is false when `out` is full. */
struct gsm7_decoder {
    struct gsm7_shift shift;
    bool escaped;
};
bool gsm7_feed(struct gsm7_decoder *decoder, struct buf *out,
               const uint8_t *septets, size_t count);
bool gsm7_finish(struct gsm7_decoder *decoder, struct buf *out);

/* All of it at once. */
bool gsm7_decode(struct buf *out, const uint8_t *septets, size_t count,
                 struct gsm7_shift shift);

/* Packs septets into octets behind `fill` zero bits (0 to 6), least
 * significant bits first (TS 23.038 6.1.2.1); returns the octets written, or 0
 * when `max` is too small. */
size_t gsm7_pack(uint8_t *out, size_t max, unsigned fill,
                 const uint8_t *septets, size_t count);

/* The other way: `count` septets after `fill` bits, fewer when the octets or
 * `max` end before; returns how many. */
size_t gsm7_unpack(uint8_t *septets, size_t max, const uint8_t *octets,
                   size_t size, unsigned fill, size_t count);

/* As gsm7_pack without fill bits, for USSD and cell broadcast (TS 23.038
 * 6.1.2.3): exactly 7 spare bits are filled with CR, so that they are not
 * read as '@'. */
size_t gsm7_pack_ussd(uint8_t *out, size_t max, const uint8_t *septets,
                      size_t count);

#endif
