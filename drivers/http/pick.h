/* pick.h - names a value in a payload, in a provider file's words:
 *
 *   "/data/id"          JSON pointer (RFC 6901; "*" is each member of an array)
 *   "MessageSid"        a field of the form, else of the query; "MediaUrl*":
 *                       several, numbered from 0
 *   "query:id"          a field of the query only
 *   "header:X-Id"       a header
 *   "~ID: ([0-9]+)"     POSIX extended expression over the body; its first
 *                       group, or all of it
 *
 * each maybe with filters: "/from|digits". Pure. */
#ifndef MOONGATE_HTTP_PICK_H
#define MOONGATE_HTTP_PICK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "http/params.h"

struct json_object;
struct pick;

/* What came: an answer or a hook's request, or one event of it. */
struct payload {
    const char *body;
    size_t size;
    struct json_object *json; /* NULL: the body is none */
    struct params form, query;
    const char *(*header)(void *arg, const char *name); /* NULL: no headers */
    void *arg;
};

struct pick *pick_parse(const char *text, struct err *err);
void pick_free(struct pick *pick); /* NULL is fine */

/* Adds the n-th value; false when there is none, or `pick` is NULL. */
bool pick_value(const struct pick *pick, const struct payload *payload,
                size_t n, struct buf *out);

/* The n-th, or the first, value in fresh memory, NULL when there is none. */
char *pick_text_at(const struct pick *pick, const struct payload *payload,
                   size_t n);
char *pick_text(const struct pick *pick, const struct payload *payload);

/* Does the expression ("a|b|c": whole words) fit the value? */
bool word_among(const char *word, const char *words);

#endif
