/* recorded.c - an HTTP request in a file, with either kind of line end. */
#include "http/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

enum { FILE_MAX = 1024 * 1024 };

static bool read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "re");
    char bytes[4096];
    size_t n;

    if (!file)
        return err_errno(err, ERR_CONFIG, "cannot read %s", path);
    while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
        (void)buf_add(out, bytes, n);
    fclose(file);
    return !out->over || err_set(err, ERR_CONFIG, "%s is too long", path);
}

/* The line end behind which an empty line follows; NULL when none does. */
static char *head_end(char *text)
{
    for (char *p = strchr(text, '\n'); p; p = strchr(p + 1, '\n')) {
        if (p[1] == '\n' || (p[1] == '\r' && p[2] == '\n'))
            return p;
    }
    return NULL;
}

static bool split(struct recorded *out, size_t size, struct err *err)
{
    char *text = out->text, *end = text + size;
    char *last = head_end(text);
    char *line = strchr(text, '\n');
    char *space = strchr(text, ' ');

    if (!line || !space || space > line)
        return err_set(err, ERR_CONFIG,
                       "it does not begin with a line like POST "
                       "https://gw.example.org/hook HTTP/1.1");
    out->body = last ? last + (last[1] == '\r' ? 3 : 2) : end;
    out->size = (size_t)(end - out->body);
    out->headers = line == last ? "" : line + 1;
    if (last)
        *last = '\0';
    *line = *space = '\0';
    out->method = text;
    out->url = space + 1;
    space[1 + strcspn(space + 1, " \r")] = '\0';
    return true;
}

bool recorded_load(const char *path, struct recorded *out, struct err *err)
{
    struct buf text;
    size_t size;

    *out = (struct recorded){ 0 };
    buf_init(&text, FILE_MAX);
    if (!read_file(path, &text, err)) {
        buf_free(&text);
        return false;
    }
    size = text.len;
    out->text = buf_take(&text);
    if (split(out, size, err))
        return true;
    recorded_free(out);
    return err_wrap(err, "%s", path);
}

void recorded_free(struct recorded *recorded)
{
    free(recorded->text);
    *recorded = (struct recorded){ 0 };
}

const char *recorded_header(void *arg, const char *name)
{
    struct recorded *recorded = arg;
    size_t len = strlen(name);

    for (const char *line = recorded->headers; line && *line;) {
        size_t n = strcspn(line, "\r\n");

        if (n > len && line[len] == ':' && strncasecmp(line, name, len) == 0) {
            const char *text = line + len + 1;
            size_t blank = strspn(text, " ");

            n -= len + 1 + blank;
            snprintf(recorded->header, sizeof(recorded->header), "%.*s", (int)n,
                     text + blank);
            return recorded->header;
        }
        line += n;
        line += strspn(line, "\r\n");
    }
    return NULL;
}
