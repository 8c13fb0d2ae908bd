/* client.c - the command line's end of the control socket: a request made of a
 * command's fields and the words given, and a way to show the answer. */
#include "control/client.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "control/control.h"
#include "control/show.h"
#include "control/table.h"
#include "core/command.h"
#include "toolkit/config.h"
#include "toolkit/listener.h"

enum { NAME_SIZE = 64 };

struct client {
    const struct command *command;
    const char *called; /* as it was typed */
    struct json_object *request, *values;
    bool json;
    struct json_object *rows; /* of the answer, array */
    bool ended, ok;
    char *text, *error;
};

static int usage(const struct client *client, const char *problem,
                 const char *what)
{
    fprintf(stderr, "moongate %s: %s%s%s; see moongate help %s\n",
            client->called, problem, what ? " " : "", what ? what : "",
            client->command->name);
    return 2;
}

/* --- words ---------------------------------------------------------------- */

static void upper(const char *name, char out[NAME_SIZE])
{
    text_copy(out, NAME_SIZE, name);
    for (char *c = out; *c; c++)
        *c = (char)toupper((unsigned char)*c);
}

static bool has(struct json_object *object, const char *key)
{
    return json_object_object_get_ex(object, key, NULL);
}

static const struct field *field_called(const struct command *command,
                                        const char *name, size_t size)
{
    for (const struct field *f = command->fields; f && f->name; f++) {
        if (strlen(f->name) == size && strncmp(f->name, name, size) == 0)
            return f;
    }
    return NULL;
}

/* The first one by position that has no value yet. */
static const struct field *field_next(const struct client *client)
{
    for (const struct field *f = client->command->fields; f && f->name; f++) {
        if (!f->named && !has(client->values, f->name))
            return f;
    }
    return NULL;
}

static bool is_word(const char *name, size_t size, const char *word)
{
    return strlen(word) == size && strncmp(name, word, size) == 0;
}

/* "--to X" or "--to=X" at argv[*i]. */
static int take_named(struct client *client, char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    size_t size = strcspn(name, "=");
    const struct field *field = field_called(client->command, name, size);
    const char *value = name[size] ? name + size + 1 : argv[*i + 1];
    struct json_object *into = field ? client->values : client->request;
    const char *key = field ? field->name : NULL;

    if (!field && is_word(name, size, "network"))
        key = "network";
    else if (!field &&
             (is_word(name, size, "as") || is_word(name, size, "from")))
        key = "as";
    if (!key)
        return usage(client, "does not take", argv[*i]);
    if (!value)
        return usage(client, argv[*i], "needs a value");
    if (has(into, key))
        return usage(client, argv[*i], "is given twice");
    json_object_object_add(into, key, json_object_new_string(value));
    *i += !name[size];
    return 0;
}

static int take_placed(struct client *client, const char *word)
{
    const struct field *field = field_next(client), *last = NULL;

    if (field) {
        json_object_object_add(client->values, field->name,
                               json_object_new_string(word));
        return 0;
    }
    for (const struct field *f = client->command->fields; f && f->name; f++)
        last = f->named ? last : f;
    return last && last->type <= FIELD_LINES
               ? usage(client, "put the text in quotes", NULL)
               : usage(client, "does not take", word);
}

/* What can be told without the daemon. */
static int check_value(const struct client *client, const struct field *field,
                       const char *text)
{
    struct call *draft;
    struct err err;
    bool good;

    if (field->type == FIELD_JID || field->type == FIELD_ADDRESS)
        return 0;
    draft = call_new(NULL, NULL, NULL, client->command, NULL, NULL);
    good = call_set(draft, field->name, text, &err);
    call_free(draft);
    return good ? 0 : usage(client, err.text, NULL);
}

static int check_given(const struct client *client)
{
    char name[NAME_SIZE];

    for (const struct field *f = client->command->fields; f && f->name; f++) {
        struct json_object *value = NULL;
        const char *text;

        upper(f->name, name);
        if (!json_object_object_get_ex(client->values, f->name, &value)) {
            if (f->required && !f->fallback)
                return usage(client, "needs", name);
            continue;
        }
        text = json_object_get_string(value);
        if (f->required && text[strspn(text, " \t\r\n")] == '\0')
            return usage(client, name, "is empty");
        if (check_value(client, f, text) != 0)
            return 2;
    }
    if (client->command->personal && !has(client->request, "as"))
        return usage(client, "needs --as JID, the user it is for", NULL);
    return 0;
}

