/* test_xmpp_upload.c - where files are uploaded, and servers that say strange
 * things about it. */
#include "xmpp_scene.h"

#include "base/mem.h"
#include "core/front.h"

#define ITEMS(list)                                                            \
    "<query xmlns='http://jabber.org/protocol/disco#items'>" list "</query>"
#define INFO(list)                                                             \
    "<query xmlns='http://jabber.org/protocol/disco#info'>" list "</query>"
#define UPLOAD "<feature var='urn:xmpp:http:upload:0'/>"
#define LIMIT(size)                                                            \
    "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'>"           \
    "<value>urn:xmpp:http:upload:0</value></field>"                            \
    "<field var='max-file-size'><value>" size "</value></field></x>"
#define SLOT(put, get) "<slot xmlns='urn:xmpp:http:upload:0'>" put get "</slot>"
#define ERROR(condition)                                                       \
    "<error type='cancel'><" condition                                         \
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"

/* What the core heard. */
struct heard {
    unsigned n;
    enum err_kind kind; /* ERR_NONE: a slot */
    char put[100], get[100], headers[200];
};

static struct heard heard;

static void on_upload(void *arg, const struct upload_slot *slot,
                      const struct err *err)
{
    (void)arg;
    heard.n++;
    heard.kind = err ? err->kind : ERR_NONE;
    heard.put[0] = heard.get[0] = heard.headers[0] = '\0';
    if (!slot || !slot->put)
        return;
    text_copy(heard.put, sizeof(heard.put), slot->put);
    text_copy(heard.get, sizeof(heard.get), slot->get);
    for (size_t i = 0; i < slot->n_headers; i++) {
        size_t n = strlen(heard.headers);

        (void)snprintf(heard.headers + n, sizeof(heard.headers) - n, "%s=%s;",
                       slot->headers[i].name, slot->headers[i].value);
    }
}

/* Answers the IQ in `out` that goes to `from` with `question` in it. */
static const char *answer(const char *out, const char *from,
                          const char *question, const char *type,
                          const char *payload)
{
    char to[100], id[33], text[2048];
    const char *at;

    (void)snprintf(to, sizeof(to), "to=\"%s\"", from);
    for (at = strstr(out, "<iq "); at; at = strstr(at + 1, "<iq ")) {
        const char *end = strstr(at, "</iq>");
        const char *its = strstr(at, to), *asks = strstr(at, question);

        if (its && asks && its < end && asks < end)
            break;
    }
    assert_non_null(at);
    memcpy(id, strstr(at, "id=\"") + 4, 32);
    id[32] = '\0';
    (void)snprintf(text, sizeof(text),
                   "<iq type='%s' from='%s' to='sms.localhost' id='%s'>%s"
                   "</iq>",
                   type, from, id, payload);
    return converse(text);
}

static void begin(struct scene *scene)
{
    scene_make(scene, NULL);
    scene_online(scene);
    (void)converse("");
    memset(&heard, 0, sizeof(heard));
}

static const char *ask(struct scene *scene, int64_t size)
{
    struct upload_file file = { .name = "a.png",
                                .type = "image/png",
                                .size = size };

    component_front()->upload(scene->component, size ? &file : NULL, on_upload,
                              NULL);
    return fake_written();
}

