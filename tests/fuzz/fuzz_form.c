/* fuzz_form.c - any octets as a form: what is decoded, encoded again and
 * decoded again is the same; nothing is lost or made up. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/code.h"
#include "http/params.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static size_t count_fields(const char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++)
        n += text[i] != '&' && (i == 0 || text[i - 1] == '&');
    return n;
}

static void check_again(const struct params *params)
{
    struct params again;
    struct buf out;

    buf_init(&out, 1 << 22);
    for (size_t i = 0; i < params->n; i++) {
        const struct param *field = &params->items[i];

        code_percent(&out, field->name, strlen(field->name));
        buf_add_char(&out, '=');
        code_percent(&out, field->value, field->size);
        buf_add_char(&out, '&');
    }
    check(params_parse(buf_text(&out), out.len, &again));
    check(again.n == params->n);
    for (size_t i = 0; i < again.n; i++) {
        const struct param *a = &params->items[i], *b = &again.items[i];

        check(strcmp(a->name, b->name) == 0 && a->size == b->size);
        check(memcmp(a->value, b->value, a->size) == 0);
        check(a->value[a->size] == '\0');
    }
    params_free(&again);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    size_t fields = count_fields(text, size);
    struct params params;

    if (!params_parse(text, size, &params)) {
        check(fields > PARAMS_MAX && params.n == 0);
        return 0;
    }
    check(params.n == fields);
    for (size_t i = 0; i < params.n; i++) {
        const struct param *found = params_find(&params, params.items[i].name);

        check(found && found <= &params.items[i]);
    }
    check_again(&params);
    params_free(&params);
    return 0;
}
