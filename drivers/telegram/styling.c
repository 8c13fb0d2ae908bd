/* styling.c - XEP-0393 into entities. The other way is styling_write.c. */
#include "telegram/styling.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/span.h"

static const char *const names[STYLES] = {
    [STYLE_BOLD] = "bold",
    [STYLE_ITALIC] = "italic",
    [STYLE_STRIKE] = "strikethrough",
    [STYLE_CODE] = "code",
    [STYLE_PRE] = "pre",
    [STYLE_QUOTE] = "blockquote",
    [STYLE_LINK] = "text_link",
};

const char *style_name(enum style style)
{
    return names[style];
}

enum style style_parse(const char *name)
{
    for (enum style style = 0; style < STYLES; style++) {
        if (strcmp(names[style], name) == 0)
            return style;
    }
    if (strcmp(name, "expandable_blockquote") == 0)
        return STYLE_QUOTE;
    return STYLES;
}

void entities_add(struct entities *entities, const struct entity *entity)
{
    if (entities->n == entities->room) {
        entities->room = entities->room ? 2 * entities->room : 8;
        entities->items =
            xrealloc(entities->items, entities->room * sizeof(*entity));
    }
    entities->items[entities->n++] = *entity;
}

void entities_free(struct entities *entities)
{
    free(entities->items);
    *entities = (struct entities){ 0 };
}

/* What is read, and where it goes. */
struct reader {
    struct buf *plain;
    struct entities *entities;
    bool fenced;
    size_t block; /* number of the open quotation or fenced entity; 0: none */
};

static size_t open_entity(struct reader *r, enum style style)
{
    struct entity entity = { .style = style,
                             .start = r->plain->len,
                             .end = r->plain->len };

    entities_add(r->entities, &entity);
    return r->entities->n;
}

static void close_entity(struct reader *r, size_t number)
{
    r->entities->items[number - 1].end = r->plain->len;
}

/* --- spans: XEP-0393 6 --------------------------------------------------- */

static const enum style styles[SPANS] = {
    [SPAN_STRONG] = STYLE_BOLD,
    [SPAN_EMPHASIS] = STYLE_ITALIC,
    [SPAN_STRIKE] = STYLE_STRIKE,
    [SPAN_MONO] = STYLE_CODE,
};

static void read_span(struct reader *r, const char *text, size_t size)
{
    struct span span = { .text = text, .size = size };

    for (size_t i = 0; i < size; i++) {
        enum span_mark mark = SPANS;
        size_t end = span_closed_at(&span, i, &mark);
        size_t entity;

        if (end == 0) {
            buf_add_char(r->plain, text[i]);
            continue;
        }
        entity = open_entity(r, styles[mark]);
        if (mark == SPAN_MONO)
            buf_add(r->plain, text + i + 1, end - i - 1);
        else
            read_span(r, text + i + 1, end - i - 1);
        close_entity(r, entity);
        i = end;
    }
}

/* --- blocks: XEP-0393 5 -------------------------------------------------- */

/* What is between two fences, or quoted lines in a row, is one entity. */
static void read_line(struct reader *r, const char *line, size_t size)
{
    bool quoted = !r->fenced && size > 0 && line[0] == '>';
    size_t skip = !quoted ? 0 : size > 1 && line[1] == ' ' ? 2 : 1;

    if (!r->fenced && !quoted)
        r->block = 0;
    else if (!r->block)
        r->block = open_entity(r, quoted ? STYLE_QUOTE : STYLE_PRE);
    if (r->fenced)
        buf_add(r->plain, line, size);
    else
        read_span(r, line + skip, size - skip);
    if (r->block)
        close_entity(r, r->block);
}

static void drop_empty(struct entities *entities)
{
    size_t n = 0;

    for (size_t i = 0; i < entities->n; i++) {
        if (entities->items[i].start < entities->items[i].end)
            entities->items[n++] = entities->items[i];
    }
    entities->n = n;
}

void styling_read(const char *text, size_t size, struct buf *plain,
                  struct entities *entities)
{
    struct reader r = { .plain = plain, .entities = entities };
    bool first = true;

    for (size_t at = 0; at <= size;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', size - at);
        size_t length = end ? (size_t)(end - line) : size - at;

        at += length + 1;
        if (span_is_fence(line, length)) {
            r.fenced = !r.fenced;
            r.block = 0;
            continue;
        }
        if (!first)
            buf_add_char(plain, '\n');
        first = false;
        read_line(&r, line, length);
    }
    drop_empty(entities);
}
