/* styling.c - takes styling directives out of a text (XEP-0393). */
#include "xmpp/styling.h"

#include <stdbool.h>
#include <string.h>

#include "base/span.h"

static void strip_span(const char *text, size_t size, struct buf *out)
{
    struct span span = { .text = text, .size = size };

    for (size_t i = 0; i < size; i++) {
        enum span_mark mark = SPANS;
        size_t end = span_closed_at(&span, i, &mark);

        if (end == 0) {
            buf_add_char(out, text[i]);
            continue;
        }
        if (mark == SPAN_MONO)
            buf_add(out, text + i + 1, end - i - 1);
        else
            strip_span(text + i + 1, end - i - 1, out);
        i = end;
    }
}

void styling_strip(const char *text, size_t size, struct buf *out)
{
    bool fenced = false, first = true;

    for (size_t at = 0; at <= size;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : size - at;

        at += length + 1;
        if (span_is_fence(line, length)) {
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
