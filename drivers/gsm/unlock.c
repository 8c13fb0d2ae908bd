/* unlock.c - the PIN, entered once and never again.
 *
 * Three wrong tries lock a SIM, so a PIN is tried once for a SIM, durably:
 * a mark is stored before the command is written (hence the pause of this
 * state), and only success removes it. A crash in between counts as a wrong
 * try. The mark's key is a hash of the SIM (ICCID; the device where the modem
 * does not tell) and of the PIN, so that another PIN or SIM starts afresh and
 * the store does not hold the PIN itself. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gsm/digest.h"
#include "gsm/errors.h"

struct mark {
    char key[64];
};

static struct mark mark_of(const char *sim, const char *pin)
{
    struct digest digest = digest_start();
    struct mark mark;

    digest_add(&digest, sim, strlen(sim) + 1);
    digest_add(&digest, pin, strlen(pin) + 1);
    snprintf(mark.key, sizeof(mark.key), "pin:%s", digest_text(&digest).text);
    return mark;
}

static const char *device_of(const struct gsm *g)
{
    return settings_text(line_options(g->line), "device");
}

static void forget_mark(struct gsm *g, const char *sim, const char *pin)
{
    struct mark mark = mark_of(sim, pin);

    if (line_state_get(g->line, mark.key) != NULL)
        line_state_put(g->line, mark.key, NULL);
}

/* The SIM is open: a PIN that seemed wrong is right now, or not needed. Many
 * modems tell the ICCID only from here on, so the mark may be the device's. */
static void forget_marks(struct gsm *g)
{
    const char *pin = settings_text(line_options(g->line), "pin");

    if (pin == NULL)
        return;
    forget_mark(g, device_of(g), pin);
    forget_mark(g, g->iccid, pin);
}

static void unlock_fail(struct gsm *g, const char *why)
{
    gsm_failf(g, ERR_AUTH, "%s", why);
}

static enum gsm_verdict need_pin(struct gsm *g)
{
    const char *pin = settings_text(line_options(g->line), "pin");
    struct mark mark;

    if (g->pin_entered) /* accepted, and the SIM takes a moment */
        return STEP_AGAIN;
    if (pin == NULL) {
        unlock_fail(g, "the SIM asks for its PIN: set `pin`");
        return STEP_LEFT;
    }
    mark = mark_of(g->iccid[0] != '\0' ? g->iccid : device_of(g), pin);
    if (line_state_get(g->line, mark.key) != NULL) {
        unlock_fail(g, "the SIM has refused this PIN (`pin`) before and is not "
                       "asked again, since three wrong ones lock it: set the "
                       "right one, or unlock it in a phone");
        return STEP_LEFT;
    }
    line_state_put(g->line, mark.key, "tried");
    gsm_enter(g, GSM_UNLOCKING);
    return STEP_LEFT;
}

enum gsm_verdict gsm_unlock_on_cpin(struct gsm *g, const struct at_event *event)
{
    enum cpin cpin = CPIN_OTHER;
    struct err err;

    if (event->final->code != AT_OK) {
        if (event->final->number == 11)
            return need_pin(g);
        if (event->final->number < 0)
            return STEP_NEXT; /* a modem without the command */
        gsm_error(event->final, &err);
        err.scope = SCOPE_LINE;
        gsm_fail(g, &err);
        return STEP_LEFT;
    }
    if (!parse_cpin(event->answer, &cpin))
        return STEP_AGAIN;
    switch (cpin) {
    case CPIN_READY:
        g->pin_entered = false;
        forget_marks(g);
        return STEP_NEXT;
    case CPIN_PIN:
        return need_pin(g);
    case CPIN_PUK:
        unlock_fail(g, "the SIM is blocked and asks for its PUK: unlock it "
                       "in a phone");
        return STEP_LEFT;
    case CPIN_WAIT:
        return STEP_AGAIN;
    case CPIN_NONE:
        gsm_failf(g, ERR_LINK, "there is no SIM in the modem");
        return STEP_LEFT;
    case CPIN_OTHER:
        break;
    }
    unlock_fail(g, "the SIM or the modem asks for another code than the PIN: "
                   "unlock it in a phone");
    return STEP_LEFT;
}

/* The state's time is the pause in which the mark becomes durable. */
void gsm_unlock_enter(struct gsm *g)
{
    log_info("line %s: entering the PIN", line_name(g->line));
}

void gsm_unlock_timeout(struct gsm *g)
{
    char text[AT_COMMAND_MAX + 1];
    struct at_command command = { .text = text };

    if (at_busy(&g->at)) { /* Wavecom may not answer: look again */
        at_reset(&g->at);
        gsm_enter(g, GSM_INITIALISING);
        return;
    }
    snprintf(text, sizeof(text), "AT+CPIN=\"%s\"",
             settings_text(line_options(g->line), "pin"));
    gsm_ask(g, &command, 20);
}

void gsm_unlock_done(struct gsm *g, const struct at_event *event)
{
    if (event->final->code == AT_OK) {
        g->pin_entered = true;
        gsm_enter(g, GSM_INITIALISING);
        return;
    }
    unlock_fail(
        g, "the SIM refuses this PIN (`pin`); it is not tried again, since "
           "three wrong ones lock it");
}
