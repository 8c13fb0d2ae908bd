/* test_pdu.c - decoding of SMS-DELIVER, SUBMIT and STATUS-REPORT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sms/pdu.h"

/* A DELIVER from +447700900123 without SMSC: bits, PID, DCS, TP-UD. */
#define FROM "0C91447700091032"
#define NOON "62112121000000" /* 2026-11-12T12:00:00Z */

static bool decode_hex(const char *hex, struct pdu *pdu, struct err *err)
{
    uint8_t bytes[PDU_MAX];
    size_t size;

    assert_true(pdu_from_hex(hex, bytes, sizeof bytes, &size, NULL));
    return pdu_decode(bytes, size, pdu, err);
}

static void decode_well(const char *hex, struct pdu *pdu)
{
    struct err err;

    if (!decode_hex(hex, pdu, &err))
        fail_msg("%s: %s", hex, err.text);
}

static void check_text(const struct pdu *pdu, const char *want)
{
    struct buf out;

    buf_init(&out, 1024);
    assert_true(pdu_text(pdu, &out));
    assert_string_equal(buf_text(&out), want);
    buf_free(&out);
}

static void test_deliver(void **state)
{
    struct pdu pdu;

    (void)state;
    decode_well("079144775810065004" FROM "0000" NOON "05E8329BFD06", &pdu);
    assert_int_equal(pdu.type, PDU_DELIVER);
    assert_string_equal(pdu.smsc.text, "+447785016005");
    assert_string_equal(pdu.address.text, "+447700900123");
    assert_int_equal(pdu.address.toa, 0x91);
    assert_false(pdu.more);
    assert_false(pdu.report);
    assert_string_equal(pdu_time_text(&pdu.timestamp).text,
                        "2026-11-12T12:00:00+00:00");
    assert_false(pdu.timestamp.odd);
    assert_int_equal(pdu.purpose, PDU_TEXT);
    assert_int_equal(pdu.class, -1);
    assert_int_equal(pdu.size, 5);
    check_text(&pdu, "hello");
}

static void test_bits(void **state)
{
    struct pdu pdu;

    (void)state;
    decode_well("00A8" FROM "0000" NOON "00", &pdu);
    assert_true(pdu.more);
    assert_true(pdu.loop);
    assert_true(pdu.report);
    assert_true(pdu.reply_path);
    decode_well("00A507" FROM "000000", &pdu);
    assert_int_equal(pdu.type, PDU_SUBMIT);
    assert_int_equal(pdu.mr, 7);
    assert_true(pdu.reject_duplicates);
    assert_true(pdu.report);
    assert_true(pdu.reply_path);
    assert_false(pdu.more);
    assert_int_equal(pdu.validity.form, PDU_VP_NONE);
}

static void test_validity(void **state)
{
    static const uint8_t enhanced[] = { 1, 2, 3, 4, 5, 6, 7 };
    struct pdu pdu;

    (void)state;
    decode_well("001100" FROM "0000A700", &pdu);
    assert_int_equal(pdu.validity.form, PDU_VP_RELATIVE);
    assert_int_equal(pdu_validity_minutes(pdu.validity.relative), 24 * 60);
    decode_well("001900" FROM "0000" NOON "00", &pdu);
    assert_int_equal(pdu.validity.form, PDU_VP_ABSOLUTE);
    assert_int_equal(pdu.validity.until.unix_ms, 1794484800000);
    decode_well("000900" FROM "00000102030405060700", &pdu);
    assert_int_equal(pdu.validity.form, PDU_VP_ENHANCED);
    assert_memory_equal(pdu.validity.enhanced, enhanced, 7);
}

