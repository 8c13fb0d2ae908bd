/* main.c - the command line, and nothing else: a table of commands, each with
 * what it takes, one line of help and its function. The exit code is 0, 1 when
 * what was asked for failed, 2 for a usage mistake. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "control/client.h"
#include "gateway.h"
#include "http/providertool.h"
#include "modems.h"
#include "options.h"
#include "reference.h"
#include "sms/pdutool.h"
#include "toolkit/suggest.h"

static const char default_config[] = "/etc/moongate/moongate.conf";

struct command {
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
               settings_text(config_group(config, "xmpp"), "server"));
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

static const struct command commands[] = {
    { "run", "", "run the gateway in the foreground", run_daemon },
    { "check", "", "check the configuration and tell every mistake",
      run_check },
    { "options", "[--json|--conf|--man]", "explain every option", run_options },
    { "status", "[--json]", "the state of the networks and lines",
      client_status },
    { "queue", "[--network N] [--state S] [--limit N] [--json]",
      "messages not handed over yet; S: a state, or all", client_queue },
    { "trace", "ID [--json]", "the life of one message; ID may be shortened",
      client_trace },
    { "send", "--network N --to ADDRESS --from JID [--manner WORDS] TEXT",
      "queue a text as if JID had sent it; prints its id; WORDS: \"flash\" and "
      "others of the driver",
      client_send },
    { "pdu", "decode HEX | encode --to N --text T",
      "explain an SMS PDU, or how a text would be sent", run_pdu },
    { "modems", "[--json] [PORT ...]",
      "what is plugged in, with the lines to paste", modems_main },
    { "provider", "FILE [--sample] [--replay REQUEST] ...",
      "check a provider file; show its request, replay a webhook, offline",
      run_provider },
    { "help", "", "this list", run_help },
    { "version", "", "print the version", run_version },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_command(FILE *out, const char *before,
                          const struct command *command)
{
    fprintf(out, "%s%s%s%s\n        %s\n", before, command->name,
            *command->arguments ? " " : "", command->arguments, command->help);
}

static void print_help(FILE *out)
{
    fputs("usage: moongate [-c FILE] COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        print_command(out, "  ", &commands[i]);
    fprintf(out,
            "\nFILE is %s without -c. See moongate(1), moongate.conf(5).\n",
            default_config);
}

static int run_help(const char *path, int argc, char **argv)
{
    (void)path;
    (void)argc;
    (void)argv;
    print_help(stdout);
    return 0;
}

static int unknown_command(const char *name)
{
    const char *best = NULL;
    unsigned distance = SUGGEST_FAR;

    for (size_t i = 0; i < COMMANDS; i++)
        suggest(name, commands[i].name, &best, &distance);
    fprintf(stderr, "moongate: unknown command %s%s%s%s; see moongate help\n",
            name, best ? "; did you mean " : "", best ? best : "",
            best ? "?" : "");
    return 2;
}

static int run_command(const struct command *command, const char *config,
                       int argc, char **argv)
{
    /* pdu reads no configuration, takes any text, and has its own help. */
    for (int i = 1; i < argc && command->run != run_pdu; i++) {
        if (strcmp(argv[i], "--") == 0)
            break;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_command(stdout, "usage: moongate [-c FILE] ", command);
            return 0;
        }
        if (strcmp(argv[i], "-c") == 0 || strcmp(argv[i], "--config") == 0) {
            fprintf(stderr, "moongate %s: -c goes before the command\n",
                    argv[0]);
            return 2;
        }
    }
    return command->run(config, argc, argv);
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

    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(name, aliases[i][0]) == 0)
            name = aliases[i][1];
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return run_command(&commands[i], config, argc, argv);
    }
    return unknown_command(name);
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
