/* acks.c - routed delivery: texts and reports come as +CMT and +CDS, the
 * modem keeps nothing, and the network is told by AT+CNMA that they are ours
 * once the core has committed them.
 *
 * With AT+CSMS=1 a modem gives one at a time and waits for the acknowledgement
 * for as long as the network does, some ten seconds. When it waits in vain the
 * network hears an error and will come again, and the modem turns the routing
 * off without a word (27.005 3.4.4): watch.c notices and turns it on again. So
 * nothing is lost when we die between +CMT and AT+CNMA, and what comes twice is
 * known by its fingerprint.
 *
 * A text of ours may take longer than that to be sent, so AT+CNMA is written
 * beside AT+CMGS. Modems that do not take it there, and those of which nobody
 * knows, are not used in this way (quirks.c). */
#include "gsm/gsm.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"

enum { ACK_S = 3, LATE_MS = 8000 };

static const char *const commands[] = {
    [CNMA_ONE] = "AT+CNMA=1",
    [CNMA_ZERO] = "AT+CNMA=0",
    [CNMA_PLAIN] = "AT+CNMA",
};

bool gsm_routed_wanted(const struct gsm *g)
{
    int delivery = settings_enum(line_options(g->line), "delivery");

    if (delivery == GSM_DELIVERY_STORE || g->no_routed ||
        g->quirk->cnma == CNMA_NONE)
        return false;
    return g->quirk->cnma != CNMA_UNKNOWN || delivery == GSM_DELIVERY_ROUTED;
}

void gsm_routed_came(struct gsm *g)
{
    if (g->routed && g->routed_at == 0)
        g->routed_at = clock_mono_ms();
}

static const char *command_of(const struct gsm *g, bool good)
{
    return good ? commands[g->cnma] : "AT+CNMA=2";
}

/* The next that is owed; false: none. */
static bool take_owed(struct gsm *g)
{
    if (g->acks + g->nacks == 0)
        return false;
    g->acking_well = g->acks > 0;
    if (g->acking_well)
        g->acks--;
    else
        g->nacks--;
    return true;
}

/* Beside the text that is being sent. */
static void ack_aside(struct gsm *g)
{
    char line[AT_COMMAND_MAX + 2];
    const char *text;
    int n;

    if (g->state != GSM_SUBMITTED || g->at.phase != AT_WAIT_FINAL ||
        g->at.aside != NULL || !take_owed(g))
        return;
    text = command_of(g, g->acking_well);
    n = snprintf(line, sizeof(line), "%s\r", text);
    at_aside(&g->at, text);
    serial_write(g->serial, line, (size_t)n);
    timer_start(g->aside, ACK_S * 1000);
}

void gsm_acknowledge(struct gsm *g, bool good)
{
    if (!g->routed)
        return;
    if (g->cnma == CNMA_UNKNOWN)
        g->cnma = g->quirk->cnma != CNMA_UNKNOWN ? g->quirk->cnma : CNMA_ONE;
    if (good)
        g->acks++;
    else
        g->nacks++;
    ack_aside(g);
}

void gsm_ack_enter(struct gsm *g)
{
    struct at_command command = { .text = NULL };

    if (!take_owed(g)) {
        gsm_enter(g, GSM_READY);
        return;
    }
    command.text = command_of(g, g->acking_well);
    gsm_ask(g, &command, ACK_S);
}

/* One way of saying it was refused: the next one; after the last one, and when
 * even "no" is not understood, texts are stored as everywhere else. */
static void refused(struct gsm *g, const char *why)
{
    if (g->acking_well && g->cnma < CNMA_PLAIN) {
        g->cnma++;
        g->acks++;
        return;
    }
    if (!g->acking_well)
        return; /* the network notices by itself */
    log_warn("line %s: the modem refuses acknowledgements (%s)",
             line_name(g->line), why);
    g->no_routed = true;
    g->booted = true; /* to be set up anew, for stored texts */
}

/* The modem may have turned the routing off, or will when its time is up:
 * AT+CNMI? is read, now and for a while. */
static void late(struct gsm *g)
{
    g->want_poll = true;
    gsm_doubt(g);
}

/* 340: none was expected. It had given up waiting, or did not begin to. */
static void judge(struct gsm *g, const struct at_final *final)
{
    if (g->routed_at != 0 && clock_mono_ms() - g->routed_at > LATE_MS)
        late(g);
    g->routed_at = 0;
    if (final->code == AT_OK)
        return;
    late(g);
    if (final->number != 340)
        refused(g, final->text);
}

void gsm_ack_done(struct gsm *g, const struct at_event *event)
{
    judge(g, event->final);
    gsm_enter(g, GSM_READY);
}

void gsm_aside_done(struct gsm *g, const struct at_event *event)
{
    timer_stop(g->aside);
    judge(g, event->final);
    ack_aside(g);
    gsm_next(g);
}

/* No result: whether it was taken is seen by what AT+CNMI? says. */
void gsm_on_aside_timer(void *arg)
{
    struct gsm *g = arg;

    late(g);
    at_aside_end(&g->at);
    gsm_next(g);
}

void gsm_goodbye(struct gsm *g)
{
    const int *v = g->cnmi.value;
    char text[AT_COMMAND_MAX + 1];
    int n;

    if (!g->routed || !g->online || at_busy(&g->at))
        return;
    n = snprintf(text, sizeof(text), "AT+CNMI=%d,1,%d,%d,%d\r", v[0], v[2],
                 v[3], v[4]);
    serial_write(g->serial, text, (size_t)n);
}
