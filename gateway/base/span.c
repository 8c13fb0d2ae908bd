/* span.c - see span.h. */
#include "base/span.h"

#include <string.h>

/* In the order of enum span_mark. */
static const char marks[] = "*_~`";

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* At the beginning, behind white space, or behind another opening mark (which
 * is then the beginning of the inner span). */
static bool may_open(const struct span *span, size_t i)
{
    return (i == 0 || is_space(span->text[i - 1])) && i + 1 < span->size &&
           !is_space(span->text[i + 1]);
}

/* The nearest closing mark with something before it; 0: none. */
static size_t find_close(const struct span *span, size_t open)
{
    for (size_t i = open + 2; i < span->size; i++)
        if (span->text[i] == span->text[open] && !is_space(span->text[i - 1]))
            return i;
    return 0;
}

size_t span_closed_at(struct span *span, size_t i, enum span_mark *mark)
{
    const char *found = span->text[i] ? strchr(marks, span->text[i]) : NULL;
    size_t end;

    if (!found || !may_open(span, i) || span->barren[found - marks])
        return 0;
    end = find_close(span, i);
    span->barren[found - marks] = end == 0;
    *mark = (enum span_mark)(found - marks);
    return end;
}

bool span_is_fence(const char *line, size_t size)
{
    return size >= 3 && memcmp(line, "```", 3) == 0;
}
