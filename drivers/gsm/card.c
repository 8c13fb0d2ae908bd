/* card.c - one line is one entry; what is broken is passed over. */
#include "gsm/card.h"

#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "gsm/charset.h"
#include "gsm/fields.h"

enum { NAME_ROOM = 1024 };

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return line + (*line == '\n');
}

static bool is_line(const char *line, const char *prefix)
{
    return strncmp(line, prefix, strlen(prefix)) == 0;
}

bool card_range(const char *answer, int *first, int *last)
{
    struct slice fields[4], range[2], text;
    const char *dash;
    int low, high;

    if (!is_line(answer, "+CPBR:") || parse_fields(answer, fields, 4) < 1)
        return false;
    text = fields[0];
    while (text.size > 0 && text.text[0] == '(') {
        text.text++;
        text.size--;
    }
    while (text.size > 0 && text.text[text.size - 1] == ')')
        text.size--;
    dash = text.size > 0 ? memchr(text.text, '-', text.size) : NULL;
    if (dash == NULL)
        return false;
    range[0] =
        (struct slice){ .text = text.text, .size = (size_t)(dash - text.text) };
    range[1] = (struct slice){ .text = dash + 1,
                               .size = text.size - range[0].size - 1 };
    if (!slice_int(slice_trim(range[0]), &low) ||
        !slice_int(slice_trim(range[1]), &high) || low < 0 || low > high)
        return false;
    *first = low;
    *last = high;
    return true;
}

/* On one line, cut between characters. */
static void read_name(struct slice text, bool ucs2, char *out, size_t size)
{
    struct buf name;
    size_t n = 0;

    buf_init(&name, NAME_ROOM);
    if (!ucs2 || !charset_ucs2(text, &name))
        charset_plain(text, &name);
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] < 0x20)
            name.data[i] = ' ';
    for (size_t pos = 0; pos < name.len; n = pos) {
        (void)utf8_next(buf_text(&name), name.len, &pos);
        if (pos >= size)
            break;
    }
    while (n > 0 && name.data[n - 1] == ' ')
        n--;
    if (n > 0)
        memcpy(out, name.data, n);
    out[n] = '\0';
    buf_free(&name);
}

static bool read_entry(const char *line, bool ucs2, struct card_entry *out)
{
    struct slice fields[5];
    struct card_entry entry;
    int type = 0;

    if (!is_line(line, "+CPBR:") || parse_fields(line, fields, 5) < 4)
        return false;
    (void)slice_int(fields[2], &type);
    charset_number(fields[1], type, entry.number);
    read_name(fields[3], ucs2, entry.name, sizeof(entry.name));
    if (entry.number[0] == '\0' || entry.name[0] == '\0')
        return false;
    *out = entry;
    return true;
}

bool card_entry_next(const char **cursor, bool ucs2, struct card_entry *out)
{
    while (**cursor != '\0') {
        const char *line = *cursor;

        *cursor = next_line(line);
        if (read_entry(line, ucs2, out))
            return true;
    }
    return false;
}

bool card_own_number(const char *answer, char out[32])
{
    for (; *answer != '\0'; answer = next_line(answer)) {
        struct slice fields[3];
        char number[32];
        int type = 0;
        size_t n;

        if (!is_line(answer, "+CNUM:"))
            continue;
        n = parse_fields(answer, fields, 3);
        if (n > 2)
            (void)slice_int(fields[2], &type);
        if (n < 2)
            continue;
        charset_number(fields[1], type, number);
        if (number[0] != '\0') {
            text_copy(out, 32, number);
            return true;
        }
    }
    return false;
}
