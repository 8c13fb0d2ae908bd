/* command.c - the life of a call: filled with values, run, and ended, or asked
 * for more and run again. A command that ends while it is being run is told to
 * its door when it has returned, so that nothing is freed under it. */
#include "core/command_inside.h"

#include <assert.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/account.h"
#include "core/core.h"
#include "core/front.h"
#include "core/network.h"

enum { TEXT_MAX = 256 * 1024, LINE_MAX = 4096, ROWS_MAX = 10000 };

static const struct field no_fields[] = { { 0 } };

struct call *call_new(struct core *core, struct network *network,
                      const char *who, const struct command *command,
                      const struct door *door, void *arg)
{
    struct call *call = xcalloc(1, sizeof(*call));

    call->core = core;
    call->network = network;
    call->who = xstrdup(who);
    call->command = command;
    call->door = door;
    call->arg = arg;
    call->fields = command->fields ? command->fields : no_fields;
    call->next = command->run;
    if (network)
        call->plan = network_policy(network)->plan;
    call->rows = json_object_new_array();
    buf_init(&call->text, TEXT_MAX);
    return call;
}

static void value_clear(struct value *value)
{
    free(value->text);
    free(value->typed);
}

static void call_destroy(struct call *call)
{
    if (call->drop)
        call->drop(call->notes);
    for (size_t i = 0; i < call->n_values; i++)
        value_clear(&call->values[i]);
    free(call->values);
    json_object_put(call->rows);
    buf_free(&call->text);
    free(call->who);
    free(call);
}

void call_free(struct call *call)
{
    if (!call)
        return;
    assert(!call->inside);
    if (call->state == CALL_RUNNING)
        call->door = NULL;
    else
        call_destroy(call);
}

/* --- values --------------------------------------------------------------- */

static struct value *find_value(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->n_values; i++) {
        if (strcmp(call->values[i].field->name, name) == 0)
            return &call->values[i];
    }
    return NULL;
}

static struct value *put_value(struct call *call, const struct field *field,
                               char *text)
{
    struct value *value = find_value(call, field->name);

    if (!value) {
        call->values = xrealloc(call->values,
                                (call->n_values + 1) * sizeof(*call->values));
        value = &call->values[call->n_values++];
        *value = (struct value){ 0 };
    }
    value_clear(value);
    *value = (struct value){ .field = field, .text = text };
    return value;
}

static const struct field *find_field(const struct field *fields,
                                      const char *name)
{
    while (fields->name && strcmp(fields->name, name) != 0)
        fields++;
    return fields->name ? fields : NULL;
}

/* A number that is none here may be one in the country of who asks. */
static bool may_mean(const struct call *call, const struct field *field,
                     const char *value, char **text)
{
    const struct number_plan anywhere = { .country_code = "1",
                                          .trunk_prefix = "0",
                                          .international_prefix = "00" };
    char address[NUMBER_MAX];
    struct err err;

    if (field->type != FIELD_ADDRESS || !call->network || !call->who ||
        call->admitted || !network_policy(call->network)->phone_addresses ||
        !number_canonical(&anywhere, value, address, &err))
        return false;
    *text = xstrdup(value);
    return true;
}

bool call_set(struct call *call, const char *name, const char *value,
              struct err *err)
{
    const struct field *field = find_field(call->fields, name);
    struct value *given;
    char *text = NULL;

    assert(call->state == CALL_FILLING);
    if (!field)
        return err_set(err, ERR_UNSUPPORTED, "%s does not take \"%.50s\"",
                       call->command->name, name);
    if (*value && !field_check(call, field, value, &text, err) &&
        !may_mean(call, field, value, &text))
        return false;
    given = put_value(call, field, text);
    if (text && field->type == FIELD_ADDRESS && call->who && !call->admitted)
        given->typed = xstrdup(value);
    return true;
}

