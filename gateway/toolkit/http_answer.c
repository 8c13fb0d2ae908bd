/* http_answer.c - what came of a request: the answer, or why there is none. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "toolkit/http_inside.h"

enum { RETRY_AFTER_MAX = 86400 };

static bool timed_out(const struct http *http, struct err *err)
{
    return err_set(err, ERR_LINK,
                   http->sends ? "%s did not answer in time"
                               : "could not connect to %s in time",
                   http->host);
}

/* Most likely first; the rest is told in libcurl's words. */
bool http_describe(const struct http *http, CURLcode result, struct err *err)
{
    const char *why = curl_easy_strerror(result);

    if (http->too_long)
        return err_set(err, ERR_TOO_LONG, "the answer of %s is too long",
                       http->host);
    if (http->refused)
        return err_set(err, ERR_NOT_ALLOWED,
                       "%s is not an address of the open Internet", http->host);
    if (http->sends > 0 && result == CURLE_ABORTED_BY_CALLBACK)
        return err_set(err, ERR_LINK,
                       "%s closed the connection without an answer",
                       http->host);
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(err, ERR_LINK, "there is no host %s, or no name server",
                       http->host);
    case CURLE_COULDNT_CONNECT:
        return err_set(err, ERR_LINK, "cannot connect to %s", http->host);
    case CURLE_OPERATION_TIMEDOUT:
        return timed_out(http, err);
    case CURLE_PEER_FAILED_VERIFICATION:
        return err_set(err, ERR_LINK, "the certificate of %s is not valid",
                       http->host);
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_WEIRD_SERVER_REPLY:
        return err_set(err, ERR_PROTOCOL, "%s: %s", http->host, why);
    case CURLE_FILESIZE_EXCEEDED:
        return err_set(err, ERR_TOO_LONG, "the answer of %s is too long",
                       http->host);
    default:
        return err_set(err, ERR_LINK, "%s: %s", http->host, why);
    }
}

void http_fill(const struct http *http, struct http_answer *answer)
{
    CURL *easy = http->transfer.easy;
    curl_off_t retry_after = 0;
    long status = 0;
    char *type = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    (void)curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
    if (retry_after < 0)
        retry_after = 0;
    *answer = (struct http_answer){
        .status = (int)status,
        .body = buf_text(&http->body),
        .size = http->body.len,
        .type = type ? type : "",
        .retry_after =
            retry_after > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : (int)retry_after,
        .reached = http->sends > 0,
        .headers = buf_text(&http->head),
    };
}

bool http_answer_header(const struct http_answer *answer, const char *name,
                        char *out, size_t size)
{
    size_t len = strlen(name);

    for (const char *line = answer->headers; line && *line;) {
        size_t n = strcspn(line, "\r\n");

        if (n > len && line[len] == ':' && strncasecmp(line, name, len) == 0) {
            const char *value = line + len + 1;
            char *copy;

            value += strspn(value, " \t");
            copy = xstrndup(value, (size_t)(line + n - value));
            text_copy(out, size, copy);
            free(copy);
            return true;
        }
        line += n;
        line += strspn(line, "\r\n");
    }
    return false;
}
