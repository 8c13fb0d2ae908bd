/* test_reader.c - the stanza reader: limits, splits, what it refuses, cost */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "xmpp/reader.h"
#include "xmpp/stanza.h"

#define HEADER                                                                 \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "     \
    "xmlns:stream='http://etherx.jabber.org/streams' id='a&amp;b' "            \
    "from='sms.localhost'>"

/* Writes every event as text. */
struct tape {
    xmpp_ctx_t *ctx;
    struct reader *reader;
    struct buf text;
    unsigned stanzas, oversized;
    bool stop;
};

static void on_opened(void *arg, const char *id, const char *ns)
{
    struct tape *tape = arg;

    (void)buf_addf(&tape->text, "[open %s %s]", id, ns);
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct tape *tape = arg;
    char *text;
    size_t size;

    tape->stanzas++;
    assert_int_equal(xmpp_stanza_to_text(stanza, &text, &size), XMPP_EOK);
    (void)buf_add(&tape->text, text, size);
    xmpp_free(tape->ctx, text);
    if (tape->stop)
        reader_stop(tape->reader);
}

static void on_oversized(void *arg, const struct stanza_head *head)
{
    struct tape *tape = arg;

    tape->oversized++;
    (void)buf_addf(&tape->text, "[over %s %s %s %s %s]",
                   head->name ? head->name : "-", head->from ? head->from : "-",
                   head->to ? head->to : "-", head->id ? head->id : "-",
                   head->type ? head->type : "-");
}

static void on_closed(void *arg)
{
    struct tape *tape = arg;

    (void)buf_add_text(&tape->text, "[close]");
}

static const struct reader_events events = {
    .opened = on_opened,
    .stanza = on_stanza,
    .oversized = on_oversized,
    .closed = on_closed,
};

static void tape_init(struct tape *tape, size_t max)
{
    memset(tape, 0, sizeof(*tape));
    buf_init(&tape->text, 1 << 22);
    tape->ctx = stanza_context();
    tape->reader = reader_new(tape->ctx, max, &events, tape);
}

static void tape_clear(struct tape *tape)
{
    reader_free(tape->reader);
    xmpp_ctx_free(tape->ctx);
    buf_free(&tape->text);
}

static bool feed(struct tape *tape, const char *text)
{
    struct err err = { 0 };

    return reader_feed(tape->reader, text, strlen(text), &err);
}

static void begin(struct tape *tape, size_t max)
{
    tape_init(tape, max);
    assert_true(feed(tape, HEADER));
    buf_reset(&tape->text);
}

static void expect(struct tape *tape, const char *text)
{
    assert_string_equal(buf_text(&tape->text), text);
    buf_reset(&tape->text);
}

static void test_stream(void **state)
{
    struct tape tape;

    (void)state;
    tape_init(&tape, 0);
    assert_true(feed(&tape, HEADER));
    expect(&tape, "[open a&b jabber:component:accept]");
    assert_true(feed(&tape, " \n<handshake/>"));
    expect(&tape, "<handshake xmlns=\"jabber:component:accept\"/>");
    assert_true(feed(&tape, "<message><body>x &lt;&#65;&quot;<!-- no -->"
                            "<![CDATA[<&]]]]></body></message>"));
    expect(&tape, "<message xmlns=\"jabber:component:accept\"><body>"
                  "x &lt;A&quot;&lt;&amp;]]</body></message>");
    assert_true(feed(&tape, "<!-- c --> </stream:stream> junk <<<"));
    expect(&tape, "[close]");
    tape_clear(&tape);
}

