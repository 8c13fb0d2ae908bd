/* command_line.c - what people ask of a line: the commands of its driver, such
 * as USSD codes, with their dialogues. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/line.h"
#include "core/line_call.h"
#include "core/network.h"
#include "core/people.h"

/* A dialogue with a line. */
struct talk {
    struct line *line;
    uint64_t id;    /* of the line's call; 0: it has ended */
    bool asking;    /* a reply is awaited from the user */
    struct err err; /* how it ended meanwhile */
};

static void run_reply(struct call *call);

static const struct field reply_fields[] = {
    { .name = "reply",
      .type = FIELD_TEXT,
      .label = "Your reply",
      .required = true },
    { 0 },
};

static void drop_talk(void *notes)
{
    struct talk *talk = notes;

    if (talk->id)
        line_command_cancel(talk->line, talk->id);
    free(talk);
}

static void on_answer(void *arg, const char *text, bool more,
                      const struct err *err)
{
    struct call *call = arg;
    struct talk *talk = call_notes(call);

    if (err || !more)
        talk->id = 0;
    if (talk->asking) { /* it ended while the user was thinking */
        if (err)
            talk->err = *err;
    } else if (err) {
        call_failed(call, err);
    } else {
        call_print(call, "%s", text);
        talk->asking = more;
        if (more)
            call_ask(call, "The network asks", reply_fields, run_reply);
        else
            call_done(call);
    }
}

static void run_reply(struct call *call)
{
    struct talk *talk = call_notes(call);
    struct err err = talk->err;

    talk->asking = false;
    if (!talk->id && err.kind == ERR_NONE)
        (void)err_set(&err, ERR_EXPIRED, "the network has ended the dialogue");
    if (err.kind != ERR_NONE ||
        !line_command_reply(talk->line, talk->id, call_value(call, "reply"),
                            &err))
        call_failed(call, &err);
}

/* An admin's are all lines, others those that were given to them. */
static bool is_his(const struct call *call, const struct line *line)
{
    return call_is_admin(call) || people_has(&line->people, call_who(call));
}

static void begin(struct call *call, struct line *line, const char *name,
                  const char *argument)
{
    const struct driver_command *row = line_command_find(line, name);
    struct talk *talk;
    struct err err;

    if (row && row->admin && !is_his(call, line)) {
        (void)err_set(&err, ERR_FORBIDDEN,
                      "only admins may use %s on a line that is not yours",
                      name);
        call_failed(call, &err);
        return;
    }
    talk = xcalloc(1, sizeof(*talk));
    talk->line = line;
    call_keep(call, talk, drop_talk);
    talk->id = line_command(line, name, argument, on_answer, call, &err);
    if (!talk->id)
        call_failed(call, &err);
}

static struct line *line_called(const struct call *call, const char *name)
{
    struct line *line = call_core(call)->lines;

    while (line &&
           (strcmp(line_name(line), name) != 0 ||
            (call_network(call) && line->network != call_network(call))))
        line = line->next;
    return line;
}

static void no_line(struct call *call, const char *name)
{
    struct err err;

    (void)err_set(&err, ERR_BAD_ADDRESS, "there is no line \"%.100s\"", name);
    call_failed(call, &err);
}

/* --- what a line shall do ------------------------------------------------- */

static void set_duty(struct call *call, void (*set)(struct line *line),
                     const char *what)
{
    const char *name = call_value(call, "line");
    struct line *line = line_called(call, name);

    if (!line) {
        no_line(call, name);
        return;
    }
    set(line);
    call_print(call, "%s %s", name, what);
    call_done(call);
}

static void run_pause(struct call *call)
{
    set_duty(call, line_pause, "sends nothing more, until it is resumed.");
}

static void run_resume(struct call *call)
{
    set_duty(call, line_resume, "sends again.");
}

static void run_drain(struct call *call)
{
    set_duty(call, line_drain, "finishes what it has begun, then it pauses.");
}

/* --- ussd ----------------------------------------------------------------- */

/* The best line for it: his, and one that works; of those that `account` may
 * use, NULL: of all. NULL: none can do it. */
static struct line *line_for(const struct call *call, const char *name,
                             const char *account)
{
    struct line *line = NULL, *best = NULL;
    int most = -1;

    while ((line = network_line_next(call_network(call), line))) {
        int good = 2 * is_his(call, line) + line_is_online(line);

        if (!line_command_find(line, name) || good <= most ||
            !people_admit(&line->people, account))
            continue;
        best = line;
        most = good;
    }
    return best;
}

static void run_ussd(struct call *call)
{
    const char *name = call_value(call, "line");
    struct line *line =
        name ? line_called(call, name) : line_for(call, "ussd", NULL);
    struct err err;

    if (line) {
        begin(call, line, "ussd", call_value(call, "code"));
    } else if (name) {
        no_line(call, name);
    } else {
        (void)err_set(&err, ERR_UNSUPPORTED,
                      "no line of this network knows USSD codes");
        call_failed(call, &err);
    }
}

/* --- invite --------------------------------------------------------------- */

static void run_invite(struct call *call)
{
    struct line *line = line_for(call, "invite", call_who(call));
    struct err err;

    if (line) {
        begin(call, line, "invite", call_who(call));
        return;
    }
    (void)err_set(&err, ERR_UNSUPPORTED,
                  "nobody needs an invitation on this network: just write");
    call_failed(call, &err);
}

static void run_ask(struct call *call)
{
    const char *name = call_value(call, "line");
    const char *argument = call_value(call, "argument");
    struct line *line = line_called(call, name);

    if (line)
        begin(call, line, call_value(call, "question"),
              argument ? argument : "");
    else
        no_line(call, name);
}

static const struct field ussd_fields[] = {
    { .name = "code",
      .type = FIELD_TEXT,
      .label = "Which code, like *100#",
      .required = true },
    { .name = "line",
      .type = FIELD_TEXT,
      .label = "On which line",
      .named = true },
    { 0 },
};

static const struct field ask_fields[] = {
    { .name = "line",
      .type = FIELD_TEXT,
      .label = "Which line",
      .required = true },
    { .name = "question",
      .type = FIELD_TEXT,
      .label = "What to ask it (a command of its driver)",
      .required = true },
    { .name = "argument", .type = FIELD_TEXT, .label = "With which argument" },
    { 0 },
};

static const struct field line_fields[] = {
    { .name = "line",
      .type = FIELD_TEXT,
      .label = "Which line",
      .required = true },
    { 0 },
};

const struct command line_commands[] = {
    { .name = "ussd",
      .title = "USSD code",
      .help = "send a code like *100# on your own line and read the answer",
      .rank = RANK_USER,
      .fields = ussd_fields,
      .run = run_ussd },
    { .name = "invite",
      .title = "Invite somebody",
      .help = "a link for one person, who gets to you with it (Telegram)",
      .rank = RANK_USER,
      .personal = true,
      .run = run_invite },
    { .name = "line-pause",
      .title = "Pause a line",
      .help = "let a line send nothing more, not even the rest of a text",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = line_fields,
      .run = run_pause },
    { .name = "line-drain",
      .title = "Drain a line",
      .help = "let a line finish what it has begun, then pause it",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = line_fields,
      .run = run_drain },
    { .name = "line-resume",
      .title = "Resume a line",
      .help = "let a paused line send again",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = line_fields,
      .run = run_resume },
    { .name = "line-ask",
      .title = "Ask a line",
      .help = "run a command of a line's driver, such as balance",
      .rank = RANK_ADMIN,
      .anywhere = true,
      .fields = ask_fields,
      .run = run_ask },
    { 0 },
};
