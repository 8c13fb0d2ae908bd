/* test_pdu_encode.c - encoding, addresses, hex and TP-ST. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sms/pdu.h"

static void check_text(const struct pdu *pdu, const char *want)
{
    struct buf out;

    buf_init(&out, 1024);
    assert_true(pdu_text(pdu, &out));
    assert_string_equal(buf_text(&out), want);
    buf_free(&out);
}

static void test_submit(void **state)
{
    struct pdu_bytes bytes;
    struct pdu pdu, again;
    char hex[PDU_HEX_MAX];

    (void)state;
    assert_true(pdu_init_submit(&pdu, "+447700900123", NULL));
    memcpy(pdu.data, "hello", 5);
    pdu.size = 5;
    pdu.report = true;
    pdu.validity.form = PDU_VP_RELATIVE;
    pdu.validity.relative = 0xA7;
    assert_true(pdu_encode(&pdu, &bytes, NULL));
    pdu_to_hex(bytes.bytes, bytes.size, hex);
    assert_string_equal(hex, "0031000C914477000910320000A705E8329BFD06");
    assert_int_equal(bytes.tpdu, bytes.size - 1);
    assert_int_equal(pdu_tpdu_size(bytes.bytes, bytes.size), bytes.tpdu);
    pdu_mark_repeat(bytes.bytes, bytes.size);
    assert_true(pdu_decode(bytes.bytes, bytes.size, &again, NULL));
    assert_true(again.reject_duplicates);
    assert_true(again.report);
    check_text(&again, "hello");
    assert_true(pdu_set_address(&pdu.smsc, "+447785016005", NULL));
    assert_true(pdu_encode(&pdu, &bytes, NULL));
    assert_int_equal(pdu_tpdu_size(bytes.bytes, bytes.size), bytes.tpdu);
    assert_int_equal(bytes.size - bytes.tpdu, 8);
}

static void test_repeat_of_other_things(void **state)
{
    uint8_t deliver[] = { 0x00, 0x00 };
    uint8_t cut[] = { 0x05, 0x01 };

    (void)state;
    pdu_mark_repeat(deliver, sizeof deliver);
    assert_int_equal(deliver[1], 0);
    pdu_mark_repeat(cut, sizeof cut);
    assert_int_equal(cut[1], 1);
    pdu_mark_repeat(NULL, 0);
    assert_int_equal(pdu_tpdu_size(cut, sizeof cut), 0);
}

static void test_set_address(void **state)
{
    static const struct {
        const char *text;
        int toa;    /* -1: refused */
        int submit; /* may it be sent to? */
    } cases[] = {
        { "+447700900123", 0x91, 1 },
        { "12345", 0x81, 1 },
        { "*100#", 0x81, 1 },
        { "12ab", 0x81, 1 },
        { "abc", 0xD0, 0 },
        { "Megafon", 0xD0, 0 },
        { "Elevenchars", 0xD0, 0 },
        { "Twelve chars", -1, 0 },
        { "Euro\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC", -1, 0 },
        { "\xD0\x9C\xD0\xA2\xD0\xA1", -1, 0 },
        { "12345678901234567890", 0x81, 1 },
        { "123456789012345678901", -1, 0 },
        { "+", 0xD0, 0 },
        { "", 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pdu_address address = { .toa = 0x77 };
        struct pdu pdu;
        struct err err;
        bool ok = pdu_set_address(&address, cases[i].text, &err);

        assert_int_equal(ok, cases[i].toa >= 0);
        assert_int_equal(address.toa, ok ? cases[i].toa : 0x77);
        assert_int_equal(pdu_init_submit(&pdu, cases[i].text, &err),
                         cases[i].submit);
        if (!cases[i].submit)
            assert_int_equal(err.kind, ERR_BAD_ADDRESS);
    }
}

static void test_too_much_data(void **state)
{
    struct pdu_bytes bytes;
    struct pdu pdu;
    struct err err;

    (void)state;
    assert_true(pdu_init_submit(&pdu, "123", NULL));
    pdu.size = 160;
    assert_true(pdu_encode(&pdu, &bytes, &err));
    pdu.udh_size = 6;
    pdu.udh[0] = 5;
    assert_false(pdu_encode(&pdu, &bytes, &err));
    assert_int_equal(err.kind, ERR_TOO_LONG);
    pdu.size = 153;
    assert_true(pdu_encode(&pdu, &bytes, &err));
    pdu_set_dcs(&pdu, 4);
    pdu.size = 135;
    assert_false(pdu_encode(&pdu, &bytes, &err));
    pdu.size = 134;
    assert_true(pdu_encode(&pdu, &bytes, &err));
}

