/* drivers.c - the table of built-in drivers. A new driver adds its
 * declaration and its line here, and nothing anywhere else but the Makefile. */
#include "drivers.h"

#include <string.h>

extern const struct driver gsm_driver;
extern const struct driver http_driver;
extern const struct driver loopback_driver;
extern const struct driver telegram_driver;

static const struct driver *const drivers[] = {
    &gsm_driver, &http_driver, &loopback_driver, &telegram_driver, NULL,
};

const struct driver *const *drivers_all(void)
{
    return drivers;
}

const struct driver *drivers_find(const char *name)
{
    for (const struct driver *const *driver = drivers; *driver; driver++)
        if (strcmp((*driver)->name, name) == 0)
            return *driver;
    return NULL;
}
