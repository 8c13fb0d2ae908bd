/* fuzz_compose.c - any text, composed with any languages, joined again: what
 * arrives is what was composed, and that is the text unless it was
 * approximated. The first four octets choose the options. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sms/compose.h"

enum { TEXT_MAX = 60000, CEDILLA = 0xE7 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

/* Through the octets of each part. */
static void send(const struct composed *composed, struct buf *out)
{
    const struct concat_plan *plan = &composed->plan;
    struct concat_join join;

    concat_begin(&join, out, plan->total);
    for (unsigned i = 0; i < plan->total; i++) {
        struct pdu_bytes octets;
        struct pdu pdu;

        check(pdu_init_submit(&pdu, "123", NULL));
        concat_fill(plan, buf_text(&composed->text), i, &pdu);
        check(pdu_encode(&pdu, &octets, NULL));
        check(octets.tpdu <= 164);
        check(pdu_decode(octets.bytes, octets.size, &pdu, NULL));
        check(plan->total == 1 || pdu.concat.seq == i + 1);
        check(concat_add(&join, i + 1, &pdu));
    }
    check(concat_end(&join));
}

/* The default table knows no small c-cedilla. */
static bool same(const char *a, const char *b, size_t size)
{
    for (size_t i = 0, j = 0; i < size;) {
        uint32_t sent = utf8_next(a, size, &i), got = utf8_next(b, size, &j);

        if (sent != got && !(sent == CEDILLA && got == 0xC7))
            return false;
    }
    return true;
}

static void check_words(const struct composed *composed)
{
    struct buf words;

    buf_init(&words, 1024);
    compose_describe(composed, &words);
    check(words.len > 0 && words.len < 128);
    buf_reset(&words);
    compose_remark(composed, &words);
    check((words.len > 0) == (composed->made.letters > 0));
    check(words.len < 256 && utf8_valid(buf_text(&words), words.len));
    buf_free(&words);
}

static void check_text(const struct buf *text,
                       const struct compose_options *options)
{
    struct composed composed;
    struct buf back;

    if (!compose(buf_text(text), text->len, options, &composed, NULL))
        return;
    check(composed.plan.total <= concat_limit(&options->concat));
    check(composed.made.letters > 0 || options->approximate ||
          strcmp(buf_text(&composed.text), buf_text(text)) == 0);
    buf_init(&back, 8 * TEXT_MAX);
    send(&composed, &back);
    check(back.len == composed.text.len);
    check(same(buf_text(&composed.text), buf_text(&back), back.len));
    check_words(&composed);
    buf_free(&back);
    composed_free(&composed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct compose_options options;
    struct buf text;

    if (size < 4 || size > TEXT_MAX)
        return 0;
    options = (struct compose_options){
        .concat.reference = 0x0102,
        .concat.wide = bytes[0] & 1,
        .concat.languages = (uint16_t)(bytes[1] << 8 | bytes[2]),
        .concat.max_parts = bytes[3],
        .approximate = bytes[0] & 2,
    };
    buf_init(&text, 4 * TEXT_MAX);
    check(utf8_clean(&text, (const char *)bytes + 4, size - 4));
    check_text(&text, &options);
    buf_free(&text);
    return 0;
}
