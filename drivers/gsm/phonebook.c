/* phonebook.c - names on the SIM become names of contacts. It is read a piece
 * at a time, each in its turn; AT+CSCS="UCS2" only for that long, so that names
 * in every alphabet come through and USSD stays as it is. */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "gsm/card.h"
#include "gsm/errand.h"
#include "gsm/gsm.h"

enum { PIECE = 20, ENTRIES_MAX = 500, INDEXES_MAX = 2000 };

bool gsm_wants_phonebook(const struct gsm *g)
{
    return !g->errands.book.done &&
           settings_bool(line_options(g->line), "phonebook");
}

static bool build_range(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CPBR=?");
    return g->errands.book.last < 0;
}

static enum gsm_verdict on_range(struct gsm *g, const struct at_event *event)
{
    struct gsm_phonebook *book = &g->errands.book;

    if (event->final->code != AT_OK ||
        !card_range(event->answer, &book->next, &book->last))
        book->done = true;
    else if (book->last - book->next >= INDEXES_MAX)
        book->last = book->next + INDEXES_MAX - 1;
    return STEP_NEXT;
}

static bool build_ucs2(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CSCS=\"UCS2\"");
    return !g->errands.book.done;
}

static enum gsm_verdict on_ucs2(struct gsm *g, const struct at_event *event)
{
    g->errands.book.ucs2 = event->final->code == AT_OK;
    return STEP_NEXT;
}

static bool build_piece(struct gsm *g, char *out)
{
    const struct gsm_phonebook *book = &g->errands.book;
    int end = book->next + PIECE - 1;

    snprintf(out, AT_COMMAND_MAX + 1, "AT+CPBR=%d,%d", book->next,
             end < book->last ? end : book->last);
    return !book->done;
}

/* A piece without entries is an error for some modems: on to the next. */
static enum gsm_verdict on_piece(struct gsm *g, const struct at_event *event)
{
    struct gsm_phonebook *book = &g->errands.book;
    const char *cursor = event->answer;
    struct card_entry entry;

    while (book->found < ENTRIES_MAX &&
           card_entry_next(&cursor, book->ucs2, &entry)) {
        line_contact(g->line, entry.number, entry.name);
        book->found++;
    }
    book->next += PIECE;
    if (book->next > book->last || book->found == ENTRIES_MAX) {
        book->done = true;
        log_debug("line %s: %u names in the phone book of the SIM",
                  line_name(g->line), book->found);
    }
    return STEP_NEXT;
}

static bool build_gsm(struct gsm *g, char *out)
{
    text_copy(out, AT_COMMAND_MAX + 1, "AT+CSCS=\"GSM\"");
    return g->errands.book.ucs2;
}

static void piece_over(struct gsm *g)
{
    if (!g->errands.book.done)
        g->errands.wanted |= 1u << ERRAND_PHONEBOOK;
    gsm_errand_over(g);
}

static const struct gsm_step steps[] = {
    { .text = "AT+CPBS=\"SM\"", .timeout_s = 10 },
    { .build = build_range,
      .prefixes = "+CPBR:",
      .shape = AT_LINES,
      .timeout_s = 20,
      .parse = on_range },
    { .build = build_ucs2, .parse = on_ucs2 },
    { .build = build_piece,
      .prefixes = "+CPBR:",
      .shape = AT_LINES,
      .timeout_s = 20,
      .parse = on_piece },
    { .build = build_gsm },
};

const struct gsm_script gsm_phonebook_script = {
    .steps = steps,
    .n = sizeof(steps) / sizeof(steps[0]),
    .done = piece_over,
};
