/* test_xmpp_stream.c - connecting, every way of failing, both fences, a full
 * output, and the end in order. */
#include "xmpp_scene.h"

#include "core/front.h"
#include "store/store.h"

static const char *problem(struct scene *scene)
{
    static struct front_status status;

    status = component_front()->status(scene->component);
    return status.problem;
}

static const char *state_of(struct scene *scene)
{
    return component_front()->status(scene->component).state;
}

static void test_handshake(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    component_start(scene.component);
    assert_string_equal(fake_socket.host, "127.0.0.1");
    assert_int_equal(fake_socket.port, 5347);
    fake_open();
    out = fake_written();
    has(out, "<?xml version='1.0'?><stream:stream ");
    has(out, "xmlns=\"jabber:component:accept\"");
    has(out, "to=\"sms.localhost\"");
    assert_int_equal(out[strlen(out) - 1], '>');
    has_not(out, "/>");
    /* sha1("3c5fs3cret") */
    assert_string_equal(converse(SERVER_HEADER),
                        "<handshake>6c66f478803560b2fa7fc331b5bc3e2752f68507"
                        "</handshake>");
    assert_string_equal(state_of(&scene), "handshaking");
    assert_string_equal(fake_calls(&scene.network), "");
    has(converse("<handshake></handshake>"), "urn:xmpp:ping");
    assert_string_equal(fake_calls(&scene.network), "up\n");
    assert_string_equal(state_of(&scene), "online");
    scene_clear(&scene);
}

struct server {
    const char *text, *host;
    int port;
};

static void test_servers(void **state)
{
    static const struct server servers[] = {
        { "xmpp.example.org:5275", "xmpp.example.org", 5275 },
        { "xmpp.example.org", "xmpp.example.org", 5347 },
        { "[::1]:8888", "::1", 8888 },
        { "[::1]", "::1", 5347 },
        { "::1", "::1", 5347 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        struct component_options options = { .server = servers[i].text,
                                             .secret = "x",
                                             .jid = "sms.localhost",
                                             .tls = i == 0,
                                             .tls_ca =
                                                 i == 0 ? "ca.pem" : NULL };
        struct scene scene;

        scene_make(&scene, &options);
        component_start(scene.component);
        assert_string_equal(fake_socket.host, servers[i].host);
        assert_int_equal(fake_socket.port, servers[i].port);
        assert_int_equal(fake_socket.tls, i == 0);
        assert_string_equal(fake_socket.ca_file, i == 0 ? "ca.pem" : "");
        scene_clear(&scene);
    }
}

struct mishap {
    const char *data; /* "" is EOF, NULL a time-out */
    const char *words;
};

#define STREAM_ERROR(name)                                                     \
    SERVER_HEADER "<stream:error><" name                                       \
                  " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"             \
                  "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Hm"       \
                  "</text></stream:error></stream:stream>"

static const struct mishap mishaps[] = {
    { STREAM_ERROR("not-authorized"), "wrong secret: compare networks.sms" },
    { STREAM_ERROR("conflict"), "another connection holds sms.localhost" },
    { STREAM_ERROR("host-unknown"), "no component sms.localhost: add it" },
    { STREAM_ERROR("invalid-from"), "networks.sms.jid must be exactly" },
    { STREAM_ERROR("system-shutdown"), "shutting down (it says: Hm)" },
    { STREAM_ERROR("undefined-condition"), "undefined-condition" },
    { "", "is it the component port" },
    { NULL, "no answer within 15 s" },
    { SERVER_HEADER, "no answer to the handshake within 15 s" },
    { "HTTP/1.1 400 Bad Request", "text between stanzas" },
    { "<!DOCTYPE x>", "document type" },
    { "<a xmlns='b'>", "not an XMPP stream" },
    { "<stream:stream xmlns='jabber:client' id='1' "
      "xmlns:stream='http://etherx.jabber.org/streams'>",
      "not a component port" },
};

static void test_mishaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(mishaps) / sizeof(mishaps[0]); i++) {
        const struct mishap *mishap = &mishaps[i];
        struct scene scene;

        scene_make(&scene, NULL);
        component_start(scene.component);
        fake_open();
        if (mishap->data && mishap->data[0])
            fake_data(mishap->data);
        else if (mishap->data)
            fake_eof();
        if (fake_socket.open)
            fake_advance(15000);
        has(problem(&scene), mishap->words);
        assert_true(fake_socket.closed);
        assert_string_equal(fake_calls(&scene.network), "");
        /* And it comes back. */
        fake_advance(60000);
        assert_true(fake_socket.connects >= 2);
        scene_clear(&scene);
    }
}

