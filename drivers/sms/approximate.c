/* approximate.c - three sources of likenesses, asked in this order: signs (a
 * table of ranges), Latin letters (rows with the base of each letter, from
 * their Unicode decompositions) and full-width forms (ASCII, shifted). */
#include "sms/approximate.h"

#include <string.h>

#include "base/utf8.h"

struct sign {
    uint16_t first, last;
    char to[5];
};

/* Sorted. What cannot be seen becomes nothing. */
static const struct sign signs[] = {
    { 0x0009, 0x0009, " " },        { 0x0060, 0x0060, "'" },
    { 0x00A0, 0x00A0, " " },        { 0x00A6, 0x00A6, "|" },
    { 0x00A9, 0x00A9, "(c)" },      { 0x00AB, 0x00AB, "\"" },
    { 0x00AD, 0x00AD, "" },         { 0x00AE, 0x00AE, "(R)" },
    { 0x00B4, 0x00B4, "'" },        { 0x00B7, 0x00B7, "." },
    { 0x00BB, 0x00BB, "\"" },       { 0x00C6, 0x00C6, "AE" },
    { 0x00D7, 0x00D7, "x" },        { 0x00DE, 0x00DE, "Th" },
    { 0x00DF, 0x00DF, "ss" },       { 0x00E6, 0x00E6, "ae" },
    { 0x00FE, 0x00FE, "th" },       { 0x0132, 0x0132, "IJ" },
    { 0x0133, 0x0133, "ij" },       { 0x0152, 0x0152, "OE" },
    { 0x0153, 0x0153, "oe" },       { 0x02B9, 0x02B9, "'" },
    { 0x02BA, 0x02BA, "\"" },       { 0x02BB, 0x02BD, "'" },
    { 0x02C8, 0x02C8, "'" },        { 0x1E9E, 0x1E9E, "SS" },
    { 0x2000, 0x200A, " " },        { 0x200B, 0x200B, "" },
    { 0x200E, 0x200F, "" },         { 0x2010, 0x2015, "-" },
    { 0x2018, 0x201B, "'" },        { 0x201C, 0x201F, "\"" },
    { 0x2022, 0x2022, "*" },        { 0x2024, 0x2024, "." },
    { 0x2025, 0x2025, ".." },       { 0x2026, 0x2026, "..." },
    { 0x2028, 0x2029, "\n" },       { 0x202A, 0x202E, "" },
    { 0x202F, 0x202F, " " },        { 0x2032, 0x2032, "'" },
    { 0x2033, 0x2033, "\"" },       { 0x2035, 0x2035, "'" },
    { 0x2036, 0x2036, "\"" },       { 0x2039, 0x203A, "'" },
    { 0x205F, 0x205F, " " },        { 0x2060, 0x2060, "" },
    { 0x2066, 0x2069, "" },         { 0x2122, 0x2122, "(TM)" },
    { 0x2190, 0x2190, "<-" },       { 0x2192, 0x2192, "->" },
    { 0x2212, 0x2212, "-" },        { 0x2215, 0x2215, "/" },
    { 0x2217, 0x2217, "*" },        { 0x2236, 0x2236, ":" },
    { 0x2264, 0x2264, "<=" },       { 0x2265, 0x2265, ">=" },
    { 0x3000, 0x3000, " " },        { 0xFB00, 0xFB00, "ff" },
    { 0xFB01, 0xFB01, "fi" },       { 0xFB02, 0xFB02, "fl" },
    { 0xFB03, 0xFB03, "ffi" },      { 0xFB04, 0xFB04, "ffl" },
    { 0xFB05, 0xFB06, "st" },       { 0xFE0E, 0xFE0F, "" },
    { 0xFEFF, 0xFEFF, "" },         { 0xFFE1, 0xFFE1, "\xC2\xA3" },
    { 0xFFE5, 0xFFE5, "\xC2\xA5" },
};

/* Sorted. One base letter a code point; a blank has none. */
static const struct {
    uint16_t first;
    const char *bases;
} letters[] = {
    { 0x00C0, "AAAAAA CEEEEIIIIDNOOOOO OUUUUY  " },
    { 0x00E0, "aaaaaa ceeeeiiiidnooooo ouuuuy y" },
    { 0x0100, "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIi" },
    { 0x0130, "Ii  JjKk LlLlLlLlLlNnNnNnnNnOoOoOo  RrRrRrSsSsSs" },
    { 0x0160, "SsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs" },
    { 0x01A0, "Oo" },
    { 0x01AF, "Uu" },
    { 0x01CD, "AaIiOoUuUuUuUuUu" },
    { 0x01E6, "GgKkOoOo" },
    { 0x01F4, "Gg" },
    { 0x01F8, "NnAa" },
    { 0x0200, "AaAaEeEeIiIiOoOoRrRrUuUuSsTt" },
    { 0x021E, "Hh" },
    { 0x0226, "AaEeOoOoOoOoYy" },
    { 0x1E00, "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIi" },
    { 0x1E30, "KkKkKkLlLlLlLlMmMmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRr" },
    { 0x1E60, "SsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVvWwWwWwWwWwXxXxYy" },
    { 0x1E90, "ZzZzZzhtwy s" },
    { 0x1EA0, "AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEeEeEeEeEeIiIiOoOo" },
    { 0x1ED0, "OoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy" },
};

