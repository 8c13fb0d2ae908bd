/* filter.h - small changes to texts, "{to|digits}", in templates and in what is
 * picked from a payload. Pure. */
#ifndef MOONGATE_HTTP_FILTER_H
#define MOONGATE_HTTP_FILTER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

enum { FILTERS_MAX = 4 };

struct filter {
    void (*apply)(struct buf *text, unsigned n);
    unsigned n; /* the argument of "trunc:20" */
};

struct filters {
    struct filter items[FILTERS_MAX];
    unsigned n;
    bool number; /* ends with "number": in JSON it is one, not a text */
};

/* Parses "digits|trunc:20"; ERR_CONFIG lists the filters there are. */
bool filters_parse(const char *text, struct filters *filters, struct err *err);

/* Changes `text`, which is whole UTF-8. */
void filters_apply(const struct filters *filters, struct buf *text);

#endif
