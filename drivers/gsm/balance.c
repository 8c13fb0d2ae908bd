/* balance.c - how much money is left, asked by USSD at times and on demand.
 * What was read is kept over restarts, so that a line that comes and goes does
 * not ask each time, and a fall below the limit is told once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gsm/amount.h"
#include "gsm/errand.h"
#include "gsm/gsm.h"

enum {
    SOON_MS = 1000,
    BUSY_MS = 60000,
    FAILED_MS = 900000,
    FRESH_MS = 3600000,
    HOUR_MS = 3600000,
};

static const char *code(const struct gsm *g)
{
    return settings_text(line_options(g->line), "balance_ussd");
}

static int64_t every_ms(const struct gsm *g)
{
    if (code(g) == NULL)
        return 0;
    return settings_int(line_options(g->line), "balance_every") * HOUR_MS;
}

/* False: `err` says what is wrong with the expression. */
static bool compile(const struct settings *s, regex_t *match, struct err *err)
{
    const char *pattern = settings_text(s, "balance_match");
    char why[128];
    int failed = regcomp(match, pattern, REG_EXTENDED);

    if (failed != 0) {
        (void)regerror(failed, match, why, sizeof(why));
        return err_set(err, ERR_CONFIG, "balance_match: %s", why);
    }
    if (match->re_nsub == 1)
        return true;
    regfree(match);
    return err_set(err, ERR_CONFIG,
                   "balance_match needs one group ( ) around the sum, it has "
                   "%zu",
                   match->re_nsub);
}

bool gsm_balance_check(const struct settings *s, struct err *err)
{
    regex_t match;

    if (!compile(s, &match, err))
        return false;
    regfree(&match);
    return true;
}

void gsm_balance_start(struct gsm *g)
{
    struct gsm_balance *b = &g->errands.balance;
    const char *kept = line_state_get(g->line, "balance");
    struct err err;
    char *rest;

    b->compiled = compile(line_options(g->line), &b->match, &err);
    if (kept == NULL)
        return;
    b->hundredths = strtoll(kept, &rest, 10);
    b->at = strtoll(rest, NULL, 10);
    b->known = b->at > 0;
}

void gsm_balance_online(struct gsm *g)
{
    const struct gsm_balance *b = &g->errands.balance;
    int64_t age = clock_wall_ms() - b->at;

    if (every_ms(g) > 0 && !timer_active(b->timer))
        timer_start(b->timer, b->known && age >= 0 && age < FRESH_MS
                                  ? (uint64_t)(FRESH_MS - age)
                                  : SOON_MS);
}

/* Once for each fall. */
static void compare(struct gsm *g)
{
    const struct gsm_balance *b = &g->errands.balance;
    int64_t low = settings_int(line_options(g->line), "balance_low") * 100;
    bool is_low = low > 0 && b->hundredths < low;
    bool told = line_state_get(g->line, "balance_low") != NULL;

    if (is_low && !told)
        line_notice(g->line, "the balance is low: %s",
                    amount_text(b->hundredths).text);
    if (is_low != told)
        line_state_put(g->line, "balance_low", is_low ? "told" : NULL);
}

static bool find(struct gsm *g, const char *text, int64_t *hundredths)
{
    const struct gsm_balance *b = &g->errands.balance;
    regmatch_t groups[2];

    return b->compiled && regexec(&b->match, text, 2, groups, 0) == 0 &&
           groups[1].rm_so >= 0 &&
           amount_parse(text + groups[1].rm_so,
                        (size_t)(groups[1].rm_eo - groups[1].rm_so),
                        hundredths);
}

static void keep(struct gsm *g, int64_t hundredths)
{
    struct gsm_balance *b = &g->errands.balance;
    char kept[64];

    b->known = true;
    b->hundredths = hundredths;
    b->at = clock_wall_ms();
    snprintf(kept, sizeof(kept), "%lld %lld", (long long)hundredths,
             (long long)b->at);
    line_state_put(g->line, "balance", kept);
    compare(g);
}

static void answer(struct gsm *g, const char *text, const struct err *err)
{
    struct gsm_balance *b = &g->errands.balance;
    uint64_t call = b->call;

    b->call = 0;
    if (call != 0)
        line_answer(g->line, call, text, false, err);
}

/* A menu behind the sum is not followed. */
static void on_answer(struct gsm *g, const char *text, bool more,
                      const struct err *err)
{
    struct gsm_balance *b = &g->errands.balance;
    int64_t hundredths;

    if (more)
        gsm_ussd_end(g);
    if (every_ms(g) > 0)
        timer_start(b->timer, err != NULL ? FAILED_MS : (uint64_t)every_ms(g));
    if (err == NULL && find(g, text, &hundredths))
        keep(g, hundredths);
    else if (err == NULL)
        log_warn("line %s: balance_match finds no sum in the answer to "
                 "balance_ussd",
                 line_name(g->line));
    else
        log_warn("line %s: the balance could not be read: %s",
                 line_name(g->line), err->text);
    answer(g, text, err);
}

bool gsm_balance_ask(struct gsm *g, uint64_t call, struct err *err)
{
    if (code(g) == NULL)
        return err_set(err, ERR_UNSUPPORTED,
                       "set balance_ussd of line %s to the operator's code, "
                       "for example *100#",
                       line_name(g->line));
    if (!gsm_ussd_begin(g, code(g), call, on_answer, err))
        return false;
    g->errands.balance.call = call;
    return true;
}

void gsm_on_balance_timer(void *arg)
{
    struct gsm *g = arg;
    struct err err;

    if (g->online && !gsm_balance_ask(g, 0, &err))
        timer_start(g->errands.balance.timer, BUSY_MS);
}

void gsm_balance_status(const struct gsm *g, struct status *status)
{
    const struct gsm_balance *b = &g->errands.balance;
    if (!b->known)
        return;
    status_text(status, "balance", "%s (%s)", amount_text(b->hundredths).text,
                clock_words(b->at).text);
}
