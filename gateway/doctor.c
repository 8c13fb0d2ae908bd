/* doctor.c - the doctor without a daemon: what can be told from outside. */
#include "doctor.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/client.h"
#include "control/table.h"
#include "core/command.h"
#include "core/finding.h"
#include "gateway.h"
#include "options.h"
#include "toolkit/loop.h"
#include "toolkit/timer.h"
#include "xmpp/remedy.h"
#include "xmpp/stanza.h"
#include "xmpp/stream.h"

enum { LOOK_MS = 50, PATIENCE_MS = 10000 };

struct visit {
    struct json_object *rows;
    const char *network; /* the only one to look at; NULL: all */
    bool json, failed;
};

/* --- telling -------------------------------------------------------------- */

static void tell(struct visit *visit, const struct finding *finding)
{
    char *text = finding_text(finding);
    struct json_object *row = finding_row(finding);

    visit->failed |= finding->state == FINDING_FAIL;
    json_object_array_add(visit->rows, row);
    for (char *line = text, *next; !visit->json && line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        show_text(stdout, line);
        putchar('\n');
    }
    free(text);
}

static void on_mistake(void *arg, const char *line)
{
    struct finding finding = { FINDING_FAIL, .about = "configuration",
                               .check = "config", .text = line };

    tell(arg, &finding);
}

static void on_doubt(void *arg, const char *line)
{
    struct finding finding = { FINDING_WARN, .about = "configuration",
                               .check = "config", .text = line };

    tell(arg, &finding);
}

/* --- a handshake ---------------------------------------------------------- */

struct handshake {
    struct loop *loop;
    struct owner owner;
    struct stream *stream;
    int64_t begun;
    bool up;
    char problem[256];
};

static void on_up(void *arg)
{
    struct handshake *handshake = arg;

    handshake->up = true;
    stream_end(handshake->stream);
}

static void on_closed(void *arg)
{
    struct handshake *handshake = arg;

    loop_stop(handshake->loop);
}

static void on_ended(void *arg)
{
    struct handshake *handshake = arg;

    owner_close(&handshake->owner, on_closed, handshake);
}

static void on_look(void *arg)
{
    struct handshake *handshake = arg;
    struct front_status status = stream_status(handshake->stream);
    bool late = clock_mono_ms() - handshake->begun > PATIENCE_MS;

    if (handshake->up || (!status.problem[0] && !late))
        return;
    text_copy(handshake->problem, sizeof(handshake->problem),
              status.problem[0] ? status.problem : "no answer");
    stream_end(handshake->stream);
}

static void on_nothing(void *arg)
{
    (void)arg;
}

static void on_stanza(void *arg, xmpp_stanza_t *stanza)
{
    (void)arg;
    (void)stanza;
}

static void on_oversized(void *arg, const struct stanza_head *head)
{
    (void)arg;
    (void)head;
}

static const struct stream_events events = {
    .up = on_up,
    .down = on_nothing,
    .stanza = on_stanza,
    .oversized = on_oversized,
    .roomy = on_nothing,
    .ended = on_ended,
};

static void shake_hands(struct handshake *handshake,
                        const struct component_options *options,
                        const char *network)
{
    xmpp_ctx_t *ctx = stanza_context();

    handshake->loop = loop_new();
    handshake->begun = clock_mono_ms();
    owner_init(&handshake->owner, handshake->loop);
    handshake->stream = stream_new(&handshake->owner, ctx, options, network,
                                   &events, handshake);
    timer_repeat(timer_new(&handshake->owner, on_look, handshake), LOOK_MS);
    stream_start(handshake->stream);
    loop_run(handshake->loop);
    stream_free(handshake->stream);
    loop_free(handshake->loop);
    xmpp_ctx_free(ctx);
}

/* --- the visit ------------------------------------------------------------ */

static void tell_handshake(struct visit *visit,
                           const struct handshake *handshake,
                           const struct trouble_names *names)
{
    char *about = xasprintf("network %s", names->network);
    char *lines = remedy_lines(LACK_COMPONENT, SERVER_UNKNOWN, names);
    char *good = xasprintf("%s lets %s in", names->server, names->jid);
    struct finding finding = { .about = about,
                               .check = "stream",
                               .text = good };

    if (!handshake->up) {
        finding.state = FINDING_FAIL;
        finding.text = handshake->problem;
        finding.advice = "the server's configuration must have the component; "
                         "restart the server after a change";
        finding.config = lines;
    }
    tell(visit, &finding);
    free(good);
    free(lines);
    free(about);
}

static void visit_network(struct visit *visit, const struct settings *xmpp,
                          const struct settings *network)
{
    struct component_options options = gateway_component(xmpp, network);
    struct trouble_names names = { settings_name(network), options.jid,
                                   options.server };
    struct handshake handshake = { 0 };

    shake_hands(&handshake, &options, names.network);
    tell_handshake(visit, &handshake, &names);
}

static void tell_daemon(struct visit *visit, const char *path,
                        const struct err *why)
{
    char *advice = xasprintf("start it: systemctl start moongate, or moongate "
                             "-c %s run; its log says more",
                             path);
    bool gone = why->kind == ERR_UNREACHABLE;
    struct finding finding = { FINDING_FAIL, .about = "daemon",
                               .check = "daemon",
                               .text = gone ? "it does not run" : why->text,
                               .advice = gone ? advice : NULL };

    tell(visit, &finding);
    free(advice);
}

/* A second connection would take stanzas from a daemon that runs: so hands are
 * shaken only where surely none does. */
static void visit_alone(struct visit *visit, const char *path,
                        const struct err *why)
{
    struct finding good = { FINDING_OK, .about = "configuration",
                            .check = "config", .text = path };
    struct err err = { 0 };
    struct config *config = options_load(path, on_mistake, visit, &err);
    const struct settings *network;

    if (config) {
        tell(visit, &good);
        options_warn(config, on_doubt, visit);
    }
    tell_daemon(visit, path, why);
    for (size_t i = 0; config && why->kind == ERR_UNREACHABLE &&
                       (network = config_named(config, "networks", i));
         i++)
        if (!visit->network ||
            strcmp(visit->network, settings_name(network)) == 0)
            visit_network(visit, config_group(config, "xmpp"), network);
    config_free(config);
}

static bool take_arguments(struct visit *visit, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            visit->json = true;
        else if (strcmp(argv[i], "--network") == 0 && i + 1 < argc)
            visit->network = argv[++i];
        else
            return false;
    }
    return true;
}

int doctor_main(const char *config, int argc, char **argv)
{
    struct err why = { 0 };
    struct json_object *status = client_peek(config, "status", &why);
    struct visit visit = { 0 };

    if (status) {
        json_object_put(status);
        return client_run(commands_find("doctor"), config, argc, argv);
    }
    if (!take_arguments(&visit, argc, argv)) {
        fputs("moongate doctor: takes --json and --network NAME\n", stderr);
        return 2;
    }
    log_set_level(LOG_LEVEL_ERROR);
    visit.rows = json_object_new_array();
    visit_alone(&visit, config, &why);
    if (visit.json)
        puts(json_object_to_json_string_ext(
            visit.rows, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                            JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(visit.rows);
    return visit.failed ? 1 : 0;
}
