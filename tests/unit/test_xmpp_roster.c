/* test_xmpp_roster.c - contacts on rosters: each way that a server or a client
 * may offer, and what happens when it does not keep its word. */
#include "xmpp_scene.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/front.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
