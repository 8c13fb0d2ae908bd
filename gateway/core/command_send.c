/* command_send.c - texts by command, and what they would cost. */
#include <json-c/json.h>
#include <stdio.h>

#include "base/mem.h"
#include "core/commands.h"
#include "core/front.h"
#include "core/parts.h"

enum { ADDRESS_MAX = 1024 };

static void on_sent(void *arg, const struct id *id, const struct err *err)
{
    struct call *call = arg;
    struct json_object *row;

    if (err) {
        call_failed(call, err);
        return;
    }
    row = json_object_new_object();
    json_object_object_add(row, "id", json_object_new_string(id_text(id).text));
    call_print(call, "Accepted as %s, for %s.", id_text(id).text,
               call_value(call, "to"));
    call_row(call, row);
    json_object_put(row);
    call_done(call);
}

static void run_send(struct call *call)
{
    struct user_text text = {
        .account = call_who(call),
        .from = call_who(call),
        .contact = call_value(call, "to"),
        .text = call_value(call, "text"),
        .manner = call_value(call, "manner"),
    };

    inbox_user_text(call_network(call), &text, on_sent, call);
}

/* --- parts ---------------------------------------------------------------- */

/* Somebody, where nobody is named. */
static void anybody(const struct network *network, char out[ADDRESS_MAX])
{
    const struct network_policy *policy = network_policy(network);

    if (policy->phone_addresses)
        snprintf(out, ADDRESS_MAX, "+%s1234567", policy->plan.country_code);
    else
        text_copy(out, ADDRESS_MAX, "anybody");
}

static void run_parts(struct call *call)
{
    const char *to = call_value(call, "to");
    struct json_object *row;
    char address[ADDRESS_MAX];
    struct cost cost;
    struct err err;

    anybody(call_network(call), address);
    if (!network_cost(call_network(call), to ? to : address,
                      call_value(call, "text"), &cost, &err)) {
        call_failed(call, &err);
        return;
    }
    call_print(call, "%u part%s%s%s", cost.parts, cost.parts == 1 ? "" : "s",
               cost.about[0] ? ": " : "", cost.about);
    if (cost.remark[0])
        call_print(call, "%s", cost.remark);
    row = json_object_new_object();
    json_object_object_add(row, "parts",
                           json_object_new_int64((int64_t)cost.parts));
    json_object_object_add(row, "about", json_object_new_string(cost.about));
    json_object_object_add(row, "remark", json_object_new_string(cost.remark));
    call_row(call, row);
    json_object_put(row);
    call_done(call);
}

/* --- the table ------------------------------------------------------------ */

static const struct field send_fields[] = {
    { .name = "to",
      .type = FIELD_ADDRESS,
      .label = "To which number",
      .required = true },
    { .name = "text",
      .type = FIELD_LINES,
      .label = "Which text",
      .required = true },
    { .name = "manner",
      .type = FIELD_TEXT,
      .label = "How, like flash or validity=60 (the driver's words)",
      .named = true },
    { 0 },
};

static const struct field parts_fields[] = {
    { .name = "text",
      .type = FIELD_LINES,
      .label = "Which text",
      .required = true },
    { .name = "to",
      .type = FIELD_ADDRESS,
      .label = "To which number, if that matters",
      .named = true },
    { 0 },
};

const struct command send_commands[] = {
    { .name = "send",
      .title = "Send a text",
      .help = "queue a text; prints its id",
      .rank = RANK_USER,
      .personal = true,
      .fields = send_fields,
      .run = run_send },
    { .name = "parts",
      .title = "What a text would cost",
      .help = "how many parts a text would be sent in, and why",
      .fields = parts_fields,
      .run = run_parts },
    { 0 },
};
