/* http.c - one HTTP request: its libcurl handle, its caps and its answer.
 *
 * A request that got no answer is the hard part: the caller must know whether
 * the far side may have acted on it. libcurl tells through the pre-request
 * callback that a connection stands and the request is about to go; before
 * that nobody can have seen it. The same callback stops libcurl from sending a
 * request again by itself when a kept-alive connection dies unanswered, which
 * it would do for a POST, too. */
#include "toolkit/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "toolkit/address.h"
#include "toolkit/http_inside.h"

enum {
    CONNECT_MS = 10000,
    TOTAL_MS = 30000,
    ANSWER_MAX = 1024 * 1024,
    HEADERS_MAX = 32 * 1024,
    REDIRECTS_MAX = 3,
    IDLE_CONNECTION_S = 20, /* an older one may be dying at the far end */
    READ_SIZE = 4096,
    MEDIA_READ_SIZE = 65536,
    UPLOAD_SIZE = 16384,
};

/* --- libcurl's callbacks ------------------------------------------------- */

static size_t on_header(char *bytes, size_t one, size_t size, void *arg)
{
    struct http *http = arg;

    (void)one;
    if (http->base.closing)
        return 0;
    if (size > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        buf_reset(&http->head); /* of a redirect or a 100 */
        buf_reset(&http->body);
    }
    if (!buf_add(&http->head, bytes, size)) {
        http->too_long = true;
        return 0;
    }
    return size;
}

static bool good_status(const struct http *http)
{
    long status = 0;

    (void)curl_easy_getinfo(http->transfer.easy, CURLINFO_RESPONSE_CODE,
                            &status);
    return status >= 200 && status < 300;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *arg)
{
    struct http *http = arg;

    (void)one;
    if (http->base.closing)
        return 0;
    if (http->data && good_status(http))
        return http->data(http->arg, bytes, size) ? size : 0;
    if (!buf_add(&http->body, bytes, size)) {
        http->too_long = true;
        return 0;
    }
    return size;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose,
                             struct curl_sockaddr *address)
{
    struct http *http = arg;

    (void)purpose;
    if (http->profile == HTTP_MEDIA && !address_is_public(&address->addr) &&
        !address_in(&address->addr, http->allow)) {
        http->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

static int on_request(void *arg, char *to, char *from, int to_port,
                      int from_port)
{
    struct http *http = arg;

    (void)to;
    (void)from;
    (void)to_port;
    (void)from_port;
    if (http->base.closing || (http->sends > 0 && !http->repeatable))
        return CURL_PREREQFUNC_ABORT;
    http->sends++;
    return CURL_PREREQFUNC_OK;
}

/* --- the end ------------------------------------------------------------- */

static void http_drop(struct http *http)
{
    curl_easy_cleanup(http->transfer.easy);
    http->transfer.easy = NULL;
    curl_mime_free(http->mime);
    http->mime = NULL;
}

static void http_shut(struct handle *handle)
{
    struct http *http = (struct http *)handle;

    if (!http->transfer.pool)
        return;
    handle_hold(handle);
    http_pool_remove(&http->transfer);
}

static void on_removed(struct http_transfer *transfer)
{
    struct http *http =
        (struct http *)((char *)transfer - offsetof(struct http, transfer));

    http_drop(http);
    handle_release(&http->base);
}

static void http_release(struct handle *handle)
{
    struct http *http = (struct http *)handle;

    if (http->transfer.easy)
        http_drop(http);
    curl_slist_free_all(http->headers);
    if (http->file)
        fclose(http->file);
    if (http->body.data)
        explicit_bzero(http->body.data, http->body.len);
    buf_free(&http->head);
    buf_free(&http->body);
    free(http->allow);
    free(http);
}

static const struct handle_ops http_ops = {
    .shut = http_shut,
    .release = http_release,
};

static void on_ended(struct http_transfer *transfer, CURLcode result)
{
    struct http *http =
        (struct http *)((char *)transfer - offsetof(struct http, transfer));
    struct http_answer answer;
    struct err err = { 0 };

    transfer->pool = NULL;
    if (http->base.closing)
        return;
    http_fill(http, &answer);
    if (result != CURLE_OK)
        (void)http_describe(http, result, &err);
    handle_hold(&http->base);
    handle_close(&http->base);
    http->done(http->arg, &answer, result == CURLE_OK ? NULL : &err);
    http_drop(http);
    handle_release(&http->base);
}

void http_cancel(struct http *http)
{
    if (http)
        handle_close(&http->base);
}

/* --- the beginning ------------------------------------------------------- */

static bool set_host(struct http *http, const char *url, struct err *err)
{
    CURLU *parsed = curl_url();
    char *host = NULL, *scheme = NULL;
    bool good =
        curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        strncmp(scheme, "http", 4) == 0;

    if (good)
        text_copy(http->host, sizeof(http->host), host);
    else
        err_set(err, ERR_CONFIG, "this is not an http or https URL");
    curl_free(host);
    curl_free(scheme);
    curl_url_cleanup(parsed);
    return good;
}

static bool add_header(struct http *http, const char *name, const char *value,
                       struct err *err)
{
    /* A header without a value needs a semicolon, or libcurl drops it. */
    char *line =
        *value ? xasprintf("%s: %s", name, value) : xasprintf("%s;", name);
    bool good = !strpbrk(line, "\r\n") && *name && !strpbrk(name, ": ");

    if (good)
        http->headers = curl_slist_append(http->headers, line);
    else
        err_set(err, ERR_CONFIG, "header %.40s cannot be sent like that", name);
    explicit_bzero(line, strlen(line));
    free(line);
    return good;
}

static bool set_headers(struct http *http, const struct http_request *request,
                        struct err *err)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        if (!add_header(http, request->headers[i].name,
                        request->headers[i].value, err))
            return false;
    }
    /* Never wait for a 100 before the body. */
    http->headers = curl_slist_append(http->headers, "Expect:");
    (void)curl_easy_setopt(http->transfer.easy, CURLOPT_HTTPHEADER,
                           http->headers);
    return true;
}

