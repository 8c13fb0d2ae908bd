/* usage.h - how much of a limit is used up. */
#ifndef MOONGATE_STORE_USAGE_H
#define MOONGATE_STORE_USAGE_H

#include "store/inside.h"

/* Adds n (maybe less than 0) to what `owner` used in the `span` ("day") that
 * began at `period`, Unix ms; in memory until usages_flush. */
bool usage_add(struct store *store, const char *owner, const char *span,
               int64_t period, int64_t n, struct err *err);
bool usages_flush(struct store *store, struct err *err);
void usages_committed(struct store *store);
void usages_rollback(struct store *store);
void usages_free(struct store *store);

/* What was used so far, this group included. */
bool usage_read(struct store *store, const char *owner, const char *span,
                int64_t period, int64_t *amount, struct err *err);

/* n parts of a SIM; `spend` says where they count. */
bool usage_spend(struct store *store, const char *sim,
                 const struct spend *spend, int64_t n, struct err *err);

#endif
