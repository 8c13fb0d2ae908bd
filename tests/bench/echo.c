/* echo.c - the yardstick: a component that sends every body back, on raw
 * expat, one write per read. usage: echo PORT DOMAIN SECRET */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static void on_stanza(struct wire *wire, const struct stanza *stanza)
{
    if (strcmp(stanza->name, "iq") == 0 && strcmp(stanza->type, "result"))
        wire_printf(wire, "<iq type='result' id='%s' from='%s' to='%s'/>",
                    stanza->id, stanza->to, stanza->from);
    if (strcmp(stanza->name, "message") != 0 || stanza->body_size == 0)
        return;
    wire_printf(wire, "<message type='chat' id='%s' from='%s' to='%s'><body>",
                stanza->id, stanza->to, stanza->from);
    wire_escape(wire, stanza->body, stanza->body_size);
    wire_printf(wire, "</body></message>");
}

int main(int argc, char **argv)
{
    static struct wire wire = { .on_stanza = on_stanza };
    if (argc != 4) {
        fprintf(stderr, "usage: echo PORT DOMAIN SECRET\n");
        return 2;
    }
    wire_open(&wire, atoi(argv[1]), argv[2], argv[3]);
    printf("ready\n");
    fflush(stdout);
    while (wire_read(&wire, -1))
        wire_flush(&wire);
    return 0;
}
