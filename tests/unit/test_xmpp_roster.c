/* test_xmpp_roster.c - contacts on rosters: each way that a server or a client
 * may offer, and what happens when it does not keep its word. */
#include "xmpp_scene.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/front.h"
#include "store/store.h"

#define PHONE "+447700900123"

/* The id of the first IQ in `out`. */
static const char *iq_id(const char *out)
{
    static char id[33];
    const char *at = strstr(out, "<iq ");

    assert_non_null(at);
    at = strstr(at, "id=\"");
    assert_non_null(at);
    memcpy(id, at + 4, 32);
    id[32] = '\0';
    return id;
}

/* Answers the IQ that is in `out`; what is written next. */
static const char *answer(const char *out, const char *from, const char *type,
                          const char *payload)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "<iq type='%s' from='%s' to='sms.localhost' id='%s'>%s"
                   "</iq>",
                   type, from, iq_id(out), payload);
    return converse(text);
}

#define DENIED                                                                 \
    "<error type='auth'><forbidden "                                           \
    "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
#define FEATURE(var)                                                           \
    "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='" var  \
    "'/></query>"

static void privilege(const char *ns)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "<message from='example.org' to='sms.localhost'>"
                   "<privilege xmlns='%s'><perm access='roster' type='both'/>"
                   "</privilege></message>",
                   ns);
    assert_string_equal(converse(text), "");
}

static void want(struct scene *scene, bool listed)
{
    fake_written();
    component_front()->roster(scene->component, "a@example.org", PHONE, "Bob",
                              listed);
}

static void begin(struct scene *scene)
{
    scene_make(scene, NULL);
    scene_online(scene);
    (void)converse("");
}

static void test_privileged(void **state)
{
    static const char *const versions[] = { "urn:xmpp:privilege:1",
                                            "urn:xmpp:privilege:2" };
    struct scene scene;
    const char *out;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&scene);
        privilege(versions[i]);
        want(&scene, true);
        out = fake_written();
        has(out, "to=\"a@example.org\"");
        has(out, "jid=\"" PHONE "@sms.localhost\"");
        has(out, "subscription=\"both\"");
        has(out, "name=\"Bob\"");
        out = answer(out, "a@example.org", "result", "");
        has(out, "<presence ");
        has_not(out, "type=");
        has(fake_calls(&scene.network), "subscribe a@example.org");
        scene_clear(&scene);
    }
}

/* ejabberd 23.01 grants writing and then refuses it. */
static void test_privilege_is_a_lie(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    privilege("urn:xmpp:privilege:1");
    want(&scene, true);
    out = answer(fake_written(), "a@example.org", "error", DENIED);
    has(out, "disco#info");
    has(out, "to=\"example.org\"");
    out = answer(out, "example.org", "result", FEATURE("urn:other"));
    has(out, "<presence ");
    has(out, "type=\"subscribe\"");
    has(out, ">Bob</nick>");
    scene_clear(&scene);
}

static void test_remote(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    want(&scene, true);
    out = answer(fake_written(), "example.org", "result",
                 FEATURE("urn:xmpp:tmp:roster-management:0"));
    has(out, "jabber:iq:roster");
    out = answer(out, "a@example.org", "error", DENIED);
    has(out, "type=\"request\"");
    out = answer(out, "a@example.org", "result", "");
    has(out, "jabber:iq:roster");
    has(answer(out, "a@example.org", "result", ""), "<presence ");
    want(&scene, false);
    out = fake_written();
    has(out, "subscription=\"remove\"");
    assert_string_equal(answer(out, "a@example.org", "result", ""), "");
    scene_clear(&scene);
}

/* An answer from somebody else is none. */
static void test_forged(void **state)
{
    struct scene scene;
    char out[4096];

    (void)state;
    begin(&scene);
    want(&scene, true);
    text_copy(out, sizeof(out), fake_written());
    assert_string_equal(answer(out, "evil.org", "result",
                               FEATURE("urn:xmpp:tmp:roster-management:0")),
                        "");
    has(answer(out, "example.org", "result", FEATURE("urn:x")),
        "type=\"subscribe\"");
    scene_clear(&scene);
}

static void test_exchange(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    (void)converse("<presence from='a@example.org/r' to='sms.localhost'/>");
    want(&scene, true);
    out = answer(fake_written(), "example.org", "result", FEATURE("urn:x"));
    has(out, "to=\"a@example.org/r\"");
    out = answer(out, "a@example.org/r", "result",
                 FEATURE("http://jabber.org/protocol/rosterx"));
    has(out, "<message ");
    has(out, "action=\"add\"");
    scene_clear(&scene);
}

static void test_silence(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    want(&scene, true);
    has(fake_written(), "disco#info");
    fake_advance(31000);
    has(fake_written(), "type=\"subscribe\"");
    scene_clear(&scene);
}

/* The stream dies, or the component ends, with wishes half way. */
static void test_down(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    want(&scene, true);
    fake_eof();
    scene_clear(&scene);
    begin(&scene);
    want(&scene, true);
    scene_clear(&scene);
}

/* A wish that the stream's death has cut off comes with the next one. */
static void test_after_the_stream(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    want(&scene, true);
    has(fake_written(), "disco#info");
    fake_eof();
    fake_advance(2000);
    want(&scene, false);
    fake_open();
    fake_data(SERVER_HEADER);
    fake_data("<handshake/>");
    out = strstr(fake_written(), "</handshake>");
    assert_non_null(out);
    has(out, "http://jabber.org/protocol/disco#info");
    out = strstr(out, "to=\"localhost\"");
    assert_non_null(out);
    answer_ping(ping_id(out - strlen("<iq id=\"\" type=\"get\" ") - 32));
    fake_advance(31000);
    out = fake_written();
    has(out, "type=\"subscribe\"");
    has(out, "type=\"unsubscribed\"");
    scene_clear(&scene);
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;

    for (; (text = strstr(text, part)); text++)
        n++;
    return n;
}

