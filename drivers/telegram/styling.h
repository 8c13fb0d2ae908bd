/* styling.h - message styling (XEP-0393) from and to Telegram's entities. Pure.
 */
#ifndef MOONGATE_TELEGRAM_STYLING_H
#define MOONGATE_TELEGRAM_STYLING_H

#include <stddef.h>

#include "base/buf.h"

enum style {
    STYLE_BOLD,
    STYLE_ITALIC,
    STYLE_STRIKE,
    STYLE_CODE,
    STYLE_PRE,
    STYLE_QUOTE,
    STYLE_LINK, /* from Telegram only: the text hides a URL */
    STYLES,
};

/* Telegram's name of it: "bold". */
const char *style_name(enum style style);

/* The style of that name; STYLES: one that has no words in XEP-0393. */
enum style style_parse(const char *name);

struct entity {
    enum style style;
    size_t start, end; /* octets of the text */
    const char *extra; /* STYLE_PRE: language, STYLE_LINK: URL; NULL: none */
};

enum { ENTITIES_MAX = 100 }; /* per message; Telegram ignores more */

/* Entities of a text, in the order of their beginnings. */
struct entities {
    struct entity *items;
    size_t n, room;
};
void entities_add(struct entities *entities, const struct entity *entity);
void entities_free(struct entities *entities);

/* Reads XEP-0393: `plain` gets the text without its marks, `entities` what they
 * styled. Linear in `size`; `extra` is never set. */
void styling_read(const char *text, size_t size, struct buf *plain,
                  struct entities *entities);

/* Writes `text` with the marks of XEP-0393 where they would style, and nowhere
 * else. Entities may lie: what is outside, crosses another or ends inside a
 * character is left out. */
void styling_write(const char *text, size_t size,
                   const struct entities *entities, struct buf *out);

#endif
