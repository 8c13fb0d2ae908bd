/* buf.h - a growing byte buffer with a ceiling. Invariants: data is NULL or
 * holds cap bytes; data[len] is 0 whenever data is not NULL; len <= max. An
 * addition that would pass `max` adds nothing and sets `over`, so a caller
 * may add many times and test once. */
#ifndef MOONGATE_BASE_BUF_H
#define MOONGATE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len, cap, max;
    bool over;
};

void buf_init(struct buf *buf, size_t max); /* no allocation yet */
void buf_free(struct buf *buf);             /* empty and reusable after */
void buf_reset(struct buf *buf);            /* len 0, memory kept */
bool buf_add(struct buf *buf, const void *bytes, size_t size);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_char(struct buf *buf, char c);
bool buf_addf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *buf, size_t size); /* drops from the front */
const char *buf_text(const struct buf *buf);    /* "" when empty */
char *buf_take(struct buf *buf); /* the memory, caller frees; never NULL */

#endif
