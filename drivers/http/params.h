/* params.h - application/x-www-form-urlencoded (WHATWG URL 5.1), for bodies and
 * queries. Pure. */
#ifndef MOONGATE_HTTP_PARAMS_H
#define MOONGATE_HTTP_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

enum { PARAMS_MAX = 200 };

struct param {
    char *name, *value; /* decoded; end with a NUL, and may hold some */
    size_t size;        /* of the value */
};

struct params {
    struct param *items; /* in order */
    size_t n;
};

/* False when there are more than PARAMS_MAX. */
bool params_parse(const char *text, size_t size, struct params *params);
void params_free(struct params *params);

/* The first field of that name, NULL when there is none. */
const struct param *params_find(const struct params *params, const char *name);
const char *params_get(const struct params *params, const char *name);

#endif