/* Fills the request from argv; returns an exit code, 0 for go on. `--` ends
 * the flags, so that a text may begin with a dash. */
static int parse(struct client *client, int argc, char **argv)
{
    bool plain = false;
    int code = 0;

    for (int i = 1; i < argc && code == 0; i++) {
        bool named = !plain && argv[i][0] == '-' && argv[i][1] == '-';

        if (named && strcmp(argv[i], "--") == 0)
            plain = true;
        else if (named && strcmp(argv[i], "--json") == 0)
            client->json = true;
        else if (named)
            code = take_named(client, argv, &i);
        else
            code = take_placed(client, argv[i]);
    }
    return code ? code : check_given(client);
}

/* --- asking the daemon ---------------------------------------------------- */

static void complain(const char *text)
{
    fputs("moongate: ", stderr);
    show_text(stderr, text);
    fputc('\n', stderr);
}

static void print_lines(FILE *out, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);

        show_text(out, line);
        fputc('\n', out);
        free(line);
        text += n + (text[n] == '\n');
    }
}

static const char *member(struct json_object *object, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return "";
    return json_object_get_string(value);
}

/* A line typed on the terminal, into fresh memory; NULL at its end. */
static char *read_line(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n = getline(&line, &room, stdin);

    if (n >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        return line;
    }
    free(line);
    return NULL;
}

static bool ask_field(struct json_object *field, struct json_object *values)
{
    const char *choices = member(field, "choices");
    char *line;

    show_text(stderr, member(field, "label"));
    fprintf(stderr, "%s%s%s? ", *choices ? " (" : "", choices,
            *choices ? ")" : "");
    line = read_line();
    if (!line)
        return false;
    json_object_object_add(values, member(field, "name"),
                           json_object_new_string(line));
    free(line);
    return true;
}

/* The command wants more: asks on the terminal. False: nobody answers. */
static bool on_ask(struct client *client, struct json_object *row, char **more)
{
    struct json_object *fields = NULL, *values = json_object_new_object();
    struct json_object *request = json_object_new_object();
    bool good = isatty(STDIN_FILENO) &&
                json_object_object_get_ex(row, "fields", &fields);

    print_lines(stderr, member(row, "text"));
    if (!good)
        client->error = xasprintf(
            "%s asks for more (%s): run it in a terminal, "
            "or see moongate help %s",
            client->called, member(row, "ask"), client->command->name);
    for (size_t i = 0; good && i < json_object_array_length(fields); i++)
        good = ask_field(json_object_array_get_idx(fields, i), values);
    if (!good && !client->error)
        client->error = xstrdup("cancelled");
    json_object_object_add(request, "values", values);
    if (good)
        *more = xstrdup(
            json_object_to_json_string_ext(request, JSON_C_TO_STRING_PLAIN));
    else
        client->ended = true;
    json_object_put(request);
    return good;
}

static bool on_end(struct client *client, struct json_object *row)
{
    client->ended = true;
    client->ok = strcmp(member(row, "ok"), "true") == 0;
    if (has(row, "error"))
        client->error = xstrdup(member(row, "error"));
    client->text = xstrdup(member(row, "text"));
    return false;
}

