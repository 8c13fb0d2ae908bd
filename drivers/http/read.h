/* read.h - templates and picks, as a provider file has them. */
#ifndef MOONGATE_HTTP_READ_H
#define MOONGATE_HTTP_READ_H

#include <stdbool.h>

#include "driver.h"
#include "http/pick.h"
#include "http/template.h"

/* What the text `key` of the group says, for the caller to free; without it
 * *out stays as it is. ERR_CONFIG with the line: it is missing though required,
 * or makes no sense. */
bool read_template(const struct tree *group, const char *key,
                   const char *const *names, bool required,
                   struct template **out, struct err *err);
bool read_pick(const struct tree *group, const char *key, bool required,
               struct pick **out, struct err *err);

#endif
