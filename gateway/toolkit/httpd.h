/* httpd.h - HTTP listeners on the loop: libmicrohttpd behind owner-based
 * handles.
 *
 * A hook is one path that somebody answers for. Its function gets whole
 * requests and answers now or later, so that a 200 can wait for a commit. What
 * is not a hook is 404 without work. Connections, headers, bodies and the time
 * of each are limited. */
#ifndef MOONGATE_TOOLKIT_HTTPD_H
#define MOONGATE_TOOLKIT_HTTPD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct owner;
struct httpd;
struct hook;
struct hook_call; /* one request that waits for its answer */

struct httpd_options {
    const char *listen;     /* "127.0.0.1:5381", "[::1]:0" */
    const char *public_url; /* how others reach it; NULL: http:// and listen */
    bool hooks;             /* hook_open() of this loop opens here */
    unsigned answer_ms;     /* a hook must answer in that time; 0: 10 s */
    unsigned read_ms;       /* a client must send a request in it; 0: 30 s */
};

/* ERR_CONFIG: not an address, or it is taken. */
struct httpd *httpd_open(struct owner *owner,
                         const struct httpd_options *options, struct err *err);
void httpd_close(struct httpd *httpd); /* NULL is fine */
int httpd_port(const struct httpd *httpd);

/* A whole request, borrowed for the call. */
struct hook_request {
    const char *method; /* GET, POST or PUT; HEAD below a folder */
    const char *url;    /* the public URL with the query: what is signed */
    const char *query;  /* as it came, behind the '?'; "" */
    const char *peer;   /* address; through a proxy on this machine, whom that
                           names in X-Forwarded-For */
    const char *body;   /* ends with a NUL that is not counted */
    size_t size;
    struct hook_call *call; /* for hook_header and hook_answer */
};

/* Must end in exactly one hook_answer, now or later; when the hook is closed
 * before, or it takes too long, the client gets a 503 to come again. */
typedef void hook_fn(void *arg, const struct hook_request *request);

/* Answers requests to `path` ("/hook/..."; with a slash at its end, like
 * "/media/", to all below it, HEAD included), with bodies up to `body_max`
 * bytes, at the loop's listener with `hooks`. ERR_CONFIG when there is none, or
 * the path is taken. */
struct hook *hook_open(struct owner *owner, const char *path, size_t body_max,
                       hook_fn *fn, void *arg, struct err *err);

/* The same at a listener of one's own. */
struct hook *httpd_serve(struct httpd *httpd, struct owner *owner,
                         const char *path, size_t body_max, hook_fn *fn,
                         void *arg, struct err *err);
void hook_close(struct hook *hook); /* NULL is fine */

/* The public URL of the hook; borrowed. */
const char *hook_url(const struct hook *hook);

/* A header of the request, within the hook's function only; NULL: none. */
const char *hook_header(const struct hook_call *call, const char *name);

/* Everything is copied. `type` and `body` may be NULL for an empty answer. */
void hook_answer(struct hook_call *call, int status, const char *type,
                 const void *body, size_t size);

/* 200 with the file `fd`, which is closed afterwards, as the client reads.
 * `save`: not to be shown, but to be saved. 404 when it is no file. */
void hook_answer_file(struct hook_call *call, int fd, const char *type,
                      bool save);

#endif
