/* styling.h - message styling (XEP-0393) for networks that show plain text. */
#ifndef MOONGATE_XMPP_STYLING_H
#define MOONGATE_XMPP_STYLING_H

#include <stddef.h>

#include "base/buf.h"

/* Adds `text` to `out` without its styling directives: the marks of spans
 * (*strong*, _emphasis_, ~strike~, `mono`) and the fences of preformatted
 * blocks. Marks that style nothing stay, and so do quotes, which people read as
 * such everywhere. Pure, linear in `size`. */
void styling_strip(const char *text, size_t size, struct buf *out);

#endif
