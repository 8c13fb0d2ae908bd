/* test_mms.c - MMS notices: real ones, every way to write a subject, cuts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sms/mms.h"
#include "sms/pdu.h"

static bool decode(const char *hex, struct mms_notice *notice)
{
    uint8_t bytes[512];
    size_t size;

    assert_true(pdu_from_hex(hex, bytes, sizeof(bytes), &size, NULL));
    return mms_notice_decode(bytes, size, notice);
}

static void test_real_ones(void **state)
{
    struct mms_notice notice;

    (void)state;
    assert_true(decode(
        "040603BEAF848C829831323737393730303539008D928919801604333337303735"
        "32303033302F545950453D504C4D4E009679424F008A808E0122880481020BB883"
        "687474703A2F2F6D6D73632E6C61626D6374656C2E66723A393039302F6D333300",
        &notice));
    assert_string_equal(notice.subject, "yBO");
    assert_int_equal(notice.size, 0x22);
    assert_int_equal(notice.expires_in, 3000);
    assert_true(decode(
        "4F06226170706C69636174696F6E2F766E642E7761702E6D6D732D6D6573736167"
        "6500AF848C82983831343630343934406D6D7331008D928918802B333333333334"
        "39333231312F545950453D504C4D4E0096008F8186818A808E03017A5988058103"
        "03F48083687474703A2F2F6D74732F3F69643D383134363034393400",
        &notice));
    assert_string_equal(notice.from, "+33333493211");
    assert_string_equal(notice.subject, "");
    assert_int_equal(notice.size, 0x17A59);
    assert_int_equal(notice.expires_in, 0x3F480);
}

#define PUSH "010603BEAF84"
#define MMS PUSH "8C82"

static void test_fields(void **state)
{
    static const struct {
        const char *hex;
        struct mms_notice want;
    } cases[] = {
        /* UTF-8, quoted, Latin-1, UTF-16, with a control character. */
        { MMS "96C3A900", { .subject = "" } },
        { MMS "967FC3A900", { .subject = "\xC3\xA9" } },
        { MMS "9604EAC3A900", { .subject = "\xC3\xA9" } },
        { MMS "960384E900", { .subject = "\xC3\xA9" } },
        { MMS "96070203F704100041",
          { .subject = "\xD0\x90"
                       "A" } },
        { MMS "9641094200", { .subject = "A B" } },
        /* Absolute expiry; a long length; a size too long to be one. */
        { MMS "88068004600000008E0101", { .expires = 0x60000000, .size = 1 } },
        { MMS "961F034142008E0101", { .subject = "", .size = 1 } },
        { MMS "8E050102030405", { .size = UINT32_MAX } },
        /* No address given; the last header is cut. */
        { MMS "8901818E0102", { .size = 2 } },
        { MMS "8E010296414243", { .size = 2, .subject = "ABC" } },
        { MMS "8E01", { .size = 0 } },
        /* Unknown headers of each form are passed over. */
        { MMS "B0020102B14100B2808E0103", { .size = 3 } },
        /* The content type with parameters. */
        { "010605"
          "03BE0101"
          "AF8C828E0104",
          { .size = 4 } },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mms_notice notice;

        if (!decode(cases[i].hex, &notice))
            fail_msg("case %zu", i);
        assert_string_equal(notice.subject, cases[i].want.subject);
        assert_string_equal(notice.from, cases[i].want.from);
        assert_int_equal(notice.size, cases[i].want.size);
        assert_int_equal(notice.expires, cases[i].want.expires);
        assert_int_equal(notice.expires_in, cases[i].want.expires_in);
    }
}

static void test_other_pushes(void **state)
{
    static const char *const others[] = {
        "",
        "01",
        "0106",
        "010603",
        "010701BE",
        "010601AE",
        "010603AEAF84",
        /* Another kind of MMS message: a delivery indication. */
        "010601BE8C86",
        /* Lengths that never end. */
        "0106FFFFFFFFFFFFBE",
        "0106031FFFFFFFFFFFFF",
    };
    struct mms_notice notice;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (decode(others[i], &notice))
            fail_msg("case %zu", i);
}

/* A long subject is cut between characters. */
static void test_bounds(void **state)
{
    char hex[2048] = MMS "967F";
    struct mms_notice notice;

    (void)state;
    for (int i = 0; i < 200; i++)
        strcat(hex, "C3A9");
    assert_true(decode(hex, &notice));
    assert_int_equal(strlen(notice.subject), sizeof(notice.subject) - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_ones),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_other_pushes),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
