/* fuzz_pointer.c - any pointer into any JSON: the first line is the pointer,
 * then maybe filters after "|", the rest is the text. Hits come one by one and
 * end; what is picked is the hit's own text. */
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "http/json.h"
#include "http/pick.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { HITS_MAX = 50 };

static void check(bool fact)
{
    if (!fact)
        abort();
}

/* Returns how many there are, at most HITS_MAX. */
static size_t walk(struct json_object *root, const char *pointer)
{
    size_t n = 0, length;
    struct json_object *hit;

    while (n < HITS_MAX && (hit = json_at(root, pointer, n))) {
        const char *text = json_text(hit, &length);

        check(!text || utf8_valid(text, length));
        n++;
    }
    check(n == HITS_MAX || !json_at(root, pointer, n + 1));
    check(n <= 1 || strchr(pointer, '*'));
    return n;
}

static void try_pick(const char *text, const struct payload *payload)
{
    struct err err = { 0 };
    struct pick *pick = pick_parse(text, &err);
    struct buf out;

    if (!pick) {
        check(err.kind == ERR_CONFIG && *err.text);
        return;
    }
    for (size_t n = 0; n < 3; n++) {
        buf_init(&out, 100000);
        (void)pick_value(pick, payload, n, &out);
        buf_free(&out);
    }
    free(pick_text(pick, payload));
    pick_free(pick);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size ? memchr(bytes, '\n', size) : NULL;
    size_t first = end ? (size_t)(end - bytes) : size;
    char *pointer = xstrndup((const char *)bytes, first);
    char *text =
        end ? xstrndup((const char *)end + 1, size - first - 1) : xstrdup("");
    struct payload payload = { .body = text, .size = strlen(text) };

    payload.json = json_parse(text, payload.size);
    (void)params_parse(text, payload.size, &payload.form);
    if (json_pointer_valid(pointer)) {
        size_t hits = payload.json ? walk(payload.json, pointer) : 0;

        check(!payload.json || *pointer || hits == 1);
    }
    /* Expressions are the administrator's, and the C library's to compile. */
    if (*pointer != '~')
        try_pick(pointer, &payload);
    json_object_put(payload.json);
    params_free(&payload.form);
    free(text);
    free(pointer);
    return 0;
}
