/* gateway.h - builds, starts and stops everything in order. */
#ifndef MOONGATE_GATEWAY_H
#define MOONGATE_GATEWAY_H

struct config;

/* Runs the daemon until SIGTERM or SIGINT; returns its exit code: 0 after an
 * orderly stop, 1 when it could not start or the store failed. */
int gateway_run(const struct config *config);

#endif