static void test_namespaces(void **state)
{
    struct tape tape;

    (void)state;
    begin(&tape, 0);
    assert_true(feed(&tape, "<stream:error><x xmlns='a#b|c'/>"
                            "</stream:error>"));
    expect(&tape, "<error xmlns=\"http://etherx.jabber.org/streams\">"
                  "<x xmlns=\"a#b|c\"/></error>");
    assert_true(feed(&tape, "<a xml:lang='en'/>"));
    assert_non_null(strstr(buf_text(&tape.text), "xml:lang=\"en\""));
    buf_reset(&tape.text);
    assert_true(feed(&tape, "<a xmlns:p='urn:p' p:lang='en'><p:b/></a>"));
    expect(&tape, "<a xmlns=\"jabber:component:accept\">"
                  "<b xmlns=\"urn:p\"/></a>");
    tape_clear(&tape);
}

/* Every printable character may be in a namespace that a user makes up. */
static void test_any_namespace(void **state)
{
    struct tape tape;
    char text[64];

    (void)state;
    begin(&tape, 0);
    for (int c = 0x20; c < 0x7f; c++) {
        (void)snprintf(text, sizeof(text), "<a><b xmlns='x&#%d;y'/></a>", c);
        assert_true(feed(&tape, text));
    }
    assert_int_equal(tape.oversized, 0);
    assert_int_equal(tape.stanzas, 0x7f - 0x20);
    tape_clear(&tape);
}

static const char conversation[] =
    HEADER "<handshake></handshake>"
           "<message from='a@b/c' to=\"+1@sms.localhost\" id='1'>"
           "<body>h&#xe9;\xf0\x9f\x98\x80 &gt;</body><x xmlns='y' z='/>'/>"
           "</message> <!-- <x> --><iq id='2' type='get'/>"
           "<a><b><c><d><e><f/></e></d></c></b></a>" /* too deep for 5 */
           "<iq id='3' type='get'><![CDATA[</iq>]]></iq>"
           "<message id='4' from='x' ><body>0123456789012345678901234567890123"
           "456789012345678901234567890123456789012345678901234567890123456789"
           "0123456789012345678901234567890123456789012345678901234567890123"
           "</body></message><presence/></stream:stream>";

static void test_every_split(void **state)
{
    struct tape whole, split;
    size_t size = sizeof(conversation) - 1;

    (void)state;
    tape_init(&whole, 200);
    assert_true(feed(&whole, conversation));
    assert_int_equal(whole.oversized, 1);
    for (size_t cut = 0; cut <= size; cut++) {
        struct err err;

        tape_init(&split, 200);
        assert_true(reader_feed(split.reader, conversation, cut, &err));
        assert_true(
            reader_feed(split.reader, conversation + cut, size - cut, &err));
        assert_string_equal(buf_text(&split.text), buf_text(&whole.text));
        tape_clear(&split);
    }
    tape_init(&split, 200);
    for (size_t i = 0; i < size; i++) {
        struct err err;

        assert_true(reader_feed(split.reader, conversation + i, 1, &err));
    }
    assert_string_equal(buf_text(&split.text), buf_text(&whole.text));
    tape_clear(&split);
    tape_clear(&whole);
}

/* Adds `n` copies of `unit`. */
static void repeat(struct buf *buf, const char *unit, size_t n)
{
    while (n-- > 0)
        (void)buf_add_text(buf, unit);
}

static void test_bytes(void **state)
{
    struct tape tape;
    struct buf big;

    (void)state;
    begin(&tape, 0);
    buf_init(&big, 1 << 24);
    (void)buf_add_text(&big, "<message from='a@b' to='c' id='7' type='chat' "
                             "x='y'><body>");
    repeat(&big, "0123456789", 1 << 20);
    (void)buf_add_text(&big, "</body></message>");
    for (size_t pos = 0; pos < big.len; pos += 60000) {
        size_t n = big.len - pos < 60000 ? big.len - pos : 60000;
        struct err err;

        assert_true(reader_feed(tape.reader, big.data + pos, n, &err));
    }
    expect(&tape, "[over message a@b c 7 chat]");
    assert_true(feed(&tape, "<presence/>"));
    expect(&tape, "<presence xmlns=\"jabber:component:accept\"/>");
    buf_free(&big);
    tape_clear(&tape);
}