static void test_for_ever(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    component_start(scene.component);
    for (unsigned i = 1; i < 500; i++) {
        assert_true(fake_socket.connecting);
        fake_gone("connection to 127.0.0.1:5347: connection refused");
        assert_string_equal(state_of(&scene), "backoff");
        has(problem(&scene), "is the XMPP server running");
        assert_true(fake_next_timer() <= 60000);
        fake_advance(fake_next_timer());
        assert_int_equal(fake_socket.connects, i + 1);
    }
    scene_clear(&scene);
}

static void test_broken_and_back(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    fake_eof();
    assert_string_equal(fake_calls(&scene.network), "down\n");
    has(problem(&scene), "the server closed the connection");
    fake_advance(200);
    assert_true(fake_socket.connecting);
    fake_open();
    fake_data(SERVER_HEADER "<handshake/>");
    assert_string_equal(fake_calls(&scene.network), "up\n");
    assert_string_equal(problem(&scene), "");
    fake_gone("reset");
    assert_string_equal(fake_calls(&scene.network), "down\n");
    scene_clear(&scene);
}

/* --- the reverse fence ---------------------------------------------------- */

static struct delivery some_text(void)
{
    struct delivery delivery = { .account = (char *)(uintptr_t) "a@example.org",
                                 .contact = (char *)(uintptr_t) "+447700900123",
                                 .text = (char *)(uintptr_t) "hello" };

    return delivery;
}

static bool deliver(struct scene *scene)
{
    struct delivery delivery = some_text();
    bool written = component_front()->deliver(scene->component, &delivery);

    component_front()->fence(scene->component);
    return written;
}

static void test_fence(void **state)
{
    struct scene scene;
    const char *out;
    char first[33], second[33];

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(deliver(&scene));
    assert_true(deliver(&scene));
    out = fake_written();
    /* Behind the messages, once, to ping_to. */
    assert_true(strstr(out, "urn:xmpp:ping") > strstr(out, "<message"));
    has(out, "to=\"localhost\"");
    (void)snprintf(first, sizeof(first), "%s", ping_id(out));
    assert_int_equal(strlen(first), 32);
    assert_true(deliver(&scene));
    has_not(fake_written(), "urn:xmpp:ping");
    answer_ping(first);
    assert_string_equal(fake_calls(&scene.network), "fenced 2\n");
    out = fake_written();
    (void)snprintf(second, sizeof(second), "%s", ping_id(out));
    assert_int_equal(strlen(second), 32);
    assert_string_not_equal(first, second);
    answer_ping(first); /* not twice */
    assert_string_equal(fake_calls(&scene.network), "");
    answer_ping(second);
    assert_string_equal(fake_calls(&scene.network), "fenced 3\n");
    assert_string_equal(fake_written(), "");
    /* Idle: once a minute. */
    fake_advance(59000);
    assert_string_equal(fake_written(), "");
    fake_advance(1000);
    has(fake_written(), "urn:xmpp:ping");
    scene_clear(&scene);
}

static void test_fence_by_error(void **state)
{
    struct scene scene;
    char text[512];

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(deliver(&scene));
    (void)snprintf(text, sizeof(text),
                   "<iq type='error' from='localhost' to='sms.localhost' "
                   "id='%s'><error type='cancel'><remote-server-not-found "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
                   ping_id(fake_written()));
    fake_data(text);
    assert_string_equal(fake_calls(&scene.network), "fenced 1\n");
    /* From now on it pings itself, and sees its own ping come back. */
    assert_true(deliver(&scene));
    (void)snprintf(text, sizeof(text),
                   "<iq type='get' from='sms.localhost' to='sms.localhost' "
                   "id='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
                   ping_id(fake_written()));
    assert_string_equal(converse(text), "");
    assert_string_equal(fake_calls(&scene.network), "fenced 2\n");
    scene_clear(&scene);
}

static void test_fence_is_not_forged(void **state)
{
    struct scene scene;
    char text[512];

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(deliver(&scene));
    (void)snprintf(text, sizeof(text),
                   "<iq type='get' from='evil.org' to='sms.localhost' "
                   "id='%s'><ping xmlns='urn:xmpp:ping'/></iq>",
                   ping_id(fake_written()));
    has(converse(text), "type=\"result\"");
    has_not(fake_calls(&scene.network), "fenced");
    fake_data("<iq type='result' from='evil.org' to='sms.localhost' id=''/>");
    has_not(fake_calls(&scene.network), "fenced");
    scene_clear(&scene);
}

/* Nobody answers at ping_to, then nobody at all. */
static void test_silence(void **state)
{
    struct scene scene;
    char first[33];
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(deliver(&scene));
    (void)snprintf(first, sizeof(first), "%s", ping_id(fake_written()));
    assert_true(deliver(&scene));
    fake_advance(10000);
    out = fake_written();
    has(out, "urn:xmpp:ping");
    has(strstr(out, "<iq"), "to=\"sms.localhost\"");
    answer_ping(first); /* late: covers only what was before it */
    assert_string_equal(fake_calls(&scene.network), "fenced 1\n");
    fake_advance(19000);
    assert_string_equal(state_of(&scene), "online");
    fake_advance(1000);
    has(problem(&scene), "does not answer pings");
    assert_string_equal(fake_calls(&scene.network), "down\n");
    scene_clear(&scene);
}

