/* table.c - tables of cells. */
#include "control/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "control/wrap.h"

void show_text(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;

        fputc(*c < ' ' || *c == 0x7f || c1 ? '?' : *c, out);
        c += c1;
    }
}

static const char *colour_of(const char *state)
{
    static const struct {
        const char *state, *colour;
    } colours[] = {
        { "online", "32" },  { "running", "32" },  { "delivered", "32" },
        { "sent", "32" },    { "off", "31" },      { "failed", "31" },
        { "backoff", "31" }, { "down", "31" },     { "held", "33" },
        { "unknown", "33" }, { "starting", "33" }, { "connecting", "33" },
        { "paused", "33" },  { "draining", "33" },
    };

    if (!isatty(STDOUT_FILENO) || getenv("NO_COLOR"))
        return NULL;
    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
        if (strcmp(colours[i].state, state) == 0)
            return colours[i].colour;
    }
    return NULL;
}

void table_init(struct table *table, const char *const *titles)
{
    *table = (struct table){ .titles = titles };
    for (; titles[table->columns]; table->columns++)
        table->width[table->columns] = (int)strlen(titles[table->columns]);
}

void table_row(struct table *table)
{
    table->cells =
        xrealloc(table->cells, (table->rows + 1) * sizeof(*table->cells));
    for (size_t i = 0; i < TABLE_COLUMNS; i++)
        table->cells[table->rows][i] = NULL;
    table->rows++;
}

void table_cell(struct table *table, size_t column, const char *text)
{
    int width = (int)utf8_length(text, strlen(text));

    table->cells[table->rows - 1][column] = xstrdup(text);
    if (column < table->columns && width > table->width[column])
        table->width[column] = width;
}

static void print_cell(const char *text, int width, const char *colour)
{
    int pad = width - (int)utf8_length(text, strlen(text));

    if (colour)
        printf("\033[%sm", colour);
    show_text(stdout, text);
    if (colour)
        fputs("\033[0m", stdout);
    printf("%*s", pad > 0 ? pad : 0, "");
}

static void print_row(const struct table *table, char *const *cells)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *text = cells[i] ? cells[i] : "";
        bool last = i + 1 == table->columns;
        bool state = strcmp(table->titles[i], "STATE") == 0;

        print_cell(text, last ? 0 : table->width[i],
                   state ? colour_of(text) : NULL);
        fputs(last ? "\n" : "  ", stdout);
    }
    /* Facts come last and break at commas; what is before them is prose. */
    for (size_t i = table->columns; i < TABLE_COLUMNS; i++) {
        if (cells[i])
            wrap_print(cells[i],
                       i + 1 < TABLE_COLUMNS && cells[i + 1] ? " " : ", ");
    }
}

void table_print(struct table *table)
{
    for (size_t i = 0; i < table->columns; i++) {
        bool last = i + 1 == table->columns;

        print_cell(table->titles[i], last ? 0 : table->width[i], NULL);
        fputs(last ? "\n" : "  ", stdout);
    }
    for (size_t r = 0; r < table->rows; r++)
        print_row(table, table->cells[r]);
}

void table_clear(struct table *table)
{
    for (size_t r = 0; r < table->rows; r++) {
        for (size_t i = 0; i < TABLE_COLUMNS; i++)
            free(table->cells[r][i]);
    }
    free(table->cells);
}