/* Letters of the GSM alphabet that may come as a base with a combining mark. */
static const struct {
    char base;
    uint16_t mark, whole;
} composed[] = {
    { 'A', 0x0308, 0x00C4 }, { 'A', 0x030A, 0x00C5 }, { 'C', 0x0327, 0x00C7 },
    { 'E', 0x0301, 0x00C9 }, { 'N', 0x0303, 0x00D1 }, { 'O', 0x0308, 0x00D6 },
    { 'U', 0x0308, 0x00DC }, { 'a', 0x0300, 0x00E0 }, { 'a', 0x0308, 0x00E4 },
    { 'a', 0x030A, 0x00E5 }, { 'c', 0x0327, 0x00E7 }, { 'e', 0x0300, 0x00E8 },
    { 'e', 0x0301, 0x00E9 }, { 'i', 0x0300, 0x00EC }, { 'n', 0x0303, 0x00F1 },
    { 'o', 0x0300, 0x00F2 }, { 'o', 0x0308, 0x00F6 }, { 'u', 0x0300, 0x00F9 },
    { 'u', 0x0308, 0x00FC },
};

enum { FULL_WIDTH = 0xFF01, FULL_WIDTH_LAST = 0xFF5E };

static bool find_sign(uint32_t cp, char to[5])
{
    size_t low = 0, high = sizeof signs / sizeof signs[0];

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (cp > signs[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof signs / sizeof signs[0] || cp < signs[low].first)
        return false;
    memcpy(to, signs[low].to, sizeof signs[low].to);
    return true;
}

static bool find_letter(uint32_t cp, char to[5])
{
    size_t low = 0, high = sizeof letters / sizeof letters[0];

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (cp >= letters[middle].first + strlen(letters[middle].bases))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof letters / sizeof letters[0] || cp < letters[low].first)
        return false;
    to[0] = letters[low].bases[cp - letters[low].first];
    to[1] = '\0';
    return to[0] != ' ';
}

static bool likeness(uint32_t cp, char to[5])
{
    if (find_sign(cp, to) || find_letter(cp, to))
        return true;
    if (cp < FULL_WIDTH || cp > FULL_WIDTH_LAST)
        return false;
    cp -= FULL_WIDTH - '!';
    if (find_sign(cp, to)) /* the grave accent */
        return true;
    to[0] = (char)cp;
    to[1] = '\0';
    return true;
}

static bool is_latin(uint32_t cp)
{
    return (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z') ||
           (cp >= 0xC0 && cp <= 0x24F) || (cp >= 0x1E00 && cp <= 0x1EFF);
}

static bool is_accent(uint32_t cp)
{
    return cp >= 0x0300 && cp <= 0x036F;
}

/* A letter and the accent at `pos` as one code point; 0: none that we know. */
static uint32_t compose(uint32_t base, const char *text, size_t size,
                        size_t *pos)
{
    size_t after = *pos;
    uint32_t mark = after < size ? utf8_next(text, size, &after) : 0;

    for (size_t i = 0; is_accent(mark) && base < 128 &&
                       i < sizeof composed / sizeof composed[0];
         i++) {
        if (composed[i].base == (char)base && composed[i].mark == mark) {
            *pos = after;
            return composed[i].whole;
        }
    }
    return 0;
}

static void note(struct approximation *made, uint32_t from, const char to[5])
{
    made->letters++;
    for (size_t i = 0; i < made->kinds; i++)
        if (made->list[i].from == from)
            return;
    if (made->kinds == APPROXIMATE_KINDS) {
        made->more = true;
        return;
    }
    made->list[made->kinds].from = from;
    memcpy(made->list[made->kinds++].to, to, 5);
}

static bool add_char(struct buf *out, uint32_t cp)
{
    char octets[4];

    return buf_add(out, octets, utf8_put(octets, cp));
}

/* One character as it is, or its likeness. `last` is the one before it. */
static bool add_like(struct buf *out, uint32_t cp, uint32_t last,
                     struct gsm7_shift shift, struct approximation *made)
{
    char to[5] = "";
    uint8_t pair[2];

    if (gsm7_shift_char(shift, cp, pair) > 0)
        return add_char(out, cp);
    if (!(is_accent(cp) && is_latin(last)) &&
        !(likeness(cp, to) && gsm7_shift_fits(shift, to, strlen(to), NULL)))
        return false;
    note(made, cp, to);
    return buf_add_text(out, to);
}

bool approximate(const char *text, size_t size, struct gsm7_shift shift,
                 struct buf *out, struct approximation *made)
{
    uint32_t last = 0;

    *made = (struct approximation){ 0 };
    for (size_t pos = 0; pos < size;) {
        uint32_t cp = utf8_next(text, size, &pos);
        uint32_t whole = compose(cp, text, size, &pos);

        if (!add_like(out, whole != 0 ? whole : cp, last, shift, made))
            return false;
        if (!is_accent(cp))
            last = cp;
    }
    return true;
}

enum { LIST_MAX = 160 };

static void add_name(struct buf *out, uint32_t cp)
{
    char to[5];

    if (is_accent(cp) || (find_sign(cp, to) && strcspn(to, " \n") == 0))
        (void)buf_addf(out, "U+%04X", (unsigned)cp); /* cannot be seen */
    else
        (void)add_char(out, cp);
}

static void add_kind(struct buf *out, uint32_t from, const char *to)
{
    add_name(out, from);
    if (*to == '\0')
        (void)buf_add_text(out, " left out");
    else if (*to == ' ')
        (void)buf_add_text(out, " to a space");
    else if (*to == '\n')
        (void)buf_add_text(out, " to a new line");
    else
        (void)buf_addf(out, " to %s", to);
}

void approximate_list(const struct approximation *made, struct buf *out)
{
    size_t start = out->len, i = 0;

    for (; i < made->kinds && out->len - start < LIST_MAX; i++) {
        (void)buf_add_text(out, i > 0 ? ", " : "");
        add_kind(out, made->list[i].from, made->list[i].to);
    }
    if (made->more || i < made->kinds)
        (void)buf_add_text(out, " and more");
}