/* A thousand at once: a few at a time, and all of them. */
static void test_many(void **state)
{
    struct scene scene;
    char contact[32];
    size_t all = 0, most = 0;

    (void)state;
    begin(&scene);
    want(&scene, true);
    (void)answer(fake_written(), "example.org", "result", FEATURE("urn:x"));
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(contact, sizeof(contact), "+447700%06d", i);
        component_front()->roster(scene.component, "a@example.org", contact,
                                  "Bob", true);
    }
    for (int second = 0; second < 6; second++) {
        size_t n = 0;

        for (int i = 0; i < 20; i++) {
            fake_advance(50);
            n += count(fake_written(), "type=\"subscribe\"");
        }
        most = n > most ? n : most;
        all += n;
    }
    assert_in_range(all, 990, 1000); /* some went before the first look */
    assert_in_range(most, 150, 210);
    scene_clear(&scene);
}

static void join(struct scene *scene)
{
    fake_written();
    component_front()->joined(scene->component, "a@example.org");
}

/* A new account sees the gateway at once where that is allowed. */
static void test_joined(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    join(&scene);
    out = fake_written();
    has(out, "type=\"subscribe\"");
    has_not(out, "disco#info");
    privilege("urn:xmpp:privilege:2");
    join(&scene);
    out = fake_written();
    has(out, "jid=\"sms.localhost\"");
    has(out, "name=\"Moongate: sms\"");
    out = answer(out, "a@example.org", "result", "");
    has(out, "type=\"probe\"");
    has(fake_calls(&scene.network), "subscribe a@example.org||1");
    scene_clear(&scene);
}

static void test_left(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    privilege("urn:xmpp:privilege:2");
    fake_written();
    component_front()->left(scene.component, "a@example.org", PHONE);
    out = fake_written();
    has(out, "jid=\"" PHONE "@sms.localhost\"");
    has(out, "subscription=\"remove\"");
    out = answer(out, "a@example.org", "error", DENIED);
    has(out, "disco#info");
    out = answer(out, "example.org", "result",
                 FEATURE("urn:xmpp:tmp:roster-management:0"));
    has(out, "subscription=\"remove\"");
    out = answer(out, "a@example.org", "error", DENIED); /* nobody is asked */
    has(out, "type=\"unsubscribe\"");
    has(out, "type=\"unsubscribed\"");
    has(out, "type=\"unavailable\"");
    has_not(fake_calls(&scene.network), "subscribe ");
    scene_clear(&scene);
}

/* --- contacts that write ------------------------------------------------- */

static const char *deliver(struct scene *scene, const char *number,
                           const char *name)
{
    char account[] = "a@example.org", contact[32], called[32], text[] = "hi";
    struct delivery delivery = { .account = account,
                                 .contact = contact,
                                 .name = name ? called : NULL,
                                 .text = text };

    text_copy(contact, sizeof(contact), number);
    text_copy(called, sizeof(called), name ? name : "");
    fake_written();
    assert_true(component_front()->deliver(scene->component, &delivery));
    return fake_written();
}

static void test_meeting(void **state)
{
    static const struct {
        enum roster_policy policy;
        bool named, unnamed;
    } rows[] = {
        { ROSTER_NAMED, true, false },
        { ROSTER_ALL, true, true },
        { ROSTER_OFF, false, false },
    };
    struct scene scene;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        begin(&scene);
        scene.network.policy.roster = rows[i].policy;
        scene.network.fresh = true;
        for (int named = 0; named < 2; named++) {
            bool put = named ? rows[i].named : rows[i].unnamed;
            const char *number = named ? "+441" : "+442";
            const char *out = deliver(&scene, number, named ? "Bob" : NULL);

            has(out, "<message ");
            assert_int_equal(strstr(out, "disco#info") != NULL ||
                                 strstr(out, "subscribe") != NULL,
                             put);
            assert_int_equal(
                strstr(fake_calls(&scene.network), "offer ") != NULL, put);
            has_not(deliver(&scene, number, named ? "Bob" : NULL), "<iq ");
            has_not(fake_calls(&scene.network), "offer ");
        }
        scene_clear(&scene);
    }
}

/* A sender without a number has a name, but belongs on no roster. */
static void test_nameless_number(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    scene.network.fresh = true;
    out = deliver(&scene, "name:AMAZON", NULL);
    has(out, ">AMAZON</nick>");
    has_not(out, "<iq ");
    has_not(deliver(&scene, PHONE, NULL), "nick");
    assert_string_equal(fake_calls(&scene.network), "");
    scene_clear(&scene);
}

/* Who has it, or does not want it, is left in peace. */
static void test_known(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    has_not(deliver(&scene, PHONE, "Bob"), "<iq ");
    has(fake_calls(&scene.network), "offer a@example.org|" PHONE);
    scene_clear(&scene);
}

static void test_plain_removal(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    begin(&scene);
    want(&scene, false);
    out = answer(fake_written(), "example.org", "error", DENIED);
    has(out, "type=\"unsubscribe\"");
    has(out, "type=\"unsubscribed\"");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_privileged),
        cmocka_unit_test(test_privilege_is_a_lie),
        cmocka_unit_test(test_remote),
        cmocka_unit_test(test_forged),
        cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_down),
        cmocka_unit_test(test_plain_removal),
        cmocka_unit_test(test_after_the_stream),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_meeting),
        cmocka_unit_test(test_nameless_number),
        cmocka_unit_test(test_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
