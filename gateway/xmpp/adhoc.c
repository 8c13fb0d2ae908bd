/* adhoc.c - the door of XEP-0050. A session lives from the first <command/>
 * until it is completed or cancelled, or nobody has gone on for ten minutes; it
 * belongs to the full JID that began it.
 * Who opens too many loses the oldest. An id that looks like ours but is not
 * known is taken for one that has expired: none is remembered. */
#include "xmpp/adhoc.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/id.h"
#include "base/mem.h"
#include "core/command.h"
#include "toolkit/timer.h"
#include "xmpp/adhoc_form.h"

enum {
    SESSION_MS = 600000,
    SESSIONS_MAX = 1000,
    SESSIONS_OF_ONE = 5,
};

struct session {
    struct session *prev, *next;
    struct adhoc *adhoc;
    struct id_text id;
    char *account, *owner; /* bare and full JID */
    struct call *call;
    xmpp_stanza_t *answer; /* to the IQ that runs it; NULL: it asks */
    const char *title;     /* of what it asks */
    struct timer *patience;
};

struct adhoc {
    struct component *component;
    struct session *sessions;
    size_t n;
};

/* --- sessions ------------------------------------------------------------- */

static void session_free(struct session *session)
{
    DL_DELETE(session->adhoc->sessions, session);
    session->adhoc->n--;
    call_free(session->call);
    timer_free(session->patience);
    if (session->answer)
        (void)xmpp_stanza_release(session->answer);
    free(session->account);
    free(session->owner);
    free(session);
}

static void on_impatient(void *arg)
{
    session_free(arg);
}

struct adhoc *adhoc_new(struct component *component)
{
    struct adhoc *adhoc = xcalloc(1, sizeof(*adhoc));

    adhoc->component = component;
    return adhoc;
}

void adhoc_free(struct adhoc *adhoc)
{
    while (adhoc->sessions) {
        adhoc->sessions->patience = NULL; /* went with the owner */
        session_free(adhoc->sessions);
    }
    free(adhoc);
}

static struct session *find_session(const struct adhoc *adhoc, const char *id,
                                    const char *owner)
{
    struct session *session;

    DL_FOREACH (adhoc->sessions, session) {
        if (strcmp(session->id.text, id) == 0 &&
            strcmp(session->owner, owner) == 0)
            return session;
    }
    return NULL;
}

/* The oldest of his that waits for him, when he has too many. */
static struct session *superfluous(const struct adhoc *adhoc,
                                   const char *account)
{
    struct session *session, *oldest = NULL;
    size_t n = 0;

    DL_FOREACH (adhoc->sessions, session) {
        if (strcmp(session->account, account) != 0)
            continue;
        n++;
        if (!oldest && !session->answer)
            oldest = session;
    }
    return n < SESSIONS_OF_ONE ? NULL : oldest;
}

static bool has_room(const struct adhoc *adhoc, const char *account)
{
    const struct session *session;
    size_t n = 0;

    DL_FOREACH (adhoc->sessions, session) {
        n += strcmp(session->account, account) == 0;
    }
    return adhoc->n < SESSIONS_MAX && n < SESSIONS_OF_ONE;
}

/* --- answers -------------------------------------------------------------- */

static xmpp_stanza_t *add_command(struct session *session, const char *status)
{
    const struct command *command = call_command(session->call);
    xmpp_stanza_t *element =
        stanza_add(session->answer, "command", NS_COMMANDS, NULL);

    stanza_set(element, "node", command->node ? command->node : command->name);
    stanza_set(element, "sessionid", session->id.text);
    stanza_set(element, "status", status);
    return element;
}

static void send_answer(struct session *session)
{
    component_answer(session->adhoc->component, session->answer);
    session->answer = NULL;
}

/* Asks for the fields of the call; `problem` NULL: as they should be. */
static void send_form(struct session *session, const char *problem)
{
    xmpp_stanza_t *element = add_command(session, "executing");
    xmpp_stanza_t *actions = stanza_add(element, "actions", NULL, NULL);

    stanza_set(actions, "execute", "complete");
    stanza_add(actions, "complete", NULL, NULL);
    adhoc_form_ask(element, session->call, session->title);
    if (problem)
        adhoc_note(element, "error", problem);
    timer_start(session->patience, SESSION_MS);
    send_answer(session);
}

