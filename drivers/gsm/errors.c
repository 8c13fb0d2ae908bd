/* errors.c - what the numbers of +CMS ERROR and +CME ERROR mean to us.
 *
 * One table from number ranges to what follows: who is concerned, whether a
 * new try makes sense and after which pause, and what a person should know.
 * Rows are searched from the top, so single numbers stand before ranges. */
#include "gsm/errors.h"

#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"

struct error_row {
    enum at_code code;
    int from, to;
    enum err_kind kind;
    enum err_scope scope;
    int pause_s;
    const char *text;
};

#define ONE(n) (n), (n)
#define CARD "the SIM or the modem is not ready"

static const struct error_row rows[] = {
    /* The network's causes, 24.011 E-2. */
    { AT_CMS, ONE(1), ERR_NO_RECIPIENT, SCOPE_MESSAGE, 0,
      "the number does not exist" },
    { AT_CMS, ONE(8), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the operator bars this number (or the SIM has no credit)" },
    { AT_CMS, ONE(10), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "calls and texts are barred for this SIM (or it has no credit)" },
    { AT_CMS, ONE(17), ERR_TEMPORARY, SCOPE_MESSAGE, 0, "the network failed" },
    { AT_CMS, ONE(21), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the network refused the text (often: the SIM has no credit)" },
    { AT_CMS, ONE(22), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the network is congested or the recipient's memory is full" },
    { AT_CMS, ONE(27), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the recipient's phone is out of service" },
    { AT_CMS, ONE(28), ERR_NO_RECIPIENT, SCOPE_MESSAGE, 0,
      "the operator does not know this subscriber" },
    { AT_CMS, ONE(29), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the network rejects this kind of message" },
    { AT_CMS, ONE(30), ERR_NO_RECIPIENT, SCOPE_MESSAGE, 0,
      "the network does not know this subscriber" },
    { AT_CMS, ONE(38), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the network is out of order (some operators mean: the SIM has no "
      "credit or the number is barred)" },
    { AT_CMS, ONE(41), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the network has a temporary failure" },
    { AT_CMS, ONE(42), ERR_TEMPORARY, SCOPE_MESSAGE, 30,
      "the network is congested" },
    { AT_CMS, ONE(47), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the network lacks resources" },
    { AT_CMS, ONE(50), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the operator has not enabled sending for this SIM" },
    { AT_CMS, ONE(69), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the network does not offer this" },
    { AT_CMS, ONE(81), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the network lost the transaction" },
    { AT_CMS, 95, 99, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the network calls the message malformed" },
    { AT_CMS, ONE(111), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the network reports a protocol error" },
    { AT_CMS, ONE(127), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the network refused without a reason" },
    /* TP-FCS, 23.040 9.2.3.22. */
    { AT_CMS, 128, 159, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the message centre does not support this kind of message" },
    { AT_CMS, 160, 176, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the message centre refuses the command" },
    { AT_CMS, ONE(192), ERR_TEMPORARY, SCOPE_MESSAGE, 30,
      "the message centre is busy" },
    { AT_CMS, ONE(193), ERR_AUTH, SCOPE_LINE, 0,
      "this SIM has no subscription at the message centre: ask the operator, "
      "or check `smsc`" },
    { AT_CMS, ONE(194), ERR_TEMPORARY, SCOPE_MESSAGE, 30,
      "the message centre has a system failure" },
    { AT_CMS, ONE(195), ERR_BAD_ADDRESS, SCOPE_MESSAGE, 0,
      "the message centre calls the number invalid" },
    { AT_CMS, ONE(196), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the destination is barred" },
    /* Not the success that it seems. It answers TP-RD, which our second try
     * carries, and means that the centre holds a text with the same TP-MR to
     * this recipient. Many modems write a TP-MR of their own, eight bits that
     * come round, so that may be another text: to count this one as sent could
     * lose it. The next try is without TP-RD, at worst a second copy. */
    { AT_CMS, ONE(197), ERR_REPEATED, SCOPE_MESSAGE, 2,
      "the message centre takes it for one that it has already" },
    { AT_CMS, 198, 199, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the message centre refuses the validity period" },
    { AT_CMS, 208, 213, ERR_TEMPORARY, SCOPE_MESSAGE, 60,
      "the recipient's phone is full or busy" },
    { AT_CMS, ONE(255), ERR_TEMPORARY, SCOPE_MESSAGE, 0,
      "the network gave no reason" },
    /* The modem's own, 27.005 3.2.5. */
    { AT_CMS, ONE(300), ERR_LINK, SCOPE_LINE, 3, "the modem failed" },
    { AT_CMS, ONE(301), ERR_LINK, SCOPE_LINE, 3,
      "the modem reserves its SMS service" },
    { AT_CMS, 302, 303, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the modem does not allow or support this" },
    { AT_CMS, 304, 305, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the modem calls the message malformed" },
    { AT_CMS, ONE(310), ERR_LINK, SCOPE_LINE, 3, "there is no SIM" },
    { AT_CMS, ONE(311), ERR_AUTH, SCOPE_LINE, 0,
      "the SIM asks for its PIN: set `pin`" },
    { AT_CMS, ONE(312), ERR_AUTH, SCOPE_LINE, 0,
      "the SIM is locked to a phone" },
    { AT_CMS, ONE(313), ERR_LINK, SCOPE_LINE, 3, "the SIM failed" },
    { AT_CMS, 314, 315, ERR_LINK, SCOPE_LINE, 2, CARD },
    { AT_CMS, 316, 318, ERR_AUTH, SCOPE_LINE, 0,
      "the SIM is blocked and asks for a PUK: unlock it in a phone" },
    { AT_CMS, ONE(320), ERR_LINK, SCOPE_LINE, 3, "the modem's memory failed" },
    { AT_CMS, ONE(322), ERR_TEMPORARY, SCOPE_LINE, 3,
      "the modem's memory is full" },
    { AT_CMS, ONE(330), ERR_AUTH, SCOPE_LINE, 0,
      "the number of the message centre is unknown: set `smsc`" },
    { AT_CMS, ONE(331), ERR_LINK, SCOPE_LINE, 3, "the modem has no network" },
    { AT_CMS, ONE(332), ERR_UNKNOWN, SCOPE_MESSAGE, 0,
      "the network did not answer in time" },
    /* Vendors' own. */
    { AT_CMS, ONE(500), ERR_TEMPORARY, SCOPE_MESSAGE, 30,
      "the modem gave no reason (often: no credit or no signal)" },
    { AT_CMS, ONE(512), ERR_TEMPORARY, SCOPE_MESSAGE, 10,
      "the signal is weak, or a text came in at the same moment" },
    { AT_CMS, ONE(532), ERR_LINK, SCOPE_LINE, 3,
      "the modem is not ready for texts" },
    { AT_CMS, 521, 522, ERR_TEMPORARY, SCOPE_MESSAGE, 10, "the modem is busy" },
    { AT_CMS, ONE(535), ERR_TEMPORARY, SCOPE_MESSAGE, 10, "the modem is busy" },
    { AT_CMS, ONE(515), ERR_LINK, SCOPE_LINE, 2, "the modem asks to wait" },
    { AT_CMS, 514, 520, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the modem or the network refuses the message" },
    { AT_CMS, ONE(538), ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the modem calls a parameter invalid" },
    { AT_CMS, 549, 554, ERR_REJECTED, SCOPE_MESSAGE, 0,
      "the modem calls the message malformed" },
    /* The equipment's, 27.007 9.2. */
    { AT_CME, ONE(10), ERR_LINK, SCOPE_LINE, 3, "there is no SIM" },
    { AT_CME, ONE(11), ERR_AUTH, SCOPE_LINE, 0,
      "the SIM asks for its PIN: set `pin`" },
    { AT_CME, ONE(12), ERR_AUTH, SCOPE_LINE, 0,
      "the SIM is blocked and asks for its PUK: unlock it in a phone" },
    { AT_CME, ONE(13), ERR_LINK, SCOPE_LINE, 3, "the SIM failed" },
    { AT_CME, ONE(14), ERR_LINK, SCOPE_LINE, 2, "the SIM is busy" },
    { AT_CME, ONE(15), ERR_LINK, SCOPE_LINE, 3,
      "the modem does not accept this SIM" },
    { AT_CME, ONE(16), ERR_AUTH, SCOPE_LINE, 0, "the PIN is wrong" },
    { AT_CME, 17, 18, ERR_AUTH, SCOPE_LINE, 0,
      "the SIM asks for its second PIN or PUK: unlock it in a phone" },
    { AT_CME, ONE(20), ERR_LINK, SCOPE_LINE, 3, "the modem's memory is full" },
    { AT_CME, ONE(30), ERR_LINK, SCOPE_LINE, 3, "the modem has no network" },
    { AT_CME, ONE(100), ERR_LINK, SCOPE_LINE, 3, "the modem gave no reason" },
    { AT_CME, ONE(515), ERR_LINK, SCOPE_LINE, 2, "the modem asks to wait" },
};

static const struct error_row other = {
    AT_ERROR,      ONE(-1), ERR_TEMPORARY,
    SCOPE_MESSAGE, 0,       "the modem refused without a reason",
};

static const struct error_row *find_row(const struct at_final *final)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].code == final->code && final->number >= rows[i].from &&
            final->number <= rows[i].to)
            return &rows[i];
    return &other;
}

void gsm_error(const struct at_final *final, struct err *err)
{
    const struct error_row *row = find_row(final);
    char code[sizeof(err->code)] = "";

    if (final->number >= 0)
        snprintf(code, sizeof(code), "%s %d",
                 final->code == AT_CME ? "CME" : "CMS", final->number);
    else
        text_copy(code, sizeof(code), final->text);
    err_set(err, row->kind, "%s (%s)", row->text, code);
    err->scope = row->scope;
    err->retry_after = row->pause_s;
    text_copy(err->code, sizeof(err->code), code);
}

#define CREDIT                                                                 \
    "is the SIM out of credit, or barred by the operator? Ask for its "        \
    "balance, top it up, or put the SIM in a phone and try there"
#define SIGNAL "look at the signal: move the modem or its antenna"
#define CENTRE                                                                 \
    "check the number of the message centre (`smsc`) with the operator"
#define RESEAT "take the SIM out and put it in again; try it in a phone"
#define POWER                                                                  \
    "give the modem a better power supply (or a powered hub), and restart it"

/* What to do about those that come again and again. */
static const struct {
    enum at_code code;
    int number;
    unsigned enough;
    const char *advice;
} advices[] = {
    { AT_CMS, 8, 5, CREDIT },    { AT_CMS, 10, 5, CREDIT },
    { AT_CMS, 21, 5, CREDIT },   { AT_CMS, 50, 5, CREDIT },
    { AT_CMS, 69, 5, CREDIT },   { AT_CMS, 38, 10, CREDIT },
    { AT_CMS, 500, 10, CREDIT }, { AT_ERROR, -1, 10, CREDIT },
    { AT_CMS, 17, 0, SIGNAL },   { AT_CMS, 41, 0, SIGNAL },
    { AT_CMS, 42, 0, SIGNAL },   { AT_CMS, 47, 0, SIGNAL },
    { AT_CMS, 331, 0, SIGNAL },  { AT_CMS, 332, 0, SIGNAL },
    { AT_CMS, 512, 0, SIGNAL },  { AT_CME, 30, 0, SIGNAL },
    { AT_CMS, 192, 0, CENTRE },  { AT_CMS, 194, 0, CENTRE },
    { AT_CMS, 310, 0, RESEAT },  { AT_CMS, 313, 0, RESEAT },
    { AT_CME, 10, 0, RESEAT },   { AT_CME, 13, 0, RESEAT },
    { AT_CME, 15, 0, RESEAT },   { AT_CMS, 300, 0, POWER },
    { AT_CMS, 320, 0, POWER },   { AT_CMS, 532, 0, POWER },
    { AT_CME, 100, 0, POWER },
};

struct gsm_advice gsm_error_advice(const struct at_final *final)
{
    struct gsm_advice found = { .meaning = find_row(final)->text };

    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
        if (advices[i].code != final->code ||
            advices[i].number != final->number)
            continue;
        found.advice = advices[i].advice;
        found.enough = advices[i].enough;
    }
    return found;
}

bool gsm_error_is_sim(const struct at_final *final)
{
    return (final->code == AT_CMS &&
            (final->number == 310 || final->number == 311 ||
             final->number == 313 || final->number == 316)) ||
           (final->code == AT_CME && final->number >= 10 &&
            final->number <= 13);
}

bool gsm_error_is_busy(const struct at_final *final)
{
    return (final->code == AT_CME &&
            (final->number == 14 || final->number == 515)) ||
           (final->code == AT_CMS &&
            (final->number == 314 || final->number == 315 ||
             final->number == 301 || final->number == 515));
}
