/* errand.c - one errand after the other, as gsm_next() finds time for them.
 *
 * What a modem does not answer at all is not asked again in this life of the
 * line; what the SIM is too busy for is asked later. */
#include "gsm/errand.h"

#include "gsm/card.h"
#include "gsm/errors.h"
#include "gsm/gsm.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

enum { AGAIN_MS = 10000, POSTPONED_MAX = 30, TOLD_MAX = 20 };

#define URGENT (1u << ERRAND_HANG_UP | 1u << ERRAND_USSD)

static bool build_clip(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CLIP=1");
    return gsm_tells_calls(g);
}

const char *gsm_own_number(const struct gsm *g)
{
    const char *number = settings_text(line_options(g->line), "number");

    return number != NULL && number[0] != '\0' ? number : g->errands.number;
}

static bool build_cnum(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CNUM");
    return gsm_own_number(g)[0] == '\0';
}

static enum gsm_verdict on_cnum(struct gsm *g, const struct at_event *event)
{
    (void)card_own_number(event->answer, g->errands.number);
    return STEP_NEXT;
}

static const struct gsm_step settings_steps[] = {
    { .build = build_clip },
    { .text = "AT+CUSD=1", .timeout_s = 10 },
    { .build = build_cnum,
      .prefixes = "+CNUM:",
      .shape = AT_LINES,
      .timeout_s = 10,
      .parse = on_cnum },
};

static const struct gsm_script settings_script = {
    .steps = settings_steps,
    .n = sizeof(settings_steps) / sizeof(settings_steps[0]),
    .done = gsm_errand_over,
};

static const struct gsm_script *const scripts[ERRANDS] = {
    [ERRAND_HANG_UP] = &gsm_hang_up_script,
    [ERRAND_USSD] = &gsm_ussd_script,
    [ERRAND_SETTINGS] = &settings_script,
    [ERRAND_PHONEBOOK] = &gsm_phonebook_script,
};

static void on_again(void *arg)
{
    struct gsm *g = arg;

    g->errands.wanted |= g->errands.later;
    g->errands.later = 0;
    gsm_next(g);
}

void gsm_errands_start(struct gsm *g)
{
    struct owner *owner = line_owner(g->line);
    struct gsm_errands *e = &g->errands;

    e->again = timer_new(owner, on_again, g);
    e->ussd.patience = timer_new(owner, gsm_on_ussd_patience, g);
    e->ussd.closing = timer_new(owner, gsm_on_ussd_closing, g);
    e->ringing.timer = timer_new(owner, gsm_on_ringing_timer, g);
    e->balance.timer = timer_new(owner, gsm_on_balance_timer, g);
    e->book.last = -1;
    gsm_balance_start(g);
}

void gsm_errands_online(struct gsm *g)
{
    gsm_want_errand(g, ERRAND_SETTINGS);
    if (gsm_wants_phonebook(g))
        gsm_want_errand(g, ERRAND_PHONEBOOK);
    gsm_balance_online(g);
}

void gsm_errands_stop(struct gsm *g, const char *why)
{
    struct gsm_errands *e = &g->errands;

    gsm_ussd_lost(g, why);
    e->wanted = e->later = 0;
    timer_stop(e->again);
    timer_stop(e->balance.timer);
}

void gsm_errands_destroy(struct gsm *g)
{
    if (g->errands.balance.compiled)
        regfree(&g->errands.balance.match);
}

void gsm_want_errand(struct gsm *g, enum gsm_errand errand)
{
    struct gsm_errands *e = &g->errands;

    e->wanted |= 1u << errand & ~e->never;
    gsm_next(g);
}

bool gsm_errand_is_due(const struct gsm *g, bool urgent)
{
    return (g->errands.wanted & (urgent ? URGENT : ~0u)) != 0;
}

bool gsm_errand_is_allowed(struct gsm *g)
{
    struct gsm_errands *e = &g->errands;
    int64_t minute = clock_mono_ms() / 60000;

    if (e->minute != minute)
        e->told = 0;
    e->minute = minute;
    if (++e->told == TOLD_MAX + 1)
        log_warn("line %s: too many calls or messages of the network in a "
                 "minute: the rest is not told",
                 line_name(g->line));
    return e->told <= TOLD_MAX;
}

void gsm_errand_enter(struct gsm *g)
{
    struct gsm_errands *e = &g->errands;

    e->now = 0;
    while ((e->wanted & 1u << e->now) == 0)
        e->now++;
    e->wanted &= ~(1u << e->now);
    gsm_run(g, scripts[e->now]);
}

void gsm_errand_over(struct gsm *g)
{
    gsm_enter(g, GSM_READY);
}

void gsm_errand_done(struct gsm *g, const struct at_event *event)
{
    struct gsm_errands *e = &g->errands;
    bool busy = event->final->code != AT_OK && gsm_error_is_busy(event->final);

    if (!busy || (1u << e->now & URGENT) != 0 ||
        e->postponed == POSTPONED_MAX) {
        gsm_script_done(g, event);
        return;
    }
    e->postponed++;
    e->later |= 1u << e->now;
    timer_start(e->again, AGAIN_MS);
    gsm_enter(g, GSM_READY);
}

void gsm_errand_timeout(struct gsm *g)
{
    struct gsm_errands *e = &g->errands;

    if (at_busy(&g->at) && !g->spoilt && (1u << e->now & URGENT) == 0) {
        log_warn("line %s: the modem does not answer %s: it is not asked again",
                 line_name(g->line), g->at.command);
        e->never |= 1u << e->now;
    }
    gsm_script_timeout(g);
}
