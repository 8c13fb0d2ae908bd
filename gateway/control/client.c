/* client.c - the command line's end of the control socket. A command is a table
 * of flags, a request made of them, and a way to show the answer. */
#include "control/client.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "control/control.h"
#include "control/show.h"
#include "toolkit/config.h"
#include "toolkit/listener.h"

/* An argument that the command takes, put into the request under `key`. */
struct flag {
    const char *name; /* "--network"; NULL: by position, in this order */
    const char *key;
    bool number;
    bool required;
};

struct answer {
    struct json_object *rows; /* array */
    bool ended, ok;
    char *error;
};

static int usage(const char *command, const char *problem, const char *what)
{
    fprintf(stderr, "moongate %s: %s%s%s; see moongate help\n", command,
            problem, what ? " " : "", what ? what : "");
    return 2;
}

static bool add_value(struct json_object *request, const struct flag *flag,
                      const char *text)
{
    char *end;
    long long number;

    if (!flag->number) {
        json_object_object_add(request, flag->key,
                               json_object_new_string(text));
        return true;
    }
    number = strtoll(text, &end, 10);
    if (end == text || *end)
        return false;
    json_object_object_add(request, flag->key, json_object_new_int64(number));
    return true;
}

/* The flag called `name`, or for NULL the first by position that `request` does
 * not have yet. The table ends with a row whose key is NULL. */
static const struct flag *find_flag(const struct flag *flags, const char *name,
                                    struct json_object *request)
{
    for (; flags->key; flags++) {
        if (name && flags->name && strcmp(flags->name, name) == 0)
            return flags;
        if (!name && !flags->name &&
            !json_object_object_get_ex(request, flags->key, NULL))
            return flags;
    }
    return NULL;
}

static int missing_flag(const char *command, const struct flag *flags,
                        struct json_object *request)
{
    for (; flags->key; flags++) {
        if (flags->required &&
            !json_object_object_get_ex(request, flags->key, NULL))
            return usage(command, "needs",
                         flags->name ? flags->name : flags->key);
    }
    return 0;
}

/* Argument number *i, a flag as "--to X" or "--to=X", or one by position. */
static int take(const struct flag *flags, char **argv, int *i, bool named,
                struct json_object *request)
{
    char *word = argv[*i], *equals = named ? strchr(word, '=') : NULL;
    char *name = named ? xstrdup(word) : NULL;
    const struct flag *flag;
    const char *value;
    int code = 0;

    if (equals)
        name[equals - word] = '\0';
    flag = find_flag(flags, name, request);
    free(name);
    if (!flag) {
        bool text = !named && json_object_object_get_ex(request, "text", NULL);
        return text ? usage(argv[0], "put the text in quotes", NULL)
                    : usage(argv[0], "does not take", word);
    }
    if (named && !equals && !argv[*i + 1])
        return usage(argv[0], word, "needs a value");
    value = equals ? equals + 1 : named ? argv[++*i] : word;
    if (!add_value(request, flag, value))
        code = usage(argv[0], value, "is not a number");
    return code;
}

static int check_text(const char *command, struct json_object *request)
{
    struct json_object *value;
    const char *text;

    if (!json_object_object_get_ex(request, "text", &value))
        return 0;
    text = json_object_get_string(value);
    if (text[strspn(text, " \t\r\n")])
        return 0;
    return usage(command, "TEXT is empty", NULL);
}

/* Fills the request from argv; returns an exit code, 0 for go on. `--` ends
 * the flags, so that a text may begin with a dash. */
static int parse(const struct flag *flags, int argc, char **argv,
                 struct json_object *request, bool *json)
{
    bool plain = false;

    for (int i = 1; i < argc; i++) {
        bool named = !plain && argv[i][0] == '-' && argv[i][1];
        int code;

        if (named && strcmp(argv[i], "--") == 0) {
            plain = true;
            continue;
        }
        if (named && strcmp(argv[i], "--json") == 0) {
            *json = true;
            continue;
        }
        code = take(flags, argv, &i, named, request);
        if (code != 0)
            return code;
    }
    if (missing_flag(argv[0], flags, request) != 0)
        return 2;
    return check_text(argv[0], request);
}

/* One line of the answer: a row, or the end. */
static bool on_line(void *arg, const char *text)
{
    struct answer *answer = arg;
    struct json_object *row = json_tokener_parse(text), *ok, *error;

    if (!row)
        return true;
    if (!json_object_object_get_ex(row, "ok", &ok)) {
        json_object_array_add(answer->rows, row);
        return true;
    }
    answer->ended = true;
    answer->ok = json_object_get_boolean(ok);
    if (json_object_object_get_ex(row, "error", &error))
        answer->error = xstrdup(json_object_get_string(error));
    json_object_put(row);
    return false;
}

