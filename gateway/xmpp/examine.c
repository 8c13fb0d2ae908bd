/* examine.c - an examination asks everything that it can at once, then the
 * services that the server has named, then for a slot; then it tells what it
 * has found. */
#include "xmpp/examine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "xmpp/query.h"
#include "xmpp/remedy.h"
#include "xmpp/roster.h"

#define NS_UPLOAD "urn:xmpp:http:upload:0"

/* A second connection for our domain takes each stanza with 1/2 or 1/3: eight
 * pings pass unharmed once in 256 or more. A leak diverts one question in two,
 * or less: so each service is asked several times. */
enum { PINGS = 8, SERVICES_MAX = 32, ROUNDS = 4, HERE_S = 3, AWAY_S = 10 };

struct exam {
    struct component *component;
    finding_fn *found;
    void *arg;
    struct trouble_names names;
    const char *host; /* the parent domain; NULL: we have none */
    char *about;
    enum server server;
    char server_name[64];
    unsigned open;       /* answers that are still to come */
    unsigned returned;   /* of the pings */
    bool answered;       /* the list of services came */
    bool listed, remote; /* remote: XEP-0321 */
    unsigned step;
    size_t n_services;
    char *services[SERVICES_MAX];
    char *upload;     /* the service; NULL: none */
    bool slot;        /* we were given one */
    char refusal[64]; /* why the list did not come */
    char denial[64];  /* why a slot did not */
};

static void exam_less(struct exam *exam);

static void tell(const struct exam *exam, struct finding finding)
{
    finding.about = exam->about;
    exam->found(exam->arg, &finding);
}

/* The lines that are missing, with a finding that says why. */
static void tell_lack(const struct exam *exam, struct finding finding,
                      enum lack lack, enum server server)
{
    char *lines = remedy_lines(lack, server, &exam->names);

    finding.config = lines[0] ? lines : NULL;
    tell(exam, finding);
    free(lines);
}

static void exam_free(struct exam *exam)
{
    for (size_t i = 0; i < exam->n_services; i++)
        free(exam->services[i]);
    free(exam->upload);
    free(exam->about);
    free(exam);
}

/* --- what was found ------------------------------------------------------- */

static void tell_stream(const struct exam *exam)
{
    const struct component *component = exam->component;
    struct front_status status = stream_status(component->stream);
    char *text;

    if (component->up) {
        text = xasprintf("connected to %s%s%s", component->options.server,
                         exam->server_name[0] ? ", " : "", exam->server_name);
        tell(exam,
             (struct finding){ FINDING_OK, .check = "stream", .text = text });
        free(text);
        return;
    }
    text = xasprintf("not connected (%s)%s%s", status.state,
                     status.problem[0] ? ": " : "", status.problem);
    tell_lack(exam,
              (struct finding){
                  FINDING_FAIL, .check = "stream", .text = text,
                  .advice = "the server's configuration must have the "
                            "component; restart the server after a change" },
              LACK_COMPONENT, exam->server);
    free(text);
}

static void tell_route(const struct exam *exam)
{
    const char *jid = exam->names.jid;
    bool good = exam->returned == PINGS;
    char *text = good ? xasprintf("what is sent to %s arrives here", jid)
                      : xasprintf("%u of %d pings to %s came back",
                                  exam->returned, PINGS, jid);
    const char *advice =
        exam->returned == 0
            ? "the server does not route our domain to us"
            : "another connection has our domain too and takes a part of our "
              "stanzas: stop the other gateway (ejabberd and Openfire let "
              "several in)";

    tell(exam,
         (struct finding){ good ? FINDING_OK : FINDING_FAIL, .check = "route",
                           .text = text, .advice = good ? NULL : advice });
    free(text);
}

static void tell_listing(const struct exam *exam)
{
    const char *host = exam->host ? exam->host : "";
    char *text;

    if (!exam->answered) {
        text = xasprintf("%s does not say which services it has: %s", host,
                         exam->refusal);
        tell(exam,
             (struct finding){
                 FINDING_WARN, .check = "listing", .text = text,
                 .advice = "clients find the gateway only by its address, "
                           "which is no subdomain of a server here" });
    } else if (exam->listed) {
        text = xasprintf("%s lists us among its services", host);
        tell(exam,
             (struct finding){ FINDING_OK, .check = "listing", .text = text });
    } else {
        text = xasprintf("%s does not list us among its services", host);
        tell_lack(exam,
                  (struct finding){ FINDING_WARN, .check = "listing",
                                    .text = text,
                                    .advice = "clients find the gateway only "
                                              "by its address" },
                  LACK_LISTING, exam->server);
    }
    free(text);
}

