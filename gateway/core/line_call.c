/* line_call.c - calls of driver commands. A driver's answer is only recorded;
 * who asked is told from a `later`, so that nothing re-enters the driver. */
#include "core/line_call.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/line.h"
#include "toolkit/timer.h"

enum { CALLS_MAX = 16, NAMES_MAX = 512, SILENT_MS = 60000, REPLY_MS = 300000 };

struct line_call {
    struct line_call *prev, *next;
    struct line *line;
    uint64_t id;
    line_call_fn *fn;
    void *arg;
    struct timer *timer;
    bool asking; /* an answer with `more` was given on: somebody is to reply */
    /* The driver's answer, not given on yet. */
    bool answered, more, failed;
    char *text;
    struct err err;
};

static struct line_call *call_find(const struct line *line, uint64_t id)
{
    struct line_call *call;
    DL_FOREACH (line->calls, call)
        if (call->id == id)
            return call;
    return NULL;
}

static void call_remove(struct line_call *call)
{
    DL_DELETE(call->line->calls, call);
    timer_free(call->timer);
    call->timer = NULL;
}

static void call_free(struct line_call *call)
{
    free(call->text);
    free(call);
}

/* Gives one answer on; the call is gone or asks when its function runs. */
static void call_tell(struct line_call *call)
{
    char *text = call->text;
    call->text = NULL;
    call->answered = false;
    if (call->more && !call->failed) {
        call->asking = true;
        timer_start(call->timer, REPLY_MS);
        call->fn(call->arg, text, true, NULL);
    } else {
        call_remove(call);
        call->fn(call->arg, text, false, call->failed ? &call->err : NULL);
        call_free(call);
    }
    free(text);
}

static struct line_call *call_answered(const struct line *line)
{
    struct line_call *call;
    DL_FOREACH (line->calls, call)
        if (call->answered)
            return call;
    return NULL;
}

/* The functions may begin and end calls, so the list is read anew each time. */
static void on_answers(void *arg)
{
    struct line *line = arg;
    struct line_call *call;
    while ((call = call_answered(line)))
        call_tell(call);
}

static void call_answer(struct line_call *call, const char *text, bool more,
                        const struct err *err)
{
    char *joined = NULL;
    if (call->text && text)
        joined = xasprintf("%s\n%s", call->text, text);
    else if (text || !call->text)
        joined = xstrdup(text ? text : "");
    if (joined) {
        free(call->text);
        call->text = joined;
    }
    call->answered = true;
    call->more = more;
    call->failed = err != NULL;
    if (err)
        call->err = *err;
    timer_stop(call->timer);
    later_ask(call->line->answers);
}

static void driver_cancel(struct line *line, uint64_t id)
{
    struct err ignored;
    if (line_is_online(line))
        (void)line->driver->command(line, "cancel", NULL, id, &ignored);
}

static void on_silence(void *arg)
{
    struct line_call *call = arg;
    struct err err;
    if (call->asking)
        err_set(&err, ERR_EXPIRED, "nobody replied for five minutes");
    else
        err_set(&err, ERR_TEMPORARY,
                "no answer within a minute: try again later");
    call_remove(call);
    driver_cancel(call->line, call->id);
    call->fn(call->arg, NULL, false, &err);
    call_free(call);
}

const struct driver_command *line_command_find(const struct line *line,
                                               const char *name)
{
    const struct driver_command *row = line->driver->commands;
    for (; row && row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

static struct line_call *call_new(struct line *line, line_call_fn *fn,
                                  void *arg)
{
    struct line_call *call = xcalloc(1, sizeof(*call));
    if (!line->answers)
        line->answers = later_new(&line->core->owner, on_answers, line);
    call->line = line;
    call->id = ++line->last_call;
    call->fn = fn;
    call->arg = arg;
    call->timer = timer_new(&line->core->owner, on_silence, call);
    DL_APPEND(line->calls, call);
    return call;
}

static bool cannot(const struct line *line, const char *name, struct err *err)
{
    const struct driver_command *row = line->driver->commands;
    struct buf names;
    buf_init(&names, NAMES_MAX);
    for (size_t i = 0; row && row[i].name; i++)
        (void)buf_addf(&names, "%s%s", i ? ", " : "", row[i].name);
    err_set(err, ERR_UNSUPPORTED, "line %s cannot do that: %s%s%s",
            line_name(line), name, names.len ? "; it knows " : "",
            names.len ? buf_text(&names) : "");
    buf_free(&names);
    return false;
}

static bool may_call(const struct line *line, const char *name, struct err *err)
{
    const struct line_call *call;
    size_t n;
    if (!line_command_find(line, name))
        return cannot(line, name, err);
    if (!line_is_online(line))
        return err_set(err, ERR_LINK, "line %s is not online", line_name(line));
    DL_COUNT(line->calls, call, n);
    return n < CALLS_MAX ||
           err_set(err, ERR_TEMPORARY, "line %s is busy: try again",
                   line_name(line));
}

uint64_t line_command(struct line *line, const char *name, const char *argument,
                      line_call_fn *fn, void *arg, struct err *err)
{
    struct line_call *call;
    uint64_t id;
    if (!may_call(line, name, err))
        return 0;
    call = call_new(line, fn, arg);
    id = call->id;
    timer_start(call->timer, SILENT_MS);
    if (line->driver->command(line, name, argument, id, err))
        return id;
    call_remove(call);
    call_free(call);
    return 0;
}

bool line_command_reply(struct line *line, uint64_t id, const char *text,
                        struct err *err)
{
    struct line_call *call = call_find(line, id);
    if (!call || !line_is_online(line))
        return err_set(err, ERR_EXPIRED, "the dialogue has ended");
    if (!call->asking || call->answered)
        return err_set(err, ERR_NOT_ALLOWED, "it does not wait for a reply");
    if (!line->driver->command(line, "reply", text, id, err))
        return false;
    call->asking = false;
    if (!call->answered)
        timer_start(call->timer, SILENT_MS);
    return true;
}

void line_command_cancel(struct line *line, uint64_t id)
{
    struct line_call *call = call_find(line, id);
    if (!call)
        return;
    call_remove(call);
    driver_cancel(line, id);
    call_free(call);
}

void line_answer(struct line *line, uint64_t id, const char *text, bool more,
                 const struct err *err)
{
    struct line_call *call = call_find(line, id);
    if (call)
        call_answer(call, text, more, err);
}

void line_calls_lost(struct line *line)
{
    struct line_call *call;
    struct err err;
    err_set(&err, ERR_LINK, "line %s was lost", line_name(line));
    DL_FOREACH (line->calls, call)
        if (!call->answered || call->more)
            call_answer(call, NULL, false, &err);
}

void line_calls_free(struct line *line)
{
    while (line->calls) {
        struct line_call *call = line->calls;
        DL_DELETE(line->calls, call);
        call_free(call);
    }
}
