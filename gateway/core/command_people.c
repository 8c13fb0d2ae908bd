/* command_people.c - who of a team answers whom. */
#include <json-c/json.h>

#include "base/clock.h"
#include "core/commands.h"
#include "core/network.h"
#include "core/people.h"

static void on_claimed(void *arg, const struct err *err)
{
    struct call *call = arg;
    struct network *network = call_network(call);
    const char *contact = call_value(call, "address");

    if (!err)
        call_print(call, "%s is yours until %s; your team has been told.",
                   contact, clock_words(claim_until(network, contact)).text);
    call_stored(call, err);
}

static void run_claim(struct call *call)
{
    struct network *network = call_network(call);
    long long hours = call_number(call, "hours");

    if (hours == 0)
        hours = settings_int(network->settings, "claim_hours");
    claim_take(network, call_who(call), call_value(call, "address"),
               (unsigned)hours, on_claimed, call);
}

static void on_released(void *arg, const struct err *err)
{
    struct call *call = arg;

    if (!err)
        call_print(call, "%s belongs to the whole team again.",
                   call_value(call, "address"));
    call_stored(call, err);
}

static void run_release(struct call *call)
{
    claim_release(call_network(call), call_who(call),
                  call_value(call, "address"), call_is_admin(call), on_released,
                  call);
}

static void on_claim(void *arg, const char *contact, const char *account,
                     int64_t until)
{
    struct call *call = arg;
    struct json_object *row;

    if (!call_is_admin(call) &&
        !people_team_line(call_network(call), call_who(call), contact, NULL))
        return;
    row = json_object_new_object();
    json_object_object_add(row, "address", json_object_new_string(contact));
    json_object_object_add(row, "account", json_object_new_string(account));
    json_object_object_add(row, "until",
                           json_object_new_string(clock_iso(until).text));
    call_row(call, row);
    json_object_put(row);
}

static void run_claims(struct call *call)
{
    claims_each(call_network(call), on_claim, call);
    if (json_object_array_length(call_rows(call)) == 0)
        call_print(call, "none");
    call_done(call);
}

/* --- the table ------------------------------------------------------------ */

static const struct field claim_fields[] = {
    ADDRESS_FIELD,
    { .name = "hours",
      .type = FIELD_NUMBER,
      .label = "For how many hours",
      .choices = "1..720",
      .named = true },
    { 0 },
};

static const struct field release_fields[] = { ADDRESS_FIELD, { 0 } };

const struct command people_commands[] = {
    { .name = "claim",
      .title = "Take a conversation",
      .help = "answer a number alone; the rest of your team sees no more",
      .rank = RANK_USER,
      .personal = true,
      .fields = claim_fields,
      .run = run_claim },
    { .name = "release",
      .title = "Give a conversation back",
      .help = "let your whole team see a claimed conversation again",
      .rank = RANK_USER,
      .personal = true,
      .fields = release_fields,
      .run = run_release },
    { .name = "claims",
      .title = "Who has which conversation",
      .help = "the conversations that one of your team has claimed",
      .rank = RANK_USER,
      .personal = true,
      .list = true,
      .run = run_claims },
    { 0 },
};
