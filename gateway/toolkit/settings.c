/* settings.c - the checked values of one group of options.
 *
 * A group is an array of values in the order of its tables' rows. A value
 * always fits its option: it starts as the default and changes only through
 * the setting_* functions below, which check. Reading is by key; a key or type
 * that the tables do not declare is our own mistake and asserts. */
#include "toolkit/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/utf8.h"
#include "toolkit/config.h"

/* The i-th choice of "a|b|c" and its length, or NULL. */
static const char *choice_at(const char *choices, int i, size_t *len)
{
    while (i-- > 0) {
        choices = strchr(choices, '|');
        if (!choices)
            return NULL;
        choices++;
    }
    *len = strcspn(choices, "|");
    return choices;
}

static int choice_index(const char *choices, const char *text)
{
    size_t len;
    const char *choice;

    for (int i = 0; (choice = choice_at(choices, i, &len)); i++) {
        if (strlen(text) == len && memcmp(choice, text, len) == 0)
            return i;
    }
    return -1;
}

static void choices_list(const char *choices, char *out, size_t size)
{
    struct buf buf;
    size_t len;
    const char *choice;

    buf_init(&buf, size);
    for (int i = 0; (choice = choice_at(choices, i, &len)); i++)
        buf_addf(&buf, "%s\"%.*s\"", i ? ", " : "", (int)len, choice);
    text_copy(out, size, buf_text(&buf));
    buf_free(&buf);
}

void option_expects(const struct option *option, char *out, size_t size)
{
    char list[160];

    switch (option->type) {
    case OPT_TEXT:
        text_copy(out, size,
                  option->flags & OPT_DIGITS ? "digits" : "text in quotes");
        break;
    case OPT_INT:
        snprintf(out, size, "a number from %lld to %lld", option->min,
                 option->max);
        break;
    case OPT_BOOL:
        text_copy(out, size, "true or false");
        break;
    case OPT_ENUM:
        choices_list(option->choices, list, sizeof(list));
        snprintf(out, size, "one of %s", list);
        break;
    case OPT_LIST:
        text_copy(out, size, "a list of texts: [ \"one\", \"two\" ]");
        break;
    }
}

static bool set_choice(struct setting_value *value, const char *text,
                       struct err *err)
{
    int i = choice_index(value->option->choices, text);
    char expected[200];

    if (i < 0) {
        option_expects(value->option, expected, sizeof(expected));
        return err_set(err, ERR_CONFIG, "expected %s, found \"%.60s\"",
                       expected, text);
    }
    value->number = i;
    free(value->text);
    value->text = xstrdup(text);
    return true;
}

bool setting_set_text(struct setting_value *value, const char *text,
                      struct err *err)
{
    char *resolved = NULL;

    if (!utf8_valid(text, strlen(text)))
        return err_set(err, ERR_CONFIG, "the text is not valid UTF-8");
    if (value->option->type == OPT_ENUM)
        return set_choice(value, text, err);
    assert(value->option->type == OPT_TEXT);
    if (value->option->flags & OPT_SECRET) {
        if (!secret_load(text, &resolved, err))
            return false;
        secret_free(value->text);
        value->text = resolved;
        log_hide(resolved);
        return true;
    }
    if (!*text && value->option->flags & OPT_REQUIRED)
        return err_set(err, ERR_CONFIG, "must not be empty");
    if (value->option->flags & OPT_DIGITS &&
        strspn(text, "0123456789") != strlen(text))
        return err_set(err, ERR_CONFIG, "expected digits, found \"%.60s\"",
                       text);
    free(value->text);
    value->text = xstrdup(text);
    return true;
}

bool setting_set_int(struct setting_value *value, long long number,
                     struct err *err)
{
    const struct option *option = value->option;

    assert(option->type == OPT_INT);
    if (number < option->min || number > option->max)
        return err_set(err, ERR_CONFIG,
                       "expected a number from %lld to %lld, found %lld",
                       option->min, option->max, number);
    value->number = number;
    return true;
}

