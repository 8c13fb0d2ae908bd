/* fuzz_gsm7.c - any octets as septets, as UCS-2 and as a text to send. The
 * first three octets choose fill bits and shift tables. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sms/concat.h"
#include "sms/gsm7.h"
#include "sms/ucs2.h"

enum { ROOM = 8192 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_septets(const uint8_t *octets, size_t size, unsigned fill,
                          struct gsm7_shift shift)
{
    uint8_t septets[ROOM], again[ROOM], packed[ROOM];
    size_t n = gsm7_unpack(septets, sizeof septets, octets, size, fill, ROOM);
    size_t back = gsm7_pack(packed, sizeof packed, fill, septets, n);
    struct buf text;

    check(n == 0 || back <= size);
    check(gsm7_unpack(again, sizeof again, packed, back, fill, n) == n);
    check(n == 0 || memcmp(again, septets, n) == 0);
    buf_init(&text, 4 * ROOM);
    check(gsm7_decode(&text, septets, n, shift));
    check(utf8_valid(buf_text(&text), text.len));
    check(n == 0 || text.len > 0);
    buf_free(&text);
}

static void check_ucs2(const uint8_t *octets, size_t size)
{
    uint8_t again[ROOM];
    struct buf text;
    size_t n;

    buf_init(&text, 4 * ROOM);
    check(ucs2_decode(&text, octets, size));
    check(utf8_valid(buf_text(&text), text.len));
    check(ucs2_encode(buf_text(&text), text.len, again, sizeof again, &n));
    check(n == 2 * utf8_units(buf_text(&text), text.len));
    buf_free(&text);
}

/* Parts must cover the text without gaps, fit, and encode. */
static void check_split(const char *text, size_t size)
{
    static const struct concat_options options = { .reference = 1 };
    struct pdu_bytes bytes;
    struct concat_plan plan;
    struct pdu pdu;
    size_t at = 0;

    if (!concat_split(text, size, &options, &plan, NULL))
        return;
    for (unsigned i = 0; i < plan.total; i++) {
        check(plan.parts[i].start == at);
        at += plan.parts[i].size;
        check(pdu_init_submit(&pdu, "123", NULL));
        concat_fill(&plan, text, i, &pdu);
        check(pdu_encode(&pdu, &bytes, NULL));
        check(plan.total == 1 || plan.parts[i].size > 0);
    }
    check(at == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct gsm7_shift shift;
    struct buf clean;

    if (size < 3 || size > ROOM / 2)
        return 0;
    shift.locking = bytes[1];
    shift.single = bytes[2];
    check_septets(bytes + 3, size - 3, bytes[0] % 7, shift);
    check_ucs2(bytes + 3, size - 3);
    buf_init(&clean, 4 * ROOM);
    check(utf8_clean(&clean, (const char *)bytes + 3, size - 3));
    check_split(buf_text(&clean), clean.len);
    check_split((const char *)bytes + 3, size - 3);
    buf_free(&clean);
    return 0;
}
