/* test_httpd.c - hooks: answers now and later, limits, and what stops come. */
#include "on_http.h"

#include "toolkit/httpd.h"

/* A hook that writes down what it was asked. */
struct door {
    struct on_loop *on;
    struct httpd *httpd;
    struct hook *hook;
    bool later; /* keeps the call */
    struct hook_call *call;
    unsigned asked;
    char method[8], url[200], query[100], peer[64], body[4096], header[64];
};

static void on_hook(void *arg, const struct hook_request *request)
{
    struct door *door = arg;
    const char *header = hook_header(request->call, "x-sign");

    door->asked++;
    text_copy(door->method, sizeof(door->method), request->method);
    text_copy(door->url, sizeof(door->url), request->url);
    text_copy(door->query, sizeof(door->query), request->query);
    text_copy(door->peer, sizeof(door->peer), request->peer);
    text_copy(door->body, sizeof(door->body), request->body);
    text_copy(door->header, sizeof(door->header), header ? header : "");
    assert_int_equal(strlen(request->body), request->size);
    if (door->later) {
        door->call = request->call;
        loop_stop(door->on->loop);
        return;
    }
    hook_answer(request->call, 200, "text/plain", "fine", 4);
}

static void door_open(struct door *door, void **state,
                      const struct httpd_options *more)
{
    struct httpd_options options = more ? *more : (struct httpd_options){ 0 };
    struct err err;

    *door = (struct door){ .on = *state };
    options.listen = "127.0.0.1:0";
    options.hooks = true;
    door->httpd = httpd_open(&door->on->owner, &options, &err);
    assert_non_null(door->httpd);
    door->hook =
        hook_open(&door->on->owner, "/hook/a", 1000, on_hook, door, &err);
    assert_non_null(door->hook);
}

static const char *door_url(const struct door *door, const char *path)
{
    return url_of(httpd_port(door->httpd), path);
}

static void test_now(void **state)
{
    static const struct http_header header = { "X-Sign", "abc" };
    struct door door;
    struct http_request request = {
        .body = "p=q", .body_size = 3, .headers = &header, .n_headers = 1
    };

    door_open(&door, state,
              &(struct httpd_options){ .public_url = "https://gw.test/" });
    request.url = door_url(&door, "/hook/a?x=%41+b&y");
    struct asked asked = ask(state, &request);
    assert_int_equal(asked.status, 200);
    assert_string_equal(asked.body, "fine");
    assert_string_equal(door.method, "POST");
    assert_string_equal(door.url, "https://gw.test/hook/a?x=%41+b&y");
    assert_string_equal(door.query, "x=%41+b&y");
    assert_string_equal(door.peer, "127.0.0.1");
    assert_string_equal(door.body, "p=q");
    assert_string_equal(door.header, "abc");
    assert_string_equal(hook_url(door.hook), "https://gw.test/hook/a");
}

static void test_unknown(void **state)
{
    struct door door;
    struct http_request request = { 0 };

    door_open(&door, state, NULL);
    request.url = door_url(&door, "/");
    assert_int_equal(ask(state, &request).status, 404);
    request.url = door_url(&door, "/hook/a/b");
    assert_int_equal(ask(state, &request).status, 404);
    request.url = door_url(&door, "/hook/");
    assert_int_equal(ask(state, &request).status, 404);
    request.url = door_url(&door, "/hook/a");
    request.method = "DELETE";
    assert_int_equal(ask(state, &request).status, 405);
    assert_int_equal(door.asked, 0);
    hook_close(door.hook);
    request.method = NULL;
    assert_int_equal(ask(state, &request).status, 404);
}

static void test_forwarded(void **state)
{
    static const struct http_header header = { "X-Forwarded-For",
                                               "9.9.9.9, 203.0.113.7" };
    struct door door;
    struct http_request request = { .headers = &header, .n_headers = 1 };

    door_open(&door, state, NULL);
    request.url = door_url(&door, "/hook/a");
    assert_int_equal(ask(state, &request).status, 200);
    assert_string_equal(door.peer, "203.0.113.7");
}

static void test_too_long(void **state)
{
    static char body[2000];
    struct door door;
    struct http_request request = { .body = body, .body_size = sizeof(body) };

    memset(body, 'x', sizeof(body));
    door_open(&door, state, NULL);
    request.url = door_url(&door, "/hook/a");
    assert_int_equal(ask(state, &request).status, 413);
    assert_int_equal(door.asked, 0);
    request.body_size = 1000;
    assert_int_equal(ask(state, &request).status, 200);
}

/* Sends the request and runs the loop until the hook has it. */
static void begin_later(struct door *door, struct asked *asked)
{
    struct http_request request = { .body = "1", .body_size = 1 };

    *asked = (struct asked){ .on = door->on };
    door->later = true;
    request.url = door_url(door, "/hook/a");
    assert_non_null(
        http_send(&door->on->owner, &request, on_asked, asked, NULL));
    loop_run(door->on->loop);
    assert_non_null(door->call);
    assert_int_equal(asked->done, 0);
}

static void test_later(void **state)
{
    struct door door;
    struct asked asked;

    door_open(&door, state, NULL);
    begin_later(&door, &asked);
    hook_answer(door.call, 503, NULL, NULL, 0);
    loop_run(door.on->loop);
    assert_int_equal(asked.status, 503);
    assert_int_equal(asked.retry_after, 5);
}

