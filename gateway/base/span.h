/* span.h - where message styling (XEP-0393) begins and ends. Pure. */
#ifndef MOONGATE_BASE_SPAN_H
#define MOONGATE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>

/* Strong, emphasis, strike, mono; inside the last nothing is styled. */
enum span_mark { SPAN_STRONG, SPAN_EMPHASIS, SPAN_STRIKE, SPAN_MONO, SPANS };

/* One line, or what is inside a span. `barren` notes marks that have no
 * partner further on, so that none is looked for twice. A span inside a span
 * has another mark: the depth is at most SPANS. */
struct span {
    const char *text;
    size_t size;
    bool barren[SPANS];
};

/* Where the span closes that opens at i, and its mark; 0: none does. XEP-0393
 * 6.1. Asked with i going up, linear in the size. */
size_t span_closed_at(struct span *span, size_t i, enum span_mark *mark);

/* Does the line open or close a preformatted block? XEP-0393 5.1. */
bool span_is_fence(const char *line, size_t size);

#endif
