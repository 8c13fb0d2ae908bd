/* test_xmpp_content.c - stanzas in plain words: styling, replies, corrections,
 * reactions, retractions; several receivers. */
#include "xmpp_scene.h"

#include "core/front.h"
#include "xmpp/styling.h"

struct pair {
    const char *in, *out;
};

static const struct pair styles[] = {
    { "plain", "plain" },
    { "", "" },
    { "a *b* c", "a b c" },
    { "*_both_* ~gone~", "both gone" },
    { "`*code*` *x*", "*code* x" },
    { "2*3*4 snake_case_name", "2*3*4 snake_case_name" },
    { "* item\n* item", "* item\n* item" },
    { "*open", "*open" },
    { "**", "**" },
    { "***", "*" },
    { "*a *", "*a *" },
    { "*one* and *two*", "one and two" },
    { "*a\nb*", "*a\nb*" },
    { "> quoted *x*", "> quoted x" },
    { "see\n```c\n*p = 1;\n```\nok", "see\n*p = 1;\nok" },
    { "line\n", "line\n" },
    { "*caf\xc3\xa9*", "caf\xc3\xa9" },
};

static void test_styles(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        buf_reset(&out);
        styling_strip(styles[i].in, strlen(styles[i].in), &out);
        assert_string_equal(buf_text(&out), styles[i].out);
    }
    buf_free(&out);
}

/* No text takes more than a blink, whatever marks it is made of. */
static void test_style_flood(void **state)
{
    enum { SIZE = 200000 };
    static char text[SIZE];
    static const char *const patterns[] = { "*a ", "*_~` ", "*a*", " _*" };
    struct buf out;

    (void)state;
    buf_init(&out, SIZE);
    for (size_t p = 0; p < sizeof(patterns) / sizeof(patterns[0]); p++) {
        for (size_t i = 0; i < SIZE; i++)
            text[i] = patterns[p][i % strlen(patterns[p])];
        buf_reset(&out);
        styling_strip(text, SIZE, &out);
        assert_in_range(out.len, SIZE / 4, SIZE);
    }
    buf_free(&out);
}

#define TO_PHONE                                                               \
    "<message from='a@example.org/r' id='m' "                                  \
    "to='+447700900123@sms.localhost'>"

static const struct pair contents[] = {
    { "<body>&gt; was\n&gt; this\nyes</body>"
      "<reply xmlns='urn:xmpp:reply:0' id='x' to='y@z'/>"
      "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
      "<body start='0' end='13'/></fallback>",
      "yes" },
    { "<body>&gt; h\xc3\xa9\nyes</body>"
      "<reply xmlns='urn:xmpp:reply:0' id='x' to='y@z'/>"
      "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
      "<body start='0' end='5'/></fallback>",
      "yes" },
    { "<body>short</body><reply xmlns='urn:xmpp:reply:0' id='x' to='y@z'/>"
      "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"
      "<body start='9' end='3'/></fallback>",
      "short" },
    { "<body>kept</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:x'>"
      "<body start='0' end='2'/></fallback>",
      "kept" },
    { "<body>*big*</body>", "big" },
    { "<body>*big*</body><unstyled xmlns='urn:xmpp:styling:0'/>", "*big*" },
    { "<body>at 6</body><replace xmlns='urn:xmpp:message-correct:0' id='o'/>",
      "Corrected: at 6" },
    { "<reactions xmlns='urn:xmpp:reactions:0' "
      "id='o'><reaction>\xf0\x9f\x91\x8d"
      "</reaction><reaction>!</reaction></reactions>"
      "<body>&gt; old\n+1</body>",
      "Reacted with \xf0\x9f\x91\x8d !" },
    { "<body>see https://example.org/x</body><x xmlns='jabber:x:oob'>"
      "<url>https://example.org/x</url></x>",
      "see https://example.org/x" },
    { "<x xmlns='jabber:x:oob'><url>https://example.org/x</url></x>",
      "https://example.org/x" },
    { "<body>look</body><x xmlns='jabber:x:oob'>"
      "<url>https://example.org/x</url></x>",
      "look\nhttps://example.org/x" },
    { "<body>no</body><x xmlns='jabber:x:oob'><url>aesgcm://e.org/x</url></x>",
      "no" },
    { "<body>no</body><x xmlns='jabber:x:oob'><url>https://e.org/a b</url></x>",
      "no" },
};