static void on_done(void *arg, struct call *call, const struct err *err)
{
    struct session *session = arg;
    xmpp_stanza_t *element = add_command(session, "completed");

    if (err)
        adhoc_note(element, "error",
                   err->text[0] ? err->text : err_policy(err->kind)->name);
    else
        adhoc_form_answer(element, call);
    send_answer(session);
    session_free(session);
}

static void on_ask(void *arg, struct call *call, const char *title,
                   const struct field *fields)
{
    struct session *session = arg;

    (void)call;
    (void)fields;
    session->title = title;
    send_form(session, NULL);
}

static const struct door door = { .done = on_done, .ask = on_ask };

/* An error of XEP-0050 4.4. */
static void refuse(const struct request *request, const char *condition,
                   const char *special, const char *text)
{
    bool gone = strcmp(special, "session-expired") == 0;
    struct refusal refusal = { .condition = condition,
                               .type = gone ? "cancel" : "modify",
                               .text = text };
    xmpp_stanza_t *answer = stanza_answer(request->stanza, NULL);
    xmpp_stanza_t *error;

    stanza_refuse(answer, &refusal);
    error = xmpp_stanza_get_child_by_name(answer, "error");
    stanza_add(error, special, NS_COMMANDS, NULL);
    component_answer(request->component, answer);
}

static void refuse_err(const struct request *request, const struct err *err)
{
    struct refusal refusal = refusal_of(err);

    request_refuse(request, &refusal);
}

/* --- the first step ------------------------------------------------------- */

static const struct command *visible_command(const struct request *request,
                                             const char *node)
{
    const struct command *command = commands_find(node);

    if (!command || (command->node && strcmp(command->node, node) != 0) ||
        !command_is_for(command, request->component->network, request->account))
        return NULL;
    return command;
}

static struct session *session_new(struct adhoc *adhoc,
                                   const struct request *request,
                                   const struct command *command)
{
    struct session *session = xcalloc(1, sizeof(*session));
    struct network *network = adhoc->component->network;
    struct id id = id_new();
    char owner[JID_SIZE];

    jid_full(&request->from, owner);
    session->adhoc = adhoc;
    session->id = id_text(&id);
    session->account = xstrdup(request->account);
    session->owner = xstrdup(owner);
    session->title = command->title;
    session->call = call_new(network_core(network), network, request->account,
                             command, &door, session);
    DL_APPEND(adhoc->sessions, session);
    adhoc->n++;
    session->patience =
        timer_new(&adhoc->component->owner, on_impatient, session);
    return session;
}

/* Runs it, or shows the form again with what is wrong. */
static void go_on(struct session *session, const struct request *request,
                  xmpp_stanza_t *form)
{
    struct err err = { 0 };

    timer_stop(session->patience);
    session->answer = stanza_answer(request->stanza, "result");
    if (form && !adhoc_form_read(form, session->call, &err))
        send_form(session, err.text);
    else if (!call_run(session->call, &err))
        send_form(session, err.text);
}

static void begin(struct request *request, const char *node,
                  xmpp_stanza_t *form)
{
    struct adhoc *adhoc = request->component->adhoc;
    const struct command *command = visible_command(request, node);
    struct session *session;
    struct err err;

    if (!command && !commands_find(node)) {
        request_refuse_plain(request, "item-not-found", "cancel",
                             "there is no such command");
        return;
    }
    if (!command) {
        (void)err_set(&err, ERR_FORBIDDEN, "this command is not for you");
        refuse_err(request, &err);
        return;
    }
    session = superfluous(adhoc, request->account);
    if (session)
        session_free(session);
    if (!has_room(adhoc, request->account)) {
        (void)err_set(&err, ERR_FULL,
                      "too many commands are running; please try later");
        refuse_err(request, &err);
        return;
    }
    session = session_new(adhoc, request, command);
    if (form || command->asks || !call_fields(session->call)->name) {
        go_on(session, request, form);
    } else {
        session->answer = stanza_answer(request->stanza, "result");
        send_form(session, NULL);
    }
}

/* --- further steps -------------------------------------------------------- */

enum action { ACTION_EXECUTE, ACTION_CANCEL, ACTION_PREV, ACTION_BAD };

static enum action action_of(const char *word)
{
    static const struct {
        const char *word;
        enum action action;
    } actions[] = {
        { "execute", ACTION_EXECUTE },  { "next", ACTION_EXECUTE },
        { "complete", ACTION_EXECUTE }, { "cancel", ACTION_CANCEL },
        { "prev", ACTION_PREV },
    };

