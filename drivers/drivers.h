/* drivers.h - the drivers that are built in. */
#ifndef MOONGATE_DRIVERS_H
#define MOONGATE_DRIVERS_H

#include "driver.h"

/* All of them; the list ends with NULL. */
const struct driver *const *drivers_all(void);

/* The one that the configuration calls `name`, or NULL. */
const struct driver *drivers_find(const char *name);

#endif
