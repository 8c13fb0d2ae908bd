/* test_socket.c - a client stream in the clear: connecting, batching, ceilings,
 * orderly ends and disorderly ones. */
#include <errno.h>
#include <fcntl.h>

#include "on_socket.h"

enum { MEGABYTE = 1024 * 1024 };

static void serve_echo(struct server *server, int fd)
{
    char bytes[4096];
    ssize_t n;

    (void)server;
    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        send_all(fd, bytes, (size_t)n);
}

static void serve_to_eof(struct server *server, int fd)
{
    receive_to_eof(server, fd);
    send_all(fd, "rest", 4);
}

static void serve_nothing(struct server *server, int fd)
{
    (void)server;
    (void)fd;
}

static void connect_to(struct client *client, void **state,
                       const struct server *server)
{
    const struct socket_options options = { .host = "127.0.0.1",
                                            .port = server->port };

    client_connect(client, state, &options);
    assert_int_equal(client->opened + client->gone, 0);
}

static void carries_both_ways(void **state)
{
    struct client client;
    struct server server;

    server_begin(&server, serve_echo, NULL);
    connect_to(&client, state, &server);
    socket_write(client.socket, "early ", 6);
    client_run(&client);
    assert_int_equal(client.opened, 1);
    socket_write(client.socket, "bird", 4);
    client.wanted = 10;
    client_run(&client);
    assert_string_equal(buf_text(&client.got), "early bird");
    assert_int_equal(socket_queued(client.socket), 0);
    client_end(&client);
    server_end(&server);
}

static void resolves_names_and_tries_each_address(void **state)
{
    static const char *const hosts[] = { "localhost", "[::ffff:127.0.0.1]",
                                         "::ffff:127.0.0.1" };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
        struct client client;
        struct server server;

        server_begin(&server, serve_echo, NULL);
        const struct socket_options options = { .host = hosts[i],
                                                .port = server.port };
        client_connect(&client, state, &options);
        client_run(&client);
        assert_int_equal(client.opened, 1);
        client_end(&client);
        server_end(&server);
    }
}

/* Unread writes of one turn come as one segment. */
static void serve_one_read(struct server *server, int fd)
{
    char bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

    (void)buf_add(&server->got, bytes, n > 0 ? (size_t)n : 0);
    send_all(fd, "x", 1);
}

static void writes_once_per_turn(void **state)
{
    struct client client;
    struct server server;

    server_begin(&server, serve_one_read, NULL);
    connect_to(&client, state, &server);
    client_run(&client);
    for (int i = 0; i < 100; i++)
        socket_write(client.socket, "0123456789", 10);
    assert_int_equal(socket_queued(client.socket), 1000);
    client.wanted = 1;
    client_run(&client);
    assert_int_equal(server.got.len, 1000);
    client_end(&client);
    server_end(&server);
}

static void carries_much(void **state)
{
    struct client client;
    struct server server;
    char *bytes = xmalloc(8 * MEGABYTE);

    for (size_t i = 0; i < 8 * MEGABYTE; i++)
        bytes[i] = (char)(i * 7 % 253);
    server_begin(&server, serve_echo, NULL);
    connect_to(&client, state, &server);
    client_run(&client);
    for (size_t i = 0; i < 8; i++)
        socket_write(client.socket, bytes + i * MEGABYTE, MEGABYTE);
    client.wanted = 8 * MEGABYTE;
    client_run(&client);
    assert_memory_equal(client.got.data, bytes, 8 * MEGABYTE);
    assert_int_equal(socket_queued(client.socket), 0);
    client_end(&client);
    server_end(&server);
    free(bytes);
}

static void tells_who_refused(void **state)
{
    struct client client;
    struct server server = { 0 };
    char *words;

    server_listen(&server, 1);
    assert_int_equal(close(server.fd), 0);
    connect_to(&client, state, &server);
    client_run(&client);
    assert_int_equal(client.gone, 1);
    assert_int_equal(client.err.kind, ERR_LINK);
    words =
        xasprintf("connect to 127.0.0.1:%d: connection refused", server.port);
    assert_string_equal(client.err.text, words);
    free(words);
    client_end(&client);
}

