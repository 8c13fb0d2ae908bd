/* content.c - messages in plain words. Only what its sender wrote counts: the
 * body that is a direct child in the stanza's own namespace. */
#include "xmpp/content.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "core/front.h"
#include "xmpp/styling.h"

enum { EMOJI_MAX = 8, NUMBER_BASE = 10 };

struct range {
    size_t start, end; /* bytes */
};

/* The byte at which code point n begins. */
static size_t byte_of(const char *text, size_t size, size_t n)
{
    size_t at = 0;

    while (n-- > 0 && at < size)
        utf8_next(text, size, &at);
    return at;
}

/* The part of the body that `fallback` says stands in for something else: all
 * of it when no range is given (XEP-0428 2.2). */
static struct range fallback_range(xmpp_stanza_t *fallback, const char *body)
{
    xmpp_stanza_t *part = stanza_find(fallback, "body", NS_FALLBACK);
    const char *start, *end;
    size_t size = strlen(body);
    struct range range = { 0, size };

    start = part ? xmpp_stanza_get_attribute(part, "start") : NULL;
    end = part ? xmpp_stanza_get_attribute(part, "end") : NULL;
    if (start)
        range.start = byte_of(body, size, strtoul(start, NULL, NUMBER_BASE));
    if (end)
        range.end = byte_of(body, size, strtoul(end, NULL, NUMBER_BASE));
    if (range.end < range.start)
        range.end = range.start;
    return range;
}

static xmpp_stanza_t *find_fallback(xmpp_stanza_t *message, const char *ns)
{
    for (xmpp_stanza_t *child = stanza_first(message); child;
         child = stanza_after(child)) {
        const char *what;

        if (!stanza_is(child, "fallback", NS_FALLBACK))
            continue;
        what = xmpp_stanza_get_attribute(child, "for");
        if (what && strcmp(what, ns) == 0)
            return child;
    }
    return NULL;
}

static const char *body_of(xmpp_stanza_t *message)
{
    xmpp_stanza_t *body = stanza_find(message, "body", NS_COMPONENT);

    return body ? stanza_text(body) : "";
}

/* Without what stands in for a reply. */
static void add_answer(xmpp_stanza_t *message, struct buf *out)
{
    const char *body = body_of(message);
    xmpp_stanza_t *fallback = find_fallback(message, NS_REPLY);
    struct range gone = { 0, 0 };

    if (fallback && stanza_find(message, "reply", NS_REPLY))
        gone = fallback_range(fallback, body);
    buf_add(out, body, gone.start);
    buf_add_text(out, body + gone.end);
}

static void add_body(xmpp_stanza_t *message, struct buf *out)
{
    struct buf text;

    buf_init(&text, out->max);
    add_answer(message, &text);
    if (stanza_find(message, "unstyled", NS_STYLING))
        buf_add(out, buf_text(&text), text.len);
    else
        styling_strip(buf_text(&text), text.len, out);
    buf_free(&text);
}

static void add_reactions(xmpp_stanza_t *reactions, const char *first,
                          struct buf *out)
{
    unsigned n = 0;

    for (xmpp_stanza_t *child = stanza_first(reactions); child;
         child = stanza_after(child)) {
        if (!stanza_is(child, "reaction", NS_REACTIONS) || n >= EMOJI_MAX)
            continue;
        buf_add_text(out, n++ == 0 ? first : " ");
        buf_add_text(out, stanza_text(child));
    }
}

bool content_plain(xmpp_stanza_t *message, struct buf *out, struct err *err)
{
    xmpp_stanza_t *reactions = stanza_find(message, "reactions", NS_REACTIONS);

    if (stanza_find(message, "retract", NS_RETRACT))
        return err_set(err, ERR_UNSUPPORTED,
                       "a text message that was sent cannot be taken back");
    if (reactions) {
        add_reactions(reactions, "Reacted with ", out);
        return true;
    }
    if (*body_of(message) && stanza_find(message, "replace", NS_CORRECT))
        buf_add_text(out, "Corrected: ");
    add_body(message, out);
    return true;
}

/* --- networks that can do more ------------------------------------------- */

/* The element with the id of what the message is about. */
static const char *target_of(xmpp_stanza_t *message, const char *name,
                             const char *ns)
{
    xmpp_stanza_t *element = stanza_find(message, name, ns);
    const char *id = element ? xmpp_stanza_get_id(element) : NULL;

    return id && *id ? id : NULL;
}

static bool is_kind(xmpp_stanza_t *message, bool able, enum message_kind kind,
                    const char *name, const char *ns, struct content *content)
{
    const char *target = able ? target_of(message, name, ns) : NULL;

    if (target)
        *content = (struct content){ kind, target };
    return target != NULL;
}

bool content_rich(xmpp_stanza_t *message, const struct network_policy *policy,
                  struct content *content, struct buf *out, struct err *err)
{
    *content = (struct content){ KIND_TEXT, NULL };
    if (is_kind(message, policy->retractions, KIND_RETRACTION, "retract",
                NS_RETRACT, content))
        return true;
    if (is_kind(message, policy->reactions, KIND_REACTION, "reactions",
                NS_REACTIONS, content)) {
        add_reactions(stanza_find(message, "reactions", NS_REACTIONS), "", out);
        return true;
    }
    if (is_kind(message, policy->edits, KIND_EDIT, "replace", NS_CORRECT,
                content) ||
        is_kind(message, policy->replies, KIND_TEXT, "reply", NS_REPLY,
                content)) {
        add_answer(message, out);
        return true;
    }
    if (stanza_find(message, "retract", NS_RETRACT) ||
        stanza_find(message, "reactions", NS_REACTIONS))
        return content_plain(message, out, err);
    if (*body_of(message) && stanza_find(message, "replace", NS_CORRECT))
        buf_add_text(out, "Corrected: ");
    return buf_add_text(out, body_of(message));
}

bool content_is_empty(const struct content *content, const struct buf *text)
{
    return text->len == 0 && content->kind != KIND_RETRACTION &&
           content->kind != KIND_REACTION;
}
