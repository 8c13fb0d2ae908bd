/* test_vectors.c - the codecs against the table of published vectors that
 * MOONGATE_VECTORS names (tab-separated; see tests/scenario/
 * test_pdu_vectors.py, which checks the kinds that are whole PDUs). Prints how
 * many rows of each kind it checked; skipped without the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sms/pdu.h"
#include "sms/pdu_fields.h"
#include "sms/ucs2.h"

enum { COLUMNS = 19, CELL_MAX = 4096 };
enum {
    KIND,
    TYPE,
    HEX,
    TPDU_LEN,
    SMSC,
    ADDRESS,
    TOA,
    TIMESTAMP,
    DCS,
    VALIDITY,
    MR,
    ST,
    UDH,
    CONCAT,
    TEXT,
    DATA,
    PROVENANCE,
    SOURCE,
    NOTE
};

struct row {
    char *cells[COLUMNS];
};

static void unescape(const char *cell, struct buf *out)
{
    static const char from[] = "tnr0ef\\\"", to[] = "\t\n\r\0\x1b\f\\\"";

    for (; *cell != '\0'; cell++) {
        const char *at = cell[0] == '\\' ? strchr(from, cell[1]) : NULL;

        if (at != NULL)
            cell++;
        buf_add_char(out, at != NULL ? to[at - from] : *cell);
    }
}

static void check_text(const struct buf *got, const char *cell)
{
    struct buf want;

    buf_init(&want, CELL_MAX);
    unescape(cell, &want);
    assert_int_equal(got->len, want.len);
    assert_memory_equal(buf_text(got), buf_text(&want), want.len);
    buf_free(&want);
}

static size_t octets_of(const char *hex, uint8_t *out, size_t max)
{
    size_t size;

    assert_true(pdu_from_hex(hex, out, max, &size, NULL));
    return size;
}

static unsigned fill_of(const struct row *row)
{
    const char *at = strstr(row->cells[NOTE], "fill bits=");

    return at != NULL ? (unsigned)strtoul(at + 10, NULL, 10) : 0;
}

/* Two rows of the table ran into each other: the octets FC01 and F803 of one
 * septet 7F behind 2 and 3 fill bits. */
static const char mangled[] = "FC1B7F0303F803";

/* Seven spare bits that hold a CR are the USSD way of packing. */
static void check_pack(const struct row *row, const uint8_t *septets, size_t n,
                       const uint8_t *octets, size_t size)
{
    uint8_t got[256];

    if (strcmp(row->cells[HEX], mangled) == 0)
        return;
    if (n % 8 == 7 && octets[size - 1] >> 1 == 0x0D)
        assert_int_equal(gsm7_pack_ussd(got, sizeof got, septets, n), size);
    else
        assert_int_equal(gsm7_pack(got, sizeof got, fill_of(row), septets, n),
                         size);
    assert_memory_equal(got, octets, size);
}

/* Rows with septets: both ways. Rows with text: decode `septets=N` of them. */
static void check_gsm7(const struct row *row)
{
    uint8_t octets[256], septets[256], got[256];
    size_t size = octets_of(row->cells[HEX], octets, sizeof octets);
    const char *count = strstr(row->cells[NOTE], "septets=");
    size_t n, m;
    struct buf text;

    if (row->cells[DATA][0] != '\0') {
        n = octets_of(row->cells[DATA], septets, sizeof septets);
        m = gsm7_unpack(got, sizeof got, octets, size, fill_of(row), n);
        assert_int_equal(m, n);
        assert_memory_equal(got, septets, n);
        check_pack(row, septets, n, octets, size);
    } else {
        assert_non_null(count);
        n = gsm7_unpack(septets, sizeof septets, octets, size, 0,
                        strtoul(count + 8, NULL, 10));
    }
    if (row->cells[TEXT][0] == '\0')
        return;
    buf_init(&text, CELL_MAX);
    assert_true(gsm7_decode(&text, septets, n, (struct gsm7_shift){ 0 }));
    check_text(&text, row->cells[TEXT]);
    buf_free(&text);
}

static void check_address(const struct row *row)
{
    uint8_t octets[64];
    struct pdu_cursor in = { octets, 0, NULL };
    struct pdu_address address = { 0 };

    in.left = octets_of(row->cells[HEX], octets, sizeof octets);
    if (strcmp(row->cells[KIND], "address-smsc") == 0)
        assert_true(pdu_take_smsc(&in, &address));
    else
        assert_true(pdu_take_address(&in, &address, "address"));
    assert_string_equal(address.text, row->cells[ADDRESS]);
    assert_int_equal(in.left, 0);
}

