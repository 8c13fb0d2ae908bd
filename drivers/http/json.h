/* json.h - JSON from strangers, and RFC 6901 pointers into it. Pure. */
#ifndef MOONGATE_HTTP_JSON_H
#define MOONGATE_HTTP_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;

/* One whole value: json-c's strict mode, with valid UTF-8, at most 32 deep.
 * NULL when it is not. The caller puts it. */
struct json_object *json_parse(const char *text, size_t size);

/* Is it a pointer: "" or "/..." with ~0 and ~1 as its only escapes? */
bool json_pointer_valid(const char *pointer);

/* What the pointer names, borrowed; NULL when there is nothing (or null). A
 * "*" names each member of an array in turn: this is its n-th hit. */
struct json_object *json_at(struct json_object *root, const char *pointer,
                            size_t n);

/* A text, number or truth value as text, borrowed from it, and its size (may be
 * NULL); NULL for others. */
const char *json_text(struct json_object *value, size_t *size);

#endif
