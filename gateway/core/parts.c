/* parts.c - plans: the front of a driver's plan(). */
#include "core/parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/line.h"

void parts_add(struct parts *parts, const void *bytes, size_t size)
{
    parts->rows = xrealloc(parts->rows, (parts->n + 1) * sizeof(*parts->rows));
    parts->rows[parts->n] = (struct part_row){
        .n = (unsigned)parts->n + 1,
        .state = PART_WAITING,
        .bytes = xmemdup(bytes, size),
        .size = size,
    };
    parts->n++;
}

void parts_remark(struct parts *parts, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(parts->remark, sizeof(parts->remark), format, args);
    va_end(args);
}

void parts_describe(struct parts *parts, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(parts->about, sizeof(parts->about), format, args);
    va_end(args);
}

void part_rows_free(struct part_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(rows[i].bytes);
    free(rows);
}

void parts_free(struct parts *parts)
{
    part_rows_free(parts->rows, parts->n);
    parts->rows = NULL;
    parts->n = 0;
}

bool parts_plan(struct line *line, const struct outgoing *message,
                struct parts *parts, struct err *err)
{
    struct parts made = { 0 };
    if (!line->driver->plan(line, message, &made, err)) {
        parts_free(&made);
        return false;
    }
    if (made.n == 0 || made.n > line->driver->limits.max_parts) {
        err_set(err, ERR_TOO_LONG, "the text needs %zu parts, the limit is %u",
                made.n, line->driver->limits.max_parts);
        parts_free(&made);
        return false;
    }
    *parts = made;
    return true;
}
