/* gateway.h - builds, starts and stops everything in order. */
#ifndef MOONGATE_GATEWAY_H
#define MOONGATE_GATEWAY_H

#include "xmpp/xmpp.h"

struct config;
struct settings;

/* Runs the daemon until SIGTERM or SIGINT; returns its exit code: 0 after an
 * orderly stop, 1 when it could not start or the store failed. */
int gateway_run(const struct config *config);

/* How a network attaches itself to its server; borrows the settings' texts. */
struct component_options gateway_component(const struct settings *xmpp,
                                           const struct settings *network);

#endif
