/* reader.c - frames from frame.c, parsed by expat, built into stanzas.
 *
 * expat only ever sees whole stanzas that are within the limits, so it never
 * scans a token twice and never holds more than one stanza. It does remember
 * every element and attribute name for its life, which a peer could use to
 * fill our memory: after PARSER_LIFE bytes it is reset and fed the stream
 * header again. A stanza that expat refuses is passed over like one that is
 * too large; the frames after it are unaffected.
 *
 * Elements are "namespace#name" for expat: '#' may be part of a namespace (a
 * separator that may not makes expat refuse namespaces that hold it), but
 * never of a name, so the last one is the border. Attributes in namespaces
 * other than xml: are dropped. */
#include "xmpp/reader.h"

#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "xmpp/frame.h"
#include "xmpp/stanza.h"

enum {
    STANZA_MAX = 65536,
    DEPTH_MAX = 32,
    ELEMENTS_MAX = 256,
    ATTRIBUTES_MAX = 64,
    HEADER_MAX = 4096,
    PARSER_LIFE = 256 * 1024,
};

#define SEPARATOR '#'
#define STREAM_NAME NS_STREAMS "#stream"
#define LANG_NAME "http://www.w3.org/XML/1998/namespace#lang"

struct reader {
    xmpp_ctx_t *ctx;
    const struct reader_events *events;
    void *arg;
    struct frame_limits limits;
    struct frame frame;
    XML_Parser parser;
    size_t fed;      /* bytes since the parser was reset */
    struct buf kept; /* the beginning of an unfinished frame */
    bool trimmed;    /* `kept` is cut to the head of the frame */
    bool stopped;
    struct buf header;  /* the stream's start tag */
    char *id, *ns;      /* of the stream header */
    bool is_stream;     /* it was {streams}stream */
    struct buf text;    /* character data of the innermost element */
    struct buf ns_name; /* the namespace of an element, on its way */
    unsigned depth;     /* open elements, the stream included */
    xmpp_stanza_t *open[DEPTH_MAX + 1]; /* [1] is the stanza */
    xmpp_stanza_t *stanza;              /* complete */
};

/* --- building ----------------------------------------------------------- */

static void set_name(struct reader *reader, xmpp_stanza_t *element,
                     const char *name)
{
    const char *border = strrchr(name, SEPARATOR);
    struct buf *ns = &reader->ns_name;

    (void)xmpp_stanza_set_name(element, border ? border + 1 : name);
    if (!border)
        return;
    buf_reset(ns);
    (void)buf_add(ns, name, (size_t)(border - name));
    (void)xmpp_stanza_set_ns(element, buf_text(ns));
}

static void set_attributes(xmpp_stanza_t *element, const char **attributes)
{
    for (; *attributes; attributes += 2) {
        const char *name = attributes[0];

        if (strcmp(name, LANG_NAME) == 0)
            name = "xml:lang";
        else if (strchr(name, SEPARATOR))
            continue;
        (void)xmpp_stanza_set_attribute(element, name, attributes[1]);
    }
}

static void flush_text(struct reader *reader)
{
    xmpp_stanza_t *node;

    if (reader->text.len == 0 || reader->depth < 2)
        return;
    node = xmpp_stanza_new(reader->ctx);
    (void)xmpp_stanza_set_text_with_size(node, reader->text.data,
                                         reader->text.len);
    (void)xmpp_stanza_add_child(reader->open[reader->depth - 1], node);
    (void)xmpp_stanza_release(node);
    buf_reset(&reader->text);
}

static void read_header(struct reader *reader, const char *name,
                        const char **attributes)
{
    reader->is_stream = strcmp(name, STREAM_NAME) == 0;
    for (; *attributes; attributes += 2) {
        if (strcmp(attributes[0], "id") == 0) {
            free(reader->id);
            reader->id = xstrdup(attributes[1]);
        }
    }
}

static void on_start(void *arg, const char *name, const char **attributes)
{
    struct reader *reader = arg;
    xmpp_stanza_t *element;

    if (reader->depth == 0) {
        read_header(reader, name, attributes);
        reader->depth = 1;
        return;
    }
    if (reader->depth > DEPTH_MAX || reader->stanza) {
        (void)XML_StopParser(reader->parser, XML_FALSE);
        return;
    }
    flush_text(reader);
    element = xmpp_stanza_new(reader->ctx);
    set_name(reader, element, name);
    set_attributes(element, attributes);
    if (reader->depth > 1) {
        (void)xmpp_stanza_add_child(reader->open[reader->depth - 1], element);
        (void)xmpp_stanza_release(element);
    }
    reader->open[reader->depth++] = element;
}

