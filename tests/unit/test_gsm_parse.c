/* test_gsm_parse.c - answers of real modems, and broken ones, as values; the
 * choice of AT+CNMI; quirks; and the table of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/cnmi.h"
#include "gsm/errors.h"
#include "gsm/parse.h"

static void expect_field(const char *line, size_t i, const char *want)
{
    struct slice fields[PARSE_FIELDS_MAX];
    size_t n = parse_fields(line, fields, PARSE_FIELDS_MAX);

    assert_true(i < n);
    if (!slice_is(fields[i], want))
        fail_msg("%s: field %zu is %.*s", line, i, (int)fields[i].size,
                 fields[i].text);
}

static void test_fields(void **state)
{
    struct slice fields[PARSE_FIELDS_MAX];

    (void)state;
    expect_field("+CMTI: \"SM\",3", 0, "SM");
    expect_field("+CMTI: \"SM\" , 3 ", 1, "3");
    expect_field("+CMT: \"a,b\",24", 1, "24");
    expect_field("+CREG: 2,1,\"5E25", 2, "5E25");
    expect_field("+CNUM: \"\",+79139131234\"", 1, "+79139131234");
    expect_field("+CPMS: (\"SM\",\"ME\"),(\"SM\")", 0, "(\"SM\",\"ME\")");
    expect_field("1,2", 1, "2");
    expect_field("+X: \"12:30\",1", 0, "12:30");
    expect_field("+CMTI: ,-1", 0, "");
    assert_int_equal(parse_fields("+CPMS: ", fields, 3), 0);
    assert_int_equal(parse_fields("", fields, 3), 0);
    assert_int_equal(parse_fields("+X: 1,2,3,4", fields, 3), 3);
}

static void test_numbers(void **state)
{
    struct slice s = { .text = "-12", .size = 3 };
    int value = 7;

    (void)state;
    assert_true(slice_int(s, &value));
    assert_int_equal(value, -12);
    s = (struct slice){ .text = "12a", .size = 3 };
    assert_false(slice_int(s, &value));
    s = (struct slice){ .text = "9999999999", .size = 10 };
    assert_false(slice_int(s, &value));
    s.size = 0;
    assert_false(slice_int(s, &value));
    assert_int_equal(value, -12);
}

static void test_pdu_fits(void **state)
{
    unsigned char bytes[4];
    size_t size = 0;

    (void)state;
    assert_true(parse_pdu_fits("00112233", 8, 3));
    assert_true(parse_pdu_fits("02aabb11", 8, 1));
    assert_false(parse_pdu_fits("0011223", 7, 3));
    assert_false(parse_pdu_fits("00112233", 8, 4));
    assert_false(parse_pdu_fits("FF112233", 8, 3));
    assert_false(parse_pdu_fits("0011223G", 8, 3));
    assert_true(parse_hex("00aBff", 6, bytes, 4, &size));
    assert_int_equal(size, 3);
    assert_int_equal(bytes[1], 0xAB);
    assert_false(parse_hex("0011223344", 10, bytes, 4, &size));
}

static void expect_cpms(const char *answer, unsigned groups, unsigned first)
{
    struct cpms_choices choices;

    assert_true(parse_cpms_choices(answer, &choices));
    assert_int_equal(choices.groups, groups);
    assert_int_equal(choices.mask[0], first);
}

static void test_cpms(void **state)
{
    int used, total;

    (void)state;
    expect_cpms("+CPMS: (\"SM\",\"ME\"),(\"SM\"),(\"SM\")\n", 3, 3);
    expect_cpms("+CPMS: ((\"SM\",\"BM\",\"SR\"),(\"SM\"))\n", 2,
                1u << MEMORY_SM | 1u << MEMORY_SR);
    expect_cpms("+CPMS: \"SM\",\"SM\",\"SM\"\n", 3, 1);
    expect_cpms("+CPMS: (\"MT\",\"SM_P\")\n", 1, 1u << MEMORY_MT);
    expect_cpms("+CPMS: \n", 0, 0);
    assert_true(parse_cpms_use("+CPMS: 3,20,3,20,3,20\n", &used, &total));
    assert_int_equal(used, 3);
    assert_int_equal(total, 20);
    assert_true(parse_cpms_use("+CPMS: \"SM\",4,30\n", &used, &total));
    assert_int_equal(used, 4);
    assert_false(parse_cpms_use("+CPMS: x\n", &used, &total));
}

static void expect_creg(const char *answer, int want, int want_act)
{
    int stat = -1, act = -2;

    assert_true(parse_creg(answer, &stat, &act));
    assert_int_equal(stat, want);
    assert_int_equal(act, want_act);
}

static void test_creg(void **state)
{
    int stat, act;

    (void)state;
    expect_creg("+CREG: 0,1\n", 1, -1);
    expect_creg("+CREG: 2,5,\"2AF5\",\"0B88E350\",2\n", 5, 2);
    expect_creg("+CREG: 2,1,9110,7E6\n", 1, -1);
    expect_creg("+CREG: 1,\"5E25\",\"605F\"\n", 1, -1);
    expect_creg("+CREG: 1,\"5E25\",\"0B88E350\",7\n", 1, 7);
    expect_creg("+CREG: 0,1,\"5E25\",\"605F\",2\n", 1, 2);
    expect_creg("+CREG: 2,1,\"\",\"605F\"\n", 1, -1);
    expect_creg("+CREG: 2,1,\"00A1\",\"0C\",99\n", 1, -1);
    expect_creg("+CREG: 5,9110,7E6\n", 5, -1);
    expect_creg("+CREG: 3\n", 3, -1);
    expect_creg("+CEREG: 2,6\n", 6, -1);
    expect_creg("+CREG: 1\n+CREG: 2,3\n", 3, -1);
    assert_false(parse_creg("+CREG: 77\n", &stat, &act));
    assert_false(parse_creg("+CREG: \n", &stat, &act));
    assert_false(parse_creg("", &stat, &act));
}

static void test_small_answers(void **state)
{
    char text[64];
    enum cpin cpin;
    int value = 0, act = 0;
    unsigned mask = 0;

    (void)state;
    assert_true(parse_csq("+CSQ: 17,99\n", &value));
    assert_int_equal(value, -79);
    assert_false(parse_csq("+CSQ: 99,99\n", &value));
    assert_true(parse_cpin("+CPIN: SIM PIN\n", &cpin) && cpin == CPIN_PIN);
    assert_true(parse_cpin("+CPIN: READY\n", &cpin) && cpin == CPIN_READY);
    assert_true(parse_cpin("+CPIN: SIM PUK2\n", &cpin) && cpin == CPIN_OTHER);
    assert_true(parse_cops("+COPS: 0,0,TELE2,0\n", text, sizeof(text), &act));
    assert_string_equal(text, "TELE2");
    assert_string_equal(act_name(act), "2G");
    assert_true(
        parse_cops("+COPS: 0,0,\"A, B\",7\n", text, sizeof(text), &act));
    assert_string_equal(act_name(act), "4G");
    assert_true(parse_cops("+COPS: 0,0,\"x\"\n", text, sizeof(text), &act));
    assert_null(act_name(act));
    assert_null(act_name(14));
    assert_true(parse_csms("+CSMS: (0,1)\n", &mask) && mask == 3);
    assert_true(parse_csms("+CSMS: (0-1,128)\n", &mask) && mask == 3);
    assert_true(parse_csms("+CSMS: 0\n", &mask) && mask == 1);
    assert_false(parse_csms("+CSMS:\n", &mask));
    assert_true(parse_cpin("+CPIN: NOT INSERTED\n", &cpin) &&
                cpin == CPIN_NONE);
    assert_true(parse_cpin("+CPIN: NOT READY\n", &cpin) && cpin == CPIN_WAIT);
    assert_false(parse_cops("+COPS: 0\n", text, sizeof(text), &act));
    assert_true(parse_cmgs("+CMGS: 12,\"26/11/21\"\n", &value));
    assert_int_equal(value, 12);
    assert_false(parse_cmgs("+CMGS: 256\n", &value));
    assert_false(parse_cmgs("+CMGS: \n", &value));
    assert_true(parse_identity("+CCID: \"89441000301234567890\"\n", text,
                               sizeof(text)));
    assert_string_equal(text, "89441000301234567890");
    assert_true(parse_identity("\n234159876543210\n", text, sizeof(text)));
    assert_false(parse_identity("ERROR\n", text, sizeof(text)));
    assert_true(
        parse_csca("+CSCA: 002B003400340037,145\n", text, sizeof(text)));
    assert_string_equal(text, "+447");
}

static void test_cmgl(void **state)
{
    const char *cursor = "+CMGL: 1,1,,3\n00112233\n"
                         "+CMGL: 2,0,\"x\",4\n00112233\n" /* wrong length */
                         "+CMGL: 3,3,,3\n"                /* no PDU */
                         "+CMGL: x,1,,3\n00112233\n"
                         "+CMGL: 7,1,3\n00445566\n";
    struct cmgl_entry entry;

    (void)state;
    assert_true(parse_cmgl_next(&cursor, &entry));
    assert_int_equal(entry.index, 1);
    assert_int_equal(entry.digits, 8);
    assert_true(parse_cmgl_next(&cursor, &entry));
    assert_int_equal(entry.index, 2);
    assert_int_equal(entry.digits, 0);
    assert_true(parse_cmgl_next(&cursor, &entry));
    assert_int_equal(entry.status, 3);
    assert_true(parse_cmgl_next(&cursor, &entry));
    assert_int_equal(entry.index, 7);
    assert_int_equal(memcmp(entry.hex, "00445566", 8), 0);
    assert_false(parse_cmgl_next(&cursor, &entry));
}

