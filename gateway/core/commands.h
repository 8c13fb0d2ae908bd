/* commands.h - the tables of commands, each ended by a row without a name.
 * core/commands.c puts them together. */
#ifndef MOONGATE_CORE_COMMANDS_H
#define MOONGATE_CORE_COMMANDS_H

#include "core/command.h"

extern const struct command help_commands[], status_commands[], send_commands[];

#endif
