/* oob.h - media in messages (XEP-0066): what users send, and what they get. */
#ifndef MOONGATE_XMPP_OOB_H
#define MOONGATE_XMPP_OOB_H

#include <stdbool.h>

#include "base/buf.h"
#include "xmpp/stanza.h"

#define NS_OOB "jabber:x:oob"

struct delivery;

/* The URL of the medium that the message carries: that of <x/>, or, where a
 * client leaves it out, the whole body when it is a file on the server of
 * `domain` (upload.example.org of example.org). NULL: none. Borrowed. */
const char *oob_url(xmpp_stanza_t *message, const char *domain);

/* Adds the URL to the text, unless it is in it already. */
void oob_append(struct buf *text, const char *url);

/* Words for what arrived but could not be passed on, and, with `urls`, the
 * URLs of the rest: one line each behind what `out` holds. */
void oob_words(const struct delivery *delivery, bool urls, struct buf *out);

#endif
