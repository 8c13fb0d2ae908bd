/* trouble.c - a table of stream errors. In the texts %N is the network's name,
 * %J its domain and %S the server. What each server means by a condition was
 * seen on Prosody 0.12 and ejabberd 23, and read in Openfire's source. */
#include "xmpp/trouble.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "xmpp/stanza.h"

struct advice {
    const char *sign; /* condition, or a part of the text */
    const char *words;
};

static const struct advice stream_errors[] = {
    { "not-authorized",
      "wrong secret: compare networks.%N.secret with the server's "
      "component_secret (Prosody) or password (ejabberd, which also says so "
      "when %J is not under its hosts)" },
    { "conflict",
      "another connection holds %J on the server: stop the other gateway, or "
      "wait until the server gives up our own old connection" },
    { "host-unknown",
      "the server has no component %J: add it to the server's configuration "
      "(Prosody: Component \"%J\", ejabberd: hosts of ejabberd_service)" },
    { "host-gone", "the server does not serve component %J any more" },
    { "invalid-from",
      "the server refused an address of ours: networks.%N.jid must be exactly "
      "the component's domain in the server's configuration" },
    { "improper-addressing",
      "the server refused an address of ours: networks.%N.jid must be exactly "
      "the component's domain in the server's configuration" },
    { "invalid-namespace",
      "%S is not a component port: xmpp.server must name the server's "
      "component port (usually 5347), not the one for clients" },
    { "not-well-formed", "the server could not read what we sent" },
    { "policy-violation",
      "the server's policy forbids what we sent (a stanza size limit?)" },
    { "system-shutdown", "the server is shutting down" },
    { "connection-timeout", "the server gave us up as silent" },
    { "resource-constraint", "the server is short of resources" },
    { "internal-server-error",
      "the server failed inside (Openfire says so when no secret is set for "
      "%J)" },
};

static const struct advice connections[] = {
    { "refused", "is the XMPP server running, and its component port open? See "
                 "xmpp.server" },
    { "unknown node", "check the name in xmpp.server" },
    { "not known", "check the name in xmpp.server" },
    { "name resolution", "check the name in xmpp.server and the DNS" },
    { "closed during the handshake",
      "is it the component port of an XMPP server, and does TLS match?" },
};

static void expand(struct buf *buf, const char *words,
                   const struct trouble_names *names)
{
    for (; *words; words++) {
        const char *value = NULL;

        if (words[0] == '%' && words[1] == 'N')
            value = names->network;
        else if (words[0] == '%' && words[1] == 'J')
            value = names->jid;
        else if (words[0] == '%' && words[1] == 'S')
            value = names->server;
        if (value) {
            (void)buf_add_text(buf, value);
            words++;
        } else {
            (void)buf_add_char(buf, *words);
        }
    }
}

static void finish(struct buf *buf, char *out, size_t size)
{
    text_copy(out, size, buf_text(buf));
    buf_free(buf);
}

void trouble_stream_error(const struct condition *condition,
                          const struct trouble_names *names, char *out,
                          size_t size)
{
    size_t n = sizeof(stream_errors) / sizeof(stream_errors[0]);
    struct buf buf;
    size_t i = 0;

    buf_init(&buf, 1024);
    while (i < n && strcmp(stream_errors[i].sign, condition->name) != 0)
        i++;
    if (i < n)
        expand(&buf, stream_errors[i].words, names);
    else
        (void)buf_addf(&buf, "the server ended the stream: %.100s",
                       condition->name);
    if (condition->text[0])
        (void)buf_addf(&buf, " (it says: %.200s)", condition->text);
    finish(&buf, out, size);
}

void trouble_connection(const char *what, const struct trouble_names *names,
                        char *out, size_t size)
{
    struct buf buf;

    buf_init(&buf, 1024);
    (void)buf_add_text(&buf, what);
    for (size_t i = 0; i < sizeof(connections) / sizeof(connections[0]); i++) {
        if (!strcasestr(what, connections[i].sign))
            continue;
        (void)buf_add_text(&buf, ": ");
        expand(&buf, connections[i].words, names);
        break;
    }
    finish(&buf, out, size);
}

void trouble_namespace(const char *ns, const struct trouble_names *names,
                       char *out, size_t size)
{
    struct condition condition = { "invalid-namespace", ns };

    trouble_stream_error(&condition, names, out, size);
}