static char *socket_path(const char *config, struct err *err)
{
    char *state_dir = config_peek(config, "gateway.state_dir", err);
    char *path;

    if (!state_dir)
        return NULL;
    path = control_path(*state_dir ? state_dir : "/var/lib/moongate");
    free(state_dir);
    return path;
}

static void complain(const char *text)
{
    fputs("moongate: ", stderr);
    show_text(stderr, text);
    fputc('\n', stderr);
}

/* Asks the daemon; false after the reason was printed. */
static bool ask(const char *config, struct json_object *request,
                struct answer *answer)
{
    struct err err = { 0 };
    char *path = socket_path(config, &err);
    bool ok;

    ok = path && listener_call(path,
                               json_object_to_json_string_ext(
                                   request, JSON_C_TO_STRING_PLAIN),
                               on_line, answer, &err);
    free(path);
    if (!ok)
        complain(err.text);
    else if (!answer->ended)
        complain("the daemon ended before it had answered");
    else if (!answer->ok)
        complain(answer->error ? answer->error : "the daemon refused");
    return ok && answer->ended && answer->ok;
}

struct json_object *client_peek(const char *config, const char *command)
{
    struct json_object *request = json_object_new_object(), *result = NULL;
    struct answer answer = { .rows = json_object_new_array() };
    struct err err = { 0 };
    char *path = socket_path(config, &err);

    json_object_object_add(request, "command", json_object_new_string(command));
    if (path && listener_call(path, json_object_to_json_string(request),
                              on_line, &answer, &err))
        result = json_object_get(json_object_array_get_idx(answer.rows, 0));
    json_object_put(answer.rows);
    json_object_put(request);
    free(answer.error);
    free(path);
    return result;
}

static void print_json(struct json_object *object)
{
    puts(json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                    JSON_C_TO_STRING_NOSLASHESCAPE));
}

struct command {
    const struct flag *flags;
    void (*show)(struct json_object *answer);
    bool many; /* the answer is an array of objects, not one */
};

static bool print(const struct command *command, struct json_object *request,
                  struct json_object *result, bool json)
{
    if (!result)
        complain("the daemon had nothing to say");
    else if (json)
        print_json(result);
    else if (command->many && json_object_array_length(result) == 0)
        puts(json_object_object_get_ex(request, "state", NULL)
                 ? "no such messages"
                 : "nothing is waiting");
    else
        command->show(result);
    return result != NULL;
}

static int run(const struct command *command, const char *config, int argc,
               char **argv)
{
    struct json_object *request = json_object_new_object(), *result;
    struct answer answer = { .rows = json_object_new_array() };
    bool json = false;
    int code;

    json_object_object_add(request, "command", json_object_new_string(argv[0]));
    code = parse(command->flags, argc, argv, request, &json);
    if (code == 0)
        code = ask(config, request, &answer) ? 0 : 1;
    if (code == 0) {
        result = command->many ? answer.rows
                               : json_object_array_get_idx(answer.rows, 0);
        code = print(command, request, result, json) ? 0 : 1;
    }
    json_object_put(answer.rows);
    json_object_put(request);
    free(answer.error);
    return code;
}

int client_status(const char *config, int argc, char **argv)
{
    static const struct flag flags[] = { { 0 } };
    static const struct command command = { flags, show_status, false };

    return run(&command, config, argc, argv);
}

int client_queue(const char *config, int argc, char **argv)
{
    static const struct flag flags[] = {
        { .name = "--network", .key = "network" },
        { .name = "--state", .key = "state" },
        { .name = "--limit", .key = "limit", .number = true },
        { 0 },
    };
    static const struct command command = { flags, show_queue, true };

    return run(&command, config, argc, argv);
}

int client_trace(const char *config, int argc, char **argv)
{
    static const struct flag flags[] = {
        { .key = "id", .required = true },
        { 0 },
    };
    static const struct command command = { flags, show_trace, false };

    return run(&command, config, argc, argv);
}

static void show_id(struct json_object *answer)
{
    struct json_object *id;

    if (json_object_object_get_ex(answer, "id", &id))
        puts(json_object_get_string(id));
}

int client_send(const char *config, int argc, char **argv)
{
    static const struct flag flags[] = {
        { .name = "--network", .key = "network", .required = true },
        { .name = "--to", .key = "to", .required = true },
        { .name = "--from", .key = "from", .required = true },
        { .name = "--manner", .key = "manner" },
        { .key = "text", .required = true },
        { 0 },
    };
    static const struct command command = { flags, show_id, false };

    return run(&command, config, argc, argv);
}
