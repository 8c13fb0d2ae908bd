/* request.h - the request that a provider wants, as a template. Pure. */
#ifndef MOONGATE_HTTP_REQUEST_H
#define MOONGATE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct request;
struct tree;
struct http_header;

enum { REQUEST_HEADERS_MAX = 16 };

/* A request made of a template and values. Freed by rendered_free. */
struct rendered {
    const char *method; /* borrowed from the template */
    char *url;
    struct {
        const char *name; /* borrowed */
        char *value;
    } headers[REQUEST_HEADERS_MAX];
    size_t n_headers;
    char *user, *password; /* NULL: none */
    struct buf body;
    bool has_body;
};

/* Parses the group `send`: method, url, query, headers, user, password, one of
 * form, json, raw (with type). ERR_CONFIG with the place. */
struct request *request_parse(const struct tree *group,
                              const char *const *names, struct err *err);
void request_free(struct request *request); /* NULL is fine */

/* ERR_CONFIG: a value does not fit its place, or it gets too long. */
bool request_render(const struct request *request, const char *const *values,
                    struct rendered *out, struct err *err);
void rendered_free(struct rendered *rendered);

/* Is the value of that index used anywhere? */
bool request_uses(const struct request *request, size_t index);

#endif
