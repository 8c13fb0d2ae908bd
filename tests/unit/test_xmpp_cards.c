/* test_xmpp_cards.c - vCards, pictures and other things of contacts that
 * clients may ask for; searches. */
#include "xmpp_scene.h"

#include <strophe.h>

#include "base/mem.h"
#include "xmpp/avatar.h"

#define CONTACT "+447700900123@sms.localhost"
#define CARD "<vCard xmlns='vcard-temp'/>"
#define CARD4 "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>"
#define ITEMS(node, inside)                                                    \
    "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='" node     \
    "'>" inside "</items></pubsub>"
#define PERSON "a525f99fc61bba57003e2755035ccc4e14da96bf"
#define SEARCH(inside) "<query xmlns='jabber:iq:search'>" inside "</query>"

static const char *ask_as(const char *from, const char *to, const char *type,
                          const char *payload)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "<iq type='%s' from='%s' to='%s' id='i1'>%s</iq>", type,
                   from, to, payload);
    return converse(text);
}

static const char *ask(const char *to, const char *type, const char *payload)
{
    return ask_as("a@example.org/r", to, type, payload);
}

static void begin(struct scene *scene)
{
    scene_make(scene, NULL);
    scene_online(scene);
    (void)converse("");
    scene->network.contact_name = "Bob & Co";
}

static void expect(const char *out, const char *const *parts)
{
    for (; *parts; parts++) {
        if ((*parts)[0] == '!')
            has_not(out, *parts + 1);
        else
            has(out, *parts);
    }
}

struct question {
    const char *to, *type, *payload, *parts[9];
};

static const struct question questions[] = {
    { CONTACT,
      "get",
      CARD,
      { "type=\"result\"", "<FN>Bob &amp; Co</FN>", "<NICKNAME>Bob &amp; Co</",
        "<NUMBER>+447700900123</NUMBER>", "<TYPE>image/png</TYPE><BINVAL>iVBO",
        "<JABBERID>" CONTACT "</JABBERID>", "!<DESC>" } },
    { "alpha-_a_m_a_z_o_n@sms.localhost",
      "get",
      CARD,
      { "<FN>Bob &amp; Co</FN>", "!<TEL>" } },
    { "sms.localhost",
      "get",
      CARD,
      { "<FN>Moongate: sms</FN>", "<DESC>Texts to and from phones</DESC>",
        "!<TEL>", "<JABBERID>sms.localhost</JABBERID>" } },
    { CONTACT, "set", CARD, { "<not-allowed " } },
    { CONTACT,
      "get",
      CARD4,
      { "<kind><text>individual</text></kind>",
        "<fn><text>Bob &amp; Co</text></fn>",
        "<nickname><text>Bob &amp; Co</text></nickname>",
        "<type><text>cell</text><text>text</text></type></parameters>"
        "<uri>tel:+447700900123</uri></tel>",
        "<impp><uri>xmpp:", "<photo><uri>data:image/png;base64,iVBO" } },
    { "sms.localhost",
      "get",
      CARD4,
      { "<text>application</text>", "<impp><uri>xmpp:sms.localhost</uri>",
        "!<tel>" } },
    { CONTACT, "set", CARD4, { "<not-allowed " } },
    { CONTACT,
      "get",
      ITEMS("urn:xmpp:avatar:metadata", ""),
      { "<item id=\"" PERSON "\"><metadata ", "bytes=\"", "width=\"64\"",
        "type=\"image/png\"", "node=\"urn:xmpp:avatar:metadata\"" } },
    { CONTACT,
      "get",
      ITEMS("urn:xmpp:avatar:data", "<item id='" PERSON "'/>"),
      { "<data xmlns=\"urn:xmpp:avatar:data\">iVBO" } },
    { CONTACT,
      "get",
      ITEMS("urn:xmpp:avatar:data", "<item id='0123'/>"),
      { "type=\"result\"", "!<item " } },
    { CONTACT,
      "get",
      ITEMS("http://jabber.org/protocol/nick", ""),
      { "<item id=\"current\"><nick ", ">Bob &amp; Co</nick>" } },
    { CONTACT,
      "get",
      ITEMS("urn:xmpp:vcard4", ""),
      { "<item id=\"current\"><vcard ", "tel:+447700900123" } },
    { CONTACT, "get", ITEMS("urn:other", ""), { "<item-not-found " } },
    { CONTACT,
      "get",
      "<pubsub xmlns='http://jabber.org/protocol/pubsub'><items/></pubsub>",
      { "<item-not-found " } },
    { CONTACT,
      "get",
      "<pubsub xmlns='http://jabber.org/protocol/pubsub'/>",
      { "<feature-not-implemented " } },
    { CONTACT,
      "get",
      "<query xmlns='http://jabber.org/protocol/disco#info'/>",
      { "\"vcard-temp\"", "\"urn:ietf:params:xml:ns:vcard-4.0\"",
        "category=\"pubsub\"", "pubsub#retrieve-items", "!iq:search" } },
    { CONTACT,
      "get",
      "<query xmlns='http://jabber.org/protocol/disco#items'/>",
      { "node=\"urn:xmpp:avatar:metadata\"", "jid=\"" CONTACT "\"" } },
    { "sms.localhost",
      "get",
      "<query xmlns='http://jabber.org/protocol/disco#info'/>",
      { "\"jabber:iq:search\"", "\"vcard-temp\"" } },
};

