/* sender.c - a server whose user sends N texts at once, to N / 4 phones, and
 * then only answers pings. usage: sender PORT DOMAIN SECRET TARGET N */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire.h"

static void on_stanza(struct wire *wire, const struct stanza *stanza)
{
    bool get = strcmp(stanza->type, "get") == 0;
    if (strcmp(stanza->name, "iq") == 0 && get)
        wire_printf(wire, "<iq type='result' id='%s' from='%s' to='%s'/>",
                    stanza->id, stanza->to, stanza->from);
    if (strcmp(stanza->type, "error") == 0)
        fprintf(stderr, "sender: an error came back\n");
}

int main(int argc, char **argv)
{
    static struct wire wire = { .on_stanza = on_stanza };
    int one = 1;
    if (argc != 6)
        return 2;
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
    int count = atoi(argv[5]);
    for (int i = 0; i < count; i++)
        wire_printf(&wire,
                    "<message type='chat' id='m%d' from='user@%s/bench' "
                    "to='+4477%08d@%s'><body>text number %d</body></message>",
                    i, argv[2], 900000 + i % (count / 4 + 1), argv[4], i);
    wire_flush(&wire);
    while (wire_read(&wire, -1))
        wire_flush(&wire);
    return 0;
}
