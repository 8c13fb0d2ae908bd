/* script.c - runs a table of commands, one after the other.
 *
 * A step that the modem refuses is asked once more, in case it came garbled,
 * and then passed over unless it is needed; one that it asks to repeat later
 * (the SIM is busy) is repeated. A step that goes without any answer twice is
 * remembered in g->skip: the modem is set up once more without it, since some
 * hang at commands they do not know. */
#include "gsm/gsm.h"

#include <string.h>

enum {
    STEP_TIMEOUT_S = 3,
    NO_OK_MS = 100,
    BUSY_TRIES = 20,
    NEEDED_TRIES = 3,
    PAUSE_MS = 1000,
    SPOILT_TRIES = 5,
};

static const struct gsm_step *current(const struct gsm *g)
{
    return &g->script->steps[g->step];
}

static bool is_skipped(const struct gsm *g)
{
    return g->state == GSM_INITIALISING && (g->skip & (1ull << g->step)) != 0;
}

/* Asks the current step, or the first after it that is due. */
static void ask(struct gsm *g)
{
    for (; g->step < g->script->n; g->step++) {
        const struct gsm_step *step = current(g);
        char text[AT_COMMAND_MAX + 1];
        struct at_command command = {
            .text = step->text,
            .prefixes = step->prefixes,
            .shape = step->shape,
        };

        if (is_skipped(g))
            continue;
        if (step->build != NULL) {
            if (!step->build(g, text))
                continue;
            command.text = text;
        }
        gsm_ask(g, &command,
                step->timeout_s > 0 ? step->timeout_s : STEP_TIMEOUT_S);
        return;
    }
    g->script->done(g);
}

void gsm_run(struct gsm *g, const struct gsm_script *script)
{
    g->script = script;
    g->step = 0;
    g->tries = 0;
    g->asked_twice = false;
    ask(g);
}

void gsm_script_continue(struct gsm *g)
{
    g->step++;
    g->tries = 0;
    g->asked_twice = false;
    ask(g);
}

/* What follows from the final result of the current step. */
static enum gsm_verdict judge(struct gsm *g, const struct at_event *event)
{
    const struct gsm_step *step = current(g);
    struct err err;

    if (event->final->code != AT_OK) {
        if (gsm_error_is_busy(event->final) && g->tries < BUSY_TRIES)
            return STEP_AGAIN;
        if (step->needed && g->tries < NEEDED_TRIES)
            return STEP_AGAIN;
        if (step->needed) {
            gsm_error(event->final, &err);
            gsm_failf(g, ERR_LINK, "the modem refuses %s: %s", g->at.command,
                      err.text);
            return STEP_LEFT;
        }
        if (g->state == GSM_INITIALISING && !g->asked_twice) {
            g->asked_twice = true;
            return STEP_REPEAT;
        }
    }
    g->asked_twice = false;
    return step->parse != NULL ? step->parse(g, event) : STEP_NEXT;
}

void gsm_script_done(struct gsm *g, const struct at_event *event)
{
    switch (judge(g, event)) {
    case STEP_NEXT:
        gsm_script_continue(g);
        break;
    case STEP_AGAIN:
        if (++g->tries > BUSY_TRIES)
            gsm_failf(g, ERR_LINK, "the modem does not become ready (%s)",
                      g->at.command);
        else
            timer_start(g->deadline, PAUSE_MS);
        break;
    case STEP_REPEAT:
        ask(g);
        break;
    case STEP_LEFT:
        break;
    }
}

/* Wavecom modems answer AT+CPIN? without a final result. */
static bool answered_without_final(struct gsm *g)
{
    static const struct at_final ok = { .code = AT_OK, .number = -1 };
    struct at_event event = { .kind = AT_EVENT_DONE, .final = &ok };
    char answer[AT_LINE_MAX + 1];

    if (current(g)->shape != AT_LINES ||
        !parse_line(at_answer(&g->at), answer, sizeof(answer)))
        return false;
    at_reset(&g->at);
    event.answer = answer;
    gsm_script_done(g, &event);
    return true;
}

/* The answer is there, and no OK will follow. */
void gsm_script_fed(struct gsm *g)
{
    if (g->at.phase == AT_WAIT_FINAL && g->at.lines > 0 &&
        g->quirk->no_ok != NULL && strcmp(g->quirk->no_ok, g->at.command) == 0)
        timer_start(g->deadline, NO_OK_MS);
}

/* Found out for good: that was no failure of the modem's. */
static void suspect_step(struct gsm *g)
{
    uint64_t bit = 1ull << g->step;

    if (g->suspects & bit) {
        g->skip |= bit;
        g->restarts = 0;
    }
    g->suspects |= bit;
}

void gsm_script_timeout(struct gsm *g)
{
    if (!at_busy(&g->at)) {
        ask(g); /* the pause is over */
        return;
    }
    if (answered_without_final(g))
        return;
    if (g->spoilt && g->tries++ < SPOILT_TRIES) {
        at_reset(&g->at);
        ask(g);
        return;
    }
    if (g->state == GSM_INITIALISING && !current(g)->needed)
        suspect_step(g);
    gsm_restart(g, "the modem does not answer");
}