const char *call_value(const struct call *call, const char *name)
{
    const struct value *value = find_value(call, name);
    const struct field *field = call->command->fields;

    if (value)
        return value->text ? value->text : value->field->fallback;
    field = field ? find_field(field, name) : NULL;
    return field ? field->fallback : NULL;
}

bool call_bool(const struct call *call, const char *name)
{
    const char *value = call_value(call, name);

    return value && strcmp(value, "1") == 0;
}

long long call_number(const struct call *call, const char *name)
{
    const char *value = call_value(call, name);

    return value ? strtoll(value, NULL, 10) : 0;
}

const struct field *call_missing(const struct call *call)
{
    for (const struct field *field = call->fields; field->name; field++) {
        if (field->required && !call_value(call, field->name))
            return field;
    }
    return NULL;
}

bool command_which_network(const struct core *core, const char *about,
                           struct err *err)
{
    struct buf names;

    buf_init(&names, LINE_MAX);
    for (const struct network *n = core->networks; n; n = n->next)
        (void)buf_addf(&names, "%s%s", names.len ? ", " : "; there is ",
                       network_name(n));
    err_set(err, ERR_CONFIG, "%s: give --network N%s", about, buf_text(&names));
    buf_free(&names);
    return false;
}

/* --- running -------------------------------------------------------------- */

static bool check_rank(const struct call *call, struct err *err)
{
    const struct command *command = call->command;

    if (!call->network && (call->who || !command->anywhere))
        return command_which_network(call->core, command->name, err);
    if (!call->who && command->personal)
        return err_set(err, ERR_CONFIG, "%s: give --as JID: for whom?",
                       command->name);
    if (command_is_for(command, call->network, call->who))
        return true;
    return err_set(err, ERR_FORBIDDEN, "%.100s may not use %s%s", call->who,
                   command->rank == RANK_ADMIN ? command->name : "network ",
                   command->rank == RANK_ADMIN ? ""
                                               : network_name(call->network));
}

/* What the call has come to, told to its door. */
static void deliver(struct call *call)
{
    const struct door *door = call->door;

    if (!door)
        call_destroy(call);
    else if (call->state == CALL_FILLING)
        door->ask(call->arg, call, call->title, call->fields);
    else
        door->done(call->arg, call,
                   call->err.kind == ERR_NONE ? NULL : &call->err);
}

static void finish(struct call *call, enum call_state state)
{
    assert(call->state == CALL_RUNNING);
    call->state = state;
    if (!call->inside)
        deliver(call);
}

/* Reads the addresses again by the country that is known now. */
static bool read_again(struct call *call, struct err *err)
{
    for (size_t i = 0; i < call->n_values; i++) {
        struct value *value = &call->values[i];

        if (!value->typed)
            continue;
        free(value->text);
        value->text = NULL;
        if (!field_check(call, value->field, value->typed, &value->text, err))
            return false;
        free(value->typed);
        value->typed = NULL;
    }
    return true;
}

/* Not for somebody who has left meanwhile. */
static void on_admitted(void *arg, const struct account *account,
                        const struct err *err)
{
    struct call *call = arg;
    bool inside = call->inside;
    struct err why;

    call->admitted = true;
    if (account)
        call->plan = account_plan(call->network, account->settings);
    if (!err && !read_again(call, &why))
        err = &why;
    if (err || !call->door) {
        call->err = err ? *err : (struct err){ 0 };
        finish(call, CALL_ENDED);
        return;
    }
    call->inside = true;
    call->next(call);
    call->inside = inside;
    if (!inside && call->state != CALL_RUNNING)
        deliver(call);
}

static bool has_typed(const struct call *call)
{
    for (size_t i = 0; i < call->n_values; i++)
        if (call->values[i].typed)
            return true;
    return false;
}

