/* fuzz_reader.c - any bytes, cut anywhere: the same events come out, every
 * stanza is within the limits, and what it holds can be built again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xmpp/reader.h"
#include "xmpp/stanza.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STANZA_MAX = 512, ELEMENTS_MAX = 256, DEPTH_MAX = 32 };

static const char header[] = "<?xml version='1.0'?><stream:stream id='1' "
                             "xmlns='jabber:component:accept' "
                             "xmlns:stream='http://etherx.jabber.org/streams'>";

struct digest {
    xmpp_ctx_t *ctx;
    uint64_t hash;
    unsigned events;
};

static void add(struct digest *digest, const char *text)
{
    digest->events++;
    for (; text && *text; text++)
        digest->hash = (digest->hash ^ (unsigned char)*text) * 1099511628211u;
}

static void on_opened(void *arg, const char *id, const char *ns)
{
    add(arg, id);
    add(arg, ns);
}

static unsigned count(xmpp_stanza_t *stanza, unsigned depth)
{
    unsigned n = 1;

    assert(depth <= DEPTH_MAX);
    for (xmpp_stanza_t *child = stanza_first(stanza); child;
         child = stanza_after(child))
        n += count(child, depth + 1);
    return n;
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    struct digest *digest = arg;
    struct condition condition = stanza_condition(stanza, NS_STANZA_ERRORS);
    xmpp_stanza_t *answer = stanza_answer(stanza, "error");
    char *text;
    size_t size;

    assert(count(stanza, 1) <= ELEMENTS_MAX);
    stanza_add(answer, "text", NULL, stanza_text(stanza));
    stanza_set(answer, "about", condition.name);
    assert(xmpp_stanza_to_text(stanza, &text, &size) == XMPP_EOK);
    add(digest, text);
    xmpp_free(digest->ctx, text);
    assert(xmpp_stanza_to_text(answer, &text, &size) == XMPP_EOK);
    xmpp_free(digest->ctx, text);
    (void)xmpp_stanza_release(answer);
}

static void on_oversized(void *arg, const struct stanza_head *head)
{
    add(arg, head->name);
    add(arg, head->from);
    add(arg, head->id);
}

static void on_closed(void *arg)
{
    add(arg, "closed");
}

static const struct reader_events events = {
    .opened = on_opened,
    .stanza = on_stanza,
    .oversized = on_oversized,
    .closed = on_closed,
};

/* Reads in pieces of `piece` bytes. */
static struct digest read_all(const uint8_t *data, size_t size, size_t piece)
{
    struct digest digest = { .ctx = stanza_context() };
    struct reader *reader =
        reader_new(digest.ctx, STANZA_MAX, &events, &digest);
    struct err err;
    bool ok = true;

    if (size > 0 && data[0] & 1)
        ok = reader_feed(reader, header, sizeof(header) - 1, &err);
    for (size_t pos = 1; ok && pos < size; pos += piece) {
        size_t n = size - pos < piece ? size - pos : piece;

        ok = reader_feed(reader, (const char *)data + pos, n, &err);
    }
    digest.events += ok;
    reader_free(reader);
    xmpp_ctx_free(digest.ctx);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct digest whole = read_all(data, size, size + 1);
    struct digest split = read_all(data, size, size ? 1 + data[0] / 16u : 1);

    assert(whole.hash == split.hash && whole.events == split.events);
    return 0;
}