static void tell_privilege(const struct exam *exam)
{
    bool may = exam->host && roster_may_write(exam->component, exam->host);

    if (may || exam->remote)
        tell(exam,
             (struct finding){ FINDING_OK, .check = "privilege",
                               .text = may ? "we may write rosters (XEP-0356)"
                                           : "we may write rosters, with the "
                                             "users' consent (XEP-0321)" });
    else
        tell_lack(exam,
                  (struct finding){
                      FINDING_WARN, .check = "privilege",
                      .text = "we may not write rosters (XEP-0356, 0321)",
                      .advice = "users are asked for each contact instead" },
                  LACK_PRIVILEGE, exam->server);
}

static void tell_upload(const struct exam *exam)
{
    struct finding finding = { FINDING_WARN, .check = "upload",
                               .text = "no upload service (XEP-0363)",
                               .advice = "users cannot share pictures and "
                                         "files" };
    char *text;

    if (!exam->upload) {
        tell_lack(exam, finding, LACK_UPLOAD, exam->server);
        return;
    }
    text = exam->slot
               ? xasprintf("%s takes files of ours (XEP-0363)", exam->upload)
               : xasprintf("%s takes files of users, but none of ours: %s",
                           exam->upload, exam->denial);
    finding.text = text;
    finding.advice = "what arrives with a file cannot be passed on over it";
    if (exam->slot)
        tell(exam,
             (struct finding){ FINDING_OK, .check = "upload", .text = text });
    else
        tell_lack(exam, finding, LACK_SLOT, exam->server);
    free(text);
}

static void tell_leak(const struct exam *exam)
{
    if (!exam->component->odd[ODD_DOMAIN]) {
        tell(exam, (struct finding){ FINDING_OK, .check = "leak",
                                     .text = "no stanza of another domain "
                                             "came here" });
        return;
    }
    tell_lack(exam,
              (struct finding){
                  FINDING_FAIL, .check = "leak",
                  .text = "the server sends us stanzas of other domains",
                  .advice = "each component needs a listener of its own, or "
                            "the listener global_routes: false" },
              LACK_OWN_ROUTE,
              exam->server == SERVER_UNKNOWN ? SERVER_EJABBERD : exam->server);
}

/* --- admins --------------------------------------------------------------- */

static void tell_no_admins(const struct exam *exam)
{
    tell(exam,
         (struct finding){ FINDING_WARN, .check = "admins",
                           .text = "nobody is told when something is wrong",
                           .advice = "put your own address into xmpp.admins" });
}

struct admin {
    struct exam *exam;
    char jid[];
};

/* Whatever is answered, his server is there; what it hides is its affair. */
static void on_admin(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct admin *admin = arg;
    bool gone = strncmp(condition, "remote-server-", 14) == 0 ||
                strcmp(condition, "item-not-found") == 0;
    char *text = xasprintf("admin %s%s%s", admin->jid,
                           gone ? " cannot be reached: " : " can be reached",
                           gone ? condition : "");

    (void)answer;
    tell(admin->exam,
         (struct finding){ gone ? FINDING_WARN : FINDING_OK, .check = "admins",
                           .text = text,
                           .advice = gone ? "check xmpp.admins, and that the "
                                            "servers talk to each other"
                                          : NULL });
    free(text);
    exam_less(admin->exam);
    free(admin);
}

/* --- asking --------------------------------------------------------------- */

/* Owns `payload`. */
static void ask_within(struct exam *exam, unsigned patience, const char *to,
                       xmpp_stanza_t *payload, query_fn *fn, void *arg)
{
    exam->open++;
    query_send_within(exam->component, patience, to, "get", payload, fn, arg);
}

/* Somebody who is here answers at once. */
static void ask(struct exam *exam, const char *to, const char *name,
                const char *ns, query_fn *fn)
{
    ask_within(exam, HERE_S, to, stanza_new(exam->component->ctx, name, ns), fn,
               exam);
}

static void ask_admins(struct exam *exam)
{
    const struct network *network = exam->component->network;
    const char *jid;

    if (!network_admin(network, 0))
        tell_no_admins(exam);
    for (size_t i = 0; (jid = network_admin(network, i)); i++) {
        size_t size = strlen(jid) + 1;
        struct admin *admin = xcalloc(1, sizeof(*admin) + size);

        admin->exam = exam;
        memcpy(admin->jid, jid, size);
        ask_within(exam, AWAY_S, jid,
                   stanza_new(exam->component->ctx, "query", NS_DISCO_INFO),
                   on_admin, admin);
    }
}

static const char *attribute(xmpp_stanza_t *stanza, const char *key)
{
    const char *value = xmpp_stanza_get_attribute(stanza, key);

    return value ? value : "";
}

