/* adhoc_form.c - a form for each command, made from its fields. */
#include "xmpp/adhoc_form.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "xmpp/adhoc.h"

enum {
    ROWS_MAX = 50,
    COLUMNS_MAX = 20,
    CELL_MAX = 512,
    ANSWER_MAX = 32 * 1024,
    VALUE_MAX = 64 * 1024,
};

static const char *const types[] = {
    [FIELD_TEXT] = "text-single",   [FIELD_LINES] = "text-multi",
    [FIELD_BOOL] = "boolean",       [FIELD_CHOICE] = "list-single",
    [FIELD_JID] = "jid-single",     [FIELD_ADDRESS] = "text-single",
    [FIELD_NUMBER] = "text-single", [FIELD_SECRET] = "text-private",
};

/* A value for each line of the text, up to `max` bytes. */
static void add_lines(xmpp_stanza_t *field, const char *element,
                      const char *text, size_t max)
{
    const char *end = text + max;

    while (*text && text < end) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);

        stanza_add(field, element, NULL, line);
        free(line);
        text += n + (text[n] == '\n');
    }
    if (*text)
        stanza_add(field, element, NULL,
                   "... (there is more: asked in a chat, this gateway sends "
                   "all of it)");
}

/* --- asking --------------------------------------------------------------- */

static void add_options(xmpp_stanza_t *form_field, const char *choices)
{
    while (*choices) {
        size_t n = strcspn(choices, "|");
        char *choice = xstrndup(choices, n);
        xmpp_stanza_t *option = stanza_add(form_field, "option", NULL, NULL);

        stanza_set(option, "label", choice);
        stanza_add(option, "value", NULL, choice);
        free(choice);
        choices += n + (choices[n] == '|');
    }
}

static void add_field(xmpp_stanza_t *form, const struct call *call,
                      const struct field *field)
{
    const char *value = call_value(call, field->name);
    xmpp_stanza_t *added =
        form_field(form, field->name, types[field->type], field->label);

    if (field->required)
        stanza_add(added, "required", NULL, NULL);
    if (value && field->type == FIELD_LINES)
        add_lines(added, "value", value, VALUE_MAX);
    else if (field->type != FIELD_SECRET)
        form_value(added, value);
    if (field->type == FIELD_CHOICE)
        add_options(added, field->choices);
}

void adhoc_form_ask(xmpp_stanza_t *parent, const struct call *call,
                    const char *title)
{
    bool admin = call_command(call)->node != NULL; /* XEP-0133 */
    xmpp_stanza_t *form = form_add(
        parent, "form", admin ? "http://jabber.org/protocol/admin" : NULL);

    stanza_add(form, "title", NULL, title);
    add_lines(form, "instructions", call_text(call), ANSWER_MAX);
    for (const struct field *f = call_fields(call); f->name; f++)
        add_field(form, call, f);
}

/* --- reading -------------------------------------------------------------- */

/* All values of a field, a line each. */
static char *read_value(xmpp_stanza_t *field)
{
    struct buf text;

    buf_init(&text, VALUE_MAX);
    for (xmpp_stanza_t *value = stanza_first(field); value;
         value = stanza_after(value)) {
        if (stanza_is(value, "value", NS_DATA))
            buf_addf(&text, "%s%s", text.len ? "\n" : "", stanza_text(value));
    }
    return buf_take(&text);
}

bool adhoc_form_read(xmpp_stanza_t *form, struct call *call, struct err *err)
{
    for (const struct field *f = call_fields(call); f->name; f++) {
        xmpp_stanza_t *field = form_find_field(form, f->name);
        char *text = field ? read_value(field) : NULL;
        bool good = !text || call_set(call, f->name, text, err);

        free(text);
        if (!good)
            return false;
    }
    return true;
}

/* --- answering ------------------------------------------------------------ */

void adhoc_note(xmpp_stanza_t *parent, const char *type, const char *text)
{
    stanza_set(stanza_add(parent, "note", NS_COMMANDS, text), "type", type);
}

static bool is_cell(struct json_object *value)
{
    return !json_object_is_type(value, json_type_array) &&
           !json_object_is_type(value, json_type_object);
}

static void add_item(xmpp_stanza_t *form, struct json_object *row)
{
    xmpp_stanza_t *item = stanza_add(form, "item", NULL, NULL);
    size_t n = 0;

    json_object_object_foreach(row, key, value)
    {
        char text[CELL_MAX];

        if (!is_cell(value) || n++ == COLUMNS_MAX)
            continue;
        text_copy(text, sizeof(text),
                  value ? json_object_get_string(value) : "");
        form_value(form_field(item, key, NULL, NULL), text);
    }
}

/* The rows of one command have the same members: the first names them. */
static void add_table(xmpp_stanza_t *parent, const struct call *call)
{
    struct json_object *rows = call_rows(call);
    size_t n = json_object_array_length(rows), columns = 0;
    xmpp_stanza_t *form = form_add(parent, "result", NULL), *reported;

    stanza_add(form, "title", NULL, call_command(call)->title);
    reported = stanza_add(form, "reported", NULL, NULL);
    json_object_object_foreach(json_object_array_get_idx(rows, 0), key, first)
    {
        if (is_cell(first) && columns++ < COLUMNS_MAX)
            form_field(reported, key, "text-single", key);
    }
    for (size_t i = 0; i < n && i < ROWS_MAX; i++)
        add_item(form, json_object_array_get_idx(rows, i));
    if (n > ROWS_MAX) {
        char *more = xasprintf("The first %d of %zu.", (int)ROWS_MAX, n);

        adhoc_note(parent, "info", more);
        free(more);
    }
}

static void add_text(xmpp_stanza_t *parent, const struct call *call)
{
    xmpp_stanza_t *form = form_add(parent, "result", NULL);

    stanza_add(form, "title", NULL, call_command(call)->title);
    add_lines(
        form_field(form, "answer", "text-multi", call_command(call)->title),
        "value", call_text(call), ANSWER_MAX);
}

/* Clients show a note in one line. */
void adhoc_form_answer(xmpp_stanza_t *parent, const struct call *call)
{
    const char *text = call_text(call);

    if (strchr(text, '\n'))
        add_text(parent, call);
    else if (*text)
        adhoc_note(parent, "info", text);
    else if (json_object_array_length(call_rows(call)) > 0)
        add_table(parent, call);
    else
        adhoc_note(parent, "info", "Done.");
}
