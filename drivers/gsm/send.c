/* send.c - one part goes out.
 *
 * PREPARING makes sure that the modem is in PDU mode still (one that restarted
 * without a word is in text mode, and would send the PDU to the number that its
 * length is: every few seconds that is asked, and a modem that echoes again has
 * restarted), writes AT+CMGS (before the first of several: AT+CMMS=2, which
 * keeps the radio link up between them) and waits for the prompt: until then
 * nothing is sent and every failure is a plain one. SUBMITTED waits for the
 * answer: from the first octet of the PDU on, only an answer that says so is a
 * success or a failure; silence, a lost port, a restart of the modem and
 * garbled lines leave it unsure. */
#include "gsm/gsm.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "gsm/digest.h"

enum {
    PROMPT_S = 3,
    MODE_S = 3,
    SURE_MS = 3000,
    SLOW_MS = 20000,
    REFERENCE_MS = 2000,
    PATIENCE_MS = 50000,
    MODEM_FAILURES_MAX = 3,
    SENSES_MAX = 4,
    POSTPONED_S = 1,
};

enum { ASK_MODE, ASK_CMMS, ASK_CMGS }; /* g->step */

static uint64_t hash_of(const char *text)
{
    struct digest digest = digest_start();

    digest_add(&digest, text, strlen(text));
    return digest.a;
}

bool gsm_send(struct line *line, const struct submission *part, uint64_t ticket,
              struct err *err)
{
    struct gsm *g = line_state(line);

    if (!g->online) {
        err_set(err, ERR_LINK, "the modem is not ready");
        err->scope = SCOPE_LINE;
        return false;
    }
    if (g->has_ticket || part->size > sizeof(g->pdu) ||
        pdu_tpdu_size(part->bytes, part->size) == 0)
        return err_set(err, ERR_INTERNAL, "a part that cannot be sent");
    memcpy(g->pdu, part->bytes, part->size);
    g->pdu_size = part->size;
    if (part->repeat)
        pdu_mark_repeat(g->pdu, g->pdu_size);
    g->more = part->more;
    g->recipient = hash_of(part->to);
    g->ticket = ticket;
    g->has_ticket = true;
    g->submitted_at = 0;
    timer_start(g->patience, PATIENCE_MS);
    gsm_next(g);
    return true;
}

static void ticket_failed(struct gsm *g, const struct err *err)
{
    g->has_ticket = false;
    line_failed(g->line, g->ticket, err);
}

/* Nothing was sent. */
static void ticket_postponed(struct gsm *g, const char *why)
{
    struct err err;

    err_set(&err, ERR_TEMPORARY, "%s", why);
    err.scope = SCOPE_LINE;
    err.retry_after = POSTPONED_S;
    ticket_failed(g, &err);
}

static void ticket_unsure(struct gsm *g, const char *why)
{
    g->has_ticket = false;
    line_unsure(g->line, g->ticket, why);
}

void gsm_send_lost(struct gsm *g, const char *why)
{
    timer_stop(g->patience);
    if (!g->has_ticket)
        return;
    if (g->submitted_at != 0)
        ticket_unsure(g, why);
    else
        ticket_postponed(g, why);
}

void gsm_on_patience(void *arg)
{
    struct gsm *g = arg;

    if (g->has_ticket && g->state != GSM_PREPARING && g->state != GSM_SUBMITTED)
        ticket_postponed(g, "the modem is busy with something else");
}

static void ask_cmgs(struct gsm *g)
{
    char text[32];
    struct at_command command = {
        .text = text,
        .prefixes = "+CMGS:",
        .shape = AT_LINES,
        .prompt = true,
    };

    snprintf(text, sizeof(text), "AT+CMGS=%zu",
             pdu_tpdu_size(g->pdu, g->pdu_size));
    g->step = ASK_CMGS;
    gsm_ask(g, &command, PROMPT_S);
}

static void ask_cmms(struct gsm *g)
{
    static const struct at_command cmms = { .text = "AT+CMMS=2" };

    if (!g->more || g->cmms) {
        ask_cmgs(g);
        return;
    }
    g->cmms = true;
    g->step = ASK_CMMS;
    gsm_ask(g, &cmms, PROMPT_S);
}

static void ask_mode(struct gsm *g)
{
    static const struct at_command command = {
        .text = "AT+CMGF?",
        .prefixes = "+CMGF:",
        .shape = AT_LINES,
    };

    g->step = ASK_MODE;
    gsm_ask(g, &command, MODE_S);
}