static void test_default_target(void **state)
{
    struct component_options options = { .server = "h",
                                         .secret = "x",
                                         .jid = "sms.localhost" };
    struct scene scene;

    (void)state;
    scene_make(&scene, &options);
    component_start(scene.component);
    fake_open();
    fake_data(SERVER_HEADER);
    has(converse("<handshake/>"), "to=\"localhost\"");
    scene_clear(&scene);
}

/* --- a full output ------------------------------------------------------- */

static void test_full(void **state)
{
    static const char ping[] =
        "<iq type='get' from='a@example.org/r' to='sms.localhost' id='p1'>"
        "<ping xmlns='urn:xmpp:ping'/></iq>";
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    fake_socket.queued = (8 << 20) + 1;
    assert_false(deliver(&scene));
    has_not(converse(ping), "p1");
    fake_advance(1000);
    assert_string_equal(fake_calls(&scene.network), "");
    fake_socket.queued = 0;
    (void)fake_written();
    fake_advance(100);
    has(fake_written(), "p1");
    assert_string_equal(fake_calls(&scene.network), "ready\n");
    assert_true(deliver(&scene));
    scene_clear(&scene);
}

static void test_overflow(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    fake_socket.queued = (16 << 20) + 1;
    fake_data("<message from='a@elsewhere' to='+1@sms.localhost' id='1'>"
              "<body>x</body></message>");
    assert_string_equal(state_of(&scene), "online");
    fake_advance(0);
    assert_string_equal(state_of(&scene), "backoff");
    has(problem(&scene), "does not read");
    scene_clear(&scene);
}

/* --- stop ---------------------------------------------------------------- */

static void on_stopped(void *arg)
{
    struct scene *scene = arg;

    assert_false(scene->stopped);
    scene->stopped = true;
}

static const char *const subscriptions[] = {
    "a@example.org", "", "a@example.org", "+447700900123", NULL,
};

static void test_stop(void **state)
{
    struct scene scene;
    const char *out;

    (void)state;
    scene_make(&scene, NULL);
    scene.network.subscriptions = subscriptions;
    scene_online(&scene);
    fake_advance(1000);
    (void)fake_written();
    assert_true(deliver(&scene));
    component_stop(scene.component, on_stopped, &scene);
    out = fake_written();
    has_not(out, "unavailable");
    answer_ping(ping_id(out));
    out = fake_written();
    has(out, "type=\"unavailable\"");
    has(out, "from=\"+447700900123@sms.localhost\"");
    assert_string_equal(out + strlen(out) - 16, "</stream:stream>");
    /* Read to the end, and decided. */
    scene.network.hold = true;
    (void)fake_calls(&scene.network);
    out = converse("<message from='a@example.org/r' "
                   "to='+447700900123@sms.localhost' id='late' type='chat'>"
                   "<body>still</body></message>");
    assert_string_equal(out, "");
    has(fake_calls(&scene.network), "|still|0");
    fake_data("</stream:stream>");
    fake_advance(0);
    assert_string_equal(fake_calls(&scene.network), "down\n");
    assert_false(scene.stopped);
    fake_decide(&scene.network);
    fake_advance(0);
    assert_true(scene.stopped);
    scene_clear(&scene);
}

static void test_stop_of_a_dead_server(void **state)
{
    struct scene scene;

    (void)state;
    scene_make(&scene, NULL);
    scene_online(&scene);
    assert_true(deliver(&scene));
    component_stop(scene.component, on_stopped, &scene);
    fake_advance(2000);
    assert_false(scene.stopped);
    has(fake_written(), "</stream:stream>");
    fake_advance(5000);
    assert_true(scene.stopped);
    scene_clear(&scene);
}

static void test_stop_everywhere(void **state)
{
    (void)state;
    for (int step = 0; step < 6; step++) {
        struct scene scene;

        scene_make(&scene, NULL);
        if (step > 0)
            component_start(scene.component);
        if (step == 2)
            fake_gone("refused");
        if (step > 2)
            fake_open();
        if (step > 3)
            fake_data(SERVER_HEADER);
        if (step > 4)
            fake_data("<handshake/>");
        component_stop(scene.component, on_stopped, &scene);
        if (step > 4)
            fake_gone("reset"); /* while it waits for the fence */
        fake_advance(0);
        assert_true(scene.stopped);
        scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_mishaps),
        cmocka_unit_test(test_for_ever),
        cmocka_unit_test(test_broken_and_back),
        cmocka_unit_test(test_fence),
        cmocka_unit_test(test_fence_by_error),
        cmocka_unit_test(test_fence_is_not_forged),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_default_target),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stop_of_a_dead_server),
        cmocka_unit_test(test_stop_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
