/* route.c - see route.h. */
#include "core/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/option.h"
#include "core/line.h"
#include "core/network.h"
#include "store/store.h"

/* One part at weight 1; divided by the weight it stays exact enough. */
enum { UNIT = 1000000 };

void route_init(struct route *route, const struct settings *settings)
{
    size_t n = settings_list_size(settings, "prefixes");
    *route = (struct route){
        .prefixes = xcalloc(n + 1, sizeof(char *)),
        .n_prefixes = n,
        .weight = (unsigned)settings_int(settings, "weight"),
        .cost = settings_int(settings, "cost"),
    };
    for (size_t i = 0; i < n; i++)
        route->prefixes[i] = settings_list_item(settings, "prefixes", i);
}

void route_clear(struct route *route)
{
    free(route->prefixes);
    *route = (struct route){ 0 };
}

bool route_covers(const struct route *route, const char *address)
{
    size_t longest = 0;
    bool covers = true, fits = false;
    for (size_t i = 0; i < route->n_prefixes; i++) {
        bool no = route->prefixes[i][0] == '!';
        const char *prefix = route->prefixes[i] + no;
        size_t size = strlen(prefix);
        if (!fits && !no)
            covers = false; /* there is a list of what it carries */
        if (strncmp(address, prefix, size) != 0 || (fits && size < longest))
            continue;
        covers = !no;
        longest = size;
        fits = true;
    }
    return covers;
}

bool route_has_begun(const struct delivery *delivery)
{
    for (size_t i = 0; i < delivery->n_parts; i++)
        if (delivery->parts[i].state != PART_WAITING)
            return true;
    return false;
}

static bool carries(const struct line *line, const char *account,
                    const char *to)
{
    return !line->retired && route_covers(&line->route, to) &&
           people_admit(&line->people, account);
}

struct line *route_next(const struct network *network, const char *account,
                        const char *to, const struct line *line)
{
    struct line *next = network_line_next(network, line);
    while (next && !carries(next, account, to))
        next = network_line_next(network, next);
    return next;
}

/* --- one against the other ------------------------------------------------ */

enum kin { STRANGER, SAME_NAME, SAME_SIM };

static enum kin line_kin(const struct line *line,
                         const struct route_query *query)
{
    if (query->sim && line->sim[0] && strcmp(line->sim, query->sim) == 0)
        return SAME_SIM;
    if (query->line && strcmp(line_name(line), query->line) == 0)
        return SAME_NAME;
    return STRANGER;
}

static bool is_free(const struct line *line)
{
    return line->in_hand < line->driver->limits.in_flight;
}

/* Who has had nothing for long is owed nothing for that. */
static uint64_t line_turn(const struct line *line)
{
    uint64_t clock = line->network->route_clock;
    return line->route.served > clock ? line->route.served : clock;
}

/* What it has in hand, by the weights of both. */
static size_t line_load(const struct line *line, const struct line *other)
{
    return line->in_hand * other->route.weight;
}

static bool is_better(const struct line *a, const struct line *b,
                      const struct route_query *query)
{
    enum kin kin_a = line_kin(a, query), kin_b = line_kin(b, query);
    if (kin_a != kin_b)
        return kin_a > kin_b;
    if (!a->own_settings != !b->own_settings)
        return a->own_settings; /* his own before everybody's */
    if (a->route.cost != b->route.cost)
        return a->route.cost < b->route.cost;
    if (is_free(a) != is_free(b))
        return is_free(a);
    /* One that hangs must not fill up because it has had so little. */
    if (!is_free(a) && line_load(a, b) != line_load(b, a))
        return line_load(a, b) < line_load(b, a);
    return line_turn(a) < line_turn(b);
}

void route_served(struct line *line, size_t parts)
{
    uint64_t turn = line_turn(line);
    line->network->route_clock = turn;
    line->route.served = turn + parts * UNIT / line->route.weight;
}

/* --- the list ------------------------------------------------------------ */

static bool may_take(const struct line *line, const struct route_query *query)
{
    if (!line_is_online(line) || line->duty == DUTY_PAUSED)
        return false;
    if (query->begun)
        return line_kin(line, query) == SAME_SIM;
    return line->duty == DUTY_ON && carries(line, query->account, query->to);
}

static bool is_worth_waiting(const struct network *network,
                             const struct route_query *query)
{
    struct line *line = NULL;
    while ((line = network_line_next(network, line)))
        if (line_kin(line, query) == SAME_NAME && line->duty == DUTY_ON &&
            carries(line, query->account, query->to))
            return !line_is_online(line) && line_is_fresh(line);
    return false;
}

size_t route_list(const struct network *network,
                  const struct route_query *query, struct line **out)
{
    size_t n = 0;
    struct line *line = NULL;
    if (!query->begun && is_worth_waiting(network, query))
        return 0;
    while (n < ROUTES_MAX && (line = network_line_next(network, line))) {
        size_t at = n;
        if (!may_take(line, query))
            continue;
        for (; at > 0 && is_better(line, out[at - 1], query); at--)
            out[at] = out[at - 1];
        out[at] = line;
        n++;
    }
    return n;
}

struct line *route_likely(const struct network *network, const char *to)
{
    struct line *lines[ROUTES_MAX];
    struct route_query query = { .to = to };
    if (route_list(network, &query, lines) > 0)
        return lines[0];
    return route_next(network, NULL, to, NULL);
}
