/* load.c - loads an echo (the bare one or Moongate with its loopback driver)
 * through a server or, with --serve, as the server itself.
 *
 * Every message must come back once, in the order of its conversation: what is
 * refused, missing, doubled or out of order ends it with exit code 1.
 *
 * usage: load [--serve] PORT DOMAIN SECRET TARGET N WINDOW CONVERSATIONS
 * prints: messages/s, median and 99 % round trip in us, all as one line. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

struct load {
    const char *domain, *target;
    long total, window, conversations;
    long sent, back;
    int64_t *round_trips;
    long *next; /* per conversation: the number that is due */
};

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void send_more(struct wire *wire)
{
    static const char padding[] =
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do";
    struct load *load = wire->arg;
    while (load->sent < load->total && load->sent - load->back < load->window) {
        long who = load->sent % load->conversations;
        wire_printf(wire,
                    "<message type='chat' id='m%ld' "
                    "from='user%ld@%s/bench' to='+4477%08ld@%s'>"
                    "<body>%lld %ld %s</body>"
                    "<request xmlns='urn:xmpp:receipts'/>"
                    "<active xmlns='http://jabber.org/protocol/chatstates'/>"
                    "<origin-id xmlns='urn:xmpp:sid:0' id='o%ld-%ld'/>"
                    "</message>",
                    load->sent, who, load->domain, who, load->target,
                    (long long)wire_now_us(), load->sent, padding,
                    (long)getpid(), load->sent);
        load->sent++;
    }
}

static void give_up(const struct load *load, const char *why)
{
    fprintf(stderr, "load: %s after %ld of %ld\n", why, load->back,
            load->total);
    exit(1);
}

static void on_echo(struct load *load, const char *text)
{
    char *end;
    int64_t sent = strtoll(text, &end, 10);
    long number = strtol(end, NULL, 10);

    if (number < 0 || number >= load->sent)
        give_up(load, "a message that was never sent came back");
    if (load->next[number % load->conversations] != number)
        give_up(load, "a message is missing, doubled or out of order");
    load->next[number % load->conversations] += load->conversations;
    load->round_trips[load->back++] = wire_now_us() - sent;
}

static void on_stanza(struct wire *wire, const struct stanza *stanza)
{
    struct load *load = wire->arg;
    bool result = strcmp(stanza->type, "result") == 0;
    bool error = strcmp(stanza->type, "error") == 0;

    if (strcmp(stanza->name, "iq") == 0 && !result && !error)
        wire_printf(wire, "<iq type='result' id='%s' from='%s' to='%s'/>",
                    stanza->id, stanza->to, stanza->from);
    if (strcmp(stanza->name, "message") != 0)
        return;
    if (error)
        give_up(load, "a message was refused");
    if (stanza->body_size > 0)
        on_echo(load, stanza->body);
}

static int accept_one(int port)
{
    int one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (void *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0) {
        perror("listen");
        exit(2);
    }
    printf("listening\n");
    fflush(stdout);
    return accept(fd, NULL, NULL);
}

static void run(struct wire *wire, struct load *load)
{
    int64_t start = wire_now_us();
    while (load->back < load->total) {
        send_more(wire);
        wire_flush(wire);
        if (!wire_read(wire, 30000))
            give_up(load, "the stream ended or nothing came for 30 s");
    }
    int64_t took = wire_now_us() - start;
    qsort(load->round_trips, (size_t)load->total, sizeof(int64_t), by_value);
    printf("%.1f %lld %lld\n", (double)load->total * 1e6 / (double)took,
           (long long)load->round_trips[load->total / 2],
           (long long)load->round_trips[load->total * 99 / 100]);
}

int main(int argc, char **argv)
{
    static struct wire wire = { .on_stanza = on_stanza };
    bool serve = argc > 1 && strcmp(argv[1], "--serve") == 0;
    char **args = argv + serve;
    if (argc - serve != 8) {
        fprintf(stderr, "usage: load [--serve] PORT DOMAIN SECRET TARGET N "
                        "WINDOW CONVERSATIONS\n");
        return 2;
    }
    struct load load = {
        .domain = args[2],
        .target = args[4],
        .total = strtol(args[5], NULL, 10),
        .window = strtol(args[6], NULL, 10),
        .conversations = strtol(args[7], NULL, 10),
    };
    load.round_trips = calloc((size_t)load.total, sizeof(int64_t));
    load.next = calloc((size_t)load.conversations, sizeof(long));
    if (!load.round_trips || !load.next)
        return 2;
    for (long i = 0; i < load.conversations; i++)
        load.next[i] = i;
    wire.arg = &load;
    int port = (int)strtol(args[1], NULL, 10);
    if (serve)
        wire_serve(&wire, accept_one(port));
    else
        wire_open(&wire, port, args[2], args[3]);
    run(&wire, &load);
    return 0;
}
