/* control.c - the daemon's end of the control socket: checks who connects,
 * parses one request, hands it to the source by a table, and writes what the
 * source replies.
 *
 * A reply may outlive its connection (the store answers later than the user
 * waits) and even the control itself; then it goes nowhere. */
#include "control/control.h"

#include <grp.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "toolkit/listener.h"

enum {
    SOCKET_MODE = 0660,
    PEERS_MAX = 16,
    JSON_DEPTH = 8,
    GROUPS_MAX = 256,
    LISTING_DEFAULT = 1000,
    LISTING_MAX = 10000,
};

struct connection {
    struct connection *prev, *next;
    struct control *control;
    struct peer *peer;
    struct control_reply *reply; /* to the request being worked on */
};

struct control_reply {
    struct connection *connection;                       /* NULL: gone */
    void (*json)(void *arg, struct json_object *object); /* control_reply_new */
    void (*end)(void *arg, const struct err *err);
    void *arg;
};

struct control {
    char *path;
    const struct control_source *source;
    void *arg;
    struct listener *listener;
    struct connection *connections;
};

static void refuse(struct control_reply *reply, const char *text)
{
    struct err err = { 0 };

    err_set(&err, ERR_CONFIG, "%s", text);
    control_reply_end(reply, &err);
}

/* A text argument of the request, or NULL. */
static const char *argument(struct json_object *request, const char *key)
{
    struct json_object *value;

    if (!json_object_object_get_ex(request, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

static void on_status(struct control *control, struct json_object *request,
                      struct control_reply *reply)
{
    (void)request;
    control->source->status(control->arg, reply);
}

static void on_queue(struct control *control, struct json_object *request,
                     struct control_reply *reply)
{
    struct control_listing listing = {
        .network = argument(request, "network"),
        .state = argument(request, "state"),
        .limit = LISTING_DEFAULT,
    };
    struct json_object *limit;

    if (!listing.state)
        listing.state = "open";
    else if (strcmp(listing.state, "all") == 0)
        listing.state = NULL;

    if (json_object_object_get_ex(request, "limit", &limit)) {
        int64_t n = json_object_get_int64(limit);

        if (n < 1 || n > LISTING_MAX) {
            refuse(reply, "limit must be from 1 to 10000");
            return;
        }
        listing.limit = (size_t)n;
    }
    control->source->queue(control->arg, &listing, reply);
}

static void on_trace(struct control *control, struct json_object *request,
                     struct control_reply *reply)
{
    const char *id = argument(request, "id");

    if (id)
        control->source->trace(control->arg, id, reply);
    else
        refuse(reply, "trace needs an id");
}

static void on_send(struct control *control, struct json_object *request,
                    struct control_reply *reply)
{
    struct control_text text = {
        .network = argument(request, "network"),
        .from = argument(request, "from"),
        .to = argument(request, "to"),
        .text = argument(request, "text"),
        .manner = argument(request, "manner"),
    };

    if (text.network && text.from && text.to && text.text)
        control->source->send(control->arg, &text, reply);
    else
        refuse(reply, "send needs network, from, to and text");
}

static const struct {
    const char *name;
    void (*handler)(struct control *control, struct json_object *request,
                    struct control_reply *reply);
} commands[] = {
    { "status", on_status },
    { "queue", on_queue },
    { "trace", on_trace },
    { "send", on_send },
};

static void dispatch(struct control *control, struct json_object *request,
                     struct control_reply *reply)
{
    const char *name = argument(request, "command");

    for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]);
         i++) {
        if (strcmp(commands[i].name, name) == 0) {
            commands[i].handler(control, request, reply);
            return;
        }
    }
    refuse(reply, "unknown command; is this moongate newer than the daemon?");
}

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

static void on_line(void *arg, struct peer *peer, char *line)
{
    struct connection *connection = arg;
    struct json_object *request;
    struct control_reply *reply;

    if (connection->reply) {
        peer_close(peer);
        return;
    }
    reply = xcalloc(1, sizeof(*reply));
    reply->connection = connection;
    connection->reply = reply;
    request = parse_request(line);
    if (request)
        dispatch(connection->control, request, reply);
    else
        refuse(reply, "the request is not a JSON object");
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
    if (connection->reply)
        connection->reply->connection = NULL;
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
                             const struct control_source *source, void *arg,
                             struct err *err)
{
    struct control *control = xcalloc(1, sizeof(*control));

    control->path = control_path(state_dir);
    control->source = source;
    control->arg = arg;
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

static void write_line(struct control_reply *reply, struct json_object *object)
{
    const char *text = json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    char *line;

    if (!reply->connection)
        return;
    line = xasprintf("%s\n", text);
    peer_write(reply->connection->peer, line, strlen(line));
    free(line);
}

struct control_reply *
control_reply_new(void (*json)(void *arg, struct json_object *object),
                  void (*end)(void *arg, const struct err *err), void *arg)
{
    struct control_reply *reply = xcalloc(1, sizeof(*reply));

    reply->json = json;
    reply->end = end;
    reply->arg = arg;
    return reply;
}

void control_reply_json(struct control_reply *reply, struct json_object *object)
{
    if (reply->json)
        reply->json(reply->arg, object);
    else
        write_line(reply, object);
}

static void write_end(struct control_reply *reply, const struct err *err)
{
    struct json_object *end = json_object_new_object();

    json_object_object_add(end, "ok", json_object_new_boolean(!err));
    if (err)
        json_object_object_add(end, "error", json_object_new_string(err->text));
    write_line(reply, end);
    json_object_put(end);
}

void control_reply_end(struct control_reply *reply, const struct err *err)
{
    if (reply->end)
        reply->end(reply->arg, err);
    else
        write_end(reply, err);
    if (reply->connection)
        reply->connection->reply = NULL;
    free(reply);
}
