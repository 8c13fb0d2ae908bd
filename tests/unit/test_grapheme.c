/* test_grapheme.c - where a text may be cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "sms/grapheme.h"

/* '|' stands where a cluster begins. */
static void check(const char *marked)
{
    struct grapheme_state state = { 0 };
    size_t size = strlen(marked);
    bool wanted = true;

    for (size_t pos = 0; pos < size;) {
        uint32_t cp = utf8_next(marked, size, &pos);

        if (cp == '|') {
            wanted = true;
            continue;
        }
        if (grapheme_starts(&state, cp) != wanted)
            fail_msg("%s: U+%04X", marked, cp);
        wanted = false;
    }
}

static void test_clusters(void **state)
{
    static const char *const cases[] = {
        "a|b| |c",
        "a|\r\n|b|\n|\r|x",
        "e\u0301\u0323|x",
        "a\u20DD|1\uFE0F\u20E3|2",
        /* Marks of scripts beyond the common ones: Balinese, Cham, Brahmi. */
        "\u1B13\u1B44|\uAA00\uAA29|\U00011013\U00011038|x",
        /* Hangul: jamo, old jamo, a syllable with a final behind it. */
        "\u1112\u1161\u11AB|\uA960\u1161\uD7CB|\uAC00\u11A8|\uAC01|\uAC00",
        "\u1100\u1100\uAC00|\u1100",
        /* Conjuncts, with ZWJ and nukta; a virama before something else. */
        "क्षि|क|क्‍ष|ब्र|क्|।|ক্ষ|"
        "ക്ഷ",
        "க்|a",
        "\u0600\u0661|\u0661", /* a number sign goes with its digit */
        "🇩🇪|🇫🇷|🇬|a|🇩🇪|🇫",
        "👍🏽|👩‍👩‍👧‍👦|🏳️‍🌈|❤️|👩|👩",
        "🏴\U000E0067\U000E0062\U000E007F|x",
        "a‍|👩", /* a joiner behind a letter joins nothing */
        "กำ|น้ำ|ກຳ|x",
        "\u0301|a", /* with nothing before it */
        "\n|\u0301|a|\u2028|\u0301",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
