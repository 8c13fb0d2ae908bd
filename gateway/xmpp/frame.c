/* frame.c - a table of small functions, one per state: each takes the byte and
 * moves the frame on. It trusts the stream to be well-formed, which the XMPP
 * server guarantees by serialising every stanza itself; what is within the
 * limits is checked by expat right after, so a difference between the two
 * ends the stream and cannot smuggle anything in.
 *
 * Runs of text and attribute values are skipped by memchr. */
#include "xmpp/frame.h"

#include <string.h>

void frame_init(struct frame *frame, const struct frame_limits *limits)
{
    memset(frame, 0, sizeof(*frame));
    frame->limits = *limits;
}

static void bad(struct frame *frame, const char *why)
{
    frame->why = why;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The stream's own start tag is counted like a stanza's, at depth 0. */
static bool in_head(const struct frame *frame)
{
    return frame->elements == 1;
}

static enum frame_event element_ended(struct frame *frame)
{
    frame->depth--;
    if (frame->depth == 0) {
        frame->closed = true;
        return FRAME_END;
    }
    return frame->depth == 1 ? FRAME_STANZA : FRAME_MORE;
}

static enum frame_event start_tag_ended(struct frame *frame, bool empty)
{
    frame->state = FRAME_TEXT;
    if (in_head(frame) && frame->head == 0 && !frame->over)
        frame->head = frame->size - (empty ? 2 : 1);
    if (!frame->opened) {
        frame->opened = true;
        if (empty)
            bad(frame, "an empty stream");
        return FRAME_HEADER;
    }
    return empty ? element_ended(frame) : FRAME_MORE;
}

static enum frame_event on_text(struct frame *frame, char c)
{
    if (c == '<')
        frame->state = FRAME_OPEN;
    else if (frame->depth <= 1)
        bad(frame, "text between stanzas");
    return FRAME_MORE;
}

static enum frame_event on_open(struct frame *frame, char c)
{
    switch (c) {
    case '/':
        frame->state = FRAME_END_TAG;
        if (frame->depth == 0)
            bad(frame, "an end tag without its start tag");
        return FRAME_MORE;
    case '!':
        frame->state = FRAME_BANG;
        return FRAME_MORE;
    case '?':
        frame->state = FRAME_PI;
        frame->matched = 0;
        if (frame->opened || frame->declared)
            bad(frame, "a processing instruction");
        frame->declared = true;
        return FRAME_MORE;
    default:
        break;
    }
    frame->state = FRAME_TAG;
    frame->attributes = 0;
    frame->elements++;
    frame->depth++;
    if (frame->opened && (frame->depth > frame->limits.depth + 1 ||
                          frame->elements > frame->limits.elements))
        frame->over = true;
    return FRAME_MORE;
}

static enum frame_event on_tag(struct frame *frame, char c)
{
    if (c == '>')
        return start_tag_ended(frame, false);
    if (c == '/') {
        frame->state = FRAME_SLASH;
    } else if (is_space(c)) {
        if (in_head(frame) && frame->head == 0 && !frame->over)
            frame->head = frame->size - 1;
    } else if (c == '\'' || c == '"') {
        frame->state = c == '"' ? FRAME_QUOTE : FRAME_APOS;
        if (++frame->attributes > frame->limits.attributes)
            frame->over = true;
    }
    return FRAME_MORE;
}

static enum frame_event on_slash(struct frame *frame, char c)
{
    if (c == '>')
        return start_tag_ended(frame, true);
    bad(frame, "a stray '/' in a tag");
    return FRAME_MORE;
}

static void value_ended(struct frame *frame)
{
    frame->state = FRAME_TAG;
    if (in_head(frame) && !frame->over)
        frame->head = frame->size;
}

static enum frame_event on_apos(struct frame *frame, char c)
{
    if (c == '\'')
        value_ended(frame);
    return FRAME_MORE;
}

static enum frame_event on_quote(struct frame *frame, char c)
{
    if (c == '"')
        value_ended(frame);
    return FRAME_MORE;
}

static enum frame_event on_end_tag(struct frame *frame, char c)
{
    if (c != '>')
        return FRAME_MORE;
    frame->state = FRAME_TEXT;
    return element_ended(frame);
}

static enum frame_event on_bang(struct frame *frame, char c)
{
    frame->matched = 0;
    if (c == '-')
        frame->state = FRAME_DASH;
    else if (c == '[' && frame->depth > 1)
        frame->state = FRAME_CDATA_TAG;
    else
        bad(frame, "a document type or other markup declaration");
    return FRAME_MORE;
}

static enum frame_event on_dash(struct frame *frame, char c)
{
    frame->state = FRAME_COMMENT;
    if (c != '-')
        bad(frame, "a markup declaration");
    return FRAME_MORE;
}

static enum frame_event on_cdata_tag(struct frame *frame, char c)
{
    static const char rest[] = "CDATA[";

    if (c != rest[frame->matched]) {
        bad(frame, "a marked section");
    } else if (rest[++frame->matched] == '\0') {
        frame->state = FRAME_CDATA;
        frame->matched = 0;
    }
    return FRAME_MORE;
}

/* `need` times `mark` (or more: "]]]>") and then '>' end what is skipped. */
static enum frame_event match_end(struct frame *frame, char c, char mark,
                                  unsigned need)
{
    if (c == '>' && frame->matched == need) {
        frame->state = FRAME_TEXT;
        return frame->depth <= 1 ? FRAME_VOID : FRAME_MORE;
    }
    if (c != mark)
        frame->matched = 0;
    else if (frame->matched < need)
        frame->matched++;
    return FRAME_MORE;
}

static enum frame_event on_cdata(struct frame *frame, char c)
{
    return match_end(frame, c, ']', 2);
}

static enum frame_event on_comment(struct frame *frame, char c)
{
    return match_end(frame, c, '-', 2);
}

static enum frame_event on_pi(struct frame *frame, char c)
{
    return match_end(frame, c, '?', 1);
}

typedef enum frame_event state_fn(struct frame *frame, char c);

static state_fn *const states[] = {
    [FRAME_TEXT] = on_text,       [FRAME_OPEN] = on_open,
    [FRAME_BANG] = on_bang,       [FRAME_DASH] = on_dash,
    [FRAME_COMMENT] = on_comment, [FRAME_CDATA_TAG] = on_cdata_tag,
    [FRAME_CDATA] = on_cdata,     [FRAME_PI] = on_pi,
    [FRAME_TAG] = on_tag,         [FRAME_SLASH] = on_slash,
    [FRAME_APOS] = on_apos,       [FRAME_QUOTE] = on_quote,
    [FRAME_END_TAG] = on_end_tag,
};

/* How many bytes can be passed over because only `stop` matters. */
static size_t dull(const struct frame *frame, const char *bytes, size_t size)
{
    const char *stop;
    char mark;

    if (frame->state == FRAME_TEXT && frame->depth > 1)
        mark = '<';
    else if (frame->state == FRAME_QUOTE)
        mark = '"';
    else if (frame->state == FRAME_APOS)
        mark = '\'';
    else
        return 0;
    stop = memchr(bytes, mark, size);
    return stop ? (size_t)(stop - bytes) : size;
}

/* A new stanza begins with the next byte. */
static void begin(struct frame *frame)
{
    frame->size = frame->head = 0;
    frame->elements = frame->attributes = 0;
    frame->over = false;
}

static void count(struct frame *frame, size_t size)
{
    frame->size += size;
    if (frame->size > frame->limits.bytes)
        frame->over = true;
}

size_t frame_scan(struct frame *frame, const char *bytes, size_t size,
                  enum frame_event *event)
{
    size_t pos = 0;

    *event = FRAME_VOID;
    if (frame->closed)
        return size;
    if (frame->depth <= 1 && frame->state == FRAME_TEXT) {
        begin(frame);
        while (pos < size && is_space(bytes[pos]))
            pos++;
        if (pos > 0)
            return pos;
    }
    *event = FRAME_MORE;
    while (pos < size && *event == FRAME_MORE) {
        size_t skip = dull(frame, bytes + pos, size - pos);

        count(frame, skip);
        pos += skip;
        if (pos == size)
            break;
        count(frame, 1);
        *event = states[frame->state](frame, bytes[pos++]);
        if (frame->why)
            *event = FRAME_BAD;
    }
    return pos;
}
