/* test_http.c - requests to servers that answer, lie, or say nothing. */
#include "on_http.h"

#define OK(text) "HTTP/1.1 200 OK\r\nContent-Length: " text

static void test_answer(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nContent-Type: a/b\r\n"
        "X-Test:  yes \r\n\r\nhello",
        NULL
    };
    const struct http_header headers[] = { { "X-Key", "k1" }, { "X-Nil", "" } };
    struct liar liar;
    struct http_request request = {
        .headers = headers,
        .n_headers = 2,
        .user = "me",
        .password = "pw",
        .body = "a=b",
        .body_size = 3,
    };

    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/x?y=z");
    struct asked asked = ask(state, &request);
    liar_end(&liar);
    assert_int_equal(asked.err.kind, ERR_NONE);
    assert_int_equal(asked.status, 201);
    assert_string_equal(asked.body, "hello");
    assert_string_equal(asked.type, "a/b");
    assert_string_equal(asked.header, "yes ");
    assert_true(asked.reached);
    assert_non_null(strstr(liar.last, "POST /x?y=z HTTP/1.1\r\n"));
    assert_non_null(strstr(liar.last, "Authorization: Basic bWU6cHc=\r\n"));
    assert_non_null(strstr(liar.last, "X-Key: k1\r\n"));
    assert_non_null(strstr(liar.last, "X-Nil:"));
    assert_null(strstr(liar.last, "Expect"));
    assert_non_null(strstr(liar.last, "\r\n\r\na=b"));
}

static void test_retry_after(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nRetry-After: 99999999\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nRetry-After: Wed, 21 Oct 2065 07:28:00 GMT\r\n"
        "Content-Length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
        NULL
    };
    static const int expected[] = { 7, 86400, 86400, 0 };
    struct http_request request = { 0 };
    struct liar liar;

    liar_begin(&liar, answers, true);
    request.url = url_of(liar.port, "/");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(ask(state, &request).retry_after, expected[i]);
    liar_end(&liar);
}

/* Nobody listens: surely not sent. */
static void test_not_reached(void **state)
{
    static const char *const answers[] = { "", NULL };
    struct http_request request = { .body = "x", .body_size = 1 };
    struct liar liar;

    liar_begin(&liar, answers, false);
    (void)shutdown(liar.fd, SHUT_RDWR);
    liar_end(&liar);
    request.url = url_of(liar.port, "/");
    struct asked asked = ask(state, &request);
    assert_int_equal(asked.err.kind, ERR_LINK);
    assert_false(asked.reached);
}

/* The answer is lost after the request was read. */
static void test_answer_lost(void **state)
{
    static const char *const answers[] = { "", NULL };
    struct http_request request = { .body = "x", .body_size = 1 };
    struct liar liar;

    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    struct asked asked = ask(state, &request);
    liar_end(&liar);
    assert_int_equal(asked.err.kind, ERR_LINK);
    assert_true(asked.reached);
    assert_int_equal(liar.requests, 1);
}

/* On a kept-alive connection libcurl would send a POST again by itself. */
static void lose_second(void **state, bool repeatable, unsigned requests)
{
    static const char *const answers[] = { OK("2\r\n\r\nok"), "",
                                           OK("3\r\n\r\nyes"), NULL };
    struct http_request request = { .body = "x",
                                    .body_size = 1,
                                    .repeatable = repeatable };
    struct liar liar;

    liar_begin(&liar, answers, true);
    request.url = url_of(liar.port, "/");
    assert_string_equal(ask(state, &request).body, "ok");
    struct asked asked = ask(state, &request);
    assert_int_equal(liar.requests, requests);
    assert_true(asked.reached);
    if (repeatable)
        assert_string_equal(asked.body, "yes");
    else
        assert_int_equal(asked.err.kind, ERR_LINK);
    liar_end(&liar);
}

static void test_no_second_post(void **state)
{
    lose_second(state, false, 2);
}

static void test_repeatable(void **state)
{
    lose_second(state, true, 3);
}

static void test_half_body(void **state)
{
    static const char *const answers[] = { OK("500\r\n\r\nhalf"), NULL };
    struct http_request request = { 0 };
    struct liar liar;

    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    struct asked asked = ask(state, &request);
    liar_end(&liar);
    assert_int_equal(asked.err.kind, ERR_LINK);
    assert_int_equal(asked.status, 200);
    assert_true(asked.reached);
}

static void test_garbage(void **state)
{
    static const char *const answers[] = { "SSH-2.0-OpenSSH_9\r\n\r\n", NULL };
    struct http_request request = { 0 };
    struct liar liar;

    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    struct asked asked = ask(state, &request);
    liar_end(&liar);
    assert_int_not_equal(asked.err.kind, ERR_NONE);
    assert_true(asked.reached);
}

