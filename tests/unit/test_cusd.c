/* test_cusd.c - USSD in every disguise, as real modems say it; numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gsm/charset.h"
#include "gsm/cusd.h"

static void test_answers(void **state)
{
    static const struct {
        const char *line;
        enum cusd_kind kind;
        const char *text;
    } cases[] = {
        /* Packed under 15 (Huawei E160). */
        { "+CUSD: "
          "0,\"49B41C74ACD3D16171D90D32FBE52072BA0C72CA5D205A0E0683C140E232"
          "5DBE3FD34135D70D072AD6E56F\",15",
          CUSD_DONE,
          "Ihr Guthaben f\xC3\xBCr die Nr. 490000 betr\xC3\xA4gt 5.78 Euro" },
        /* GSM codes as they are. */
        { "+CUSD: 1,\"Kontostand: 3.00 EUR Bitte w{hlen Sie: 1 Konto aufladen "
          "2 CallNow Transfer\"",
          CUSD_MORE,
          "Kontostand: 3.00 EUR Bitte w\xC3\xA4hlen Sie: 1 Konto aufladen 2 "
          "CallNow Transfer" },
        { "+CUSD: 2,\"Maaf, permintaan Anda tidak dapat kami proses. Silakan "
          "coba beberapa saat lagi.\",0",
          CUSD_ENDED,
          "Maaf, permintaan Anda tidak dapat kami proses. Silakan coba "
          "beberapa saat lagi." },
        /* UCS-2 under 15 (Quectel M35). */
        { "+CUSD: 2,\"00480061007600690020006B0065007200650074003A\",15",
          CUSD_ENDED, "Havi keret:" },
        { "+CUSD: 0,\"0414043B044F00200441043F044004300432043A0438\",72",
          CUSD_DONE,
          "\xD0\x94\xD0\xBB\xD1\x8F \xD1\x81\xD0\xBF\xD1\x80\xD0\xB0\xD0\xB2"
          "\xD0\xBA\xD0\xB8" },
        /* A language first; garbage behind a NUL (Telit HE910). */
        { "+CUSD: 2,\"613906310635064A062F00430020003100300037002E0039003"
          "30000FFFF60B16260EEEEFFFF\",17",
          CUSD_ENDED,
          "\xD8\xB1\xD8\xB5\xD9\x8A\xD8\xAF"
          "C 107.93" },
        /* Chinese, as it should be. */
        { "+CUSD: 0,\"4F60597D\",72", CUSD_DONE, "\xE4\xBD\xA0\xE5\xA5\xBD" },
        /* UTF-8 and Latin-1 from modems that ignore AT+CSCS. */
        { "+CUSD: 0,\"Solde: 5 \xE2\x82\xAC\",15", CUSD_DONE,
          "Solde: 5 \xE2\x82\xAC" },
        { "+CUSD: 0,\"Cr\xE9"
          "dit\",15",
          CUSD_DONE,
          "Cr\xC3\xA9"
          "dit" },
        /* Plain texts that look like hex. */
        { "+CUSD: 0,\"12345678\",15", CUSD_DONE, "12345678" },
        { "+CUSD: 0,\"1500\",15", CUSD_DONE, "1500" },
        { "+CUSD: 0,\"CAFE\",15", CUSD_DONE, "CAFE" },
        { "+CUSD: 0,\"30D90C\",15", CUSD_DONE, "023" },
        /* Eight septets in seven octets: the last one is filled up. */
        { "+CUSD: 0,\"31D98C56B3DD1A\",15", CUSD_DONE, "1234567" },
        /* Shapes. */
        { "+CUSD: 4", CUSD_UNSUPPORTED, "" },
        { "+CUSD: 5,", CUSD_TIMED_OUT, "" },
        { "+CUSD:0,\"x\"", CUSD_DONE, "x" },
        { "+CUSD: 9,\"x\"", CUSD_DONE, "x" },
        { "+CUSD: 0,plain text,15", CUSD_DONE, "plain text" },
        { "+CUSD: 0,plain, text", CUSD_DONE, "plain, text" },
        { "+CUSD: 0,\"say \"5\", please\",15", CUSD_DONE, "say \"5\", please" },
        { "+CUSD: 1,\"1 a\n2 b\r\n\",15", CUSD_MORE, "1 a\n2 b" },
        { "+CUSD: 0,\"\",0", CUSD_DONE, "" },
        { "+CUSD: 0,\"never closed", CUSD_DONE, "never closed" },
        { "+CUSD: 0,\"68656C6C6F\",68", CUSD_DONE, "hello" }, /* 8-bit */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cusd cusd;

        assert_true(cusd_parse(cases[i].line, &cusd));
        if (cusd.kind != cases[i].kind || strcmp(cusd.text, cases[i].text) != 0)
            fail_msg("%s: %d '%s'", cases[i].line, (int)cusd.kind, cusd.text);
    }
}

