/* mem.h - allocation that aborts when memory runs out (rule R14: crash-only).*/
#ifndef MOONGATE_BASE_MEM_H
#define MOONGATE_BASE_MEM_H

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size); /* zeroed, overflow-checked */
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text); /* NULL stays NULL */
char *xstrndup(const char *text, size_t size);
void *xmemdup(const void *bytes, size_t size); /* size 0 gives NULL */

/* printf into fresh memory; the caller frees. */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies `text` into `out` (cut to fit, always terminated, cut on a UTF-8
 * boundary). */
void text_copy(char *out, size_t size, const char *text);

#endif
