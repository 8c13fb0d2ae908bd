/* media.h - what came with a text: it is fetched, published for the user, or
 * said in words, before the text goes to the stream.
 *
 * A delivery with attachments that wait is held, and what follows it in its
 * conversation, for a minute at most; meanwhile the store has it as it was, so
 * that another life begins anew. */
#ifndef MOONGATE_CORE_MEDIA_H
#define MOONGATE_CORE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct attachment;
struct attachment_row;
struct core;
struct delivery;
struct line;
struct media;
struct network;
struct settings;

/* From the section "media" of the configuration; state_dir/media is made when
 * anything is to be fetched at all. */
struct media *media_new(struct core *core, const struct settings *settings,
                        const char *state_dir, struct err *err);
void media_free(struct media *media); /* after the loop has ended */

/* Serves what is published in files; after hook_listen is open. */
bool media_serve(struct media *media, struct err *err);
void media_sweep(struct media *media, int64_t now);

/* Takes a delivery to XMPP that must not go yet: true. It comes again by
 * sink_stream_pass. */
bool media_holds(struct network *network, struct delivery *delivery);

/* How many deliveries are held, and may another be taken? */
size_t media_held(const struct network *network);
bool media_has_room(const struct network *network);

/* The stream is gone: what is held goes back to the store. */
void media_let_go(struct network *network);
void media_forget(struct network *network); /* the store is closed */

/* Rows to store for the attachments of a message that came in by the line: a
 * copy for media_rows_free. *n becomes their number, ATTACHMENTS_MAX at most;
 * NULL when it is 0. */
struct attachment_row *media_rows(const struct line *line,
                                  const struct attachment *attachments,
                                  size_t *n);
void media_rows_free(struct attachment_row *rows, size_t n);

/* Where a text ends that has the URL of its attachment behind it: the length of
 * the caption. */
size_t media_caption(const char *text, const char *url);

#endif