static void expect_cnmi(const char *answer, const char *maker, bool reports,
                        const int *want)
{
    struct cnmi_choices choices;
    struct cnmi_wish wish = {
        .choices = &choices,
        .quirk = gsm_quirk_find(maker, ""),
        .reports = reports,
    };
    struct cnmi cnmi;

    assert_true(parse_cnmi_choices(answer, &choices));
    assert_true(cnmi_candidate(&wish, 0, &cnmi));
    assert_memory_equal(cnmi.value, want, sizeof(cnmi.value));
}

static void test_cnmi(void **state)
{
    static const int usual[] = { 2, 1, 0, 1, 0 }, quiet[] = { 2, 1, 0, 0, 0 };
    static const int mc75[] = { 2, 1, 0, 2, 1 }, huawei[] = { 1, 1, 0, 1, 0 };
    static const int quectel[] = { 2, 1, 0, 0, 0 };
    struct cnmi_choices choices;

    (void)state;
    expect_cnmi("+CNMI: (2),(0-1,3),(0,2),(0-1),(0)\n", "", true, usual);
    expect_cnmi("+CNMI: (0-3),(0-3),(0,2),(0-2),(0,1)\n", "", false, quiet);
    expect_cnmi("+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)\n", "", true, mc75);
    expect_cnmi("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\n", "huawei", true,
                huawei);
    expect_cnmi("+CNMI: (0-2),(0-3),(0,2),(0,2),(0,1)\n", "Quectel", true,
                quectel);
    assert_false(parse_cnmi_choices("+CNMI: (0)\n", &choices));
}

