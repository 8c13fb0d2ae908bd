/* params.c - name=value&name=value. */
#include "http/params.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/code.h"
#include "base/mem.h"

static char *decode(const char *text, size_t size, size_t *decoded)
{
    struct buf out;

    buf_init(&out, size);
    code_percent_parse(&out, text, size, true);
    *decoded = out.len;
    return buf_take(&out);
}

static void add(struct params *params, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);
    size_t name = equals ? (size_t)(equals - text) : size;
    struct param *field;

    params->items =
        xrealloc(params->items, (params->n + 1) * sizeof(*params->items));
    field = &params->items[params->n++];
    field->name = decode(text, name, &field->size);
    size -= equals ? name + 1 : name;
    field->value = decode(equals ? equals + 1 : "", size, &field->size);
}

bool params_parse(const char *text, size_t size, struct params *params)
{
    *params = (struct params){ 0 };
    while (size > 0) {
        const char *end = memchr(text, '&', size);
        size_t len = end ? (size_t)(end - text) : size;

        if (params->n == PARAMS_MAX) {
            params_free(params);
            return false;
        }
        if (len > 0)
            add(params, text, len);
        len += end != NULL;
        text += len;
        size -= len;
    }
    return true;
}

void params_free(struct params *params)
{
    for (size_t i = 0; i < params->n; i++) {
        free(params->items[i].name);
        free(params->items[i].value);
    }
    free(params->items);
    *params = (struct params){ 0 };
}

const struct param *params_find(const struct params *params, const char *name)
{
    for (size_t i = 0; i < params->n; i++) {
        if (strcmp(params->items[i].name, name) == 0)
            return &params->items[i];
    }
    return NULL;
}

const char *params_get(const struct params *params, const char *name)
{
    const struct param *field = params_find(params, name);

    return field ? field->value : NULL;
}