void gsm_send_enter(struct gsm *g)
{
    timer_stop(g->patience);
    if (clock_mono_ms() - g->sure_at > SURE_MS)
        ask_mode(g);
    else
        ask_cmms(g);
}

static void on_mode(struct gsm *g, const struct at_event *event)
{
    int mode;

    if (event->final->code == AT_OK &&
        (!parse_number(event->answer, "+CMGF:", &mode) || mode == 0)) {
        g->sure_at = clock_mono_ms();
        ask_cmms(g);
    } else {
        gsm_restart(g, "the modem has forgotten its settings");
    }
}

/* All that is left of the hex, or as much as the modem takes at once. Nothing
 * is sent before Ctrl-Z, so until then a failure is a plain one. */
static void write_pdu(struct gsm *g)
{
    char text[2 * GSM_PDU_MAX + 2];
    size_t size = 2 * g->pdu_size + 1, from = g->written_size;
    size_t n = size - from;

    pdu_to_hex(g->pdu, g->pdu_size, text);
    text[size - 1] = 0x1A; /* Ctrl-Z */
    if (g->quirk->chunk > 0 && n > g->quirk->chunk)
        n = g->quirk->chunk;
    g->written_size += n;
    if (g->written_size < size) {
        serial_write(g->serial, text + from, n);
        timer_start(g->deadline, g->quirk->chunk_ms);
        return;
    }
    at_data_sent(&g->at);
    serial_write(g->serial, text + from, n);
    g->submitted_at = clock_mono_ms();
    g->garbled = g->has_reference = false;
    gsm_enter(g, GSM_SUBMITTED);
    timer_start(
        g->deadline,
        (uint64_t)settings_int(line_options(g->line), "answer_timeout") * 1000);
    later_ask(g->written);
}

/* Runs when what was written has left for the port. */
void gsm_on_written(void *arg)
{
    const struct gsm *g = arg;

    if (g->state == GSM_SUBMITTED)
        crash_at(CRASH_WRITE);
    else if (g->state == GSM_DELETING)
        crash_at(CRASH_DELETE);
}

/* Its echo is on again. When it is so after a set-up, too, it cannot be turned
 * off. */
static bool has_restarted(struct gsm *g)
{
    bool before = g->echoed_cmgs;

    g->echoed_cmgs = g->at.echoed;
    return g->at.echoed && !g->echoes && !before;
}

void gsm_send_prompt(struct gsm *g)
{
    int64_t took = clock_mono_ms() - g->asked_at;

    if (took > g->slowest_ms)
        g->slowest_ms = took;
    g->written_size = 0;
    if (has_restarted(g))
        gsm_restart(g, "the modem has forgotten its settings");
    else if (g->quirk->prompt_delay_ms > 0)
        timer_start(g->deadline, g->quirk->prompt_delay_ms);
    else
        write_pdu(g);
}

/* The time is up without a prompt, or a quirk's pause is over. The restart
 * begins with ESC, so that the next command does not become a text. */
void gsm_send_timeout(struct gsm *g)
{
    if (g->at.phase == AT_WAIT_DATA)
        write_pdu(g);
    else
        gsm_restart(g, "the modem does not ask for the text");
}

/* A failure that is the modem's, not the message's. */
static void modem_failed(struct gsm *g, const struct err *err)
{
    g->want_poll = true;
    gsm_want_drain(g, -1);
    if (err->kind == ERR_AUTH)
        gsm_fail(g, err);
    else if (++g->modem_failures >= MODEM_FAILURES_MAX)
        gsm_failf(g, ERR_LINK, "three texts in a row failed: %s", err->text);
}

/* What a modem says that has lost its settings or a byte of ours, or of a text
 * that nobody can send: not believed at once. */
static bool is_senseless(const struct gsm *g, const struct at_final *final)
{
    int n = final->number;

    return (final->code == AT_ERROR && g->submitted_at == 0) ||
           (final->code == AT_CME && (n == 3 || n == 4)) ||
           (final->code == AT_CMS && n >= 302 && n <= 305);
}

/* The entry of the text in hand; with `make` it takes the place of the one
 * that was made longest ago. */
static struct gsm_senseless *senseless_entry(struct gsm *g, bool make)
{
    uint64_t text = g->recipient + g->pdu_size;

    for (size_t i = 0; i < GSM_SENSELESS; i++)
        if (g->senseless[i].text == text)
            return &g->senseless[i];
    if (!make)
        return NULL;
    g->last_senseless = (g->last_senseless + 1) % GSM_SENSELESS;
    g->senseless[g->last_senseless] = (struct gsm_senseless){ .text = text };
    return &g->senseless[g->last_senseless];
}

