/* test_xmpp_register.c - XEP-0077 with its errors, and who is there
 * (XEP-0100). */
#include "xmpp_scene.h"

#include "base/mem.h"
#include "base/option.h"
#include "core/account.h"
#include "xmpp/session.h"

#define ALICE "alice@example.org"
#define QUERY(inner) "<query xmlns='jabber:iq:register'>" inner "</query>"
#define FORM(type, inner)                                                      \
    QUERY("<x xmlns='jabber:x:data' type='" type "'>" inner "</x>")

static const char *ask_as(const char *from, const char *to, const char *type,
                          const char *payload)
{
    char *text = xasprintf("<iq type='%s' id='1' from='%s' to='%s'>%s</iq>",
                           type, from, to, payload);
    const char *answer;

    answer = converse(text);
    free(text);
    fake_advance(20);
    return answer;
}

static const char *ask(const char *type, const char *payload)
{
    return ask_as(ALICE "/r", "sms.localhost", type, payload);
}

static void scene_begin(struct scene *scene)
{
    scene_make(scene, NULL);
    scene_online(scene);
}

static void test_get(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_begin(&scene);
    out = ask("get", QUERY());
    has(out, "type=\"result\"");
    has(out, "<instructions>");
    has(out, "<nick/>");
    has(out, "type=\"form\"");
    has(out, "var=\"country\"");
    has(out, "<value>jabber:iq:register</value>");
    has_not(out, "<registered/>");
    text_copy(scene.network.account, sizeof(scene.network.account), ALICE);
    text_copy(scene.network.settings, sizeof(scene.network.settings),
              "{\"nick\":\"Al <3\",\"country\":\"33\"}");
    out = ask("get", QUERY());
    has(out, "<registered/>");
    has(out, "<nick>Al &lt;3</nick>");
    has(out, "<value>33</value>");
    scene_clear(&scene);
}

/* A line of his own: what he gives is never shown. */
static void test_own(void **state)
{
    static const struct option token = { .key = "token", .help = "Your bot" };
    struct scene scene;
    const char *out;

    (void)state;
    scene_begin(&scene);
    has_not(ask("get", QUERY()), "var=\"token\"");
    scene.network.own = &token;
    out = ask("get", QUERY());
    has(out, "var=\"token\"");
    has(out, "text-private");
    out = ask("set", FORM("submit", "<field var='token'><value>x</value>"
                                    "</field>"));
    has(out, "<not-acceptable ");
    has(out, "token: no colon");
    assert_string_equal(fake_calls(&scene.network), "");
    has(ask("set", FORM("submit", "<field var='token'><value>1:a</value>"
                                  "</field>")),
        "type=\"result\"");
    assert_string_equal(fake_calls(&scene.network),
                        "register " ALICE " {}\nown " ALICE " 1:a\n");
    has_not(ask("get", QUERY()), "1:a");
    has(ask("set", FORM("submit", "<field var='token'><value/></field>")),
        "type=\"result\"");
    assert_string_equal(fake_calls(&scene.network), "register " ALICE " {}\n");
    has(ask("set", FORM("submit", "<field var='token'><value>-</value>"
                                  "</field>")),
        "type=\"result\"");
    assert_string_equal(fake_calls(&scene.network),
                        "register " ALICE " {}\nown " ALICE " none\n");
    scene_clear(&scene);
}

