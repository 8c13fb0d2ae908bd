/* command_doctor.c - looks for what is wrong, and says how to mend it. What
 * belongs to the XMPP server is found out by the front. */
#include <stdlib.h>

#include <json-c/json.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/facts.h"
#include "core/finding.h"
#include "core/line.h"
#include "core/network.h"
#include "store/store.h"

enum { TEXT_MAX = 1024 };

struct visit {
    size_t open;  /* networks that are being looked at */
    size_t wrong; /* findings that are not ok */
};

static void report(struct call *call, const struct finding *finding)
{
    struct visit *visit = call_notes(call);
    struct json_object *row = finding_row(finding);
    char *text = finding_text(finding);

    visit->wrong += finding->state != FINDING_OK;
    call_print_long(call, text);
    call_row(call, row);
    json_object_put(row);
    free(text);
}

/* "online", with what a modem's owner looks at first. */
static char *describe(const struct line *line, struct json_object *facts)
{
    static const char *const keys[] = { "operator", "technology", "signal" };
    struct json_object *value;
    struct buf buf;

    buf_init(&buf, TEXT_MAX);
    (void)buf_add_text(&buf, line_state_name(line->state));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (json_object_object_get_ex(facts, keys[i], &value))
            (void)buf_addf(&buf, ", %s", json_object_get_string(value));
    return buf_take(&buf);
}

/* What to do about a line that works. */
static char *worry(const struct line *line, struct json_object *facts)
{
    struct json_object *trouble;

    if (line->duty != DUTY_ON)
        return xasprintf("an admin has paused it: moongate line resume %s",
                         line_name(line));
    if (json_object_object_get_ex(facts, "last error", &trouble))
        return xstrdup(json_object_get_string(trouble));
    return NULL;
}

static void look_at_good_line(struct call *call, struct line *line,
                              struct finding *finding)
{
    struct json_object *facts = json_object_new_object();
    struct status status = { .object = facts };
    char *text, *advice;

    if (line->driver->status)
        line->driver->status(line, &status);
    text = describe(line, facts);
    advice = worry(line, facts);
    finding->state = advice ? FINDING_WARN : FINDING_OK;
    finding->text = text;
    finding->advice = advice;
    report(call, finding);
    free(text);
    free(advice);
    json_object_put(facts);
}

static void look_at_bad_line(struct call *call, const struct line *line,
                             struct finding *finding)
{
    const char *problem = line->problem.text;
    char *text = xasprintf("%s%s%s", line_state_name(line->state),
                           problem[0] ? ", " : "", problem);
    bool busy = line->state == LINE_STARTING && !problem[0];

    finding->state = busy ? FINDING_WARN : FINDING_FAIL;
    finding->text = text;
    finding->advice = busy ? "it is starting: ask again in a minute"
                           : "moongate status says more";
    report(call, finding);
    free(text);
}

static void look_at_line(struct call *call, struct line *line)
{
    char *about = xasprintf("line %s", line_name(line));
    struct finding finding = { .about = about, .check = "line" };

    if (line_is_online(line))
        look_at_good_line(call, line, &finding);
    else
        look_at_bad_line(call, line, &finding);
    free(about);
}

static void look_at_lines(struct call *call, const struct network *network)
{
    struct finding none = { .state = FINDING_WARN,
                            .check = "line",
                            .text = "no line: its messages wait until there "
                                    "is one",
                            .advice = "add one below lines = { }; moongate "
                                      "modems shows what is plugged in" };
    struct line *line = network_line_next(network, NULL);
    char *about = xasprintf("network %s", network_name(network));

    none.about = about;
    if (!line)
        report(call, &none);
    for (; line; line = network_line_next(network, line))
        look_at_line(call, line);
    free(about);
}

static void look_at_store(struct call *call)
{
    struct finding finding = { .about = "store", .check = "store" };

    if (store_is_full(call_core(call)->store)) {
        finding.state = FINDING_FAIL;
        finding.text = "full: nothing new is accepted";
        finding.advice = "make room where gateway.state_dir is";
    } else {
        finding.text = "there is room";
    }
    report(call, &finding);
}

static void visit_end(struct call *call)
{
    struct visit *visit = call_notes(call);

    if (--visit->open > 0)
        return;
    if (visit->wrong == 0)
        call_print(call, "Nothing is wrong.");
    call_done(call);
}

static void on_finding(void *arg, const struct finding *finding)
{
    struct call *call = arg;

    if (finding)
        report(call, finding);
    else
        visit_end(call);
}

static void run_doctor(struct call *call)
{
    struct visit *visit = xcalloc(1, sizeof(*visit));
    struct network *network;

    call_keep(call, visit, free);
    visit->open = 1;
    look_at_store(call);
    DL_FOREACH (call_core(call)->networks, network) {
        if (call_network(call) && call_network(call) != network)
            continue;
        look_at_lines(call, network);
        visit->open++;
        network->front->examine(network->self, on_finding, call);
    }
    visit_end(call);
}

const struct command doctor_commands[] = {
    { .name = "doctor",
      .title = "What is wrong",
      .help = "look for what is wrong, and say how to mend it",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .list = true,
      .run = run_doctor },
    { 0 },
};
