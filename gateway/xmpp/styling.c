/* styling.c - takes styling directives out of a text (XEP-0393). */
#include "xmpp/styling.h"

#include <stdbool.h>
#include <string.h>

static const char marks[] = "*_~`";
enum { MARKS = sizeof(marks) - 1 };

/* One line, or what is inside a span. `barren` notes marks that have no
 * partner further on, so that none is looked for twice. */
struct span {
    const char *text;
    size_t size;
    bool barren[MARKS];
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* 0393 6: at the beginning, behind white space, or behind another opening mark
 * (which is then the beginning of the inner span). */
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

static size_t closed_at(struct span *span, size_t i)
{
    const char *mark = strchr(marks, span->text[i]);
    size_t end;

    if (span->text[i] == '\0' || !mark || !may_open(span, i) ||
        span->barren[mark - marks])
        return 0;
    end = find_close(span, i);
    span->barren[mark - marks] = end == 0;
    return end;
}

/* A span inside a span has another mark: the depth is at most MARKS. */
static void strip_span(const char *text, size_t size, struct buf *out)
{
    struct span span = { .text = text, .size = size };

    for (size_t i = 0; i < size; i++) {
        size_t end = closed_at(&span, i);

        if (end == 0) {
            buf_add_char(out, text[i]);
            continue;
        }
        if (text[i] == '`')
            buf_add(out, text + i + 1, end - i - 1);
        else
            strip_span(text + i + 1, end - i - 1, out);
        i = end;
    }
}

static bool is_fence(const char *line, size_t size)
{
    return size >= 3 && memcmp(line, "```", 3) == 0;
}

void styling_strip(const char *text, size_t size, struct buf *out)
{
    bool fenced = false, first = true;

    for (size_t at = 0; at <= size;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : size - at;

        at += length + 1;
        if (is_fence(line, length)) {
            fenced = !fenced;
            continue;
        }
        if (!first)
            buf_add_char(out, '\n');
        first = false;
        if (fenced)
            buf_add(out, line, length);
        else
            strip_span(line, length, out);
    }
}
