/* ussd.c - dialogues with the network. One at a time, since a modem has only
 * one; its commands wait for their turn like any errand, so none is written
 * while a text is on its way.
 *
 * Some modems want codes packed in hex and refuse plain ones: then the other
 * form is tried once, and what was understood is remembered. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "gsm/errand.h"
#include "gsm/errors.h"
#include "gsm/gsm.h"

/* Less than the core's own patience, so that the network's silence is told as
 * such; the lines of one text come at once. */
enum { PATIENCE_MS = 50000, CLOSING_MS = 500 };

static void set_phase(struct gsm *g, enum ussd_phase phase)
{
    struct gsm_ussd *u = &g->errands.ussd;

    u->phase = phase;
    if (phase == USSD_WANTED)
        timer_start(u->patience, PATIENCE_MS);
    else if (phase != USSD_WAITING)
        timer_stop(u->patience);
    if (phase == USSD_WANTED || phase == USSD_ENDING)
        gsm_want_errand(g, ERRAND_USSD);
}

/* The function may begin a new dialogue. */
static void tell(struct gsm *g, const char *text, bool more,
                 const struct err *err)
{
    g->errands.ussd.fn(g, text, more, err);
}

static void failed(struct gsm *g, enum err_kind kind, const char *text)
{
    struct err err;

    err_set(&err, kind, "%s", text);
    tell(g, NULL, false, &err);
}

static void answer_call(struct gsm *g, const char *text, bool more,
                        const struct err *err)
{
    line_answer(g->line, g->errands.ussd.call, text, more, err);
}

bool gsm_ussd_begin(struct gsm *g, const char *code, uint64_t call, ussd_fn *fn,
                    struct err *err)
{
    struct gsm_ussd *u = &g->errands.ussd;
    char command[AT_COMMAND_MAX + 1];

    if (!g->online)
        return err_set(err, ERR_LINK, "the modem is not ready");
    if (u->phase != USSD_IDLE)
        return err_set(err, ERR_TEMPORARY,
                       "another dialogue is under way on this line: try again "
                       "in a minute");
    if (code == NULL || code[0] == '\0')
        return err_set(err, ERR_NOT_ALLOWED, "which code? For example *100#");
    if (!cusd_command(code, u->form, command, sizeof(command), err))
        return false;
    text_copy(u->code, sizeof(u->code), code);
    u->call = call;
    u->fn = fn;
    u->trying = u->form;
    set_phase(g, USSD_WANTED);
    return true;
}

static bool reply(struct gsm *g, const char *text, uint64_t call,
                  struct err *err)
{
    struct gsm_ussd *u = &g->errands.ussd;
    char command[AT_COMMAND_MAX + 1];

    if (u->phase != USSD_ASKING || u->call != call)
        return err_set(err, ERR_EXPIRED, "the dialogue has ended");
    if (text == NULL || text[0] == '\0')
        return err_set(err, ERR_NOT_ALLOWED, "an empty reply");
    if (!cusd_command(text, u->form, command, sizeof(command), err))
        return false;
    text_copy(u->code, sizeof(u->code), text);
    set_phase(g, USSD_WANTED);
    return true;
}

void gsm_ussd_end(struct gsm *g)
{
    switch (g->errands.ussd.phase) {
    case USSD_IDLE:
    case USSD_ENDING:
        break;
    case USSD_WANTED:
    case USSD_WAITING:
    case USSD_ASKING:
        set_phase(g, USSD_ENDING);
        break;
    }
}

bool gsm_command(struct line *line, const char *name, const char *argument,
                 uint64_t call, struct err *err)
{
    struct gsm *g = line_state(line);
    const struct gsm_ussd *u = &g->errands.ussd;

    if (strcmp(name, "ussd") == 0)
        return gsm_ussd_begin(g, argument, call, answer_call, err);
    if (strcmp(name, "reply") == 0)
        return reply(g, argument, call, err);
    if (strcmp(name, "balance") == 0)
        return gsm_balance_ask(g, call, err);
    if (strcmp(name, "cancel") != 0)
        return err_set(err, ERR_UNSUPPORTED, "a modem cannot do that");
    if (u->call == call)
        gsm_ussd_end(g);
    return true;
}

void gsm_ussd_lost(struct gsm *g, const char *why)
{
    struct gsm_ussd *u = &g->errands.ussd;
    bool told = u->phase == USSD_IDLE || u->phase == USSD_ENDING;

    u->open[0] = '\0';
    timer_stop(u->closing);
    u->phase = USSD_IDLE;
    timer_stop(u->patience);
    if (!told)
        failed(g, ERR_LINK, why);
}

void gsm_on_ussd_patience(void *arg)
{
    struct gsm *g = arg;

    if (g->errands.ussd.phase == USSD_WANTED) {
        set_phase(g, USSD_IDLE);
        failed(g, ERR_TEMPORARY, "the modem is busy: try again later");
    } else if (g->errands.ussd.phase == USSD_WAITING) {
        set_phase(g, USSD_ENDING);
        failed(g, ERR_TEMPORARY, "the network does not answer");
    }
}

/* --- the script ----------------------------------------------------------- */