static void test_report(void **state)
{
    struct pdu pdu;

    (void)state;
    decode_well("00062A" FROM NOON "62112121100040"
                "46",
                &pdu);
    assert_int_equal(pdu.type, PDU_STATUS_REPORT);
    assert_int_equal(pdu.mr, 42);
    assert_int_equal(pdu.st, 0x46);
    assert_string_equal(pdu.address.text, "+447700900123");
    assert_string_equal(pdu_time_text(&pdu.discharge).text,
                        "2026-11-12T12:01:00+01:00");
    assert_int_equal(pdu.discharge.unix_ms, 1794484800000 - 59 * 60000);
    assert_false(pdu.has_dcs);
    assert_int_equal(pdu.size, 0);
    /* Everything that TP-PI may announce. */
    decode_well("00222A" FROM NOON NOON "00"
                "07"
                "40"
                "08"
                "020041",
                &pdu);
    assert_true(pdu.for_command);
    assert_true(pdu.more);
    assert_true(pdu.has_dcs);
    assert_int_equal(pdu.pid, 0x40);
    check_text(&pdu, "A");
}

/* Modems end a report wherever they like behind the status. */
static void test_report_cut(void **state)
{
    static const char whole[] = "00062A" FROM NOON NOON "00"
                                "87"
                                "00"
                                "40"
                                "08"
                                "020041";
    size_t least = strlen("00062A" FROM NOON NOON "00");
    struct pdu pdu;

    (void)state;
    for (size_t n = 2; n <= strlen(whole); n += 2) {
        char hex[sizeof whole];

        memcpy(hex, whole, n);
        hex[n] = '\0';
        assert_int_equal(decode_hex(hex, &pdu, NULL), n >= least);
    }
}

