/* fuzz_pdu.c - any octets as a PDU, with and without SMSC. What decodes must
 * have sane fields, give text, join, be mappable to an error, and, encoded and
 * decoded again, keep its text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "sms/concat.h"
#include "sms/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool fact)
{
    if (!fact)
        abort();
}

static void check_fields(const struct pdu *pdu)
{
    check(pdu->udh_size <= 140 && pdu->size <= GSM7_SEPTETS_MAX);
    check(pdu->class >= -1 && pdu->class <= 3);
    check(pdu->concat.total == 0 ||
          (pdu->concat.seq >= 1 && pdu->concat.seq <= pdu->concat.total));
    check(abs(pdu->timestamp.offset) <= 14 * 60);
    check(utf8_valid(pdu->address.text, strlen(pdu->address.text)));
    check(pdu_time_text(&pdu->timestamp).text[0] != '\0');
    check(pdu_purpose_name(pdu->purpose) != NULL);
    check(pdu_status_text(pdu->st) != NULL);
}

static void check_join(const struct pdu *pdu)
{
    struct concat_join join;
    struct buf out;

    buf_init(&out, 4096);
    concat_begin(&join, &out, pdu->concat.total);
    check(concat_add(&join, pdu->concat.seq, pdu));
    check(concat_end(&join));
    check(utf8_valid(buf_text(&out), out.len));
    buf_free(&out);
}

static void check_again(const struct pdu *pdu, const struct buf *text)
{
    struct pdu_bytes bytes;
    struct pdu again;
    struct buf out;

    if (pdu->type == PDU_STATUS_REPORT || pdu_is_name(&pdu->address) ||
        !pdu_encode(pdu, &bytes, NULL))
        return;
    check(pdu_decode(bytes.bytes, bytes.size, &again, NULL));
    check(again.type == pdu->type);
    buf_init(&out, 4096);
    check(pdu_text(&again, &out));
    check(out.len == text->len &&
          memcmp(buf_text(&out), buf_text(text), out.len) == 0);
    buf_free(&out);
}

/* What drivers ask of octets without decoding them, and hex of anything. */
static void check_octets(const uint8_t *bytes, size_t size)
{
    uint8_t copy[PDU_MAX], again[PDU_MAX];
    char text[2 * PDU_MAX + 1];
    size_t n;

    n = size < sizeof copy ? size : sizeof copy;
    memcpy(copy, bytes, n);
    pdu_to_hex(copy, n, text);
    check(pdu_from_hex(text, again, sizeof again, &size, NULL));
    check(size == n && memcmp(copy, again, n) == 0);
    memcpy(text, copy, n);
    text[n] = '\0';
    if (pdu_from_hex(text, again, sizeof again, &size, NULL))
        check(2 * size <= n);
    check(pdu_tpdu_size(copy, n) <= n);
    pdu_mark_repeat(copy, n);
}

static void try(const uint8_t *bytes, size_t size, bool bare)
{
    struct err err = { .kind = ERR_NONE };
    struct pdu pdu;
    struct buf text;

    if (!(bare ? pdu_decode_tpdu : pdu_decode)(bytes, size, &pdu, &err)) {
        check(err.kind == ERR_PROTOCOL && err.text[0] != '\0');
        return;
    }
    check_fields(&pdu);
    pdu_status_err(pdu.st, &err);
    check(pdu_validity_octet(pdu_validity_minutes(pdu.pid)) == pdu.pid);
    buf_init(&text, 4096);
    check(pdu_text(&pdu, &text));
    check(utf8_valid(buf_text(&text), text.len));
    check_join(&pdu);
    check_again(&pdu, &text);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    check_octets(bytes, size);
    try(bytes, size, false);
    try(bytes, size, true);
    return 0;
}
