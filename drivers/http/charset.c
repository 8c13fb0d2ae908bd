/* charset.c - texts and times as providers write them. */
#include "http/charset.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Windows-1252 from 0x80 to 0x9F, as WHATWG has it for ISO-8859-1 as well. */
static const uint16_t windows[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
    0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

/* The name without case and punctuation: "utf16be". */
static void fold(const char *name, char *out, size_t size)
{
    size_t n = 0;

    for (; *name && n + 1 < size; name++) {
        if (isalnum((unsigned char)*name))
            out[n++] = (char)tolower((unsigned char)*name);
    }
    out[n] = '\0';
}

static void add_char(struct buf *out, uint32_t cp)
{
    char octets[4];

    buf_add(out, octets, utf8_put(octets, cp));
}

static uint32_t unit_at(const unsigned char *bytes, bool big)
{
    return big ? (uint32_t)bytes[0] << 8 | bytes[1]
               : (uint32_t)bytes[1] << 8 | bytes[0];
}

static void from_utf16(struct buf *out, const unsigned char *bytes, size_t size,
                       bool big)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        uint32_t cp = unit_at(bytes + i, big);

        if (cp >= 0xD800 && cp < 0xDC00 && i + 3 < size) {
            uint32_t low = unit_at(bytes + i + 2, big);

            if (low >= 0xDC00 && low < 0xE000) {
                cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        add_char(out, cp);
    }
}

static void from_latin(struct buf *out, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        add_char(out, bytes[i] >= 0x80 && bytes[i] < 0xA0
                          ? windows[bytes[i] - 0x80]
                          : bytes[i]);
}

void charset_decode(struct buf *out, const char *charset, const char *bytes,
                    size_t size)
{
    const unsigned char *octets = (const unsigned char *)bytes;
    char name[24];
    struct buf text;

    fold(charset ? charset : "", name, sizeof(name));
    buf_init(&text, size * 3 + 1);
    if (strncmp(name, "utf16", 5) == 0 || strcmp(name, "ucs2") == 0)
        from_utf16(&text, octets, size, strcmp(name, "utf16le") != 0);
    else if (strcmp(name, "iso88591") == 0 || strcmp(name, "latin1") == 0 ||
             strcmp(name, "windows1252") == 0 || strcmp(name, "cp1252") == 0)
        from_latin(&text, octets, size);
    else
        buf_add(&text, bytes, size);
    (void)utf8_clean(out, buf_text(&text), text.len);
    buf_free(&text);
}

/* The next run of digits, no more than any date needs; *text moves behind it.
 */
static long number(const char **text)
{
    static const long most = 9999;
    long value = 0;

    while (**text && !isdigit((unsigned char)**text))
        (*text)++;
    for (; isdigit((unsigned char)**text); (*text)++)
        value = value < most ? value * 10 + (**text - '0') : most;
    return value < most ? value : most;
}

/* "+02:00", "-0500" in ms; "Z" and nothing are 0. */
static int64_t offset(const char *text)
{
    const char *sign = strpbrk(text, "+-"), *at = sign;
    long digits, minutes;

    if (!sign)
        return 0;
    digits = number(&at);
    if (*at == ':')
        minutes = digits * 60 + number(&at);
    else
        minutes = digits > 24 ? digits / 100 * 60 + digits % 100 : digits * 60;
    return (*sign == '-' ? -1 : 1) * (int64_t)minutes * 60000;
}

int64_t charset_time(const char *text)
{
    static const double in_ms = 1e11; /* seconds are below, until 5138 */
    size_t digits = strspn(text, "0123456789");
    long fields[6] = { 0 };

    if (digits >= 9 && (!text[digits] || text[digits] == '.')) {
        double value = strtod(text, NULL);
        return value < in_ms  ? (int64_t)(value * 1000)
               : value < 1e15 ? (int64_t)value
                              : 0;
    }
    if (digits != 4 || text[4] != '-')
        return 0;
    for (int i = 0; i < 6; i++)
        fields[i] = number(&text);
    if (fields[0] < 1970 || fields[0] > 9999)
        return 0;
    return clock_from_date((int)fields[0], (int)fields[1], (int)fields[2],
                           (int)fields[3], (int)fields[4], (int)fields[5]) -
           offset(text);
}
