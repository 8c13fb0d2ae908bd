/* own.h - lines that users bring along, one each: what they are like is in the
 * configuration (a line with `personal`), what only their owner knows, such as
 * a bot's token, is in the store, sealed. */
#ifndef MOONGATE_CORE_OWN_H
#define MOONGATE_CORE_OWN_H

#include <stdbool.h>

#include "base/err.h"

struct core;
struct driver;
struct line;
struct network;
struct settings;

/* What such lines of the network are like; borrowed. */
void own_template(struct network *network, const struct settings *settings,
                  const struct driver *driver);

/* Makes the lines that the store knows, to be started with all others. */
void own_load(struct core *core);

/* The account's line; NULL: it has none. */
struct line *own_line(const struct network *network, const char *account);

/* The account is gone: its line is, too. The store knows already. */
void own_forget(struct network *network, const char *account);

/* A disabled account's line rests. */
void own_rest(struct network *network, const char *account, bool rest);

#endif
