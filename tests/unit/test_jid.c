/* test_jid.c - splitting, escaping, and the local parts of foreign addresses */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "xmpp/jid.h"

struct split {
    const char *text;
    bool ok;
    const char *local, *domain, *resource;
};

static const struct split splits[] = {
    { "example.org", true, "", "example.org", "" },
    { "juliet@example.org", true, "juliet", "example.org", "" },
    { "Juliet@Example.ORG/Balcony", true, "juliet", "example.org", "Balcony" },
    { "evil.org/x@trusted.org", true, "", "evil.org", "x@trusted.org" },
    { "a@b.c/d/e@f", true, "a", "b.c", "d/e@f" },
    { "example.org./r", true, "", "example.org", "r" },
    { "+447700900123@sms.example.org", true, "+447700900123", "sms.example.org",
      "" },
    { "a@[::1]", true, "a", "[::1]", "" },
    { "j\xc3\xbcrgen@example.org", true, "j\xc3\xbcrgen", "example.org", "" },
    { "a@b/\xe2\x98\x83", true, "a", "b", "\xe2\x98\x83" },
    { "", false, NULL, NULL, NULL },
    { ".", false, NULL, NULL, NULL },
    { "a@b..", false, NULL, NULL, NULL },
    { "@example.org", false, NULL, NULL, NULL },
    { "juliet@", false, NULL, NULL, NULL },
    { "example.org/", false, NULL, NULL, NULL },
    { "juliet@/x", false, NULL, NULL, NULL },
    { "/x", false, NULL, NULL, NULL },
    { "a b@example.org", false, NULL, NULL, NULL },
    { "a\"b@example.org", false, NULL, NULL, NULL },
    { "a@b@c", false, NULL, NULL, NULL },
    { "a\x01@b", false, NULL, NULL, NULL },
    { "a@b\n", false, NULL, NULL, NULL },
    { "a@b/c\x7f", false, NULL, NULL, NULL },
    { "a\xff@b", false, NULL, NULL, NULL },
    { "a@b/\xc0\x80", false, NULL, NULL, NULL },
};

static void test_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(splits) / sizeof(splits[0]); i++) {
        const struct split *row = &splits[i];
        struct jid jid = { .domain = "untouched" };

        if (jid_parse(row->text, &jid) != row->ok)
            fail_msg("%s", row->text);
        assert_string_equal(jid.local, row->ok ? row->local : "");
        assert_string_equal(jid.domain, row->ok ? row->domain : "untouched");
        assert_string_equal(jid.resource, row->ok ? row->resource : "");
    }
}

static void test_text(void **state)
{
    struct jid jid;
    char text[JID_SIZE];

    (void)state;
    assert_true(jid_parse("A@B/C", &jid));
    jid_full(&jid, text);
    assert_string_equal(text, "a@b/C");
    jid_bare(&jid, text);
    assert_string_equal(text, "a@b");
    assert_true(jid_parse("b/c", &jid));
    jid_full(&jid, text);
    assert_string_equal(text, "b/c");
}

static void test_limits(void **state)
{
    char text[JID_SIZE + 8];
    struct jid jid;

    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        size_t n = JID_PART_MAX + extra;
        char *at = text;

        memset(at, 'a', n);
        at[n] = '@';
        memset(at + n + 1, 'b', JID_PART_MAX);
        at[n + 1 + JID_PART_MAX] = '/';
        memset(at + n + 2 + JID_PART_MAX, 'c', JID_PART_MAX);
        at[n + 2 + 2 * JID_PART_MAX] = '\0';
        assert_int_equal(jid_parse(text, &jid), extra == 0);
    }
    memset(text, 'b', JID_PART_MAX + 1);
    text[JID_PART_MAX + 1] = '\0';
    assert_false(jid_parse(text, &jid));
    text[JID_PART_MAX] = '\0';
    assert_true(jid_parse(text, &jid));
}

static void test_equal_and_parent(void **state)
{
    struct jid a, b;

    (void)state;
    assert_true(jid_parse("a@b/c", &a));
    assert_true(jid_parse("A@B/d", &b));
    assert_true(jid_equal_bare(&a, &b));
    assert_true(jid_parse("b/c", &b));
    assert_false(jid_equal_bare(&a, &b));
    assert_string_equal(jid_parent_domain("sms.example.org"), "example.org");
    assert_null(jid_parent_domain("localhost"));
    assert_null(jid_parent_domain("sms."));
}

struct pair {
    const char *plain, *escaped;
};

/* The examples of XEP-0106 1.1.1, sections 3 to 5. */
static const struct pair escapes[] = {
    { "space cadet", "space\\20cadet" },
    { "call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22" },
    { "at&t guy", "at\\26t\\20guy" },
    { "d'artagnan", "d\\27artagnan" },
    { "/.fanboy", "\\2f.fanboy" },
    { "::foo::", "\\3a\\3afoo\\3a\\3a" },
    { "<foo>", "\\3cfoo\\3e" },
    { "user@host", "user\\40host" },
    { "c:\\net", "c\\3a\\net" },
    { "c:\\\\net", "c\\3a\\\\net" },
    { "c:\\cool stuff", "c\\3a\\cool\\20stuff" },
    { "c:\\5commas", "c\\3a\\5c5commas" },
    { "\\2plus\\2is\\4", "\\2plus\\2is\\4" },
    { "foo\\bar", "foo\\bar" },
    { "foob\\41r", "foob\\41r" },
    { "here's_a_wild_&_/cr%zy/_address@example.com",
      "here\\27s_a_wild_\\26_\\2fcr%zy\\2f_address\\40example.com" },
    { "\\20x", "\\5c20x" },
    { "\\5c", "\\5c5c" },
    { "+447700900123", "+447700900123" },
    { "12345;phone-context=+44", "12345;phone-context=+44" },
};