/* Bare digits: the value of an address whose length we put before it. */
static void check_semi_octets(const struct row *row)
{
    uint8_t octets[64] = { 0, 0x81 };
    size_t size = octets_of(row->cells[HEX], octets + 2, sizeof octets - 2);
    struct pdu_cursor in = { octets, size + 2, NULL };
    struct pdu_address address = { 0 };

    octets[0] = (uint8_t)strlen(row->cells[ADDRESS]);
    assert_true(pdu_take_address(&in, &address, "address"));
    assert_string_equal(address.text, row->cells[ADDRESS]);
}

static void check_timestamp(const struct row *row)
{
    uint8_t octets[16];
    struct pdu_cursor in = { octets, 0, NULL };
    struct pdu_time time = { 0 };

    in.left = octets_of(row->cells[HEX], octets, sizeof octets);
    assert_true(pdu_take_time(&in, &time, "timestamp"));
    assert_string_equal(pdu_time_text(&time).text, row->cells[TIMESTAMP]);
    assert_false(time.odd);
}

/* The table says delivered for 00 to 1F. We give a receipt for 00 only:
 * the others do not say that the phone has the message. */
static void check_status(const struct row *row)
{
    char *end;
    unsigned long st = strtoul(row->cells[ST], &end, 16);
    unsigned long last = *end == '-' ? strtoul(end + 1, NULL, 16) : st;
    const char *want = row->cells[TEXT];
    struct err err;

    for (; st <= last; st++) {
        enum pdu_outcome got = pdu_status_outcome((uint8_t)st);

        if (strcmp(want, "delivered") == 0)
            assert_int_equal(got, st == 0 ? PDU_DELIVERED : PDU_FORWARDED);
        else if (strcmp(want, "pending") == 0)
            assert_int_equal(got, PDU_PENDING);
        else
            assert_int_equal(got, PDU_FAILED);
        pdu_status_err((uint8_t)st, &err);
        assert_true((err.kind == ERR_NONE) == (got != PDU_FAILED));
        if (strcmp(want, "expired") == 0)
            assert_int_equal(err.kind, ERR_EXPIRED);
    }
}

static void check_ucs2(const struct row *row)
{
    uint8_t octets[256], again[256];
    size_t size = octets_of(row->cells[HEX], octets, sizeof octets), n;
    struct buf text;

    buf_init(&text, CELL_MAX);
    assert_true(ucs2_decode(&text, octets, size));
    check_text(&text, row->cells[TEXT]);
    assert_true(
        ucs2_encode(buf_text(&text), text.len, again, sizeof again, &n));
    assert_int_equal(n, size);
    assert_memory_equal(again, octets, size);
    buf_free(&text);
}

/* Puts user data into a DELIVER. */
static void deliver(const uint8_t *udh, size_t udh_size, struct pdu *pdu)
{
    struct pdu_bytes bytes;

    assert_true(pdu_init_submit(pdu, "123", NULL));
    pdu->type = PDU_DELIVER;
    memcpy(pdu->udh, udh, udh_size);
    pdu->udh_size = udh_size;
    assert_true(pdu_encode(pdu, &bytes, NULL));
    assert_true(pdu_decode(bytes.bytes, bytes.size, pdu, NULL));
}

static void check_concat(const struct pdu *pdu, const char *cell)
{
    unsigned bits, reference, total, seq;

    assert_int_equal(sscanf(cell, "ref%u=%u,total=%u,seq=%u", &bits, &reference,
                            &total, &seq),
                     4);
    assert_int_equal(pdu->concat.wide, bits == 16);
    assert_int_equal(pdu->concat.reference, reference);
    assert_int_equal(pdu->concat.total, total);
    assert_int_equal(pdu->concat.seq, seq);
}

static void check_element(const struct row *row)
{
    uint8_t udh[64];
    size_t size = octets_of(row->cells[HEX], udh + 1, sizeof udh - 1);
    unsigned destination, source;
    struct pdu pdu;

    udh[0] = (uint8_t)size;
    deliver(udh, size + 1, &pdu);
    if (row->cells[CONCAT][0] != '\0') {
        check_concat(&pdu, row->cells[CONCAT]);
        return;
    }
    assert_int_equal(sscanf(row->cells[DATA], "dstport=%u;srcport=%u",
                            &destination, &source),
                     2);
    assert_true(pdu.ports.set);
    assert_int_equal(pdu.ports.destination, destination);
    assert_int_equal(pdu.ports.source, source);
}

