/* httpd_hook.c - hooks, and the calls that wait for their answers. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "base/mem.h"
#include "toolkit/httpd_inside.h"

/* --- a call -------------------------------------------------------------- */

void hook_call_free(struct hook_call *call)
{
    if (call->connection || call->hook)
        return;
    if (call->response)
        MHD_destroy_response(call->response);
    free(call->target);
    buf_free(&call->body);
    free(call);
}

static void call_go(struct hook_call *call, int status, const char *type,
                    struct MHD_Response *response)
{
    if (!response)
        abort();
    if (type)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                      type);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
                                      "5");
    (void)MHD_add_response_header(response, "X-Content-Type-Options",
                                  "nosniff");
    (void)MHD_add_response_header(response, "Content-Security-Policy",
                                  "default-src 'none'");
    call->status = (unsigned)status;
    call->response = response;
    if (!call->suspended)
        return;
    call->suspended = false;
    MHD_resume_connection(call->connection);
    later_ask(call->httpd->run);
}

void call_respond(struct hook_call *call, int status, const char *type,
                  const void *body, size_t size)
{
    call_go(call, status, type,
            MHD_create_response_from_buffer(size, (void *)(uintptr_t)body,
                                            MHD_RESPMEM_MUST_COPY));
}

/* The hook has no more to do with it. */
static void call_settle(struct hook_call *call)
{
    DL_DELETE(call->hook->calls, call);
    call->hook = NULL;
    hook_call_free(call);
}

void hook_answer(struct hook_call *call, int status, const char *type,
                 const void *body, size_t size)
{
    if (call->connection && !call->response)
        call_respond(call, status, type, body, size);
    call_settle(call);
}

void hook_answer_file(struct hook_call *call, int fd, const char *type,
                      bool save)
{
    bool wanted = call->connection && !call->response;
    struct stat stat;
    struct MHD_Response *response = NULL;

    if (wanted && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode))
        response = MHD_create_response_from_fd64((uint64_t)stat.st_size, fd);
    if (!response) {
        (void)close(fd);
        hook_answer(call, MHD_HTTP_NOT_FOUND, NULL, NULL, 0);
        return;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION,
                                  save ? "attachment" : "inline");
    call->file = true;
    call_go(call, MHD_HTTP_OK, type, response);
    call_settle(call);
}

const char *hook_header(const struct hook_call *call, const char *name)
{
    if (!call->connection)
        return NULL;
    return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

struct hook *httpd_find(const struct httpd *httpd, const char *target)
{
    size_t size = strcspn(target, "?");
    struct hook *hook;

    HASH_FIND(hh, httpd->hooks, target, size, hook);
    if (!hook && target[0] == '/') {
        size_t first = 1 + strcspn(target + 1, "/?");

        if (target[first] == '/')
            HASH_FIND(hh, httpd->hooks, target, first + 1, hook);
    }
    return hook;
}

bool hook_is_folder(const struct hook *hook)
{
    return hook->path[strlen(hook->path) - 1] == '/';
}

/* --- hooks --------------------------------------------------------------- */

static void hook_shut(struct handle *handle)
{
    struct hook *hook = (struct hook *)handle;

    HASH_DEL(hook->httpd->hooks, hook);
    while (hook->calls)
        hook_answer(hook->calls, MHD_HTTP_SERVICE_UNAVAILABLE, NULL, NULL, 0);
}

static void hook_release(struct handle *handle)
{
    struct hook *hook = (struct hook *)handle;

    handle_release(&hook->httpd->base);
    free(hook->path);
    free(hook->url);
    free(hook);
}

static const struct handle_ops hook_ops = {
    .shut = hook_shut,
    .release = hook_release,
};

struct hook *httpd_serve(struct httpd *httpd, struct owner *owner,
                         const char *path, size_t body_max, hook_fn *fn,
                         void *arg, struct err *err)
{
    struct hook *hook = httpd_find(httpd, path);

    if (hook) {
        err_set(err, ERR_CONFIG, "the path of this hook is taken");
        return NULL;
    }
    hook = xcalloc(1, sizeof(*hook));
    handle_open(&hook->base, owner, &hook_ops);
    handle_hold(&httpd->base);
    hook->httpd = httpd;
    hook->fn = fn;
    hook->arg = arg;
    hook->body_max = body_max;
    hook->path = xstrdup(path);
    hook->url = xasprintf("%s%s", httpd->public_url, path);
    HASH_ADD_KEYPTR(hh, httpd->hooks, hook->path, strlen(hook->path), hook);
    return hook;
}

struct hook *hook_open(struct owner *owner, const char *path, size_t body_max,
                       hook_fn *fn, void *arg, struct err *err)
{
    if (owner->loop->hooks)
        return httpd_serve(owner->loop->hooks, owner, path, body_max, fn, arg,
                           err);
    err_set(err, ERR_CONFIG,
            "this needs webhooks: set hook_listen (and public_url) under "
            "gateway");
    return NULL;
}

void hook_close(struct hook *hook)
{
    if (hook)
        handle_close(&hook->base);
}

const char *hook_url(const struct hook *hook)
{
    return hook->url;
}
