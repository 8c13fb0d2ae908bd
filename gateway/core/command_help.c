/* command_help.c - what there is to ask, and how. */
#include <string.h>

#include "core/commands.h"

enum { USAGE_SIZE = 512 };

static void print_all(struct call *call)
{
    char usage[USAGE_SIZE];

    for (const struct command *const *c = commands_all(); *c; c++) {
        if (!command_is_for(*c, call_network(call), call_who(call)))
            continue;
        command_usage(*c, false, usage, sizeof(usage));
        call_print(call, "%s - %s", usage, (*c)->help);
    }
    call_print(call, "What is missing will be asked for. See also: help NAME");
}

/* "manner, how: one of a|b (a)" */
static void print_field(struct call *call, const struct field *field)
{
    bool choice = field->type == FIELD_CHOICE || field->type == FIELD_NUMBER;

    call_print(call, "  %s%s: %s%s%s%s%s%s", field->name,
               field->required ? "" : " (optional)", field->label,
               choice && field->choices ? ", " : "",
               choice && field->choices ? field->choices : "",
               field->fallback ? " (" : "",
               field->fallback ? field->fallback : "",
               field->fallback ? ")" : "");
}

static void print_one(struct call *call, const struct command *command)
{
    char usage[USAGE_SIZE];

    command_usage(command, false, usage, sizeof(usage));
    call_print(call, "%s\n%s", usage, command->help);
    for (const struct field *f = command->fields; f && f->name; f++)
        print_field(call, f);
}

static void unknown(struct call *call, const char *words)
{
    const char *best =
        command_suggest(words, call_network(call), call_who(call));
    struct err err;

    (void)err_set(&err, ERR_UNSUPPORTED, "there is no command \"%.50s\"%s%s%s",
                  words, best ? "; did you mean " : "", best ? best : "",
                  best ? "?" : "");
    call_failed(call, &err);
}

static void run_help(struct call *call)
{
    const char *words = call_value(call, "command"), *rest;
    const struct command *command;

    if (!words) {
        print_all(call);
        call_done(call);
        return;
    }
    command = command_of_words(words, &rest);
    if (!command ||
        !command_is_for(command, call_network(call), call_who(call))) {
        unknown(call, words);
        return;
    }
    print_one(call, command);
    call_done(call);
}

static const struct field fields[] = {
    { .name = "command", .type = FIELD_TEXT, .label = "Which command" },
    { 0 },
};

const struct command help_commands[] = {
    { .name = "help",
      .title = "Help",
      .help = "what there is to ask, or how one command is used",
      .anywhere = true,
      .fields = fields,
      .run = run_help },
    { 0 },
};
