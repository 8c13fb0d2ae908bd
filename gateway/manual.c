/* manual.c - help on commands, from their tables. */
#include "manual.h"

#include "core/command.h"

enum { USAGE_SIZE = 512 };

static void print_usage(FILE *out, const char *before,
                        const struct command *command)
{
    char usage[USAGE_SIZE];

    command_usage(command, true, usage, sizeof(usage));
    fprintf(out, "%s%s\n        %s\n", before, usage, command->help);
}

void manual_list(FILE *out, bool (*is_own)(const char *name))
{
    fputs("\nThese ask the running gateway; all take --json, --network N, and "
          "--as JID to\nact for a user:\n\n",
          out);
    for (const struct command *const *c = commands_all(); *c; c++) {
        if (!is_own((*c)->name))
            print_usage(out, "  ", *c);
    }
}

void manual_command(FILE *out, const char *before,
                    const struct command *command)
{
    print_usage(out, before, command);
    for (const struct field *f = command->fields; f && f->name; f++)
        fprintf(out, "  %s%s: %s%s%s\n", f->name,
                f->required ? "" : " (optional)", f->label,
                f->choices ? ", " : "", f->choices ? f->choices : "");
    if (command->personal)
        fputs("  --as JID: for whom\n", out);
}

/* With what roff would take for something else escaped. */
static void print_roff(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else
            fputc(*text, out);
    }
}

static void man_field(FILE *out, const struct field *field)
{
    fputs(".br\n.I ", out);
    print_roff(out, field->name);
    fputs("\n\\(en ", out);
    print_roff(out, field->label);
    if (field->choices) {
        fputs(": ", out);
        print_roff(out, field->choices);
    }
    fputs(field->required ? "\n" : " (optional)\n", out);
}

void manual_man(FILE *out, bool (*is_own)(const char *name))
{
    char usage[USAGE_SIZE];

    for (const struct command *const *c = commands_all(); *c; c++) {
        if (is_own((*c)->name))
            continue;
        command_usage(*c, true, usage, sizeof(usage));
        fputs(".TP\n.B ", out);
        print_roff(out, usage);
        fputc('\n', out);
        print_roff(out, (*c)->help);
        fputs(".\n", out);
        for (const struct field *f = (*c)->fields; f && f->name; f++)
            man_field(out, f);
    }
}
