/* errand.h - what a modem does beside texts: USSD, voice calls, the phone book,
 * the SIM's own number, its balance. Each is an errand: a short script that
 * runs when the modem is ready, never while a text is on its way; between two
 * errands others come first, so that none delays a text. */
#ifndef MOONGATE_GSM_ERRAND_H
#define MOONGATE_GSM_ERRAND_H

#include <regex.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "gsm/at.h"
#include "gsm/cusd.h"

struct at_event;
struct gsm;
struct gsm_script;
struct line;
struct settings;
struct status;
struct timer;

/* Most urgent first. */
enum gsm_errand {
    ERRAND_HANG_UP,
    ERRAND_USSD,
    ERRAND_SETTINGS,  /* announces calls and USSD; asks for the own number */
    ERRAND_PHONEBOOK, /* a piece of it */
    ERRANDS,
};

enum ussd_phase {
    USSD_IDLE,
    USSD_WANTED,  /* a code or reply is to be written */
    USSD_WAITING, /* it is, the network's answer is awaited */
    USSD_ASKING,  /* the network waits for a reply */
    USSD_ENDING,  /* the dialogue is to be cancelled */
};

/* Gets what the network says; as line_answer. */
typedef void ussd_fn(struct gsm *g, const char *text, bool more,
                     const struct err *err);

struct gsm_ussd {
    enum ussd_phase phase;
    ussd_fn *fn;
    uint64_t call; /* of driver.command; 0: our own */
    char code[AT_COMMAND_MAX + 1];
    enum cusd_form form; /* that this modem has understood last */
    enum cusd_form trying;
    char open[CUSD_TEXT_MAX]; /* +CUSD: a line whose text is not closed */
    struct timer *patience;   /* with the modem and the network */
    struct timer *closing;    /* with the rest of an open line */
};

struct gsm_ringing {
    bool now;    /* a call is there */
    bool told;   /* about it */
    bool refuse; /* hang up as soon as the modem is ready */
    bool chup;   /* AT+CHUP has ended it */
    struct timer *timer;
};

struct gsm_phonebook {
    bool done, ucs2;
    int next, last; /* indexes that are still to be read; last < 0: unknown */
    unsigned found;
};

struct gsm_balance {
    bool known, compiled;
    regex_t match;
    int64_t hundredths, at; /* Unix ms */
    uint64_t call;          /* of who wants to know; 0: nobody */
    struct timer *timer;
};

struct gsm_errands {
    unsigned wanted, later, never; /* bits of 1 << enum gsm_errand */
    enum gsm_errand now;
    unsigned postponed;
    unsigned told; /* in this minute: calls, words of the network */
    int64_t minute;
    struct timer *again;
    char number[32]; /* the SIM's own, as it says */
    struct gsm_ussd ussd;
    struct gsm_ringing ringing;
    struct gsm_phonebook book;
    struct gsm_balance balance;
};

/* errand.c */
void gsm_errands_start(struct gsm *g);  /* makes the timers */
void gsm_errands_online(struct gsm *g); /* the modem was set up (again) */
void gsm_errands_stop(struct gsm *g, const char *why); /* it is lost */
void gsm_errands_destroy(struct gsm *g);
void gsm_want_errand(struct gsm *g, enum gsm_errand errand);
bool gsm_errand_is_due(const struct gsm *g, bool urgent);
/* May something be told that nobody asked for? A modem gone mad says a lot. */
bool gsm_errand_is_allowed(struct gsm *g);
void gsm_errand_enter(struct gsm *g);
void gsm_errand_over(struct gsm *g); /* the `done` of their scripts */
void gsm_errand_done(struct gsm *g, const struct at_event *event);
void gsm_errand_timeout(struct gsm *g);

/* Of the SIM: the option, or what it says; "" when neither tells. */
const char *gsm_own_number(const struct gsm *g);

/* ussd.c: one dialogue at a time. */
extern const struct gsm_script gsm_ussd_script;
bool gsm_command(struct line *line, const char *name, const char *argument,
                 uint64_t call, struct err *err);
bool gsm_ussd_begin(struct gsm *g, const char *code, uint64_t call, ussd_fn *fn,
                    struct err *err);
void gsm_ussd_end(struct gsm *g); /* its function is not called any more */
void gsm_ussd_lost(struct gsm *g, const char *why);
void gsm_on_ussd(struct gsm *g, const char *line);
/* A line that nobody knows: is it the rest of an open text? */
bool gsm_ussd_goes_on(struct gsm *g, const char *line);
void gsm_on_ussd_patience(void *arg);
void gsm_on_ussd_closing(void *arg);

/* call.c */
extern const struct gsm_script gsm_hang_up_script;
bool gsm_tells_calls(const struct gsm *g);
void gsm_on_call(struct gsm *g, const char *line);
void gsm_on_ringing_timer(void *arg);

/* phonebook.c */
extern const struct gsm_script gsm_phonebook_script;
bool gsm_wants_phonebook(const struct gsm *g);

/* balance.c */
bool gsm_balance_check(const struct settings *s, struct err *err);
void gsm_balance_start(struct gsm *g);
void gsm_balance_online(struct gsm *g);
bool gsm_balance_ask(struct gsm *g, uint64_t call, struct err *err);
void gsm_balance_status(const struct gsm *g, struct status *status);
void gsm_on_balance_timer(void *arg);

#endif
