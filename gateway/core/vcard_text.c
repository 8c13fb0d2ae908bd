/* vcard_text.c - a line at a time: NAME;PARAMETERS:VALUE. */
#include "core/vcard_text.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { LINE_MAX_BYTES = 1024 };

struct card {
    struct buf name;
    bool formatted; /* the name is FN's */
};

/* RFC 6350 3.2: a line that begins with a blank goes on with the one before. */
static const char *read_line(const char *text, struct buf *line)
{
    buf_reset(line);
    line->over = false;
    for (;;) {
        size_t n = strcspn(text, "\r\n");

        (void)buf_add(line, text, n);
        text += n;
        text += *text == '\r';
        text += *text == '\n';
        if (*text != ' ' && *text != '\t')
            return text;
        text++;
    }
}

/* RFC 6350 3.4, into `out`. */
static void unescape(const char *value, struct buf *out)
{
    buf_reset(out);
    for (; *value; value++) {
        bool escaped = value[0] == '\\' && value[1];

        if (escaped)
            value++;
        (void)buf_add_char(out, escaped && strchr("nN", *value) ? ' ' : *value);
    }
}

/* "Capulet;Juliet;;;" is Juliet Capulet. */
static void name_of_n(const char *value, struct buf *out)
{
    size_t family = strcspn(value, ";");
    const char *given = value[family] ? value + family + 1 : "";

    buf_reset(out);
    (void)buf_add(out, given, strcspn(given, ";"));
    if (out->len > 0 && family > 0)
        (void)buf_add_char(out, ' ');
    (void)buf_add(out, value, family);
}

/* The property's name without its group: "item1.TEL" is TEL. */
static bool is_property(const char *line, const char *name)
{
    size_t n = strcspn(line, ";:"), size = strlen(name);
    const char *dot = memchr(line, '.', n);

    if (dot) {
        n -= (size_t)(dot + 1 - line);
        line = dot + 1;
    }
    return n == size && strncasecmp(line, name, size) == 0;
}

/* Behind the first colon that is in no quoted parameter; NULL: none. */
static const char *value_of(const char *line)
{
    bool quoted = false;

    for (; *line; line++) {
        if (*line == '"')
            quoted = !quoted;
        else if (*line == ':' && !quoted)
            return line + 1;
    }
    return NULL;
}

static const char *without_scheme(const char *number)
{
    return strncasecmp(number, "tel:", 4) == 0 ? number + 4 : number;
}

static void read_name(struct card *card, const char *line, const char *value)
{
    struct buf plain;

    buf_init(&plain, LINE_MAX_BYTES);
    if (is_property(line, "FN")) {
        unescape(value, &card->name);
        card->formatted = true;
    } else if (!card->formatted) {
        name_of_n(value, &plain);
        unescape(buf_text(&plain), &card->name);
    }
    buf_free(&plain);
}

/* A first pass finds the name, a second one the numbers: they come in any
 * order. */
static const char *read_card(const char *text, struct card *card,
                             struct buf *line)
{
    buf_reset(&card->name);
    card->formatted = false;
    while (*text) {
        const char *value;

        text = read_line(text, line);
        value = value_of(buf_text(line));
        if (!value)
            continue;
        if (is_property(buf_text(line), "END"))
            break;
        if (is_property(buf_text(line), "FN") ||
            is_property(buf_text(line), "N"))
            read_name(card, buf_text(line), value);
    }
    return text;
}

static size_t tell_numbers(
    const char *text, const char *end, const struct card *card, size_t max,
    void (*fn)(void *arg, const char *name, const char *number), void *arg)
{
    struct buf line, number;
    size_t n = 0;

    buf_init(&line, LINE_MAX_BYTES);
    buf_init(&number, LINE_MAX_BYTES);
    while (text < end && n < max) {
        const char *value;

        text = read_line(text, &line);
        value = value_of(buf_text(&line));
        if (!value || (!is_property(buf_text(&line), "TEL") &&
                       !is_property(buf_text(&line), "IMPP")))
            continue;
        unescape(without_scheme(value), &number);
        fn(arg, buf_text(&card->name), buf_text(&number));
        n++;
    }
    buf_free(&line);
    buf_free(&number);
    return n;
}

size_t vcard_text_read(const char *text, size_t max,
                       void (*fn)(void *arg, const char *name,
                                  const char *number),
                       void *arg)
{
    struct card card = { .formatted = false };
    struct buf line;
    size_t n = 0;

    buf_init(&card.name, LINE_MAX_BYTES);
    buf_init(&line, LINE_MAX_BYTES);
    while (*text && n < max) {
        const char *value, *end;

        text = read_line(text, &line);
        value = value_of(buf_text(&line));
        if (!value || !is_property(buf_text(&line), "BEGIN") ||
            strncasecmp(value, "VCARD", 5) != 0)
            continue;
        end = read_card(text, &card, &line);
        if (card.name.len > 0)
            n += tell_numbers(text, end, &card, max - n, fn, arg);
        text = end;
    }
    buf_free(&card.name);
    buf_free(&line);
    return n;
}

void vcard_text_write(struct buf *out, const char *name, const char *address,
                      bool phone)
{
    (void)buf_add_text(out, "BEGIN:VCARD\nVERSION:4.0\nFN:");
    for (; *name; name++) {
        if (strchr("\\,;", *name))
            (void)buf_add_char(out, '\\');
        (void)buf_add_char(out, *name);
    }
    (void)buf_addf(out, "\n%s%s\nEND:VCARD\n",
                   phone ? "TEL;VALUE=uri:tel:" : "IMPP:", address);
}