static void senseless_forget(struct gsm *g)
{
    struct gsm_senseless *entry = senseless_entry(g, false);

    if (entry != NULL)
        *entry = (struct gsm_senseless){ .text = 0 };
}

/* Nothing was sent. The first time the mode is looked at and the text goes
 * again at once; then the modem is set up again, and both are done once more.
 * False: it has been refused often enough. */
static bool doubted(struct gsm *g, const struct err *err)
{
    struct gsm_senseless *entry = senseless_entry(g, true);

    if (++entry->times >= SENSES_MAX) {
        senseless_forget(g);
        return false;
    }
    if (entry->times % 2 == 1) {
        log_info("line %s: a text goes again: %s", line_name(g->line),
                 err->text);
        g->submitted_at = 0;
        g->sure_at = clock_mono_ms() - SURE_MS - 1;
        timer_start(g->patience, PATIENCE_MS);
    } else {
        ticket_postponed(g, err->text);
        gsm_restart(g, "the modem refuses a text without sense");
    }
    return true;
}

static void on_refused(struct gsm *g, const struct at_final *final)
{
    bool written = g->submitted_at != 0;
    struct err err;

    gsm_error(final, &err);
    if (err.kind == ERR_UNKNOWN && written) {
        ticket_unsure(g, err.text);
        return;
    }
    if (err.kind == ERR_UNKNOWN)
        err.kind = ERR_TEMPORARY;
    if (is_senseless(g, final) && doubted(g, &err))
        return;
    if (gsm_trouble_came(g, final, &err))
        return;
    ticket_failed(g, &err);
    if (err.scope == SCOPE_LINE)
        modem_failed(g, &err);
    else
        g->modem_failures = 0;
}

/* A result before the prompt: a refusal, or the answer to AT+CMMS, which old
 * modems do not know. */
void gsm_send_done(struct gsm *g, const struct at_event *event)
{
    if (g->step == ASK_MODE) {
        on_mode(g, event);
        return;
    }
    if (g->step == ASK_CMMS) {
        ask_cmgs(g);
        return;
    }
    if (event->final->code == AT_OK)
        ticket_postponed(g, "the modem did not ask for the text");
    else
        on_refused(g, event->final);
    if (g->state == GSM_PREPARING)
        gsm_enter(g, GSM_READY);
}

/* OK without +CMGS: a SIM800 without signal says that, and has sent nothing,
 * so it is a failure. But when the line of the reference was there and came
 * garbled, the text is out: then nobody knows. */
static void on_accepted(struct gsm *g, const struct at_event *event)
{
    char id[16];
    int reference;

    if (parse_cmgs(event->answer, &reference)) {
        crash_at(CRASH_ANSWER);
        snprintf(id, sizeof(id), "%d", reference);
        g->has_ticket = false;
        senseless_forget(g);
        g->modem_failures = 0;
        gsm_trouble_over(g);
        line_sent(g->line, g->ticket, id);
    } else if (g->garbled || g->strays > 0 || event->answer[0] != '\0') {
        ticket_unsure(g, "the modem's answer came garbled");
    } else {
        struct err err;

        err_set(&err, ERR_TEMPORARY,
                "the modem gave no reference: it has probably no signal");
        ticket_failed(g, &err);
    }
}

void gsm_submit_result(struct gsm *g, const struct at_event *event)
{
    if (clock_mono_ms() - g->submitted_at > SLOW_MS)
        g->want_poll = true; /* reads AT+CNMI? again */
    if (event->final->code == AT_OK)
        on_accepted(g, event);
    else
        on_refused(g, event->final);
}

void gsm_submit_done(struct gsm *g, const struct at_event *event)
{
    gsm_submit_result(g, event);
    if (g->state == GSM_SUBMITTED)
        gsm_enter(g, GSM_READY);
}

/* The reference is there, only its OK is missing: that is waited for, but not
 * long. */
void gsm_submit_fed(struct gsm *g)
{
    int reference;

    if (g->has_reference || !parse_cmgs(at_answer(&g->at), &reference))
        return;
    g->has_reference = true;
    timer_start(g->deadline, REFERENCE_MS);
}

void gsm_submit_timeout(struct gsm *g)
{
    static const struct at_final ok = { .code = AT_OK, .number = -1 };
    struct at_event event = {
        .kind = AT_EVENT_DONE,
        .final = &ok,
        .answer = at_answer(&g->at),
    };

    if (g->has_reference)
        gsm_submit_result(g, &event);
    gsm_restart(g, "the modem did not say whether the text was sent");
}
