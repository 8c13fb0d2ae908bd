/* parts.h - what a driver's plan() fills. */
#ifndef MOONGATE_CORE_PARTS_H
#define MOONGATE_CORE_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "driver.h"
#include "store/store.h"

struct line;
struct network;

struct parts {
    struct part_row *rows;
    size_t n;
    char remark[256]; /* for the sender; "": none */
    char about[128];  /* what it costs, in words */
};

void parts_free(struct parts *parts);
void part_rows_free(struct part_row *rows, size_t n);

/* Asks the line's driver to cut and encode; checks that it gave at least one
 * part and at most its limit. */
bool parts_plan(struct line *line, const struct outgoing *message,
                struct parts *parts, struct err *err);

/* What a text to the canonical address `to` would cost if it were sent now, by
 * the line that a new conversation would take. `remark` is what its sender
 * would be told, "" nothing. The errors are those of sending it: ERR_TOO_LONG
 * says how many parts it would need. */
struct cost {
    unsigned parts;
    char about[128], remark[256];
};
bool network_cost(struct network *network, const char *to, const char *text,
                  struct cost *out, struct err *err);

#endif
