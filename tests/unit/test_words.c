/* test_words.c - what messages show that are no plain texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "gsm/words.h"

/* DELIVER from +447700900123 at noon on 1 December 2021. */
#define NOON "12210121000000"

static bool show(const char *bits, const char *coding, const char *data,
                 struct buf *out)
{
    char hex[512];
    uint8_t bytes[PDU_MAX];
    struct buf raw, clean;
    struct words words;
    struct pdu pdu;
    struct err err;
    size_t size;
    bool notice;

    snprintf(hex, sizeof(hex), "00%s0C91447700092143%s" NOON "%s", bits, coding,
             data);
    assert_true(pdu_from_hex(hex, bytes, sizeof(bytes), &size, NULL));
    if (!pdu_decode(bytes, size, &pdu, &err))
        fail_msg("%s %s: %s", coding, data, err.text);
    buf_init(&raw, 1024);
    buf_init(&clean, 1024);
    assert_true(pdu_text(&pdu, &raw));
    assert_true(utf8_clean(&clean, buf_text(&raw), raw.len));
    words = (struct words){ &pdu, buf_text(&clean), pdu.data,
                            pdu.alphabet == PDU_8BIT ? pdu.size : 0 };
    notice = words_write(&words, out);
    buf_free(&raw);
    buf_free(&clean);
    return notice;
}

static void test_words(void **state)
{
    static const struct {
        const char *bits, *coding, *data, *want;
        bool notice;
    } cases[] = {
        { "04", "0000", "0141", "A", false },
        { "04", "0000", "00", "[An empty message]", false },
        /* Flash, in all ways to write it. */
        { "04", "0010", "0141", "[flash] A", false },
        { "04", "00F0", "0141", "[flash] A", false },
        { "04", "0018", "020041", "[flash] A", false },
        { "04", "00F1", "0141", "A", false },
        { "04", "00F2", "0141", "A", false }, /* class 2: for the SIM's store */
        /* Data for the SIM. */
        { "04", "00F6", "0101", "", true },
        { "04", "7F16", "0141", "", true },
        { "04", "4000", "0141", "", true },
        /* Call me. */
        { "04", "5F00", "0141", "[please call back] A", false },
        { "04", "5F00", "00", "[Please call back]", false },
        /* Something waits: by the coding, by the header, both, with a text. */
        { "04", "00C8", "00", "Voicemail waiting", true },
        { "04", "00C0", "00", "No voicemail waiting any more", true },
        { "04", "00D9", "0141", "Fax waiting\nA", true },
        { "04", "00EA", "020041", "E-mail waiting\nA", true },
        { "04", "00CB", "00", "Message waiting", true },
        { "44", "0000", "06040102000200", "Voicemail waiting (2)", true },
        { "44", "00C8", "06040102800000", "No voicemail waiting any more",
          true },
        { "44", "0004", "0A08010200030102020141",
          "Voicemail waiting (3)\nE-mail waiting (1)\nA", true },
        /* To ports. */
        { "44", "0004", "0B0605040B8423F0010601BE",
          "[An MMS waits at the operator; it cannot be fetched here]", true },
        { "44", "0004", "0B0605040B8423F0010601AE",
          "[A WAP push message that cannot be shown here]", true },
        { "44", "0004", "08060504158100000141",
          "[A ringtone that cannot be shown here]", true },
        { "44", "0004", "0B06050423F400004142430A",
          "[A business card (vCard)]\nABC\n", true },
        { "44", "0004", "0806050423F4000001",
          "[A business card (vCard) that cannot be shown here]", true },
        { "44", "0004", "08060504303900000141",
          "[A data message for application port 12345; it cannot be shown "
          "here]",
          true },
        { "04", "0004", "0101", "[A data message that cannot be shown here]",
          true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out;

        buf_init(&out, 1024);
        if (show(cases[i].bits, cases[i].coding, cases[i].data, &out) !=
            cases[i].notice)
            fail_msg("case %zu: notice", i);
        if (strcmp(buf_text(&out), cases[i].want) != 0)
            fail_msg("case %zu: %s", i, buf_text(&out));
        buf_free(&out);
    }
}

static void test_mms(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 1024);
    assert_true(show("44", "0004",
                     "390605040B8423F0"
                     "010603BEAF848C82"
                     "8918802B33333333333439333231312F545950453D504C4D4E00"
                     "964869008E03017A59880581030000"
                     "3C",
                     &out) == true);
    assert_string_equal(
        buf_text(&out),
        "[An MMS waits at the operator: from +33333493211, \"Hi\", 95 kB, kept "
        "until 2021-12-10 12:01 UTC; it cannot be fetched here]");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_mms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