/* The limit itself is allowed, one byte more is not. */
static void test_bytes_exactly(void **state)
{
    struct tape tape;

    (void)state;
    begin(&tape, 20);
    assert_true(feed(&tape, "<a><b>12345678</b></"));
    expect(&tape, "");
    assert_true(feed(&tape, "a>"));
    expect(&tape, "[over a - - - -]");
    assert_true(feed(&tape, "<a><b>123456</b></a>"));
    assert_int_equal(tape.stanzas, 1);
    tape_clear(&tape);
}

static void test_depth(void **state)
{
    struct tape tape;
    struct buf text;

    (void)state;
    begin(&tape, 0);
    buf_init(&text, 1 << 20);
    repeat(&text, "<a>", 32);
    repeat(&text, "</a>", 32);
    assert_true(feed(&tape, buf_text(&text)));
    assert_int_equal(tape.stanzas, 1);
    buf_reset(&text);
    repeat(&text, "<a>", 33);
    repeat(&text, "</a>", 33);
    assert_true(feed(&tape, buf_text(&text)));
    assert_int_equal(tape.oversized, 1);
    buf_reset(&text);
    repeat(&text, "<a>", 10000);
    repeat(&text, "</a>", 10000);
    assert_true(feed(&tape, buf_text(&text)));
    assert_int_equal(tape.oversized, 2);
    assert_true(feed(&tape, "<iq/>"));
    assert_int_equal(tape.stanzas, 2);
    buf_free(&text);
    tape_clear(&tape);
}

static void test_elements_and_attributes(void **state)
{
    struct tape tape;
    struct buf text;

    (void)state;
    begin(&tape, 0);
    buf_init(&text, 1 << 20);
    for (unsigned extra = 0; extra < 2; extra++) {
        buf_reset(&text);
        (void)buf_add_text(&text, "<m id='1'>");
        repeat(&text, "<a/>", 255 + extra);
        (void)buf_add_text(&text, "</m>");
        assert_true(feed(&tape, buf_text(&text)));
        assert_int_equal(tape.oversized, extra);
        buf_reset(&text);
    }
    buf_reset(&tape.text);
    for (unsigned n = 64; n < 66; n++) {
        buf_reset(&text);
        (void)buf_add_text(&text, "<m id='1'");
        for (unsigned i = 1; i < n; i++)
            (void)buf_addf(&text, " a%u='&lt;'", i);
        (void)buf_add_text(&text, " from='late'/>");
        buf_reset(&tape.text);
        assert_true(feed(&tape, buf_text(&text)));
    }
    assert_int_equal(tape.oversized, 3);
    expect(&tape, "[over m - - 1 -]");
    buf_free(&text);
    tape_clear(&tape);
}

static const char *const refused[] = {
    HEADER "<!DOCTYPE x>",
    "<!DOCTYPE stream [<!ENTITY a 'b'>]>" HEADER,
    HEADER "<message><!DOCTYPE x></message>",
    HEADER "<!ENTITY x 'y'>",
    HEADER "<![CDATA[x]]>",
    HEADER "<?php x?>",
    HEADER "<message><?xml-stylesheet x?></message>",
    "<?xml version='1.0'?><?xml version='1.0'?>" HEADER,
    HEADER "text",
    HEADER "<a/>&amp;",
    "</stream:stream>",
    "HTTP/1.1 400 Bad Request\r\n",
    "<html><body>",
    "<stream:stream xmlns:stream='urn:other'>",
    HEADER "<a/b/>",
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct tape tape;
        struct err err = { 0 };

        tape_init(&tape, 0);
        if (reader_feed(tape.reader, refused[i], strlen(refused[i]), &err))
            fail_msg("%s", refused[i]);
        assert_int_equal(err.kind, ERR_PROTOCOL);
        assert_int_not_equal(err.text[0], 0);
        /* Dead until it is reset; then as new. */
        buf_reset(&tape.text);
        (void)feed(&tape, "<presence/>");
        expect(&tape, "");
        reader_reset(tape.reader);
        tape.stanzas = 0;
        assert_true(feed(&tape, HEADER "<presence/>"));
        assert_int_equal(tape.stanzas, 1);
        tape_clear(&tape);
    }
}