static void test_caps(void **state)
{
    struct http_request request = { .answer_max = 10 };
    char *head = xmalloc(70000);
    const char *answers[] = { OK("20\r\n\r\n01234567890123456789"), head,
                              NULL };
    struct liar liar;

    snprintf(head, 70000, "HTTP/1.1 200 OK\r\nX-A: %060000d\r\n\r\n", 0);
    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    assert_int_equal(ask(state, &request).err.kind, ERR_TOO_LONG);
    assert_int_equal(ask(state, &request).err.kind, ERR_TOO_LONG);
    liar_end(&liar);
    free(head);
}

static void test_times(void **state)
{
    static const char *const answers[] = { NULL };
    struct http_request request = { .total_ms = 80,
                                    .body = "x",
                                    .body_size = 1 };
    struct liar liar;

    /* Its backlog takes the connection, nobody reads. */
    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    struct asked asked = ask(state, &request);
    assert_int_equal(asked.err.kind, ERR_LINK);
    assert_non_null(strstr(asked.err.text, "in time"));
    assert_true(asked.reached);
    liar_end(&liar);
}

static void test_api_no_redirect(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 302 Go\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", NULL
    };
    struct http_request request = { 0 };
    struct liar liar;

    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    assert_int_equal(ask(state, &request).status, 302);
    liar_end(&liar);
}

/* Reliability T19: none of these may reach the server on loopback. */
static void test_guard(void **state)
{
    static const char *const hosts[] = {
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "0",
        "0.0.0.0",
        "localhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "user@127.0.0.1",
        "user:pw@127.0.0.1",
    };
    static const char *const answers[] = { OK("5\r\n\r\nsmall"), NULL };
    struct http_request request = { .profile = HTTP_MEDIA };
    struct liar liar;
    char url[128];

    liar_begin(&liar, answers, false);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        snprintf(url, sizeof(url), "http://%s:%d/", hosts[i], liar.port);
        request.url = url;
        struct asked asked = ask(state, &request);
        assert_int_not_equal(asked.err.kind, ERR_NONE);
        assert_false(asked.reached);
    }
    assert_int_equal(liar.requests, 0);
    request.url = url_of(liar.port, "/");
    request.allow = "127.0.0.0/8";
    assert_string_equal(ask(state, &request).body, "small");
    liar_end(&liar);
}

/* A connection of the API profile must not open the door to a medium's URL,
 * nor a redirect from an allowed place to another. */
static void test_guard_behind(void **state)
{
    static const char *const answers[] = { OK("2\r\n\r\nok"), NULL };
    struct http_request api = { 0 }, media = { .profile = HTTP_MEDIA };
    char go[200];
    const char *redirect[] = { go, NULL };
    struct liar liar, other;

    liar_begin(&liar, answers, true);
    api.url = media.url = url_of(liar.port, "/");
    assert_string_equal(ask(state, &api).body, "ok");
    assert_int_equal(ask(state, &media).err.kind, ERR_NOT_ALLOWED);
    snprintf(go, sizeof(go),
             "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.2:%d/\r\n"
             "Content-Length: 0\r\n\r\n",
             liar.port);
    liar_begin(&other, redirect, false);
    media.url = url_of(other.port, "/");
    media.allow = "127.0.0.1";
    assert_int_equal(ask(state, &media).err.kind, ERR_NOT_ALLOWED);
    liar_end(&other);
    liar_end(&liar);
}

static void test_redirects(void **state)
{
    static const char *const round[] = {
        "HTTP/1.1 302 Go\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n",
        OK("3\r\n\r\nend"),
        "HTTP/1.1 302 Go\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: /2\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: /3\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: /4\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Go\r\nLocation: file:///etc/passwd\r\n"
        "Content-Length: 0\r\n\r\n",
        NULL
    };
    struct http_request request = { .profile = HTTP_MEDIA,
                                    .allow = "127.0.0.1" };
    struct liar liar;

    liar_begin(&liar, round, true);
    request.url = url_of(liar.port, "/");
    assert_string_equal(ask(state, &request).body, "end");
    assert_int_equal(ask(state, &request).err.kind, ERR_PROTOCOL);
    assert_int_not_equal(ask(state, &request).err.kind, ERR_NONE);
    liar_end(&liar);
}

struct sink {
    struct asked asked; /* first: the callbacks share the argument */
    size_t got;
    struct http *cancel;
};

static bool on_bytes(void *arg, const void *bytes, size_t size)
{
    struct sink *sink = arg;

    (void)bytes;
    sink->got += size;
    if (sink->cancel) {
        http_cancel(sink->cancel);
        sink->cancel = NULL;
        loop_stop(sink->asked.on->loop);
    }
    return true;
}

