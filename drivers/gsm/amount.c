/* amount.c - dots and commas mean either thousands or cents. */
#include "gsm/amount.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 15 };

static bool is_mark(char c)
{
    return c == '.' || c == ',';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Where the decimals begin: behind the last mark, or at `size`. */
static size_t decimals_at(const char *text, size_t size)
{
    size_t last = size;

    for (size_t i = 0; i < size; i++)
        if (is_mark(text[i]))
            last = i;
    if (last == size || size - last - 1 > 2)
        return size;
    for (size_t i = 0; i < last; i++)
        if (text[i] == text[last])
            return size; /* 1.234.56 is no sum that we know */
    return last + 1;
}

bool amount_parse(const char *text, size_t size, int64_t *hundredths)
{
    size_t decimals, digits = 0, cents = 0;
    int64_t value = 0;
    bool minus;

    while (size > 0 && !is_digit(text[size - 1]))
        size--;
    decimals = decimals_at(text, size);
    minus = memchr(text, '-', size) != NULL;
    for (size_t i = 0; i < size; i++) {
        if (!is_digit(text[i]))
            continue;
        if (++digits > DIGITS_MAX)
            return false;
        value = value * 10 + (text[i] - '0');
        cents += i >= decimals;
    }
    for (; cents < 2; cents++)
        value *= 10;
    if (digits > 0)
        *hundredths = minus ? -value : value;
    return digits > 0;
}

struct amount_text amount_text(int64_t hundredths)
{
    int64_t size = hundredths < 0 ? -hundredths : hundredths;
    struct amount_text out;

    snprintf(out.text, sizeof(out.text), "%s%lld.%02d",
             hundredths < 0 ? "-" : "", (long long)(size / 100),
             (int)(size % 100));
    return out;
}