static void check_user_data(const struct row *row)
{
    static const uint8_t head[] = { 0x44, 3,    0x81, 0x21, 0xF3, 0, 0,
                                    0x11, 0x11, 0x11, 0,    0,    0, 0 };
    uint8_t tpdu[256];
    struct pdu pdu;
    struct buf text;
    size_t size;

    memcpy(tpdu, head, sizeof head);
    size = octets_of(row->cells[HEX], tpdu + sizeof head,
                     sizeof tpdu - sizeof head);
    assert_true(pdu_decode_tpdu(tpdu, sizeof head + size, &pdu, NULL));
    check_concat(&pdu, row->cells[CONCAT]);
    buf_init(&text, CELL_MAX);
    assert_true(pdu_text(&pdu, &text));
    check_text(&text, row->cells[TEXT]);
    buf_free(&text);
}

static void check_validity(const struct row *row)
{
    uint8_t octet;
    long minutes = strtol(row->cells[DATA], NULL, 10);

    assert_int_equal(octets_of(row->cells[HEX], &octet, 1), 1);
    assert_int_equal(pdu_validity_minutes(octet), minutes);
    assert_int_equal(pdu_validity_octet(minutes), octet);
}

static unsigned language_of(const struct row *row)
{
    const char *at = strstr(row->cells[NOTE], "national language id ");

    assert_non_null(at);
    return (unsigned)strtoul(at + 21, NULL, 10);
}

/* A character of the table is sent as a septet that means it. */
static void check_sending(unsigned language, bool locking, uint32_t cp)
{
    struct gsm7_shift shift = { .locking = locking ? (uint8_t)language : 0,
                                .single = locking ? 0 : (uint8_t)language };
    uint8_t pair[2];
    size_t n = gsm7_shift_char(shift, cp, pair);

    assert_true(cp == 0 ? n == 0 : n == 1 || (n == 2 && !locking));
    if (n == 0)
        return;
    assert_int_equal(n == 1 ? gsm7_locking(shift.locking, pair[0])
                            : gsm7_single(shift.single, pair[1]),
                     cp);
}

/* The whole table: what the cell does not list must be 0. */
static void check_table(const struct row *row)
{
    bool locking = strcmp(row->cells[KIND], "nlst-locking") == 0;
    const char *cell =
        row->cells[TEXT][0] != '\0' ? row->cells[TEXT] : row->cells[DATA];
    uint32_t want[128] = { 0 };
    unsigned language = language_of(row);
    unsigned septet;
    char value[8];
    int used;

    while (sscanf(cell, "%x=%7s%n", &septet, value, &used) == 2) {
        assert_true(septet < 128);
        if (strcmp(value, "ESC") != 0)
            want[septet] = (uint32_t)strtoul(value, NULL, 16);
        cell += used;
    }
    assert_true(want[0x65] != 0);
    for (septet = 0; septet < 128; septet++) {
        uint32_t got = locking ? gsm7_locking(language, (uint8_t)septet)
                               : gsm7_single(language, (uint8_t)septet);

        assert_int_equal(got, want[septet]);
        check_sending(language, locking, want[septet]);
    }
}

/* "locking=1 single=1 applied out of band (no UDH in PDU)" */
static void check_language(const struct row *row)
{
    uint8_t bytes[PDU_MAX];
    size_t size = octets_of(row->cells[HEX], bytes, sizeof bytes);
    unsigned locking, single;
    struct pdu pdu;
    struct buf text;

    assert_int_equal(
        sscanf(row->cells[NOTE], "locking=%u single=%u", &locking, &single), 2);
    assert_true(pdu_decode(bytes, size, &pdu, NULL));
    pdu.shift.locking = (uint8_t)locking;
    pdu.shift.single = (uint8_t)single;
    buf_init(&text, CELL_MAX);
    assert_true(pdu_text(&pdu, &text));
    check_text(&text, row->cells[TEXT]);
    buf_free(&text);
}

/* A cell broadcast page of 88 octets: 6 of header, then 93 septets, the text
 * and CR padding (TS 23.041 9.4.1). */
static void check_broadcast(const struct row *row)
{
    uint8_t octets[88], septets[93];
    size_t n;
    struct buf text;

    assert_int_equal(octets_of(row->cells[HEX], octets, sizeof octets), 88);
    n = gsm7_unpack(septets, sizeof septets, octets + 6, 82, 0, 93);
    while (n > 0 && septets[n - 1] == 0x0D)
        n--;
    buf_init(&text, CELL_MAX);
    assert_true(gsm7_decode(&text, septets, n, (struct gsm7_shift){ 0 }));
    check_text(&text, row->cells[TEXT]);
    buf_free(&text);
}

