/* config_more.h - two parts of config.c that need little of it. */
#ifndef MOONGATE_TOOLKIT_CONFIG_MORE_H
#define MOONGATE_TOOLKIT_CONFIG_MORE_H

#include <libconfig.h>

#include "base/buf.h"
#include "toolkit/config.h"

/* What a setting of the wrong type is, and how to write it right. */
void config_found(const config_setting_t *setting, const struct option *option,
                  struct buf *out);

/* Adds to `values` the options that another setting of the group brings along
 * (section->more). False: *at is that setting, or NULL for the group, and *err
 * says why it brings none. */
bool config_more(const struct config_section *section, const char *picked,
                 const config_setting_t *group, struct settings *values,
                 const config_setting_t **at, struct err *err);

#endif
