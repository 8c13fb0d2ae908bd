/* httpd_inside.h - what httpd.c and its helpers share. */
#ifndef MOONGATE_TOOLKIT_HTTPD_INSIDE_H
#define MOONGATE_TOOLKIT_HTTPD_INSIDE_H

#include <microhttpd.h>
#include <uthash.h>

#include "base/buf.h"
#include "base/err.h"
#include "toolkit/handle.h"
#include "toolkit/httpd.h"

enum { PEER_MAX = 64 };

struct sockaddr;

struct connection {
    struct connection *prev, *next;
    int fd;
    int64_t since; /* monotonic ms: when it began, or its last answer */
    bool waits;    /* for us, not we for it */
    bool reads;    /* a file, which may take long */
};

struct httpd {
    struct handle base;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_timer_t timer, sweep;
    struct later *run;
    struct hook *hooks;
    struct connection *connections;
    char *public_url;
    unsigned answer_ms, read_ms;
    int port;
    bool inside; /* libmicrohttpd is on the stack */
};

struct hook {
    struct handle base;
    struct httpd *httpd; /* held */
    hook_fn *fn;
    void *arg;
    size_t body_max;
    char *path, *url;
    struct hook_call *calls; /* that it has to answer */
    UT_hash_handle hh;
};

struct hook_call {
    struct hook_call *prev, *next;
    struct MHD_Connection *connection; /* NULL: gone */
    struct httpd *httpd;               /* as long as the connection */
    struct hook *hook;                 /* while it has to answer */
    char *target;
    struct buf body;
    int64_t since;
    bool started, suspended, file;
    struct MHD_Response *response;
    unsigned status;
};

/* The hook for a request target, whose query is not looked at; or NULL. */
struct hook *httpd_find(const struct httpd *httpd, const char *target);

/* Requests below it are the hook's, not just those to it. */
bool hook_is_folder(const struct hook *hook);

/* Makes the answer; a suspended call goes on with it. */
void call_respond(struct hook_call *call, int status, const char *type,
                  const void *body, size_t size);
void hook_call_free(struct hook_call *call); /* unless somebody still has it */

/* A listening socket on "ADDRESS:PORT", or -1 (ERR_CONFIG). */
int httpd_listen(const char *text, struct err *err);
int httpd_fd_port(int fd);

/* The address of who asks; `forwarded` is X-Forwarded-For or NULL, and counts
 * when it comes from this machine. */
void httpd_peer(const struct sockaddr *address, const char *forwarded,
                char out[PEER_MAX]);

#endif
