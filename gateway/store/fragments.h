/* fragments.h - the parts of long messages that have come in so far. */
#ifndef MOONGATE_STORE_FRAGMENTS_H
#define MOONGATE_STORE_FRAGMENTS_H

#include "store/store.h"

struct fragment_row {
    unsigned seq;
    void *bytes;
    size_t size;
};

struct fragment_set {
    int64_t id; /* the store's key, for struct acceptance */
    const char *network, *line, *source, *set, *chat;
    unsigned total;
    int64_t at;                     /* oldest time of the far side */
    struct fragment_row *fragments; /* sorted by seq */
    size_t n;
};

struct fragment_entry {
    const char *network, *line, *source, *set, *chat, *key;
    unsigned total, seq;
    const void *bytes;
    size_t size;
    int64_t at;
};

/* `set` is non-NULL when it is complete now (borrowed). */
typedef void store_fragment_fn(void *arg, const struct fragment_set *set,
                               const struct err *err);

/* Keeps a fragment. The same seq with the same bytes is a duplicate; with
 * other bytes it starts the set anew (references are reused). Caps: 64 open
 * sets per chat, 4,096 in all; above that ERR_FULL, so that the fragment is
 * offered again later. */
void store_fragment(struct store *store, const struct fragment_entry *entry,
                    store_fragment_fn *fn, void *arg);

/* Sets that are complete (a crash came before they were joined) or whose newest
 * fragment was stored before `before`: fn for each, then NULL. They stay until
 * accepted with forget_set. */
void store_fragments_due(struct store *store, int64_t before,
                         store_fragment_fn *fn, void *arg);

#endif
