/* command_users.c - who has an account: XEP-0133, as far as a gateway goes. */
#include <json-c/json.h>

#include "base/limit.h"
#include "core/account.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/front.h"
#include "store/store.h"

static void on_account(void *arg, const char *account, const struct err *err)
{
    struct call *call = arg;
    struct json_object *row;

    if (account) {
        row = json_object_new_object();
        json_object_object_add(row, "jid", json_object_new_string(account));
        call_row(call, row);
        json_object_put(row);
        return;
    }
    if (!err && json_object_array_length(call_rows(call)) == 0)
        call_print(call, "nobody yet");
    call_stored(call, err);
}

static void run_users(struct call *call)
{
    store_accounts(call_core(call)->store, network_name(call_network(call)),
                   on_account, call);
}

static void on_added(void *arg, bool made, const struct err *err)
{
    struct call *call = arg;

    call_print(call, "%s %s.", call_value(call, "accountjid"),
               made ? "has an account now" : "had an account already");
    call_ended(call, err);
}

static void run_add(struct call *call)
{
    account_register(call_network(call), call_value(call, "accountjid"), NULL,
                     on_added, call);
}

static void run_disable(struct call *call)
{
    call_print(call, "The account is disabled.");
    account_disable(call_network(call), call_value(call, "accountjid"), true,
                    call_ended, call);
}

static void run_enable(struct call *call)
{
    call_print(call, "The account works again.");
    account_disable(call_network(call), call_value(call, "accountjid"), false,
                    call_ended, call);
}

static void run_remove(struct call *call)
{
    call_print(call, "The account is removed.");
    account_remove(call_network(call), call_value(call, "accountjid"),
                   call_ended, call);
}

/* Limits instead of those of all accounts. */
static void run_limit(struct call *call)
{
    const char *limits = call_value(call, "limits");
    struct limits parsed;
    struct err err;

    if (limits && !limits_parse(limits, &parsed, &err)) {
        call_failed(call, &err);
        return;
    }
    call_print(call, limits ? "The account has limits of its own now."
                            : "The account has the limits of all.");
    account_limit(call_network(call), call_value(call, "accountjid"),
                  limits ? limits : "", call_ended, call);
}

static const struct field jid_fields[] = {
    { .name = "accountjid",
      .type = FIELD_JID,
      .label = "Whose account (JID)",
      .required = true },
    { 0 },
};

static const struct field limit_fields[] = {
    { .name = "accountjid",
      .type = FIELD_JID,
      .label = "Whose account (JID)",
      .required = true },
    { .name = "limits",
      .type = FIELD_TEXT,
      .label = "20 messages/day, ...; none: no limit; empty: as everybody" },
    { 0 },
};

#define ADMIN_NODE "http://jabber.org/protocol/admin#"

const struct command user_commands[] = {
    { .name = "users",
      .node = ADMIN_NODE "get-registered-users-list",
      .title = "Users",
      .help = "who has an account",
      .rank = RANK_ADMIN,
      .list = true,
      .run = run_users },
    { .name = "add-user",
      .node = ADMIN_NODE "add-user",
      .title = "Add a user",
      .help = "make an account for somebody",
      .rank = RANK_ADMIN,
      .fields = jid_fields,
      .run = run_add },
    { .name = "disable-user",
      .node = ADMIN_NODE "disable-user",
      .title = "Disable a user",
      .help = "let somebody send and receive nothing for a while",
      .rank = RANK_ADMIN,
      .fields = jid_fields,
      .run = run_disable },
    { .name = "enable-user",
      .node = ADMIN_NODE "reenable-user",
      .title = "Enable a user again",
      .help = "let a disabled or paused account work again",
      .rank = RANK_ADMIN,
      .fields = jid_fields,
      .run = run_enable },
    { .name = "limit-user",
      .title = "Limit a user",
      .help = "let somebody send more or less than the others",
      .rank = RANK_ADMIN,
      .fields = limit_fields,
      .run = run_limit },
    { .name = "remove-user",
      .node = ADMIN_NODE "delete-user",
      .title = "Remove a user",
      .help = "remove somebody's account; what has not gone out fails",
      .rank = RANK_ADMIN,
      .fields = jid_fields,
      .run = run_remove },
    { 0 },
};
