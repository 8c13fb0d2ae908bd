/* test_xmpp_iq.c - every IQ is answered, in order and after the ack fence;
 * disco, version, ping, prompt; subscriptions and presence. */
#include "xmpp_scene.h"

#include "base/mem.h"
#include "core/front.h"

static const char *ask(const char *to, const char *type, const char *payload)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "<iq type='%s' from='a@example.org/r' to='%s' id='i1'>%s"
                   "</iq>",
                   type, to, payload);
    return converse(text);
}

#define CONTACT "+447700900123@sms.localhost"
#define INFO "<query xmlns='http://jabber.org/protocol/disco#info'/>"
#define ITEMS "<query xmlns='http://jabber.org/protocol/disco#items'/>"

struct question {
    const char *to, *type, *payload;
    const char *parts[6];
};

static const struct question questions[] = {
    { "sms.localhost",
      "get",
      "<ping xmlns='urn:xmpp:ping'/>",
      { "type=\"result\"" } },
    { CONTACT,
      "get",
      "<ping xmlns='urn:xmpp:ping'/>",
      { "type=\"result\"", "from=\"" CONTACT "\"" } },
    { "sms.localhost/x",
      "get",
      "<ping xmlns='urn:xmpp:ping'/>",
      { "type=\"result\"", "from=\"sms.localhost/x\"" } },
    { "sms.localhost",
      "get",
      INFO,
      { "category=\"gateway\"", "type=\"sms\"", "\"jabber:iq:gateway\"",
        "\"jabber:iq:version\"", "\"urn:xmpp:ping\"",
        "\"http://jabber.org/protocol/disco#info\"" } },
    { CONTACT,
      "get",
      INFO,
      { "category=\"client\"", "type=\"phone\"", "\"urn:xmpp:receipts\"" } },
    { "sms.localhost", "get", ITEMS, { "type=\"result\"", "disco#items\"" } },
    { CONTACT, "get", ITEMS, { "type=\"result\"" } },
    { "sms.localhost",
      "get",
      "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>",
      { "<error type=\"cancel\"><item-not-found " } },
    { "sms.localhost",
      "get",
      "<query xmlns='http://jabber.org/protocol/disco#items' node='x'/>",
      { "<item-not-found " } },
    { "sms.localhost",
      "get",
      "<query xmlns='jabber:iq:version'/>",
      { "<name>Moongate</name>", "<version>" } },
    { "sms.localhost",
      "get",
      INFO,
      { "\"abuse-addresses\"", "<value>mailto:abuse@example.org</value>",
        "urn:xmpp:data-policy:0", "<value>168</value>",
        "urn:xmpp:data-policy:identity:gateway:sms:0" } },
    { "sms.localhost",
      "get",
      "<query xmlns='jabber:iq:last'/>",
      { "type=\"result\"", "seconds=\"0\"" } },
    { CONTACT,
      "get",
      "<query xmlns='jabber:iq:last'/>",
      { "<service-unavailable " } },
    { "sms.localhost",
      "get",
      "<time xmlns='urn:xmpp:time'/>",
      { "<tzo>", "<utc>2" } },
    { "sms.localhost",
      "get",
      "<query xmlns='jabber:iq:gateway'/>",
      { "<prompt>Phone number</prompt>", "<desc>" } },
    { "sms.localhost",
      "set",
      "<query xmlns='jabber:iq:gateway'><prompt>07700 900123</prompt></query>",
      { "<jid>" CONTACT "</jid>" } },
    { "sms.localhost",
      "set",
      "<query xmlns='jabber:iq:gateway'><prompt>tel\\3a+447700900123</prompt>"
      "</query>",
      { "<jid>" CONTACT "</jid>" } },
    { "sms.localhost",
      "set",
      "<query xmlns='jabber:iq:gateway'><prompt>" CONTACT "</prompt></query>",
      { "<jid>" CONTACT "</jid>" } },
    { "sms.localhost",
      "set",
      "<query xmlns='jabber:iq:gateway'><prompt>12345</prompt></query>",
      { "<jid>12345;phone-context=+44@sms.localhost</jid>" } },
    { "sms.localhost",
      "set",
      "<query xmlns='jabber:iq:gateway'><prompt>bob</prompt></query>",
      { "<item-not-found " } },
    { "sms.localhost",
      "set",
      "<query xmlns='jabber:iq:gateway'/>",
      { "<bad-request " } },
    { CONTACT,
      "get",
      "<query xmlns='jabber:iq:gateway'/>",
      { "<service-unavailable " } },
    { "sms.localhost",
      "get",
      "<privacy xmlns='jabber:iq:privacy'/>",
      { "<error type=\"cancel\"><service-unavailable " } },
    { "sms.localhost",
      "set",
      "<ping xmlns='urn:xmpp:ping'/>",
      { "<service-unavailable " } },
    { "sms.localhost",
      "get",
      "<ping xmlns='urn:other'/>",
      { "<service-unavailable " } },
    { "sms.localhost", "get", "", { "<bad-request " } },
    { "sms.localhost",
      "maybe",
      "<ping xmlns='urn:xmpp:ping'/>",
      { "<bad-request " } },
    { "nobody@sms.localhost", "get", INFO, { "<item-not-found " } },
    { "07700900123@sms.localhost",
      "get",
      INFO,
      { ">xmpp:" CONTACT "</gone>" } },
};

