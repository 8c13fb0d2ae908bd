/* tree.h - a libconfig file as a tree that knows its lines, for files whose
 * shape no option table can tell (drivers/http's providers). */
#ifndef MOONGATE_TOOLKIT_TREE_H
#define MOONGATE_TOOLKIT_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum tree_type {
    TREE_GROUP, /* { key = value; } */
    TREE_LIST,  /* ( ) or [ ] */
    TREE_TEXT,
    TREE_NUMBER,
    TREE_BOOL,
};

struct tree {
    enum tree_type type;
    const char *name;   /* "" for the root and in lists */
    const char *text;   /* TREE_TEXT */
    long long number;   /* TREE_NUMBER, TREE_BOOL */
    struct tree *items; /* of a group or list, in file order */
    size_t n;
    const char *file;
    unsigned line;
};

/* ERR_CONFIG says file, line and what is wrong. The caller frees. */
struct tree *tree_load(const char *path, struct err *err);
void tree_free(struct tree *root); /* NULL is fine */

/* A member of a group; NULL when there is none. */
const struct tree *tree_get(const struct tree *group, const char *key);

/* "FILE:LINE: NAME: text", ERR_CONFIG; returns false. */
bool tree_mistake(const struct tree *node, struct err *err, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/* Is it a group with no other members than `keys` ("a|b|c")? */
bool tree_check(const struct tree *group, const char *keys, struct err *err);

/* Members of a group by type. False: it is there, but of another type, or it is
 * missing and `fallback` (for texts: NULL) says that it must not be. */
bool tree_text(const struct tree *group, const char *key, bool required,
               const char **text, struct err *err);
bool tree_number(const struct tree *group, const char *key, long long min,
                 long long max, long long fallback, long long *number,
                 struct err *err);
bool tree_bool(const struct tree *group, const char *key, bool fallback,
               bool *value, struct err *err);

/* The index of a text in "a|b|c"; false: it is none of them. */
bool tree_choice(const struct tree *group, const char *key, const char *choices,
                 int fallback, int *index, struct err *err);

#endif
