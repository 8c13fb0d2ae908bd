/* reference.c - prints the option tables in several forms. The forms share one
 * walk over the tables; each is a pair of functions, for a table and for a row
 * of it. */
#include "reference.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "options.h"

struct form {
    const char *flag;
    void (*group)(const struct option_group *group);
    void (*option)(const struct option *option);
    void (*end_group)(const struct option_group *group);
};

static const char *type_name(enum option_type type)
{
    switch (type) {
    case OPT_TEXT:
        return "text";
    case OPT_INT:
        return "int";
    case OPT_BOOL:
        return "bool";
    case OPT_ENUM:
        return "enum";
    case OPT_LIST:
        return "list";
    }
    return "";
}

/* What the option takes: "text", "1..99", "off or direct". */
static void print_type(const struct option *option)
{
    const char *c;

    if (option->type == OPT_INT) {
        printf("%lld to %lld", option->min, option->max);
        return;
    }
    if (option->type != OPT_ENUM) {
        fputs(option->type == OPT_BOOL     ? "true or false"
              : option->type == OPT_LIST   ? "list of texts"
              : option->flags & OPT_SECRET ? "text, file:PATH or env:NAME"
              : option->flags & OPT_DIGITS ? "digits"
                                           : "text",
              stdout);
        return;
    }
    for (c = option->choices; *c; c++) {
        if (*c == '|')
            fputs(strchr(c + 1, '|') ? ", " : " or ", stdout);
        else
            putchar(*c);
    }
}

/* The default as one would write it in the file. */
static void print_default(const struct option *option)
{
    bool quoted = option->type == OPT_TEXT || option->type == OPT_ENUM;
    const char *text = option->fallback ? option->fallback : "";

    if (option->type == OPT_LIST)
        printf(*text ? "[ \"%s\" ]" : "[ ]%s", text);
    else
        printf("%s%s%s", quoted ? "\"" : "", text, quoted ? "\"" : "");
}

static void no_group(const struct option_group *group)
{
    (void)group;
}

/* --- text for people --- */

static void text_group(const struct option_group *group)
{
    printf("%s", group->section);
    if (group->example)
        printf(".NAME");
    if (group->driver)
        printf(" with driver = \"%s\"", group->driver);
    printf(": %s\n\n", group->title);
}

static void text_option(const struct option *option)
{
    printf("  %-20s ", option->key);
    print_type(option);
    if (option->flags & OPT_REQUIRED) {
        fputs("; required", stdout);
    } else if (option->fallback) {
        fputs("; default ", stdout);
        print_default(option);
    }
    printf("\n  %-20s %s\n\n", "", option->help);
}

/* --- JSON --- */

static void add_text(struct json_object *to, const char *key, const char *text)
{
    json_object_object_add(to, key, text ? json_object_new_string(text) : NULL);
}

static struct json_object *json_of_option(const struct option *option)
{
    struct json_object *out = json_object_new_object();

    add_text(out, "key", option->key);
    add_text(out, "type", type_name(option->type));
    json_object_object_add(
        out, "required", json_object_new_boolean(option->flags & OPT_REQUIRED));
    json_object_object_add(out, "secret",
                           json_object_new_boolean(option->flags & OPT_SECRET));
    add_text(out, "default", option->fallback);
    if (option->type == OPT_INT) {
        json_object_object_add(out, "min", json_object_new_int64(option->min));
        json_object_object_add(out, "max", json_object_new_int64(option->max));
    }
    if (option->type == OPT_ENUM)
        add_text(out, "choices", option->choices);
    add_text(out, "help", option->help);
    return out;
}

static struct json_object *json_of_group(const struct option_group *group)
{
    struct json_object *out = json_object_new_object();
    struct json_object *options = json_object_new_array();

    add_text(out, "section", group->section);
    json_object_object_add(out, "named",
                           json_object_new_boolean(group->example != NULL));
    add_text(out, "driver", group->driver);
    add_text(out, "title", group->title);
    for (const struct option *o = group->options; o->key; o++)
        json_object_array_add(options, json_of_option(o));
    json_object_object_add(out, "options", options);
    return out;
}

static int print_json(void)
{
    struct json_object *groups = json_object_new_array();
    struct option_group group;

    for (size_t i = 0; options_group(i, &group); i++)
        json_object_array_add(groups, json_of_group(&group));
    puts(json_object_to_json_string_ext(
        groups, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                    JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(groups);
    return 0;
}

/* --- a commented configuration --- */

static void conf_group(const struct option_group *group)
{
    if (group->driver)
        printf("    # For driver = \"%s\" (%s):\n\n", group->driver,
               group->title);
    else
        printf("# %s\n%s = {\n", group->title, group->section);
    if (group->example && !group->driver)
        printf("  %s = {\n", group->example);
}

static void conf_option(const struct option *option)
{
    printf("    # %s\n    # (", option->help);
    print_type(option);
    printf("%s)\n    #%s = ", option->flags & OPT_REQUIRED ? "; required" : "",
           option->key);
    print_default(option);
    puts(";\n");
}

static void conf_end_group(const struct option_group *group)
{
    struct option_group next;
    size_t i = 0;

    /* The drivers' options are inside the example line. */
    while (options_group(i, &next) && next.options != group->options)
        i++;
    if (options_group(i + 1, &next) && next.driver)
        return;
    puts(group->example ? "  };\n};\n" : "};\n");
}

/* --- the manual page --- */

/* Text for roff: a dash is a minus, a backslash and a leading dot are theirs.
 */
static void print_roff(const char *text)
{
    for (; *text; text++) {
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
    }
}

static void man_group(const struct option_group *group)
{
    fputs(".SS ", stdout);
    if (group->driver)
        printf("lines, driver = \\(dq%s\\(dq\n", group->driver);
    else
        printf("%s\n", group->section);
    print_roff(group->title);
    puts(".");
}

static void man_option(const struct option *option)
{
    fputs(".TP\n.B ", stdout);
    print_roff(option->key);
    fputs("\n", stdout);
    print_roff(option->help);
    fputs(".\n.br\n(", stdout);
    print_type(option);
    if (option->flags & OPT_REQUIRED) {
        fputs("; required", stdout);
    } else if (option->fallback) {
        fputs("; default ", stdout);
        print_default(option);
    }
    puts(")");
}

static const struct form forms[] = {
    { NULL, text_group, text_option, no_group },
    { "--conf", conf_group, conf_option, conf_end_group },
    { "--man", man_group, man_option, no_group },
};

static void print_form(const struct form *form)
{
    struct option_group group;

    for (size_t i = 0; options_group(i, &group); i++) {
        form->group(&group);
        for (const struct option *o = group.options; o->key; o++)
            form->option(o);
        form->end_group(&group);
    }
}

int reference_main(int argc, char **argv)
{
    const char *flag = argc > 1 ? argv[1] : NULL;

    if (argc == 2 && strcmp(flag, "--json") == 0)
        return print_json();
    for (size_t i = 0; argc <= 2 && i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (flag == forms[i].flag ||
            (flag && forms[i].flag && strcmp(flag, forms[i].flag) == 0)) {
            print_form(&forms[i]);
            return 0;
        }
    }
    fprintf(stderr, "moongate options: takes --json, --conf or --man\n");
    return 2;
}
