/* command_contacts.c - a user's contacts with their names, and whom he does not
 * want to hear. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/commands.h"
#include "core/core.h"
#include "core/network.h"
#include "core/vcard_text.h"
#include "store/manage.h"

enum { IMPORT_MAX = 1000, EXPORT_MAX = 256 * 1024 };

static void set_roster(struct call *call, const char *contact, const char *name,
                       bool listed)
{
    struct network *network = call_network(call);

    network->front->roster(network->self, call_who(call), contact, name,
                           listed);
}

/* --- lists ---------------------------------------------------------------- */

static void on_contact(void *arg, struct json_object *object,
                       const struct err *err)
{
    struct call *call = arg;
    char jid[NETWORK_JID_SIZE];

    if (object) {
        network_contact_jid(call_network(call), row_text(object, "address"),
                            jid);
        json_object_object_add(object, "jid", json_object_new_string(jid));
        call_row(call, object);
        return;
    }
    if (!err && json_object_array_length(call_rows(call)) == 0)
        call_print(call, "none yet");
    call_stored(call, err);
}

static void run_contacts(struct call *call)
{
    store_contacts(call_core(call)->store, network_name(call_network(call)),
                   call_who(call), on_contact, call);
}

static void run_blocked(struct call *call)
{
    store_blocked(call_core(call)->store, network_name(call_network(call)),
                  call_who(call), on_contact, call);
}

/* --- one contact ---------------------------------------------------------- */

static void on_kept(void *arg, const struct err *err)
{
    struct call *call = arg;

    if (!err)
        set_roster(call, call_value(call, "address"), call_value(call, "name"),
                   true);
    call_stored(call, err);
}

static void run_keep(struct call *call)
{
    const char *address = call_value(call, "address");
    const char *name = call_value(call, "name");
    char jid[NETWORK_JID_SIZE];

    network_contact_jid(call_network(call), address, jid);
    call_print(call, "%s is %s.", name ? name : address, jid);
    store_contact(call_core(call)->store, network_name(call_network(call)),
                  call_who(call), address, name ? name : "", on_kept, call);
}

static void on_removed(void *arg, const struct err *err)
{
    struct call *call = arg;
    const char *address = call_value(call, "address");

    if (!err) {
        set_roster(call, address, NULL, false);
        network_subscribe(call_network(call), call_who(call), address, false);
    }
    call_stored(call, err);
}

static void run_remove(struct call *call)
{
    const char *address = call_value(call, "address");

    call_print(call, "%s is forgotten.", address);
    store_contact(call_core(call)->store, network_name(call_network(call)),
                  call_who(call), address, NULL, on_removed, call);
}

static void set_block(struct call *call, bool on)
{
    const char *address = call_value(call, "address");

    call_print(call,
               on ? "Nothing goes between you and %s any more."
                  : "%s may write to you again.",
               address);
    store_block(call_core(call)->store, network_name(call_network(call)),
                call_who(call), address, on, call_stored, call);
}

static void run_block(struct call *call)
{
    set_block(call, true);
}

static void run_unblock(struct call *call)
{
    set_block(call, false);
}

/* --- vCards --------------------------------------------------------------- */

struct person {
    char *name, *address;
};

struct import {
    struct network *network;
    const struct number_plan *plan;
    struct person people[IMPORT_MAX];
    size_t n, at, skipped;
};

static void drop_import(void *notes)
{
    struct import *import = notes;

    for (size_t i = 0; i < import->n; i++) {
        free(import->people[i].name);
        free(import->people[i].address);
    }
    free(import);
}

static void on_number(void *arg, const char *name, const char *number)
{
    struct import *import = arg;
    char address[1024];
    struct err err;

    if (import->n == IMPORT_MAX ||
        !network_typed_address(import->network, import->plan, number, address,
                               &err)) {
        import->skipped++;
        return;
    }
    import->people[import->n++] =
        (struct person){ xstrdup(name), xstrdup(address) };
}

static void import_next(struct call *call);

static void on_imported(void *arg, const struct err *err)
{
    struct call *call = arg;
    struct import *import = call_notes(call);
    const struct person *person = &import->people[import->at];

    if (core_failed(call_core(call), err)) {
        call_failed(call, err);
        return;
    }
    set_roster(call, person->address, person->name, true);
    import->at++;
    import_next(call);
}

