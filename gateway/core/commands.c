/* commands.c - all commands: a new one is a row in one of these tables, or a
 * table more. */
#include "core/commands.h"

#include <assert.h>
#include <json-c/json.h>
#include <stddef.h>

#include "core/core.h"

/* In the order of the help. */
static const struct command *const tables[] = {
    help_commands,   account_commands, send_commands, contact_commands,
    people_commands, status_commands,  line_commands, data_commands,
    queue_commands,  user_commands,    run_commands,  doctor_commands,
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]), COMMANDS_MAX = 100 };

const struct command *const *commands_all(void)
{
    static const struct command *all[COMMANDS_MAX + 1];
    size_t n = 0;

    if (all[0])
        return all;
    for (size_t i = 0; i < TABLES; i++) {
        for (const struct command *c = tables[i]; c->name; c++) {
            assert(n < COMMANDS_MAX);
            all[n++] = c;
        }
    }
    return all;
}

void call_ended(void *arg, const struct err *err)
{
    struct call *call = arg;

    if (err)
        call_failed(call, err);
    else
        call_done(call);
}

void call_stored(void *arg, const struct err *err)
{
    const struct call *call = arg;

    (void)core_failed(call_core(call), err);
    call_ended(arg, err);
}

const char *row_text(struct json_object *row, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(row, key, &value) || !value)
        return "";
    return json_object_get_string(value);
}
