/* test_gsm_plan.c - texts to parts and back, by the options of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_core.h"
#include "sms/pdu.h"

extern const struct driver gsm_driver;

#define PHONE "+447700900123"

static struct fake *open_with(const char *a, const char *b)
{
    const char *options[] = { "device=/dev/none", a, b, NULL };

    return fake_new(&gsm_driver, options);
}

static struct pdu part_of(const struct fake *fake, size_t i)
{
    size_t size;
    const void *bytes = fake_part(fake, i, &size);
    struct pdu pdu;
    struct err err;

    if (!pdu_decode(bytes, size, &pdu, &err))
        fail_msg("%s", err.text);
    assert_int_equal(pdu.type, PDU_SUBMIT);
    return pdu;
}

static void test_one_part(void **state)
{
    struct fake *fake = open_with(NULL, NULL);
    struct pdu pdu;

    (void)state;
    assert_int_equal(fake_plan(fake, PHONE, "hello"), 1);
    pdu = part_of(fake, 0);
    assert_string_equal(pdu.address.text, PHONE);
    assert_string_equal(pdu.smsc.text, "");
    assert_int_equal(pdu.alphabet, PDU_GSM7);
    assert_true(pdu.report);
    assert_false(pdu.reject_duplicates);
    assert_int_equal(pdu.validity.form, PDU_VP_NONE);
    fake_free(fake);
}

static void test_options(void **state)
{
    struct fake *fake = open_with("smsc=+447785016005", "reports=false");
    struct pdu pdu;

    (void)state;
    assert_int_equal(fake_plan(fake, PHONE, "hello"), 1);
    pdu = part_of(fake, 0);
    assert_string_equal(pdu.smsc.text, "+447785016005");
    assert_false(pdu.report);
    fake_free(fake);
}

static void test_validity(void **state)
{
    struct fake *fake = open_with("validity=60", NULL);
    struct pdu pdu;

    (void)state;
    assert_int_equal(fake_plan(fake, PHONE, "hello"), 1);
    pdu = part_of(fake, 0);
    assert_int_equal(pdu.validity.form, PDU_VP_RELATIVE);
    assert_int_equal(pdu_validity_minutes(pdu.validity.relative), 60);
    fake_free(fake);
}

static void test_short_code(void **state)
{
    struct fake *fake = open_with(NULL, NULL);

    (void)state;
    assert_int_equal(fake_plan(fake, "12345;phone-context=+44", "hi"), 1);
    assert_string_equal(part_of(fake, 0).address.text, "12345");
    fake_free(fake);
}

static void test_reference_width(void **state)
{
    char text[401];
    struct fake *fake = open_with("reference_bits=16", NULL);
    struct pdu pdu;

    (void)state;
    memset(text, 'a', 400);
    text[400] = '\0';
    assert_int_equal(fake_plan(fake, PHONE, text), 3);
    assert_int_equal(part_of(fake, 0).mr, 1); /* the key begins with 01 */
    assert_int_equal(part_of(fake, 1).mr, 2);
    pdu = part_of(fake, 2);
    assert_int_equal(pdu.mr, 3);
    assert_true(pdu.concat.wide);
    assert_int_equal(pdu.concat.reference, 0x1234);
    assert_int_equal(pdu.concat.seq, 3);
    assert_int_equal(pdu.concat.total, 3);
    fake_free(fake);
}

static void test_max_parts(void **state)
{
    char text[401];
    struct fake *fake = open_with("max_parts=2", NULL);

    (void)state;
    memset(text, 'a', 400);
    text[400] = '\0';
    assert_int_equal(fake_plan(fake, PHONE, text), 0);
    assert_int_equal(fake_error(fake)->kind, ERR_TOO_LONG);
    text[200] = '\0';
    assert_int_equal(fake_plan(fake, PHONE, text), 2);
    fake_free(fake);
}

/* g-breve, and curly quotes. */
#define G "\xC4\x9F"
#define QUOTED "\xE2\x80\x9Cso\xE2\x80\x9D"

static void test_languages(void **state)
{
    struct fake *fake = open_with("languages=Turkish", "languages=hindi");
    struct pdu pdu;

    (void)state;
    assert_int_equal(fake_plan(fake, PHONE, G), 1);
    pdu = part_of(fake, 0);
    assert_int_equal(pdu.alphabet, PDU_GSM7);
    assert_int_equal(pdu.shift.single, 1);
    assert_string_equal(fake_about(fake), "GSM 7-bit with Turkish letters, "
                                          "153 characters left in the part");
    assert_int_equal(fake_plan(fake, PHONE, "plain"), 1);
    assert_int_equal(part_of(fake, 0).udh_size, 0);
    fake_free(fake);
    fake = open_with(NULL, NULL);
    assert_int_equal(fake_plan(fake, PHONE, G), 1);
    assert_int_equal(part_of(fake, 0).alphabet, PDU_UCS2);
    fake_free(fake);
}

static void test_fallback(void **state)
{
    struct fake *fake = open_with("text_fallback=approximate", NULL);
    struct pdu pdu;
    struct buf text;

    (void)state;
    buf_init(&text, 100);
    assert_int_equal(fake_plan(fake, PHONE, QUOTED), 1);
    pdu = part_of(fake, 0);
    assert_true(pdu_text(&pdu, &text));
    assert_string_equal(buf_text(&text), "\"so\"");
    assert_non_null(strstr(fake_remark(fake), "2 letters changed: "));
    assert_int_equal(fake_plan(fake, PHONE, "so"), 1);
    assert_string_equal(fake_remark(fake), "");
    fake_free(fake);
    buf_free(&text);
    fake = open_with(NULL, NULL);
    assert_int_equal(fake_plan(fake, PHONE, QUOTED), 1);
    assert_int_equal(part_of(fake, 0).alphabet, PDU_UCS2);
    assert_string_equal(fake_remark(fake), "");
    fake_free(fake);
}

