/* inbox_fragments.c - segments of long texts that come in, until they can be
 * joined. */
#include "core/inbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "store/fragments.h"
#include "store/store.h"

static void join_set(struct line *line, const struct fragment_set *set)
{
    struct err err = { 0 };
    char *text = NULL;
    struct fragment *fragments = xcalloc(set->n + 1, sizeof(*fragments));
    for (size_t i = 0; i < set->n; i++)
        fragments[i] = (struct fragment){ .seq = set->fragments[i].seq,
                                          .bytes = set->fragments[i].bytes,
                                          .size = set->fragments[i].size };
    if (line->driver->assemble(line, fragments, set->n, set->total, &text,
                               &err)) {
        struct incoming message = {
            .kind = KIND_TEXT, .chat = set->chat, .text = text, .at = set->at
        };
        inbox_line_joined(line, &message, set->id, set->n);
    } else {
        log_warn("line %s: a long text could not be joined: %s",
                 line_name(line), err.text);
    }
    free(text);
    free(fragments);
}

static void on_fragment(void *arg, const struct fragment_set *set,
                        const struct err *err)
{
    struct receipt *receipt = arg;
    bool failed = core_failed(receipt->line->core, err);
    receipt->line->network->pieces--;
    if (!failed && set)
        join_set(receipt->line, set);
    line_acknowledge(receipt, failed ? ACK_RETRY : ACK_STORED);
    free(receipt);
}

void inbox_line_fragment(struct line *line, const struct incoming *message,
                         const char *set, unsigned total,
                         const struct fragment *fragment, uint64_t token)
{
    struct receipt *receipt = xmalloc(sizeof(*receipt));
    struct fragment_entry entry = {
        .network = network_name(line->network),
        .line = line_name(line),
        .source = line_name(line),
        .set = set,
        .chat = message->chat,
        .key = message->remote_id,
        .total = total,
        .seq = fragment->seq,
        .bytes = fragment->bytes,
        .size = fragment->size,
        .at = message->at,
    };
    *receipt = line_receipt(line, token);
    line->network->pieces++;
    store_fragment(line->core->store, &entry, on_fragment, receipt);
}

static struct line *find_line(const struct network *network, const char *name)
{
    struct line *line = NULL;
    while ((line = network_line_next(network, line)))
        if (strcmp(line_name(line), name) == 0)
            return line;
    return NULL;
}

static void on_due_set(void *arg, const struct fragment_set *set,
                       const struct err *err)
{
    struct network *network = arg;
    if (core_failed(network->core, err) || !set ||
        strcmp(set->network, network_name(network)) != 0)
        return;
    struct line *line = find_line(network, set->line);
    if (!line) /* renamed or gone: joining needs no modem */
        line = network_line_next(network, NULL);
    if (line && line->driver->assemble)
        join_set(line, set);
}

void inbox_join_due(struct network *network)
{
    store_fragments_due(network->core->store,
                        clock_wall_ms() - network->parts_timeout_ms, on_due_set,
                        network);
}
