/* media_item.h - a delivery in the hands of the media step; core/media*.c
 * only. */
#ifndef MOONGATE_CORE_MEDIA_ITEM_H
#define MOONGATE_CORE_MEDIA_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/media_type.h"
#include "core/front.h"
#include "store/store.h"

struct core;
struct http;
struct http_request;
struct media_files;
struct network;
struct settings;
struct timer;

enum { MEDIA_WAYS = 2 };
enum media_way { MEDIA_UPLOAD, MEDIA_FILES };

struct media {
    struct core *core;
    const struct settings *settings;
    enum media_way ways[MEDIA_WAYS]; /* in the order in which they are tried */
    size_t n_ways;
    int64_t most;              /* bytes of one */
    int64_t wait_ms;           /* for all that comes with one text */
    char *networks;            /* HTTP_MEDIA's allow */
    struct media_files *files; /* drafts, too; NULL: nothing is fetched */
};

struct media_item {
    struct media_item *prev, *next; /* network->media, in order of coming */
    struct network *network;
    struct delivery *delivery;
    size_t n;            /* the attachment under way */
    bool settled;        /* nothing of it waits any more */
    bool rides;          /* another item fetches the same: its end is ours */
    unsigned tries;      /* of this attachment */
    int64_t deadline;    /* clock_mono_ms; of all its attachments */
    struct timer *timer; /* the next try, or the deadline */
    struct timer *end;   /* the deadline */
    struct media_asked *asked; /* the front was asked; NULL: not */
    uint64_t call;             /* the driver was asked to locate; 0: not */
    struct http *http;
    char *draft; /* path; NULL: none */
    int fd;      /* of it, while it is written; -1: not */
    int64_t size;
    bool own; /* the service's own URL, with credentials */
    bool too_big, complete;
    char type[MEDIA_TYPE_MAX]; /* what it is, as far as is known */
    size_t way;                /* being tried */
    char *url;                 /* where users will find what is put */
    struct err why;            /* the last way failed */
};

/* Begins with the attachment that waits first (media_fetch.c). */
void media_fetch(struct media_item *item);
void media_located(struct media_item *item, const struct http_request *request,
                   const struct err *err);

/* The draft is complete: goes through the ways (media_publish.c). */
void media_publish(struct media_item *item);

/* Is there any way? Asks for what is not known: media_way_found follows, maybe
 * at once, or media_again. */
void media_find_way(struct media_item *item);
void media_way_found(struct media_item *item, bool found);

/* --- for those two (media.c) ---------------------------------------------- */

struct attachment_row *media_row(struct media_item *item);

/* The attachment under way has come to its end; `url` when it is published. */
void media_settle(struct media_item *item, enum attachment_state state,
                  const char *url);

/* It failed this time; tried again while there is time. */
void media_again(struct media_item *item, const struct err *err);

/* Ends whatever is under way; the draft is deleted. */
void media_drop(struct media_item *item);

/* What the front is asked outlives an item. */
struct media_asked {
    struct media_item *item; /* NULL: gone */
};
struct media_asked *media_ask(struct media_item *item);
struct media_item *media_answered(struct media_asked *asked); /* frees it */

#endif