static const char *const unreadable[] = {
    "<message id='5' from='a'><body>\xff</body></message>",
    "<message id='5' from='a'><body>\x01</body></message>",
    "<message id='5' from='a'><body>&#0;</body></message>",
    "<message id='5' from='a'><body>&evil;</body></message>",
    "<message id='5' from='a'><no:ns/></message>",
    "<message id='5' from='a'><a x='1' x='2'/></message>",
    "<message id='5' from='a'><a></b></message>",
    "<message id='5' from='a'>\xed\xa0\x80</message>",
};

/* What expat refuses costs that stanza, not the stream. */
static void test_unreadable(void **state)
{
    struct tape tape;

    (void)state;
    begin(&tape, 0);
    for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
        assert_true(feed(&tape, unreadable[i]));
        expect(&tape, "[over message a - 5 -]");
        assert_true(feed(&tape, "<presence/>"));
        expect(&tape, "<presence xmlns=\"jabber:component:accept\"/>");
    }
    tape_clear(&tape);
}

static void test_stop_in_event(void **state)
{
    struct tape tape;

    (void)state;
    begin(&tape, 0);
    tape.stop = true;
    assert_true(feed(&tape, "<a/><b/><c/>"));
    assert_int_equal(tape.stanzas, 1);
    tape_clear(&tape);
}

static double cpu(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* CPU seconds for one stanza of `unit`s, fed in pieces of `piece` bytes. */
static double cost(const char *unit, size_t bytes, size_t piece)
{
    struct tape tape;
    struct buf text;
    double start;

    begin(&tape, 0);
    buf_init(&text, 1 << 24);
    (void)buf_add_text(&text, "<message><body>");
    repeat(&text, unit, bytes / strlen(unit));
    (void)buf_add_text(&text, "</body></message>");
    start = cpu();
    for (size_t pos = 0; pos < text.len; pos += piece) {
        size_t n = text.len - pos < piece ? text.len - pos : piece;
        struct err err;

        assert_true(reader_feed(tape.reader, text.data + pos, n, &err));
    }
    start = cpu() - start;
    assert_int_equal(tape.stanzas + tape.oversized, 1);
    buf_free(&text);
    tape_clear(&tape);
    return start;
}

/* T11: what cost libstrophe's own reader 1.3 s is bounded here; the limits
 * are loose so that a busy machine passes. */
static void test_cost(void **state)
{
    static const char *const units[] = { "\n",   "&lt;", "x",       "&#10;",
                                         "<a/>", "<a>",  "<!---->", "]]" };

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i], "<a>") == 0)
            continue;
        assert_true(cost(units[i], 65000, 65536) < 0.1);
        assert_true(cost(units[i], 512 * 1024, 4096) < 0.2);
        assert_true(cost(units[i], 65000, 7) < 0.2);
    }
}

/* expat remembers names; a peer that makes up new ones fills nothing. */
static void test_memory(void **state)
{
    struct tape tape;
    char text[128];
    size_t before = 0;

    (void)state;
    begin(&tape, 0);
    for (unsigned i = 0; i < 40000; i++) {
        (void)snprintf(text, sizeof(text),
                       "<message><x%u xmlns='u%u' a%u='b'/></message>", i, i,
                       i);
        assert_true(feed(&tape, text));
        buf_reset(&tape.text);
        if (i == 10000)
            before = mallinfo2().uordblks;
    }
    assert_int_equal(tape.stanzas, 40000);
    assert_true(mallinfo2().uordblks < before + (1 << 20));
    tape_clear(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_namespaces),
        cmocka_unit_test(test_any_namespace),
        cmocka_unit_test(test_every_split),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bytes_exactly),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_elements_and_attributes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_stop_in_event),
        cmocka_unit_test(test_cost),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