static void make_noise(struct pdu *pdu)
{
    static const char *const addresses[] = { "+447700900123", "12345", "+1",
                                             "99*#abc1" };
    static const uint8_t codings[] = { 0x00, 0x04, 0x08, 0x10, 0xF5, 0x18 };
    size_t max;

    assert_true(pdu_init_submit(pdu, addresses[random() % 4], NULL));
    if (random() % 2 != 0)
        assert_true(pdu_set_address(&pdu->smsc, "+447785016005", NULL));
    pdu_set_dcs(pdu, codings[random() % 6]);
    pdu->mr = (uint8_t)random();
    pdu->pid = (uint8_t)random();
    pdu->report = random() % 2 != 0;
    pdu->reply_path = random() % 2 != 0;
    pdu->udh_size = random() % 2 != 0 ? 0 : 1 + (size_t)random() % 20;
    if (pdu->udh_size > 0)
        pdu->udh[0] = (uint8_t)(pdu->udh_size - 1);
    for (size_t i = 1; i < pdu->udh_size; i++)
        pdu->udh[i] = (uint8_t)random();
    max = pdu->alphabet == PDU_GSM7 ? (140 - pdu->udh_size) * 8 / 7
                                    : 140 - pdu->udh_size;
    pdu->size = (size_t)random() % (max + 1);
    for (size_t i = 0; i < pdu->size; i++)
        pdu->data[i] =
            (uint8_t)(random() % (pdu->alphabet == PDU_GSM7 ? 128 : 256));
    pdu->timestamp.set = true;
    pdu->timestamp.offset = (int)(random() % 113 - 56) * 15;
    pdu->timestamp.unix_ms = (946684800LL + random() % 2000000000) * 1000;
    if (random() % 2 != 0)
        pdu->type = PDU_DELIVER;
}

/* Random PDUs, encoded and decoded: the same fields. */
static void test_round_trip(void **state)
{
    (void)state;
    srandom(5);
    for (int round = 0; round < 5000; round++) {
        struct pdu_bytes bytes;
        struct pdu pdu, got;

        make_noise(&pdu);
        assert_true(pdu_encode(&pdu, &bytes, NULL));
        assert_true(bytes.tpdu <= 164);
        assert_true(pdu_decode(bytes.bytes, bytes.size, &got, NULL));
        assert_int_equal(got.type, pdu.type);
        assert_string_equal(got.address.text, pdu.address.text);
        assert_string_equal(got.smsc.text, pdu.smsc.text);
        assert_int_equal(got.pid, pdu.pid);
        assert_int_equal(got.report, pdu.report);
        assert_int_equal(got.udh_size, pdu.udh_size);
        assert_memory_equal(got.udh, pdu.udh, pdu.udh_size);
        assert_int_equal(got.size, pdu.size);
        assert_memory_equal(got.data, pdu.data, pdu.size);
        if (pdu.type == PDU_SUBMIT) {
            assert_int_equal(got.mr, pdu.mr);
            continue;
        }
        assert_int_equal(got.timestamp.unix_ms, pdu.timestamp.unix_ms);
        assert_int_equal(got.timestamp.offset, pdu.timestamp.offset);
        assert_false(got.timestamp.odd);
    }
}

static void test_hex(void **state)
{
    uint8_t out[4];
    struct err err;
    size_t size = 77;

    (void)state;
    assert_true(pdu_from_hex(" 0aB1\r\nff ", out, 4, &size, &err));
    assert_int_equal(size, 3);
    assert_memory_equal(out, "\x0A\xB1\xFF", 3);
    assert_false(pdu_from_hex("0", out, 4, &size, &err));
    assert_false(pdu_from_hex("0g", out, 4, &size, &err));
    assert_false(pdu_from_hex("0011223344", out, 4, &size, &err));
    assert_int_equal(err.kind, ERR_PROTOCOL);
    assert_int_equal(size, 3);
    assert_true(pdu_from_hex("", out, 4, &size, &err));
    assert_int_equal(size, 0);
}

