/* options.h - every option of the configuration file, and its loading. */
#ifndef MOONGATE_OPTIONS_H
#define MOONGATE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/option.h"
#include "toolkit/config.h"

/* One table of options and where it stands in the file. */
struct option_group {
    const char *section; /* "gateway"; "lines" holds named groups */
    const char *example; /* name of a group in the section; NULL: one group */
    const char *driver;  /* the table applies to lines with this driver */
    const char *title;   /* one line, no full stop */
    const struct option *options;
};

/* The i-th group, in the order in which they are documented; false behind the
 * last. */
bool options_group(size_t i, struct option_group *out);

/* Loads the configuration and checks what no single option shows: names that
 * must exist, addresses, a link in the clear, the drivers' own checks. As
 * config_load: every mistake goes to `report` (may be NULL), the first to
 * *err. */
struct config *options_load(const char *path,
                            void (*report)(void *arg, const char *line),
                            void *arg, struct err *err);

/* Tells what is not wrong, but will not work today: a device that is not
 * there, a state folder that cannot be made. */
void options_warn(const struct config *config,
                  void (*report)(void *arg, const char *line), void *arg);

#endif
