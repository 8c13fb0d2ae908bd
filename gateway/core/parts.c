/* parts.c - plans: the front of a driver's plan(). */
#include "core/parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/line.h"
#include "core/media.h"
#include "core/network.h"
#include "core/route.h"

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

/* What was cut off by the end of `text` is never half a character. */
static void end_whole(char *text, size_t size)
{
    size_t n = strlen(text);
    if (n + 1 < size)
        return;
    while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
        n--;
    if (n > 0 && (unsigned char)text[n - 1] >= 0x80)
        n--;
    text[n] = '\0';
}

void parts_remark(struct parts *parts, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(parts->remark, sizeof(parts->remark), format, args);
    va_end(args);
    end_whole(parts->remark, sizeof(parts->remark));
}

void parts_describe(struct parts *parts, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(parts->about, sizeof(parts->about), format, args);
    va_end(args);
    end_whole(parts->about, sizeof(parts->about));
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

/* A line that takes media gets the text without the URL. */
static bool line_plan(struct line *line, const struct outgoing *message,
                      struct parts *parts, struct err *err)
{
    struct outgoing own = *message;
    unsigned caps = line_is_online(line) ? line->caps : line->driver->caps;
    char *caption;
    bool good;
    own.attachment = caps & CAP_MEDIA ? message->attachment : NULL;
    if (!own.attachment) {
        own.kind = own.kind == KIND_MEDIA ? KIND_TEXT : own.kind;
        return line->driver->plan(line, &own, parts, err);
    }
    caption = xstrndup(message->text,
                       media_caption(message->text, own.attachment->source));
    own.text = caption;
    good = line->driver->plan(line, &own, parts, err);
    free(caption);
    return good;
}

bool parts_plan(struct line *line, const struct outgoing *message,
                struct parts *parts, struct err *err)
{
    struct parts made = { 0 };
    if (message->manner && *message->manner && !line->driver->manners)
        return err_set(err, ERR_UNSUPPORTED,
                       "this network knows no manners of sending");
    if (!line_plan(line, message, &made, err)) {
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

bool network_cost(struct network *network, const char *to, const char *text,
                  struct cost *out, struct err *err)
{
    struct line *line = route_likely(network, to);
    struct parts parts = { 0 };
    struct outgoing message = {
        .kind = KIND_TEXT,
        .to = to,
        .text = text,
        .key = "00000000000000000000000000000000",
        .report = true,
    };
    if (!line)
        return err_set(err, ERR_UNSUPPORTED,
                       "no line of this network sends to such numbers");
    if (!parts_plan(line, &message, &parts, err))
        return false;
    *out = (struct cost){ .parts = (unsigned)parts.n };
    text_copy(out->about, sizeof(out->about), parts.about);
    text_copy(out->remark, sizeof(out->remark), parts.remark);
    parts_free(&parts);
    return true;
}