static void test_addresses(void **state)
{
    static const struct {
        const char *hex, *want;
        bool name;
    } cases[] = {
        { "0C91447700091032", "+447700900123", false },
        { "0B817007002143F5", "07700012345", false },
        { "0581214305", "12345", false }, /* fill that is not F */
        { "05812143F5", "12345", false },
        { "04912143", "+1234", false },
        { "0691A1CBED", "+1*#abc", false },
        { "0091", "", false },
        { "0080", "", false },
        { "0DD0CDF2396C7EBB01", "Megafon", true },
        { "06D061F118", "abc", true },
        { "0ED04F78D92D9C0E01", "OpenBSC@", true }, /* 14 nibbles: 8 septets */
        { "00D0", "", true },
        { "04D08100", "\xC2\xA3\xC2\xA3", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[100];
        struct pdu pdu;

        snprintf(hex, sizeof hex, "0004%s0000" NOON "00", cases[i].hex);
        decode_well(hex, &pdu);
        assert_string_equal(pdu.address.text, cases[i].want);
        assert_int_equal(pdu_is_name(&pdu.address), cases[i].name);
    }
}

static void test_times(void **state)
{
    static const struct {
        const char *hex, *want;
        bool odd;
    } cases[] = {
        { "62112121000000", "2026-11-12T12:00:00+00:00", false },
        { "99211332959523", "1999-12-31T23:59:59+08:00", false },
        { "0020923295952B", "2000-02-29T23:59:59-08:00", false },
        { "62112121000080", "2026-11-12T12:00:00+02:00", false },
        { "6211212100008A", "2026-11-12T12:00:00-07:00", false },
        { "62112121000065", "2026-11-12T12:00:00+14:00", false },
        { "62112121000075", "2026-11-12T12:00:00+00:00", true },
        { "620000FFFFFF00", "2026-01-01T23:59:59+00:00", true },
        { "FFFFFFFFFFFFFF", "1999-12-31T23:59:59+00:00", true },
        { "00000000000000", "2000-01-01T00:00:00+00:00", true },
        { "62411300000000", "2026-12-31T00:00:00+00:00", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[100];
        struct pdu pdu;

        snprintf(hex, sizeof hex, "0004" FROM "0000%s00", cases[i].hex);
        decode_well(hex, &pdu);
        assert_string_equal(pdu_time_text(&pdu.timestamp).text, cases[i].want);
        assert_int_equal(pdu.timestamp.odd, cases[i].odd);
    }
}

static void test_purpose(void **state)
{
    /* PID, DCS, bits, TP-UD */
    static const struct {
        const char *bits, *coding, *data;
        enum pdu_purpose want;
        uint8_t replace;
    } cases[] = {
        { "04", "0000", "00", PDU_TEXT, 0 },
        { "04", "4000", "00", PDU_SILENT, 0 },
        { "04", "4100", "00", PDU_TEXT, 1 },
        { "04", "4700", "00", PDU_TEXT, 7 },
        { "04", "4800", "00", PDU_TEXT, 0 },
        { "04", "7FF6", "0101", PDU_SIM_DATA, 0 },
        { "04", "7F12", "00", PDU_SIM_DATA, 0 },
        { "04", "7F00", "00", PDU_TEXT, 0 },
        { "04", "0004", "0101", PDU_DATA, 0 },
        { "04", "0004", "0141", PDU_TEXT, 0 },
        { "04", "0004", "01C3", PDU_DATA, 0 },
        { "04", "0020", "0141", PDU_DATA, 0 },
        { "04", "00C8", "00", PDU_WAITING, 0 },
        { "04", "00E0", "020041", PDU_WAITING, 0 },
        { "04", "00F0", "0141", PDU_TEXT, 0 },
        { "44", "0004", "0B0605040B8423F0010622BE", PDU_MMS_NOTICE, 0 },
        { "44", "0004", "0B0605040B8423F0010622AE", PDU_WAP_PUSH, 0 },
        { "44", "0004", "080605040B8423F041", PDU_WAP_PUSH, 0 },
        { "44", "0004", "0D0B05040B8423F0000301020241", PDU_MMS_NOTICE, 0 },
        { "44", "0004",
          "08060504158200014"
          "1",
          PDU_DATA, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[200];
        struct pdu pdu;

        snprintf(hex, sizeof hex, "00%s" FROM "%s" NOON "%s", cases[i].bits,
                 cases[i].coding, cases[i].data);
        decode_well(hex, &pdu);
        if (pdu.purpose != cases[i].want)
            fail_msg("case %zu: %s", i, pdu_purpose_name(pdu.purpose));
        assert_int_equal(pdu.replace, cases[i].replace);
    }
}

struct header_case {
    const char *data; /* TP-UD of 8-bit data */
    size_t udh_size, size;
    struct pdu_concat concat;
    struct pdu_ports ports;
    struct gsm7_shift shift;
};

static const struct header_case headers[] = {
    { "07050003AB020141", 6, 1, { 0xAB, false, 2, 1 }, { 0 }, { 0 } },
    { "08060804ABCD020241", 7, 1, { 0xABCD, true, 2, 2 }, { 0 }, { 0 } },
    /* Implausible: a whole message. */
    { "06050003AB0001", 6, 0, { 0 }, { 0 }, { 0 } },
    { "06050003AB0200", 6, 0, { 0 }, { 0 }, { 0 } },
    { "06050003AB0203", 6, 0, { 0 }, { 0 }, { 0 } },
    /* The last of repeated ones, unless it is implausible. */
    { "0B0A0003010201"
      "0003020302",
      11,
      0,
      { 2, false, 3, 2 },
      { 0 },
      { 0 } },
    { "0B0A0003010201"
      "0003020300",
      11,
      0,
      { 1, false, 2, 1 },
      { 0 },
      { 0 } },
    /* Unknown, wrong size, cut. */
    { "0908770A7F"
      "0003010201",
      9,
      0,
      { 0 },
      { 0 },
      { 0 } },
    { "09087001FF"
      "0003010201",
      9,
      0,
      { 1, false, 2, 1 },
      { 0 },
      { 0 } },
    { "07060004010201"
      "00",
      7,
      0,
      { 0 },
      { 0 },
      { 0 } },
    { "06050003010201", 6, 0, { 1, false, 2, 1 }, { 0 }, { 0 } },
    { "05040003010"
      "2",
      5,
      0,
      { 0 },
      { 0 },
      { 0 } },
    { "0302"
      "0000",
      3,
      0,
      { 0 },
      { 0 },
      { 0 } },
    { "0504"
      "04020102",
      5,
      0,
      { 0 },
      { true, 1, 2 },
      { 0 } },
    { "0706"
      "05041234ABCD",
      7,
      0,
      { 0 },
      { true, 0x1234, 0xABCD },
      { 0 } },
    { "0706"
      "240103"
      "250102",
      7,
      0,
      { 0 },
      { 0 },
      { 2, 3 } },
    { "0100", 1, 0, { 0 }, { 0 }, { 0 } },
    /* Longer than the user data: no header, all of it is data. */
    { "0305"
      "0003",
      0,
      3,
      { 0 },
      { 0 },
      { 0 } },
};

static void test_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct header_case *want = &headers[i];
        char hex[200];
        struct pdu pdu;
        struct err err;

        snprintf(hex, sizeof hex, "0044" FROM "0004" NOON "%s", want->data);
        if (!decode_hex(hex, &pdu, &err))
            fail_msg("case %zu: %s", i, err.text);
        if (pdu.udh_size != want->udh_size || pdu.size != want->size)
            fail_msg("case %zu: %zu + %zu", i, pdu.udh_size, pdu.size);
        assert_int_equal(pdu.concat.total, want->concat.total);
        assert_int_equal(pdu.concat.seq, want->concat.seq);
        assert_int_equal(pdu.concat.reference, want->concat.reference);
        assert_int_equal(pdu.concat.wide, want->concat.wide);
        assert_int_equal(pdu.ports.set, want->ports.set);
        assert_int_equal(pdu.ports.destination, want->ports.destination);
        assert_int_equal(pdu.ports.source, want->ports.source);
        assert_int_equal(pdu.shift.locking, want->shift.locking);
        assert_int_equal(pdu.shift.single, want->shift.single);
    }
}

static void test_refused(void **state)
{
    static const struct {
        const char *hex, *word; /* what the error must name */
    } cases[] = {
        { "", "SMSC" },
        { "0791", "SMSC" },
        { "0C91111111111111111111111111", "SMSC" },
        { "00", "first octet" },
        { "0003" FROM, "reserved" },
        { "0004", "originating address" },
        { "0004FF91", "originating address" },
        { "00040C9144", "originating address" },
        { "0004" FROM, "protocol identifier" },
        { "0004" FROM "00", "data coding" },
        { "0004" FROM "00006211", "timestamp" },
        { "0004" FROM "0000" NOON, "user data length" },
        { "0004" FROM "0000" NOON "05E8", "user data" },
        { "0004" FROM "0000" NOON "A1", "140" },
        { "0004" FROM "0004" NOON "8D", "140" },
        { "0044" FROM "0000" NOON "00", "header" },
        { "0001", "message reference" },
        { "000100", "destination address" },
        { "001100" FROM "0000", "validity" },
        { "001900" FROM "000062", "validity" },
        { "000900" FROM "000062", "validity" },
        { "0002", "message reference" },
        { "000200", "recipient address" },
        { "000200" FROM, "timestamp" },
        { "000200" FROM NOON, "discharge" },
        { "000200" FROM NOON NOON, "status" },
    };
    struct pdu pdu = { .mr = 99 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err;

        if (decode_hex(cases[i].hex, &pdu, &err))
            fail_msg("%s was accepted", cases[i].hex);
        assert_int_equal(err.kind, ERR_PROTOCOL);
        if (strstr(err.text, cases[i].word) == NULL)
            fail_msg("%s: %s", cases[i].hex, err.text);
    }
    assert_int_equal(pdu.mr, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deliver),    cmocka_unit_test(test_bits),
        cmocka_unit_test(test_validity),   cmocka_unit_test(test_report),
        cmocka_unit_test(test_report_cut), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_times),      cmocka_unit_test(test_purpose),
        cmocka_unit_test(test_headers),    cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
