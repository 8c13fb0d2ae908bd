/* command_account.c - a user's own account: made, set, removed. */
#include <stdlib.h>
#include <string.h>

#include "core/account.h"
#include "core/commands.h"
#include "core/front.h"

/* --- register and unregister ---------------------------------------------- */

static void on_registered(void *arg, bool made, const struct err *err)
{
    struct call *call = arg;

    call_print(call,
               made ? "You are registered." : "You are registered already.");
    call_ended(call, err);
}

static void run_register(struct call *call)
{
    struct network *network = call_network(call);
    struct err err;

    if (account_may_register(network, call_who(call), &err))
        account_register(network, call_who(call), NULL, on_registered, call);
    else
        call_failed(call, &err);
}

static const struct field confirm_fields[] = {
    { .name = "confirm",
      .type = FIELD_BOOL,
      .label = "Really unregister",
      .required = true },
    { 0 },
};

static void run_leave(struct call *call)
{
    if (!call_bool(call, "confirm")) {
        call_print(call, "Nothing has changed.");
        call_done(call);
        return;
    }
    call_print(call, "You are not registered any more.");
    account_leave(call_network(call), call_who(call), call_ended, call);
}

static void run_unregister(struct call *call)
{
    if (call_value(call, "confirm")) {
        run_leave(call);
        return;
    }
    call_print(call, "Texts of yours that have not gone out will fail.");
    call_ask(call, "Unregister", confirm_fields, run_leave);
}

/* --- settings ------------------------------------------------------------- */

static const struct field setting_fields[] = {
    { .name = "nick", .type = FIELD_TEXT, .label = "Your name", .named = true },
    { .name = "country",
      .type = FIELD_TEXT,
      .label = "Calling code of your country, such as 44",
      .named = true },
    { .name = "quiet",
      .type = FIELD_TEXT,
      .label = "Hours in which texts wait, such as 22:00-07:00",
      .named = true },
    { 0 },
};

/* "-" takes one away. */
static const char *new_value(const struct call *call, const struct field *field)
{
    const char *value = call_value(call, field->name);

    return value && strcmp(value, "-") == 0 ? "" : value;
}

static bool check_settings(const struct call *call, struct err *err)
{
    for (const struct field *f = setting_fields; f->name; f++) {
        const char *value = new_value(call, f);

        if (value && !account_setting_check(f->name, value, err))
            return false;
    }
    return true;
}

/* The settings with what was given. */
static char *changed(const struct call *call, const char *settings)
{
    char *text = account_settings_with(settings, "", NULL);

    for (const struct field *f = setting_fields; f->name; f++) {
        const char *value = new_value(call, f);
        char *old = text;

        if (!value)
            continue;
        text = account_settings_with(old, f->name, value);
        free(old);
    }
    return text;
}

static bool given(const struct call *call)
{
    for (const struct field *f = setting_fields; f->name; f++)
        if (call_value(call, f->name))
            return true;
    return false;
}

static void on_settings(void *arg, const struct account *account,
                        const struct err *err)
{
    struct call *call = arg;
    struct err none;
    char *settings;

    if (!account) {
        (void)err_set(&none, ERR_UNREGISTERED, "please register first");
        call_failed(call, err ? err : &none);
        return;
    }
    settings = changed(call, account->settings);
    call_print(call, "Kept.");
    account_put_settings(call_network(call), call_who(call), settings,
                         call_ended, call);
    free(settings);
}

static void run_set(struct call *call)
{
    struct err err;

    if (check_settings(call, &err))
        account_get(call_network(call), call_who(call), on_settings, call);
    else
        call_failed(call, &err);
}

static void on_shown(void *arg, const struct account *account,
                     const struct err *err)
{
    struct call *call = arg;

    if (err) {
        call_failed(call, err);
        return;
    }
    for (const struct field *f = setting_fields; account && f->name; f++) {
        char *value = account_setting(account->settings, f->name);

        if (value)
            call_offer(call, f, value);
        free(value);
    }
    call_print(call, "What is empty counts as the network has it; - empties.");
    call_ask(call, "Settings", setting_fields, run_set);
}

static void run_settings(struct call *call)
{
    if (given(call))
        run_set(call);
    else
        account_get(call_network(call), call_who(call), on_shown, call);
}

/* --- the table ------------------------------------------------------------ */

static const struct field leave_fields[] = {
    { .name = "confirm",
      .type = FIELD_BOOL,
      .label = "Really unregister",
      .named = true },
    { 0 },
};

const struct command account_commands[] = {
    { .name = "register",
      .title = "Register",
      .help = "make an account here for yourself",
      .personal = true,
      .run = run_register },
    { .name = "unregister",
      .title = "Unregister",
      .help = "remove your account; asks first",
      .personal = true,
      .asks = true,
      .fields = leave_fields,
      .run = run_unregister },
    { .name = "settings",
      .title = "My settings",
      .help = "your name, what numbers without a country mean, quiet hours",
      .rank = RANK_USER,
      .personal = true,
      .asks = true,
      .fields = setting_fields,
      .run = run_settings },
    { 0 },
};
