/* parse.h - what a modem says, read without trusting it. Pure: text in,
 * values out. The shapes are 3GPP TS 27.005 and 27.007; every function also
 * takes the variants that real modems send (missing quotes, missing brackets,
 * nested brackets, empty lists, extra fields). Output is written on success
 * only. */
#ifndef MOONGATE_GSM_PARSE_H
#define MOONGATE_GSM_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "gsm/fields.h"

/* +CNMI: (2),(0-1,3),(0,2),(0-1),(0): bit n of choices[i] is set when value n
 * may be used for parameter i (27.005 3.4.1). */
struct cnmi_choices {
    unsigned mask[5];
};
bool parse_cnmi_choices(const char *answer, struct cnmi_choices *choices);

struct cnmi {
    int value[5]; /* mode, mt, bm, ds, bfr */
};
/* +CNMI: 2,1,0,1,0 */
bool parse_cnmi(const char *answer, struct cnmi *cnmi);

enum gsm_memory { MEMORY_SM, MEMORY_ME, MEMORY_MT, MEMORY_SR, MEMORIES };
const char *memory_name(enum gsm_memory memory); /* "SM" */

/* +CPMS: ("SM","ME"),("SM"),("SM"): how many names the set command takes, and
 * which memories (bits of 1 << enum gsm_memory) each of them may be. An empty
 * list is a success with no groups. */
struct cpms_choices {
    unsigned groups;
    unsigned mask[3];
};
bool parse_cpms_choices(const char *answer, struct cpms_choices *choices);

/* Used and total slots of the first memory of the answer to AT+CPMS=... */
bool parse_cpms_use(const char *answer, int *used, int *total);

/* +CREG: both the answer (n,stat,area,cell,act) and the URC (stat,...); the
 * same for +CGREG and +CEREG (27.007 7.2). The last such line counts. *act is
 * the access technology, -1 when it is not told. */
bool parse_creg(const char *answer, int *stat, int *act);

/* The operator's name of +COPS: 0,0,"name",7; false when there is none. *act
 * is as above. */
bool parse_cops(const char *answer, char *out, size_t size, int *act);

/* "2G", "3G", "4G", "5G" for an access technology of 27.007 7.3; or NULL. */
const char *act_name(int act);

/* +CSMS: (0,1): bits of the services that may be chosen (27.005 3.2.1). */
bool parse_csms(const char *answer, unsigned *mask);

/* dBm of +CSQ: 17,99 (27.007 8.5); false for 99, unknown. */
bool parse_csq(const char *answer, int *dbm);

/* CPIN_WAIT: the SIM is not ready yet; CPIN_NONE: there is none. */
enum cpin {
    CPIN_READY,
    CPIN_PIN,
    CPIN_PUK,
    CPIN_WAIT,
    CPIN_NONE,
    CPIN_OTHER,
};
bool parse_cpin(const char *answer, enum cpin *out);

/* The number of +CSCA: "+44...",145, also when written as UCS-2 in hex. */
bool parse_csca(const char *answer, char *out, size_t size);

/* The message reference of +CMGS: 12[,...] (27.005 3.5.1). */
bool parse_cmgs(const char *answer, int *reference);

/* The number of a line like +CFUN: 1 or +CMGF: 0. */
bool parse_number(const char *answer, const char *prefix, int *out);

/* The first line of an answer that carries any text: +CGMI and such. */
bool parse_line(const char *answer, char *out, size_t size);

/* The digits of +CIMI, +CGSN, +CCID: 10 to 22 of them (ICCIDs may hold F). */
bool parse_identity(const char *answer, char *out, size_t size);

/* One entry of an answer to AT+CMGL=4 (27.005 4.1). */
struct cmgl_entry {
    int index;
    int status;      /* 0 unread, 1 read, 2 and 3 own stored ones */
    const char *hex; /* borrowed from the answer */
    size_t digits;   /* 0 when the PDU is absent or has the wrong length */
};
/* Reads the next entry at *cursor and moves it on; false at the end. */
bool parse_cmgl_next(const char **cursor, struct cmgl_entry *entry);

#endif
