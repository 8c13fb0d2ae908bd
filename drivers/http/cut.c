/* cut.c - a long text in pieces. */
#include "http/cut.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"
#include "sms/grapheme.h"

static bool is_space(uint32_t cp)
{
    return cp == ' ' || cp == '\n' || cp == '\t' || cp == 0x3000;
}

size_t cut_first(const char *text, size_t size, size_t units)
{
    struct grapheme_state state = { 0 };
    size_t pos = 0, used = 0, whole = 0, word = 0;
    uint32_t before = 0;

    while (pos < size) {
        size_t start = pos;
        uint32_t cp = utf8_next(text, size, &pos);

        if (grapheme_starts(&state, cp)) {
            whole = start;
            if (is_space(before))
                word = start;
        }
        used += cp > 0xFFFF ? 2 : 1;
        if (used > units) {
            /* A word longer than half a piece is cut all the same. */
            if (word > whole / 2)
                return word;
            return whole > 0 ? whole : start > 0 ? start : pos;
        }
        before = cp;
    }
    return size;
}
