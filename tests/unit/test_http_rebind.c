/* test_http_rebind.c - names that resolve to what a stranger must not reach,
 * and a name that changes its mind between two connections (T19). The resolver
 * is this file's: no name leaves the machine. */
#include <netdb.h>

#include "on_http.h"

enum { ANSWERS_MAX = 4 };

static const char *answers_of_name[ANSWERS_MAX];
static int next_answer;

static struct addrinfo *one_address(const char *text, int port)
{
    struct addrinfo *info = calloc(1, sizeof(*info));
    struct sockaddr_in6 *in6 = calloc(1, sizeof(*in6));
    struct sockaddr_in *in = (struct sockaddr_in *)in6;

    info->ai_socktype = SOCK_STREAM;
    info->ai_addr = (struct sockaddr *)in6;
    if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
        info->ai_family = in6->sin6_family = AF_INET6;
        info->ai_addrlen = sizeof(*in6);
        in6->sin6_port = htons((uint16_t)port);
        return info;
    }
    memset(in6, 0, sizeof(*in6));
    info->ai_family = in->sin_family = AF_INET;
    info->ai_addrlen = sizeof(*in);
    in->sin_port = htons((uint16_t)port);
    assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
    return info;
}

/* libcurl's resolver thread calls this one. */
int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    const char *text =
        strcmp(node, "name.test") == 0 ? answers_of_name[next_answer++] : NULL;

    (void)hints;
    if (!text)
        return EAI_NONAME;
    *out = one_address(text, service ? atoi(service) : 0);
    return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
    free(info->ai_addr);
    free(info);
}

static void resolve(const char *first, const char *second)
{
    next_answer = 0;
    answers_of_name[0] = first;
    answers_of_name[1] = second;
}

/* A socket that nobody may connect to. */
static int canary_open(const char *address, int *port)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t size = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static void canary_close(int fd)
{
    assert_int_equal(accept(fd, NULL, NULL), -1);
    (void)close(fd);
}

static void test_names(void **state)
{
    static const char *const addresses[] = {
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
    };
    struct http_request request = { .profile = HTTP_MEDIA };
    char url[64];
    int port, canary = canary_open("127.0.0.1", &port);

    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        /* Another port each time: libcurl remembers names for a while. */
        snprintf(url, sizeof(url), "http://name.test:%zu/",
                 i == 0 ? (size_t)port : 40000 + i);
        request.url = url;
        resolve(addresses[i], NULL);
        struct asked asked = ask(state, &request);
        assert_int_equal(asked.err.kind, ERR_NOT_ALLOWED);
        assert_false(asked.reached);
    }
    canary_close(canary);
}

/* The name was right when it was looked at, and is another when the redirect
 * is followed. */
static void test_rebinding(void **state)
{
    char go[200];
    const char *redirect[] = { go, NULL };
    struct http_request request = { .profile = HTTP_MEDIA,
                                    .allow = "127.0.0.1" };
    struct liar liar;
    char url[64];
    int port, canary = canary_open("127.0.0.2", &port);

    snprintf(go, sizeof(go),
             "HTTP/1.1 302 Go\r\nLocation: http://name.test:%d/\r\n"
             "Content-Length: 0\r\n\r\n",
             port);
    liar_begin(&liar, redirect, false);
    snprintf(url, sizeof(url), "http://name.test:%d/", liar.port);
    request.url = url;
    resolve("127.0.0.1", "127.0.0.2");
    struct asked asked = ask(state, &request);
    assert_int_equal(liar.requests, 1);
    assert_int_equal(next_answer, 2);
    assert_int_equal(asked.err.kind, ERR_NOT_ALLOWED);
    liar_end(&liar);
    canary_close(canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(test_names),
        ON_LOOP(test_rebinding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
