/* json_template.h - a JSON value whose texts are templates. It is a tree from
 * the start and is written by json-c: no value can change its shape. Pure. */
#ifndef MOONGATE_HTTP_JSON_TEMPLATE_H
#define MOONGATE_HTTP_JSON_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct json_object;
struct json_template;
struct tree;

/* From a group or list of the file, or from JSON in a text (for names that
 * libconfig cannot write). */
struct json_template *json_template_parse(const struct tree *node,
                                          const char *const *names,
                                          struct err *err);
void json_template_free(struct json_template *template); /* NULL is fine */

/* The caller puts *out. A member or item whose optional value is empty is left
 * out. False: a value does not fit. */
bool json_template_render(const struct json_template *template,
                          const char *const *values, struct json_object **out);

bool json_template_uses(const struct json_template *template, size_t index);

#endif