static void test_escape(void **state)
{
    char out[JID_PART_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        assert_true(jid_escape(escapes[i].plain, out));
        assert_string_equal(out, escapes[i].escaped);
        assert_true(jid_unescape(escapes[i].escaped, out));
        assert_string_equal(out, escapes[i].plain);
    }
}

static void test_escape_refusals(void **state)
{
    char out[JID_PART_MAX + 1], text[JID_PART_MAX + 2];

    (void)state;
    assert_false(jid_escape("", out));
    assert_false(jid_escape(" a", out));
    assert_false(jid_escape("a ", out));
    assert_false(jid_escape("a\nb", out));
    assert_false(jid_escape("a\xff", out));
    assert_false(jid_unescape("", out));
    assert_false(jid_unescape("\\20a", out));
    assert_false(jid_unescape("a\\20", out));
    assert_true(jid_unescape("a\\2", out)); /* half an escape is no escape */
    assert_string_equal(out, "a\\2");
    memset(text, 'x', sizeof(text));
    text[JID_PART_MAX + 1] = '\0';
    assert_false(jid_escape(text, out));
    text[JID_PART_MAX] = '\0';
    assert_true(jid_escape(text, out));
    text[1] = '@';
    assert_false(jid_escape(text, out));
}

static const struct pair addresses[] = {
    { "+447700900123", "+447700900123" },
    { "12345;phone-context=+44", "12345;phone-context=+44" },
    { "name:Amazon", "alpha-_amazon" },
    { "name:VODAFONE", "alpha-_v_o_d_a_f_o_n_e" },
    { "name:My Bank", "alpha-_my=20_bank" },
    { "name:447700900123", "alpha-447700900123" },
    { "name:+447700900123", "alpha-=2b447700900123" },
    { "name:a_b=c", "alpha-a=5fb=3dc" },
    { "name:J\xc3\xb6rg@x/y", "alpha-_j=c3=b6rg=40x=2fy" },
    { "name:alpha-x", "alpha-alpha-x" },
};

static void test_addresses(void **state)
{
    char out[ADDRESS_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct jid jid;
        char text[ADDRESS_SIZE + 32];

        assert_true(jid_from_address(addresses[i].plain, true, out));
        assert_string_equal(out, addresses[i].escaped);
        /* Survives what a server does to it. */
        (void)snprintf(text, sizeof(text), "%s@sms.example.org", out);
        assert_true(jid_parse(text, &jid));
        assert_string_equal(jid.local, addresses[i].escaped);
        assert_true(jid_to_address(jid.local, true, out));
        assert_string_equal(out, addresses[i].plain);
    }
}

static void test_every_name_octet(void **state)
{
    char address[16], local[ADDRESS_SIZE], back[ADDRESS_SIZE];

    (void)state;
    for (int c = 1; c < 128; c++) {
        (void)snprintf(address, sizeof(address), "name:x%cy", c);
        assert_true(jid_from_address(address, true, local));
        assert_int_equal(strspn(local, "abcdefghijklmnopqrstuvwxyz"
                                       "0123456789-._="),
                         strlen(local));
        assert_true(jid_to_address(local, true, back));
        assert_string_equal(back, address);
    }
}

static void test_bad_names(void **state)
{
    static const char *const bad[] = { "alpha-",    "alpha-=4",  "alpha-=zz",
                                       "alpha-_1",  "alpha-_",   "alpha-=00",
                                       "alpha-a+b", "alpha-=ff", "alpha-Ab" };
    char out[ADDRESS_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(jid_to_address(bad[i], true, out));
    assert_false(jid_from_address("name:", true, out));
    assert_false(jid_from_address("alpha-x", true, out));
    /* Elsewhere it is an address like any other. */
    assert_true(jid_to_address("alpha-x", false, out));
    assert_string_equal(out, "alpha-x");
    assert_true(jid_from_address("name:x", false, out));
    assert_string_equal(out, "name\\3ax");
}

static void test_uri(void **state)
{
    char out[64];

    (void)state;
    assert_true(jid_uri("+4477", "sms.example.org", out, sizeof(out)));
    assert_string_equal(out, "xmpp:+4477@sms.example.org");
    assert_true(jid_uri("123;phone-context=+44", "s.x", out, sizeof(out)));
    assert_string_equal(out, "xmpp:123%3bphone-context=+44@s.x");
    assert_true(jid_uri("", "s.x", out, sizeof(out)));
    assert_string_equal(out, "xmpp:s.x");
    assert_false(jid_uri("+447700900123", "sms.example.org", out, 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_equal_and_parent),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_refusals),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_every_name_octet),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_uri),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
