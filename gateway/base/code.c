/* code.c - bytes as text, and back. */
#include "base/code.h"

#include <string.h>

bool code_hex(struct buf *out, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < size; i++)
        buf_addf(out, "%02x", p[i]);
    return !out->over;
}

bool code_base64(struct buf *out, const void *bytes, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz0123456789+/";
    const unsigned char *p = bytes;

    for (size_t i = 0; i < size; i += 3) {
        unsigned long group = (unsigned long)p[i] << 16;
        size_t n = size - i < 3 ? size - i : 3;

        if (n > 1)
            group |= (unsigned long)p[i + 1] << 8;
        if (n > 2)
            group |= p[i + 2];
        for (size_t j = 0; j < 4; j++)
            buf_add_char(out,
                         j <= n ? letters[group >> (18 - 6 * j) & 63] : '=');
    }
    return !out->over;
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

bool code_percent(struct buf *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (unreserved(text[i]))
            buf_add_char(out, text[i]);
        else
            buf_addf(out, "%%%02X", (unsigned char)text[i]);
    }
    return !out->over;
}

int code_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte of two hex digits, or -1. */
static int hex_pair(const char *text, size_t size)
{
    int high = size > 0 ? code_hex_digit(text[0]) : -1;
    int low = size > 1 ? code_hex_digit(text[1]) : -1;

    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool code_hex_parse(struct buf *out, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i += 2) {
        int byte = hex_pair(text + i, size - i);

        if (byte < 0 || !buf_add_char(out, (char)byte))
            return false;
    }
    return true;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool code_base64_parse(struct buf *out, const char *text, size_t size)
{
    unsigned long group = 0;
    unsigned bits = 0;

    for (int pad = 0; pad < 2 && size > 0 && text[size - 1] == '='; pad++)
        size--;
    if (size % 4 == 1)
        return false;
    for (size_t i = 0; i < size; i++) {
        int digit = base64_digit(text[i]);

        if (digit < 0)
            return false;
        group = (group << 6 | (unsigned)digit) & 0xFFFF;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (!buf_add_char(out, (char)(group >> bits & 0xFF)))
            return false;
    }
    return true;
}

bool code_percent_parse(struct buf *out, const char *text, size_t size,
                        bool plus)
{
    for (size_t i = 0; i < size; i++) {
        int byte = text[i] == '%' ? hex_pair(text + i + 1, size - i - 1) : -1;

        if (byte >= 0)
            i += 2;
        else
            byte = plus && text[i] == '+' ? ' ' : (unsigned char)text[i];
        buf_add_char(out, (char)byte);
    }
    return !out->over;
}