static void test_stream(void **state)
{
    static const char *const answers[] = { OK("5\r\n\r\nhello"),
                                           OK("50\r\n\r\nhello"), NULL };
    struct on_loop *on = *state;
    struct sink sink = { .asked.on = on };
    struct http_request request = { .data = on_bytes };
    struct liar liar;

    liar_begin(&liar, answers, false);
    request.url = url_of(liar.port, "/");
    assert_non_null(http_send(&on->owner, &request, on_asked, &sink, NULL));
    loop_run(on->loop);
    assert_int_equal(sink.got, 5);
    assert_int_equal(sink.asked.done, 1);
    assert_string_equal(sink.asked.body, "");
    sink.cancel = http_send(&on->owner, &request, on_asked, &sink, NULL);
    loop_run(on->loop);
    assert_int_equal(sink.got, 10);
    assert_int_equal(sink.asked.done, 1); /* cancelled within its own data */
    liar_end(&liar);
}

static void test_uploads(void **state)
{
    static const char *const answers[] = { OK("0\r\n\r\n"), OK("0\r\n\r\n"),
                                           NULL };
    char path[] = "/tmp/moongate-XXXXXX";
    int fd = mkstemp(path);
    const struct http_field fields[] = {
        { .name = "chat_id", .text = "42" },
        { .name = "photo",
          .path = path,
          .file_name = "a.jpg",
          .type = "image/jpeg" },
    };
    struct http_request put = { .method = "PUT", .body_path = path };
    struct http_request form = { .fields = fields, .n_fields = 2 };
    struct liar liar;
    struct err err;

    assert_int_equal(write(fd, "content", 7), 7);
    (void)close(fd);
    liar_begin(&liar, answers, false);
    put.url = url_of(liar.port, "/slot");
    assert_int_equal(ask(state, &put).status, 200);
    assert_non_null(strstr(liar.last, "PUT /slot "));
    assert_non_null(strstr(liar.last, "\r\n\r\ncontent"));
    form.url = url_of(liar.port, "/");
    assert_int_equal(ask(state, &form).status, 200);
    assert_non_null(strstr(liar.last, "name=\"chat_id\""));
    assert_non_null(strstr(liar.last, "filename=\"a.jpg\""));
    assert_non_null(strstr(liar.last, "content"));
    liar_end(&liar);
    (void)unlink(path);
    struct on_loop *on = *state;
    assert_null(http_send(&on->owner, &put, on_asked, NULL, &err));
    assert_null(http_send(&on->owner, &form, on_asked, NULL, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
}

static void test_refused(void **state)
{
    static const struct http_header evil[] = { { "X-A", "b\r\nX-C: d" } };
    static const char *const urls[] = { "", "file:///etc/passwd", "gopher://x/",
                                        "http://" };
    struct on_loop *on = *state;
    struct http_request request = { .url = "http://127.0.0.1/" };
    struct err err;

    request.headers = evil;
    request.n_headers = 1;
    assert_null(http_send(&on->owner, &request, on_asked, NULL, &err));
    request.n_headers = 0;
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        request.url = urls[i];
        assert_null(http_send(&on->owner, &request, on_asked, NULL, &err));
        assert_int_equal(err.kind, ERR_CONFIG);
    }
}

/* Closing the owner in the midst of many requests calls nobody back. */
static void test_closed(void **state)
{
    static const char *const answers[] = { NULL };
    struct on_loop *on = *state;
    struct http_request request = { .body = "x", .body_size = 1 };
    struct asked asked = { .on = on };
    struct owner owner;
    struct liar liar;

    liar_begin(&liar, answers, false);
    owner_init(&owner, on->loop);
    request.url = url_of(liar.port, "/");
    for (int i = 0; i < 20; i++)
        assert_non_null(http_send(&owner, &request, on_asked, &asked, NULL));
    request.url = "http://there-is-no-such-host.invalid/";
    assert_non_null(http_send(&owner, &request, on_asked, &asked, NULL));
    struct timer *timer = timer_new(&on->owner, on_loop_stop, on);
    timer_start(timer, 30);
    loop_run(on->loop);
    owner_close(&owner, on_loop_stop, on);
    asked.done = 0;
    loop_run(on->loop);
    assert_int_equal(asked.done, 0);
    liar_end(&liar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_answer),
        ON_LOOP(test_retry_after),
        ON_LOOP(test_not_reached),
        ON_LOOP(test_answer_lost),
        ON_LOOP(test_no_second_post),
        ON_LOOP(test_repeatable),
        ON_LOOP(test_half_body),
        ON_LOOP(test_garbage),
        ON_LOOP(test_caps),
        ON_LOOP(test_times),
        ON_LOOP(test_api_no_redirect),
        ON_LOOP(test_guard),
        ON_LOOP(test_guard_behind),
        ON_LOOP(test_redirects),
        ON_LOOP(test_stream),
        ON_LOOP(test_uploads),
        ON_LOOP(test_refused),
        ON_LOOP(test_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
