/* route.h - which line carries a message.
 *
 * A message that has begun stays on its SIM, whatever the line with that SIM is
 * called today. Any other goes to a line that is online, on duty and carries
 * its address for its sender (people.h): the one its conversation was on, else
 * the cheapest, even if it is busy; among equal ones to one that is free at
 * once, else the least busy, and in the proportion of their weights. */
#ifndef MOONGATE_CORE_ROUTE_H
#define MOONGATE_CORE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delivery;
struct line;
struct network;
struct settings;

/* What a line is picked by. */
struct route {
    const char **prefixes; /* borrowed from the settings */
    size_t n_prefixes;
    unsigned weight;
    long long cost;
    uint64_t served; /* start-time fair share: parts over weight, in units */
};

void route_init(struct route *route, const struct settings *settings);
void route_clear(struct route *route);

/* Does it carry this address? The longest of its prefixes that fits decides; a
 * prefix behind a '!' says no. What none fits is carried unless there are some
 * without a '!'. */
bool route_covers(const struct route *route, const char *address);

/* Is a part of it out, or maybe out? Then it stays on its SIM. */
bool route_has_begun(const struct delivery *delivery);

struct route_query {
    const char *to;
    const char *account;    /* whose text it is; NULL: anybody's */
    const char *line, *sim; /* of the conversation; NULL: none yet */
    bool begun;
};

enum { ROUTES_MAX = 64 };

/* The lines that may take it now, best first, at most ROUTES_MAX. None while
 * the conversation's line starts for the first time: it is worth waiting. */
size_t route_list(const struct network *network,
                  const struct route_query *query, struct line **out);

/* A line that carries the address for the account (NULL: for anybody),
 * whatever its state; after `line`, NULL starts. */
struct line *route_next(const struct network *network, const char *account,
                        const char *to, const struct line *line);

/* The line that a text in a new conversation would take, or might when it comes
 * back; NULL: none carries the address. */
struct line *route_likely(const struct network *network, const char *to);

/* The line got a message of so many parts. */
void route_served(struct line *line, size_t parts);

#endif