static void import_next(struct call *call)
{
    const struct import *import = call_notes(call);
    const struct person *person = &import->people[import->at];

    if (import->at < import->n) {
        store_contact(call_core(call)->store, network_name(import->network),
                      call_who(call), person->address, person->name,
                      on_imported, call);
        return;
    }
    call_print(call, "%zu numbers taken, %zu skipped.", import->n,
               import->skipped);
    call_done(call);
}

static void run_import(struct call *call)
{
    struct import *import = xcalloc(1, sizeof(*import));
    struct err err;

    import->network = call_network(call);
    import->plan = call_plan(call);
    call_keep(call, import, drop_import);
    if (vcard_text_read(call_value(call, "vcards"), 2 * IMPORT_MAX, on_number,
                        import) > 0) {
        import_next(call);
        return;
    }
    (void)err_set(&err, ERR_UNSUPPORTED,
                  "there is no vCard with a name and a number in it");
    call_failed(call, &err);
}

static void on_vcard(void *arg, struct json_object *object,
                     const struct err *err)
{
    struct call *call = arg;
    struct buf *out = call_notes(call);
    const char *name = row_text(object, "name");
    const char *address = row_text(object, "address");

    if (object) {
        vcard_text_write(out, *name ? name : address, address,
                         network_policy(call_network(call))->phone_addresses);
        return;
    }
    call_print_long(call, out->len > 0 ? buf_text(out) : "none yet");
    call_stored(call, err);
}

static void drop_buf(void *notes)
{
    buf_free(notes);
    free(notes);
}

static void run_export(struct call *call)
{
    struct buf *out = xcalloc(1, sizeof(*out));

    buf_init(out, EXPORT_MAX);
    call_keep(call, out, drop_buf);
    store_contacts(call_core(call)->store, network_name(call_network(call)),
                   call_who(call), on_vcard, call);
}

/* --- the table ------------------------------------------------------------ */

static const struct field address_fields[] = { ADDRESS_FIELD, { 0 } };

static const struct field add_fields[] = {
    ADDRESS_FIELD,
    { .name = "name", .type = FIELD_TEXT, .label = "What name" },
    { 0 },
};

static const struct field rename_fields[] = {
    ADDRESS_FIELD,
    { .name = "name",
      .type = FIELD_TEXT,
      .label = "What new name",
      .required = true },
    { 0 },
};

static const struct field import_fields[] = {
    { .name = "vcards",
      .type = FIELD_LINES,
      .label = "Which vCards (their text)",
      .required = true },
    { 0 },
};

#define MINE .rank = RANK_USER, .personal = true

const struct command contact_commands[] = {
    { .name = "contacts",
      .title = "My contacts",
      .help = "your contacts with their names and JIDs",
      MINE,
      .list = true,
      .run = run_contacts },
    { .name = "contacts-add",
      .title = "Add a contact",
      .help = "keep a number with a name, and put it on your roster",
      MINE,
      .fields = add_fields,
      .run = run_keep },
    { .name = "contacts-rename",
      .title = "Rename a contact",
      .help = "give a contact another name",
      MINE,
      .fields = rename_fields,
      .run = run_keep },
    { .name = "contacts-remove",
      .title = "Remove a contact",
      .help = "forget a contact, and take it off your roster",
      MINE,
      .fields = address_fields,
      .run = run_remove },
    { .name = "contacts-import",
      .title = "Import contacts",
      .help = "take names and numbers from the text of vCards",
      MINE,
      .fields = import_fields,
      .run = run_import },
    { .name = "contacts-export",
      .title = "Export contacts",
      .help = "your contacts as vCards (RFC 6350)",
      MINE,
      .run = run_export },
    { .name = "block",
      .title = "Block a contact",
      .help = "let nothing pass between you and a number",
      MINE,
      .fields = address_fields,
      .run = run_block },
    { .name = "unblock",
      .title = "Unblock a contact",
      .help = "hear from a blocked number again",
      MINE,
      .fields = address_fields,
      .run = run_unblock },
    { .name = "blocked",
      .title = "Whom I have blocked",
      .help = "the numbers you have blocked",
      MINE,
      .list = true,
      .run = run_blocked },
    { 0 },
};
