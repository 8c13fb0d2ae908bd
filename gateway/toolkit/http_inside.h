/* http_inside.h - what http.c and http_answer.c share. */
#ifndef MOONGATE_TOOLKIT_HTTP_INSIDE_H
#define MOONGATE_TOOLKIT_HTTP_INSIDE_H

#include <stdio.h>

#include "base/buf.h"
#include "toolkit/http.h"
#include "toolkit/http_pool.h"

enum { HOST_MAX = 128 };

struct http {
    struct handle base;
    struct http_transfer transfer;
    http_done_fn *done;
    bool (*data)(void *arg, const void *bytes, size_t size);
    void *arg;
    enum http_profile profile;
    struct curl_slist *headers;
    curl_mime *mime;
    FILE *file;
    char *allow;
    char host[HOST_MAX]; /* for messages */
    struct buf head, body;
    unsigned sends; /* times that the request went out */
    bool repeatable, refused, too_long;
};

/* Why there is no whole answer, into *err; returns false. */
bool http_describe(const struct http *http, CURLcode result, struct err *err);

/* What there is of an answer, borrowed from `http`. */
void http_fill(const struct http *http, struct http_answer *answer);

#endif
