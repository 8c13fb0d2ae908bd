/* media.c - how to fetch a medium that a provider's hook has named. What lies
 * at the provider itself may need our credentials; anything else is a URL of
 * the open Internet. */
#include <string.h>

#include "http/http_line.h"

/* How long scheme, host and port are. */
static size_t origin_size(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#") : 0;
}

static bool same_origin(const char *a, const char *b)
{
    size_t size = origin_size(a);

    return size > 0 && size == origin_size(b) && strncmp(a, b, size) == 0 &&
           !memchr(a, '@', size);
}

/* Credentials are in the headers that are not about a body. */
static size_t own_headers(const struct rendered *sample,
                          struct http_header *headers)
{
    size_t n = 0;

    for (size_t i = 0; i < sample->n_headers; i++) {
        const char *name = sample->headers[i].name;

        if (strcmp(name, "Content-Type") != 0)
            headers[n++] =
                (struct http_header){ name, sample->headers[i].value };
    }
    return n;
}

bool media_locate(struct line *line, const char *source, uint64_t call,
                  struct err *err)
{
    struct http_header headers[REQUEST_HEADERS_MAX];
    struct http_request request = { .profile = HTTP_MEDIA, .url = source };
    struct rendered sample;

    if (!http_sample(line_state(line), &sample, err))
        return false;
    if (same_origin(source, sample.url)) {
        request.profile = HTTP_API;
        request.user = sample.user;
        request.password = sample.password;
        request.headers = headers;
        request.n_headers = own_headers(&sample, headers);
    }
    line_located(line, call, &request, NULL);
    rendered_free(&sample);
    return true;
}
