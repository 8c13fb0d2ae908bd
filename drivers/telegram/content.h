/* content.h - what a Message of the Bot API says, in words. Pure. */
#ifndef MOONGATE_TELEGRAM_CONTENT_H
#define MOONGATE_TELEGRAM_CONTENT_H

#include <stdbool.h>

#include "base/buf.h"

struct json_object;

/* Adds its text or caption with the marks of XEP-0393, behind words for what
 * came with it: "[Photo] caption". False: it says nothing to anybody, such as
 * a note that somebody changed the group's picture. */
bool content_words(struct json_object *message, struct buf *out);

/* The same of one whose file comes along: only what is said beside it, maybe
 * nothing. */
void content_caption(struct json_object *message, struct buf *out);

/* A user's or chat's name; "" when it has none. */
void content_name(struct json_object *who, struct buf *out);

#endif
