/* test_xmpp_bounced.c - stanza errors that come back for what was delivered. */
#include "xmpp_scene.h"

#include "core/front.h"
#include "store/store.h"

static void test_bounced(void **state)
{
    static const char *const rows[][2] = {
        { "service-unavailable", "unreachable" },
        { "recipient-unavailable", "temporary" },
        { "remote-server-timeout", "temporary" },
        { "remote-server-not-found", "temporary" },
        { "internal-server-error", "temporary" },
        { "resource-constraint", "temporary" },
        { "item-not-found", "no-recipient" },
        { "gone", "no-recipient" },
        { "redirect", "no-recipient" },
        { "jid-malformed", "no-recipient" },
        { "undefined-condition", "rejected" },
        { "bad-request", "rejected" },
    };
    struct scene scene;
    char text[1024];

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "<message type='error' from='a@example.org' "
                       "to='+1@sms.localhost' "
                       "id='000102030405060708090a0b0c0d0e0f'><body>x</body>"
                       "<error type='cancel'><%s "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
                       "</message>",
                       rows[i][0]);
        assert_string_equal(converse(text), "");
        (void)snprintf(text, sizeof(text),
                       "bounced 000102030405060708090a0b0c0d0e0f %s %s\n",
                       rows[i][1], rows[i][0]);
        assert_string_equal(fake_calls(&scene.network), text);
    }
    scene_clear(&scene);
}

static const char *bounce(const char *from_contact, const char *inside)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "<message type='error' from='a@example.org' "
                   "to='%ssms.localhost' id='000102030405060708090a0b0c0d0e0f'>"
                   "<error type='auth'>%s</error></message>",
                   from_contact, inside);
    return converse(text);
}

#define POLICY "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

/* Servers that let only known contacts write (ejabberd's and Prosody's
 * mod_block_strangers): the text comes from the gateway itself. */
static void test_stranger(void **state)
{
    struct scene scene;
    char account[] = "a@example.org", contact[] = "+447700900123";
    char text[] = "hi", name[] = "Bob";
    struct delivery delivery = {
        .account = account,
        .contact = contact,
        .name = name,
        .text = text,
    };
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    has(bounce("+447700900123@", POLICY), "disco#info"); /* of its server */
    has(fake_calls(&scene.network), " stranger policy-violation");
    assert_true(component_front()->deliver(scene.component, &delivery));
    out = fake_written();
    has(out, "from=\"sms.localhost\"");
    has(out, "<body>[+447700900123] hi\n");
    has_not(out, "nick"); /* the gateway keeps its own name */
    (void)bounce("", POLICY);
    has(fake_calls(&scene.network), " rejected policy-violation");
    contact[strlen(contact) - 1] = '4';
    assert_true(component_front()->deliver(scene.component, &delivery));
    has(fake_written(), "from=\"+447700900124@sms.localhost\"");
    (void)bounce("+447700900125@",
                 POLICY "<blocked xmlns='urn:xmpp:blocking:errors'/>");
    has(fake_calls(&scene.network), " rejected policy-violation");
    scene_clear(&scene);
}

/* A condition that nobody knows is as lasting as its type says. */
static void test_type(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    (void)converse(
        "<message type='error' from='a@example.org' "
        "to='+1@sms.localhost' id='000102030405060708090a0b0c0d0e0f'>"
        "<error type='wait'><over-coffee xmlns='urn:x'/></error>"
        "</message>");
    has(fake_calls(&scene.network), " temporary undefined-condition");
    scene_clear(&scene);
}

#define UNAVAILABLE                                                            \
    "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

static const char *delivered(struct scene *scene)
{
    char account[] = "a@example.org", contact[] = "+447700900123", text[] = "x";
    struct delivery delivery = { .account = account,
                                 .contact = contact,
                                 .text = text };

    assert_true(id_parse("000102030405060708090a0b0c0d0e0f", &delivery.id));
    assert_true(component_front()->deliver(scene->component, &delivery));
    return fake_written();
}

static void here(const char *resource)
{
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "<presence from='a@example.org/%s' to='sms.localhost'/>",
                   resource);
    (void)converse(text);
}

/* Each resource once, then more and more rarely. */
static void test_resources(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    here("phone");
    here("desk");
    (void)fake_calls(&scene.network);
    has(delivered(&scene), "to=\"a@example.org\"");
    (void)bounce("+447700900123@", UNAVAILABLE);
    has(fake_calls(&scene.network), " stranger service-unavailable");
    has(delivered(&scene), "to=\"a@example.org/phone\"");
    (void)bounce("+447700900123@", UNAVAILABLE);
    has(fake_calls(&scene.network), " stranger service-unavailable");
    has(delivered(&scene), "to=\"a@example.org/desk\"");
    (void)bounce("+447700900123@", UNAVAILABLE);
    has(fake_calls(&scene.network), " temporary service-unavailable");
    has(delivered(&scene), "to=\"a@example.org\"");
    scene_clear(&scene);
}

/* The one that has failed is not asked again. */
static void test_failed_resource(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    here("phone");
    here("desk");
    (void)fake_calls(&scene.network);
    (void)converse("<message type='error' from='a@example.org/phone' "
                   "to='+447700900123@sms.localhost' "
                   "id='000102030405060708090a0b0c0d0e0f'>"
                   "<error type='cancel'>" UNAVAILABLE "</error></message>");
    has(delivered(&scene), "to=\"a@example.org/desk\"");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounced),
        cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_type),
        cmocka_unit_test(test_resources),
        cmocka_unit_test(test_failed_resource),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
