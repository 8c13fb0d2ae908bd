/* config_source.h - a look into the text of a configuration file, for what
 * libconfig knows but does not tell. */
#ifndef MOONGATE_TOOLKIT_CONFIG_SOURCE_H
#define MOONGATE_TOOLKIT_CONFIG_SOURCE_H

#include <stddef.h>

/* The key that is set on line `number` (from 1) of the file, into `out`; ""
 * when there is none, or more than one. Never a value, which may be secret. */
void config_source_key(const char *path, unsigned number, char *out,
                       size_t size);

#endif
