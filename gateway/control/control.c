/* control.c - the daemon's end of the control socket: checks who connects,
 * parses a request, makes a call of it, and writes what that answers. A call
 * may outlive its connection: then its answer goes nowhere. */
#include "control/control.h"

#include <grp.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "core/command.h"
#include "core/core.h"
#include "core/network.h"
#include "toolkit/listener.h"

enum {
    SOCKET_MODE = 0660,
    PEERS_MAX = 16,
    JSON_DEPTH = 8,
    GROUPS_MAX = 256,
};

struct connection {
    struct connection *prev, *next;
    struct control *control;
    struct peer *peer;
    struct call *call; /* being worked on, or asking for more */
    bool asking;
};

struct control {
    char *path;
    struct core *core;
    struct listener *listener;
    struct connection *connections;
};

/* The whole line as one object, or NULL. */
static struct json_object *parse_request(const char *line)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH);
    struct json_object *request;

    if (!tokener)
        abort();
    json_tokener_set_flags(tokener,
                           JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    request = json_tokener_parse_ex(tokener, line, (int)strlen(line) + 1);
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        !json_object_is_type(request, json_type_object)) {
        json_object_put(request);
        request = NULL;
    }
    json_tokener_free(tokener);
    return request;
}

/* --- answers -------------------------------------------------------------- */

static void add_text(struct json_object *object, const char *key,
                     const char *text)
{
    if (text)
        json_object_object_add(object, key, json_object_new_string(text));
}

static void write_line(struct connection *connection,
                       struct json_object *object)
{
    const char *text = json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    char *line = xasprintf("%s\n", text);

    peer_write(connection->peer, line, strlen(line));
    free(line);
}

static void write_end(struct connection *connection, const char *text,
                      const struct err *err)
{
    struct json_object *end = json_object_new_object();

    json_object_object_add(end, "ok", json_object_new_boolean(!err));
    if (err)
        add_text(end, "error", err->text);
    else if (text && *text)
        add_text(end, "text", text);
    write_line(connection, end);
    json_object_put(end);
}

static void write_rows(struct connection *connection, const struct call *call)
{
    struct json_object *rows = call_rows(call);

    for (size_t i = 0; i < json_object_array_length(rows); i++) {
        struct json_object *line = json_object_new_object();
        struct json_object *row = json_object_array_get_idx(rows, i);

        json_object_object_add(line, "row", json_object_get(row));
        write_line(connection, line);
        json_object_put(line);
    }
}

static void on_done(void *arg, struct call *call, const struct err *err)
{
    struct connection *connection = arg;

    if (!err)
        write_rows(connection, call);
    write_end(connection, call_text(call), err);
    connection->call = NULL;
    call_free(call);
}

static struct json_object *field_object(const struct field *field)
{
    struct json_object *object = json_object_new_object();

    add_text(object, "name", field->name);
    add_text(object, "label", field->label);
    add_text(object, "choices", field->choices);
    json_object_object_add(object, "required",
                           json_object_new_boolean(field->required));
    return object;
}

static void on_ask(void *arg, struct call *call, const char *title,
                   const struct field *fields)
{
    struct connection *connection = arg;
    struct json_object *line = json_object_new_object();
    struct json_object *array = json_object_new_array();

    add_text(line, "ask", title);
    add_text(line, "text", call_text(call));
    for (; fields->name; fields++)
        json_object_array_add(array, field_object(fields));
    json_object_object_add(line, "fields", array);
    connection->asking = true;
    write_line(connection, line);
    json_object_put(line);
}

static const struct door door = { .done = on_done, .ask = on_ask };

/* --- requests ------------------------------------------------------------- */

