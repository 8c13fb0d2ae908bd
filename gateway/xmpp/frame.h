/* frame.h - where a stanza ends, and whether it is within its limits, before
 * any XML parser sees it. A pure byte scanner over a well-formed stream: it
 * counts tags, and knows quotes, comments and CDATA, so that a stanza of any
 * size can be passed over without being kept. */
#ifndef MOONGATE_XMPP_FRAME_H
#define MOONGATE_XMPP_FRAME_H

#include <stdbool.h>
#include <stddef.h>

struct frame_limits {
    size_t bytes;
    unsigned depth, elements, attributes; /* of a stanza; it counts itself */
};

enum frame_state {
    FRAME_TEXT,
    FRAME_OPEN, /* behind '<' */
    FRAME_BANG, /* behind "<!" */
    FRAME_DASH, /* behind "<!-" */
    FRAME_COMMENT,
    FRAME_CDATA_TAG, /* behind "<![", reading "CDATA[" */
    FRAME_CDATA,
    FRAME_PI,    /* the XML declaration */
    FRAME_TAG,   /* in a start tag, outside quotes */
    FRAME_SLASH, /* the same, behind '/' */
    FRAME_APOS,  /* in an attribute in single quotes */
    FRAME_QUOTE, /* in an attribute in double quotes */
    FRAME_END_TAG,
};

/* What ended at the byte where frame_scan stopped. */
enum frame_event {
    FRAME_MORE,   /* nothing: all bytes are read */
    FRAME_VOID,   /* white space or a comment between stanzas */
    FRAME_HEADER, /* the start tag of the stream */
    FRAME_STANZA, /* a stanza, or the one that was over its limits */
    FRAME_END,    /* the end tag of the stream */
    FRAME_BAD,    /* not XMPP: `why` says it */
};

struct frame {
    struct frame_limits limits;
    enum frame_state state;
    unsigned depth; /* open elements, the stream is 1 */
    unsigned elements, attributes;
    unsigned matched; /* bytes of "]]>", "-->", "?>" or "CDATA[" so far */
    size_t size;      /* bytes of this stanza or header */
    size_t head;      /* of them, up to the last whole attribute of its
                         own start tag, or its name */
    bool over;        /* beyond a limit */
    bool declared, opened, closed; /* XML declaration, header, end seen */
    const char *why;
};

void frame_init(struct frame *frame, const struct frame_limits *limits);

/* Reads until something ends; returns how many bytes it took: they, and those
 * that gave FRAME_MORE before, are what ended. */
size_t frame_scan(struct frame *frame, const char *bytes, size_t size,
                  enum frame_event *event);

#endif
