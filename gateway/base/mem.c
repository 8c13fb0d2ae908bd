/* mem.c - allocation that cannot fail: running out of memory is treated as a
 * crash, which the store survives, and never as an error path that nobody
 * tests. The message is written without allocating. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *check(void *memory)
{
    static const char text[] = "error out of memory\n";

    if (memory != NULL)
        return memory;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        abort();
    abort();
}

void *xmalloc(size_t size)
{
    return check(malloc(size != 0 ? size : 1));
}

void *xcalloc(size_t count, size_t size)
{
    if (count == 0 || size == 0)
        count = size = 1;
    return check(calloc(count, size));
}

void *xrealloc(void *old, size_t size)
{
    return check(realloc(old, size != 0 ? size : 1));
}

char *xstrdup(const char *text)
{
    return text != NULL ? check(strdup(text)) : NULL;
}

char *xstrndup(const char *text, size_t size)
{
    return check(strndup(text, size));
}

void *xmemdup(const void *bytes, size_t size)
{
    void *copy;

    if (size == 0)
        return NULL;
    copy = xmalloc(size);
    memcpy(copy, bytes, size);
    return copy;
}

char *xasprintf(const char *format, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    return n >= 0 ? check(text) : check(NULL);
}

void text_copy(char *out, size_t size, const char *text)
{
    size_t n;

    if (size == 0)
        return;
    n = strnlen(text, size);
    if (n == size) {
        n = size - 1;
        /* Continuation octets belong to what is cut off. */
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    memmove(out, text, n);
    out[n] = '\0';
}
