/* quota.h - a line's caps in parts per minute, day and month, and what is used
 * of them. Periods are those of this machine's local clock: a day ends at local
 * midnight. A part counts from its intent on; one that certainly was not taken
 * is given back. The store keeps the amounts by SIM; here they are counted
 * along, since one process alone sends for a line. */
#ifndef MOONGATE_CORE_QUOTA_H
#define MOONGATE_CORE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct settings;

enum quota_span { QUOTA_MINUTE, QUOTA_DAY, QUOTA_MONTH, QUOTA_SPANS };

struct quota_count {
    int64_t start, end; /* of the period, Unix ms */
    int64_t used;
    int64_t cap; /* 0: none */
};

struct quota {
    struct quota_count spans[QUOTA_SPANS];
    int64_t reserved; /* parts of messages in hand that will be sent yet */
};

/* The caps of the line's settings; nothing is used. */
void quota_init(struct quota *quota, const struct settings *settings);

/* Enters the periods of `now`. True: another day (or the clock was set back):
 * its amounts begin at 0 and have to be asked of the store. */
bool quota_roll(struct quota *quota, int64_t now);

/* What the store knew of the periods when they were entered. */
void quota_add_stored(struct quota *quota, const struct spent_since *since,
                      const struct spent *spent);
struct spent_since quota_since(const struct quota *quota);

/* May a message with so many parts left begin, or go on if it has begun? One
 * that is longer than a cap begins when nothing of that is used. */
bool quota_fits(const struct quota *quota, size_t parts, bool begun);

/* When it is worth asking again, Unix ms. */
int64_t quota_clears(const struct quota *quota, size_t parts, bool begun,
                     int64_t now);

/* Counts parts whose intent goes to the store with the answer. */
struct spend quota_spend(struct quota *quota, size_t parts);
void quota_give_back(struct quota *quota, const struct spend *spend,
                     size_t parts);

#endif
