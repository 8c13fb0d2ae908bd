/* first.c - a server that waits for a component and says when its first stanza
 * came. With `stay` it goes on reading and answers nothing, so that what the
 * component has written stays unproven. usage: first PORT [stay]; prints
 * "listening", then "stanza". */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "wire.h"

static void on_stanza(struct wire *wire, const struct stanza *stanza)
{
    bool *seen = wire->arg;

    (void)stanza;
    if (seen && *seen)
        return;
    printf("stanza\n");
    fflush(stdout);
    if (!seen)
        exit(0);
    *seen = true;
}

int main(int argc, char **argv)
{
    static struct wire wire = { .on_stanza = on_stanza };
    bool seen = false;
    int one = 1;
    if (argc < 2)
        return 2;
    if (argc > 2)
        wire.arg = &seen;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (void *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)
        return 2;
    printf("listening\n");
    fflush(stdout);
    wire_serve(&wire, accept(fd, NULL, NULL));
    while (wire_read(&wire, 60000))
        ;
    return 1;
}
