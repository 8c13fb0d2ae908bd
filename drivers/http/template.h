/* template.h - texts with placeholders: "{name}", "{name|filter|filter:3}", and
 * "{name?}" in a field that is left out when the value is empty. "{{" and "}}"
 * are braces. Parsed once; escaped by the place where the value goes, never by
 * its author. Pure. */
#ifndef MOONGATE_HTTP_TEMPLATE_H
#define MOONGATE_HTTP_TEMPLATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct template;

/* Where a value goes. Literal text is taken as it is. */
enum place {
    PLACE_TEXT,   /* as it is: JSON strings (escaped by their writer), raw */
    PLACE_FORM,   /* percent-encoded */
    PLACE_URL,    /* the same, but what begins the text is a URL already */
    PLACE_HEADER, /* a line break or control character is an error */
    PLACE_XML,    /* &amp; and so on; what XML cannot hold is dropped */
};

/* `names` ends with NULL; a value's index is its name's. ERR_CONFIG says what
 * is wrong at which placeholder. */
struct template *template_parse(const char *text, const char *const *names,
                                struct err *err);
void template_free(struct template *template); /* NULL is fine */

enum render { RENDER_OK, RENDER_LEFT_OUT, RENDER_FAILED };

/* Adds the text to `out`; NULL among `values` is "". Fails when `out` is
 * full or a header cannot hold a value. */
enum render template_render(const struct template *template,
                            const char *const *values, enum place place,
                            struct buf *out);

/* Is the whole template one placeholder whose value is to be a number? */
bool template_is_number(const struct template *template);

/* Does it use the value of that index? */
bool template_uses(const struct template *template, size_t index);

#endif
