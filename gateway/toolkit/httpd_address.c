/* httpd_address.c - where a listener listens, and who talks to it. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "toolkit/address.h"
#include "toolkit/httpd_inside.h"

enum { BACKLOG = 512 };

static bool split(const char *text, char **host, const char **port)
{
    const char *colon = strrchr(text, ':');
    bool brackets = *text == '[' && colon && colon[-1] == ']';

    if (!colon || colon == text || !colon[1])
        return false;
    *host = xstrndup(text + brackets, (size_t)(colon - text) - 2 * brackets);
    *port = colon + 1;
    return strtoul(*port, NULL, 10) < 65536; /* getaddrinfo cuts it */
}

static int listen_at(const struct addrinfo *info)
{
    int on = 1;
    int fd =
        socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

int httpd_listen(const char *text, struct err *err)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST |
                                                AI_NUMERICSERV | AI_PASSIVE,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *info = NULL;
    char *host = NULL;
    const char *port = NULL;
    int fd = -1;

    if (!split(text, &host, &port) ||
        getaddrinfo(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, port,
                    &hints, &info) != 0) {
        err_set(err, ERR_CONFIG,
                "\"%.100s\" is not ADDRESS:PORT, like 127.0.0.1:5381", text);
    } else {
        fd = listen_at(info);
        if (fd < 0)
            err_errno(err, ERR_CONFIG, "cannot listen on %.100s", text);
    }
    if (info)
        freeaddrinfo(info);
    free(host);
    return fd;
}

int httpd_fd_port(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t size = sizeof(address);
    struct sockaddr_in in;

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return 0;
    memcpy(&in, &address, sizeof(in)); /* the port has one place in both */
    return ntohs(in.sin_port);
}

void httpd_peer(const struct sockaddr *address, const char *forwarded,
                char out[PEER_MAX])
{
    socklen_t size = address->sa_family == AF_INET6
                         ? sizeof(struct sockaddr_in6)
                         : sizeof(struct sockaddr_in);

    if (getnameinfo(address, size, out, PEER_MAX, NULL, 0, NI_NUMERICHOST) != 0)
        text_copy(out, PEER_MAX, "");
    if (!forwarded || !address_in(address, "127.0.0.0/8 ::1"))
        return;
    /* Only the last entry was written by the proxy itself. */
    const char *last = strrchr(forwarded, ',');
    last = last ? last + 1 : forwarded;
    text_copy(out, PEER_MAX, last + strspn(last, " "));
}
