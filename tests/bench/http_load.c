/* http_load.c - sends HTTP requests as fast as they are answered, each
 * connection one after the other, and prints requests/s.
 *
 * The requests come on standard input, each as "SIZE\n" and that many octets.
 * Any other status than the expected one ends it with exit code 1.
 *
 * usage: http_load PORT CONNECTIONS STATUS < requests */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

enum { ANSWER_MAX = 4096, CONNECTIONS_MAX = 1000, SILENCE_MS = 30000 };

struct request {
    const char *bytes;
    size_t size;
};

struct link {
    int fd;
    char answer[ANSWER_MAX];
    size_t size;
    bool busy;
};

struct load {
    int port, status;
    char *text;
    struct request *requests;
    size_t total, sent, back;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static char *read_all(size_t *size)
{
    size_t max = 1 << 20;
    char *text = malloc(max);
    size_t n;

    for (*size = 0; text && (n = fread(text + *size, 1, max - *size, stdin));) {
        *size += n;
        if (*size == max)
            text = realloc(text, max *= 2);
    }
    if (!text)
        die("malloc");
    return text;
}

static void read_requests(struct load *load)
{
    size_t size, max = 0;
    char *end, *at = load->text = read_all(&size);

    while (at < load->text + size) {
        struct request request = { .size = strtoul(at, &end, 10) };

        request.bytes = end + 1;
        if (load->total == max) {
            max = max ? 2 * max : 1024;
            load->requests = realloc(load->requests, max * sizeof(request));
        }
        if (!load->requests)
            die("realloc");
        load->requests[load->total++] = request;
        at = end + 1 + request.size;
    }
}

static void link_open(const struct load *load, struct link *link)
{
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)load->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0 || connect(link->fd, (void *)&address, sizeof(address)))
        die("connect");
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void link_next(struct load *load, struct link *link)
{
    const struct request *request = &load->requests[load->sent];

    link->busy = load->sent < load->total;
    if (!link->busy)
        return;
    if (write(link->fd, request->bytes, request->size) !=
        (ssize_t)request->size)
        die("write");
    load->sent++;
}

/* Is the whole answer there? Then its status is checked. */
static bool answered(const struct load *load, const struct link *link)
{
    const char *head = strstr(link->answer, "\r\n\r\n");
    const char *length =
        head ? strcasestr(link->answer, "content-length:") : NULL;
    size_t body = length && length < head ? strtoul(length + 15, NULL, 10) : 0;

    if (!head || link->size < (size_t)(head + 4 - link->answer) + body)
        return false;
    if (atoi(link->answer + 9) != load->status) {
        fprintf(stderr, "http_load: answer %zu: %.300s\n", load->back,
                link->answer);
        exit(1);
    }
    return true;
}

static void link_read(struct load *load, struct link *link)
{
    ssize_t n = read(link->fd, link->answer + link->size,
                     sizeof(link->answer) - 1 - link->size);
    bool closes;

    if (n <= 0)
        die("the connection was closed");
    link->size += (size_t)n;
    link->answer[link->size] = '\0';
    if (!answered(load, link))
        return;
    load->back++;
    closes = strcasestr(link->answer, "connection: close") != NULL;
    link->size = 0;
    if (closes) {
        close(link->fd);
        link_open(load, link);
    }
    link_next(load, link);
}

static void run(struct load *load, struct link *links, size_t n)
{
    struct pollfd polls[CONNECTIONS_MAX];

    for (size_t i = 0; i < n; i++) {
        link_open(load, &links[i]);
        polls[i] = (struct pollfd){ .events = POLLIN };
    }
    for (size_t i = 0; i < n; i++)
        link_next(load, &links[i]);
    while (load->back < load->total) {
        for (size_t i = 0; i < n; i++)
            polls[i].fd = links[i].busy ? links[i].fd : -1;
        if (poll(polls, n, SILENCE_MS) <= 0)
            die("no answer for 30 s");
        for (size_t i = 0; i < n; i++) {
            if (polls[i].fd >= 0 && polls[i].revents)
                link_read(load, &links[i]);
        }
    }
}

int main(int argc, char **argv)
{
    struct load load = { 0 };
    struct link *links;
    size_t n;

    if (argc != 4)
        return 2;
    load.port = atoi(argv[1]);
    n = strtoul(argv[2], NULL, 10);
    load.status = atoi(argv[3]);
    links = calloc(n, sizeof(*links));
    if (!links || n > CONNECTIONS_MAX)
        return 2;
    read_requests(&load);
    int64_t start = wire_now_us();
    run(&load, links, n);
    printf("%.1f\n",
           (double)load.total * 1e6 / (double)(wire_now_us() - start));
    free(load.requests);
    free(load.text);
    free(links);
    return 0;
}
