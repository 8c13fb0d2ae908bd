/* fuzz_template.c - any text as a template, any value in it, at every place.
 * What is percent-encoded, a header or XML cannot break out of its place. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "http/cut.h"
#include "http/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_place(enum place place, const char *text)
{
    if (place == PLACE_FORM)
        check(!strpbrk(text, "&=?#/ \r\n<>\"'"));
    if (place == PLACE_HEADER)
        check(!strpbrk(text, "\r\n"));
    if (place == PLACE_XML)
        check(!strpbrk(text, "<>\"'"));
}

static void render_alone(const char *value, enum place place)
{
    static const char *const names[] = { "v", NULL };
    struct template *template = template_parse("{v}", names, NULL);
    const char *const values[] = { value };
    struct buf out;

    buf_init(&out, 100000);
    if (template_render(template, values, place, &out) == RENDER_OK)
        check_place(place, buf_text(&out));
    buf_free(&out);
    template_free(template);
}

static void render_any(const char *text, const char *value)
{
    static const char *const names[] = { "v", "w", NULL };
    const char *const values[] = { value, "" };
    struct err err = { 0 };
    struct template *template = template_parse(text, names, &err);
    struct buf out;

    if (!template) {
        check(err.kind == ERR_CONFIG && *err.text);
        return;
    }
    for (int place = PLACE_TEXT; place <= PLACE_XML; place++) {
        buf_init(&out, 100000);
        (void)template_render(template, values, (enum place)place, &out);
        buf_free(&out);
    }
    template_free(template);
}

static void cut_all(const char *text, size_t units)
{
    size_t size = strlen(text);

    while (size > 0) {
        size_t n = cut_first(text, size, units);

        check(n > 0 && n <= size);
        text += n;
        size -= n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size ? memchr(bytes, '\n', size) : NULL;
    size_t first = end ? (size_t)(end - bytes) : size;
    char *text = xstrndup((const char *)bytes, first);
    char *value =
        end ? xstrndup((const char *)end + 1, size - first - 1) : xstrdup("");

    render_any(text, value);
    for (int place = PLACE_TEXT; place <= PLACE_XML; place++)
        render_alone(value, (enum place)place);
    cut_all(value, first % 20);
    free(text);
    free(value);
    return 0;
}