static void test_contents(void **state)
{
    struct scene scene;
    char stanza[1024], call[512];

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        (void)snprintf(stanza, sizeof(stanza), TO_PHONE "%s</message>",
                       contents[i].in);
        (void)snprintf(call, sizeof(call),
                       "text a@example.org|a@example.org/r|+447700900123|m|-|"
                       "%s|0\n",
                       contents[i].out);
        assert_string_equal(converse(stanza), "");
        assert_string_equal(fake_calls(&scene.network), call);
    }
    scene_clear(&scene);
}

static void test_taken_back(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    has(converse(TO_PHONE "<retract xmlns='urn:xmpp:message-retract:1' "
                          "id='o'/><body>/me retracted</body></message>"),
        "<feature-not-implemented ");
    assert_string_equal(
        converse(TO_PHONE "<reactions xmlns='urn:xmpp:reactions:0' id='o'/>"
                          "</message>"),
        "");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

/* --- networks that can do more ------------------------------------------- */

#define REPLY                                                                  \
    "<reply xmlns='urn:xmpp:reply:0' id='x' to='y@z'/>"                        \
    "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>"            \
    "<body start='0' end='5'/></fallback>"
#define REPLACE "<replace xmlns='urn:xmpp:message-correct:0' id='o'/>"
#define RETRACT "<retract xmlns='urn:xmpp:message-retract:1' id='o'/>"
#define REACT(what)                                                            \
    "<reactions xmlns='urn:xmpp:reactions:0' id='o'>" what "</reactions>"

struct rich {
    const char *in;
    const char *text; /* NULL: nothing is sent */
    const char *kind; /* "" without a target */
};

static const struct rich able[] = {
    { "<body>*big*</body>", "*big*", "" },
    { "<body>&gt; hey\nyes</body>" REPLY, "\nyes", "kind 0 of x\n" },
    { "<body>&gt; kept</body>", "> kept", "" },
    { "<body>b</body>" REPLACE, "b", "kind 2 of o\n" },
    { "<body>words</body>" RETRACT, "", "kind 3 of o\n" },
    { REACT("<reaction>a</reaction><reaction>b</reaction>"), "a b",
      "kind 4 of o\n" },
    { REACT(""), "", "kind 4 of o\n" },
    { "<reactions xmlns='urn:xmpp:reactions:0'/>", NULL, "" },
    { "<composing xmlns='http://jabber.org/protocol/chatstates'/>", NULL,
      "typing 7 1\n" },
};

static const struct rich unable[] = {
    { "<body>*big*</body>", "*big*", "" },
    { "<body>&gt; hey\nyes</body>" REPLY, "> hey\nyes", "" },
    { "<body>b</body>" REPLACE, "Corrected: b", "" },
    { REACT("<reaction>a</reaction>"), "Reacted with a", "" },
    { REACT(""), NULL, "" },
    { "<composing xmlns='http://jabber.org/protocol/chatstates'/>", NULL, "" },
};

static void check_rich(struct scene *scene, const struct rich *rich, size_t n)
{
    char stanza[1024], call[512];

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(stanza, sizeof(stanza),
                       "<message from='a@example.org/r' id='m' "
                       "to='7@sms.localhost' type='chat'>%s</message>",
                       rich[i].in);
        (void)snprintf(call, sizeof(call),
                       rich[i].text ? "text a@example.org|a@example.org/r|7|m|"
                                      "-|%s|0\n%s"
                                    : "%s%s",
                       rich[i].text ? rich[i].text : "", rich[i].kind);
        assert_string_equal(converse(stanza), "");
        assert_string_equal(fake_calls(&scene->network), call);
    }
}