static void set_fields(struct http *http, const struct http_request *request)
{
    CURL *easy = http->transfer.easy;

    http->mime = curl_mime_init(easy);
    for (size_t i = 0; i < request->n_fields; i++) {
        const struct http_field *field = &request->fields[i];
        curl_mimepart *part = curl_mime_addpart(http->mime);

        (void)curl_mime_name(part, field->name);
        if (field->text)
            (void)curl_mime_data(part, field->text, CURL_ZERO_TERMINATED);
        else
            (void)curl_mime_filedata(part, field->path);
        if (field->file_name)
            (void)curl_mime_filename(part, field->file_name);
        if (field->type)
            (void)curl_mime_type(part, field->type);
    }
    (void)curl_easy_setopt(easy, CURLOPT_MIMEPOST, http->mime);
}

static bool set_file(struct http *http, const char *path, struct err *err)
{
    CURL *easy = http->transfer.easy;
    long size;

    http->file = fopen(path, "re");
    if (!http->file || fseek(http->file, 0, SEEK_END) != 0 ||
        (size = ftell(http->file)) < 0)
        return err_errno(err, ERR_CONFIG, "cannot read %s", path);
    rewind(http->file);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_READDATA, http->file);
    (void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
    return true;
}

static bool set_body(struct http *http, const struct http_request *request,
                     struct err *err)
{
    CURL *easy = http->transfer.easy;

    if (request->n_fields > 0) {
        for (size_t i = 0; i < request->n_fields; i++) {
            const struct http_field *field = &request->fields[i];
            if (!field->text && access(field->path, R_OK) != 0)
                return err_errno(err, ERR_CONFIG, "cannot read %s",
                                 field->path);
        }
        set_fields(http, request);
    } else if (request->body_path) {
        if (!set_file(http, request->body_path, err))
            return false;
    } else if (request->body) {
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                               (curl_off_t)request->body_size);
        (void)curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
    }
    if (request->method && strcmp(request->method, "HEAD") == 0)
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (request->method)
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
    return true;
}

static void set_limits(CURL *easy, const struct http_request *request)
{
    long connect_ms = request->connect_ms ? request->connect_ms : CONNECT_MS;
    long total_ms = request->total_ms ? request->total_ms : TOTAL_MS;

    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, total_ms);
    if (request->idle_s > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                               (long)request->idle_s);
    }
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE,
                           request->profile == HTTP_MEDIA
                               ? (long)MEDIA_READ_SIZE
                               : (long)READ_SIZE);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_SIZE);
    (void)curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S);
    /* A look-up that is under way must not be waited for on cancelling. */
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
}

static void set_profile(CURL *easy, const struct http_request *request)
{
    bool media = request->profile == HTTP_MEDIA;

    (void)curl_easy_setopt(easy, CURLOPT_URL, request->url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, media ? 1L : 0L);
    (void)curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT,
                           "moongate/" MOONGATE_VERSION);
    if (!request->user)
        return;
    (void)curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    (void)curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
    (void)curl_easy_setopt(easy, CURLOPT_PASSWORD,
                           request->password ? request->password : "");
}

static void set_callbacks(struct http *http)
{
    CURL *easy = http->transfer.easy;

    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, http);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, http);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, http);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, http);
}

static struct http *http_new(struct owner *owner,
                             const struct http_request *request,
                             http_done_fn *done, void *arg)
{
    struct http *http = xcalloc(1, sizeof(*http));

    handle_open(&http->base, owner, &http_ops);
    http->transfer.easy = curl_easy_init();
    if (!http->transfer.easy)
        abort();
    http->transfer.ended = on_ended;
    http->transfer.removed = on_removed;
    http->profile = request->profile;
    http->done = done;
    http->data = request->data;
    http->arg = arg;
    http->allow = xstrdup(request->allow);
    /* The redirects of a medium are requests of their own. */
    http->repeatable = request->repeatable || request->profile == HTTP_MEDIA;
    buf_init(&http->head, HEADERS_MAX);
    buf_init(&http->body,
             request->answer_max ? request->answer_max : (size_t)ANSWER_MAX);
    return http;
}

struct http *http_send(struct owner *owner, const struct http_request *request,
                       http_done_fn *done, void *arg, struct err *err)
{
    struct http *http = http_new(owner, request, done, arg);

    set_profile(http->transfer.easy, request);
    set_limits(http->transfer.easy, request);
    set_callbacks(http);
    if (set_host(http, request->url, err) && set_headers(http, request, err) &&
        set_body(http, request, err)) {
        http_pool_add(owner->loop, request->profile, &http->transfer);
        return http;
    }
    handle_close(&http->base);
    return NULL;
}