/* One line of the answer. */
static bool on_line(void *arg, const char *text, char **more)
{
    struct client *client = arg;
    struct json_object *line = json_tokener_parse(text), *row = NULL;
    bool go_on = true;

    if (json_object_object_get_ex(line, "row", &row))
        json_object_array_add(client->rows, json_object_get(row));
    else if (has(line, "ask"))
        go_on = on_ask(client, line, more);
    else if (has(line, "ok"))
        go_on = on_end(client, line);
    json_object_put(line);
    return go_on;
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

/* Asks the daemon; false after the reason was printed. */
static bool ask(struct client *client, const char *config)
{
    struct err err = { 0 };
    char *path = socket_path(config, &err);
    bool ok;

    ok = path && listener_call(path,
                               json_object_to_json_string_ext(
                                   client->request, JSON_C_TO_STRING_PLAIN),
                               on_line, client, &err);
    free(path);
    if (!ok)
        complain(err.text);
    else if (!client->ended)
        complain("the daemon ended before it had answered");
    else if (!client->ok)
        complain(client->error ? client->error : "the daemon refused");
    return ok && client->ok;
}

struct json_object *client_peek(const char *config, const char *command,
                                struct err *err)
{
    struct client client = { .rows = json_object_new_array() };
    struct json_object *request = json_object_new_object(), *result = NULL;
    char *path = socket_path(config, err);

    json_object_object_add(request, "command", json_object_new_string(command));
    if (path && listener_call(path, json_object_to_json_string(request),
                              on_line, &client, err))
        result = json_object_get(json_object_array_get_idx(client.rows, 0));
    json_object_put(client.rows);
    json_object_put(request);
    free(client.text);
    free(client.error);
    free(path);
    return result;
}

/* --- showing the answer --------------------------------------------------- */

/* "exactly one document" */
static void print_json(const struct client *client)
{
    struct json_object *first = json_object_array_get_idx(client->rows, 0);
    struct json_object *text = json_object_new_object();

    json_object_object_add(text, "text", json_object_new_string(client->text));
    puts(json_object_to_json_string_ext(client->command->list ? client->rows
                                        : first               ? first
                                                              : text,
                                        JSON_C_TO_STRING_PRETTY |
                                            JSON_C_TO_STRING_SPACED |
                                            JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(text);
}

static void show_first_status(struct json_object *rows)
{
    show_status(json_object_array_get_idx(rows, 0));
}

static void show_first_trace(struct json_object *rows)
{
    show_trace(json_object_array_get_idx(rows, 0));
}

/* For scripts. */
static void show_first_id(struct json_object *rows)
{
    puts(member(json_object_array_get_idx(rows, 0), "id"));
}

/* Commands whose rows are more to read than their words; the others show what
 * they say, or a plain table. */
static const struct {
    const char *name;
    void (*show)(struct json_object *rows);
} views[] = {
    { "status", show_first_status },
    { "queue", show_queue },
    { "trace", show_first_trace },
    { "send", show_first_id },
};

static void print(const struct client *client)
{
    bool rows = json_object_array_length(client->rows) > 0;

    for (size_t i = 0; rows && i < sizeof(views) / sizeof(views[0]); i++) {
        if (strcmp(views[i].name, client->command->name) == 0) {
            views[i].show(client->rows);
            return;
        }
    }
    if (*client->text || !rows)
        print_lines(stdout, *client->text ? client->text : "done");
    else
        show_rows(client->rows);
}

/* What the answer means for scripts: of the doctor's checks one has failed. */
static int verdict(const struct client *client)
{
    bool doctor = strcmp(client->command->name, "doctor") == 0;

    for (size_t i = 0; i < json_object_array_length(client->rows); i++) {
        struct json_object *row = json_object_array_get_idx(client->rows, i);

        if (doctor && strcmp(member(row, "state"), "fail") == 0)
            return 1;
    }
    return 0;
}

int client_run(const struct command *command, const char *config, int argc,
               char **argv)
{
    struct client client = {
        .command = command,
        .called = argv[0],
        .request = json_object_new_object(),
        .values = json_object_new_object(),
        .rows = json_object_new_array(),
    };
    int code;

    json_object_object_add(client.request, "command",
                           json_object_new_string(command->name));
    json_object_object_add(client.request, "values", client.values);
    code = parse(&client, argc, argv);
    if (code == 0)
        code = ask(&client, config) ? 0 : 1;
    if (code == 0 && client.json)
        print_json(&client);
    else if (code == 0)
        print(&client);
    if (code == 0)
        code = verdict(&client);
    json_object_put(client.rows);
    json_object_put(client.request);
    free(client.text);
    free(client.error);
    return code;
}
