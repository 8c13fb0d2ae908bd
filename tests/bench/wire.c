/* wire.c - see wire.h. */
#include "wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(2);
}

int64_t wire_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attrs)
{
    struct wire *wire = arg;
    struct stanza *stanza = &wire->stanza;
    int depth = wire->depth++;
    if (depth == 0)
        for (int i = 0; attrs[i]; i += 2)
            if (strcmp(attrs[i], "id") == 0)
                copy(wire->stream_id, sizeof(wire->stream_id), attrs[i + 1]);
    if (depth == 2 && strcmp(name, "body") == 0)
        wire->in_body = true;
    if (depth != 1)
        return;
    memset(stanza, 0, offsetof(struct stanza, body));
    stanza->body_size = 0;
    copy(stanza->name, sizeof(stanza->name), name);
    for (int i = 0; attrs[i]; i += 2) {
        if (strcmp(attrs[i], "from") == 0)
            copy(stanza->from, WIRE_ATTR, attrs[i + 1]);
        else if (strcmp(attrs[i], "to") == 0)
            copy(stanza->to, WIRE_ATTR, attrs[i + 1]);
        else if (strcmp(attrs[i], "id") == 0)
            copy(stanza->id, WIRE_ATTR, attrs[i + 1]);
        else if (strcmp(attrs[i], "type") == 0)
            copy(stanza->type, sizeof(stanza->type), attrs[i + 1]);
    }
}

static void on_end(void *arg, const XML_Char *name)
{
    struct wire *wire = arg;
    (void)name;
    wire->in_body = false;
    if (--wire->depth != 1)
        return;
    if (strcmp(wire->stanza.name, "handshake") == 0)
        wire->ready = true;
    else if (wire->on_stanza)
        wire->on_stanza(wire, &wire->stanza);
}

static void on_text(void *arg, const XML_Char *text, int size)
{
    struct wire *wire = arg;
    struct stanza *stanza = &wire->stanza;
    if (!wire->in_body || stanza->body_size + (size_t)size >= WIRE_BODY)
        return;
    memcpy(stanza->body + stanza->body_size, text, (size_t)size);
    stanza->body_size += (size_t)size;
    stanza->body[stanza->body_size] = '\0';
}

static void wire_start(struct wire *wire, int fd)
{
    int one = 1;
    wire->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    wire->parser = XML_ParserCreate("UTF-8");
    XML_SetUserData(wire->parser, wire);
    XML_SetElementHandler(wire->parser, on_start, on_end);
    XML_SetCharacterDataHandler(wire->parser, on_text);
    wire->out_max = 1 << 16;
    wire->out = malloc(wire->out_max);
    if (!wire->out)
        die("malloc");
}

static void wire_handshake(struct wire *wire, const char *secret)
{
    char text[512];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    snprintf(text, sizeof(text), "%s%s", wire->stream_id, secret);
    EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL);
    wire_printf(wire, "<handshake>");
    for (unsigned i = 0; i < size; i++)
        wire_printf(wire, "%02x", digest[i]);
    wire_printf(wire, "</handshake>");
    wire_flush(wire);
}

void wire_open(struct wire *wire, int port, const char *domain,
               const char *secret)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (void *)&address, sizeof(address)) < 0)
        die("connect");
    wire_start(wire, fd);
    wire_printf(wire,
                "<?xml version='1.0'?><stream:stream to='%s' "
                "xmlns='jabber:component:accept' "
                "xmlns:stream='http://etherx.jabber.org/streams'>",
                domain);
    wire_flush(wire);
    while (!wire->stream_id[0])
        if (!wire_read(wire, 10000))
            die("no stream");
    wire_handshake(wire, secret);
    while (!wire->ready)
        if (!wire_read(wire, 10000))
            die("no handshake");
}

void wire_serve(struct wire *wire, int fd)
{
    wire_start(wire, fd);
    while (wire->depth == 0)
        if (!wire_read(wire, 10000))
            die("no stream");
    wire_printf(wire, "<?xml version='1.0'?><stream:stream id='bench' "
                      "xmlns='jabber:component:accept' from='bench' "
                      "xmlns:stream='http://etherx.jabber.org/streams'>");
    wire_flush(wire);
    while (!wire->ready)
        if (!wire_read(wire, 10000))
            die("no handshake");
    wire_printf(wire, "<handshake/>");
    wire_flush(wire);
}

static char *wire_room(struct wire *wire, size_t size)
{
    while (wire->out_size + size > wire->out_max) {
        wire->out_max *= 2;
        wire->out = realloc(wire->out, wire->out_max);
        if (!wire->out)
            die("realloc");
    }
    return wire->out + wire->out_size;
}

void wire_printf(struct wire *wire, const char *format, ...)
{
    va_list args;
    enum { MOST = 2 * WIRE_BODY };
    char *out = wire_room(wire, MOST);
    va_start(args, format);
    int size = vsnprintf(out, MOST, format, args);
    va_end(args);
    wire->out_size += size > 0 && size < MOST ? (size_t)size : 0;
}

void wire_escape(struct wire *wire, const char *text, size_t size)
{
    char *out = wire_room(wire, size * 5);
    char *start = out;
    for (size_t i = 0; i < size; i++) {
        const char *escape = text[i] == '<'   ? "&lt;"
                             : text[i] == '>' ? "&gt;"
                             : text[i] == '&' ? "&amp;"
                                              : NULL;
        if (escape)
            out = stpcpy(out, escape);
        else
            *out++ = text[i];
    }
    wire->out_size += (size_t)(out - start);
}

void wire_flush(struct wire *wire)
{
    size_t at = 0;
    while (at < wire->out_size) {
        ssize_t n = write(wire->fd, wire->out + at, wire->out_size - at);
        if (n <= 0)
            die("write");
        at += (size_t)n;
    }
    wire->out_size = 0;
}

bool wire_read(struct wire *wire, int timeout_ms)
{
    char bytes[65536];
    struct pollfd poll_fd = { .fd = wire->fd, .events = POLLIN };
    if (poll(&poll_fd, 1, timeout_ms) <= 0)
        return false;
    ssize_t n = read(wire->fd, bytes, sizeof(bytes));
    return n > 0 && XML_Parse(wire->parser, bytes, (int)n, 0) == XML_STATUS_OK;
}