static void test_questions(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const struct question *row = &questions[i];
        const char *out = ask(row->to, row->type, row->payload);

        has(out, "<iq ");
        has(out, "id=\"i1\"");
        has(out, "to=\"a@example.org/r\"");
        for (size_t k = 0; k < 6 && row->parts[k]; k++)
            has(out, row->parts[k]);
    }
    scene.network.policy.receipts = false;
    has_not(ask(CONTACT, "get", INFO), "receipts");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

static void test_ack_fence(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    scene.network.hold = true;
    fake_data("<message from='a@example.org/r' to='" CONTACT "' id='m'>"
              "<body>x</body></message>");
    fake_data("<iq type='get' from='a@example.org/r' to='sms.localhost' "
              "id='first'><ping xmlns='urn:xmpp:ping'/></iq>");
    fake_data("<iq type='get' from='a@example.org/r' to='sms.localhost' "
              "id='second'><unknown xmlns='x'/></iq>");
    assert_string_equal(fake_written(), "");
    fake_decide(&scene.network);
    out = fake_written();
    has(out, "id=\"first\"");
    assert_true(strstr(out, "id=\"second\"") > strstr(out, "id=\"first\""));
    scene_clear(&scene);
}

/* An answer that is decided after the stream died goes nowhere. */
static void test_answer_too_late(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    scene.network.hold = true;
    (void)ask("sms.localhost", "get", "<ping xmlns='urn:xmpp:ping'/>");
    fake_eof();
    fake_decide(&scene.network);
    assert_string_equal(fake_written(), "");
    scene_clear(&scene);
}

/* --- presence
 * ------------------------------------------------------------------ */

static const char *presence(const char *from, const char *to, const char *type)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   type[0] ? "<presence from='%s' to='%s' type='%s'/>"
                           : "<presence from='%s' to='%s'/>",
                   from, to, type);
    return converse(text);
}

static void test_subscribe(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    out = presence("a@example.org", CONTACT, "subscribe");
    has(out, "type=\"subscribed\"");
    has(out, "from=\"" CONTACT "\"");
    has_not(out, "type=\"subscribe\"");
    has(strstr(out, "/>") + 2, "<presence ");
    assert_string_equal(fake_calls(&scene.network),
                        "subscribe a@example.org|+447700900123|1\n"
                        "available a@example.org\n");
    out = presence("a@example.org", "sms.localhost", "subscribe");
    has(out, "type=\"subscribed\"");
    has(out, "type=\"subscribe\"");
    has(fake_calls(&scene.network), "subscribe a@example.org||1\n");
    out = presence("a@example.org", CONTACT, "unsubscribe");
    has(out, "type=\"unsubscribed\"");
    has(out, "type=\"unavailable\"");
    assert_string_equal(fake_calls(&scene.network),
                        "subscribe a@example.org|+447700900123|0\n");
    scene_clear(&scene);
}

