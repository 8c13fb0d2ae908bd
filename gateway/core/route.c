/* route.c - picks lines. Parts of one message stay on one SIM; a conversation
 * stays on its line as long as that is online. */
#include "core/route.h"

#include <stddef.h>
#include <string.h>

#include "core/line.h"
#include "core/network.h"
#include "store/store.h"

static bool line_is(const struct line *line, const char *name)
{
    return name && strcmp(line_name(line), name) == 0;
}

bool route_has_begun(const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_parts; i++)
        if (delivery->parts[i].state != PART_WAITING)
            return true;
    return false;
}

static struct line *same_sim(const struct network *network, const char *sim)
{
    struct line *line = NULL;
    while ((line = network_line_next(network, line)))
        if (line_is_online(line) && sim && strcmp(line->sim, sim) == 0)
            return line;
    return NULL;
}

static struct line *least_busy(const struct network *network)
{
    struct line *line = NULL, *best = NULL;
    while ((line = network_line_next(network, line)))
        if (line_is_online(line) && (!best || line->in_hand < best->in_hand))
            best = line;
    return best;
}

struct line *route_pick(const struct network *network,
                        const struct delivery *delivery)
{
    struct line *line = NULL;
    if (route_has_begun(delivery))
        return same_sim(network, delivery->sim);
    while ((line = network_line_next(network, line)))
        if (line_is_online(line) && line_is(line, delivery->line))
            return line;
    return least_busy(network);
}

struct line *route_pick_new(const struct network *network)
{
    struct line *line = least_busy(network);
    return line ? line : network_line_next(network, NULL);
}
