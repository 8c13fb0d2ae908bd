/* fuzz_telegram_styling.c - any text is cut and styled: entities lie inside it,
 * in order and on characters; pieces keep to their limit and lose nothing but
 * white space; entities that lie are written without harm. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "telegram/split.h"
#include "telegram/styling.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { UNITS = 16, TEXT_MAX = 1 << 20 };

static void check(bool fact)
{
    if (!fact)
        abort();
}

static size_t letters(const char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++)
        n += !strchr(" \t\r\n", text[i]) || text[i] == '\0';
    return n;
}

static void check_pieces(const char *text, size_t size)
{
    struct piece piece;
    size_t at = 0, sum = 0;

    while (split_next(text, size, UNITS, &at, &piece)) {
        size_t length = piece.end - piece.start;

        check(piece.start < piece.end && piece.end <= size);
        check(utf8_units(text + piece.start, length) <= UNITS);
        check(utf8_valid(text + piece.start, length));
        sum += letters(text + piece.start, length);
    }
    check(sum == letters(text, size));
}

static void check_entities(const struct buf *plain,
                           const struct entities *entities)
{
    const char *text = buf_text(plain);

    for (size_t i = 0; i < entities->n; i++) {
        const struct entity *e = &entities->items[i];

        check(e->start < e->end && e->end <= plain->len);
        check(utf8_valid(text + e->start, e->end - e->start));
        check(i == 0 || e[-1].start <= e->start);
    }
}

/* Every four octets are an entity of the text. */
static void write_lies(const uint8_t *bytes, size_t size, const char *text,
                       size_t length)
{
    struct entities entities = { 0 };
    struct buf out;

    for (size_t i = 0; i + 4 <= size; i += 4) {
        struct entity e = { .style = bytes[i] % (STYLES + 1),
                            .start = bytes[i + 1],
                            .end = bytes[i + 2],
                            .extra = bytes[i + 3] % 2 ? "x" : NULL };

        entities_add(&entities, &e);
    }
    buf_init(&out, TEXT_MAX);
    styling_write(text, length, &entities, &out);
    check(out.len >= length && utf8_valid(buf_text(&out), out.len));
    entities_free(&entities);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct entities entities = { 0 };
    struct buf text, plain;

    buf_init(&text, TEXT_MAX);
    buf_init(&plain, TEXT_MAX);
    (void)utf8_clean(&text, (const char *)bytes, size);
    styling_read(buf_text(&text), text.len, &plain, &entities);
    check(plain.len <= text.len && utf8_valid(buf_text(&plain), plain.len));
    check_entities(&plain, &entities);
    check_pieces(buf_text(&plain), plain.len);
    write_lies(bytes, size, buf_text(&plain), plain.len);
    entities_free(&entities);
    buf_free(&text);
    buf_free(&plain);
    return 0;
}
