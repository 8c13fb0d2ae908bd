/* manual.h - commands of core/command.h as the command line's help and manual
 * page have them. */
#ifndef MOONGATE_MANUAL_H
#define MOONGATE_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

struct command;

/* All commands but those that the command line has of its own. */
void manual_list(FILE *out, bool (*is_own)(const char *name));

/* The same in the macros of man(7), with their fields. */
void manual_man(FILE *out, bool (*is_own)(const char *name));

/* How one is used, the usage behind `before`. */
void manual_command(FILE *out, const char *before,
                    const struct command *command);

#endif
