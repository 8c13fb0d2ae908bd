/* command_data.c - what is known of a user, given to him and forgotten. */
#include <json-c/json.h>
#include <strings.h>

#include "core/account.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/network.h"
#include "core/people.h"
#include "store/manage.h"

/* What he has claimed of his team's conversations. */
struct mine {
    const char *who;
    struct json_object *contacts;
};

static void on_claim(void *arg, const char *contact, const char *account,
                     int64_t until)
{
    const struct mine *mine = arg;

    (void)until;
    if (strcasecmp(account, mine->who) == 0)
        json_object_array_add(mine->contacts, json_object_new_string(contact));
}

static void on_exported(void *arg, struct json_object *object,
                        const struct err *err)
{
    struct call *call = arg;
    struct mine mine = { .who = call_who(call) };

    if (!object) {
        call_stored(call, err);
        return;
    }
    mine.contacts = json_object_new_array();
    claims_each(call_network(call), on_claim, &mine);
    json_object_object_add(object, "claims", mine.contacts);
    call_print_long(call, json_object_to_json_string_ext(
                              object, JSON_C_TO_STRING_PRETTY |
                                          JSON_C_TO_STRING_NOSLASHESCAPE));
    call_row(call, object);
}

static void run_export(struct call *call)
{
    store_export(call_core(call)->store, network_name(call_network(call)),
                 call_who(call), on_exported, call);
}

/* Not to have an account is no reason to keep the rest. */
static void on_removed(void *arg, const struct err *err)
{
    struct call *call = arg;

    if (err && err->kind != ERR_UNREGISTERED) {
        call_failed(call, err);
        return;
    }
    call_print(call, "All that was known of you here is forgotten.");
    store_erase(call_core(call)->store, network_name(call_network(call)),
                call_who(call), call_stored, call);
}

static void erase(struct call *call)
{
    account_leave(call_network(call), call_who(call), on_removed, call);
}

static void run_confirmed(struct call *call)
{
    if (call_bool(call, "confirm")) {
        erase(call);
        return;
    }
    call_print(call, "Nothing was erased.");
    call_done(call);
}

static const struct field confirm_fields[] = {
    { .name = "confirm",
      .type = FIELD_BOOL,
      .label = "Really erase it",
      .required = true },
    { 0 },
};

static void run_erase(struct call *call)
{
    if (call_value(call, "confirm")) {
        run_confirmed(call);
        return;
    }
    call_print(call, "This removes your account, contacts, block list and "
                     "messages here for good.");
    call_ask(call, "Erase my data", confirm_fields, run_confirmed);
}

static const struct field erase_fields[] = {
    { .name = "confirm",
      .type = FIELD_BOOL,
      .label = "Really erase it",
      .named = true },
    { 0 },
};

const struct command data_commands[] = {
    { .name = "export",
      .title = "Export my data",
      .help = "everything that is kept of you here, as JSON",
      .personal = true,
      .run = run_export },
    { .name = "erase",
      .title = "Erase my data",
      .help = "forget everything that is kept of you here; asks first",
      .personal = true,
      .asks = true,
      .fields = erase_fields,
      .run = run_erase },
    { 0 },
};
