/* options_media.h - a table of options.c. */
#ifndef MOONGATE_OPTIONS_MEDIA_H
#define MOONGATE_OPTIONS_MEDIA_H

#include "base/option.h"

extern const struct option media_options[];

#endif
