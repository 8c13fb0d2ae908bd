/* tree.c - copies what libconfig has read, and reads it with words for people.
 */
#include "toolkit/tree.h"

#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "toolkit/suggest.h"

enum { TEXT_MAX = 220 };

static enum tree_type type_of(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return TREE_GROUP;
    case CONFIG_TYPE_STRING:
        return TREE_TEXT;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
    case CONFIG_TYPE_FLOAT:
        return TREE_NUMBER;
    case CONFIG_TYPE_BOOL:
        return TREE_BOOL;
    default:
        return TREE_LIST;
    }
}

static void copy(struct tree *node, const config_setting_t *setting,
                 const char *path)
{
    const char *name = config_setting_name(setting);

    node->type = type_of(setting);
    node->name = xstrdup(name ? name : "");
    node->file = path;
    node->line = config_setting_source_line(setting);
    if (node->type == TREE_TEXT)
        node->text = xstrdup(config_setting_get_string(setting));
    else if (node->type == TREE_NUMBER)
        node->number = config_setting_get_int64(setting);
    else if (node->type == TREE_BOOL)
        node->number = config_setting_get_bool(setting);
    else
        node->n = (size_t)config_setting_length(setting);
    node->items = xcalloc(node->n + 1, sizeof(*node->items));
    for (size_t i = 0; i < node->n; i++)
        copy(&node->items[i], config_setting_get_elem(setting, (unsigned)i),
             path);
}

static void clear(struct tree *node)
{
    for (size_t i = 0; i < node->n; i++)
        clear(&node->items[i]);
    free(node->items);
    free((char *)(uintptr_t)node->name);
    free((char *)(uintptr_t)node->text);
}

void tree_free(struct tree *root)
{
    if (!root)
        return;
    free((char *)(uintptr_t)root->file);
    clear(root);
    free(root);
}

/* libconfig leaves the process when it reads a folder. */
static bool is_file(const char *path, struct err *err)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return err_errno(err, ERR_CONFIG, "cannot read %s", path);
    if (!S_ISREG(info.st_mode))
        return err_set(err, ERR_CONFIG, "%s is not a file", path);
    return true;
}

static bool read_file(config_t *config, const char *path, struct err *err)
{
    if (config_read_file(config, path))
        return true;
    if (config_error_line(config) == 0)
        return err_set(err, ERR_CONFIG, "cannot read %s", path);
    return err_set(err, ERR_CONFIG, "%s:%d: %s (look at the line above, too)",
                   path, config_error_line(config), config_error_text(config));
}

struct tree *tree_load(const char *path, struct err *err)
{
    struct tree *root = NULL;
    config_t config;

    config_init(&config);
    if (is_file(path, err) && read_file(&config, path, err)) {
        root = xcalloc(1, sizeof(*root));
        copy(root, config_root_setting(&config), xstrdup(path));
        root->line = 1;
    }
    config_destroy(&config);
    return root;
}

const struct tree *tree_get(const struct tree *group, const char *key)
{
    for (size_t i = 0; i < group->n; i++) {
        if (strcmp(group->items[i].name, key) == 0)
            return &group->items[i];
    }
    return NULL;
}

bool tree_mistake(const struct tree *node, struct err *err, const char *format,
                  ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return err_set(err, ERR_CONFIG, "%s:%u: %s%s%s", node->file, node->line,
                   node->name, *node->name ? ": " : "", text);
}

static bool among(const char *word, const char *words)
{
    size_t len = strlen(word);

    for (; *words; words += *words == '|') {
        size_t n = strcspn(words, "|");

        if (n == len && memcmp(words, word, n) == 0)
            return true;
        words += n;
    }
    return false;
}

bool tree_check(const struct tree *group, const char *keys, struct err *err)
{
    char near[80];

    if (group->type != TREE_GROUP)
        return tree_mistake(group, err, "expected a group: %s = { ... };",
                            group->name);
    for (size_t i = 0; i < group->n; i++) {
        const struct tree *item = &group->items[i];

        if (among(item->name, keys))
            continue;
        suggest_choice(item->name, keys, near, sizeof(near));
        return tree_mistake(item, err, "unknown here; there is %s%s", keys,
                            near);
    }
    return true;
}

bool tree_text(const struct tree *group, const char *key, bool required,
               const char **text, struct err *err)
{
    const struct tree *node = tree_get(group, key);

    *text = NULL;
    if (!node && required)
        return tree_mistake(group, err, "%s = \"...\" is missing", key);
    if (node && node->type != TREE_TEXT)
        return tree_mistake(node, err, "expected a text in quotes");
    if (node && !utf8_valid(node->text, strlen(node->text)))
        return tree_mistake(node, err, "the text is not valid UTF-8");
    if (node)
        *text = node->text;
    return true;
}

bool tree_number(const struct tree *group, const char *key, long long min,
                 long long max, long long fallback, long long *number,
                 struct err *err)
{
    const struct tree *node = tree_get(group, key);

    *number = node ? node->number : fallback;
    if (node && (node->type != TREE_NUMBER || *number < min || *number > max))
        return tree_mistake(node, err, "expected a number from %lld to %lld",
                            min, max);
    return true;
}

bool tree_bool(const struct tree *group, const char *key, bool fallback,
               bool *value, struct err *err)
{
    const struct tree *node = tree_get(group, key);

    *value = node ? node->number != 0 : fallback;
    if (node && node->type != TREE_BOOL)
        return tree_mistake(node, err, "expected true or false");
    return true;
}

bool tree_choice(const struct tree *group, const char *key, const char *choices,
                 int fallback, int *index, struct err *err)
{
    const char *text, *at = choices;
    char near[80];

    *index = fallback;
    if (!tree_text(group, key, fallback < 0, &text, err))
        return false;
    if (!text)
        return true;
    for (int i = 0; *at; i++, at += *at == '|') {
        size_t n = strcspn(at, "|");

        *index = i;
        if (strlen(text) == n && memcmp(text, at, n) == 0)
            return true;
        at += n;
    }
    suggest_choice(text, choices, near, sizeof(near));
    return tree_mistake(tree_get(group, key), err,
                        "expected one of %s, found \"%.40s\"%s", choices, text,
                        near);
}