void setting_set_bool(struct setting_value *value, bool on)
{
    assert(value->option->type == OPT_BOOL);
    value->number = on;
}

void setting_add_item(struct setting_value *value, const char *text)
{
    assert(value->option->type == OPT_LIST);
    value->items =
        xrealloc(value->items, (value->n_items + 1) * sizeof(*value->items));
    value->items[value->n_items++] = xstrdup(text);
}

void setting_clear_items(struct setting_value *value)
{
    for (size_t i = 0; i < value->n_items; i++)
        free(value->items[i]);
    free(value->items);
    value->items = NULL;
    value->n_items = 0;
}

static void parse_list(struct setting_value *value, const char *text)
{
    setting_clear_items(value);
    while (*text) {
        size_t len = strcspn(text, ",");
        char *item = xstrndup(text, len);

        setting_add_item(value, item);
        free(item);
        text += len + (text[len] == ',');
    }
}

static bool parse_int(struct setting_value *value, const char *text,
                      struct err *err)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno || end == text || *end)
        return err_set(err, ERR_CONFIG, "expected a number, found \"%.60s\"",
                       text);
    return setting_set_int(value, number, err);
}

/* Assigns a value from its text form, as defaults and settings_new have it. */
static bool parse_value(struct setting_value *value, const char *text,
                        struct err *err)
{
    switch (value->option->type) {
    case OPT_TEXT:
    case OPT_ENUM:
        return setting_set_text(value, text, err);
    case OPT_INT:
        return parse_int(value, text, err);
    case OPT_BOOL:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return err_set(err, ERR_CONFIG,
                           "expected true or false, found \"%.60s\"", text);
        setting_set_bool(value, *text == 't');
        return true;
    case OPT_LIST:
        parse_list(value, text);
        return true;
    }
    return false;
}

void settings_extend(struct settings *s, const struct option *table)
{
    for (const struct option *o = table; o->key; o++) {
        struct setting_value *value;

        assert(!settings_find(s, o->key));
        s->values = xrealloc(s->values, (s->n + 1) * sizeof(*s->values));
        value = &s->values[s->n++];
        *value = (struct setting_value){
            .option = o,
            .number = o->type == OPT_ENUM ? -1 : 0,
        };
        if (o->fallback && !parse_value(value, o->fallback, NULL))
            assert(!"the default does not fit its own option");
    }
}

void settings_own(struct settings *s, struct option *table)
{
    assert(!s->owned);
    s->owned = table;
}

struct settings *settings_default(const struct option *const *tables,
                                  const char *name, const char *place)
{
    struct settings *s = xcalloc(1, sizeof(*s));

    s->name = xstrdup(name);
    s->place = xstrdup(place);
    for (; *tables; tables++)
        settings_extend(s, *tables);
    return s;
}

static bool set_pair(struct settings *s, const char *pair, struct err *err)
{
    size_t len = strcspn(pair, "=");
    char *key = xstrndup(pair, len);
    struct setting_value *value = settings_find(s, key);
    bool ok;

    if (!value || !pair[len])
        ok = err_set(err, ERR_CONFIG, "unknown option");
    else
        ok = parse_value(value, pair + len + 1, err);
    if (value)
        value->given = true;
    if (!ok)
        err_wrap(err, "%s", key);
    free(key);
    return ok;
}

struct settings *settings_new(const struct option *table, const char *name,
                              const char *const *pairs, size_t n,
                              struct err *err)
{
    const struct option *const tables[] = { table, NULL };
    struct settings *s = settings_default(tables, name, name);

    for (size_t i = 0; i < n; i++) {
        if (!set_pair(s, pairs[i], err))
            goto wrong;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->values[i].option->flags & OPT_REQUIRED && !s->values[i].given) {
            err_set(err, ERR_CONFIG, "%s is missing", s->values[i].option->key);
            goto wrong;
        }
    }
    return s;
