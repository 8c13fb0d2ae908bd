/* segments.c - parts that have not been delivered yet, as lines of text. */
#include "http/segments.h"

#include <string.h>

/* The line of `id` and, behind it, its parts; NULL when there is none. */
static char *find_line(struct buf *segments, const char *id, char **parts)
{
    size_t len = strlen(id);
    char *line = segments->data;

    while (line && *line) {
        if (strncmp(line, id, len) == 0 && line[len] == ' ') {
            *parts = line + len;
            return line;
        }
        line = strchr(line, '\n') + 1;
    }
    return NULL;
}

/* Takes `size` octets out at `at`. */
static void take_out(struct buf *segments, char *at, size_t size)
{
    char *end = segments->data + segments->len;

    memmove(at, at + size, (size_t)(end - at) - size + 1);
    segments->len -= size;
}

static size_t line_size(const char *line)
{
    return strcspn(line, "\n") + 1;
}

void segments_forget(struct buf *segments, const char *id)
{
    char *parts, *line = find_line(segments, id, &parts);

    if (line)
        take_out(segments, line, line_size(line));
}

void segments_expect(struct buf *segments, const char *id, const char *parts)
{
    size_t size = strlen(id) + strlen(parts) + 2;

    if (!strchr(parts, ' ') || size > SEGMENTS_SIZE_MAX)
        return;
    segments_forget(segments, id);
    while (segments->len + size > SEGMENTS_SIZE_MAX)
        buf_consume(segments, line_size(segments->data));
    buf_addf(segments, "%s %s\n", id, parts);
}

bool segments_delivered(struct buf *segments, const char *id, const char *part)
{
    char *parts, *line = find_line(segments, id, &parts);
    size_t len = strlen(part);

    if (!line)
        return true;
    while (*parts == ' ') {
        size_t n = strcspn(parts + 1, " \n");

        if (n == len && memcmp(parts + 1, part, n) == 0) {
            take_out(segments, parts, n + 1);
            break;
        }
        parts += n + 1;
    }
    if (strchr(line, ' ') && strchr(line, ' ') < strchr(line, '\n'))
        return false;
    take_out(segments, line, line_size(line));
    return true;
}