/* The hook says nothing: 503 in time, and its late answer goes nowhere. */
static void test_silent(void **state)
{
    struct door door;
    struct asked asked;

    door_open(&door, state, &(struct httpd_options){ .answer_ms = 1 });
    begin_later(&door, &asked);
    loop_run(door.on->loop);
    assert_int_equal(asked.status, 503);
    hook_answer(door.call, 200, NULL, NULL, 0);
}

static void test_hook_closed(void **state)
{
    struct door door;
    struct asked asked;

    door_open(&door, state, NULL);
    begin_later(&door, &asked);
    hook_close(door.hook);
    loop_run(door.on->loop);
    assert_int_equal(asked.status, 503);
}

static void test_httpd_closed(void **state)
{
    struct door door;
    struct asked asked;
    struct err err;

    door_open(&door, state, NULL);
    begin_later(&door, &asked);
    httpd_close(door.httpd);
    loop_run(door.on->loop);
    assert_int_equal(asked.status == 503 || asked.err.kind == ERR_LINK, true);
    hook_answer(door.call, 200, NULL, NULL, 0);
    assert_null(
        hook_open(&door.on->owner, "/hook/b", 10, on_hook, &door, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
}

/* Closes everything while a call waits: nothing may be touched twice. */
static void test_owner_closed(void **state)
{
    struct door door;
    struct asked asked;

    door_open(&door, state, NULL);
    begin_later(&door, &asked);
    on_loop_close(door.on);
}

static void test_client_gone(void **state)
{
    struct door door;
    struct http_request request = { .total_ms = 60 };
    struct asked asked = { .on = *state };

    door_open(&door, state, NULL);
    door.later = true;
    request.url = door_url(&door, "/hook/a");
    assert_non_null(
        http_send(&door.on->owner, &request, on_asked, &asked, NULL));
    loop_run(door.on->loop); /* the hook has it */
    loop_run(door.on->loop); /* the client has given up */
    assert_int_equal(asked.done, 1);
    hook_answer(door.call, 200, "text/plain", "x", 1);
    door.later = false;
    request.total_ms = 0;
    assert_int_equal(ask(state, &request).status, 200);
}

struct raw {
    int fd;
    struct timer *timer;
    struct on_loop *on;
    bool ended;
    size_t sent;
};

/* A byte now and then, for ever. */
static void on_drip(void *arg)
{
    struct raw *raw = arg;
    char byte[16];

    if (recv(raw->fd, byte, sizeof(byte), MSG_DONTWAIT) == 0 ||
        send(raw->fd, "X", 1, MSG_NOSIGNAL) < 0) {
        raw->ended = true;
        loop_stop(raw->on->loop);
    }
    raw->sent++;
}

static void drip(void **state, const char *begin)
{
    struct door door;
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct raw raw = { .on = *state };

    door_open(&door, state, &(struct httpd_options){ .read_ms = 100 });
    address.sin_port = htons((uint16_t)httpd_port(door.httpd));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    raw.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(
        connect(raw.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_true(send(raw.fd, begin, strlen(begin), 0) > 0);
    raw.timer = timer_new(&door.on->owner, on_drip, &raw);
    timer_repeat(raw.timer, 10);
    loop_run(door.on->loop);
    assert_true(raw.ended);
    assert_true(raw.sent > 3);
    assert_int_equal(door.asked, 0);
    (void)close(raw.fd);
}

static void test_slow_headers(void **state)
{
    drip(state, "POST /hook/a HTTP/1.1\r\nHost: x\r\nX-A: ");
}

static void test_slow_body(void **state)
{
    drip(state, "POST /hook/a HTTP/1.1\r\nHost: x\r\n"
                "Content-Length: 900\r\n\r\n");
}

static void test_config(void **state)
{
    static const char *const wrong[] = { "",
                                         "5381",
                                         "127.0.0.1",
                                         "a b:1",
                                         "127.0.0.1:99999999",
                                         "no.such.host.invalid:80" };
    struct on_loop *on = *state;
    struct door door;
    struct err err;
    char taken[64];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(httpd_open(
            &on->owner, &(struct httpd_options){ .listen = wrong[i] }, &err));
        assert_int_equal(err.kind, ERR_CONFIG);
    }
    door_open(&door, state, NULL);
    assert_null(hook_open(&on->owner, "/hook/a", 1, on_hook, &door, &err));
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", httpd_port(door.httpd));
    assert_null(httpd_open(&on->owner,
                           &(struct httpd_options){ .listen = taken }, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
    snprintf(taken, sizeof(taken), "http://127.0.0.1:%d/hook/a",
             httpd_port(door.httpd));
    assert_string_equal(hook_url(door.hook), taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_now),          ON_LOOP(test_unknown),
        ON_LOOP(test_forwarded),    ON_LOOP(test_too_long),
        ON_LOOP(test_later),        ON_LOOP(test_silent),
        ON_LOOP(test_hook_closed),  ON_LOOP(test_httpd_closed),
        ON_LOOP(test_owner_closed), ON_LOOP(test_client_gone),
        ON_LOOP(test_slow_headers), ON_LOOP(test_slow_body),
        ON_LOOP(test_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
