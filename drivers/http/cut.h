/* cut.h - a long text in pieces, best between words, never within a character.
 * Pure. */
#ifndef MOONGATE_HTTP_CUT_H
#define MOONGATE_HTTP_CUT_H

#include <stddef.h>

/* How many octets of the text the first piece takes: at most `units` UTF-16
 * units, all when they suffice, and at least one character. */
size_t cut_first(const char *text, size_t size, size_t units);

#endif