static void test_open_lines(void **state)
{
    (void)state;
    assert_true(cusd_is_open("+CUSD: 1,\"1 balance"));
    assert_true(cusd_is_open("+CUSD: 1,\""));
    assert_true(cusd_is_open("+CUSD: 1,\"press \"1\" for"));
    assert_true(cusd_is_open("+CUSD: 1,\"1 balance\n2 tariff"));
    assert_false(cusd_is_open("+CUSD: 1,\"1 balance\n2 tariff\",15"));
    assert_false(cusd_is_open("+CUSD: 1,\"1 balance\n2 tariff\""));
    assert_false(cusd_is_open("+CUSD: 0,\"\",15"));
    assert_false(cusd_is_open("+CUSD: 4"));
    assert_false(cusd_is_open("+CUSD: 0,text,15"));
}

/* Umlauts of GSM where ASCII has something else; and where it has not. */
static void test_plain(void **state)
{
    static const char *const cases[][2] = {
        { "w{hlen", "w\xC3\xA4hlen" },
        { "{ndern", "\xC3\xA4ndern" },
        { "gr~n", "gr\xC3\xBCn" },
        { "h|ren", "h\xC3\xB6ren" },
        { "{\"a\": 1}", "{\"a\": 1}" },
        { "1|2", "1|2" },
        { "a | b", "a | b" },
        { "Help|Menu", "Help|Menu" },
        { "[1] x_y@z $5", "[1] x_y@z $5" },
        { "~", "~" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice text = { .text = cases[i][0],
                              .size = strlen(cases[i][0]) };
        struct buf out;

        buf_init(&out, 256);
        charset_plain(text, &out);
        assert_string_equal(buf_text(&out), cases[i][1]);
        buf_free(&out);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        int type;
        const char *want;
    } cases[] = {
        { "+447700900123", 145, "+447700900123" },
        { "447700900123", 145, "+447700900123" },
        { "07700900123", 129, "07700900123" },
        { "002B0034003400370037", 145, "+4477" },
        { "0044770090012345", 129, "0044770090012345" },
        { "*100#", 129, "*100#" },
        { "", 129, "" },
        { "+", 145, "" },
        { "12x", 129, "" },
        { "anonymous", 128, "" },
        { "1234567890123456789012345678901234567890", 129, "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char out[32];

        charset_number((struct slice){ .text = cases[i].text,
                                       .size = strlen(cases[i].text) },
                       cases[i].type, out);
        assert_string_equal(out, cases[i].want);
    }
}

static void test_commands(void **state)
{
    char out[129], longest[200];
    struct err err;

    (void)state;
    assert_true(cusd_command("*100#", CUSD_PLAIN, out, sizeof(out), &err));
    assert_string_equal(out, "AT+CUSD=1,\"*100#\",15");
    assert_true(cusd_command("*100#", CUSD_PACKED, out, sizeof(out), &err));
    assert_string_equal(out, "AT+CUSD=1,\"AA180C3602\",15");
    /* No plain form: a quote, a letter whose GSM code is another. */
    assert_true(cusd_command("a@b", CUSD_PLAIN, out, sizeof(out), &err));
    assert_string_equal(out, "AT+CUSD=1,\"618018\",15");
    assert_true(cusd_command("\"", CUSD_PLAIN, out, sizeof(out), &err));
    assert_string_equal(out, "AT+CUSD=1,\"22\",15");
    /* Nobody writes a second command. */
    assert_true(cusd_command("1\r\nATZ\r", CUSD_PLAIN, out, sizeof(out), &err));
    assert_null(strpbrk(out, "\r\n"));
    assert_false(cusd_command("\xD0\x94", CUSD_PLAIN, out, sizeof(out), &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    memset(longest, '1', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_false(cusd_command(longest, CUSD_PLAIN, out, sizeof(out), &err));
    assert_int_equal(err.kind, ERR_TOO_LONG);
    longest[120] = '\0';
    assert_false(cusd_command(longest, CUSD_PLAIN, out, sizeof(out), &err));
    assert_false(cusd_command(longest, CUSD_PACKED, out, sizeof(out), &err));
    longest[100] = '\0';
    assert_true(cusd_command(longest, CUSD_PLAIN, out, sizeof(out), &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_open_lines),
        cmocka_unit_test(test_plain),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
