/* test_xmpp_stanza.c - no illegal character ever leaves; errors as RFC 6120
 * and our own namespace have them; how soon to connect again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <expat.h>

#include "base/utf8.h"
#include "xmpp/retry.h"
#include "xmpp/stanza.h"
#include "xmpp/trouble.h"

/* Writes it, asks expat whether it is well-formed, and libstrophe whether it
 * would have written the same. */
static void check(xmpp_ctx_t *ctx, xmpp_stanza_t *stanza, char *out,
                  size_t size)
{
    XML_Parser parser = XML_ParserCreate("UTF-8");
    struct buf text;
    char *theirs;
    size_t n;

    buf_init(&text, 65536);
    assert_true(stanza_write(stanza, &text));
    if (XML_Parse(parser, text.data, (int)text.len, XML_TRUE) != XML_STATUS_OK)
        fail_msg("%s", text.data);
    assert_int_equal(xmpp_stanza_to_text(stanza, &theirs, &n), XMPP_EOK);
    assert_string_equal(text.data, theirs);
    (void)snprintf(out, size, "%s", text.data);
    XML_ParserFree(parser);
    xmpp_free(ctx, theirs);
    buf_free(&text);
    (void)xmpp_stanza_release(stanza);
}

static void test_write_has_a_ceiling(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    xmpp_stanza_t *stanza = stanza_new(ctx, "a", NULL);
    struct buf text;

    (void)state;
    stanza_set(stanza, "x", "<<<<");
    buf_init(&text, 25);
    assert_true(stanza_write(stanza, &text));
    assert_string_equal(text.data, "<a x=\"&lt;&lt;&lt;&lt;\"/>");
    buf_free(&text);
    buf_init(&text, 24);
    assert_false(stanza_write(stanza, &text));
    buf_free(&text);
    (void)xmpp_stanza_release(stanza);
    xmpp_ctx_free(ctx);
}

static xmpp_stanza_t *with(xmpp_ctx_t *ctx, const char *text)
{
    xmpp_stanza_t *stanza = stanza_new(ctx, "a", NULL);

    stanza_set(stanza, "x", text);
    stanza_add(stanza, "b", NULL, text);
    return stanza;
}

/* UTF-8 without checks, so that surrogates and more can be written. */
static size_t raw(char *out, uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

static void test_every_illegal_character(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    char text[16], out[256];

    (void)state;
    for (uint32_t cp = 1; cp < 0x110000; cp++) {
        if (utf8_is_xml(cp) && cp >= 0x100)
            continue;
        size_t n = raw(text, cp);

        text[n] = 'z';
        text[n + 1] = '\0';
        check(ctx, with(ctx, text), out, sizeof(out));
        assert_non_null(strchr(out, 'z'));
    }
    xmpp_ctx_free(ctx);
}

static void test_every_octet(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    char text[4] = "", out[256];

    (void)state;
    for (int a = 1; a < 256; a++) {
        for (int b = 0x70; b < 0x100; b += 5) {
            text[0] = (char)a;
            text[1] = (char)b;
            check(ctx, with(ctx, text), out, sizeof(out));
        }
    }
    xmpp_ctx_free(ctx);
}

static void test_what_stays(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    char out[256];

    (void)state;
    check(ctx, with(ctx, "a\nb\tc<&\"'>\xf0\x9f\x98\x80"), out, sizeof(out));
    assert_string_equal(out, "<a x=\"a b c&lt;&amp;&quot;'&gt;"
                             "\xf0\x9f\x98\x80\"><b>a\nb\tc&lt;&amp;&quot;'"
                             "&gt;\xf0\x9f\x98\x80</b></a>");
    check(ctx, with(ctx, "x\r\ny\x1b"), out, sizeof(out));
    assert_string_equal(out, "<a x=\"x y\"><b>x\ny</b></a>");
    check(ctx, with(ctx, ""), out, sizeof(out));
    assert_string_equal(out, "<a x=\"\"><b/></a>");
    xmpp_ctx_free(ctx);
}

static void test_refusal(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    struct envelope envelope = { .from = "+1@s", .to = "a@b/c", .id = "7" };
    xmpp_stanza_t *stanza = stanza_open(ctx, "message", &envelope);
    struct refusal refusal;
    struct err err;
    char out[1024];

    (void)state;
    (void)err_set(&err, ERR_REJECTED, "no <credit>");
    (void)snprintf(err.code, sizeof(err.code), "CMS 38");
    refusal = refusal_of(&err);
    stanza_refuse(stanza, &refusal);
    check(ctx, stanza, out, sizeof(out));
    assert_non_null(strstr(out, "type=\"error\""));
    assert_non_null(strstr(out, "<error type=\"cancel\"><not-acceptable "
                                "xmlns=\"urn:ietf:params:xml:ns:xmpp-"
                                "stanzas\"/>"));
    assert_non_null(strstr(out, "xml:lang=\"en\""));
    assert_non_null(strstr(out, ">no &lt;credit&gt;</text>"));
    assert_non_null(strstr(out, "urn:moongate:errors:0"));
    assert_non_null(strstr(out, "kind=\"rejected\""));
    assert_non_null(strstr(out, "code=\"CMS 38\""));
    assert_non_null(strstr(out, "retryable=\"false\""));
    xmpp_ctx_free(ctx);
}

static void test_trouble(void **state)
{
    static const struct trouble_names names = { "sms", "sms.x", "h:5347" };
    struct condition condition = { "not-authorized", "bad digest" };
    char out[256];

    (void)state;
    trouble_stream_error(&condition, &names, out, sizeof(out));
    assert_non_null(strstr(out, "wrong secret: compare networks.sms.secret"));
    condition = (struct condition){ "host-unknown", "" };
    trouble_stream_error(&condition, &names, out, sizeof(out));
    assert_non_null(strstr(out, "Component \"sms.x\""));
    condition = (struct condition){ "see-other-host", "there" };
    trouble_stream_error(&condition, &names, out, sizeof(out));
    assert_non_null(strstr(out, "see-other-host (it says: there)"));
    trouble_connection("connection to x: connection refused", &names, out,
                       sizeof(out));
    assert_non_null(strstr(out, "refused: is the XMPP server running"));
    trouble_namespace("jabber:client", &names, out, sizeof(out));
    assert_non_null(strstr(out, "h:5347 is not a component port"));
}

static void test_retry(void **state)
{
    struct retry retry = { 0 };
    uint64_t ms = 0, total = 0;

    (void)state;
    assert_in_range(retry_next_ms(&retry, false), 1, 200);
    for (int i = 0; i < 60; i++)
        total += ms = retry_next_ms(&retry, false);
    assert_true(ms <= 1000 && total >= 30000);
    for (int i = 0; i < 100; i++) {
        ms = retry_next_ms(&retry, false);
        assert_in_range(ms, 500, 30000);
    }
    assert_true(ms >= 15000);
    assert_in_range(retry_next_ms(&retry, true), 1, 200);
    assert_in_range(retry_next_ms(&retry, true), 500, 1000);
    assert_in_range(retry_next_ms(&retry, true), 1000, 2000);
    for (int i = 0; i < 100; i++)
        ms = retry_next_ms(&retry, true);
    assert_in_range(ms, 30000, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_has_a_ceiling),
        cmocka_unit_test(test_every_illegal_character),
        cmocka_unit_test(test_every_octet),
        cmocka_unit_test(test_what_stays),
        cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_trouble),
        cmocka_unit_test(test_retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
