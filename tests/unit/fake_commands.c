/* fake_commands.c - see fake_commands.h. */
#include "fake_commands.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct fake_commands fake_commands;

static const struct field send_fields[] = {
    { .name = "to", .type = FIELD_ADDRESS, .label = "Who", .required = true },
    { .name = "manner", .type = FIELD_TEXT, .label = "How", .named = true },
    { .name = "text", .type = FIELD_LINES, .label = "Text", .required = true },
    { 0 },
};

static void run_send(struct call *call)
{
    call_print(call, "to %s", call_value(call, "to"));
    call_print(call, "text %s", call_value(call, "text"));
    fake_commands.inside = true;
    call_done(call);
    fake_commands.inside = false;
}

static const struct field reply_fields[] = {
    { .name = "reply", .type = FIELD_TEXT, .label = "Reply", .required = true },
    { 0 },
};

static void run_reply(struct call *call)
{
    if (strcmp(call_value(call, "reply"), "end") == 0) {
        call_done(call);
        return;
    }
    call_print(call, "you said %s", call_value(call, "reply"));
    call_ask(call, "Menu", reply_fields, run_reply);
}

void fake_drop(void *notes)
{
    fake_commands.dropped++;
    free(notes);
}

static void run_menu(struct call *call)
{
    call_keep(call, xstrdup("notes"), fake_drop);
    call_print(call, "1 balance");
    call_ask(call, "Menu", reply_fields, run_reply);
}

static void run_later(struct call *call)
{
    fake_commands.later = call;
}

static const struct field every_fields[] = {
    { .name = "line", .type = FIELD_TEXT, .label = "x" },
    { .name = "yes", .type = FIELD_BOOL, .label = "x", .fallback = "0" },
    { .name = "pick",
      .type = FIELD_CHOICE,
      .label = "x",
      .choices = "red|green" },
    { .name = "who", .type = FIELD_JID, .label = "x" },
    { .name = "n", .type = FIELD_NUMBER, .label = "x", .choices = "1..20" },
    { 0 },
};

static void run_nothing(struct call *call)
{
    call_done(call);
}

static void run_rows(struct call *call)
{
    struct json_object *row = json_tokener_parse(
        "{\"id\": \"ab\", \"held\": null, \"n\": 3, \"more\": [1]}");

    for (int i = 0; i < 3; i++)
        call_row(call, row);
    json_object_put(row);
    call_done(call);
}

static const struct field wish_fields[] = {
    { .name = "colour", .label = "Which colour", .named = true },
    { .name = "size", .label = "Which size", .named = true },
    { 0 },
};

static void run_wished(struct call *call)
{
    const char *colour = call_value(call, "colour");
    const char *size = call_value(call, "size");

    call_print(call, "%s %s", colour ? colour : "-", size ? size : "-");
    call_done(call);
}

/* Asks, with one value there already. */
static void run_wish(struct call *call)
{
    if (call_value(call, "colour")) {
        run_wished(call);
        return;
    }
    call_offer(call, &wish_fields[0], "red");
    call_ask(call, "Wish", wish_fields, run_wished);
}

#define COMMAND(called, fn) .name = called, .title = "t", .help = "h", .run = fn

static const struct command table[] = {
    { COMMAND("send", run_send), .fields = send_fields, .personal = true },
    { COMMAND("menu", run_menu) },
    { COMMAND("queue", run_rows) },
    { COMMAND("queue-hold", run_later), .rank = RANK_ADMIN, .anywhere = true },
    { COMMAND("every", run_nothing), .fields = every_fields },
    { COMMAND("wish", run_wish), .rank = RANK_USER, .asks = true,
      .fields = wish_fields },
};

const struct command *const *commands_all(void)
{
    static const struct command *const all[] = {
        &table[0], &table[1], &table[2], &table[3], &table[4], &table[5], NULL,
    };

    return all;
}