bool call_run(struct call *call, struct err *err)
{
    const struct field *missing;

    assert(call->state == CALL_FILLING);
    if (!check_rank(call, err))
        return false;
    missing = call_missing(call);
    if (missing)
        return err_set(err, ERR_UNSUPPORTED, "%s needs %s", call->command->name,
                       missing->name);
    buf_reset(&call->text);
    call->text.over = false;
    json_object_put(call->rows);
    call->rows = json_object_new_array();
    for (size_t i = 0; i < call->n_values; i++)
        call->values[i].offered = false;
    call->state = CALL_RUNNING;
    call->inside = true;
    if (!call->who || call->admitted)
        call->next(call);
    else if (call->command->rank == RANK_USER)
        account_admit(call->network, call->who, on_admitted, call);
    else if (has_typed(call))
        account_get(call->network, call->who, on_admitted, call);
    else
        call->next(call);
    call->inside = false;
    if (call->state != CALL_RUNNING)
        deliver(call);
    return true;
}

void call_done(struct call *call)
{
    finish(call, CALL_ENDED);
}

void call_failed(struct call *call, const struct err *err)
{
    call->err = *err;
    finish(call, CALL_ENDED);
}

static void forget_values(struct call *call, const struct field *fields)
{
    for (; fields->name; fields++) {
        struct value *value = find_value(call, fields->name);

        if (!value || value->offered)
            continue;
        value_clear(value);
        *value = call->values[--call->n_values];
    }
}

void call_offer(struct call *call, const struct field *field, const char *value)
{
    put_value(call, field, xstrdup(value));
    find_value(call, field->name)->offered = true;
}

void call_ask(struct call *call, const char *title, const struct field *fields,
              void (*next)(struct call *call))
{
    forget_values(call, fields);
    call->title = title;
    call->fields = fields;
    call->next = next;
    finish(call, CALL_FILLING);
}

/* --- what it says --------------------------------------------------------- */

void call_print_long(struct call *call, const char *text)
{
    static const char cut[] = "\n... (there is more)";
    size_t room = TEXT_MAX - call->text.len, size = strlen(text);

    if (call->text.over || room < sizeof(cut))
        return;
    if (call->text.len > 0)
        buf_add_char(&call->text, '\n');
    if (buf_add(&call->text, text, size))
        return;
    size = room - sizeof(cut);
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    call->text.over = false;
    buf_add(&call->text, text, size);
    buf_add_text(&call->text, cut);
    call->text.over = true;
}

void call_print(struct call *call, const char *format, ...)
{
    char text[LINE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    call_print_long(call, text);
}

void call_row(struct call *call, struct json_object *row)
{
    if (json_object_array_length(call->rows) < ROWS_MAX)
        json_object_array_add(call->rows, json_object_get(row));
}

const char *call_text(const struct call *call)
{
    return buf_text(&call->text);
}

struct json_object *call_rows(const struct call *call)
{
    return call->rows;
}

/* --- what it knows -------------------------------------------------------- */

struct core *call_core(const struct call *call)
{
    return call->core;
}

struct network *call_network(const struct call *call)
{
    return call->network;
}

const struct number_plan *call_plan(const struct call *call)
{
    return &call->plan;
}

const char *call_who(const struct call *call)
{
    return call->who;
}

bool call_is_admin(const struct call *call)
{
    return !call->who || network_is_admin(call->network, call->who);
}

const struct command *call_command(const struct call *call)
{
    return call->command;
}

const struct field *call_fields(const struct call *call)
{
    return call->fields;
}

void call_keep(struct call *call, void *notes, void (*drop)(void *notes))
{
    if (call->drop)
        call->drop(call->notes);
    call->notes = notes;
    call->drop = drop;
}

void *call_notes(const struct call *call)
{
    return call->notes;
}

bool command_is_for(const struct command *command,
                    const struct network *network, const char *who)
{
    if (!who)
        return true;
    if (command->rank == RANK_ADMIN)
        return network_is_admin(network, who);
    return network_allows(network, who) || network_is_admin(network, who);
}

const struct command *commands_find(const char *name)
{
    for (const struct command *const *c = commands_all(); *c; c++) {
        if (strcmp((*c)->name, name) == 0 ||
            ((*c)->node && strcmp((*c)->node, name) == 0))
            return *c;
    }
    return NULL;
}
