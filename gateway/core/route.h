/* route.h - which line carries a message. */
#ifndef MOONGATE_CORE_ROUTE_H
#define MOONGATE_CORE_ROUTE_H

#include <stdbool.h>

struct delivery;
struct line;
struct network;

/* Is a part of it out, or maybe out? Then it stays on its SIM. */
bool route_has_begun(const struct delivery *delivery);

/* The line for a taken message: the one it began on (same SIM) while parts of
 * it are out, else the conversation's while it is online, else the least busy
 * one; NULL when none can take it now. */
struct line *route_pick(const struct network *network,
                        const struct delivery *delivery);

/* The line that a new conversation would take, online or not; NULL when the
 * network has none. */
struct line *route_pick_new(const struct network *network);

#endif
