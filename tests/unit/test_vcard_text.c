/* test_vcard_text.c - vCards that address books write, and nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/vcard_text.h"

static void on_number(void *arg, const char *name, const char *number)
{
    (void)buf_addf(arg, "%s=%s;", name, number);
}

struct card {
    const char *text, *found;
};

#define CARD(lines) "BEGIN:VCARD\r\nVERSION:4.0\r\n" lines "END:VCARD\r\n"

static const struct card cards[] = {
    { CARD("FN:Juliet Capulet\r\nTEL;VALUE=uri:tel:+44-7700-900123\r\n"),
      "Juliet Capulet=+44-7700-900123;" },
    { CARD("TEL;TYPE=cell:07700 900123\r\nTEL:1\r\nFN:Both\r\n"),
      "Both=07700 900123;Both=1;" },
    { CARD("N:Capulet;Juliet;;;\r\nTEL:1\r\n"), "Juliet Capulet=1;" },
    { CARD("N:x;y\r\nFN:Formatted\r\nTEL:1\r\n"), "Formatted=1;" },
    { CARD("FN:Formatted\r\nN:x;y\r\nTEL:1\r\n"), "Formatted=1;" },
    { CARD("FN:A long \r\n name\\, with\\; signs\\\\\\n\r\nTEL:1\r\n"),
      "A long name, with; signs\\ =1;" },
    { CARD("item1.TEL:1\r\nitem2.FN:Apple\r\n"), "Apple=1;" },
    { CARD("FN;LANGUAGE=\"a:b;c\":Quoted\r\nTEL;X=\":\":1\r\n"), "Quoted=1;" },
    { CARD("FN:One\nTEL:1\n") CARD("FN:Two\nTEL:2\n"), "One=1;Two=2;" },
    { "begin:vcard\nfn:small\ntel:1\nend:vcard", "small=1;" },
    { CARD("FN:No number\r\n"), "" },
    { CARD("TEL:1\r\n"), "" },
    { CARD("FN:\r\nTEL:1\r\n"), "" },
    { "FN:Nobody\nTEL:1\n", "" },
    { "BEGIN:VCARD\nFN:Endless\nTEL:1\n", "Endless=1;" },
    { "BEGIN:VCARD", "" },
    { "BEGIN:VCARD\n", "" },
    { "BEGIN", "" },
    { "\n\n \n:\n;:\n", "" },
    { "", "" },
};

static void reads_cards(void **state)
{
    struct buf found;

    (void)state;
    buf_init(&found, 4096);
    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        buf_reset(&found);
        (void)vcard_text_read(cards[i].text, 100, on_number, &found);
        assert_string_equal(buf_text(&found), cards[i].found);
    }
    buf_free(&found);
}

static void stops_at_its_limit(void **state)
{
    struct buf text, found;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&found, 1 << 20);
    for (int i = 0; i < 50; i++)
        (void)buf_addf(&text, CARD("FN:%d\nTEL:1\nTEL:2\n"), i);
    assert_int_equal(vcard_text_read(buf_text(&text), 5, on_number, &found), 5);
    assert_string_equal(buf_text(&found), "0=1;0=2;1=1;1=2;2=1;");
    buf_free(&text);
    buf_free(&found);
}

/* A photo that is longer than any line is skipped with its line. */
static void skips_long_lines(void **state)
{
    struct buf text, found;

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&found, 4096);
    (void)buf_add_text(&text, "BEGIN:VCARD\nPHOTO:");
    for (int i = 0; i < 5000; i++)
        (void)buf_add_text(&text, "AAAAAAAAAA\n ");
    (void)buf_add_text(&text, "\nFN:Seen\nTEL:1\nEND:VCARD\n");
    (void)vcard_text_read(buf_text(&text), 5, on_number, &found);
    assert_string_equal(buf_text(&found), "Seen=1;");
    buf_free(&text);
    buf_free(&found);
}

static void reads_what_it_writes(void **state)
{
    static const char name[] = "Montague, Romeo; \\ \xc3\xa9";
    struct buf text, found;

    (void)state;
    buf_init(&text, 4096);
    buf_init(&found, 4096);
    vcard_text_write(&text, name, "+447700900123", true);
    assert_string_equal(buf_text(&text),
                        "BEGIN:VCARD\nVERSION:4.0\n"
                        "FN:Montague\\, Romeo\\; \\\\ \xc3\xa9\n"
                        "TEL;VALUE=uri:tel:+447700900123\nEND:VCARD\n");
    (void)vcard_text_read(buf_text(&text), 5, on_number, &found);
    assert_string_equal(buf_text(&found),
                        "Montague, Romeo; \\ \xc3\xa9=+447700900123;");
    buf_free(&text);
    buf_free(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_cards),
        cmocka_unit_test(stops_at_its_limit),
        cmocka_unit_test(skips_long_lines),
        cmocka_unit_test(reads_what_it_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
