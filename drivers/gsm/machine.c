/* machine.c - the state machine of a modem.
 *
 * A state is a row of one table: which states may follow, how long it may
 * last, what is done on entering, with the final result of the command in
 * flight, and when the time is up. There is one deadline timer; gsm_enter()
 * sets it to the state's time, gsm_ask() to the command's.
 *
 * READY is the hub: gsm_next() looks at what is wanted and enters the state
 * that does it. A ticket and the other work take turns, so that neither a
 * flood of arrivals nor a long queue starves the other. Nothing else is ever
 * written while a CMGS answer is awaited. */
#include "gsm/gsm.h"
#include "gsm/scan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    PROBE_QUIET_MS = 300,
    PROBE_TRIES = 10,
    PROBE_SETTLED = 100, /* tries: it answered, and is given a pause */
    RESTARTS_MAX = 3,
    SLOWEST_MS = 15000,
    HUNG_MAX = 2,
};

#define TO(state) (1u << GSM_##state)
/* From wherever there is an open port. */
#define ALWAYS (TO(PROBING) | TO(CLOSED) | TO(STOPPING))

struct state_row {
    const char *name;
    unsigned next;
    unsigned timeout_ms; /* 0: none, or set by the commands */
    void (*enter)(struct gsm *g);
    void (*done)(struct gsm *g, const struct at_event *event);
    void (*timeout)(struct gsm *g);
};

static void opening_timeout(struct gsm *g);
static void probe_enter(struct gsm *g);
static void probe_done(struct gsm *g, const struct at_event *event);
static void probe_timeout(struct gsm *g);
static void work_timeout(struct gsm *g);
static void stop_enter(struct gsm *g);
static void stop_done(struct gsm *g, const struct at_event *event);
static void stop_timeout(struct gsm *g);

static const struct state_row states[GSM_STATES] = {
    [GSM_CLOSED] = { .name = "closed", .next = TO(OPENING) | TO(SEEKING) },
    [GSM_SEEKING] = { .name = "looking for its port",
                      .next = ALWAYS,
                      .enter = gsm_seek_enter,
                      .timeout = gsm_seek_timeout },
    [GSM_OPENING] = { .name = "opening the port",
                      .next = ALWAYS,
                      .timeout_ms = 15000,
                      .timeout = opening_timeout },
    [GSM_PROBING] = { .name = "looking for the modem",
                      .next = ALWAYS | TO(INITIALISING),
                      .timeout_ms = PROBE_QUIET_MS,
                      .enter = probe_enter,
                      .done = probe_done,
                      .timeout = probe_timeout },
    [GSM_INITIALISING] = { .name = "setting up the modem",
                           .next = ALWAYS | TO(UNLOCKING) | TO(SEARCHING),
                           .enter = gsm_init_enter,
                           .done = gsm_script_done,
                           .timeout = gsm_script_timeout },
    [GSM_UNLOCKING] = { .name = "entering the PIN",
                        .next = ALWAYS | TO(INITIALISING),
                        .timeout_ms = 1500,
                        .enter = gsm_unlock_enter,
                        .done = gsm_unlock_done,
                        .timeout = gsm_unlock_timeout },
    [GSM_SEARCHING] = { .name = "waiting for the network",
                        .next = ALWAYS | TO(READY),
                        .enter = gsm_search_enter,
                        .done = gsm_script_done,
                        .timeout = gsm_script_timeout },
    [GSM_READY] = { .name = "ready",
                    .next = ALWAYS | TO(POLLING) | TO(LISTING) | TO(DELETING) |
                            TO(ACKING) | TO(PREPARING) | TO(ERRAND) },
    [GSM_POLLING] = { .name = "asking how it is",
                      .next = ALWAYS | TO(READY),
                      .enter = gsm_poll_enter,
                      .done = gsm_script_done,
                      .timeout = gsm_script_timeout },
    [GSM_LISTING] = { .name = "looking for arrivals",
                      .next = ALWAYS | TO(READY),
                      .enter = gsm_list_enter,
                      .done = gsm_list_done,
                      .timeout = work_timeout },
    [GSM_DELETING] = { .name = "deleting what is stored",
                       .next = ALWAYS | TO(READY),
                       .enter = gsm_delete_enter,
                       .done = gsm_delete_done,
                       .timeout = work_timeout },
    [GSM_ACKING] = { .name = "acknowledging",
                     .next = ALWAYS | TO(READY),
                     .enter = gsm_ack_enter,
                     .done = gsm_ack_done,
                     .timeout = work_timeout },
    [GSM_PREPARING] = { .name = "offering a text",
                        .next = ALWAYS | TO(READY) | TO(SUBMITTED),
                        .enter = gsm_send_enter,
                        .done = gsm_send_done,
                        .timeout = gsm_send_timeout },
    [GSM_SUBMITTED] = { .name = "sending",
                        .next = ALWAYS | TO(READY),
                        .done = gsm_submit_done,
                        .timeout = gsm_submit_timeout },
    [GSM_ERRAND] = { .name = "asking for something beside texts",
                     .next = ALWAYS | TO(READY),
                     .enter = gsm_errand_enter,
                     .done = gsm_errand_done,
                     .timeout = gsm_errand_timeout },
    [GSM_STOPPING] = { .name = "stopping",
                       .next = TO(CLOSED),
                       .timeout_ms = 4000,
                       .enter = stop_enter,
                       .done = stop_done,
                       .timeout = stop_timeout },
};

