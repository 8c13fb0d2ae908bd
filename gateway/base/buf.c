/* buf.c - grows by doubling up to its ceiling, and never beyond. The final
 * NUL is not counted in len or max, but in cap. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CAP = 64 };

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){ .max = max };
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->over = false;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

/* Makes room for `size` more octets and a NUL. */
static bool reserve(struct buf *buf, size_t size)
{
    size_t cap = buf->cap != 0 ? buf->cap : FIRST_CAP;

    if (size > buf->max - buf->len) {
        buf->over = true;
        return false;
    }
    if (buf->data != NULL && size < buf->cap - buf->len)
        return true;
    while (cap - buf->len <= size) {
        if (cap > SIZE_MAX / 2)
            cap = buf->len + size + 1;
        else
            cap *= 2;
    }
    buf->data = xrealloc(buf->data, cap);
    buf->cap = cap;
    return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t size)
{
    if (!reserve(buf, size))
        return false;
    if (size != 0)
        memcpy(buf->data + buf->len, bytes, size);
    buf->len += size;
    buf->data[buf->len] = '\0';
    return true;
}

bool buf_add_text(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_add_char(struct buf *buf, char c)
{
    return buf_add(buf, &c, 1);
}

bool buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !reserve(buf, (size_t)n))
        return false;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)n + 1, format, args);
    va_end(args);
    buf->len += (size_t)n;
    return true;
}

void buf_consume(struct buf *buf, size_t size)
{
    if (size >= buf->len) {
        buf->len = 0;
    } else {
        memmove(buf->data, buf->data + size, buf->len - size);
        buf->len -= size;
    }
    if (buf->data != NULL)
        buf->data[buf->len] = '\0';
}

const char *buf_text(const struct buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data != NULL ? buf->data : xstrdup("");

    buf_init(buf, buf->max);
    return data;
}