static void test_manners(void **state)
{
    static const struct {
        const char *manner;
        int class;
        uint8_t pid;
        long validity; /* minutes, 0: none */
        bool report;
    } cases[] = {
        { NULL, -1, 0, 60, false },
        { "", -1, 0, 60, false },
        { "flash", 0, 0, 60, false },
        { "class=2", 2, 0, 60, false },
        { "silent report=yes", -1, 0x40, 60, true },
        { "  replace=7\tvalidity=1440 ", -1, 0x47, 1440, false },
        { "Report=No FLASH replace=1", 0, 0x41, 60, false },
    };
    struct fake *fake = open_with("validity=60", "reports=false");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pdu pdu;

        fake_manner(fake, cases[i].manner);
        assert_int_equal(fake_plan(fake, PHONE, "x"), 1);
        pdu = part_of(fake, 0);
        assert_int_equal(pdu.class, cases[i].class);
        assert_int_equal(pdu.pid, cases[i].pid);
        assert_int_equal(pdu_validity_minutes(pdu.validity.relative),
                         cases[i].validity);
        assert_int_equal(pdu.report, cases[i].report);
    }
    fake_free(fake);
}

/* A class goes with any alphabet, and with every part. */
static void test_flash_in_parts(void **state)
{
    char text[401] = G;
    struct fake *fake = open_with(NULL, NULL);

    (void)state;
    memset(text + 2, 'a', 100);
    fake_manner(fake, "flash");
    assert_int_equal(fake_plan(fake, PHONE, text), 2);
    assert_int_equal(part_of(fake, 0).dcs, 0x18);
    assert_int_equal(part_of(fake, 1).dcs, 0x18);
    fake_free(fake);
}

static void test_wrong_manners(void **state)
{
    static const struct {
        const char *manner, *problem;
    } cases[] = {
        { "flsh", "no manner of sending \"flsh\", only flash" },
        { "flash=1", "flash takes no value" },
        { "replace", "replace= takes a number from 1 to 7" },
        { "replace=8", "replace= takes a number from 1 to 7" },
        { "class=", "class= takes a number from 0 to 3" },
        { "validity=1x", "validity= takes minutes" },
        { "validity=99999999999999999999", "validity= takes minutes" },
        { "report=maybe", "report= takes yes or no" },
        { "=", "no manner of sending" },
        { "silent replace=3", "replace does not go with" },
        { "flash class=1", "class does not go with" },
        { "validity=5 validity=6", "validity does not go with" },
        { "report=yes report=yes", "report does not go with" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xE2\x82\xAC",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", only" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "only" },
    };
    struct fake *fake = open_with(NULL, NULL);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_manner(fake, cases[i].manner);
        assert_int_equal(fake_plan(fake, PHONE, "x"), 0);
        assert_int_equal(fake_error(fake)->kind, ERR_UNSUPPORTED);
        if (!strstr(fake_error(fake)->text, cases[i].problem))
            fail_msg("%s: %s", cases[i].manner, fake_error(fake)->text);
    }
    fake_free(fake);
}

static void test_refused_addresses(void **state)
{
    struct fake *fake = open_with(NULL, NULL);

    (void)state;
    assert_int_equal(fake_plan(fake, "name:Bank", "x"), 0);
    assert_int_equal(fake_error(fake)->kind, ERR_NOT_ALLOWED);
    fake_free(fake);
}

static void check_is(const char *option, bool want)
{
    struct fake *fake = open_with(option, NULL);
    struct err err;

    assert_int_equal(gsm_driver.check(line_options(fake_line(fake)), &err),
                     want);
    if (!want)
        assert_int_equal(err.kind, ERR_CONFIG);
    fake_free(fake);
}

static void test_check(void **state)
{
    (void)state;
    check_is("pin=1234", true);
    check_is("pin=12", false);
    check_is("pin=12a4", false);
    check_is("smsc=+447785016005", true);
    check_is("smsc=home", false);
    check_is("languages=portuguese", true);
    check_is("languages=klingon", false);
}

/* Parts of a DELIVER: made of the SUBMITs that plan gave. */
static void test_assemble(void **state)
{
    struct fake *fake = open_with(NULL, NULL);
    struct fragment fragments[3];
    struct err err;
    char text[401], *joined = NULL;

    (void)state;
    memset(text, 'a', 400);
    text[400] = '\0';
    assert_int_equal(fake_plan(fake, PHONE, text), 3);
    for (unsigned i = 0; i < 3; i++) {
        fragments[i].seq = i + 1;
        fragments[i].bytes = fake_part(fake, i, &fragments[i].size);
    }
    assert_true(
        gsm_driver.assemble(fake_line(fake), fragments, 3, 3, &joined, &err));
    assert_string_equal(joined, text);
    free(joined);
    fragments[1] = fragments[2];
    assert_true(
        gsm_driver.assemble(fake_line(fake), fragments, 2, 3, &joined, &err));
    assert_non_null(strstr(joined, "part 2 of 3 missing"));
    free(joined);
    fragments[0].size = 3;
    assert_false(
        gsm_driver.assemble(fake_line(fake), fragments, 1, 3, &joined, &err));
    fake_free(fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_part),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_short_code),
        cmocka_unit_test(test_reference_width),
        cmocka_unit_test(test_max_parts),
        cmocka_unit_test(test_languages),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_manners),
        cmocka_unit_test(test_flash_in_parts),
        cmocka_unit_test(test_wrong_manners),
        cmocka_unit_test(test_refused_addresses),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_assemble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
