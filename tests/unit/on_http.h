/* on_http.h - one HTTP request at a time on the test's loop, and a server in a
 * thread that reads one request per connection and answers with canned bytes,
 * so that it can lie. */
#ifndef MOONGATE_TESTS_ON_HTTP_H
#define MOONGATE_TESTS_ON_HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "on_loop.h"

#include "toolkit/http.h"

struct asked {
    struct on_loop *on;
    unsigned done;
    int status, retry_after;
    bool reached;
    struct err err; /* ERR_NONE: an answer */
    char body[4096], type[64], header[64];
};

static inline void on_asked(void *arg, const struct http_answer *answer,
                            const struct err *err)
{
    struct asked *asked = arg;

    asked->done++;
    asked->status = answer->status;
    asked->retry_after = answer->retry_after;
    asked->reached = answer->reached;
    asked->err = err ? *err : (struct err){ 0 };
    text_copy(asked->body, sizeof(asked->body), answer->body);
    text_copy(asked->type, sizeof(asked->type), answer->type);
    (void)http_answer_header(answer, "x-test", asked->header,
                             sizeof(asked->header));
    loop_stop(asked->on->loop);
}

static inline struct asked ask(void **state, const struct http_request *request)
{
    struct on_loop *on = *state;
    struct asked asked = { .on = on };
    struct err err;

    assert_non_null(http_send(&on->owner, request, on_asked, &asked, &err));
    assert_int_equal(asked.done, 0);
    loop_run(on->loop);
    assert_int_equal(asked.done, 1);
    return asked;
}

struct liar {
    int fd, port;
    pthread_t thread;
    const char *const *answers; /* one per request; NULL ends the server */
    bool keep;                  /* several requests on a connection */
    unsigned requests;
    char last[8192];
};

/* Reads a request with its body; false at the end of the connection. */
static inline bool liar_read(struct liar *liar, int fd)
{
    size_t n = 0;

    for (;;) {
        ssize_t got = recv(fd, liar->last + n, sizeof(liar->last) - 1 - n, 0);
        const char *head, *length;

        if (got <= 0)
            return false;
        n += (size_t)got;
        liar->last[n] = '\0';
        head = strstr(liar->last, "\r\n\r\n");
        length = strstr(liar->last, "Content-Length: ");
        if (head && n >= (size_t)(head + 4 - liar->last) +
                             (length ? strtoul(length + 16, NULL, 10) : 0))
            return true;
    }
}

static inline void *liar_thread(void *arg)
{
    struct liar *liar = arg;

    while (*liar->answers) {
        int fd = accept(liar->fd, NULL, NULL);

        if (fd < 0)
            break;
        while (*liar->answers && liar_read(liar, fd)) {
            const char *answer = *liar->answers++;

            liar->requests++;
            (void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
            if (!liar->keep || !*answer)
                break;
        }
        (void)close(fd);
    }
    return NULL;
}

static inline void liar_begin(struct liar *liar, const char *const *answers,
                              bool keep)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    *liar = (struct liar){ .answers = answers, .keep = keep };
    liar->fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(liar->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(liar->fd, 8), 0);
    assert_int_equal(getsockname(liar->fd, (struct sockaddr *)&address, &size),
                     0);
    liar->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&liar->thread, NULL, liar_thread, liar), 0);
}

static inline void liar_end(struct liar *liar)
{
    (void)shutdown(liar->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(liar->thread, NULL), 0);
    (void)close(liar->fd);
}

static inline const char *url_of(int port, const char *path)
{
    static char url[256];

    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
    return url;
}

#endif
