/* options_tables.h - the options of each section, in the order of the
 * documentation; a driver adds its own to those of a line. */
#ifndef MOONGATE_OPTIONS_TABLES_H
#define MOONGATE_OPTIONS_TABLES_H

#include "base/option.h"

extern const struct option gateway_options[], xmpp_options[], media_options[],
    network_options[], common_line_options[];

#endif
