/* main.c - the command line, and nothing else: a table of commands that work
 * alone, each with what it takes, one line of help and its function; those of
 * core/command.h go to the daemon. The exit code is 0, 1 when what was asked
 * for failed, 2 for a usage mistake. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "control/client.h"
#include "core/command.h"
#include "doctor.h"
#include "gateway.h"
#include "http/providertool.h"
#include "manual.h"
#include "modems.h"
#include "options.h"
#include "reference.h"
#include "sms/pdutool.h"
#include "toolkit/suggest.h"

static const char default_config[] = "/etc/moongate/moongate.conf";

struct own_command {
    const char *name, *arguments, *help;
    int (*run)(const char *config, int argc, char **argv);
};

static int no_arguments(int argc, char **argv)
{
    if (argc == 1)
        return 0;
    fprintf(stderr,
            "moongate %s: takes no arguments; for another configuration: "
            "moongate -c FILE %s\n",
            argv[0], argv[0]);
    return 2;
}

static void on_mistake(void *arg, const char *line)
{
    (void)arg;
    fprintf(stderr, "%s\n", line);
}

static int run_daemon(const char *path, int argc, char **argv)
{
    struct err err = { 0 };
    struct config *config;
    enum log_level level = LOG_LEVEL_INFO;
    int code = no_arguments(argc, argv);

    if (code != 0)
        return code;
    config = options_load(path, on_mistake, NULL, &err);
    if (!config)
        return 1;
    log_level_parse(settings_text(config_group(config, "gateway"), "log_level"),
                    &level);
    log_set_level(level);
    code = gateway_run(config);
    config_free(config);
    return code;
}

static void print_lines(const struct config *config, const char *network)
{
    const struct settings *line;
    bool any = false;

    for (size_t i = 0; (line = config_named(config, "lines", i)); i++) {
        if (strcmp(settings_text(line, "network"), network) != 0)
            continue;
        any = true;
        printf("  line %s: %s\n", settings_name(line),
               settings_text(line, "driver"));
    }
    if (!any)
        puts("  no line: its messages will wait until there is one");
}

static int run_check(const char *path, int argc, char **argv)
{
    struct err err = { 0 };
    const struct settings *network;
    struct config *config;
    int code = no_arguments(argc, argv);

    if (code != 0)
        return code;
    config = options_load(path, on_mistake, NULL, &err);
    if (!config)
        return 1;
    options_warn(config, on_mistake, NULL);
    printf("%s: ok\n", path);
    for (size_t i = 0; (network = config_named(config, "networks", i)); i++) {
        printf("network %s: %s at %s\n", settings_name(network),
               settings_text(network, "jid"),
               gateway_component(config_group(config, "xmpp"), network).server);
        print_lines(config, settings_name(network));
    }
    config_free(config);
    return 0;
}

static int run_options(const char *path, int argc, char **argv)
{
    (void)path;
    return reference_main(argc, argv);
}

static int run_pdu(const char *path, int argc, char **argv)
{
    (void)path;
    return pdutool_main(argc, argv);
}

static int run_provider(const char *path, int argc, char **argv)
{
    (void)path;
    return providertool_main(argc, argv);
}

static int run_version(const char *path, int argc, char **argv)
{
    (void)path;
    (void)argc;
    (void)argv;
    puts("moongate " MOONGATE_VERSION);
    return 0;
}

static int run_help(const char *path, int argc, char **argv);

static const struct own_command commands[] = {
    { "run", "", "run the gateway in the foreground", run_daemon },
    { "check", "", "check the configuration and tell every mistake",
      run_check },
    { "options", "[--json|--conf|--man]", "explain every option", run_options },
    { "pdu", "decode HEX | encode --to N --text T",
      "explain an SMS PDU, or how a text would be sent", run_pdu },
    { "modems", "[--json] [PORT ...]",
      "what is plugged in, with the lines to paste", modems_main },
    { "provider", "FILE [--sample] [--replay REQUEST] ...",
      "check a provider file; show its request, replay a webhook, offline",
      run_provider },
    { "doctor", "[--json] [--network NAME]",
      "look for what is wrong, and say how to mend it", doctor_main },
    { "help", "[COMMAND]", "this list, or how COMMAND is used", run_help },
    { "version", "", "print the version", run_version },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_own(FILE *out, const char *before,
                      const struct own_command *command)
{
    fprintf(out, "%s%s%s%s\n        %s\n", before, command->name,
            *command->arguments ? " " : "", command->arguments, command->help);
}

static const struct own_command *find_own(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static bool is_own(const char *name)
{
    return find_own(name) != NULL;
}

static void print_help(FILE *out)
{
    fputs("usage: moongate [-c FILE] COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        print_own(out, "  ", &commands[i]);
    manual_list(out, is_own);
    fprintf(out,
            "\nFILE is %s without -c. See moongate(1), moongate.conf(5).\n",
            default_config);
}

static int unknown_command(const char *name)
{
    const char *best = NULL;
    unsigned distance = SUGGEST_FAR;

    for (size_t i = 0; i < COMMANDS; i++)
        suggest(name, commands[i].name, &best, &distance);
    for (const struct command *const *c = commands_all(); *c; c++)
        suggest(name, (*c)->name, &best, &distance);
    fprintf(stderr, "moongate: unknown command %s%s%s%s; see moongate help\n",
            name, best ? "; did you mean " : "", best ? best : "",
            best ? "?" : "");
    return 2;
}

/* How one command is used; false when there is none of that name. */
static bool print_usage(const char *name)
{
    static const char before[] = "usage: moongate [-c FILE] ";
    const struct own_command *own = find_own(name);
    const struct command *command = own ? NULL : commands_find(name);

    if (own)
        print_own(stdout, before, own);
    if (command)
        manual_command(stdout, before, command);
    return own || command;
}