static void on_info(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct exam *exam = arg;
    xmpp_stanza_t *query =
        answer ? stanza_find(answer, "query", NS_DISCO_INFO) : NULL;
    const char *from = answer ? xmpp_stanza_get_from(answer) : "";
    bool server = exam->host && from && strcmp(from, exam->host) == 0;

    (void)condition;
    for (xmpp_stanza_t *child = query ? stanza_first(query) : NULL; child;
         child = stanza_after(child)) {
        if (from && !exam->upload &&
            strcmp(attribute(child, "var"), NS_UPLOAD) == 0)
            exam->upload = xstrdup(from);
        if (server && strcmp(attribute(child, "var"), NS_REMOTE_ROSTER) == 0)
            exam->remote = true;
        if (server && !exam->server_name[0] &&
            strcmp(attribute(child, "category"), "server") == 0)
            text_copy(exam->server_name, sizeof(exam->server_name),
                      attribute(child, "name"));
    }
    exam_less(exam);
}

static void on_version(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct exam *exam = arg;
    xmpp_stanza_t *query =
        answer ? stanza_find(answer, "query", NS_VERSION) : NULL;
    xmpp_stanza_t *name = query ? stanza_find(query, "name", NS_VERSION) : NULL;
    xmpp_stanza_t *version =
        query ? stanza_find(query, "version", NS_VERSION) : NULL;

    (void)condition;
    if (name)
        (void)snprintf(exam->server_name, sizeof(exam->server_name),
                       "%.30s %.30s", stanza_text(name),
                       version ? stanza_text(version) : "");
    exam_less(exam);
}

static void on_items(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct exam *exam = arg;
    xmpp_stanza_t *query =
        answer ? stanza_find(answer, "query", NS_DISCO_ITEMS) : NULL;

    exam->answered = query != NULL;
    text_copy(exam->refusal, sizeof(exam->refusal), condition);
    for (xmpp_stanza_t *item = query ? stanza_first(query) : NULL; item;
         item = stanza_after(item)) {
        const char *jid = attribute(item, "jid");

        if (strcmp(jid, exam->names.jid) == 0)
            exam->listed = true;
        else if (jid[0] && exam->n_services < SERVICES_MAX)
            exam->services[exam->n_services++] = xstrdup(jid);
    }
    exam_less(exam);
}

static void on_ping(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct exam *exam = arg;

    (void)condition;
    exam->returned += answer != NULL;
    exam_less(exam);
}

static void on_slot(void *arg, xmpp_stanza_t *answer, const char *condition)
{
    struct exam *exam = arg;

    exam->slot = answer && stanza_find(answer, "slot", NS_UPLOAD);
    text_copy(exam->denial, sizeof(exam->denial), condition);
    exam_less(exam);
}

/* What leaks is seen when others are asked: their questions come to us. */
static void ask_services(struct exam *exam)
{
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < exam->n_services; i++)
            ask(exam, exam->services[i], "query", NS_DISCO_INFO, on_info);
}

/* A slot that is not used expires by itself (XEP-0363 5). */
static void ask_slot(struct exam *exam)
{
    xmpp_stanza_t *request;

    if (!exam->upload)
        return;
    request = stanza_new(exam->component->ctx, "request", NS_UPLOAD);
    stanza_set(request, "filename", "moongate.txt");
    stanza_set(request, "size", "1");
    stanza_set(request, "content-type", "text/plain");
    ask_within(exam, HERE_S, exam->upload, request, on_slot, exam);
}

static void conclude(struct exam *exam)
{
    if (!exam->server)
        exam->server = remedy_server(exam->server_name);
    tell_stream(exam);
    if (exam->component->up) {
        tell_route(exam);
        tell_leak(exam);
        tell_listing(exam);
        tell_privilege(exam);
        tell_upload(exam);
    }
    exam->found(exam->arg, NULL);
    exam_free(exam);
}

/* Each step waits for the answers to the one before. */
static void exam_less(struct exam *exam)
{
    static void (*const steps[])(struct exam * exam) = { ask_services,
                                                         ask_slot };

    if (--exam->open > 0)
        return;
    if (exam->step == sizeof(steps) / sizeof(steps[0])) {
        conclude(exam);
        return;
    }
    exam->open++;
    steps[exam->step++](exam);
    exam_less(exam);
}

void examine(struct component *component, finding_fn *found, void *arg)
{
    struct exam *exam = xcalloc(1, sizeof(*exam));
    const char *jid = component->options.jid;
    const char *dot = strchr(jid, '.');

    exam->component = component;
    exam->found = found;
    exam->arg = arg;
    exam->names = (struct trouble_names){ network_name(component->network), jid,
                                          component->options.server };
    exam->host = dot ? dot + 1 : NULL;
    exam->about = xasprintf("network %s", exam->names.network);
    text_copy(exam->refusal, sizeof(exam->refusal), "it has no parent domain");
    exam->open = 1;
    if (component->up) {
        ask_admins(exam);
        for (int i = 0; i < PINGS; i++)
            ask(exam, jid, "ping", NS_PING, on_ping);
    }
    if (component->up && exam->host) {
        ask(exam, exam->host, "query", NS_VERSION, on_version);
        ask(exam, exam->host, "query", NS_DISCO_INFO, on_info);
        ask(exam, exam->host, "query", NS_DISCO_ITEMS, on_items);
    }
    exam_less(exam);
}