static void test_found_and_used(void **state)
{
    struct scene scene;
    char out[4096];
    const char *more;

    (void)state;
    begin(&scene);
    text_copy(out, sizeof(out), ask(&scene, 0));
    more = answer(out, "localhost", "items", "result",
                  ITEMS("<item jid='up.localhost'/><item jid='sms.localhost'/>"
                        "<item/><other jid='x'/>"));
    has(more, "to=\"up.localhost\"");
    has_not(more, "to=\"sms.localhost\"");
    assert_int_equal(heard.n, 0);
    (void)answer(more, "up.localhost", "info", "result",
                 INFO(UPLOAD LIMIT("1000")));
    assert_int_equal(heard.n, 1);
    assert_int_equal(heard.kind, ERR_NONE);

    assert_string_equal(ask(&scene, 1001), "");
    assert_int_equal(heard.kind, ERR_TOO_LONG);
    text_copy(out, sizeof(out), ask(&scene, 1000));
    has(out, "filename=\"a.png\"");
    has(out, "size=\"1000\"");
    has(out, "content-type=\"image/png\"");
    (void)answer(
        out, "up.localhost", "request", "result",
        SLOT("<put url='https://up/1'><header name='authorization'>"
             "Bearer x</header><header name='Host'>evil</header>"
             "<header>y</header><header name='Cookie'>c</header></put>",
             "<get url='https://down/1'/>"));
    assert_int_equal(heard.n, 3);
    assert_string_equal(heard.put, "https://up/1");
    assert_string_equal(heard.get, "https://down/1");
    assert_string_equal(heard.headers, "Authorization=Bearer x;Cookie=c;");
    scene_clear(&scene);
}

struct reply {
    const char *type, *payload;
    enum err_kind kind;
};

static const struct reply replies[] = {
    { "result", "", ERR_PROTOCOL },
    { "result", SLOT("", ""), ERR_PROTOCOL },
    { "result", SLOT("<put url='https://a/'/>", ""), ERR_PROTOCOL },
    { "result", SLOT("<put/>", "<get/>"), ERR_PROTOCOL },
    { "result",
      SLOT("<put url='file:///etc/passwd'/>", "<get url='https://a/'/>"),
      ERR_PROTOCOL },
    { "result",
      SLOT("<put url='https://a/'/>", "<get url='javascript:alert(1)'/>"),
      ERR_PROTOCOL },
    { "error", ERROR("not-acceptable"), ERR_TOO_LONG },
    { "error", ERROR("forbidden"), ERR_NOT_ALLOWED },
    { "error", ERROR("resource-constraint"), ERR_TEMPORARY },
    { "error", ERROR("item-not-found"), ERR_REJECTED },
    { "error", "", ERR_REJECTED },
};

static void test_strange_slots(void **state)
{
    struct scene scene;
    char out[4096];

    (void)state;
    begin(&scene);
    text_copy(out, sizeof(out), ask(&scene, 0));
    (void)answer(out, "localhost", "items", "result", ITEMS(""));
    (void)answer(out, "localhost", "info", "result", INFO(UPLOAD));
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        heard.n = 0;
        text_copy(out, sizeof(out), ask(&scene, 5));
        (void)answer(out, "localhost", "request", replies[i].type,
                     replies[i].payload);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.kind, replies[i].kind);
    }
    scene_clear(&scene);
}

static void test_there_is_none(void **state)
{
    struct scene scene;
    char out[4096];

    (void)state;
    begin(&scene);
    text_copy(out, sizeof(out), ask(&scene, 0));
    ask(&scene, 7); /* waits, too */
    (void)answer(out, "localhost", "items", "result", ITEMS(""));
    (void)answer(out, "localhost", "info", "error",
                 ERROR("service-unavailable"));
    assert_int_equal(heard.n, 2);
    assert_int_equal(heard.kind, ERR_UNSUPPORTED);
    assert_string_equal(ask(&scene, 0), ""); /* known for a while */
    assert_int_equal(heard.n, 3);
    scene_clear(&scene);
}

/* The stream dies while we ask: later. */
static void test_stream_dies(void **state)
{
    struct scene scene;

    (void)state;
    begin(&scene);
    (void)ask(&scene, 5);
    fake_gone("reset");
    fake_advance(0);
    assert_int_equal(heard.n, 1);
    assert_int_equal(heard.kind, ERR_TEMPORARY);
    assert_string_equal(ask(&scene, 5), "");
    assert_int_equal(heard.n, 2);
    assert_int_equal(heard.kind, ERR_TEMPORARY);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_and_used),
        cmocka_unit_test(test_strange_slots),
        cmocka_unit_test(test_there_is_none),
        cmocka_unit_test(test_stream_dies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
