/* gsm.h - what the files of the GSM driver share: the state of a line, its
 * state machine, and who does what:
 *   gsm.c     the driver itself: options, start, stop
 *   scan.c    finds its port by IMEI; probe.c asks a port; discover.c lists
 *   status.c  how it is, in words; trouble.c  what goes wrong again and again
 *   machine.c states, transitions, time-outs, one command at a time
 *   script.c  runs tables of commands; init.c and watch.c hold some
 *   unlock.c  the PIN, tried once
 *   plan.c    texts to PDUs and back: plan, assemble
 *   send.c    AT+CMGS; drain.c  the stores; receive.c  PDUs to up-calls
 *   watch.c   the network, the poll; unasked.c  what comes by itself
 *   acks.c    AT+CNMA, for what came routed
 *   errand.c  what else a modem does: ussd.c call.c phonebook.c balance.c
 *   at.c fields.c parse.c quirks.c errors.c words.c cusd.c card.c charset.c
 *   amount.c   pure helpers */
#ifndef MOONGATE_GSM_H
#define MOONGATE_GSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver.h"
#include "gsm/at.h"
#include "gsm/cnmi.h"
#include "gsm/errand.h"
#include "gsm/errors.h"
#include "gsm/parse.h"
#include "gsm/quirks.h"
#include "sms/pdu.h"

extern const struct driver gsm_driver;

/* The choices of the option `delivery`. */
enum { GSM_DELIVERY_AUTO, GSM_DELIVERY_STORE, GSM_DELIVERY_ROUTED };

enum gsm_state {
    GSM_CLOSED,
    GSM_SEEKING,      /* which port is it? */
    GSM_OPENING,      /* the port */
    GSM_PROBING,      /* is there a modem, and are we in step with it? */
    GSM_INITIALISING, /* runs the init script */
    GSM_UNLOCKING,    /* PIN */
    GSM_SEARCHING,    /* waits for the network */
    GSM_READY,        /* nothing in flight */
    GSM_POLLING,      /* runs the poll script */
    GSM_LISTING,      /* AT+CMGL of one memory after the other */
    GSM_DELETING,     /* AT+CMGD */
    GSM_ACKING,       /* AT+CNMA */
    GSM_PREPARING,    /* AT+CMGS is written, the prompt is awaited */
    GSM_SUBMITTED,    /* the PDU is written, its answer is awaited */
    GSM_ERRAND,       /* something beside texts: errand.h */
    GSM_STOPPING,
    GSM_STATES,
};

/* Why a slot of a store is remembered. */
enum slot_use {
    SLOT_FREE,
    SLOT_OFFERED, /* reported to the core, which has not acknowledged it */
    SLOT_DELETE,  /* to be deleted */
    SLOT_BAD,     /* cannot be decoded; looked at again after a set-up */
};

struct gsm_slot {
    enum slot_use use;
    enum gsm_memory memory; /* MEMORIES: it came by +CMT, it is in no store */
    int index;
    uint64_t token;
};

enum { GSM_SLOTS = 512, GSM_PDU_MAX = 256, GSM_INDEXES = 256 };

/* What comes next in a script. */
enum gsm_verdict {
    STEP_NEXT,
    STEP_AGAIN,  /* the same step after a pause */
    STEP_REPEAT, /* the same step at once */
    STEP_LEFT,   /* the step has changed the state itself */
};

/* A text that was refused with no sense, see send.c. */
struct gsm_senseless {
    uint64_t text; /* hashed; 0: none */
    unsigned times;
};

enum { GSM_SENSELESS = 8 };

struct gsm;

/* One command of a script. Either `text`, or `build` writes it to out (of
 * AT_COMMAND_MAX + 1) and returns false when the step is not needed now. */
struct gsm_step {
    const char *text;
    bool (*build)(struct gsm *g, char *out);
    const char *prefixes;
    enum at_shape shape;
    unsigned timeout_s; /* 0: 5 s */
    bool needed;        /* the modem is of no use when it refuses */
    /* Called with the final result; NULL: next. */
    enum gsm_verdict (*parse)(struct gsm *g, const struct at_event *event);
};

struct gsm_script {
    const struct gsm_step *steps;
    size_t n;
    void (*done)(struct gsm *g);
};

/* The refusal that came last, see trouble.c. */
struct gsm_trouble {
    struct at_final final;
    unsigned times;      /* in a row; 0: none so far */
    uint64_t numbers[8]; /* different recipients of these, hashed */
    unsigned n_numbers;
    int64_t at; /* wall clock, ms */
};

struct gsm {
    struct line *line;
    struct serial *serial;
    struct seek *seek;      /* while SEEKING */
    char port[128];         /* where it was found, or what was configured */
    struct timer *deadline; /* of the state, or of the command in flight */
    struct timer *poll;     /* repeats */
    struct timer *again;    /* drains once more soon after an arrival */
    struct timer *patience; /* with a ticket that cannot start */
    struct timer *aside;    /* of a command beside the one in flight */
    struct later *written;
    struct at at;
    enum gsm_state state;
    bool online; /* as we reported it */