static void test_cnmi_candidates_end(void **state)
{
    struct cnmi_wish wish = { .quirk = gsm_quirk_find("", ""),
                              .reports = true };
    struct cnmi cnmi;
    unsigned n = 0;

    (void)state;
    while (cnmi_candidate(&wish, n, &cnmi))
        n++;
    assert_true(n >= 5 && n < 20);
}

/* Routed is +CMT and +CDS and nothing else, and every family ends. */
static void test_cnmi_of_families(void **state)
{
    struct cnmi_choices choices;
    const struct gsm_quirk *row;

    (void)state;
    assert_true(parse_cnmi_choices("+CNMI: (0-3),(0-3),(0,2,3),(0-2),(0,1)\n",
                                   &choices));
    for (unsigned i = 0; (row = gsm_quirk_row(i)) != NULL; i++) {
        for (unsigned with = 0; with < 8; with++) {
            struct cnmi_wish wish = {
                .choices = with & 1 ? &choices : NULL,
                .quirk = row,
                .reports = (with & 2) != 0,
                .routed = (with & 4) != 0,
            };
            struct cnmi cnmi;
            unsigned n = 0;

            for (; cnmi_candidate(&wish, n, &cnmi); n++) {
                if (wish.routed)
                    assert_int_equal(cnmi.value[1], 2);
                if (row->reports == REPORTS_ROUTED)
                    assert_int_not_equal(cnmi.value[3], 2);
                if (!wish.reports)
                    assert_int_equal(cnmi.value[3], 0);
                if (n == 0 && row->cnmi_mode != 0)
                    assert_int_equal(cnmi.value[0], row->cnmi_mode);
                if (n == 0 && row->cnmi_bfr_one)
                    assert_int_equal(cnmi.value[4], 1);
            }
            assert_true(n >= 2 && n < 24);
        }
    }
}

