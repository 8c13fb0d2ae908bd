/* charset.c - GSM or ASCII? Nobody says. What ASCII has at the places of the
 * GSM umlauts (`{|}~`) stands between letters only when it is one. */
#include "gsm/charset.h"

#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "sms/gsm7.h"
#include "sms/ucs2.h"

enum { TEXT_MAX = 4096, TYPE_INTERNATIONAL = 145 };

bool charset_ucs2(struct slice hex, struct buf *out)
{
    unsigned char bytes[TEXT_MAX];
    struct buf raw;
    size_t size, end = 0;

    if (hex.size == 0 || hex.size % 4 != 0 ||
        !parse_hex(hex.text, hex.size, bytes, sizeof(bytes), &size))
        return false;
    while (end < size && (bytes[end] != 0 || bytes[end + 1] != 0))
        end += 2;
    buf_init(&raw, 2 * TEXT_MAX);
    (void)ucs2_decode(&raw, bytes, end);
    (void)utf8_clean(out, buf_text(&raw), raw.len);
    buf_free(&raw);
    return true;
}

static bool is_letter(const struct slice *text, size_t i)
{
    return i < text->size && isalpha((unsigned char)text->text[i]);
}

static bool ends_word(const struct slice *text, size_t i)
{
    return i >= text->size || text->text[i] == ' ';
}

/* An umlaut has a letter on one side, and a small letter or the end of the word
 * on the other. A bar between words is none. */
static bool is_umlaut(const struct slice *text, size_t i)
{
    char c = text->text[i];
    bool before = is_letter(text, i - 1);
    bool after =
        is_letter(text, i + 1) && islower((unsigned char)text->text[i + 1]);

    if (c != '{' && c != '|' && c != '}' && c != '~')
        return false;
    if (memchr(text->text, '{', text->size) != NULL &&
        memchr(text->text, '}', text->size) != NULL)
        return false; /* a pair of braces */
    return (before && after) ||
           (before && ends_word(text, i + 1) && c != '|') ||
           (after && ends_word(text, i - 1) && c != '|');
}

static void add_code(struct buf *out, uint32_t cp)
{
    char bytes[4];

    (void)utf8_clean(out, bytes, utf8_put(bytes, cp));
}

static void add_plain(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.text[i];

        add_code(out, is_umlaut(&text, i) ? gsm7_locking(0, c) : c);
    }
}

void charset_plain(struct slice text, struct buf *out)
{
    bool ascii = true;

    for (size_t i = 0; i < text.size; i++)
        ascii &= (unsigned char)text.text[i] < 0x80;
    if (!ascii && utf8_valid(text.text, text.size))
        (void)utf8_clean(out, text.text, text.size);
    else
        add_plain(text, out); /* ASCII and GSM, or Latin-1 */
}

static bool is_number(const char *text, size_t size)
{
    for (size_t i = text[0] == '+'; i < size; i++)
        if (!parse_is_digit(text[i]) && text[i] != '*' && text[i] != '#')
            return false;
    return size > (text[0] == '+');
}

void charset_number(struct slice text, int type, char out[32])
{
    struct buf decoded;
    const char *number = text.text;
    size_t size = text.size;

    out[0] = '\0';
    buf_init(&decoded, TEXT_MAX);
    if (size >= 8 && charset_ucs2(text, &decoded) &&
        is_number(buf_text(&decoded), decoded.len)) {
        number = buf_text(&decoded);
        size = decoded.len;
    }
    if (size > 0 && size < 30 && is_number(number, size)) {
        bool plus = type == TYPE_INTERNATIONAL && number[0] != '+';

        if (plus)
            out[0] = '+';
        memcpy(out + plus, number, size);
        out[plus + size] = '\0';
    }
    buf_free(&decoded);
}
