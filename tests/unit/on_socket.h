/* on_socket.h - a client socket that records its events, and a server that runs
 * one function on one connection in a thread. */
#ifndef MOONGATE_TESTS_ON_SOCKET_H
#define MOONGATE_TESTS_ON_SOCKET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "on_loop.h"

#include "base/buf.h"
#include "toolkit/socket.h"

struct client {
    struct on_loop *on;
    struct socket *socket;
    struct buf got;
    size_t wanted; /* loop_stop when so many bytes came */
    unsigned opened, eof, gone;
    bool close_on_open, close_on_data;
    struct err err;
};

static inline void client_on_opened(void *arg)
{
    struct client *client = arg;

    client->opened++;
    if (client->close_on_open)
        socket_close(client->socket);
    loop_stop(client->on->loop);
}

static inline void client_on_data(void *arg, const char *bytes, size_t size)
{
    struct client *client = arg;

    assert_int_equal(client->eof, 0);
    assert_true(buf_add(&client->got, bytes, size));
    if (client->close_on_data)
        socket_close(client->socket);
    if (client->close_on_data || client->got.len == client->wanted)
        loop_stop(client->on->loop);
}

static inline void client_on_eof(void *arg)
{
    struct client *client = arg;

    client->eof++;
    loop_stop(client->on->loop);
}

static inline void client_on_gone(void *arg, const struct err *err)
{
    struct client *client = arg;

    client->gone++;
    client->err = *err;
    client->socket = NULL;
    loop_stop(client->on->loop);
}

static const struct socket_events client_events = {
    .opened = client_on_opened,
    .data = client_on_data,
    .eof = client_on_eof,
    .gone = client_on_gone,
};

static inline void client_connect(struct client *client, void **state,
                                  const struct socket_options *options)
{
    *client = (struct client){ .on = *state };
    buf_init(&client->got, 64 * 1024 * 1024);
    client->socket =
        socket_connect(&client->on->owner, options, &client_events, client);
}

static inline void client_run(struct client *client)
{
    loop_run(client->on->loop);
}

static inline void client_end(struct client *client)
{
    on_loop_close(client->on);
    buf_free(&client->got);
}

struct server {
    int fd, port;
    pthread_t thread;
    void (*serve)(struct server *server, int fd);
    void *arg;
    bool keep; /* `serve` closes the connection */
    struct buf got;
};

static inline void server_listen(struct server *server, int backlog)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof(address);

    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->fd, backlog), 0);
    assert_int_equal(
        getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    buf_init(&server->got, 64 * 1024 * 1024);
}

static inline void *server_thread(void *arg)
{
    struct server *server = arg;
    int fd = accept(server->fd, NULL, NULL);

    if (fd < 0)
        return NULL;
    server->serve(server, fd);
    if (!server->keep)
        (void)close(fd);
    return NULL;
}

static inline void server_begin(struct server *server,
                                void (*serve)(struct server *server, int fd),
                                void *arg)
{
    *server = (struct server){ .serve = serve, .arg = arg };
    server_listen(server, 8);
    assert_int_equal(
        pthread_create(&server->thread, NULL, server_thread, server), 0);
}

static inline void server_end(struct server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR); /* wakes an accept() */
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    assert_int_equal(close(server->fd), 0);
    buf_free(&server->got);
}

/* In the server's thread. */

static inline void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);

        if (n <= 0)
            return;
        bytes += n;
        size -= (size_t)n;
    }
}

static inline void receive_to_eof(struct server *server, int fd)
{
    char bytes[4096];
    ssize_t n;

    while ((n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
        (void)buf_add(&server->got, bytes, (size_t)n);
}

#endif