static int run_help(const char *path, int argc, char **argv)
{
    char both[128] = "";

    (void)path;
    if (argc > 2)
        snprintf(both, sizeof(both), "%s-%s", argv[1], argv[2]);
    if (argc == 1)
        print_help(stdout);
    else if (strcmp(argv[1], "--man") == 0)
        manual_man(stdout, is_own);
    else if (!print_usage(both) && !print_usage(argv[1]))
        return unknown_command(argv[1]);
    return 0;
}

/* 0: go on; else an exit code, -1 after help was printed. */
static int check_flags(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            (void)print_usage(name);
            return -1;
        }
        if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0) {
            fprintf(stderr, "moongate %s: -c goes before the command\n",
                    argv[0]);
            return 2;
        }
    }
    return 0;
}

static int run_own(const struct own_command *command, const char *config,
                   int argc, char **argv)
{
    /* pdu reads no configuration, takes any text, and has its own help. */
    int code =
        command->run == run_pdu ? 0 : check_flags(command->name, argc, argv);

    if (code != 0)
        return code < 0 ? 0 : code;
    return command->run(config, argc, argv);
}

/* "queue hold ID" is "queue-hold ID". */
static int run_asked(const char *config, int argc, char **argv)
{
    const struct command *command = NULL;
    char both[128];
    int code;

    if (argc > 1) {
        snprintf(both, sizeof(both), "%s-%s", argv[0], argv[1]);
        command = commands_find(both);
    }
    if (command) {
        argv++;
        argc--;
        argv[0] = both;
    } else {
        command = commands_find(argv[0]);
    }
    if (!command)
        return unknown_command(argv[0]);
    code = check_flags(command->name, argc, argv);
    if (code != 0)
        return code < 0 ? 0 : code;
    return client_run(command, config, argc, argv);
}

static int dispatch(const char *config, int argc, char **argv)
{
    static const char *const aliases[][2] = {
        { "--help", "help" },
        { "-h", "help" },
        { "--version", "version" },
        { "-V", "version" },
    };
    const char *name = argv[0];
    const struct own_command *own;

    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(name, aliases[i][0]) == 0)
            name = aliases[i][1];
    }
    own = find_own(name);
    if (own)
        return run_own(own, config, argc, argv);
    return run_asked(config, argc, argv);
}

int main(int argc, char **argv)
{
    const char *config = default_config;
    int i = 1;

    while (i < argc &&
           (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0)) {
        if (i + 1 == argc) {
            fprintf(stderr, "moongate: %s needs a FILE\n", argv[i]);
            return 2;
        }
        config = argv[i + 1];
        i += 2;
    }
    if (i == argc) {
        print_help(stderr);
        return 2;
    }
    return dispatch(config, argc - i, argv + i);
}
