/* test_xmpp_caps.c - the verification strings of XEP-0115 5.2 and 5.3, and that
 * what our presence names is what disco#info answers. */
#include "xmpp_scene.h"

#include <stdlib.h>

#include "base/mem.h"
#include "xmpp/caps.h"
#include "xmpp/form.h"

static xmpp_stanza_t *identity(xmpp_stanza_t *query, const char *lang,
                               const char *name)
{
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL, NULL);

    stanza_set(identity, "category", "client");
    stanza_set(identity, "type", "pc");
    stanza_set(identity, "xml:lang", lang);
    stanza_set(identity, "name", name);
    return identity;
}

static void features(xmpp_stanza_t *query)
{
    static const char *const vars[] = {
        "http://jabber.org/protocol/muc",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/disco#items",
    };

    for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++)
        stanza_set(stanza_add(query, "feature", NULL, NULL), "var", vars[i]);
}

static void test_simple(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    xmpp_stanza_t *query = stanza_new(ctx, "query", NS_DISCO_INFO);
    char ver[CAPS_SIZE];

    (void)state;
    identity(query, NULL, "Exodus 0.9.1");
    features(query);
    caps_ver(query, ver);
    assert_string_equal(ver, "QgayPKawpkPSDYmwT/WM94uAlu0=");
    xmpp_stanza_release(query);
    xmpp_ctx_free(ctx);
}

static void test_forms(void **state)
{
    xmpp_ctx_t *ctx = stanza_context();
    xmpp_stanza_t *query = stanza_new(ctx, "query", NS_DISCO_INFO);
    xmpp_stanza_t *form, *field;
    char ver[CAPS_SIZE];

    (void)state;
    identity(query, "el", "\xCE\xA8 0.11");
    identity(query, "en", "Psi 0.11");
    features(query);
    form = form_add(query, "result", "urn:xmpp:dataforms:softwareinfo");
    field = form_field(form, "ip_version", "text-multi", NULL);
    form_value(field, "ipv6");
    form_value(field, "ipv4");
    form_fact(form, "os", "Mac");
    form_fact(form, "os_version", "10.5.1");
    form_fact(form, "software", "Psi");
    form_fact(form, "software_version", "0.11");
    caps_ver(query, ver);
    assert_string_equal(ver, "q07IKJEyjvHSyhy//CH0CxmKi8w=");
    xmpp_stanza_release(query);
    xmpp_ctx_free(ctx);
}

static const char *ask_info(const char *to, const char *node)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "<iq type='get' from='a@example.org/r' to='%s' id='i1'>"
                   "<query xmlns='http://jabber.org/protocol/disco#info' "
                   "node='%s'/></iq>",
                   to, node);
    return converse(text);
}

/* What a probe's answer names, disco#info answers; another is not there. */
static void assert_names_itself(const char *to)
{
    char text[256], node[128], ver[CAPS_SIZE];
    const char *out, *at;

    (void)snprintf(text, sizeof(text),
                   "<presence type='probe' from='a@example.org/r' to='%s'/>",
                   to);
    out = converse(text);
    has(out, "<c ");
    at = strstr(out, "ver=\"");
    assert_non_null(at);
    text_copy(ver, sizeof(ver), at + strlen("ver=\""));
    ver[28] = '\0';
    (void)snprintf(node, sizeof(node), CAPS_NODE "#%s", ver);
    out = ask_info(to, node);
    has(out, "<identity ");
    has(out, node);
    has(ask_info(to, CAPS_NODE "#x"), "<item-not-found ");
}

static void test_own(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_names_itself("sms.localhost");
    assert_names_itself("+447700900123@sms.localhost");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simple),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
