/* command_inside.h - what core/command*.c share; nobody else includes it. */
#ifndef MOONGATE_CORE_COMMAND_INSIDE_H
#define MOONGATE_CORE_COMMAND_INSIDE_H

#include "base/buf.h"
#include "base/number.h"
#include "core/command.h"

struct value {
    const struct field *field;
    char *text;   /* NULL: left empty */
    char *typed;  /* an address, until it is known whose country counts */
    bool offered; /* by the command itself; may be given anew */
};

enum call_state { CALL_FILLING, CALL_RUNNING, CALL_ENDED };

struct call {
    struct core *core;
    struct network *network;
    char *who;
    const struct command *command;
    const struct door *door; /* NULL: it is gone */
    void *arg;
    enum call_state state;
    bool inside;             /* within call_run */
    bool admitted;           /* has an account, if one is needed */
    struct number_plan plan; /* of who asks; of the network until admitted */
    struct value *values;
    size_t n_values;
    const char *title; /* of what is asked */
    const struct field *fields;
    void (*next)(struct call *call);
    struct buf text;
    struct json_object *rows;
    struct err err; /* how it ended */
    void *notes;
    void (*drop)(void *notes);
};

/* `value` (not empty) as its field wants it, in fresh memory; false: err names
 * the field and what was expected. */
bool field_check(const struct call *call, const struct field *field,
                 const char *value, char **text, struct err *err);

#endif
