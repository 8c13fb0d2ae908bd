/* http_pool.h - libcurl's multi interface on the loop; for http.c only. */
#ifndef MOONGATE_TOOLKIT_HTTP_POOL_H
#define MOONGATE_TOOLKIT_HTTP_POOL_H

#include <curl/curl.h>

#include "toolkit/handle.h"

/* A transfer under way; embedded in whoever runs it. */
struct http_transfer {
    CURL *easy; /* its CURLOPT_PRIVATE is the transfer */
    struct http_pool *pool;
    /* On the loop, with nothing of libcurl on the stack; the transfer is no
     * longer in the pool. */
    void (*ended)(struct http_transfer *transfer, CURLcode result);
    /* The removal that was asked for within one of libcurl's callbacks. */
    void (*removed)(struct http_transfer *transfer);
    struct http_transfer *prev, *next;
};

/* Connections of one pool are never used for another's transfers: what was let
 * through for one profile must not be open to the other. */
void http_pool_add(struct loop *loop, unsigned profile,
                   struct http_transfer *transfer);

/* `removed` runs at once, or as soon as libcurl can let go. */
void http_pool_remove(struct http_transfer *transfer);

#endif