wrong:
    settings_free(s);
    return NULL;
}

void settings_free(struct settings *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        struct setting_value *value = &s->values[i];

        if (value->option->flags & OPT_SECRET)
            secret_free(value->text);
        else
            free(value->text);
        setting_clear_items(value);
        free(value->place);
    }
    free(s->values);
    free(s->owned);
    free(s->name);
    free(s->place);
    free(s);
}

struct settings *settings_like(const struct settings *from, const char *name)
{
    struct settings *s = xcalloc(1, sizeof(*s));

    s->name = xstrdup(name);
    s->place = xstrdup(from->place);
    s->n = from->n;
    s->values = xcalloc(s->n + 1, sizeof(*s->values));
    for (size_t i = 0; i < s->n; i++) {
        const struct setting_value *value = &from->values[i];

        s->values[i] = (struct setting_value){ .option = value->option,
                                               .given = value->given,
                                               .text = xstrdup(value->text),
                                               .number = value->number };
        for (size_t k = 0; k < value->n_items; k++)
            setting_add_item(&s->values[i], value->items[k]);
    }
    return s;
}

bool settings_put(struct settings *s, const char *key, const char *text,
                  struct err *err)
{
    struct setting_value *value = settings_find(s, key);

    assert(value && value->option->type == OPT_TEXT);
    if (!*text || !utf8_valid(text, strlen(text)))
        return err_set(err, ERR_CONFIG, "expected some text");
    secret_free(value->text);
    value->text = xstrdup(text);
    value->given = true;
    if (value->option->flags & OPT_SECRET)
        log_hide(text);
    return true;
}

void settings_replace(struct settings *s, struct settings *with)
{
    struct settings old = *s;

    s->values = with->values;
    s->n = with->n;
    with->values = old.values;
    with->n = old.n;
    settings_free(with);
}

struct setting_value *settings_find(const struct settings *s, const char *key)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->values[i].option->key, key) == 0)
            return &s->values[i];
    }
    return NULL;
}

static const struct setting_value *get(const struct settings *s,
                                       const char *key, enum option_type type)
{
    const struct setting_value *value = settings_find(s, key);

    assert(value && value->option->type == type);
    return value;
}

const char *settings_text(const struct settings *s, const char *key)
{
    const struct setting_value *value = settings_find(s, key);

    assert(value && (value->option->type == OPT_TEXT ||
                     value->option->type == OPT_ENUM));
    return value->text;
}

long long settings_int(const struct settings *s, const char *key)
{
    return get(s, key, OPT_INT)->number;
}

bool settings_bool(const struct settings *s, const char *key)
{
    return get(s, key, OPT_BOOL)->number;
}

int settings_enum(const struct settings *s, const char *key)
{
    return (int)get(s, key, OPT_ENUM)->number;
}

size_t settings_list_size(const struct settings *s, const char *key)
{
    return get(s, key, OPT_LIST)->n_items;
}

const char *settings_list_item(const struct settings *s, const char *key,
                               size_t i)
{
    const struct setting_value *value = get(s, key, OPT_LIST);

    assert(i < value->n_items);
    return value->items[i];
}

const char *settings_name(const struct settings *s)
{
    return s->name;
}

static bool text_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool value_equal(const struct setting_value *a,
                        const struct setting_value *b)
{
    if (strcmp(a->option->key, b->option->key) != 0 ||
        a->option->type != b->option->type || a->number != b->number ||
        a->n_items != b->n_items || !text_equal(a->text, b->text))
        return false;
    for (size_t i = 0; i < a->n_items; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    }
    return true;
}

bool settings_equal(const struct settings *a, const struct settings *b)
{
    if (a->n != b->n || strcmp(a->name, b->name) != 0)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        if (!value_equal(&a->values[i], &b->values[i]))
            return false;
    }
    return true;
}