static void on_end(void *arg, const char *name)
{
    struct reader *reader = arg;

    (void)name;
    if (reader->depth < 2)
        return;
    flush_text(reader);
    reader->depth--;
    if (reader->depth == 1)
        reader->stanza = reader->open[1];
}

static void on_data(void *arg, const char *text, int size)
{
    struct reader *reader = arg;

    if (reader->depth > 1)
        (void)buf_add(&reader->text, text, (size_t)size);
}

static void on_namespace(void *arg, const char *prefix, const char *uri)
{
    struct reader *reader = arg;

    if (reader->depth == 0 && !prefix) {
        free(reader->ns);
        reader->ns = xstrdup(uri ? uri : "");
    }
}

/* frame.c lets none through; this is the second lock. */
static void on_doctype(void *arg, const char *name, const char *system_id,
                       const char *public_id, int internal)
{
    struct reader *reader = arg;

    (void)name, (void)system_id, (void)public_id, (void)internal;
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

/* --- the parser --------------------------------------------------------- */

static void drop_stanza(struct reader *reader)
{
    xmpp_stanza_t *top = reader->stanza;

    if (!top && reader->depth > 1)
        top = reader->open[1];
    if (top)
        (void)xmpp_stanza_release(top);
    reader->stanza = NULL;
    buf_reset(&reader->text);
}

static void parser_reset(struct reader *reader)
{
    drop_stanza(reader);
    reader->depth = 0;
    reader->fed = 0;
    (void)XML_ParserReset(reader->parser, "UTF-8");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_data);
    XML_SetNamespaceDeclHandler(reader->parser, on_namespace, NULL);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
}

static bool parse(struct reader *reader, const char *bytes, size_t size)
{
    reader->fed += size;
    return XML_Parse(reader->parser, bytes, (int)size, XML_FALSE) ==
           XML_STATUS_OK;
}

/* A parser that stands behind the stream header, as if nothing had come. */
static void parser_renew(struct reader *reader)
{
    parser_reset(reader);
    (void)parse(reader, reader->header.data, reader->header.len);
    reader->fed = 0;
}

static bool parse_stanza(struct reader *reader, const char *bytes, size_t size)
{
    if (parse(reader, bytes, size) && reader->stanza)
        return true;
    parser_renew(reader);
    return false;
}

static void stanza_done(struct reader *reader)
{
    drop_stanza(reader);
    if (reader->fed > PARSER_LIFE)
        parser_renew(reader);
}

/* --- frames ------------------------------------------------------------- */

/* Cuts what is kept of a frame to its head. */
static void keep_head(struct reader *reader, const char *piece)
{
    size_t head = reader->frame.head;
    struct buf *kept = &reader->kept;

    if (reader->trimmed)
        return;
    reader->trimmed = true;
    if (head > kept->len) {
        (void)buf_add(kept, piece, head - kept->len);
    } else if (kept->data) {
        kept->len = head;
        kept->data[head] = '\0';
    }
}

static void keep(struct reader *reader, const char *piece, size_t size)
{
    if (reader->frame.over)
        keep_head(reader, piece);
    else
        (void)buf_add(&reader->kept, piece, size);
}

static void forget(struct reader *reader)
{
    buf_reset(&reader->kept);
    reader->trimmed = false;
}

/* Makes "<message from='x'" in `kept` an element of its own. */
static bool parse_head(struct reader *reader)
{
    struct buf *kept = &reader->kept;
    size_t name;

    if (kept->len < 2)
        return false;
    name = strcspn(kept->data + 1, " \t\r\n/>");
    (void)buf_add_text(kept, "></");
    for (size_t i = 0; i < name; i++)
        (void)buf_add_char(kept, kept->data[1 + i]);
    (void)buf_add_char(kept, '>');
    return !kept->over && parse_stanza(reader, kept->data, kept->len);
}

