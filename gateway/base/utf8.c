/* utf8.c - one table of lead octets (Unicode 15, table 3-7) drives decoding;
 * everything else is a loop over utf8_next. The range of the second octet is
 * what shuts out overlong forms, surrogates and values above 10FFFF. */
#include "base/utf8.h"

enum { REPLACEMENT = 0xFFFD };

struct lead {
    uint8_t first, last; /* lead octets of this row */
    uint8_t low, high;   /* allowed second octet */
    uint8_t more;        /* octets after the lead */
};

static const struct lead leads[] = {
    { 0xC2, 0xDF, 0x80, 0xBF, 1 }, { 0xE0, 0xE0, 0xA0, 0xBF, 2 },
    { 0xE1, 0xEC, 0x80, 0xBF, 2 }, { 0xED, 0xED, 0x80, 0x9F, 2 },
    { 0xEE, 0xEF, 0x80, 0xBF, 2 }, { 0xF0, 0xF0, 0x90, 0xBF, 3 },
    { 0xF1, 0xF3, 0x80, 0xBF, 3 }, { 0xF4, 0xF4, 0x80, 0x8F, 3 },
};

static const struct lead *find_lead(uint8_t octet)
{
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++) {
        if (octet >= leads[i].first && octet <= leads[i].last)
            return &leads[i];
    }
    return NULL;
}

/* Decodes at *pos; false for a wrong sequence, *pos moved either way. */
static bool decode(const char *text, size_t size, size_t *pos, uint32_t *cp)
{
    uint8_t octet = (uint8_t)text[(*pos)++];
    const struct lead *lead;
    uint8_t low, high;

    *cp = octet;
    if (octet < 0x80)
        return true;
    lead = find_lead(octet);
    if (lead == NULL)
        return false;
    *cp = octet & (0x3Fu >> lead->more);
    low = lead->low;
    high = lead->high;
    for (unsigned i = 0; i < lead->more; i++) {
        if (*pos >= size)
            return false;
        octet = (uint8_t)text[*pos];
        if (octet < low || octet > high)
            return false;
        *cp = *cp << 6 | (octet & 0x3Fu);
        (*pos)++;
        low = 0x80;
        high = 0xBF;
    }
    return true;
}

uint32_t utf8_next(const char *text, size_t size, size_t *pos)
{
    uint32_t cp;

    return decode(text, size, pos, &cp) ? cp : REPLACEMENT;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = REPLACEMENT;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

bool utf8_valid(const char *text, size_t size)
{
    uint32_t cp;

    for (size_t pos = 0; pos < size;) {
        if (!decode(text, size, &pos, &cp))
            return false;
    }
    return true;
}

bool utf8_is_xml(uint32_t cp)
{
    if (cp < 0x20)
        return cp == '\t' || cp == '\n' || cp == '\r';
    return cp < 0xD800 || (cp >= 0xE000 && cp <= 0xFFFD) ||
           (cp >= 0x10000 && cp <= 0x10FFFF);
}

bool utf8_clean(struct buf *out, const char *text, size_t size)
{
    char octets[4];

    for (size_t pos = 0; pos < size;) {
        uint32_t cp = utf8_next(text, size, &pos);

        if (cp == '\r') {
            if (pos < size && text[pos] == '\n')
                pos++;
            cp = '\n';
        } else if (cp < 0x20 && !utf8_is_xml(cp)) {
            continue;
        } else if (!utf8_is_xml(cp)) {
            cp = REPLACEMENT;
        }
        if (!buf_add(out, octets, utf8_put(octets, cp)))
            return false;
    }
    return true;
}

size_t utf8_length(const char *text, size_t size)
{
    size_t n = 0;

    for (size_t pos = 0; pos < size; n++)
        utf8_next(text, size, &pos);
    return n;
}

size_t utf8_units(const char *text, size_t size)
{
    size_t n = 0;

    for (size_t pos = 0; pos < size;)
        n += utf8_next(text, size, &pos) >= 0x10000 ? 2 : 1;
    return n;
}
