/* media.h - photos, voice messages and files, both ways. */
#ifndef MOONGATE_TELEGRAM_MEDIA_H
#define MOONGATE_TELEGRAM_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "driver.h"

struct json_object;

/* A file that came with a Message. Borrowed from it. */
struct media_file {
    const char *id, *type, *name; /* type and name NULL: unknown */
    int64_t size;                 /* octets; 0: unknown */
};

/* False: none came, or none that a bot may have. Pure. */
bool media_file(struct json_object *message, struct media_file *file);

/* How Telegram takes what is at a URL, which it fetches itself: the method and
 * the member of its call. NULL: not as such. Pure. Source: "Sending files" of
 * the Bot API. */
struct media_way {
    const char *method, *member;
};
const struct media_way *media_way(const char *url);

/* The way of that method, NULL: there is none. Pure. */
const struct media_way *media_way_named(const char *method);

/* The op of the driver. */
bool telegram_locate(struct line *line, const char *source, uint64_t call,
                     struct err *err);

#endif
