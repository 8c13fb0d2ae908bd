/* wrap.c - indented lines as wide as the terminal. Text is cut into pieces that
 * end in a separator; a piece that is wider than the line is not broken, so
 * that addresses and paths can be copied. */
#include "control/wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "control/table.h"

enum { INDENT = 4, WIDTH = 80 };

static size_t screen_width(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 2 * INDENT)
        return size.ws_col;
    return WIDTH;
}

void wrap_print(const char *text, const char *separator)
{
    size_t width = screen_width(), column = 0, skip = strlen(separator);

    while (*text) {
        const char *next = strstr(text, separator);
        size_t size = next ? (size_t)(next - text) + skip : strlen(text);
        char *piece = xasprintf("%.*s", (int)size, text);
        size_t length;

        if (next)
            piece[size - 1] = '\0'; /* the space */
        length = utf8_length(piece, strlen(piece));
        if (column > 0 && column + 1 + length > width) {
            putchar('\n');
            column = 0;
        }
        printf("%*s", column > 0 ? 1 : INDENT, "");
        show_text(stdout, piece);
        column += (column > 0 ? 1 : INDENT) + length;
        free(piece);
        text += size;
    }
    if (column > 0)
        putchar('\n');
}
