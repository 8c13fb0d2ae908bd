/* code.h - bytes as text: hex, base64 (RFC 4648), percent-encoding (RFC 3986).
 * Pure. The encoders return false when `out` is full. */
#ifndef MOONGATE_BASE_CODE_H
#define MOONGATE_BASE_CODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

bool code_hex(struct buf *out, const void *bytes, size_t size);
bool code_base64(struct buf *out, const void *bytes, size_t size);

/* Everything but the unreserved characters of RFC 3986 2.3 as %XX. */
bool code_percent(struct buf *out, const char *text, size_t size);

/* The value of a hex digit, or -1. */
int code_hex_digit(char c);

/* Adds what the text stands for; false when it is not such a text. Base64 in
 * both alphabets (RFC 4648 4 and 5), with or without padding. */
bool code_hex_parse(struct buf *out, const char *text, size_t size);
bool code_base64_parse(struct buf *out, const char *text, size_t size);

/* %XX becomes the byte and, if `plus`, + a space; a stray % stays. */
bool code_percent_parse(struct buf *out, const char *text, size_t size,
                        bool plus);

#endif