    unsigned tries;          /* of the probe or of the step */
    unsigned restarts;       /* since the last answer to a poll */
    unsigned modem_failures; /* at sending, in a row */
    enum gsm_state hung_in;  /* where it was given up last */
    unsigned hung;           /* how often in a row */
    bool spoilt;             /* a result came, too garbled to be read */
    int64_t asked_at;        /* the command in flight, clock_mono_ms */
    int64_t slowest_ms;      /* answer to a command so far */
    unsigned strays;         /* results of commands that are not ours */
    bool booted;             /* to be set up again as soon as may be */
    bool pin_entered;        /* the modem took it, the SIM is not ready yet */

    const struct gsm_script *script;
    size_t step;
    bool asked_twice;  /* the step was refused once already */
    uint64_t suspects; /* init steps that were not answered once */
    uint64_t skip;     /* and those that the modem never answers */

    /* Who it is. */
    char maker[64], model[64], revision[64], imei[24], iccid[24], imsi[24];
    char operator_name[64], smsc[64];
    char sim[64]; /* as we reported it */
    const struct gsm_quirk *quirk;

    /* How it is set up. */
    struct cnmi_choices cnmi_choices;
    bool has_cnmi_choices;
    unsigned cnmi_candidate;
    struct cnmi cnmi; /* as the modem says it is */
    bool has_cnmi;
    bool cnmi_lost;  /* it says something else now */
    bool creg_plain; /* it refuses AT+CREG=2 */
    struct cpms_choices cpms;
    bool has_cpms;
    int memory; /* selected for reading, -1: unknown */
    bool cmms;  /* the link stays up between messages */
    int cfun;
    bool echoes;      /* although it was told not to */
    bool echoed_cmgs; /* it did so when a text was offered last */

    /* How it is. */
    int creg, cereg, act, dbm, used, total;
    unsigned polls;
    int64_t doubt_until; /* clock_mono_ms */
    int64_t lost_at;     /* clock_mono_ms when the network was lost, or 0 */
    int64_t polled_at;

    /* The ticket in hand. */
    uint64_t ticket;
    bool has_ticket, more;
    unsigned char pdu[GSM_PDU_MAX];
    size_t pdu_size;
    size_t written_size; /* characters of its hex, where that goes slowly */
    uint64_t recipient;  /* hashed */
    int64_t submitted_at;
    bool garbled;       /* a line that nobody knows came with the answer */
    bool has_reference; /* +CMGS came, its OK did not yet */
    int64_t sure_at;    /* when it was last seen to be in PDU mode */
    struct gsm_senseless senseless[GSM_SENSELESS];
    size_t last_senseless;
    struct gsm_trouble trouble;

    /* Routed delivery, see acks.c. */
    bool routed;    /* it is wanted, and from READY on, it is so */
    bool no_routed; /* it did not work */
    enum gsm_cnma cnma;
    unsigned acks, nacks; /* owed */
    bool acking_well;     /* the one under way is positive */
    int64_t routed_at;    /* the oldest that is not acknowledged, or 0 */
    unsigned missed;      /* times that the modem turned it off */

    /* The stores. */
    struct gsm_slot slots[GSM_SLOTS];
    uint64_t last_token;
    /* When +CMTI last named a slot, as a count; 0: it did not. */
    uint32_t announced[MEMORIES][GSM_INDEXES], last_announced;
    struct buf early; /* hex of what came unasked before we were online */
    bool want_drain, want_poll;
    bool arrived;    /* a drain was asked for by a URC */
    bool sent_last;  /* the last work was a send: others come first */
    int hint;        /* the memory that an arrival named, -1: look at all */
    int look;        /* the same, of the look that is under way */
    size_t list;     /* which memory is being listed */
    unsigned listed; /* lines of the answer that is coming */
    unsigned found;  /* new entries of this drain */
    bool unread;     /* some of it came garbled */
    unsigned unread_looks; /* in a row */
    uint64_t deleting;     /* token of the slot */

    struct gsm_errands errands;
};

/* gsm.c */
extern const struct serial_events gsm_serial_events; /* arg: struct gsm */

/* machine.c */

/* Enters a state of the table; asserts that it allows the move. */
void gsm_enter(struct gsm *g, enum gsm_state state);
const char *gsm_state_name(enum gsm_state state);

void gsm_on_deadline(void *arg);

/* Writes a command and sets the state's timer to its deadline, which grows
 * with a modem that is slow and with one that had to be set up again. */
void gsm_ask(struct gsm *g, const struct at_command *command,
             unsigned timeout_s);

/* READY: does the most urgent thing that is wanted. */
void gsm_next(struct gsm *g);

/* Gives up what is under way and sets the modem up again. */
void gsm_restart(struct gsm *g, const char *why);