static bool build_cusd(struct gsm *g, char *out)
{
    struct gsm_ussd *u = &g->errands.ussd;
    struct err err;

    switch (u->phase) {
    case USSD_ENDING:
        text_copy(out, AT_COMMAND_MAX + 1, "AT+CUSD=2");
        return true;
    case USSD_WANTED:
        /* The answer may come before the OK. */
        u->phase = USSD_WAITING;
        return cusd_command(u->code, u->trying, out, AT_COMMAND_MAX + 1, &err);
    case USSD_IDLE:
    case USSD_WAITING:
    case USSD_ASKING:
        break;
    }
    return false;
}

/* Does the modem say that it did not understand, or that the network did not
 * take it? Huawei gives CME 100 for the wrong form. */
static bool may_be_form(const struct at_final *final)
{
    return final->code == AT_ERROR ||
           (final->code == AT_CME &&
            (final->number < 0 || final->number == 3 || final->number == 4 ||
             final->number == 50 || final->number == 100));
}

static enum gsm_verdict on_refused(struct gsm *g, const struct at_final *final)
{
    struct gsm_ussd *u = &g->errands.ussd;
    struct err err;

    if (may_be_form(final) && u->trying == u->form) {
        u->trying = u->form == CUSD_PLAIN ? CUSD_PACKED : CUSD_PLAIN;
        u->phase = USSD_WANTED;
        return STEP_REPEAT;
    }
    gsm_error(final, &err);
    set_phase(g, USSD_IDLE);
    failed(g, err.kind == ERR_UNKNOWN ? ERR_TEMPORARY : err.kind, err.text);
    return STEP_NEXT;
}

static enum gsm_verdict on_cusd(struct gsm *g, const struct at_event *event)
{
    struct gsm_ussd *u = &g->errands.ussd;

    if (u->phase == USSD_ENDING && strcmp(g->at.command, "AT+CUSD=2") == 0) {
        set_phase(g, USSD_IDLE);
        return STEP_NEXT;
    }
    if (event->final->code == AT_OK)
        u->form = u->trying;
    else if (u->phase == USSD_WAITING)
        return on_refused(g, event->final);
    return STEP_NEXT;
}

/* Some say OK only when the network has answered. */
static const struct gsm_step steps[] = {
    { .build = build_cusd, .timeout_s = 20, .parse = on_cusd },
};

const struct gsm_script gsm_ussd_script = {
    .steps = steps,
    .n = 1,
    .done = gsm_errand_over,
};

/* --- what the network says ------------------------------------------------ */

/* The network speaks first: its words are for whoever runs the line. A
 * dialogue that nobody of us asked for is ended. */
static void on_unasked(struct gsm *g, const struct cusd *said)
{
    struct gsm_ussd *u = &g->errands.ussd;

    if (u->phase == USSD_ENDING)
        return;
    if (said->text[0] != '\0' && gsm_errand_is_allowed(g))
        line_notice(g->line, "the network says: %s", said->text);
    if (said->kind == CUSD_MORE)
        set_phase(g, USSD_ENDING);
}

static void on_end(struct gsm *g, const struct cusd *said)
{
    static const struct {
        enum err_kind kind;
        const char *text;
    } ends[] = {
        [CUSD_ENDED] = { ERR_REJECTED, "the network has ended the dialogue" },
        [CUSD_ELSEWHERE] = { ERR_TEMPORARY,
                             "another program has answered on this modem" },
        [CUSD_UNSUPPORTED] = { ERR_UNSUPPORTED,
                               "the network does not know this code" },
        [CUSD_TIMED_OUT] = { ERR_EXPIRED, "the network's time is up" },
    };

    set_phase(g, USSD_IDLE);
    if (said->text[0] != '\0' || said->kind == CUSD_DONE)
        tell(g, said->text, false, NULL);
    else
        failed(g, ends[said->kind].kind, ends[said->kind].text);
}

static void on_said(struct gsm *g, const char *line)
{
    struct gsm_ussd *u = &g->errands.ussd;
    struct cusd said;

    if (!cusd_parse(line, &said))
        return;
    if (u->phase != USSD_WAITING && u->phase != USSD_ASKING) {
        on_unasked(g, &said);
    } else if (said.kind == CUSD_MORE) {
        set_phase(g, USSD_ASKING);
        tell(g, said.text, true, NULL);
    } else {
        on_end(g, &said);
    }
}

static void close_text(struct gsm *g)
{
    struct gsm_ussd *u = &g->errands.ussd;
    char whole[CUSD_TEXT_MAX];

    timer_stop(u->closing);
    text_copy(whole, sizeof(whole), u->open);
    u->open[0] = '\0';
    on_said(g, whole);
}

void gsm_on_ussd_closing(void *arg)
{
    close_text(arg);
}

void gsm_on_ussd(struct gsm *g, const char *line)
{
    struct gsm_ussd *u = &g->errands.ussd;

    if (u->open[0] != '\0')
        close_text(g);
    text_copy(u->open, sizeof(u->open), line);
    if (cusd_is_open(u->open))
        timer_start(u->closing, CLOSING_MS);
    else
        close_text(g);
}

bool gsm_ussd_goes_on(struct gsm *g, const char *line)
{
    struct gsm_ussd *u = &g->errands.ussd;
    size_t n = strlen(u->open);

    if (n == 0)
        return false;
    snprintf(u->open + n, sizeof(u->open) - n, "\n%s", line);
    if (!cusd_is_open(u->open) || strlen(u->open) + 1 == sizeof(u->open))
        close_text(g);
    else
        timer_start(u->closing, CLOSING_MS);
    return true;
}