static void test_rich(void **state)
{
    struct scene scene;
    struct network_policy *policy = &scene.network.policy;

    (void)state;
    scene_make(&scene, NULL);
    policy->phone_addresses = false;
    scene_online(&scene);
    check_rich(&scene, unable, sizeof(unable) / sizeof(unable[0]));
    has(converse("<message from='a@example.org/r' id='m' to='7@sms.localhost'>"
                 "<body>words</body>" RETRACT "</message>"),
        "<feature-not-implemented ");
    policy->edits = policy->retractions = policy->reactions = true;
    policy->replies = policy->typing = true;
    check_rich(&scene, able, sizeof(able) / sizeof(able[0]));
    scene_clear(&scene);
}

#define TO_MANY                                                                \
    "<message from='a@example.org/r' id='m' to='sms.localhost'>"               \
    "<origin-id xmlns='urn:xmpp:sid:0' id='o'/><body>all</body>"               \
    "<addresses xmlns='http://jabber.org/protocol/address'>"

static void test_many(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_string_equal(
        converse(TO_MANY
                 "<address type='to' uri='sms:+447700900001'/>"
                 "<address type='cc' jid='+447700900002@sms.localhost'/>"
                 "<address type='to' uri='sms:+447700900001'/>"
                 "<address type='to' delivered='true' uri='sms:+447700900003'/>"
                 "<address type='noreply'/></addresses></message>"),
        "");
    assert_string_equal(
        fake_calls(&scene.network),
        "text a@example.org|a@example.org/r|+447700900001|m|o +447700900001|"
        "all|0\n"
        "text a@example.org|a@example.org/r|+447700900002|m|o +447700900002|"
        "all|0\n");
    out = converse(TO_MANY "<address type='to' uri='sms:+447700900001'/>"
                           "<address type='to' uri='sms:bob'/></addresses>"
                           "</message>");
    has(out, "<jid-malformed ");
    has(out, "sms:bob");
    assert_string_equal(fake_calls(&scene.network), "");
    scene.network.refuse_text = (struct err){ .kind = ERR_FULL };
    out = converse(TO_MANY "<address type='to' uri='sms:+447700900001'/>"
                           "</addresses></message>");
    has(out, "from=\"+447700900001@sms.localhost\"");
    has(out, "id=\"m\"");
    has(converse(TO_MANY "<address type='noreply'/></addresses></message>"),
        "<bad-request ");
    scene_clear(&scene);
}

#define TO_GROUP(local, inside)                                                \
    "<message from='a@example.org/r' id='m' to='" local "@sms.localhost'>"     \
    "<body>all</body>" inside "</message>"

/* A JID of several numbers, as Cheogram writes groups; and one of a single
 * number, where addresses mean nothing any more. */
static void test_group(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_string_equal(
        converse(TO_GROUP("+447700900001,+447700900002,+447700900001", "")),
        "");
    assert_string_equal(
        fake_calls(&scene.network),
        "text a@example.org|a@example.org/r|+447700900001|m|-|all|0\n"
        "text a@example.org|a@example.org/r|+447700900002|m|-|all|0\n");
    has(converse(TO_GROUP("+447700900001,bob", "")), "<jid-malformed ");
    has(converse(TO_GROUP(",", "")), "<jid-malformed ");
    assert_string_equal(
        converse(TO_GROUP(
            "+447700900001",
            "<addresses xmlns='http://jabber.org/protocol/address'>"
            "<address type='to' uri='sms:+447700900002'/></addresses>")),
        "");
    assert_string_equal(
        fake_calls(&scene.network),
        "text a@example.org|a@example.org/r|+447700900001|m|-|all|0\n");
    scene_clear(&scene);
}

static void test_too_many(void **state)
{
    struct scene scene;
    char stanza[4096];
    int n = snprintf(stanza, sizeof(stanza), TO_MANY);

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    for (int i = 0; i < 21; i++)
        n += snprintf(stanza + n, sizeof(stanza) - (size_t)n,
                      "<address type='to' uri='sms:+4477009001%02d'/>", i);
    (void)snprintf(stanza + n, sizeof(stanza) - (size_t)n,
                   "</addresses></message>");
    has(converse(stanza), "<not-acceptable ");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_styles),   cmocka_unit_test(test_style_flood),
        cmocka_unit_test(test_contents), cmocka_unit_test(test_taken_back),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_group),    cmocka_unit_test(test_rich),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
