/* command_send.c - texts by command. */
#include <json-c/json.h>

#include "core/commands.h"
#include "core/core.h"
#include "core/front.h"

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
    call_print(call, "Accepted as %s.", id_text(id).text);
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
    };

    inbox_user_text(call_network(call), &text, on_sent, call);
}

static const struct field send_fields[] = {
    { .name = "to",
      .type = FIELD_ADDRESS,
      .label = "To which number",
      .required = true },
    { .name = "text",
      .type = FIELD_LINES,
      .label = "Which text",
      .required = true },
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
    { 0 },
};
