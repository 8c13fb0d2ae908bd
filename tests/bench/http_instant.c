/* http_instant.c - a web server that answers at once, or holds long polls: the
 * far side of the http and telegram drivers in benchmarks.
 *
 * After N requests (HEAD is not one) it prints the rate from the first to the
 * last. A path with "getUpdates" is answered after HOLD seconds at most, each
 * poll at another time.
 *
 * usage: http_instant PORT N STATUS BODY [HOLD] */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

enum { REQUEST_MAX = 16384, LINKS_MAX = 4096, TICK_MS = 20 };

struct link {
    int fd;
    size_t size;
    int64_t due; /* us; 0: it holds no poll */
    char request[REQUEST_MAX];
};

struct server {
    int epoll, listener;
    long total, count;
    int64_t first;
    double hold;
    const char *status, *body;
    struct link *links[LINKS_MAX]; /* by descriptor */
    int top;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void watch(const struct server *server, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        die("epoll_ctl");
}

static void start_listening(struct server *server, int port)
{
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(server->listener, (void *)&address, sizeof(address)) < 0 ||
        listen(server->listener, LINKS_MAX) < 0)
        die("listen");
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(server, server->listener);
    printf("listening\n");
    fflush(stdout);
}

static void link_new(struct server *server)
{
    int one = 1, fd = accept(server->listener, NULL, NULL);

    if (fd < 0)
        return;
    if (fd >= LINKS_MAX)
        die("too many connections");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    server->links[fd] = calloc(1, sizeof(struct link));
    if (!server->links[fd])
        die("calloc");
    server->links[fd]->fd = fd;
    server->top = fd > server->top ? fd : server->top;
    watch(server, fd);
}

static void link_end(struct server *server, struct link *link)
{
    server->links[link->fd] = NULL;
    close(link->fd);
    free(link);
}

static void answer(const struct server *server, const struct link *link,
                   const char *status, const char *body)
{
    char text[1024];
    int size = snprintf(text, sizeof(text),
                        "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %zu\r\n\r\n%s",
                        status, strlen(body), body);

    (void)server;
    if (write(link->fd, text, (size_t)size) != size)
        die("write");
}

static void count(struct server *server)
{
    int64_t now = wire_now_us();

    if (server->count++ == 0)
        server->first = now;
    if (server->count != server->total)
        return;
    printf("%.1f\n",
           (double)(server->total - 1) * 1e6 / (double)(now - server->first));
    fflush(stdout);
}

static void serve(struct server *server, struct link *link)
{
    if (strncmp(link->request, "HEAD", 4) == 0) {
        if (write(link->fd, "HTTP/1.1 404 -\r\nContent-Length: 0\r\n\r\n", 37) <
            0)
            die("write");
    } else if (server->hold > 0 && strstr(link->request, "getUpdates")) {
        double share = 0.1 + 0.9 * (double)random() / RAND_MAX;

        link->due = wire_now_us() + (int64_t)(share * server->hold * 1e6);
    } else {
        answer(server, link, server->status, server->body);
        count(server);
    }
}

static bool whole(const struct link *link, size_t *size)
{
    const char *head = strstr(link->request, "\r\n\r\n");
    const char *length =
        head ? strcasestr(link->request, "content-length:") : NULL;

    if (!head)
        return false;
    *size = (size_t)(head + 4 - link->request);
    if (length && length < head)
        *size += strtoul(length + 15, NULL, 10);
    return link->size >= *size;
}

static void link_read(struct server *server, struct link *link)
{
    ssize_t n = read(link->fd, link->request + link->size,
                     sizeof(link->request) - 1 - link->size);
    size_t size;

    if (n <= 0) {
        link_end(server, link);
        return;
    }
    link->size += (size_t)n;
    link->request[link->size] = '\0';
    while (whole(link, &size)) {
        serve(server, link);
        link->size -= size;
        memmove(link->request, link->request + size, link->size + 1);
    }
}

static void end_polls(struct server *server)
{
    int64_t now = wire_now_us();

    for (int fd = 0; fd <= server->top; fd++) {
        struct link *link = server->links[fd];

        if (!link || link->due == 0 || link->due > now)
            continue;
        link->due = 0;
        answer(server, link, "200 OK", "{\"ok\":true,\"result\":[]}");
    }
}

static void run(struct server *server)
{
    struct epoll_event events[64];
    int timeout = server->hold > 0 ? TICK_MS : -1;

    while (true) {
        int n = epoll_wait(server->epoll, events, 64, timeout);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == server->listener)
                link_new(server);
            else
                link_read(server, server->links[events[i].data.fd]);
        }
        if (server->hold > 0)
            end_polls(server);
    }
}

int main(int argc, char **argv)
{
    static struct server server;
    struct rlimit files;

    if (argc != 5 && argc != 6)
        return 2;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    server.total = strtol(argv[2], NULL, 10);
    server.status = argv[3];
    server.body = argv[4];
    server.hold = argc == 6 ? atof(argv[5]) : 0;
    start_listening(&server, atoi(argv[1]));
    run(&server);
}
