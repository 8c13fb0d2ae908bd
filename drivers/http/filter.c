/* filter.c - a table of small changes to texts. Each writes a new text and
 * takes the old one's place. */
#include "http/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/code.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { NUMBER_DIGITS = 7 }; /* a shorter one is no international number */

static void replace(struct buf *text, struct buf *with)
{
    buf_free(text);
    *text = *with;
}

static void keep_digits(struct buf *text, unsigned n)
{
    size_t len = 0;

    (void)n;
    for (size_t i = 0; i < text->len; i++) {
        if (isdigit((unsigned char)text->data[i]))
            text->data[len++] = text->data[i];
    }
    if (text->data)
        text->data[len] = '\0';
    text->len = len;
}

/* Providers that write 447700900123 mean +447700900123. */
static void add_plus(struct buf *text, unsigned n)
{
    struct buf out;

    (void)n;
    if (text->len < NUMBER_DIGITS ||
        strspn(text->data, "0123456789") != text->len)
        return;
    buf_init(&out, text->max);
    buf_addf(&out, "+%s", buf_text(text));
    replace(text, &out);
}

static void to_upper(struct buf *text, unsigned n)
{
    (void)n;
    for (size_t i = 0; i < text->len; i++)
        text->data[i] = (char)toupper((unsigned char)text->data[i]);
}

static void to_lower(struct buf *text, unsigned n)
{
    (void)n;
    for (size_t i = 0; i < text->len; i++)
        text->data[i] = (char)tolower((unsigned char)text->data[i]);
}

/* Where the n-th character begins. */
static size_t at_character(const struct buf *text, unsigned n)
{
    size_t pos = 0;

    while (n-- > 0 && pos < text->len)
        (void)utf8_next(text->data, text->len, &pos);
    return pos;
}

static void keep_first(struct buf *text, unsigned n)
{
    text->len = at_character(text, n);
    if (text->data)
        text->data[text->len] = '\0';
}

static void drop_first(struct buf *text, unsigned n)
{
    buf_consume(text, at_character(text, n));
}

static void to_hex(struct buf *text, unsigned n)
{
    struct buf out;

    (void)n;
    buf_init(&out, text->max);
    code_hex(&out, text->data, text->len);
    replace(text, &out);
}

static void to_base64(struct buf *text, unsigned n)
{
    struct buf out;

    (void)n;
    buf_init(&out, text->max);
    code_base64(&out, text->data, text->len);
    replace(text, &out);
}

/* UTF-16BE as hex digits. */
static void to_ucs2hex(struct buf *text, unsigned n)
{
    struct buf out;
    size_t pos = 0;

    (void)n;
    buf_init(&out, text->max);
    while (pos < text->len) {
        uint32_t cp = utf8_next(text->data, text->len, &pos);

        if (cp < 0x10000)
            buf_addf(&out, "%04X", (unsigned)cp);
        else
            buf_addf(&out, "%04X%04X", (unsigned)(0xD7C0 + (cp >> 10)),
                     (unsigned)(0xDC00 + (cp & 0x3FF)));
    }
    replace(text, &out);
}

/* Adds the character that "&#91;" or "&amp;" stands for; its length, or 0. */
static size_t add_entity(struct buf *out, const char *text)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {
        { "&amp;", '&' }, { "&#91;", '[' }, { "&#93;", ']' }, { "&#44;", ',' }
    };

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        size_t len = strlen(entities[i].name);

        if (strncmp(text, entities[i].name, len) == 0) {
            buf_add_char(out, entities[i].c);
            return len;
        }
    }
    return 0;
}

/* OneBot 11 texts: "[CQ:face,id=14]" is a thing that is no text. */
static void from_cq(struct buf *text, unsigned n)
{
    struct buf out;
    const char *p = buf_text(text);

    (void)n;
    buf_init(&out, text->max);
    while (*p) {
        size_t len = add_entity(&out, p);
        const char *end = strncmp(p, "[CQ:", 4) == 0 ? strchr(p, ']') : NULL;

        if (end) {
            buf_addf(&out, "[%.*s]", (int)strcspn(p + 4, ",]"), p + 4);
            len = (size_t)(end + 1 - p);
        } else if (len == 0) {
            buf_add_char(&out, *p);
            len = 1;
        }
        p += len;
    }
    replace(text, &out);
}

static void as_number(struct buf *text, unsigned n)
{
    (void)text;
    (void)n;
}

static const struct {
    const char *name;
    void (*apply)(struct buf *text, unsigned n);
    bool argument;
} known[] = {
    { "digits", keep_digits, false }, { "plus", add_plus, false },
    { "upper", to_upper, false },     { "lower", to_lower, false },
    { "trunc", keep_first, true },    { "skip", drop_first, true },
    { "hex", to_hex, false },         { "b64", to_base64, false },
    { "ucs2hex", to_ucs2hex, false }, { "cq", from_cq, false },
    { "number", as_number, false },
};

enum { KNOWN = sizeof(known) / sizeof(known[0]) };

static bool parse_one(const char *text, size_t size, struct filters *filters,
                      struct err *err)
{
    size_t name = strcspn(text, ":|");
    char *end = NULL;
    unsigned long n = 0;
    size_t i = 0;

    if (name < size)
        n = strtoul(text + name + 1, &end, 10);
    while (i < KNOWN && (strlen(known[i].name) != name ||
                         strncmp(known[i].name, text, name) != 0))
        i++;
    if (i == KNOWN || filters->n == FILTERS_MAX)
        return err_set(err, ERR_CONFIG,
                       "no filter \"%.*s\"; there is digits, plus, upper, "
                       "lower, trunc:N, skip:N, hex, b64, ucs2hex, cq, number",
                       (int)name, text);
    if (known[i].argument != (name < size) ||
        (known[i].argument && (end != text + size || n > 100000)))
        return err_set(err, ERR_CONFIG, "filter %s %s", known[i].name,
                       known[i].argument ? "needs a number: trunc:20"
                                         : "takes no argument");
    filters->items[filters->n++] =
        (struct filter){ known[i].apply, (unsigned)n };
    filters->number = known[i].apply == as_number;
    return true;
}

bool filters_parse(const char *text, struct filters *filters, struct err *err)
{
    *filters = (struct filters){ 0 };
    for (;;) {
        size_t size = strcspn(text, "|");

        if (!parse_one(text, size, filters, err))
            return false;
        if (!text[size])
            return true;
        text += size + 1;
    }
}

void filters_apply(const struct filters *filters, struct buf *text)
{
    for (unsigned i = 0; i < filters->n; i++)
        filters->items[i].apply(text, filters->items[i].n);
}