static void tells_unknown_names(void **state)
{
    const struct socket_options options = { .host = "no-such-host.invalid",
                                            .port = 1 };
    struct client client;

    client_connect(&client, state, &options);
    client_run(&client);
    assert_int_equal(client.gone, 1);
    assert_int_equal(client.err.kind, ERR_LINK);
    assert_non_null(strstr(client.err.text, "no-such-host.invalid"));
    client_end(&client);
}

/* A listener whose backlog is full drops our SYN, as a dead host would. */
static void gives_up_in_time(void **state)
{
    struct server server = { 0 };
    struct client client;
    int fillers[8];

    server_listen(&server, 0);
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)server.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    for (int i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&to, sizeof(to));
    }
    const struct socket_options options = { .host = "127.0.0.1",
                                            .port = server.port,
                                            .timeout_ms = 100 };
    client_connect(&client, state, &options);
    client_run(&client);
    assert_int_equal(client.gone, 1);
    assert_non_null(strstr(client.err.text, "timed out"));
    for (int i = 0; i < 8; i++)
        assert_int_equal(close(fillers[i]), 0);
    assert_int_equal(close(server.fd), 0);
    client_end(&client);
}

static void serve_when_told(struct server *server, int fd)
{
    char byte;

    (void)!read(*(int *)server->arg, &byte, 1);
    receive_to_eof(server, fd);
}

static void stops_at_its_ceiling(void **state)
{
    static const char bytes[MEGABYTE];
    struct client client;
    struct server server;
    int told[2];

    assert_int_equal(pipe(told), 0);
    server_begin(&server, serve_when_told, &told[0]);
    const struct socket_options options = { .host = "127.0.0.1",
                                            .port = server.port,
                                            .output_max = 16 * MEGABYTE };
    client_connect(&client, state, &options);
    client_run(&client);
    for (int i = 0; i < 16; i++)
        socket_write(client.socket, bytes, sizeof(bytes));
    assert_int_equal(socket_queued(client.socket), 16 * MEGABYTE);
    socket_write(client.socket, bytes, 1);
    assert_int_equal(client.gone, 0);
    client_run(&client);
    assert_int_equal(client.gone, 1);
    assert_int_equal(client.err.kind, ERR_FULL);
    client_end(&client);
    assert_int_equal(write(told[1], "x", 1), 1);
    server_end(&server);
    assert_int_equal(close(told[0]) | close(told[1]), 0);
}

struct drain {
    struct client *client;
    int tell;
    bool told;
};

static void on_drain_look(void *arg)
{
    struct drain *drain = arg;
    size_t queued = socket_queued(drain->client->socket);

    if (!drain->told) {
        assert_true(queued > MEGABYTE);
        assert_int_equal(write(drain->tell, "x", 1), 1);
        drain->told = true;
    }
    if (queued == 0)
        loop_stop(drain->client->on->loop);
}

static void counts_what_waits(void **state)
{
    char *bytes = xcalloc(1, 16 * MEGABYTE);
    struct client client;
    struct server server;
    int told[2];

    assert_int_equal(pipe(told), 0);
    server_begin(&server, serve_when_told, &told[0]);
    connect_to(&client, state, &server);
    client_run(&client);
    socket_write(client.socket, bytes, 16 * MEGABYTE);
    struct drain drain = { .client = &client, .tell = told[1] };
    timer_repeat(timer_new(&client.on->owner, on_drain_look, &drain), 20);
    client_run(&client);
    assert_int_equal(client.gone, 0);
    client_end(&client);
    server_end(&server);
    assert_int_equal(close(told[0]) | close(told[1]), 0);
    free(bytes);
}

/* Our FIN comes after all we wrote; the peer may still talk until its own. */
static void shuts_down_in_order(void **state)
{
    char *bytes = xcalloc(1, 4 * MEGABYTE);
    struct client client;
    struct server server;

    server_begin(&server, serve_to_eof, NULL);
    connect_to(&client, state, &server);
    socket_write(client.socket, bytes, 4 * MEGABYTE);
    socket_shutdown(client.socket);
    socket_shutdown(client.socket);
    socket_write(client.socket, "too late", 8);
    client_run(&client);
    assert_int_equal(client.opened, 1);
    client_run(&client);
    assert_int_equal(client.eof, 1);
    assert_int_equal(client.gone, 0);
    assert_string_equal(buf_text(&client.got), "rest");
    client_end(&client);
    assert_int_equal(server.got.len, 4 * MEGABYTE);
    server_end(&server);
    free(bytes);
}