static void test_subscribe_refused(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    out = presence("a@evil.org", CONTACT, "subscribe");
    has(out, "type=\"unsubscribed\"");
    has_not(out, "type=\"subscribed\"");
    has(presence("a@example.org", "bob@sms.localhost", "subscribe"),
        "type=\"unsubscribed\"");
    out = presence("a@example.org", "07700900123@sms.localhost", "subscribe");
    has(out, "type=\"error\"");
    has(out, ">xmpp:" CONTACT "</gone>");
    assert_string_equal(fake_calls(&scene.network), "");
    /* What we never asked for or never offered. */
    assert_string_equal(presence("a@example.org", CONTACT, "subscribed"), "");
    assert_string_equal(presence("a@example.org", CONTACT, "unsubscribed"), "");
    assert_string_equal(presence("a@example.org/r", CONTACT, "unavailable"),
                        "");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

static void test_probe_and_health(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    out = presence("a@example.org/r", CONTACT, "probe");
    has(out, "to=\"a@example.org/r\"");
    has_not(out, "type=");
    has_not(out, "<show>");
    assert_string_equal(fake_calls(&scene.network),
                        "available a@example.org\n");
    scene.network.health = HEALTH_DOWN;
    scene.network.health_text = "sim1: unplugged";
    out = presence("a@example.org/r", CONTACT, "probe");
    has(out, "<show>dnd</show><status>sim1: unplugged</status>");
    assert_string_equal(fake_calls(&scene.network), ""); /* told already */
    has(presence("a@evil.org/r", CONTACT, "probe"), "type=\"unsubscribed\"");
    assert_string_equal(presence("b@example.org/r", CONTACT, ""), "");
    assert_string_equal(fake_calls(&scene.network),
                        "available b@example.org\n");
    assert_string_equal(presence("b@evil.org/r", CONTACT, ""), "");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

/* While the lines start for the first time there is nothing to tell; what
 * came of it is told to all who asked meanwhile. */
static void test_silent_until_started(void **state)
{
    static const char *const rows[] = { "a@example.org", "+447700900123",
                                        NULL };
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene.network.health = HEALTH_UNKNOWN;
    scene.network.subscriptions = rows;
    scene_online(&scene);
    fake_advance(1000);
    assert_string_equal(fake_written(), "");
    assert_string_equal(presence("a@example.org/r", CONTACT, "probe"), "");
    scene.network.health = HEALTH_GOOD;
    component_front()->presence(scene.component);
    fake_advance(20);
    out = fake_written();
    has(out, "from=\"" CONTACT "\"");
    has(out, "to=\"a@example.org\"");
    has_not(out, "<show>");
    scene_clear(&scene);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;

    while ((text = strstr(text, part))) {
        text += strlen(part);
        n++;
    }
    return n;
}

/* One presence each, a few at a time; a change in between makes one more
 * round, not two. */
static void test_broadcast(void **state)
{
    enum { N = 120 };
    const char *rows[2 * N + 1], *out;
    char contacts[N][16];
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(contacts[i], sizeof(contacts[i]),
                       i ? "+447700900%03zu" : "%.0zu", i);
        rows[2 * i] = "a@example.org";
        rows[2 * i + 1] = contacts[i];
    }
    rows[2 * N] = NULL;
    scene_make(&scene, NULL);
    scene.network.subscriptions = rows;
    scene_online(&scene);
    fake_advance(20);
    out = fake_written();
    assert_int_equal(count(out, "<presence "), 1);
    assert_int_equal(count(out, "type=\"probe\""), 1); /* he sees the gateway */
    fake_advance(1020);
    assert_int_equal(count(fake_written(), "<presence "), 20);
    component_front()->presence(scene.component);
    component_front()->presence(scene.component);
    scene.network.health = HEALTH_TROUBLE;
    fake_advance(100);
    assert_int_equal(count(fake_written(), "<show>dnd</show>"), N - 20);
    fake_advance(1000);
    assert_int_equal(count(fake_written(), "<show>dnd</show>"), 20);
    fake_advance(1000);
    assert_string_equal(fake_written(), "");
    /* A full output delays it. */
    scene.network.health = HEALTH_GOOD;
    component_front()->presence(scene.component);
    fake_socket.queued = 9 << 20;
    fake_advance(500);
    assert_string_equal(fake_written(), "");
    fake_socket.queued = 0;
    fake_advance(2000);
    assert_int_equal(count(fake_written(), "<presence "), N);
    scene_clear(&scene);
}

/* 10,000 contacts: each change is told once to each who has not heard it, and
 * what stays as it was is not told at all. */
static void test_no_flood(void **state)
{
    enum { N = 10000 };
    const char **rows = xcalloc(2 * N + 1, sizeof(*rows));
    char(*contacts)[16] = xcalloc(N, sizeof(*contacts));
    unsigned most = 0, told = 0;
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        (void)snprintf(contacts[i], sizeof(contacts[i]),
                       i ? "+4477009%05zu" : "%.0zu", i);
        rows[2 * i] = "a@example.org";
        rows[2 * i + 1] = contacts[i];
    }
    scene_make(&scene, NULL);
    scene.network.subscriptions = rows;
    scene_online(&scene);
    for (unsigned i = 0; i < 24; i++) {
        unsigned n;

        fake_advance(500);
        n = count(fake_written(), "<presence ");
        told += n;
        most = n > most ? n : most;
    }
    assert_int_equal(told, N + 1); /* and one probe */
    assert_true(most <= 501);      /* a thousand in a second */
    component_front()->presence(scene.component);
    fake_advance(15000);
    assert_string_equal(fake_written(), ""); /* nothing is different */
    scene.network.health = HEALTH_TROUBLE;   /* another line does their work */
    scene.network.contacts_are_well = true;
    component_front()->presence(scene.component);
    fake_advance(15000);
    assert_int_equal(count(fake_written(), "<presence "), 1);
    scene.network.contacts_are_well = false;
    for (unsigned i = 0; i < 5; i++)
        component_front()->presence(scene.component);
    fake_advance(15000);
    assert_int_equal(count(fake_written(), "<show>dnd</show>"), N - 1);
    has(presence("a@example.org", CONTACT, "probe"), "<show>dnd</show>");
    scene_clear(&scene);
    free(rows);
    free(contacts);
}

/* Who comes to know by his question is not told once more. */
static void test_told_by_probe(void **state)
{
    static const char *const rows[] = { "a@example.org", "+447700900123",
                                        NULL };
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    scene.network.subscriptions = rows;
    has(presence("a@example.org", CONTACT, "probe"), "<presence ");
    component_front()->presence(scene.component);
    fake_advance(1000);
    assert_string_equal(fake_written(), "");
    has(presence("a@example.org", CONTACT, "probe"), "<presence ");
    fake_gone("the link");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_ack_fence),
        cmocka_unit_test(test_answer_too_late),
        cmocka_unit_test(test_subscribe),
        cmocka_unit_test(test_subscribe_refused),
        cmocka_unit_test(test_probe_and_health),
        cmocka_unit_test(test_silent_until_started),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_no_flood),
        cmocka_unit_test(test_told_by_probe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
