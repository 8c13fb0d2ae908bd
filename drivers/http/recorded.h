/* recorded.h - an HTTP request in a file: a request line, headers, an empty
 * line, the body. */
#ifndef MOONGATE_HTTP_RECORDED_H
#define MOONGATE_HTTP_RECORDED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct recorded {
    char *text; /* all below point into it */
    const char *method, *url, *headers, *body;
    size_t size;       /* of the body */
    char header[4096]; /* the last one asked for */
};

bool recorded_load(const char *path, struct recorded *out, struct err *err);
void recorded_free(struct recorded *recorded);

/* For struct payload, whose `arg` is the struct recorded; borrowed until the
 * next call. */
const char *recorded_header(void *arg, const char *name);

#endif
