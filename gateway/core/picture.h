/* picture.h - pictures of contacts, as lines tell them: fetched once, kept in
 * the store, and known here by their hash. One that a line of somebody's own,
 * or of a team, tells is seen by those alone. */
#ifndef MOONGATE_CORE_PICTURE_H
#define MOONGATE_CORE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/front.h"

struct core;
struct http_request;
struct line;
struct network;

enum { PICTURE_MAX = 64 * 1024, PICTURES_MAX = 10000 /* of a network */ };

void pictures_load(struct core *core);
void pictures_forget(struct network *network); /* after the loop has ended */
void pictures_forget_account(struct network *network, const char *account);

/* The driver's answer to a call of locate; none of ours is left alone. */
void picture_located(struct network *network, uint64_t call,
                     const struct http_request *request, const struct err *err);

/* --- for picture_fetch.c ------------------------------------------------- */

/* The i-th account that sees what the line tells, "" everybody; NULL: there are
 * fewer. */
const char *picture_seer(const struct line *line, size_t i);

/* Do all of them have this very picture ("": none), or is there no room for
 * more? */
bool picture_is_settled(const struct line *line, const char *contact,
                        const char *token);

/* Keeps it for all of them, and tells them; size 0: it cannot be shown. */
void picture_keep(struct line *line, const char *contact, const char *token,
                  const char *type, const void *bytes, size_t size);

void picture_fetches_forget(struct network *network);

#endif
