/* grapheme.c - cluster rules without tables of the whole of Unicode: combining
 * marks of the living scripts, variation selectors, emoji modifiers and tags,
 * ZWJ sequences, flags, Hangul syllables, CR LF. A mark we do not know may be
 * cut off its base, which joining repairs on most phones anyway. */
#include "sms/grapheme.h"

#include <stddef.h>

enum { ZWNJ = 0x200C, ZWJ = 0x200D };

struct range {
    uint32_t first, last;
};

/* Sorted. Grapheme_Extend and SpacingMark of scripts outside the Indic blocks,
 * which have rules of their own below. */
static const struct range marks[] = {
    { 0x0300, 0x036F },   { 0x0483, 0x0489 },   { 0x0591, 0x05BD },
    { 0x05BF, 0x05BF },   { 0x05C1, 0x05C2 },   { 0x05C4, 0x05C5 },
    { 0x05C7, 0x05C7 },   { 0x0610, 0x061A },   { 0x064B, 0x065F },
    { 0x0670, 0x0670 },   { 0x06D6, 0x06DC },   { 0x06DF, 0x06E4 },
    { 0x06E7, 0x06E8 },   { 0x06EA, 0x06ED },   { 0x0711, 0x0711 },
    { 0x0730, 0x074A },   { 0x07A6, 0x07B0 },   { 0x07EB, 0x07F3 },
    { 0x08D3, 0x08E1 },   { 0x08E3, 0x08FF },   { 0x0DCA, 0x0DDF },
    { 0x0E31, 0x0E31 },   { 0x0E33, 0x0E3A },   { 0x0E47, 0x0E4E },
    { 0x0EB1, 0x0EB1 },   { 0x0EB3, 0x0EBC },   { 0x0EC8, 0x0ECD },
    { 0x0F18, 0x0F19 },   { 0x0F35, 0x0F35 },   { 0x0F37, 0x0F37 },
    { 0x0F39, 0x0F39 },   { 0x0F71, 0x0F84 },   { 0x0F86, 0x0F87 },
    { 0x0F8D, 0x0FBC },   { 0x102B, 0x103E },   { 0x1056, 0x1059 },
    { 0x1160, 0x11FF },   { 0x135D, 0x135F },   { 0x17B4, 0x17D3 },
    { 0x180B, 0x180D },   { 0x1AB0, 0x1AFF },   { 0x1B00, 0x1B04 },
    { 0x1B34, 0x1B44 },   { 0x1DC0, 0x1DFF },   { ZWNJ, ZWJ },
    { 0x20D0, 0x20F0 },   { 0x302A, 0x302F },   { 0x3099, 0x309A },
    { 0xFE00, 0xFE0F },   { 0xFE20, 0xFE2F },   { 0xFF9E, 0xFF9F },
    { 0x1F3FB, 0x1F3FF }, { 0xE0020, 0xE007F }, { 0xE0100, 0xE01EF },
};

/* The blocks from Devanagari to Malayalam share one layout. */
static bool is_indic(uint32_t cp)
{
    return cp >= 0x0900 && cp <= 0x0D7F;
}

static bool is_virama(uint32_t cp)
{
    return is_indic(cp) && (cp & 0x7F) == 0x4D;
}

static bool is_mark(uint32_t cp)
{
    size_t low = 0, high = sizeof marks / sizeof marks[0];

    if (is_indic(cp)) {
        uint32_t place = cp & 0x7F;

        return (place >= 0x01 && place <= 0x03) || place == 0x3C ||
               (place >= 0x3E && place <= 0x4D) ||
               (place >= 0x55 && place <= 0x57) || place == 0x62 ||
               place == 0x63;
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (cp > marks[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof marks / sizeof marks[0] && cp >= marks[low].first;
}

static bool is_flag_half(uint32_t cp)
{
    return cp >= 0x1F1E6 && cp <= 0x1F1FF;
}

static bool is_pictograph(uint32_t cp)
{
    return (cp >= 0x1F000 && cp <= 0x1FAFF && !is_flag_half(cp)) ||
           (cp >= 0x2190 && cp <= 0x2BFF) || cp == 0xA9 || cp == 0xAE ||
           cp == 0x203C || cp == 0x2049 || cp == 0x2122 || cp == 0x2139 ||
           cp == 0x3030 || cp == 0x303D || cp == 0x3297 || cp == 0x3299;
}

static bool continues(const struct grapheme_state *state, uint32_t cp)
{
    if (state->last == 0)
        return false;
    if (state->last == '\r' && cp == '\n')
        return true;
    if (state->last < 0x20)
        return false;
    if (is_mark(cp))
        return true;
    if (state->last == ZWJ && state->emoji && is_pictograph(cp))
        return true;
    if (is_virama(state->last) && is_indic(cp))
        return true;
    /* Hangul: leading consonants go together with what follows them. */
    if (state->last >= 0x1100 && state->last <= 0x115F)
        return (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0xAC00 && cp <= 0xD7A3);
    return is_flag_half(cp) && state->odd_flag;
}

bool grapheme_starts(struct grapheme_state *state, uint32_t cp)
{
    bool starts = !continues(state, cp);

    state->odd_flag = is_flag_half(cp) && !(state->odd_flag && !starts);
    if (starts || is_pictograph(cp))
        state->emoji = is_pictograph(cp);
    state->last = cp;
    return starts;
}