/* PDUs that hold more than the standard gives a meaning to. */
static const char *const not_same_again[] = {
    /* One in the spare bits behind the last septet. */
    "0791361907001003B17A0C913619397750320000AD11CD701E340FB3C3F23CC81D0689C3B"
    "F",
    "07919761989901F031000B919761084218F200F9FF1204220435044104420020005400650"
    "0730074",
    /* Octets behind the end of the user data. */
    "07914336120011F10404A14949000021807001253040356C76B81D268741F0B29C9C26874"
    "1E4B20EB49AD16CB19BAD368BD96EA0B71B04BBBD603810284C078162315D2CE70289EBFA"
    "E1AC0CB2BFF52C10FC2D0799C3F6B71CC46687DB6550980D8AC962",
};

/* Some senders set the fill bits before the first septet. */
static void clear_fill_bits(const struct pdu *pdu, uint8_t *bytes, size_t size)
{
    unsigned fill = (unsigned)((7 - 8 * pdu->udh_size % 7) % 7);

    if (pdu->alphabet == PDU_GSM7 && fill != 0 && pdu->size > 0)
        bytes[size - (fill + 7 * pdu->size + 7) / 8] &= (uint8_t)(0xFF << fill);
}

/* What we decode we must be able to say again, octet by octet. */
static void check_again(const struct row *row)
{
    uint8_t bytes[PDU_MAX];
    size_t size;
    struct pdu_bytes out;
    struct pdu pdu;

    if (strcmp(row->cells[TYPE], "SUBMIT") != 0 &&
        strcmp(row->cells[TYPE], "DELIVER") != 0)
        return;
    for (size_t i = 0; i < sizeof not_same_again / sizeof not_same_again[0];
         i++) {
        if (strcmp(row->cells[HEX], not_same_again[i]) == 0)
            return;
    }
    size = octets_of(row->cells[HEX], bytes, sizeof bytes);
    assert_true(pdu_decode(bytes, size, &pdu, NULL));
    assert_true(pdu_encode(&pdu, &out, NULL));
    clear_fill_bits(&pdu, bytes, size);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.bytes, bytes, size);
}

static struct check {
    const char *kind;
    void (*check)(const struct row *row);
    size_t rows;
} checks[] = {
    { "gsm7-pack", check_gsm7, 0 },
    { "address", check_address, 0 },
    { "address-smsc", check_address, 0 },
    { "semi-octets", check_semi_octets, 0 },
    { "timestamp", check_timestamp, 0 },
    { "tp-st", check_status, 0 },
    { "ucs2", check_ucs2, 0 },
    { "udh-ie", check_element, 0 },
    { "user-data-udh", check_user_data, 0 },
    { "vp-relative", check_validity, 0 },
    { "nlst-locking", check_table, 0 },
    { "nlst-single-shift", check_table, 0 },
    { "pdu-lang", check_language, 0 },
    { "cbs", check_broadcast, 0 },
    { "pdu", check_again, 0 },
    { "pdu-encode", check_again, 0 },
    { "pdu-observed", check_again, 0 },
};

static void check_line(char *line)
{
    struct row row;
    size_t n = 0;

    for (char *cell = line; cell != NULL && n < COLUMNS; n++)
        row.cells[n] = strsep(&cell, "\t\n");
    while (n < COLUMNS)
        row.cells[n++] = line + strlen(line);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (strcmp(row.cells[KIND], checks[i].kind) == 0) {
            checks[i].check(&row);
            checks[i].rows++;
        }
    }
}

static void test_vectors(void **state)
{
    const char *path = getenv("MOONGATE_VECTORS");
    FILE *file =
        fopen(path != NULL ? path : "../shared/data/pdu-vectors.tsv", "r");
    char *line = NULL;
    size_t room = 0, total = 0;

    (void)state;
    if (file == NULL)
        skip();
    while (getline(&line, &room, file) > 0) {
        if (line[0] != '#')
            check_line(line);
    }
    free(line);
    fclose(file);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        print_message("%zu %s\n", checks[i].rows, checks[i].kind);
        assert_true(checks[i].rows > 0);
        total += checks[i].rows;
    }
    print_message("%zu rows checked\n", total);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_vectors) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
