/* utf8.h - UTF-8 as RFC 3629 has it: no surrogates, no overlong forms. */
#ifndef MOONGATE_BASE_UTF8_H
#define MOONGATE_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Decodes one code point at *pos (< size) and moves *pos behind it. A wrong
 * sequence gives U+FFFD and moves over its maximal valid prefix, at least one
 * byte (Unicode 15, 3.9 "U+FFFD Substitution of Maximal Subparts"). */
uint32_t utf8_next(const char *text, size_t size, size_t *pos);

/* Writes cp (surrogates and > 10FFFF become U+FFFD); returns 1 to 4. */
size_t utf8_put(char out[4], uint32_t cp);

bool utf8_valid(const char *text, size_t size);

/* Is the code point an XML 1.0 Char (2.2)? Also false for U+FFFE/U+FFFF. */
bool utf8_is_xml(uint32_t cp);

/* Adds `text` to `out` as valid UTF-8 and legal XML characters: whatever is
 * not becomes U+FFFD, except that CR LF and CR become LF, and other C0
 * controls are dropped. One pass; false when `out` is full. */
bool utf8_clean(struct buf *out, const char *text, size_t size);

/* Code points in valid or invalid text. */
size_t utf8_length(const char *text, size_t size);

/* UTF-16 units the text needs. */
size_t utf8_units(const char *text, size_t size);

/* Is `part` in `text`, whatever is upper or lower case? Case is that of the
 * Latin, Greek and Cyrillic letters; the empty part is in every text. */
bool utf8_contains(const char *text, const char *part);

#endif