const char *gsm_state_name(enum gsm_state state)
{
    return states[state].name;
}

void gsm_enter(struct gsm *g, enum gsm_state state)
{
    const struct state_row *row = &states[state];

    assert(states[g->state].next & (1u << state));
    if (g->state != GSM_READY && state != GSM_READY)
        log_debug("line %s: %s", line_name(g->line), row->name);
    g->state = state;
    timer_stop(g->deadline);
    if (row->timeout_ms > 0)
        timer_start(g->deadline, row->timeout_ms);
    if (row->enter != NULL)
        row->enter(g);
    else if (state == GSM_READY)
        gsm_next(g);
}

void gsm_on_deadline(void *arg)
{
    struct gsm *g = arg;

    if (states[g->state].timeout != NULL)
        states[g->state].timeout(g);
}

/* Commands of which nobody knows how long they may take do not count. */
static void note_answer(struct gsm *g)
{
    int64_t took = clock_mono_ms() - g->asked_at;

    if (g->state != GSM_SUBMITTED && g->state != GSM_LISTING &&
        took > g->slowest_ms)
        g->slowest_ms = took < SLOWEST_MS ? took : SLOWEST_MS;
}

void gsm_on_event(void *arg, const struct at_event *event)
{
    struct gsm *g = arg;

    switch (event->kind) {
    case AT_EVENT_URC:
        gsm_on_urc(g, event);
        break;
    case AT_EVENT_PROMPT:
        if (g->state == GSM_PREPARING)
            gsm_send_prompt(g);
        break;
    case AT_EVENT_ASIDE:
        gsm_aside_done(g, event);
        break;
    case AT_EVENT_DONE:
        timer_stop(g->deadline);
        note_answer(g);
        if (states[g->state].done != NULL)
            states[g->state].done(g, event);
        break;
    }
}

/* A hang is to be noticed soon, and yet a slow modem must come to its end:
 * twice its slowest answer, and more when it was given up at this point before.
 */
static uint64_t patience_ms(const struct gsm *g, unsigned timeout_s)
{
    uint64_t ms = (uint64_t)timeout_s * 1000;

    if (ms < 2 * (uint64_t)g->slowest_ms)
        ms = 2 * (uint64_t)g->slowest_ms;
    if (g->state == GSM_INITIALISING)
        return g->suspects & 1ull << g->step ? 2 * ms : ms;
    return g->hung_in == g->state ? ms << g->hung : ms;
}

/* Counts how often in a row it was given up at the same point. */
static void note_hang(struct gsm *g)
{
    if (g->hung_in != g->state)
        g->hung = 0;
    g->hung_in = g->state;
    g->hung += g->hung < HUNG_MAX;
}

void gsm_ask(struct gsm *g, const struct at_command *command,
             unsigned timeout_s)
{
    char line[AT_COMMAND_MAX + 2];
    int n = snprintf(line, sizeof(line), "%s\r", command->text);

    at_begin(&g->at, command);
    g->spoilt = false;
    serial_write(g->serial, line, (size_t)n);
    g->asked_at = clock_mono_ms();
    timer_start(g->deadline, patience_ms(g, timeout_s));
}

/* What to do next, most urgent first; others come before a second send. */
static enum gsm_state wanted_state(const struct gsm *g)
{
    /* Without a network it would only be refused. */
    bool may_send = g->has_ticket && g->lost_at == 0;

    if (g->acks > 0 || g->nacks > 0)
        return GSM_ACKING;
    if (may_send && !g->sent_last)
        return GSM_PREPARING;
    if (gsm_errand_is_due(g, true))
        return GSM_ERRAND;
    if (gsm_delete_wanted(g))
        return GSM_DELETING;
    if (g->want_drain)
        return GSM_LISTING;
    if (g->want_poll)
        return GSM_POLLING;
    if (gsm_errand_is_due(g, false))
        return GSM_ERRAND;
    return may_send ? GSM_PREPARING : GSM_READY;
}

