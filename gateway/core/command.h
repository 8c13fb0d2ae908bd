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

enum field_type {
    FIELD_TEXT,
    FIELD_LINES, /* text of several lines */
    FIELD_BOOL,
    FIELD_CHOICE, /* one of `choices`, separated by '|' */
    FIELD_JID,
    FIELD_ADDRESS, /* a foreign address, as people type it */
    FIELD_NUMBER,
    FIELD_SECRET,
};

/* A table of these ends with a row whose name is NULL. The last field of a
 * command takes the rest of a chat line. */
struct field {
    const char *name; /* "to": the var of a form, --to on the command line */
    enum field_type type;
    const char *label; /* what a form shows, no full stop */
    const char *choices, *fallback;
    bool required;
};

enum rank {
    RANK_ALLOWED, /* whoever the network allows */
    RANK_USER,    /* has an account on it */
    RANK_ADMIN,
};

struct command {
    const char *name;  /* "ussd": the word in a chat and the shell */
    const char *node;  /* XEP-0133's where it has one; NULL: name */
    const char *title; /* what a menu shows */
    const char *help;  /* one line, no full stop */
    enum rank rank;
    const struct field *fields; /* asked before it runs; NULL: none */
    void (*run)(struct call *call);
};

/* All commands in the order of the help, ended by a NULL. */
const struct command *const *commands_all(void);
const struct command *commands_find(const char *name); /* or a node */

/* --- for commands ----------------------------------------------------------
 */

struct core *call_core(const struct call *call);
struct network *call_network(const struct call *call);
/* Bare JID; NULL: an admin at the command line. */
const char *call_who(const struct call *call);
bool call_is_admin(const struct call *call);

/* What was given for a field, checked against its type; NULL: nothing. */
const char *call_value(const struct call *call, const char *name);
bool call_bool(const struct call *call, const char *name);

/* A place for the command's own notes, freed with the call. */
void call_keep(struct call *call, void *notes, void (*drop)(void *notes));
void *call_notes(const struct call *call);

/* A line of the answer, for people. */
void call_print(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A row of the answer, for --json and result tables: an object of short values
 * (borrowed). Doors without JSON show "key: value" lines. */
void call_row(struct call *call, struct json_object *row);

void call_done(struct call *call);
void call_failed(struct call *call, const struct err *err);
/* One more step: shows what was printed so far, asks for `fields` (static), and
 * then calls `next`. Cancelled or after the door's time-out `drop` is called
 * alone. */
void call_ask(struct call *call, const char *title, const struct field *fields,
              void (*next)(struct call *call));

/* --- for doors --------------------------------------------------------------
 */

struct door {
    void (*done)(void *arg, struct call *call, const struct err *err);
    void (*ask)(void *arg, struct call *call, const char *title,
                const struct field *fields);
};

/* A call that is not running yet. `who` NULL: the command line. */
struct call *call_new(struct core *core, struct network *network,
                      const char *who, const struct command *command,
                      const struct door *door, void *arg);
/* Checks and sets one value; ERR_BAD_INPUT-like errors name the field. */
bool call_set(struct call *call, const char *name, const char *value,
              struct err *err);
/* Begins, or goes on after an ask, when all required fields are there; else
 * false names what is missing. The rank is checked before. */
bool call_run(struct call *call, struct err *err);
void call_free(struct call *call); /* after done or ask; never within run */

const char *call_text(const struct call *call);         /* printed so far */
struct json_object *call_rows(const struct call *call); /* array, borrowed */

/* May `who` see it at all? For menus and help. */
bool command_is_for(const struct command *command,
                    const struct network *network, const char *who);

#endif
