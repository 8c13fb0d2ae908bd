/* media_type.h - MIME types and names of files that strangers send. Pure. */
#ifndef MOONGATE_BASE_MEDIA_TYPE_H
#define MOONGATE_BASE_MEDIA_TYPE_H

#include <stdbool.h>

enum { MEDIA_NAME_MAX = 80, MEDIA_TYPE_MAX = 80 };

/* "image/jpeg" of "Image/JPEG; charset=x" into `out`; "" when it is no type. */
void media_type_clean(const char *type, char out[MEDIA_TYPE_MAX]);

/* Does a pattern like "image/jpeg", "image" (all of that
 * kind) or "any" fit the type? */
bool media_type_fits(const char *type, const char *pattern);

/* A name that is good in a file system and in a URL: ASCII letters, digits,
 * dot, dash and underscore, no dot in front, an extension that fits the type
 * where `name` has none; a word for the type when `name` is NULL or "". */
void media_name(const char *name, const char *type, char out[MEDIA_NAME_MAX]);

/* Is it such a name? */
bool media_name_valid(const char *name);

/* The type to serve a file of that name with: only what no browser runs; the
 * rest is "application/octet-stream". */
const char *media_name_type(const char *name);

/* "photo", "audio", "video" or "file". */
const char *media_type_word(const char *type);

#endif
