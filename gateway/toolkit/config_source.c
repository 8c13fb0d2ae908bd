/* config_source.c - finds "key =" in one line. Strings and comments are skipped
 * roughly: this only makes a message better. */
#include "toolkit/config_source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The end of a string that begins at `text`, or of a comment: the line's. */
static const char *skip(const char *text)
{
    const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;

    return end ? end + 1 : text + strlen(text);
}

static void find_key(const char *line, char *out, size_t size)
{
    const char *name = NULL;
    size_t len = 0;
    unsigned found = 0;

    while (*line) {
        if (*line == '"' || *line == '#') {
            line = skip(line);
        } else if (isalnum((unsigned char)*line) || *line == '_') {
            for (name = line; isalnum((unsigned char)*line) || *line == '_';)
                line++;
            len = (size_t)(line - name);
        } else {
            if (*line == '=' && name && found++ == 0) {
                char *key = xstrndup(name, len);

                text_copy(out, size, key);
                free(key);
            }
            line++;
        }
    }
    if (found != 1)
        text_copy(out, size, "");
}

void config_source_key(const char *path, unsigned number, char *out,
                       size_t size)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;

    text_copy(out, size, "");
    if (!file)
        return;
    while (number > 0 && getline(&line, &cap, file) >= 0) {
        if (--number == 0)
            find_key(line, out, size);
    }
    free(line);
    fclose(file);
}