static void pass_over(struct reader *reader)
{
    struct stanza_head head = { 0 };

    if (parse_head(reader)) {
        xmpp_stanza_t *stanza = reader->stanza;

        head.name = xmpp_stanza_get_name(stanza);
        head.from = xmpp_stanza_get_from(stanza);
        head.to = xmpp_stanza_get_to(stanza);
        head.id = xmpp_stanza_get_id(stanza);
        head.type = xmpp_stanza_get_type(stanza);
    }
    reader->events->oversized(reader->arg, &head);
    stanza_done(reader);
}

static void take_stanza(struct reader *reader, const char *piece, size_t size)
{
    bool whole = reader->kept.len == 0 && !reader->trimmed;

    if (!reader->frame.over) {
        if (!whole)
            keep(reader, piece, size);
        if (parse_stanza(reader, whole ? piece : reader->kept.data,
                         whole ? size : reader->kept.len)) {
            reader->events->stanza(reader->arg, reader->stanza);
            stanza_done(reader);
            return;
        }
    }
    keep_head(reader, piece);
    pass_over(reader);
}

static bool take_header(struct reader *reader, const char *piece, size_t size,
                        struct err *err)
{
    struct buf *header = &reader->header;

    if (!buf_add(header, reader->kept.data, reader->kept.len) ||
        !buf_add(header, piece, size))
        return err_set(err, ERR_PROTOCOL, "the stream header is too long");
    if (!parse(reader, header->data, header->len) || !reader->is_stream)
        return err_set(err, ERR_PROTOCOL, "this is not an XMPP stream");
    reader->events->opened(reader->arg, reader->id ? reader->id : "",
                           reader->ns ? reader->ns : "");
    return true;
}

static bool take(struct reader *reader, const char *piece, size_t size,
                 enum frame_event event, struct err *err)
{
    bool ok = true;

    switch (event) {
    case FRAME_MORE:
        keep(reader, piece, size);
        return true;
    case FRAME_VOID:
        break;
    case FRAME_HEADER:
        ok = take_header(reader, piece, size, err);
        break;
    case FRAME_STANZA:
        take_stanza(reader, piece, size);
        break;
    case FRAME_END:
        reader->events->closed(reader->arg);
        break;
    case FRAME_BAD:
        ok =
            err_set(err, ERR_PROTOCOL, "the server sent %s", reader->frame.why);
        break;
    }
    forget(reader);
    return ok;
}

/* --- public ------------------------------------------------------------- */

struct reader *reader_new(xmpp_ctx_t *ctx, size_t stanza_max,
                          const struct reader_events *events, void *arg)
{
    struct reader *reader = xcalloc(1, sizeof(*reader));
    size_t max = stanza_max ? stanza_max : STANZA_MAX;

    reader->ctx = ctx;
    reader->events = events;
    reader->arg = arg;
    reader->limits = (struct frame_limits){
        .bytes = max,
        .depth = DEPTH_MAX,
        .elements = ELEMENTS_MAX,
        .attributes = ATTRIBUTES_MAX,
    };
    buf_init(&reader->kept, 2 * max + 16); /* a head and its end tag */
    buf_init(&reader->text, max);
    buf_init(&reader->ns_name, max);
    buf_init(&reader->header, HEADER_MAX);
    reader->parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
    if (!reader->parser)
        abort();
    reader_reset(reader);
    return reader;
}

bool reader_feed(struct reader *reader, const char *bytes, size_t size,
                 struct err *err)
{
    size_t pos = 0;

    while (pos < size && !reader->stopped) {
        enum frame_event event;
        size_t n = frame_scan(&reader->frame, bytes + pos, size - pos, &event);

        if (!take(reader, bytes + pos, n, event, err)) {
            reader->stopped = true;
            return false;
        }
        pos += n;
    }
    return true;
}

void reader_stop(struct reader *reader)
{
    reader->stopped = true;
}

void reader_reset(struct reader *reader)
{
    parser_reset(reader);
    frame_init(&reader->frame, &reader->limits);
    forget(reader);
    buf_reset(&reader->header);
    free(reader->id);
    free(reader->ns);
    reader->id = reader->ns = NULL;
    reader->stopped = reader->is_stream = false;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    reader_reset(reader);
    XML_ParserFree(reader->parser);
    buf_free(&reader->kept);
    buf_free(&reader->text);
    buf_free(&reader->ns_name);
    buf_free(&reader->header);
    free(reader);
}
