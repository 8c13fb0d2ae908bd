/* trouble.c - what is refused again and again.
 *
 * One refused text is that text's trouble. The same refusal of text after
 * text, to several numbers, is the SIM's: it has no credit, or the operator has
 * barred it. Codes do not tell (21, 8 and 10 mean all sorts of things, and some
 * operators say 38), so they are counted; how many are enough is a column of
 * errors.c. Then those who run the line are told, and where the refusal would
 * be final for each text, the SIM pauses and the texts wait: better late than
 * refused one by one. The pause is remembered, so that after it one refusal is
 * enough. */
#include "gsm/gsm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

enum { NUMBERS = 3, LATELY_MS = 24 * 3600 * 1000 };

static const char *const key = "barred";

static bool same_final(const struct at_final *a, const struct at_final *b)
{
    return a->code == b->code && a->number == b->number;
}

static bool is_barred(const struct gsm *g)
{
    const char *sim = line_state_get(g->line, key);

    return sim != NULL && strcmp(sim, g->sim) == 0;
}

static void note_number(struct gsm_trouble *trouble, uint64_t number)
{
    enum { MAX = sizeof(trouble->numbers) / sizeof(trouble->numbers[0]) };

    for (unsigned i = 0; i < trouble->n_numbers; i++)
        if (trouble->numbers[i] == number)
            return;
    if (trouble->n_numbers < MAX)
        trouble->numbers[trouble->n_numbers++] = number;
}

static void note(struct gsm *g, const struct at_final *final)
{
    struct gsm_trouble *trouble = &g->trouble;

    if (!same_final(&trouble->final, final) || trouble->times == 0)
        *trouble = (struct gsm_trouble){ .final = *final };
    trouble->times++;
    trouble->at = clock_wall_ms();
    note_number(trouble, g->recipient);
}

/* The ticket in hand is given back as the line's trouble, not its own. */
static void pause_sim(struct gsm *g, const struct err *refusal)
{
    struct err err;

    err_set(&err, ERR_AUTH, "texts are refused, whoever they are for: %s; %s",
            refusal->text, gsm_error_advice(&g->trouble.final).advice);
    err.scope = SCOPE_LINE;
    snprintf(err.code, sizeof(err.code), "%s", refusal->code);
    line_state_put(g->line, key, g->sim);
    line_notice(g->line, "%s. It pauses, and tries again by itself", err.text);
    g->has_ticket = false;
    line_failed(g->line, g->ticket, &err);
    gsm_fail(g, &err);
}

bool gsm_trouble_came(struct gsm *g, const struct at_final *final,
                      const struct err *err)
{
    struct gsm_advice advice = gsm_error_advice(final);
    bool final_word = err->kind == ERR_REJECTED;

    note(g, final);
    if (advice.enough == 0)
        return false;
    if (final_word && (is_barred(g) || (g->trouble.times >= advice.enough &&
                                        g->trouble.n_numbers >= NUMBERS))) {
        pause_sim(g, err);
        return true;
    }
    if (!final_word && g->trouble.times == advice.enough) {
        char text[512];

        gsm_trouble_text(g, text, sizeof(text));
        line_notice(g->line, "%s", text);
    }
    return false;
}

void gsm_trouble_over(struct gsm *g)
{
    g->trouble.times = 0;
    if (line_state_get(g->line, key) != NULL)
        line_state_put(g->line, key, NULL);
}

void gsm_trouble_text(const struct gsm *g, char *out, size_t size)
{
    const struct gsm_trouble *trouble = &g->trouble;
    struct gsm_advice advice = gsm_error_advice(&trouble->final);
    const char *family = trouble->final.code == AT_CME ? "CME" : "CMS";
    struct buf text;

    out[0] = '\0';
    if (trouble->times == 0 || clock_wall_ms() - trouble->at > LATELY_MS)
        return;
    buf_init(&text, size);
    if (trouble->final.number >= 0)
        (void)buf_addf(&text, "%s %d", family, trouble->final.number);
    else
        (void)buf_addf(&text, "%s", trouble->final.text);
    if (trouble->times > 1)
        (void)buf_addf(&text, " %u times in a row", trouble->times);
    (void)buf_addf(&text, ": %s", advice.meaning);
    if (advice.advice != NULL && trouble->times > 1)
        (void)buf_addf(&text, "; %s", advice.advice);
    snprintf(out, size, "%s", buf_text(&text));
    buf_free(&text);
}
