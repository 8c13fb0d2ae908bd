/* card.h - what the SIM holds beside texts: names and numbers (3GPP TS 27.007
 * 8.12 AT+CPBR, 7.1 AT+CNUM). Pure; output is written on success only. */
#ifndef MOONGATE_GSM_CARD_H
#define MOONGATE_GSM_CARD_H

#include <stdbool.h>

struct card_entry {
    char number[32]; /* as it is stored: +44..., 077..., *100# */
    char name[128];  /* valid UTF-8 on one line */
};

/* First and last index of +CPBR: (1-250),40,18. */
bool card_range(const char *answer, int *first, int *last);

/* The next entry of an answer to AT+CPBR at *cursor, and moves it on; those
 * without number or name are passed over. `ucs2`: AT+CSCS="UCS2" holds. */
bool card_entry_next(const char **cursor, bool ucs2, struct card_entry *out);

/* The first number of +CNUM: "name","+44...",145. */
bool card_own_number(const char *answer, char out[32]);

#endif