    if (!word)
        return ACTION_EXECUTE;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].word, word) == 0)
            return actions[i].action;
    }
    return ACTION_BAD;
}

static void cancel(struct session *session, const struct request *request)
{
    session->answer = stanza_answer(request->stanza, "result");
    add_command(session, "canceled");
    send_answer(session);
    session_free(session);
}

static void refuse_session(const struct request *request, const char *id)
{
    struct id parsed;

    if (id_parse(id, &parsed))
        refuse(request, "not-allowed", "session-expired",
               "this command is over: begin again");
    else
        refuse(request, "bad-request", "bad-sessionid",
               "there is no such session");
}

static void resume(struct request *request, struct session *session,
                   enum action action, xmpp_stanza_t *form)
{
    const char *type = form ? xmpp_stanza_get_attribute(form, "type") : NULL;

    if (type && strcmp(type, "cancel") == 0)
        action = ACTION_CANCEL;
    if (session->answer)
        request_refuse_plain(request, "unexpected-request", "wait",
                             "the last step has not ended yet");
    else if (action == ACTION_CANCEL)
        cancel(session, request);
    else if (action == ACTION_PREV)
        refuse(request, "bad-request", "bad-action",
               "there is no way back: cancel and begin again");
    else
        go_on(session, request, form);
}

void adhoc_execute(struct request *request)
{
    xmpp_stanza_t *element = request->payload, *form = form_find(element);
    const char *node = xmpp_stanza_get_attribute(element, "node");
    const char *id = xmpp_stanza_get_attribute(element, "sessionid");
    enum action action =
        action_of(xmpp_stanza_get_attribute(element, "action"));
    struct session *session;
    char owner[JID_SIZE];

    if (!node || request->contact[0]) {
        request_refuse_plain(request, "item-not-found", "cancel",
                             "there is no such command");
        return;
    }
    jid_full(&request->from, owner);
    session = id ? find_session(request->component->adhoc, id, owner) : NULL;
    if (action == ACTION_BAD)
        refuse(request, "bad-request", "malformed-action",
               "an action is execute, next, complete, prev or cancel");
    else if (id && !session)
        refuse_session(request, id);
    else if (session)
        resume(request, session, action, form);
    else if (action == ACTION_EXECUTE)
        begin(request, node, form);
    else
        refuse(request, "bad-request", "bad-action",
               "a command begins with execute");
}

/* --- disco ---------------------------------------------------------------- */

static void add_command_item(const struct request *request,
                             xmpp_stanza_t *query,
                             const struct command *command)
{
    xmpp_stanza_t *item = stanza_add(query, "item", NULL, NULL);

    stanza_set(item, "jid", request->component->options.jid);
    stanza_set(item, "node", command->node ? command->node : command->name);
    stanza_set(item, "name", command->title);
}

bool adhoc_items(struct request *request, const char *node)
{
    bool list = strcmp(node, NS_COMMANDS) == 0;
    xmpp_stanza_t *result, *query;

    if (request->contact[0] || (!list && !visible_command(request, node)))
        return false;
    result = request_result(request, &query);
    stanza_set(query, "node", node);
    for (const struct command *const *c = commands_all(); list && *c; c++) {
        if (command_is_for(*c, request->component->network, request->account))
            add_command_item(request, query, *c);
    }
    component_answer(request->component, result);
    return true;
}

static void add_identity(xmpp_stanza_t *query, const char *type,
                         const char *name)
{
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL, NULL);

    stanza_set(identity, "category", "automation");
    stanza_set(identity, "type", type);
    stanza_set(identity, "name", name);
}

bool adhoc_info(struct request *request, const char *node)
{
    const struct command *command = visible_command(request, node);
    bool list = strcmp(node, NS_COMMANDS) == 0;
    xmpp_stanza_t *result, *query;

    if (request->contact[0] || (!list && !command))
        return false;
    result = request_result(request, &query);
    stanza_set(query, "node", node);
    add_identity(query, list ? "command-list" : "command-node",
                 list ? "Commands" : command->title);
    stanza_set(stanza_add(query, "feature", NULL, NULL), "var", NS_COMMANDS);
    stanza_set(stanza_add(query, "feature", NULL, NULL), "var", NS_DATA);
    component_answer(request->component, result);
    return true;
}
