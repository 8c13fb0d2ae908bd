/* styling_write.c - entities into XEP-0393. A mark is written only where it
 * styles: an opening one at the beginning of a line, behind white space or
 * another opening mark, and never across lines. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "telegram/styling.h"

/* How a style is written: around each line of it, or around the whole. */
static const char *const line_marks[STYLES] = {
    [STYLE_BOLD] = "*",
    [STYLE_ITALIC] = "_",
    [STYLE_STRIKE] = "~",
    [STYLE_CODE] = "`",
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool on_boundary(const char *text, size_t size, size_t at)
{
    return at == size || (text[at] & 0xC0) != 0x80;
}

static bool is_sound(const char *text, size_t size, const struct entity *e)
{
    return e->start < e->end && e->end <= size &&
           on_boundary(text, size, e->start) && on_boundary(text, size, e->end);
}

/* The outer of two that begin together comes first. */
static int by_place(const void *a, const void *b)
{
    const struct entity *x = a, *y = b;

    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->end != y->end)
        return x->end > y->end ? -1 : 1;
    return x->style < y->style ? -1 : x->style > y->style;
}

struct writer {
    const char *text;
    size_t size;
    struct buf *out;
    const struct entity *open[ENTITIES_MAX]; /* the innermost last */
    size_t depth;
    bool opened; /* the last octet of `out` is an opening mark */
};

static char last_written(const struct writer *w)
{
    return w->out->len ? w->out->data[w->out->len - 1] : '\n';
}

static bool inside(const struct writer *w, enum style style)
{
    for (size_t i = 0; i < w->depth; i++) {
        if (w->open[i]->style == style)
            return true;
    }
    return false;
}

static bool verbatim(const struct writer *w)
{
    return inside(w, STYLE_PRE) || inside(w, STYLE_CODE);
}

/* Marks style only within a line: an entity that leaves it is split before. */
static bool can_mark(const struct writer *w, const struct entity *e)
{
    const char *from = w->text + e->start;
    char before = last_written(w);

    return !memchr(from, '\n', e->end - e->start) && !is_space(*from) &&
           !is_space(w->text[e->end - 1]) && (w->opened || is_space(before)) &&
           !inside(w, e->style);
}

static bool can_open(const struct writer *w, const struct entity *e)
{
    if (w->depth == ENTITIES_MAX || verbatim(w))
        return false;
    if (w->depth > 0 && e->end > w->open[w->depth - 1]->end)
        return false;
    if (line_marks[e->style])
        return can_mark(w, e);
    if (e->style == STYLE_LINK)
        return e->extra && !inside(w, STYLE_LINK);
    return w->depth == 0;
}

static void begin_block(struct writer *w)
{
    if (last_written(w) != '\n')
        buf_add_char(w->out, '\n');
}

static void open_one(struct writer *w, const struct entity *e)
{
    w->open[w->depth++] = e;
    if (line_marks[e->style]) {
        buf_add_text(w->out, line_marks[e->style]);
        w->opened = true;
    } else if (e->style == STYLE_PRE) {
        begin_block(w);
        buf_addf(w->out, "```%s\n", e->extra ? e->extra : "");
    } else if (e->style == STYLE_QUOTE) {
        begin_block(w);
        buf_add_text(w->out, "> ");
        w->opened = false;
    }
}

/* A link whose text is its URL says it already. */
static void write_url(struct writer *w, const struct entity *e)
{
    size_t size = e->end - e->start;

    if (strlen(e->extra) != size ||
        memcmp(e->extra, w->text + e->start, size) != 0)
        buf_addf(w->out, " (%s)", e->extra);
}

static void close_one(struct writer *w, size_t at)
{
    const struct entity *e = w->open[--w->depth];
    bool more = at < w->size && w->text[at] != '\n';

    w->opened = false;
    if (line_marks[e->style]) {
        buf_add_text(w->out, line_marks[e->style]);
    } else if (e->style == STYLE_LINK) {
        write_url(w, e);
    } else if (e->style == STYLE_PRE) {
        begin_block(w);
        buf_add_text(w->out, "```");
    }
    if (more && (e->style == STYLE_PRE || e->style == STYLE_QUOTE))
        buf_add_char(w->out, '\n');
}

static void write_char(struct writer *w, char c)
{
    buf_add_char(w->out, c);
    w->opened = false;
    if (c == '\n' && inside(w, STYLE_QUOTE))
        buf_add_text(w->out, "> ");
}

/* Each line of a span is a span. */
static void split_lines(const char *text, size_t size,
                        const struct entities *from, struct entities *to)
{
    for (size_t i = 0; i < from->n && i < ENTITIES_MAX; i++) {
        struct entity e = from->items[i];
        size_t end = e.end;

        if (e.style >= STYLES || !is_sound(text, size, &e))
            continue;
        while (line_marks[e.style] && to->n < ENTITIES_MAX) {
            const char *feed = memchr(text + e.start, '\n', end - e.start);

            if (!feed)
                break;
            e.end = (size_t)(feed - text);
            if (e.start < e.end)
                entities_add(to, &e);
            e.start = e.end + 1;
            e.end = end;
        }
        if (e.start < e.end && to->n < ENTITIES_MAX)
            entities_add(to, &e);
    }
    if (to->n > 0)
        qsort(to->items, to->n, sizeof(*to->items), by_place);
}

void styling_write(const char *text, size_t size,
                   const struct entities *entities, struct buf *out)
{
    struct writer w = { .text = text, .size = size, .out = out };
    struct entities lines = { 0 };
    size_t next = 0;

    split_lines(text, size, entities, &lines);
    for (size_t at = 0; at <= size; at++) {
        while (w.depth > 0 && w.open[w.depth - 1]->end == at)
            close_one(&w, at);
        for (; next < lines.n && lines.items[next].start <= at; next++) {
            if (lines.items[next].start == at &&
                can_open(&w, &lines.items[next]))
                open_one(&w, &lines.items[next]);
        }
        if (at < size)
            write_char(&w, text[at]);
    }
    entities_free(&lines);
}
