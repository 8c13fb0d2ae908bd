/* stanza.h - building and reading libstrophe stanzas. Whatever is put into a
 * stanza through this file is cleaned: valid UTF-8, legal XML, and no line
 * breaks in attributes, so that nothing a phone sent can end the stream
 * (XML 1.0 2.2; RFC 6120 4.9.3.13). */
#ifndef MOONGATE_XMPP_STANZA_H
#define MOONGATE_XMPP_STANZA_H

#include <stdbool.h>
#include <stddef.h>

#include <strophe.h>

#include "base/buf.h"
#include "base/err.h"

#define NS_COMPONENT "jabber:component:accept"
#define NS_STREAMS "http://etherx.jabber.org/streams"
#define NS_STREAM_ERRORS "urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERRORS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_MOONGATE_ERRORS "urn:moongate:errors:0"
#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_VERSION "jabber:iq:version"
#define NS_LAST "jabber:iq:last"
#define NS_TIME "urn:xmpp:time"
#define NS_DATA_POLICY "urn:xmpp:data-policy:0"
#define NS_GATEWAY "jabber:iq:gateway"
#define NS_REGISTER "jabber:iq:register"
#define NS_PING "urn:xmpp:ping"
#define NS_RECEIPTS "urn:xmpp:receipts"
#define NS_STANZA_ID "urn:xmpp:sid:0"
#define NS_DELAY "urn:xmpp:delay"
#define NS_NICK "http://jabber.org/protocol/nick"
#define NS_HINTS "urn:xmpp:hints"

/* A context whose allocator aborts when memory runs out: libstrophe itself
 * would follow NULL. Freed with xmpp_ctx_free. */
xmpp_ctx_t *stanza_context(void);

/* --- building ----------------------------------------------------------- */

/* An element without parent; `ns` NULL: that of its surroundings. The caller
 * releases it with xmpp_stanza_release. */
xmpp_stanza_t *stanza_new(xmpp_ctx_t *ctx, const char *name, const char *ns);

/* Appends a child; borrowed from its parent. `text` NULL: none. */
xmpp_stanza_t *stanza_add(xmpp_stanza_t *parent, const char *name,
                          const char *ns, const char *text);

/* Sets an attribute; value NULL: nothing. */
void stanza_set(xmpp_stanza_t *stanza, const char *key, const char *value);

/* The addresses and attributes of a stanza of ours; `id` and `type` may be
 * NULL. */
struct envelope {
    const char *from, *to, *id, *type;
};
xmpp_stanza_t *stanza_open(xmpp_ctx_t *ctx, const char *name,
                           const struct envelope *envelope);

/* An answer from scratch: name, id and the addresses of `asked`, swapped. */
xmpp_stanza_t *stanza_answer(xmpp_stanza_t *asked, const char *type);

/* Why something is refused, as the sender will see it. */
struct refusal {
    const char *condition, *type; /* RFC 6120 8.3 */
    const char *text;             /* for people; NULL or "": none */
    const char *uri;              /* of `gone`: where to; NULL: nowhere */
    const struct err *err;        /* the application condition; NULL: none */
};

/* The refusal of base/err.h's policy table. Borrows err. */
struct refusal refusal_of(const struct err *err);

/* Adds <error/> with everything of `refusal` and makes the type "error". */
void stanza_refuse(xmpp_stanza_t *stanza, const struct refusal *refusal);

/* --- writing ------------------------------------------------------------ */

/* Appends the XML of a stanza; false when it does not fit. */
bool stanza_write(xmpp_stanza_t *stanza, struct buf *out);

/* --- reading ------------------------------------------------------------ */

bool stanza_is(xmpp_stanza_t *stanza, const char *name, const char *ns);

/* The first element child, or the next element after `child`; NULL: none. */
xmpp_stanza_t *stanza_first(xmpp_stanza_t *stanza);
xmpp_stanza_t *stanza_after(xmpp_stanza_t *child);

/* The first child of that name and namespace; name NULL: any. */
xmpp_stanza_t *stanza_find(xmpp_stanza_t *stanza, const char *name,
                           const char *ns);

/* The first text in the element; "" when it has none. Borrowed. */
const char *stanza_text(xmpp_stanza_t *stanza);

/* The condition element of a stanza or stream error: its name, and the human
 * text beside it ("" for none). "undefined-condition" when there is none. */
struct condition {
    const char *name, *text;
};
struct condition stanza_condition(xmpp_stanza_t *error, const char *ns);

#endif