void gsm_next(struct gsm *g)
{
    enum gsm_state state;

    if (g->state != GSM_READY || at_busy(&g->at))
        return;
    if (g->booted) {
        gsm_restart(g, "the modem restarted");
        return;
    }
    state = wanted_state(g);
    g->sent_last = state == GSM_PREPARING;
    if (state != GSM_READY)
        gsm_enter(g, state);
}

void gsm_fail(struct gsm *g, const struct err *err)
{
    if (g->state == GSM_CLOSED)
        return;
    gsm_send_lost(g, err->text);
    gsm_seek_end(g);
    gsm_errands_stop(g, err->text);
    at_reset(&g->at);
    serial_close(g->serial);
    g->serial = NULL;
    timer_stop(g->poll);
    timer_stop(g->again);
    timer_stop(g->patience);
    timer_stop(g->aside);
    gsm_enter(g, GSM_CLOSED);
    g->online = false;
    line_offline(g->line, err);
}

void gsm_failf(struct gsm *g, enum err_kind kind, const char *format, ...)
{
    struct err err;
    char text[sizeof(err.text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err_set(&err, kind, "%s", text);
    err.scope = SCOPE_LINE;
    gsm_fail(g, &err);
}

static void opening_timeout(struct gsm *g)
{
    gsm_failf(g, ERR_LINK, "the port did not open in time");
}

/* ESC ends a PDU that the modem may still wait for; then a quiet moment, so
 * that answers to commands of before cannot be taken for ours. */
static void probe_enter(struct gsm *g)
{
    at_reset(&g->at);
    g->tries = 0;
    serial_write(g->serial, "\x1b\r", 2);
}

static void probe_done(struct gsm *g, const struct at_event *event)
{
    if (event->final->code == AT_OK && g->tries <= 1) {
        gsm_enter(g, GSM_INITIALISING);
        return;
    }
    /* After answers that came late there may be one too many on its way. */
    if (event->final->code == AT_OK)
        g->tries = PROBE_SETTLED;
    timer_start(g->deadline, PROBE_QUIET_MS);
}

/* A modem that does not seem to answer AT may have been told by somebody to
 * answer in numbers, or not at all. */
static void probe_timeout(struct gsm *g)
{
    static const struct at_command commands[] = {
        { .text = "AT" },
        { .text = "ATE0V1Q0" },
    };

    at_reset(&g->at);
    if (g->tries == PROBE_SETTLED)
        gsm_enter(g, GSM_INITIALISING);
    else if (g->tries++ < PROBE_TRIES)
        gsm_ask(g, &commands[(g->tries - 1) % 2], 1);
    else
        gsm_failf(g, ERR_LINK,
                  "no modem answers on %s: is it the right "
                  "port, and does no other program use it?",
                  settings_text(line_options(g->line), "device"));
}

static void work_timeout(struct gsm *g)
{
    gsm_restart(g, "the modem does not answer");
}

/* A modem that needs this again and again is closed and opened anew, which
 * also resets its port. */
void gsm_restart(struct gsm *g, const char *why)
{
    if (g->state == GSM_STOPPING)
        return; /* it ends anyway */
    if (++g->restarts > RESTARTS_MAX) {
        gsm_failf(g, ERR_LINK,
                  "%s, also after a new set-up: unplug the modem and plug it "
                  "in again, and make sure that no other program uses its port",
                  why);
        return;
    }
    log_warn("line %s: %s: setting it up again", line_name(g->line), why);
    note_hang(g);
    if (g->state == GSM_PREPARING || g->state == GSM_SUBMITTED)
        gsm_send_lost(g, why);
    gsm_errands_stop(g, why);
    g->booted = false;
    gsm_enter(g, GSM_PROBING);
}

static void stop_now(struct gsm *g)
{
    struct err err;

    err_set(&err, ERR_NONE, "stopped");
    gsm_fail(g, &err);
}

/* The answer to what is in flight is worth waiting for. */
static void stop_enter(struct gsm *g)
{
    gsm_goodbye(g);
    if (g->at.phase == AT_WAIT_PROMPT)
        serial_write(g->serial, "\x1b", 1);
    if (g->at.phase != AT_WAIT_FINAL)
        timer_start(g->deadline, 100);
}

static void stop_done(struct gsm *g, const struct at_event *event)
{
    if (g->has_ticket && g->submitted_at != 0)
        gsm_submit_result(g, event);
    stop_now(g);
}

static void stop_timeout(struct gsm *g)
{
    stop_now(g);
}
