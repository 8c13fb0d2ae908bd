/* config.h - reads a libconfig file against option tables. All mistakes are
 * errors with file, line, key and the fix; unknown keys get a suggestion. */
#ifndef MOONGATE_TOOLKIT_CONFIG_H
#define MOONGATE_TOOLKIT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/option.h"

/* One section of the file: a single group (`gateway = {...};`) or a group of
 * named groups (`lines = { sim1 = {...}; };`). */
struct config_section {
    const char *name;
    bool named;
    /* The tables whose union may stand in a group: a list ended by NULL.
     * `pick` (may be NULL) adds the table that the value of `pick_key` in the
     * same group names, e.g. a line's driver; NULL from it is an error whose
     * text lists `pick_names`. */
    const struct option *const *tables;
    const char *pick_key;
    const struct option *(*pick)(const char *value);
    const char *pick_names;
    /* Options that the value of one of the picked table's brings along: its key
     * (NULL: none does), and the table, one heap block that the settings keep;
     * NULL and *err: that value brings none. Both may be NULL. */
    const char *(*more_key)(const char *picked);
    struct option *(*more)(const char *picked, const char *value,
                           struct err *err);
};

struct config;

/* Loads and checks the file. `sections` ends with a row whose name is NULL.
 * False: every mistake was handed to `report` (may be NULL) as one line
 * "FILE:LINE: ..." and *err holds the first. */
struct config *config_load(const char *path,
                           const struct config_section *sections,
                           void (*report)(void *arg, const char *line),
                           void *arg, struct err *err);

/* The single group `section`, with defaults where the file has none. */
const struct settings *config_group(const struct config *config,
                                    const char *section);

/* The i-th named group of `section`, in file order; NULL behind the last. */
const struct settings *config_named(const struct config *config,
                                    const char *section, size_t i);

/* "FILE:LINE" of a key, or of its group when the key is absent. */
const char *config_place(const struct config *config,
                         const struct settings *group, const char *key);

/* The text of one setting by its dotted path ("gateway.state_dir"), "" when the
 * file has none; the rest of the file need not be right. NULL only when the
 * file cannot be read or parsed. The caller frees. */
char *config_peek(const char *path, const char *key, struct err *err);

/* A group built by hand for tests and tools: "key=value" texts checked against
 * one table; the caller frees with settings_free. */
struct settings *settings_new(const struct option *table, const char *name,
                              const char *const *pairs, size_t n,
                              struct err *err);
void settings_free(struct settings *settings);

/* A group of the same options with the same values. Tables that options brought
 * along stay `from`'s, which must live longer. */
struct settings *settings_like(const struct settings *from, const char *name);

/* Sets an OPT_TEXT as strangers may give it: no secret is loaded from
 * anywhere. ERR_CONFIG without the key. */
bool settings_put(struct settings *settings, const char *key, const char *text,
                  struct err *err);

/* Gives it the values of `with`, which is freed; its name stays where it is. */
void settings_replace(struct settings *settings, struct settings *with);

void config_free(struct config *config);

#endif
