/* content.h - what a message stanza says, in the words that a network can
 * carry. */
#ifndef MOONGATE_XMPP_CONTENT_H
#define MOONGATE_XMPP_CONTENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/kind.h"
#include "xmpp/stanza.h"

#define NS_CORRECT "urn:xmpp:message-correct:0"
#define NS_RETRACT "urn:xmpp:message-retract:1"
#define NS_REACTIONS "urn:xmpp:reactions:0"
#define NS_REPLY "urn:xmpp:reply:0"
#define NS_FALLBACK "urn:xmpp:fallback:0"
#define NS_CHATSTATES "http://jabber.org/protocol/chatstates"
#define NS_STYLING "urn:xmpp:styling:0"
#define NS_MARKERS "urn:xmpp:chat-markers:0"

struct network_policy;

/* What a message is, beside its text. */
struct content {
    enum message_kind kind;
    const char *target; /* the id of the message it is about; NULL: none */
};

/* The plain text for a network without edits, reactions and replies, e.g. SMS:
 *  - the quotation that stands in for a reply (XEP-0461, 0428) is left out,
 *  - styling marks are (XEP-0393), unless the sender says <unstyled/>,
 *  - a correction (XEP-0308) becomes "Corrected: ...",
 *  - reactions (XEP-0444) become "Reacted with ...", their removal nothing.
 * A text that cannot be taken back is refused: retractions (XEP-0424) are
 * ERR_UNSUPPORTED. Empty `out`: there is nothing to send. Pure. */
bool content_plain(xmpp_stanza_t *message, struct buf *out, struct err *err);

/* For other networks: corrections, retractions, reactions and replies where the
 * network can carry them, as the plain words above where it cannot; styling
 * marks stay. Borrows from `message`. Pure. */
bool content_rich(xmpp_stanza_t *message, const struct network_policy *policy,
                  struct content *content, struct buf *out, struct err *err);

/* Is there nothing in it to be sent? */
bool content_is_empty(const struct content *content, const struct buf *text);

#endif