static void test_set(void **state)
{
    struct scene scene;
    const char *calls;

    (void)state;
    scene_begin(&scene);
    has(ask("set", QUERY("<nick>Al</nick>")), "type=\"result\"");
    assert_string_equal(fake_calls(&scene.network),
                        "register " ALICE " {\"nick\":\"Al\"}\n");
    /* A form says everything; what it leaves out is empty. */
    has(ask("set", FORM("submit", "<field var='country'><value>33</value>"
                                  "</field>")),
        "type=\"result\"");
    assert_string_equal(fake_calls(&scene.network),
                        "register " ALICE " {\"country\":\"33\"}\n");
    /* The legacy fields do not know the country. */
    has(ask("set", QUERY("<nick>B</nick>")), "type=\"result\"");
    calls = fake_calls(&scene.network);
    has(calls, "\"country\":\"33\"");
    has(calls, "\"nick\":\"B\"");
    has(ask("set", QUERY()), "type=\"result\"");
    has(ask("set", FORM("cancel", "")), "type=\"result\"");
    calls = fake_calls(&scene.network);
    has(calls, "\"nick\":\"B\"");
    assert_null(strstr(strchr(calls, '\n') + 1, "register"));
    scene_clear(&scene);
}

/* What may go wrong, and how it must be called (XEP-0077 3; XEP-0086). */
static void test_refusals(void **state)
{
    static const struct {
        const char *from, *to, *type, *payload, *condition, *kind;
    } rows[] = {
        { ALICE "/r", "sms.localhost", "set",
          FORM("submit", "<field var='country'><value>4x</value></field>"),
          "not-acceptable", "modify" },
        { ALICE "/r", "sms.localhost", "set",
          FORM("submit", "<field var='country'><value>1234</value></field>"),
          "not-acceptable", "modify" },
        { ALICE "/r", "sms.localhost", "set", FORM("result", ""), "bad-request",
          "modify" },
        { ALICE "/r", "sms.localhost", "set",
          FORM("submit", "<field var='FORM_TYPE'><value>x</value></field>"),
          "bad-request", "modify" },
        { ALICE "/r", "sms.localhost", "set", QUERY("<remove/>"),
          "registration-required", "auth" },
        { ALICE "/r", "sms.localhost", "set", QUERY("<remove/><nick/>"),
          "bad-request", "modify" },
        { ALICE "/r", "sms.localhost", "set", QUERY("<nick/><remove/>"),
          "bad-request", "modify" },
        { "eve@evil.org/r", "sms.localhost", "get", QUERY(), "forbidden",
          "auth" },
        { "eve@evil.org/r", "sms.localhost", "set", QUERY(), "forbidden",
          "auth" },
        { "eve@evil.org/r", "sms.localhost", "set", QUERY("<remove/>"),
          "registration-required", "auth" },
        { ALICE "/r", "+447700900123@sms.localhost", "get", QUERY(),
          "service-unavailable", "cancel" },
    };
    struct scene scene;

    (void)state;
    scene_begin(&scene);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *out =
            ask_as(rows[i].from, rows[i].to, rows[i].type, rows[i].payload);
        char kind[64];

        (void)snprintf(kind, sizeof(kind), "<error type=\"%s\"", rows[i].kind);
        has(out, rows[i].condition);
        has(out, kind);
    }
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

static void test_closed_and_disabled(void **state)
{
    struct scene scene;

    (void)state;
    scene_begin(&scene);
    scene.network.closed = true;
    has(ask("get", QUERY()), "service-unavailable");
    has(ask("set", QUERY()), "service-unavailable");
    has_not(
        ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
        "jabber:iq:register");
    text_copy(scene.network.account, sizeof(scene.network.account), ALICE);
    has(ask("get", QUERY()), "<registered/>");
    scene.network.disabled = true;
    has(ask("get", QUERY()), "forbidden");
    has(ask("set", QUERY()), "forbidden");
    has(ask("set", QUERY("<remove/>")), "forbidden");
    scene.network.disabled = false;
    has(ask("set", QUERY("<remove/>")), "type=\"result\"");
    assert_string_equal(fake_calls(&scene.network), "remove " ALICE "\n");
    scene.network.closed = false;
    scene.network.full = true;
    has(ask("set", QUERY()), "resource-constraint");
    has(ask("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>"),
        "jabber:iq:register");
    scene_clear(&scene);
}

