/* option.h - options declared as data; parsed and checked in one place
 * (toolkit/config.c), read by key. */
#ifndef MOONGATE_BASE_OPTION_H
#define MOONGATE_BASE_OPTION_H

#include <stdbool.h>
#include <stddef.h>

enum option_type {
    OPT_TEXT,
    OPT_INT, /* min..max */
    OPT_BOOL,
    OPT_ENUM, /* one of `choices`, separated by '|' */
    OPT_LIST, /* list of text */
};

enum option_flag {
    OPT_REQUIRED = 1, /* no default */
    OPT_SECRET = 2,   /* as in secret_load; never printed */
    OPT_DIGITS = 4,   /* OPT_TEXT of digits; may be written without quotes */
    OPT_EXISTS = 8,   /* OPT_TEXT: `check` warns of a /path that is not there */
    OPT_OWN = 16,     /* OPT_TEXT of a driver: what a user gives for a line of
                         his own; not in the template of such lines */
};

/* A table of these ends with a row whose key is NULL. */
struct option {
    const char *key;
    enum option_type type;
    unsigned flags;
    const char *fallback; /* as text; lists separated by ','; NULL: unset */
    long long min, max;   /* OPT_INT only */
    const char *choices;  /* OPT_ENUM only */
    const char *help;     /* one line, no full stop */
};

/* The checked values of one group: every key of its table is present. */
struct settings;

/* Asking for a key or type that the table does not declare is our own bug and
 * asserts. Text is NULL when unset; settings_text gives the word of an OPT_ENUM
 * too. Everything is borrowed. */
const char *settings_text(const struct settings *s, const char *key);
long long settings_int(const struct settings *s, const char *key);
bool settings_bool(const struct settings *s, const char *key);
int settings_enum(const struct settings *s, const char *key); /* index */
size_t settings_list_size(const struct settings *s, const char *key);
const char *settings_list_item(const struct settings *s, const char *key,
                               size_t i);
const char *settings_name(const struct settings *s); /* the group's name */

/* Equal tables and values? For a reload. */
bool settings_equal(const struct settings *a, const struct settings *b);

/* Secrets are resolved (secret_load) while loading; text gives the value. */

#endif