static void test_status(void **state)
{
    static const struct {
        uint8_t st;
        enum pdu_outcome outcome;
        enum err_kind kind;
    } cases[] = {
        { 0x00, PDU_DELIVERED, ERR_NONE },
        { 0x01, PDU_FORWARDED, ERR_NONE },
        { 0x02, PDU_FORWARDED, ERR_NONE },
        { 0x1F, PDU_FORWARDED, ERR_NONE },
        { 0x20, PDU_PENDING, ERR_NONE },
        { 0x3F, PDU_PENDING, ERR_NONE },
        { 0x40, PDU_FAILED, ERR_REJECTED },
        { 0x43, PDU_FAILED, ERR_NO_RECIPIENT },
        { 0x46, PDU_FAILED, ERR_EXPIRED },
        { 0x60, PDU_FAILED, ERR_EXPIRED },
        { 0x7F, PDU_FAILED, ERR_EXPIRED },
        { 0x80, PDU_FAILED, ERR_REJECTED },
        { 0xFF, PDU_FAILED, ERR_REJECTED },
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(pdu_status_outcome(cases[i].st), cases[i].outcome);
        pdu_status_err(cases[i].st, &err);
        assert_int_equal(err.kind, cases[i].kind);
        assert_false(err_policy(err.kind)->retry);
    }
    pdu_status_err(0x46, &err);
    assert_string_equal(err.code, "ST 46");
    assert_string_equal(err.text, pdu_status_text(0x46));
}

static void test_validity_octets(void **state)
{
    static const struct {
        uint8_t octet;
        long minutes;
    } cases[] = {
        { 0, 5 },           { 143, 720 },        { 144, 750 },
        { 167, 1440 },      { 168, 2880 },       { 196, 30 * 1440 },
        { 197, 5 * 10080 }, { 255, 63 * 10080 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(pdu_validity_minutes(cases[i].octet),
                         cases[i].minutes);
        assert_int_equal(pdu_validity_octet(cases[i].minutes), cases[i].octet);
    }
    for (int octet = 0; octet < 256; octet++)
        assert_int_equal(
            pdu_validity_octet(pdu_validity_minutes((uint8_t)octet)), octet);
    assert_int_equal(pdu_validity_octet(0), 0);
    assert_int_equal(pdu_validity_octet(6), 1);
    assert_int_equal(pdu_validity_octet(99999999), 255);
}

static void test_dcs(void **state)
{
    static const struct {
        uint8_t dcs;
        enum pdu_alphabet alphabet;
        int class;
        bool compressed;
    } cases[] = {
        { 0x00, PDU_GSM7, -1, false }, { 0x04, PDU_8BIT, -1, false },
        { 0x08, PDU_UCS2, -1, false }, { 0x0C, PDU_GSM7, -1, false },
        { 0x10, PDU_GSM7, 0, false },  { 0x18, PDU_UCS2, 0, false },
        { 0x03, PDU_GSM7, -1, false }, { 0x16, PDU_8BIT, 2, false },
        { 0x20, PDU_GSM7, -1, true },  { 0x48, PDU_UCS2, -1, false },
        { 0x53, PDU_GSM7, 3, false },  { 0x88, PDU_GSM7, -1, false },
        { 0xB4, PDU_GSM7, -1, false }, { 0xC8, PDU_GSM7, -1, false },
        { 0xD0, PDU_GSM7, -1, false }, { 0xE0, PDU_UCS2, -1, false },
        { 0xF0, PDU_GSM7, 0, false },  { 0xF1, PDU_GSM7, 1, false },
        { 0xF2, PDU_GSM7, 2, false },  { 0xF5, PDU_8BIT, 1, false },
    };
    struct pdu pdu;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pdu_set_dcs(&pdu, cases[i].dcs);
        assert_int_equal(pdu.alphabet, cases[i].alphabet);
        assert_int_equal(pdu.class, cases[i].class);
        assert_int_equal(pdu.compressed, cases[i].compressed);
    }
    assert_int_equal(pdu_dcs(PDU_UCS2, -1), 0x08);
    assert_int_equal(pdu_dcs(PDU_GSM7, 0), 0x10);
    assert_int_equal(pdu_dcs(PDU_8BIT, 2), 0x16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submit),
        cmocka_unit_test(test_repeat_of_other_things),
        cmocka_unit_test(test_set_address),
        cmocka_unit_test(test_too_much_data),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_validity_octets),
        cmocka_unit_test(test_dcs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
