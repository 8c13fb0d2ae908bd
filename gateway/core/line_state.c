/* line_state.c - small durable state of drivers: all of it is known here, the
 * store keeps a copy. */
#include <stdlib.h>
#include <uthash.h>

#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "store/store.h"

struct pair {
    char *key, *value;
    UT_hash_handle hh;
};

static void drop(struct line *line, struct pair *pair)
{
    HASH_DEL(line->pairs, pair);
    free(pair->key);
    free(pair->value);
    free(pair);
}

static void on_stored_pair(void *arg, const char *key, const char *value)
{
    struct line *line = arg;
    struct pair *pair = xcalloc(1, sizeof(*pair));
    pair->key = xstrdup(key);
    pair->value = xstrdup(value);
    HASH_ADD_KEYPTR(hh, line->pairs, pair->key, strlen(pair->key), pair);
}

void line_state_load(struct line *line)
{
    store_state_each(line->core->store, line_name(line), on_stored_pair, line);
}

void line_state_forget(struct line *line)
{
    struct pair *pair, *next;
    HASH_ITER (hh, line->pairs, pair, next)
        drop(line, pair);
}

static void on_put(void *arg, const struct err *err)
{
    core_failed(arg, err);
}

void line_state_stored(struct line *line, const char *key, const char *value)
{
    struct pair *pair;
    HASH_FIND_STR(line->pairs, key, pair);
    if (pair)
        drop(line, pair);
    if (value)
        on_stored_pair(line, key, value);
}

void line_state_put(struct line *line, const char *key, const char *value)
{
    line_state_stored(line, key, value);
    store_state_put(line->core->store, line_name(line), key, value, on_put,
                    line->core);
}

const char *line_state_get(struct line *line, const char *key)
{
    struct pair *pair;
    HASH_FIND_STR(line->pairs, key, pair);
    return pair ? pair->value : NULL;
}
