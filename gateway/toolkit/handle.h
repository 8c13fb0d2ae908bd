/* handle.h - the base of everything that an owner closes; for the toolkit's
 * own files only.
 *
 * `struct handle` is the FIRST member of every toolkit object, and the `data`
 * of each of the object's uv handles points to the object. The object lives
 * until the last hold on it is released:
 *
 *   handle_open   one hold, in the owner's list
 *   handle_close  out of the list, `shut` stops it and closes its uv handles
 *                 (each takes a hold until libuv is done with it), the first
 *                 hold is given back
 *   `release`     runs at the end of a later loop turn, with no callback of
 *                 the object on the stack; frees the memory
 *
 * So a callback may close its own object: it stays readable until the callback
 * has returned. Before it calls up, or goes on after it called up, the toolkit
 * tests `closing`; that test is what makes owner_close() final. */
#ifndef MOONGATE_TOOLKIT_HANDLE_H
#define MOONGATE_TOOLKIT_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "toolkit/loop.h"

struct handle_ops {
    void (*shut)(struct handle *handle);    /* NULL: nothing to stop */
    void (*release)(struct handle *handle); /* NULL: free() */
};

struct handle {
    struct owner *owner;
    const struct handle_ops *ops;
    struct handle *prev, *next; /* owner's list, then the loop's dead list */
    unsigned holds;
    bool closing;
};

void handle_open(struct handle *handle, struct owner *owner,
                 const struct handle_ops *ops);
void handle_close(struct handle *handle); /* idempotent; NULL is fine */

/* A request in libuv's hands (e.g. uv_getaddrinfo) keeps the object alive. */
void handle_hold(struct handle *handle);
void handle_release(struct handle *handle);

/* uv_close that holds `handle` until libuv has let go of `uv`, an embedded uv
 * handle; the second form also frees the memory that `uv` begins. */
void handle_close_uv(struct handle *handle, uv_handle_t *uv);
void handle_free_uv(struct handle *handle, uv_handle_t *uv);

struct later {
    struct handle base;
    void (*fn)(void *arg);
    void *arg;
    uint64_t turn; /* position in the queue; 0: not asked */
    struct later *queue_prev, *queue_next;
};

enum { LOOP_SCRATCH = 64 * 1024, LOOP_POOLS = 2 };

struct http_pool;
struct httpd;

struct loop {
    uv_loop_t uv;
    uv_prepare_t prepare; /* runs laters and frees the dead before each wait */
    uv_idle_t idle;       /* active while the next wait must not block */
    struct later *laters; /* asked ones, in order */
    uint64_t turns;       /* laters ever asked */
    struct handle *dead;  /* closed, no holds */
    size_t open, closing; /* handles of all owners */
    size_t lookups;       /* name look-ups that outlive their sockets */
    bool stopped;
    struct http_pool *pools[LOOP_POOLS]; /* connections, by http.h's profiles */
    void (*pool_free)(struct http_pool *pool);
    struct httpd *hooks; /* the listener for hook_open; NULL: none */
    char *scratch;       /* LOOP_SCRATCH bytes: what one read call returned; its
                          * content is consumed before the callback returns */
};

/* The object's uv loop. */
uv_loop_t *handle_loop(const struct handle *handle);

/* Frees all dead handles and tells the owners that wait for it. */
void handle_reap(struct loop *loop);

/* An alloc_cb that lends the loop's scratch buffer; uv->data is a handle. */
void handle_lend(uv_handle_t *uv, size_t suggested, uv_buf_t *out);

#endif
