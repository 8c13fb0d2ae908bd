/* gsm7.c - septets to UTF-8 and back, packed and unpacked. The tables are in
 * gsm7_locking.c and gsm7_single.c. */
#include "sms/gsm7.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "sms/gsm7_tables.h"

enum { CR = 0x0D, C_CEDILLA = 0x09, REPLACEMENT = 0xFFFD };

uint32_t gsm7_locking(unsigned language, uint8_t septet)
{
    unsigned row = language < GSM7_LANGUAGES ? language : 0;

    return gsm7_locking_table[row][septet & 0x7F];
}

uint32_t gsm7_single(unsigned language, uint8_t septet)
{
    unsigned row = language < GSM7_LANGUAGES ? language : 0;

    return gsm7_single_table[row][septet & 0x7F];
}

const char *gsm7_language(unsigned language)
{
    static const char *const names[GSM7_LANGUAGES] = {
        "default",  "Turkish", "Spanish", "Portuguese", "Bengali",
        "Gujarati", "Hindi",   "Kannada", "Malayalam",  "Oriya",
        "Punjabi",  "Tamil",   "Telugu",  "Urdu",
    };

    return language < GSM7_LANGUAGES ? names[language] : NULL;
}

unsigned gsm7_find_language(const char *name)
{
    for (unsigned i = 1; i < GSM7_LANGUAGES; i++)
        if (strcasecmp(gsm7_language(i), name) == 0)
            return i;
    return 0;
}

/* Index of cp in a table, or 128. Most letters of most tables have the place
 * that they have in ASCII. */
static uint8_t find(const uint16_t table[128], uint32_t cp)
{
    uint8_t i = 0;

    if (cp < 128 && table[cp] == cp)
        return (uint8_t)cp;
    while (i < 128 && table[i] != cp)
        i++;
    return i;
}

size_t gsm7_shift_char(struct gsm7_shift shift, uint32_t cp, uint8_t out[2])
{
    uint8_t septet;

    if (cp == 0)
        return 0;
    septet = find(gsm7_locking_table[shift.locking], cp);
    if (septet < 128) {
        out[0] = septet;
        return 1;
    }
    septet = find(gsm7_single_table[shift.single], cp);
    if (septet < 128) {
        out[0] = GSM7_ESCAPE;
        out[1] = septet;
        return 2;
    }
    /* The table has the capital, phones show the small letter. */
    if (cp != 0xE7 || gsm7_locking_table[shift.locking][C_CEDILLA] != 0xC7)
        return 0;
    out[0] = C_CEDILLA;
    return 1;
}

size_t gsm7_encode_char(uint32_t cp, uint8_t out[2])
{
    static const struct gsm7_shift none;

    return gsm7_shift_char(none, cp, out);
}

bool gsm7_shift_fits(struct gsm7_shift shift, const char *text, size_t size,
                     size_t *septets)
{
    uint8_t pair[2];
    size_t total = 0;

    for (size_t pos = 0; pos < size;) {
        size_t n = gsm7_shift_char(shift, utf8_next(text, size, &pos), pair);

        if (n == 0)
            return false;
        total += n;
    }
    if (septets != NULL)
        *septets = total;
    return true;
}

bool gsm7_fits(const char *text, size_t size, size_t *septets)
{
    static const struct gsm7_shift none;

    return gsm7_shift_fits(none, text, size, septets);
}

bool gsm7_shift_encode(struct gsm7_shift shift, const char *text, size_t size,
                       uint8_t *out, size_t max, size_t *count)
{
    uint8_t pair[2];
    size_t total = 0;

    for (size_t pos = 0; pos < size;) {
        size_t n = gsm7_shift_char(shift, utf8_next(text, size, &pos), pair);

        if (n == 0 || n > max - total)
            return false;
        memcpy(out + total, pair, n);
        total += n;
    }
    *count = total;
    return true;
}

bool gsm7_encode(const char *text, size_t size, uint8_t *out, size_t max,
                 size_t *count)
{
    static const struct gsm7_shift none;

    return gsm7_shift_encode(none, text, size, out, max, count);
}

/* TS 23.038 6.2.1.1: without an entry in the shift table the character of the
 * main table is shown; a second escape is shown as a space. */
static uint32_t escaped_char(struct gsm7_shift shift, uint8_t septet)
{
    uint32_t cp;

    if (septet == GSM7_ESCAPE)
        return ' ';
    cp = gsm7_single(shift.single, septet);
    return cp != 0 ? cp : gsm7_locking(shift.locking, septet);
}

bool gsm7_feed(struct gsm7_decoder *decoder, struct buf *out,
               const uint8_t *septets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t septet = septets[i] & 0x7F;
        char text[4];
        uint32_t cp;

        if (decoder->escaped) {
            decoder->escaped = false;
            cp = escaped_char(decoder->shift, septet);
        } else if (septet == GSM7_ESCAPE) {
            decoder->escaped = true;
            continue;
        } else {
            cp = gsm7_locking(decoder->shift.locking, septet);
        }
        if (cp == 0)
            cp = REPLACEMENT;
        if (!buf_add(out, text, utf8_put(text, cp)))
            return false;
    }
    return true;
}

bool gsm7_finish(struct gsm7_decoder *decoder, struct buf *out)
{
    if (!decoder->escaped)
        return true;
    decoder->escaped = false;
    return buf_add_char(out, ' ');
}

bool gsm7_decode(struct buf *out, const uint8_t *septets, size_t count,
                 struct gsm7_shift shift)
{
    struct gsm7_decoder decoder = { .shift = shift };

    return gsm7_feed(&decoder, out, septets, count) &&
           gsm7_finish(&decoder, out);
}

size_t gsm7_pack(uint8_t *out, size_t max, unsigned fill,
                 const uint8_t *septets, size_t count)
{
    size_t size = (fill + 7 * count + 7) / 8;
    size_t bit = fill;

    if (size > max)
        return 0;
    memset(out, 0, size);
    for (size_t i = 0; i < count; i++, bit += 7) {
        unsigned value = (septets[i] & 0x7Fu) << bit % 8;

        out[bit / 8] |= (uint8_t)value;
        if (bit % 8 > 1)
            out[bit / 8 + 1] |= (uint8_t)(value >> 8);
    }
    return size;
}

size_t gsm7_unpack(uint8_t *septets, size_t max, const uint8_t *octets,
                   size_t size, unsigned fill, size_t count)
{
    size_t bit = fill;
    size_t n;

    if (count > max)
        count = max;
    for (n = 0; n < count && bit + 7 <= 8 * size; n++, bit += 7) {
        unsigned value = octets[bit / 8];

        if (bit % 8 > 1)
            value |= (unsigned)octets[bit / 8 + 1] << 8;
        septets[n] = value >> bit % 8 & 0x7F;
    }
    return n;
}

size_t gsm7_pack_ussd(uint8_t *out, size_t max, const uint8_t *septets,
                      size_t count)
{
    size_t size = gsm7_pack(out, max, 0, septets, count);

    if (size == 0)
        return 0;
    if (count % 8 == 7)
        out[size - 1] |= CR << 1;
    if (count % 8 != 0 || septets[count - 1] != CR)
        return size;
    /* A real CR at the very end would be taken for padding. */
    if (size == max)
        return 0;
    out[size] = CR;
    return size + 1;
}
