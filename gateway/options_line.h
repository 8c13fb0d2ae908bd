/* options_line.h - the options that every line has, whatever its driver. */
#ifndef MOONGATE_OPTIONS_LINE_H
#define MOONGATE_OPTIONS_LINE_H

#include "base/option.h"

extern const struct option
    common_line_options[]; /* ends with a row without a key */

#endif
