/* split.c - cuts a text at UTF-16 units without taking characters apart. */
#include "telegram/split.h"

#include "base/utf8.h"
#include "sms/grapheme.h"

enum { ASTRAL = 0x10000 };

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t split_units(const char *text, size_t at)
{
    return utf8_units(text, at);
}

/* Where a cut may be, the best kind first. */
struct cuts {
    size_t line, word, cluster, any;
};

/* Looks at the characters up to `units`; the end of the text, if all fits. */
static size_t find_cuts(const char *text, size_t size, size_t start,
                        size_t units, struct cuts *cuts)
{
    struct grapheme_state state = { 0 };
    size_t used = 0, at = start;

    *cuts = (struct cuts){ start, start, start, start };
    while (at < size) {
        size_t before = at;
        uint32_t cp = utf8_next(text, size, &at);

        if (grapheme_starts(&state, cp))
            cuts->cluster = before;
        cuts->any = before;
        if (cp == '\n' && used >= units - units / 4)
            cuts->line = before;
        if (cp == ' ' && used >= units - units / 4)
            cuts->word = before;
        used += cp >= ASTRAL ? 2 : 1;
        if (used > units)
            return before;
    }
    return size;
}

static size_t choose(const struct cuts *cuts, size_t start)
{
    const size_t by_rank[] = { cuts->line, cuts->word, cuts->cluster,
                               cuts->any };

    for (size_t i = 0; i < sizeof(by_rank) / sizeof(by_rank[0]); i++) {
        if (by_rank[i] > start)
            return by_rank[i];
    }
    return start;
}

bool split_next(const char *text, size_t size, size_t units, size_t *at,
                struct piece *piece)
{
    struct cuts cuts;

    while (*at < size && is_space(text[*at]))
        (*at)++;
    while (size > *at && is_space(text[size - 1]))
        size--;
    if (*at == size)
        return false;
    piece->start = *at;
    piece->end = find_cuts(text, size, *at, units, &cuts);
    if (piece->end < size)
        piece->end = choose(&cuts, piece->start);
    *at = piece->end;
    while (is_space(text[piece->end - 1]))
        piece->end--;
    return true;
}
