/* options_check.h - for options.c: what no single option shows. */
#ifndef MOONGATE_OPTIONS_CHECK_H
#define MOONGATE_OPTIONS_CHECK_H

#include <stdbool.h>

#include "base/err.h"

struct config;

/* False when something is wrong: every mistake was handed to `report` (may be
 * NULL) as "FILE:LINE: ...", and *err holds the first. */
bool options_check(const struct config *config,
                   void (*report)(void *arg, const char *line), void *arg,
                   struct err *err);

#endif