/* A text of the request, or NULL. */
static const char *argument(struct json_object *request, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(request, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

/* The network that is named, the only one, or NULL: all of them. */
static bool find_network(const struct control *control,
                         struct json_object *request,
                         const struct command *command,
                         struct network **network, struct err *err)
{
    const struct core *core = control->core;
    const char *name = argument(request, "network");
    bool one = !command->anywhere || argument(request, "as");
    char problem[160];

    *network = NULL;
    if (!name && one && core->networks && !core->networks->next)
        *network = core->networks;
    if (name)
        *network = network_find(core, name);
    if (*network || !name)
        return true;
    snprintf(problem, sizeof(problem), "there is no network \"%.100s\"", name);
    return command_which_network(core, problem, err);
}

static struct call *make_call(struct connection *connection,
                              struct json_object *request, struct err *err)
{
    struct control *control = connection->control;
    const char *name = argument(request, "command");
    const char *as = argument(request, "as");
    const struct command *command = name ? commands_find(name) : NULL;
    struct network *network;
    char who[NETWORK_JID_SIZE];

    if (!command) {
        (void)err_set(err, ERR_UNSUPPORTED,
                      "unknown command; is this moongate newer than the "
                      "daemon?");
        return NULL;
    }
    if (!find_network(control, request, command, &network, err))
        return NULL;
    if (as && !network) {
        (void)command_which_network(control->core, name, err);
        return NULL;
    }
    if (as && !network_typed_jid(network, as, who, err))
        return NULL;
    return call_new(control->core, network, as ? who : NULL, command, &door,
                    connection);
}

static bool set_values(struct call *call, struct json_object *request,
                       struct err *err)
{
    struct json_object *values;

    if (!json_object_object_get_ex(request, "values", &values))
        return true;
    if (!json_object_is_type(values, json_type_object))
        return err_set(err, ERR_UNSUPPORTED, "values must be an object");
    json_object_object_foreach(values, name, value)
    {
        const char *text = value ? json_object_get_string(value) : "";

        if (!call_set(call, name, text, err))
            return false;
    }
    return true;
}

static void dispatch(struct connection *connection, struct json_object *request)
{
    struct err err = { 0 };

    if (!connection->call)
        connection->call = make_call(connection, request, &err);
    connection->asking = false;
    if (connection->call && set_values(connection->call, request, &err) &&
        call_run(connection->call, &err))
        return;
    call_free(connection->call);
    connection->call = NULL;
    write_end(connection, NULL, &err);
}

static void on_line(void *arg, struct peer *peer, char *line)
{
    struct connection *connection = arg;
    struct json_object *request;
    struct err err;

    if (connection->call && !connection->asking) {
        peer_close(peer);
        return;
    }
    request = parse_request(line);
    if (request) {
        dispatch(connection, request);
    } else {
        (void)err_set(&err, ERR_UNSUPPORTED,
                      "the request is not a JSON object");
        write_end(connection, NULL, &err);
    }
    json_object_put(request);
}

static bool has_group(uid_t uid, gid_t gid, gid_t wanted)
{
    gid_t groups[GROUPS_MAX];
    int n = GROUPS_MAX;
    const struct passwd *user;

    if (gid == wanted)
        return true;
    user = getpwuid(uid);
    if (!user || getgrouplist(user->pw_name, gid, groups, &n) < 0)
        return false;
    for (int i = 0; i < n; i++) {
        if (groups[i] == wanted)
            return true;
    }
    return false;
}

/* The kernel has asked the mode of the socket already; this also holds where
 * somebody has widened that. */
static bool may_connect(const struct control *control, uid_t uid, gid_t gid)
{
    struct stat info;

    if (uid == 0 || uid == geteuid())
        return true;
    return stat(control->path, &info) == 0 && has_group(uid, gid, info.st_gid);
}

static void *on_accepted(void *arg, struct peer *peer, uid_t uid, gid_t gid)
{
    struct control *control = arg;
    struct connection *connection;

    if (!may_connect(control, uid, gid)) {
        log_warn("control connection refused uid=%u", (unsigned)uid);
        return NULL;
    }
    connection = xcalloc(1, sizeof(*connection));
    connection->control = control;
    connection->peer = peer;
    DL_APPEND(control->connections, connection);
    return connection;
}

static void forget(struct connection *connection)
{
    call_free(connection->call);
    DL_DELETE(connection->control->connections, connection);
    free(connection);
}

static void on_closed(void *arg)
{
    forget(arg);
}

static const struct listener_events events = {
    .accepted = on_accepted,
    .line = on_line,
    .closed = on_closed,
};

char *control_path(const char *state_dir)
{
    return xasprintf("%s/control.sock", state_dir);
}

struct control *control_open(struct owner *owner, const char *state_dir,
                             struct core *core, struct err *err)
{
    struct control *control = xcalloc(1, sizeof(*control));

    control->path = control_path(state_dir);
    control->core = core;
    control->listener = listener_open(owner, control->path, SOCKET_MODE,
                                      PEERS_MAX, &events, control, err);
    if (control->listener)
        return control;
    control_free(control);
    return NULL;
}

void control_free(struct control *control)
{
    if (!control)
        return;
    while (control->connections)
        forget(control->connections);
    free(control->path);
    free(control);
}
