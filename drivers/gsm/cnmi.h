/* cnmi.h - choosing how a modem announces what arrives. Pure. */
#ifndef MOONGATE_GSM_CNMI_H
#define MOONGATE_GSM_CNMI_H

#include <stdbool.h>

#include "gsm/parse.h"
#include "gsm/quirks.h"

/* What the choice depends on. */
struct cnmi_wish {
    const struct cnmi_choices *choices; /* of AT+CNMI=?, or NULL */
    const struct gsm_quirk *quirk;
    bool reports; /* delivery reports are wanted */
    bool routed;  /* messages are to come as +CMT, not to be stored */
};

/* The n-th setting to try (from 0): first what fits the modem's own words,
 * then what usually works, because many modems refuse what they offer. False
 * when there are no more. Wanted are stored messages with +CMTI (mt 1), or
 * routed ones (mt 2) and nothing else; and reports that come as +CDS (ds 1);
 * 3GPP TS 27.005 3.4.1. */
bool cnmi_candidate(const struct cnmi_wish *wish, unsigned n,
                    struct cnmi *cnmi);

#endif
