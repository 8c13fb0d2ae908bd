/* vcard_text.h - vCards as text (RFC 6350; older ones are read, too), as far as
 * a gateway's contacts go: a name and its numbers. Pure. */
#ifndef MOONGATE_CORE_VCARD_TEXT_H
#define MOONGATE_CORE_VCARD_TEXT_H

#include <stddef.h>

#include "base/buf.h"

/* Calls fn for each number (TEL, or IMPP of another network) of each card that
 * has a name, as they are written: borrowed, unescaped, folded lines joined.
 * What is no vCard is skipped. Stops after `max` numbers; returns how many. */
size_t vcard_text_read(const char *text, size_t max,
                       void (*fn)(void *arg, const char *name,
                                  const char *number),
                       void *arg);

/* Appends a card. `phone`: the address is a phone number. */
void vcard_text_write(struct buf *out, const char *name, const char *address,
                      bool phone);

#endif