/* Reports the line offline and ends. */
void gsm_fail(struct gsm *g, const struct err *err);
void gsm_failf(struct gsm *g, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void gsm_on_event(void *arg, const struct at_event *event);

/* script.c */
void gsm_run(struct gsm *g, const struct gsm_script *script);
void gsm_script_continue(struct gsm *g);
void gsm_script_done(struct gsm *g, const struct at_event *event);
void gsm_script_timeout(struct gsm *g);
void gsm_script_fed(struct gsm *g); /* something came meanwhile */

/* init.c: the init script */
void gsm_init_enter(struct gsm *g);
/* The memories to be listed, in order: the i-th, or -1. */
int gsm_memory_to_list(const struct gsm *g, size_t i);

/* acks.c */
/* Is routed delivery to be tried with this modem? */
bool gsm_routed_wanted(const struct gsm *g);
/* Something came routed that has to be acknowledged. */
void gsm_routed_came(struct gsm *g);
/* It is committed (or is none of ours), or cannot be taken. */
void gsm_acknowledge(struct gsm *g, bool good);
void gsm_ack_enter(struct gsm *g);
void gsm_ack_done(struct gsm *g, const struct at_event *event);
void gsm_aside_done(struct gsm *g, const struct at_event *event);
void gsm_on_aside_timer(void *arg);
/* Before the end: texts are to be stored while nobody acknowledges them. */
void gsm_goodbye(struct gsm *g);

/* trouble.c */
/* A text was refused. True: not for its own sake, but because this SIM may
 * send none; then the driver says so and ends. */
bool gsm_trouble_came(struct gsm *g, const struct at_final *final,
                      const struct err *err);
void gsm_trouble_over(struct gsm *g); /* a text was taken */
/* "CMS 38, 10 times in a row: ..."; "" when there was none lately. */
void gsm_trouble_text(const struct gsm *g, char *out, size_t size);

/* status.c */
void gsm_status(struct line *line, struct status *status);

/* unlock.c */
enum gsm_verdict gsm_unlock_on_cpin(struct gsm *g,
                                    const struct at_event *event);
void gsm_unlock_enter(struct gsm *g);
void gsm_unlock_done(struct gsm *g, const struct at_event *event);
void gsm_unlock_timeout(struct gsm *g);

/* watch.c */
/* Its settings may have changed, or may do so soon. */
void gsm_doubt(struct gsm *g);
void gsm_search_enter(struct gsm *g);
void gsm_poll_enter(struct gsm *g);
void gsm_on_poll_timer(void *arg);
void gsm_on_again_timer(void *arg);
bool gsm_registered(const struct gsm *g);
const char *gsm_network_text(const struct gsm *g);
const char *gsm_network_words(int creg, int cereg); /* <stat>, -1: unknown */
/* +CREG, +CEREG, answer or URC. */
void gsm_read_creg(struct gsm *g, const char *text, int *stat);

/* unasked.c */
void gsm_on_urc(struct gsm *g, const struct at_event *event);
void gsm_take_early(struct gsm *g);

/* send.c */
bool gsm_send(struct line *line, const struct submission *part, uint64_t ticket,
              struct err *err);
void gsm_send_enter(struct gsm *g);
void gsm_send_prompt(struct gsm *g);
void gsm_send_done(struct gsm *g, const struct at_event *event);
void gsm_send_timeout(struct gsm *g);
void gsm_submit_result(struct gsm *g, const struct at_event *event);
void gsm_submit_done(struct gsm *g, const struct at_event *event);
void gsm_submit_timeout(struct gsm *g);
void gsm_submit_fed(struct gsm *g); /* something came meanwhile */
void gsm_on_patience(void *arg);
void gsm_on_written(void *arg);
/* Ends the ticket, if there is one, because the modem or port is lost. */
void gsm_send_lost(struct gsm *g, const char *why);

/* plan.c */
bool gsm_plan(struct line *line, const struct outgoing *message,
              struct parts *parts, struct err *err);
bool gsm_assemble(struct line *line, const struct fragment *fragments, size_t n,
                  unsigned total, char **text, struct err *err);

/* drain.c */
/* Wants the stores looked through: all (-1), or the one that was named. */
void gsm_want_drain(struct gsm *g, int memory);
/* +CMTI named a slot; what it cannot mean is ignored. */
void gsm_note_arrival(struct gsm *g, enum gsm_memory memory, int index);
void gsm_list_enter(struct gsm *g);
void gsm_list_done(struct gsm *g, const struct at_event *event);
void gsm_list_fed(struct gsm *g); /* a long answer is on its way */
bool gsm_delete_wanted(const struct gsm *g);
void gsm_delete_enter(struct gsm *g);
void gsm_delete_done(struct gsm *g, const struct at_event *event);
void gsm_ack(struct line *line, uint64_t token, enum ack ack);
struct gsm_slot *gsm_slot_add(struct gsm *g, enum gsm_memory memory, int index);
void gsm_slots_forget(struct gsm *g); /* at a set-up */

/* receive.c: a PDU from a slot or, with memory MEMORIES, from +CMT/+CDS. */
void gsm_receive(struct gsm *g, struct gsm_slot *slot,
                 const unsigned char *bytes, size_t size);
/* What a long message of these parts shows: its joined `text` with a mark, or
 * words instead (words.h). */
void gsm_show_joined(const struct fragment *fragments, size_t n,
                     const char *text, struct buf *out);

#endif
