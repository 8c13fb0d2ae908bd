/* commands.h - the tables of commands, each ended by a row without a name.
 * core/commands.c puts them together. */
#ifndef MOONGATE_CORE_COMMANDS_H
#define MOONGATE_CORE_COMMANDS_H

#include "core/command.h"

extern const struct command account_commands[], user_commands[],
    contact_commands[], data_commands[], doctor_commands[], help_commands[],
    line_commands[], people_commands[], queue_commands[], run_commands[],
    send_commands[], status_commands[];

/* For commands, as callbacks whose argument is the call: done, or failed; the
 * second one is for answers of the store itself. */
void call_ended(void *call, const struct err *err);
void call_stored(void *call, const struct err *err);

/* A field that several commands have. */
#define ADDRESS_FIELD                                                          \
    {                                                                          \
        .name = "address", .type = FIELD_ADDRESS, .label = "Which number",     \
        .required = true                                                       \
    }

/* "" when there is no such text in it. Borrowed. */
const char *row_text(struct json_object *row, const char *key);

#endif
