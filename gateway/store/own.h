/* own.h - the part of the store that keeps what users bring along for a line of
 * their own. Threads and callbacks are as in store.h. */
#ifndef MOONGATE_STORE_OWN_H
#define MOONGATE_STORE_OWN_H

#include "store/store.h"

/* A line that a user has brought along. */
struct own_row {
    const char *name, *network, *driver;
    const char *owner;  /* bare JID */
    const void *sealed; /* what he gave */
    size_t size;
};
void store_own_put(struct store *store, const struct own_row *row, store_fn *fn,
                   void *arg);
void store_own_drop(struct store *store, const char *network, const char *owner,
                    store_fn *fn, void *arg);

/* Blocking, for start-up: those whose owner has an account that is not
 * disabled. The function must not call the store. */
typedef void store_own_fn(void *arg, const struct own_row *row);
void store_own_each(struct store *store, const char *network, store_own_fn *fn,
                    void *arg);

#endif