static void tells_the_end(void **state)
{
    struct client client;
    struct server server;

    server_begin(&server, serve_nothing, NULL);
    connect_to(&client, state, &server);
    client_run(&client);
    if (client.eof == 0)
        client_run(&client);
    assert_int_equal(client.eof, 1);
    client_end(&client);
    assert_int_equal(client.gone, 0);
    server_end(&server);
}

static void serve_reset(struct server *server, int fd)
{
    const struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    char byte;

    (void)recv(fd, &byte, 1, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    (void)close(fd);
    server->keep = true;
}

static void tells_a_reset(void **state)
{
    struct client client;
    struct server server;

    server_begin(&server, serve_reset, NULL);
    connect_to(&client, state, &server);
    client_run(&client);
    socket_write(client.socket, "x", 1);
    client_run(&client);
    assert_int_equal(client.gone, 1);
    assert_int_equal(client.err.kind, ERR_LINK);
    assert_non_null(strstr(client.err.text, "reset"));
    client_end(&client);
    server_end(&server);
}

/* The server says why and closes; we write on and get a reset for it. */
static void serve_goodbye(struct server *server, int fd)
{
    (void)server;
    send_all(fd, "<stream:error/>", 15);
}

static void on_write_blindly(void *arg)
{
    struct client *client = arg;

    if (client->socket)
        socket_write(client->socket, "blind", 5);
    loop_stop(client->on->loop);
}

static void reads_the_last_words(void **state)
{
    struct client client;
    struct server server;

    server_begin(&server, serve_goodbye, NULL);
    connect_to(&client, state, &server);
    timer_repeat(timer_new(&client.on->owner, on_write_blindly, &client), 1);
    while (client.gone == 0)
        client_run(&client);
    assert_string_equal(buf_text(&client.got), "<stream:error/>");
    assert_int_equal(client.err.kind, ERR_LINK);
    client_end(&client);
    server_end(&server);
}

static void closes_in_its_callbacks(void **state)
{
    for (int i = 0; i < 2; i++) {
        struct client client;
        struct server server;

        server_begin(&server, serve_goodbye, NULL);
        connect_to(&client, state, &server);
        client.close_on_open = i == 0;
        client.close_on_data = i == 1;
        client_run(&client);
        if (i == 1 && client.got.len == 0)
            client_run(&client);
        client_end(&client);
        assert_int_equal(client.opened, 1);
        assert_int_equal(client.eof + client.gone, 0);
        server_end(&server);
    }
}

static void closes_while_it_connects(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "localhost" };

    for (size_t i = 0; i < 4; i++) {
        const struct socket_options options = { .host = hosts[i % 2],
                                                .port = 9 };
        struct client client;

        client_connect(&client, state, &options);
        if (i < 2) {
            socket_close(client.socket);
        } else {
            later_ask(later_new(&client.on->owner, on_loop_stop, client.on));
            client_run(&client); /* one turn: it has begun */
        }
        client_end(&client);
        assert_int_equal(client.opened + client.gone, 0);
    }
    socket_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LOOP(carries_both_ways),
        ON_LOOP(resolves_names_and_tries_each_address),
        ON_LOOP(writes_once_per_turn),
        ON_LOOP(carries_much),
        ON_LOOP(tells_who_refused),
        ON_LOOP(tells_unknown_names),
        ON_LOOP(gives_up_in_time),
        ON_LOOP(stops_at_its_ceiling),
        ON_LOOP(counts_what_waits),
        ON_LOOP(shuts_down_in_order),
        ON_LOOP(tells_the_end),
        ON_LOOP(tells_a_reset),
        ON_LOOP(reads_the_last_words),
        ON_LOOP(closes_in_its_callbacks),
        ON_LOOP(closes_while_it_connects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
