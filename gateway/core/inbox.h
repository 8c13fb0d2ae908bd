/* inbox.h - accepts messages: from XMPP users (core/front.h) and from lines. */
#ifndef MOONGATE_CORE_INBOX_H
#define MOONGATE_CORE_INBOX_H

#include <stddef.h>
#include <stdint.h>

struct fragment;
struct incoming;
struct line;
struct network;

void inbox_line_messages(struct line *line, const struct incoming *messages,
                         size_t n, uint64_t token);
void inbox_line_fragment(struct line *line, const struct incoming *message,
                         const char *set, unsigned total,
                         const struct fragment *fragment, uint64_t token);

/* Joins sets of fragments that are complete or too old; called by a timer. */
void inbox_join_due(struct network *network);

#endif
