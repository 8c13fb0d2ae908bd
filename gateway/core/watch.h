/* watch.h - applies a network's limits to what goes by, and tells the admins of
 * what was stopped. */
#ifndef MOONGATE_CORE_WATCH_H
#define MOONGATE_CORE_WATCH_H

#include <stdbool.h>

#include "base/err.h"

struct entry;
struct entry_result;
struct network;
struct user_text;

/* May the text go out, as far as that needs no store? */
bool watch_out(struct network *network, const struct user_text *text,
               struct err *err);

/* A text came in. */
void watch_in(struct network *network, const struct entry *entry,
              const struct entry_result *result);

/* The store has paused this account. */
void watch_tell_pause(struct network *network, const char *account);

#endif
