/* ucs2.c - UTF-16BE. The decoder keeps what a piece ends in the middle of, so
 * that an emoji cut in two by a foreign sender is whole again after joining;
 * only what is lone at the very end becomes U+FFFD. */
#include "sms/ucs2.h"

#include "base/utf8.h"

enum { REPLACEMENT = 0xFFFD };

static void put_unit(uint8_t *out, uint32_t unit)
{
    out[0] = (uint8_t)(unit >> 8);
    out[1] = (uint8_t)unit;
}

bool ucs2_encode(const char *text, size_t size, uint8_t *out, size_t max,
                 size_t *octets)
{
    size_t n = 0;

    for (size_t pos = 0; pos < size;) {
        uint32_t cp = utf8_next(text, size, &pos);
        size_t need = cp >= 0x10000 ? 4 : 2;

        if (need > max - n)
            return false;
        if (need == 2) {
            put_unit(out + n, cp);
        } else {
            put_unit(out + n, 0xD800 + ((cp - 0x10000) >> 10));
            put_unit(out + n + 2, 0xDC00 + (cp & 0x3FF));
        }
        n += need;
    }
    *octets = n;
    return true;
}

static bool put_char(struct buf *out, uint32_t cp)
{
    char text[4];

    return buf_add(out, text, utf8_put(text, cp));
}

/* A lone low surrogate becomes U+FFFD in utf8_put. */
static bool take_unit(struct ucs2_decoder *decoder, struct buf *out,
                      uint16_t unit)
{
    uint16_t high = decoder->high;
    bool low = unit >= 0xDC00 && unit <= 0xDFFF;

    decoder->high = 0;
    if (high != 0 && low)
        return put_char(out,
                        0x10000 + ((high - 0xD800u) << 10) + (unit - 0xDC00u));
    if (high != 0 && !put_char(out, REPLACEMENT))
        return false;
    if (unit >= 0xD800 && unit <= 0xDBFF) {
        decoder->high = unit;
        return true;
    }
    return put_char(out, unit);
}

bool ucs2_feed(struct ucs2_decoder *decoder, struct buf *out,
               const uint8_t *octets, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!decoder->half) {
            decoder->octet = octets[i];
            decoder->half = true;
            continue;
        }
        decoder->half = false;
        if (!take_unit(decoder, out,
                       (uint16_t)(decoder->octet << 8 | octets[i])))
            return false;
    }
    return true;
}

bool ucs2_finish(struct ucs2_decoder *decoder, struct buf *out)
{
    bool ok = true;

    if (decoder->high != 0)
        ok = put_char(out, REPLACEMENT);
    if (decoder->half && ok)
        ok = put_char(out, REPLACEMENT);
    *decoder = (struct ucs2_decoder){ 0 };
    return ok;
}

bool ucs2_decode(struct buf *out, const uint8_t *octets, size_t size)
{
    struct ucs2_decoder decoder = { 0 };

    return ucs2_feed(&decoder, out, octets, size) && ucs2_finish(&decoder, out);
}
