/* template.c - texts with placeholders. */
#include "http/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/code.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "http/filter.h"

enum { PIECES_MAX = 64, PIECE_MAX = 256 * 1024, NAME_MAX_OCTETS = 200 };

struct piece {
    char *literal; /* NULL: a placeholder */
    size_t index;
    bool optional;
    struct filters filters;
};

struct template
{
    struct piece *pieces;
    size_t n;
};

void template_free(struct template *template)
{
    if (!template)
        return;
    for (size_t i = 0; i < template->n; i++)
        free(template->pieces[i].literal);
    free(template->pieces);
    free(template);
}

static bool add_piece(struct template *template, const struct piece *piece,
                      struct err *err)
{
    if (template->n == PIECES_MAX)
        return err_set(err, ERR_CONFIG, "more than %d placeholders",
                       (int)PIECES_MAX / 2);
    template->pieces =
        xrealloc(template->pieces, (template->n + 1) * sizeof(*piece));
    template->pieces[template->n++] = *piece;
    return true;
}

static bool find_name(const char *name, const char *const *names, size_t *index,
                      struct err *err)
{
    char list[NAME_MAX_OCTETS];
    size_t n = 0;

    for (*index = 0; names[*index]; (*index)++) {
        if (strcmp(names[*index], name) == 0)
            return true;
    }
    list[0] = '\0';
    for (size_t i = 0; names[i] && n < sizeof(list) - 1; i++)
        n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? ", " : "",
                              names[i]);
    return err_set(err, ERR_CONFIG, "no value {%.40s}; there is %s", name,
                   list);
}

/* The text between the braces. */
static bool parse_placeholder(struct template *template, char *text,
                              const char *const *names, struct err *err)
{
    struct piece piece = { 0 };
    char *filters = strchr(text, '|');

    if (filters)
        *filters++ = '\0';
    size_t len = strlen(text);
    piece.optional = len > 0 && text[len - 1] == '?';
    if (piece.optional)
        text[len - 1] = '\0';
    /* "{name|filter?}" reads as well. */
    len = filters ? strlen(filters) : 0;
    if (len > 0 && filters[len - 1] == '?') {
        piece.optional = true;
        filters[len - 1] = '\0';
    }
    return find_name(text, names, &piece.index, err) &&
           (!filters || filters_parse(filters, &piece.filters, err)) &&
           add_piece(template, &piece, err);
}

static bool add_literal(struct template *template, struct buf *literal,
                        struct err *err)
{
    struct piece piece = { 0 };

    if (literal->len == 0)
        return true;
    piece.literal = buf_take(literal);
    if (add_piece(template, &piece, err))
        return true;
    free(piece.literal);
    return false;
}

static bool parse_text(struct template *template, const char *text,
                       const char *const *names, struct buf *literal,
                       struct err *err)
{
    while (*text) {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;

        if ((*text == '{' || *text == '}') && text[1] == *text) {
            buf_add_char(literal, *text);
            text += 2;
        } else if (end) {
            char *inside = xstrndup(text + 1, (size_t)(end - text) - 1);
            bool good = add_literal(template, literal, err) &&
                        parse_placeholder(template, inside, names, err);

            free(inside);
            if (!good)
                return false;
            text = end + 1;
        } else if (*text == '{' || *text == '}') {
            return err_set(err, ERR_CONFIG,
                           "a lone %c; write %c%c for the character itself",
                           *text, *text, *text);
        } else {
            buf_add_char(literal, *text++);
        }
    }
    return add_literal(template, literal, err);
}

struct template *template_parse(const char *text, const char *const *names,
                                struct err *err)
{
    struct template *template = xcalloc(1, sizeof(*template));
    struct buf literal;
    bool good;

    buf_init(&literal, PIECE_MAX);
    good = parse_text(template, text, names, &literal, err);
    buf_free(&literal);
    if (good)
        return template;
    template_free(template);
    return NULL;
}

static bool add_xml(struct buf *out, const char *text, size_t size)
{
    size_t pos = 0;

    while (pos < size) {
        uint32_t cp = utf8_next(text, size, &pos);
        char octets[4];

        if (cp == '&')
            buf_add_text(out, "&amp;");
        else if (cp == '<')
            buf_add_text(out, "&lt;");
        else if (cp == '>')
            buf_add_text(out, "&gt;");
        else if (cp == '"')
            buf_add_text(out, "&quot;");
        else if (cp == '\'')
            buf_add_text(out, "&apos;");
        else if (utf8_is_xml(cp))
            buf_add(out, octets, utf8_put(octets, cp));
    }
    return !out->over;
}

static bool add_header(struct buf *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F)
            return false;
    }
    return buf_add(out, text, size);
}

static bool add_value(struct buf *out, const struct buf *value,
                      enum place place, bool first)
{
    switch (place) {
    case PLACE_URL:
        if (first)
            break;
        return code_percent(out, buf_text(value), value->len);
    case PLACE_FORM:
        return code_percent(out, buf_text(value), value->len);
    case PLACE_HEADER:
        return add_header(out, buf_text(value), value->len);
    case PLACE_XML:
        return add_xml(out, buf_text(value), value->len);
    case PLACE_TEXT:
        break;
    }
    return buf_add(out, buf_text(value), value->len);
}

static enum render render_piece(const struct piece *piece, const char *value,
                                enum place place, bool first, struct buf *out)
{
    struct buf text;
    enum render result = RENDER_OK;

    buf_init(&text, PIECE_MAX);
    if (!buf_add_text(&text, value ? value : ""))
        result = RENDER_FAILED;
    filters_apply(&piece->filters, &text);
    if (piece->optional && text.len == 0)
        result = RENDER_LEFT_OUT;
    else if (text.over || !add_value(out, &text, place, first))
        result = RENDER_FAILED;
    buf_free(&text);
    return result;
}

enum render template_render(const struct template *template,
                            const char *const *values, enum place place,
                            struct buf *out)
{
    enum render result = RENDER_OK;

    for (size_t i = 0; i < template->n && result == RENDER_OK; i++) {
        const struct piece *piece = &template->pieces[i];

        if (!piece->literal)
            result =
                render_piece(piece, values[piece->index], place, i == 0, out);
        else if (!buf_add_text(out, piece->literal))
            result = RENDER_FAILED;
    }
    return result;
}

bool template_is_number(const struct template *template)
{
    return template->n == 1 && !template->pieces[0].literal &&
           template->pieces[0].filters.number;
}

bool template_uses(const struct template *template, size_t index)
{
    for (size_t i = 0; i < template->n; i++) {
        if (!template->pieces[i].literal && template->pieces[i].index == index)
            return true;
    }
    return false;
}
