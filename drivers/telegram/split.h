/* split.h - cuts a styled text into messages that Telegram takes. Pure. */
#ifndef MOONGATE_TELEGRAM_SPLIT_H
#define MOONGATE_TELEGRAM_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

enum { SPLIT_UNITS = 4096 }; /* UTF-16 units of one message */

struct piece {
    size_t start, end; /* octets */
};

/* The next piece of `text` from *at on, of at most `units` UTF-16 units, and
 * moves *at behind it. Cut at the end of a line or word where the last quarter
 * has one, else between characters as people see them; only a character of more
 * units than that is taken apart. White space around a cut is left out, since
 * Telegram would drop it. False: nothing but white space is left. */
bool split_next(const char *text, size_t size, size_t units, size_t *at,
                struct piece *piece);

/* UTF-16 units before this octet. */
size_t split_units(const char *text, size_t at);

#endif
