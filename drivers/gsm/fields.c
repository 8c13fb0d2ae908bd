/* fields.c - a line of a modem cut into fields, and hex.
 *
 * One tokeniser for all answers and URCs of 3GPP TS 27.005 and 27.007. Real
 * modems bend the syntax; the comments name what public test collections
 * (gammu, chan_dongle) hold of it. */
#include "gsm/fields.h"

#include <string.h>

bool parse_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct slice slice_trim(struct slice slice)
{
    while (slice.size > 0 && slice.text[0] == ' ') {
        slice.text++;
        slice.size--;
    }
    while (slice.size > 0 && slice.text[slice.size - 1] == ' ')
        slice.size--;
    return slice;
}

/* `"5E25` (no closing quote, seen by gammu) and `+7913"` (no opening one,
 * seen by chan_dongle) both lose the quote they have. */
static struct slice slice_unquote(struct slice slice)
{
    slice = slice_trim(slice);
    if (slice.size > 0 && slice.text[0] == '"') {
        slice.quoted = true;
        slice.text++;
        slice.size--;
    }
    if (slice.size > 0 && slice.text[slice.size - 1] == '"')
        slice.size--;
    return slice;
}

/* The end of the field that starts at `text`: the next comma outside quotes
 * and brackets. Brackets are counted, not recursed into. */
static size_t field_end(const char *text, size_t size)
{
    size_t i = 0;
    unsigned depth = 0;

    while (i < size && text[i] == ' ')
        i++;
    if (i < size && text[i] == '"') {
        const char *close = memchr(text + i + 1, '"', size - i - 1);
        if (close != NULL)
            i = (size_t)(close - text) + 1;
    }
    for (; i < size; i++) {
        if (text[i] == '(')
            depth++;
        else if (text[i] == ')' && depth > 0)
            depth--;
        else if (text[i] == ',' && depth == 0)
            break;
    }
    return i;
}

size_t slice_split(struct slice text, struct slice *fields, size_t max)
{
    size_t n = 0, pos = 0;

    text = slice_trim(text);
    if (text.size == 0)
        return 0;
    while (n < max) {
        size_t size = field_end(text.text + pos, text.size - pos);

        fields[n++] = slice_unquote(
            (struct slice){ .text = text.text + pos, .size = size });
        pos += size;
        if (pos >= text.size)
            break;
        pos++;
    }
    return n;
}

/* The rest of a line behind its "+NAME:". A colon inside quotes or brackets
 * belongs to the values. */
struct slice slice_values(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (line[i] == ':')
            return (struct slice){ .text = line + i + 1, .size = size - i - 1 };
        if (line[i] == '"' || line[i] == '(' || line[i] == ',')
            break;
    }
    return (struct slice){ .text = line, .size = size };
}

size_t parse_fields(const char *line, struct slice *fields, size_t max)
{
    return slice_split(slice_values(line, strcspn(line, "\n")), fields, max);
}

bool slice_int(struct slice slice, int *out)
{
    int value = 0;
    bool minus = slice.size > 1 && slice.text[0] == '-';
    size_t i = minus ? 1 : 0;

    if (slice.size == 0 || slice.size - i > 9)
        return false;
    for (; i < slice.size; i++) {
        if (!parse_is_digit(slice.text[i]))
            return false;
        value = value * 10 + (slice.text[i] - '0');
    }
    *out = minus ? -value : value;
    return true;
}

bool slice_is(struct slice slice, const char *text)
{
    return slice.size == strlen(text) &&
           memcmp(slice.text, text, slice.size) == 0;
}

void slice_copy(struct slice slice, char *out, size_t size)
{
    size_t n = slice.size < size - 1 ? slice.size : size - 1;

    if (n > 0)
        memcpy(out, slice.text, n);
    out[n] = '\0';
}

int parse_hex_digit(char c)
{
    if (parse_is_digit(c))
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool parse_is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (parse_hex_digit(text[i]) < 0)
            return false;
    return size > 0;
}

bool parse_hex(const char *text, size_t digits, unsigned char *out, size_t max,
               size_t *size)
{
    if (digits % 2 != 0 || digits / 2 > max ||
        (digits > 0 && !parse_is_hex(text, digits)))
        return false;
    for (size_t i = 0; i < digits / 2; i++)
        out[i] = (unsigned char)(parse_hex_digit(text[2 * i]) * 16 +
                                 parse_hex_digit(text[2 * i + 1]));
    *size = digits / 2;
    return true;
}

bool parse_pdu_fits(const char *hex, size_t digits, int length)
{
    size_t smsc;

    if (digits < 4 || digits % 2 != 0 || !parse_is_hex(hex, digits) ||
        length <= 0)
        return false;
    smsc = (size_t)(parse_hex_digit(hex[0]) * 16 + parse_hex_digit(hex[1]));
    return digits / 2 == 1 + smsc + (size_t)length;
}
