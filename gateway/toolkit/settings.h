/* settings.h - how the values of a group are kept, for config.c and
 * settings.c only. Everybody else reads them through base/option.h. */
#ifndef MOONGATE_TOOLKIT_SETTINGS_H
#define MOONGATE_TOOLKIT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/option.h"

struct setting_value {
    const struct option *option;
    bool given;       /* by the file, not the default */
    char *text;       /* OPT_TEXT, OPT_ENUM; NULL: unset */
    long long number; /* OPT_INT, OPT_BOOL, index of OPT_ENUM (-1: unset) */
    char **items;     /* OPT_LIST */
    size_t n_items;
    char *place; /* "FILE:LINE"; NULL: that of the group */
};

struct settings {
    char *name;
    char *place;
    struct setting_value *values;
    size_t n;
    struct option *owned;  /* a table to be freed with it; NULL: none */
    struct settings *next; /* in its section, in file order */
};

/* A group with the defaults of all rows of `tables` (ended by NULL). */
struct settings *settings_default(const struct option *const *tables,
                                  const char *name, const char *place);

/* Adds the rows of one more table with their defaults. */
void settings_extend(struct settings *s, const struct option *table);

/* Frees `table` (one heap block, NULL before) together with the settings. */
void settings_own(struct settings *s, struct option *table);

/* The value of `key`, or NULL when no table has it. */
struct setting_value *settings_find(const struct settings *s, const char *key);

/* Checked assignments. ERR_CONFIG says what is expected and how to write it,
 * without naming the key; a secret is resolved by secret_load. */
bool setting_set_text(struct setting_value *value, const char *text,
                      struct err *err);
bool setting_set_int(struct setting_value *value, long long number,
                     struct err *err);
void setting_set_bool(struct setting_value *value, bool on);
void setting_add_item(struct setting_value *value, const char *text);
void setting_clear_items(struct setting_value *value);

/* What the option takes, for people: "a number from 1 to 65535". */
void option_expects(const struct option *option, char *out, size_t size);

/* A section of the file and its groups, in file order. */
struct section {
    char *name;
    bool named;
    struct settings *groups, *last;
    struct section *next;
};

struct config {
    struct section *sections, *last;
};

struct section *config_add_section(struct config *config, const char *name,
                                   bool named);
void section_add_group(struct section *section, struct settings *group);

#endif
