/* segments.h - texts whose provider reports each SMS of them by itself: which
 * of their parts have not been delivered yet. A line of text for each,
 * "ID PART PART", so that it can be kept as it is. Pure. */
#ifndef MOONGATE_HTTP_SEGMENTS_H
#define MOONGATE_HTTP_SEGMENTS_H

#include <stdbool.h>

#include "base/buf.h"

enum { SEGMENTS_SIZE_MAX = 16 * 1024 }; /* then the oldest are forgotten */

/* A text was taken as these parts ("a b c"); one alone needs no line. */
void segments_expect(struct buf *segments, const char *id, const char *parts);

/* That part arrived: was it the last, or the only one? */
bool segments_delivered(struct buf *segments, const char *id, const char *part);

void segments_forget(struct buf *segments, const char *id);

#endif