static void test_joined_and_left(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_begin(&scene);
    component_front()->joined(scene.component, ALICE);
    fake_advance(20);
    out = fake_written();
    has(out, "type=\"subscribe\"");
    has_not(out, "subscribed");
    component_front()->left(scene.component, ALICE, "+447700900123");
    has(fake_written(), "disco#info"); /* may we write rosters? */
    fake_advance(31000);
    out = fake_written();
    has(out, "from=\"+447700900123@sms.localhost\"");
    has(out, "type=\"unsubscribed\"");
    has(out, "type=\"unavailable\"");
    component_front()->left(scene.component, ALICE, "");
    fake_advance(20);
    has(fake_written(), "type=\"unsubscribe\"");
    scene_clear(&scene);
}

/* jabber:iq:gateway reads a number as in the country of its user. */
static void test_country(void **state)
{
    static const char prompt[] = "<query xmlns='jabber:iq:gateway'><prompt>"
                                 "06 12 34 56 78</prompt></query>";
    struct scene scene;

    (void)state;
    scene_begin(&scene);
    has(ask("set", prompt), "+44612345678@");
    text_copy(scene.network.account, sizeof(scene.network.account), ALICE);
    text_copy(scene.network.settings, sizeof(scene.network.settings),
              "{\"country\":\"33\"}");
    has(ask("set", prompt), "+33612345678@");
    scene_clear(&scene);
}

static const char *presence(const char *from, const char *type)
{
    char *text =
        xasprintf("<presence from='%s' to='sms.localhost'%s%s%s/>", from,
                  *type ? " type='" : "", type, *type ? "'" : "");
    const char *out = converse(text);

    free(text);
    return out;
}

static void test_login_and_logout(void **state)
{
    struct scene scene;

    (void)state;
    scene_begin(&scene);
    has(presence(ALICE "/a", ""), "<c ");
    assert_string_equal(presence(ALICE "/b", ""), "");
    assert_string_equal(presence(ALICE "/a", ""), "");
    assert_string_equal(presence(ALICE "/a", "unavailable"), "");
    has(presence(ALICE "/b", "unavailable"), "type=\"unavailable\"");
    assert_string_equal(presence(ALICE "/b", "unavailable"), "");
    has(presence(ALICE "/b", ""), "<c ");
    assert_string_equal(presence("eve@evil.org/x", ""), "");
    assert_string_equal(presence("eve@evil.org/x", "unavailable"), "");
    scene_clear(&scene);
}

static void test_sessions(void **state)
{
    struct sessions *sessions = sessions_new();
    char resource[16];

    (void)state;
    for (int i = 0; i < 100; i++) {
        (void)snprintf(resource, sizeof(resource), "r%d", i);
        assert_int_equal(sessions_come(sessions, ALICE, resource), i == 0);
    }
    assert_int_equal(sessions_count(sessions), 1);
    assert_false(sessions_go(sessions, ALICE, "r99")); /* above the ceiling */
    assert_false(sessions_go(sessions, ALICE, "r3"));
    assert_true(sessions_has(sessions, ALICE));
    assert_true(sessions_go(sessions, ALICE, ""));
    assert_false(sessions_go(sessions, ALICE, ""));
    assert_false(sessions_has(sessions, ALICE));
    sessions_free(sessions);
}

static void test_settings(void **state)
{
    char *settings = account_settings_with(NULL, "country", "33"), *text;

    (void)state;
    assert_string_equal(settings, "{\"country\":\"33\"}");
    text = account_setting(settings, "country");
    assert_string_equal(text, "33");
    free(text);
    assert_null(account_setting(settings, "nick"));
    text = account_settings_with(settings, "country", "");
    assert_string_equal(text, "{}");
    free(text);
    free(settings);
    settings = account_settings_with("[not an object", "nick", "\"x\"");
    text = account_setting(settings, "nick");
    assert_string_equal(text, "\"x\"");
    free(text);
    free(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_own),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_closed_and_disabled),
        cmocka_unit_test(test_joined_and_left),
        cmocka_unit_test(test_country),
        cmocka_unit_test(test_login_and_logout),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
