/* charset.h - texts and times as providers write them. Pure. */
#ifndef MOONGATE_HTTP_CHARSET_H
#define MOONGATE_HTTP_CHARSET_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Adds the text as clean UTF-8. `charset` may be UTF-16BE, UTF-16LE, ISO-8859-1
 * or Windows-1252 in any spelling; anything else, and NULL, is UTF-8. */
void charset_decode(struct buf *out, const char *charset, const char *bytes,
                    size_t size);

/* Unix ms of "1732200000" (s or ms), "2026-11-21T09:30:00.5+02:00" or
 * "2026-11-21 09:30:00" (UTC); 0 when it is no such time. */
int64_t charset_time(const char *text);

#endif