static void test_questions(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
        expect(ask(questions[i].to, questions[i].type, questions[i].payload),
               questions[i].parts);
    scene_clear(&scene);
}

/* What has no name is shown as people write it. */
static void test_without_name(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    scene.network.contact_name = NULL;
    out = ask(CONTACT, "get", CARD);
    has(out, "<FN>+447700900123</FN>");
    has_not(out, "NICKNAME");
    has(ask("12345;phone-context=+44@sms.localhost", "get", CARD),
        "<FN>12345</FN>");
    has(ask("alpha-_a_m_a_z_o_n@sms.localhost", "get", CARD),
        "<FN>AMAZON</FN>");
    scene_clear(&scene);
}

static void test_strangers(void **state)
{
    static const char *const payloads[] = { CARD, CARD4,
                                            ITEMS("urn:xmpp:vcard4", ""),
                                            SEARCH("") };
    struct scene scene;

    (void)state;
    begin(&scene);
    for (size_t i = 0; i < 4; i++)
        has(ask_as("eve@evil.org/x", i < 3 ? CONTACT : "sms.localhost", "get",
                   payloads[i]),
            "<forbidden ");
    scene_clear(&scene);
}

/* The pictures are what their hashes and sizes say. */
static void test_pictures(void **state)
{
    xmpp_ctx_t *ctx = xmpp_ctx_new(NULL, NULL);
    const char *const contacts[] = { "", "+1" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct avatar *avatar = avatar_of(contacts[i]);
        unsigned char *bytes;
        char *hash;
        size_t n;

        xmpp_base64_decode_bin(ctx, avatar->base64, strlen(avatar->base64),
                               &bytes, &n);
        assert_int_equal(n, avatar_bytes(avatar));
        hash = xmpp_sha1(ctx, bytes, n);
        assert_string_equal(hash, avatar->sha1);
        xmpp_free(ctx, hash);
        xmpp_free(ctx, bytes);
    }
    xmpp_ctx_free(ctx);
}

/* A contact's own picture is in its card, its node and its vcard4; the
 * gateway's stays. */
static void test_own_picture(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    scene.network.picture =
        (struct picture){ .sha1 = "0123abcd", .type = "image/jpeg" };
    out = ask(CONTACT, "get", CARD);
    has(out, "<TYPE>image/jpeg</TYPE><BINVAL>SkZJRg==</BINVAL>");
    has(ask(CONTACT, "get", CARD4), "data:image/jpeg;base64,SkZJRg==");
    out = ask(CONTACT, "get", ITEMS("urn:xmpp:avatar:metadata", ""));
    has(out, "<item id=\"0123abcd\">");
    has(out, "bytes=\"4\"");
    has_not(out, "width=");
    has(ask(CONTACT, "get", ITEMS("urn:xmpp:avatar:data", "")), "SkZJRg==");
    has(ask("sms.localhost", "get", CARD), "<TYPE>image/png</TYPE>");
    scene_clear(&scene);
}

#define SUBMIT(fields)                                                         \
    SEARCH("<x xmlns='jabber:x:data' type='submit'>" fields "</x>")

static void test_search(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    out = ask("sms.localhost", "get", SEARCH(""));
    has(out, "<instructions>");
    has(out, "<nick/>");
    has(out, "var=\"x-number\"");
    out = ask("sms.localhost", "set",
              SUBMIT("<field var='nick'><value>bob</value></field>"
                     "<field var='x-number'><value>0770</value></field>"));
    has(fake_calls(&scene.network), "search a@example.org|bob|0770\n");
    has(out, "<reported>");
    has(out, "<field var=\"jid\"><value>" CONTACT "</value></field>");
    out = ask("sms.localhost", "set", SEARCH("<nick>Bob</nick>"));
    has(fake_calls(&scene.network), "search a@example.org|Bob|-\n");
    has(out, "<item jid=\"" CONTACT "\"><nick>Bob &amp; Co</nick></item>");
    (void)ask("sms.localhost", "set", SEARCH("<nick>(07700) 900</nick>"));
    has(fake_calls(&scene.network), "search a@example.org|-|(07700) 900\n");
    (void)ask("sms.localhost", "set", SEARCH(""));
    has(fake_calls(&scene.network), "search a@example.org||-\n");
    has(ask("sms.localhost", "set",
            SEARCH("<x xmlns='jabber:x:data' type='form'/>")),
        "<bad-request ");
    has(ask(CONTACT, "get", SEARCH("")), "<service-unavailable ");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions),   cmocka_unit_test(test_without_name),
        cmocka_unit_test(test_strangers),   cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_own_picture), cmocka_unit_test(test_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
