/* lines.h - lines and their small state, for the files of the store only. */
#ifndef MOONGATE_STORE_LINES_H
#define MOONGATE_STORE_LINES_H

#include <stdbool.h>

#include "base/err.h"

struct store;

/* Small state of a line; `value` NULL removes the key. */
bool state_keep(struct store *store, const char *owner, const char *key,
                const char *value, struct err *err);

/* line.source and line.state */
enum { SOURCE_CONFIG, SOURCE_ACCOUNT };
enum { LINE_ACTIVE, LINE_RETIRED, LINE_PAUSED, LINE_DRAINING };

/* --- users' own lines (own.c) --------------------------------------------- */

/* They go, with the state that their driver kept. */
bool own_drop(struct store *store, const char *network, const char *owner,
              struct err *err);

#endif
