/* pages.h - the private HTTP pages: /livez and /readyz for those who restart
 * it, /metrics for Prometheus, /status as `moongate status --json` has it. */
#ifndef MOONGATE_CONTROL_PAGES_H
#define MOONGATE_CONTROL_PAGES_H

#include <stdbool.h>

#include "base/err.h"

struct core;
struct httpd;
struct owner;
struct pages;

/* Serves them at `httpd`; all are closed with `owner`. NULL: a path is taken.
 */
struct pages *pages_open(struct httpd *httpd, struct owner *owner,
                         struct core *core, struct err *err);

void pages_free(struct pages *pages); /* after the owner; NULL is fine */

#endif
