/* command.h - what people may ask of the gateway. Each command is declared
 * once, in a table (core/commands.c names the tables); three doors run it:
 * ad-hoc commands (xmpp/adhoc.c), a chat with the gateway's own JID
 * (xmpp/prompt.c) and the command line (control/). Help and manual pages come
 * from the tables.
 *
 * A command never knows through which door it was called. It ends in exactly
 * one call_done, call_failed or call_ask, now or later, on the loop thread. */
#ifndef MOONGATE_CORE_COMMAND_H
#define MOONGATE_CORE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct call;
struct core;
struct json_object;
struct network;
struct number_plan;

enum field_type {
    FIELD_TEXT,
    FIELD_LINES, /* text of several lines */
    FIELD_BOOL,
    FIELD_CHOICE, /* one of `choices`, separated by '|' */
    FIELD_JID,
    FIELD_ADDRESS, /* a foreign address, as people type it */
    FIELD_NUMBER,  /* an integer, within `choices` "1..1000" if given */
    FIELD_SECRET,
};

/* A table of these ends with a row whose name is NULL. By position come, in
 * order, those that are not `named`; the last of them takes the rest of a chat
 * line. */
struct field {
    const char *name; /* "to": the var of a form, --to on the command line */
    enum field_type type;
    const char *label; /* what a form shows, and with "?" what a chat asks */
    const char *choices;
    const char *fallback; /* the value when nothing is given; NULL: none */
    bool required;
    bool named; /* never by position: name=value, --name value */
};

enum rank {
    RANK_ALLOWED, /* whoever the network allows */
    RANK_USER,    /* has an account on it */
    RANK_ADMIN,
};

struct command {
    const char *name;  /* "queue-hold": the word in a chat and the shell, where
                          "queue hold" does as well */
    const char *node;  /* XEP-0133's where it has one; NULL: name */
    const char *title; /* what a menu shows */
    const char *help;  /* one line, no full stop */
    enum rank rank;
    bool anywhere; /* needs no network: NULL is all of them */
    bool list;     /* answers with any number of rows, not one or none */
    bool personal; /* acts for somebody: the command line needs --as JID */
    bool asks;     /* runs at once, and asks for what it needs by itself */
    const struct field *fields; /* asked before it runs; NULL: none */
    void (*run)(struct call *call);
};

/* All commands in the order of the help, ended by a NULL. */
const struct command *const *commands_all(void);
const struct command *commands_find(const char *name); /* or a node */

/* --- for commands -------------------------------------------------------- */

struct core *call_core(const struct call *call);
/* NULL: all of them (commands that work `anywhere`, at the command line). */
struct network *call_network(const struct call *call);
/* Bare JID; NULL: an admin at the command line. */
const char *call_who(const struct call *call);
bool call_is_admin(const struct call *call);

/* What numbers without a country mean to who asks. */
const struct number_plan *call_plan(const struct call *call);

/* What was given for a field, checked against its type (a JID is bare, an
 * address canonical, a bool "1" or "0"), or its fallback; NULL: nothing. */
const char *call_value(const struct call *call, const char *name);
bool call_bool(const struct call *call, const char *name);
long long call_number(const struct call *call, const char *name); /* 0: none */

/* A place for the command's own notes, freed with the call. */
void call_keep(struct call *call, void *notes, void (*drop)(void *notes));
void *call_notes(const struct call *call);

/* A line of the answer, for people. */
void call_print(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of any length. */
void call_print_long(struct call *call, const char *text);
/* A row of the answer, for --json and result tables: an object of short values
 * (borrowed). People see rows only where nothing was printed. */
void call_row(struct call *call, struct json_object *row);

/* What a field of the call_ask that follows holds already. */
void call_offer(struct call *call, const struct field *field,
                const char *value);

/* How it ends: the last thing a command does with its call. */
void call_done(struct call *call);
void call_failed(struct call *call, const struct err *err);
/* One more step: shows what was printed so far, asks for `fields` (static; what
 * they held before is forgotten), and then calls `next`. When it is cancelled,
 * or after the door's time-out, nothing is called but the notes' `drop`. */
void call_ask(struct call *call, const char *title, const struct field *fields,
              void (*next)(struct call *call));

/* --- for doors ----------------------------------------------------------- */

/* Called once for each call_run that returned true, maybe before it returns
 * (then it touches the call no more); `err` NULL is success. */
struct door {
    void (*done)(void *arg, struct call *call, const struct err *err);
    void (*ask)(void *arg, struct call *call, const char *title,
                const struct field *fields);
};

/* ERR_CONFIG: `about` needs --network; names those that there are. */
bool command_which_network(const struct core *core, const char *about,
                           struct err *err);

/* A call that is not running yet. `who` NULL: the command line. The texts are
 * copied. */
struct call *call_new(struct core *core, struct network *network,
                      const char *who, const struct command *command,
                      const struct door *door, void *arg);
const struct command *call_command(const struct call *call);

/* The fields that are asked for now; never NULL, maybe an empty table. */
const struct field *call_fields(const struct call *call);
/* The first required one without a value; NULL: it can run. */
const struct field *call_missing(const struct call *call);

/* Checks and sets one value; ERR_BAD_INPUT-like errors name the field. An empty
 * value is none. */
bool call_set(struct call *call, const char *name, const char *value,
              struct err *err);
/* The same for words of a chat: by position or name=value, "several words" in
 * quotes; what belongs to no field is an error. */
bool call_set_words(struct call *call, const char *words, struct err *err);

/* Begins, or goes on after an ask, when all required fields are there; else
 * false: something is missing, or the rank forbids it. For RANK_USER the
 * account is looked for first (core/account.h, account_admit). */
bool call_run(struct call *call, struct err *err);

/* After done or ask, or before it ran. One that is running now is left alone:
 * it is freed when it ends, and its door hears no more of it. Never within
 * call_run. NULL is fine. */
void call_free(struct call *call);

const char *call_text(const struct call *call);         /* printed so far */
struct json_object *call_rows(const struct call *call); /* array, borrowed */

/* The answer for people: what was printed, else the rows, one a line, `max` at
 * most. The caller frees. */
char *call_words(const struct call *call, size_t max);

/* May `who` see it at all? For menus and help. */
bool command_is_for(const struct command *command,
                    const struct network *network, const char *who);

/* The command that the first word or two of `words` name; *rest: what comes
 * after them. NULL: none. */
const struct command *command_of_words(const char *words, const char **rest);

/* The name that is nearest to `word` of those that `who` may use; NULL: none
 * is near. */
const char *command_suggest(const char *word, const struct network *network,
                            const char *who);

/* "send TO TEXT [manner=...]" into `out`; `shell`: as the command line has it.
 */
void command_usage(const struct command *command, bool shell, char *out,
                   size_t size);

#endif
