/* pick.c - a value in a payload. */
#include "http/pick.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/filter.h"
#include "http/json.h"

enum { VALUE_MAX = 256 * 1024, REGEX_INPUT_MAX = 4096 };

enum kind { POINTER, FIELD, QUERY, HEADER, EXPRESSION };

struct pick {
    enum kind kind;
    char *name;
    regex_t expression;
    struct filters filters;
};

static bool starts(const char **text, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*text, word, len) != 0)
        return false;
    *text += len;
    return true;
}

static bool set_name(struct pick *pick, const char *text, struct err *err)
{
    if (*text == '/') {
        pick->kind = POINTER;
        if (!json_pointer_valid(text))
            return err_set(err, ERR_CONFIG, "\"%.60s\" is no JSON pointer",
                           text);
    } else if (starts(&text, "query:")) {
        pick->kind = QUERY;
    } else if (starts(&text, "header:")) {
        pick->kind = HEADER;
    } else {
        pick->kind = FIELD;
    }
    if (!*text)
        return err_set(err, ERR_CONFIG,
                       "names nothing: write \"/pointer\", \"field\", "
                       "\"query:field\", \"header:Name\" or \"~expression\"");
    pick->name = xstrdup(text);
    return true;
}

static bool set_expression(struct pick *pick, const char *text, struct err *err)
{
    int rc = regcomp(&pick->expression, text, REG_EXTENDED | REG_NEWLINE);
    char why[100];

    if (rc != 0) {
        regerror(rc, &pick->expression, why, sizeof(why));
        return err_set(err, ERR_CONFIG, "\"%.60s\" is no expression: %s", text,
                       why);
    }
    pick->kind = EXPRESSION;
    return true;
}

static bool set_filtered(struct pick *pick, const char *text, struct err *err)
{
    size_t size = strcspn(text, "|");
    char *name = xstrndup(text, size);
    bool good =
        set_name(pick, name, err) &&
        (!text[size] || filters_parse(text + size + 1, &pick->filters, err));

    free(name);
    return good;
}

struct pick *pick_parse(const char *text, struct err *err)
{
    struct pick *pick = xcalloc(1, sizeof(*pick));

    if (*text == '~' ? set_expression(pick, text + 1, err)
                     : set_filtered(pick, text, err))
        return pick;
    pick_free(pick);
    return NULL;
}

void pick_free(struct pick *pick)
{
    if (!pick)
        return;
    if (pick->kind == EXPRESSION)
        regfree(&pick->expression);
    free(pick->name);
    free(pick);
}

/* Expressions may be slow: only the beginning of the body is looked at. */
static bool add_match(const struct pick *pick, const struct payload *payload,
                      struct buf *out)
{
    size_t size =
        payload->size < REGEX_INPUT_MAX ? payload->size : REGEX_INPUT_MAX;
    char *text = xstrndup(payload->body, size);
    regmatch_t match[2];
    bool hit = regexec(&pick->expression, text, 2, match, 0) == 0;

    if (hit) {
        const regmatch_t *m = match[1].rm_so >= 0 ? &match[1] : &match[0];
        hit = buf_add(out, text + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
    }
    free(text);
    return hit;
}

static const char *field_value(const struct params *form, const char *name,
                               size_t *size)
{
    const struct param *field = params_find(form, name);

    *size = field ? field->size : 0;
    return field ? field->value : NULL;
}

/* "Url*" names Url0, Url1, ...; any other name just one. */
static const char *form_value(const struct pick *pick,
                              const struct payload *payload, size_t n,
                              size_t *size)
{
    size_t stem = strlen(pick->name) - 1;
    bool several = pick->name[stem] == '*';
    char *name = several ? xasprintf("%.*s%zu", (int)stem, pick->name, n)
                         : xstrdup(pick->name);
    const char *value = NULL;

    if (pick->kind == FIELD && (several || n == 0))
        value = field_value(&payload->form, name, size);
    if (!value && (several || n == 0))
        value = field_value(&payload->query, name, size);
    free(name);
    return value;
}

static const char *simple_value(const struct pick *pick,
                                const struct payload *payload, size_t n,
                                size_t *size)
{
    const char *value = NULL;

    if (pick->kind == POINTER)
        return json_text(json_at(payload->json, pick->name, n), size);
    if (pick->kind == HEADER) {
        if (payload->header && n == 0)
            value = payload->header(payload->arg, pick->name);
        *size = value ? strlen(value) : 0;
        return value;
    }
    return form_value(pick, payload, n, size);
}

bool pick_value(const struct pick *pick, const struct payload *payload,
                size_t n, struct buf *out)
{
    struct buf text;
    const char *value;
    size_t size = 0;
    bool good;

    if (!pick)
        return false;
    if (pick->kind == EXPRESSION)
        return n == 0 && add_match(pick, payload, out);
    value = simple_value(pick, payload, n, &size);
    if (!value)
        return false;
    buf_init(&text, VALUE_MAX);
    good = buf_add(&text, value, size);
    if (good)
        filters_apply(&pick->filters, &text);
    good = good && buf_add(out, buf_text(&text), text.len);
    buf_free(&text);
    return good;
}

char *pick_text_at(const struct pick *pick, const struct payload *payload,
                   size_t n)
{
    struct buf out;

    buf_init(&out, VALUE_MAX);
    if (pick_value(pick, payload, n, &out))
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}

char *pick_text(const struct pick *pick, const struct payload *payload)
{
    return pick_text_at(pick, payload, 0);
}

bool word_among(const char *word, const char *words)
{
    size_t len = strlen(word);

    for (;;) {
        size_t n = strcspn(words, "|");

        if (n == len && memcmp(words, word, n) == 0)
            return true;
        if (!words[n])
            return false;
        words += n + 1;
    }
}
