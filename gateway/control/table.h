/* table.h - a table for people, on standard output: as wide as its cells are.
 * The column STATE has colours on a terminal (and not with NO_COLOR). */
#ifndef MOONGATE_CONTROL_TABLE_H
#define MOONGATE_CONTROL_TABLE_H

#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 9 };

struct table {
    const char *const *titles; /* NULL ends */
    size_t columns;
    char *(*cells)[TABLE_COLUMNS]; /* the rest: lines below the row */
    size_t rows;
    int width[TABLE_COLUMNS];
};

/* `titles` is borrowed for the table's life; at most TABLE_COLUMNS. */
void table_init(struct table *table, const char *const *titles);
void table_row(struct table *table); /* begins a row */

/* A cell of the row begun last; copied. Columns behind the last title are lines
 * of their own below the row. */
void table_cell(struct table *table, size_t column, const char *text);
void table_print(struct table *table);
void table_clear(struct table *table);

/* Text that strangers had a hand in: control characters, which a terminal
 * would obey, become '?'. */
void show_text(FILE *out, const char *text);

#endif
