/* http.h - HTTP requests on the loop: libcurl behind owner-based handles.
 *
 * Connections are kept alive and shared by all requests of a profile; names are
 * resolved off the loop thread; HTTP/1.1 only, since a long poll must not hold
 * up what goes to the same host. No cookies, no proxy or .netrc from the
 * environment. URLs are never logged: they carry tokens. */
#ifndef MOONGATE_TOOLKIT_HTTP_H
#define MOONGATE_TOOLKIT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct owner;
struct http;

enum http_profile {
    /* A service from the configuration: any address, no redirects. */
    HTTP_API,
    /* A URL that somebody sent: public addresses only, whatever its name
     * resolves to, up to three redirects. Never give it credentials. */
    HTTP_MEDIA,
};

struct http_header {
    const char *name, *value; /* CR, LF and NUL are refused */
};

/* A field of a multipart/form-data body: a text, or a file. */
struct http_field {
    const char *name;
    const char *text;      /* NULL: the file */
    const char *path;      /* read while it is sent */
    const char *file_name; /* what the far side is told; NULL: path's */
    const char *type;      /* NULL: by libcurl's own table */
};

struct http_request {
    enum http_profile profile;
    const char *url;
    const char *method; /* NULL: GET, or POST with a body */
    const struct http_header *headers;
    size_t n_headers;
    const char *user, *password; /* basic authentication; NULL: none */

    /* At most one of three bodies. Its type is a header. */
    const void *body;
    size_t body_size;
    const char *body_path; /* a file, read while it is sent */
    const struct http_field *fields;
    size_t n_fields;

    unsigned connect_ms; /* name, TCP and TLS; 0: 10 s */
    unsigned total_ms;   /* 0: 30 s; more than the server's for long polls */
    unsigned idle_s;     /* without a byte (streams, media); 0: no limit */
    size_t answer_max;   /* bytes of the body; 0: 1 MiB */

    /* The request may reach the far side more than once (a poll, a send under
     * a key): then one that a kept-alive connection lost is sent again. */
    bool repeatable;
    const char *allow; /* HTTP_MEDIA: networks (address.h) to allow as well */

    /* Takes the body as it comes, of a 2xx answer only; false ends the
     * request. NULL: it is kept for `done`. */
    bool (*data)(void *arg, const void *bytes, size_t size);
};

struct http_answer {
    int status;       /* 0: none came */
    const char *body; /* ends with a NUL that is not counted; "" when none */
    size_t size;
    const char *type;    /* Content-Type, "" when unknown */
    int retry_after;     /* seconds; 0: not said */
    bool reached;        /* the far side may have seen the request */
    const char *headers; /* for http_answer_header */
};

/* Once, never from inside http_send. `err` is NULL when a whole answer came,
 * whatever its status; otherwise it says what went wrong, and answer->reached
 * whether the far side may have acted on it. Everything is borrowed. */
typedef void http_done_fn(void *arg, const struct http_answer *answer,
                          const struct err *err);

/* Arguments are copied. NULL for what can never work (ERR_CONFIG: not a URL,
 * a header with a line break, a file that cannot be read). */
struct http *http_send(struct owner *owner, const struct http_request *request,
                       http_done_fn *done, void *arg, struct err *err);

void http_cancel(struct http *http); /* `done` is not called; NULL is fine */

/* The value of a header of the answer into `out`; false when there is none. */
bool http_answer_header(const struct http_answer *answer, const char *name,
                        char *out, size_t size);

#endif