/* Each row is found by what its modems say, and its data make sense. */
static void test_quirks(void **state)
{
    static const struct {
        const char *maker, *model, *name;
    } modems[] = {
        { "huawei", "E173", "huawei" },
        { "ZTE INCORPORATED", "MF190", "zte" },
        { "SIMCOM_Ltd", "SIMCOM_SIM800L", "sim800" },
        { "SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "sim7600" },
        { "Quectel", "EC25", "quectel" },
        { "Quectel_Ltd", "Quectel_M95", "m95" },
        { "Quectel_Ltd", "Quectel_M35", "m35" },
        { "Telit", "HE910-EUD", "telit" },
        { "u-blox", "SARA-U201", "ublox" },
        { "Cinterion", "MC75i", "cinterion" },
        { "SIEMENS", "TC35i", "siemens" },
        { "WAVECOM MODEM", "MULTIBAND  900E  1800", "wavecom" },
        { "\"Motorola CE, Copyright 2004\"", "\"GSM900\"", "motorola" },
        { "Nokia Mobile Phones", "Nokia 6310i", "nokia" },
        { "Nokia", "Nokia N79", "nokia-s60" },
        { "Moongate", "SIM-1", "" },
        { "", "", "" },
    };
    const struct gsm_quirk *row;

    (void)state;
    for (size_t i = 0; i < sizeof(modems) / sizeof(modems[0]); i++)
        assert_string_equal(
            gsm_quirk_find(modems[i].maker, modems[i].model)->name,
            modems[i].name);
    for (unsigned i = 0; (row = gsm_quirk_row(i)) != NULL; i++) {
        assert_ptr_equal(
            gsm_quirk_find(row->maker, row->model != NULL ? row->model : ""),
            row);
        assert_true(row->chunk == 0 || row->chunk_ms > 0);
        for (unsigned k = 0; k < QUIRK_INIT_MAX && row->init[k]; k++)
            assert_int_equal(strncmp(row->init[k], "AT", 2), 0);
    }
}

/* Those that mean "no credit" are counted; each advice belongs to a row. */
static void test_advice(void **state)
{
    static const int credit[] = { 8, 10, 21, 38, 50, 69, 500 };
    struct at_final final = { .code = AT_CMS };

    (void)state;
    for (size_t i = 0; i < sizeof(credit) / sizeof(credit[0]); i++) {
        final.number = credit[i];
        assert_true(gsm_error_advice(&final).enough >= 5);
        assert_non_null(strstr(gsm_error_advice(&final).advice, "credit"));
    }
    final.number = 331;
    assert_int_equal(gsm_error_advice(&final).enough, 0);
    assert_non_null(strstr(gsm_error_advice(&final).advice, "antenna"));
    final.number = 1;
    assert_null(gsm_error_advice(&final).advice);
    assert_non_null(strstr(gsm_error_advice(&final).meaning, "number"));
}

static void expect_error(enum at_code code, int number, enum err_kind kind,
                         enum err_scope scope)
{
    struct at_final final = { .code = code, .number = number };
    struct err err;

    gsm_error(&final, &err);
    if (err.kind != kind || err.scope != scope)
        fail_msg("%d %d: kind %d scope %d", (int)code, number, (int)err.kind,
                 (int)err.scope);
    assert_true(err.text[0] != '\0');
}

static void test_errors(void **state)
{
    static const int permanent[] = { 8,   10,  21,  29,  50,  69,  81,  95,
                                     99,  111, 128, 159, 160, 175, 176, 196,
                                     198, 199, 302, 303, 304, 305, 514, 517,
                                     519, 520, 538, 549, 554 };
    static const int temporary[] = { 17,  22,  27,  38,  41,  42,  47,
                                     127, 192, 194, 208, 213, 255, 500,
                                     512, 521, 522, 535, 321, 340, 9999 };
    static const int modem[] = { 300, 301, 310, 313, 315, 320, 331, 515, 532 };
    static const int admin[] = { 193, 311, 312, 316, 317, 318, 330 };
#define EACH(list, code, kind, scope)                                          \
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)                \
    expect_error(code, list[i], kind, scope)

    (void)state;
    EACH(permanent, AT_CMS, ERR_REJECTED, SCOPE_MESSAGE);
    EACH(temporary, AT_CMS, ERR_TEMPORARY, SCOPE_MESSAGE);
    EACH(modem, AT_CMS, ERR_LINK, SCOPE_LINE);
    EACH(admin, AT_CMS, ERR_AUTH, SCOPE_LINE);
    expect_error(AT_CMS, 1, ERR_NO_RECIPIENT, SCOPE_MESSAGE);
    expect_error(AT_CMS, 195, ERR_BAD_ADDRESS, SCOPE_MESSAGE);
    expect_error(AT_CMS, 197, ERR_REPEATED, SCOPE_MESSAGE);
    expect_error(AT_CMS, 332, ERR_UNKNOWN, SCOPE_MESSAGE);
    expect_error(AT_CME, 14, ERR_LINK, SCOPE_LINE);
    expect_error(AT_CME, 12, ERR_AUTH, SCOPE_LINE);
    expect_error(AT_ERROR, -1, ERR_TEMPORARY, SCOPE_MESSAGE);
}

static void test_error_words(void **state)
{
    struct at_final final = { .code = AT_CMS, .number = 38 };
    struct err err;

    (void)state;
    gsm_error(&final, &err);
    assert_string_equal(err.code, "CMS 38");
    assert_non_null(strstr(err.text, "no credit"));
    assert_non_null(strstr(err.text, "(CMS 38)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_pdu_fits),
        cmocka_unit_test(test_cpms),
        cmocka_unit_test(test_creg),
        cmocka_unit_test(test_small_answers),
        cmocka_unit_test(test_cmgl),
        cmocka_unit_test(test_cnmi),
        cmocka_unit_test(test_cnmi_candidates_end),
        cmocka_unit_test(test_cnmi_of_families),
        cmocka_unit_test(test_quirks),
        cmocka_unit_test(test_advice),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_error_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
