/* utf8.c - one table of lead octets (Unicode 15, table 3-7) drives decoding;
 * everything else is a loop over utf8_next. The range of the second octet is
 * what shuts out overlong forms, surrogates and values above 10FFFF. */
#include "base/utf8.h"

#include <string.h>

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

/* --- comparing without case ---------------------------------------------- */

/* Upper case letters and their distance to the lower case ones; `pairs`: they
 * take turns, from an even (odd) first one on. */
struct letters {
    uint32_t first, last;
    uint32_t distance;
    bool pairs;
};

/* Unicode 15, CaseFolding.txt: simple foldings of the blocks Basic Latin to
 * Cyrillic, but for a few single letters. */
static const struct letters letters[] = {
    { 'A', 'Z', 32, false },     { 0xC0, 0xD6, 32, false },
    { 0xD8, 0xDE, 32, false },   { 0x100, 0x12F, 1, true },
    { 0x132, 0x137, 1, true },   { 0x139, 0x148, 1, true },
    { 0x14A, 0x177, 1, true },   { 0x179, 0x17E, 1, true },
    { 0x1CD, 0x1DC, 1, true },   { 0x1DE, 0x1EF, 1, true },
    { 0x386, 0x386, 38, false }, { 0x388, 0x38A, 37, false },
    { 0x38C, 0x38C, 64, false }, { 0x38E, 0x38F, 63, false },
    { 0x391, 0x3A1, 32, false }, { 0x3A3, 0x3AB, 32, false },
    { 0x400, 0x40F, 80, false }, { 0x410, 0x42F, 32, false },
    { 0x460, 0x481, 1, true },   { 0x48A, 0x4BF, 1, true },
    { 0x4D0, 0x52F, 1, true },   { 0x1E00, 0x1E95, 1, true },
    { 0x1EA0, 0x1EFF, 1, true },
};

static uint32_t fold(uint32_t cp)
{
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        const struct letters *row = &letters[i];

        if (cp < row->first || cp > row->last)
            continue;
        return row->pairs && (cp - row->first) % 2 ? cp : cp + row->distance;
    }
    return cp;
}

static bool begins_with(const char *text, const char *part)
{
    size_t n = strlen(text), m = strlen(part), i = 0, j = 0;

    while (i < n && j < m)
        if (fold(utf8_next(text, n, &i)) != fold(utf8_next(part, m, &j)))
            return false;
    return j == m;
}

bool utf8_contains(const char *text, const char *part)
{
    size_t n = strlen(text);

    for (size_t pos = 0; pos < n; (void)utf8_next(text, n, &pos))
        if (begins_with(text + pos, part))
            return true;
    return part[0] == '\0';
}
