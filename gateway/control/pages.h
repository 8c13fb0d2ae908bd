/* pages.h - the private HTTP pages: /livez and /readyz for those who restart
 * it, /metrics for Prometheus, /status as `moongate status --json` has it. */
#ifndef MOONGATE_CONTROL_PAGES_H
#define MOONGATE_CONTROL_PAGES_H

#include <stdbool.h>

#include "base/err.h"

struct control_source;
struct httpd;
struct owner;
struct pages;

/* Serves them at `httpd` from `source`, which must outlive them; all are closed
 * with `owner`. NULL: a path is taken. */
struct pages *pages_open(struct httpd *httpd, struct owner *owner,
                         const struct control_source *source, void *arg,
                         struct err *err);

void pages_free(struct pages *pages); /* after the owner; NULL is fine */

#endif
