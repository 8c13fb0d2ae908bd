/* pictures.h - the part of the store that keeps pictures of contacts. Threads
 * and callbacks are as in store.h. */
#ifndef MOONGATE_STORE_PICTURES_H
#define MOONGATE_STORE_PICTURES_H

#include "store/store.h"

/* A contact's picture as an account sees it; "" sees everybody whom no row of
 * his own says anything else. */
struct picture_row {
    const char *network, *account, *contact;
    const char *token; /* the far side's name of this very picture */
    const char *sha1;  /* of its bytes, in hex; "": it cannot be shown */
    const char *type;  /* MIME */
    const void *bytes;
    size_t size;
};
void store_picture_put(struct store *store, const struct picture_row *row,
                       store_fn *fn, void *arg);

/* With its sha1, type and bytes; NULL: there is none, or `err`. */
typedef void store_picture_fn(void *arg, const struct picture_row *row,
                              const struct err *err);
void store_picture_get(struct store *store, const char *network,
                       const char *account, const char *contact,
                       store_picture_fn *fn, void *arg);

/* Blocking, for start-up: all of a network, without their bytes. The function
 * must not call the store. */
void store_pictures_each(struct store *store, const char *network,
                         store_picture_fn *fn, void *arg);

#endif
