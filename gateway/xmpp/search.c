/* search.c - see search.h. By name or number, with a data form or with the
 * legacy field <nick/>, which takes both. Nobody sees the contacts of others.
 */
#include "xmpp/search.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/contact.h"
#include "xmpp/form.h"

enum { FOUND_MAX = 100 };

static const char instructions[] =
    "Search your own contacts: a part of the name or of the number. Empty "
    "fields find all of them.";

/* A field of the form; `legacy` also an element of its own. */
struct search_field {
    const char *var, *type, *label;
    bool legacy;
};

/* FORM_TYPE jabber:iq:search registers none for numbers: XEP-0068 3.4 has
 * others begin with x-. */
static const struct search_field fields[] = {
    { "nick", "text-single", "Name", true },
    { "x-number", "text-single", "Number", false },
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

/* A search under way. */
struct search {
    struct component *component;
    xmpp_stanza_t *stanza;                /* the request */
    xmpp_stanza_t *result, *query, *form; /* form NULL: legacy */
};

/* --- asking -------------------------------------------------------------- */

/* Only the gateway itself is searched, by whom may use it. */
static bool may_search(struct request *request)
{
    struct denial denial;

    if (request->contact[0])
        request_refuse_plain(request, "service-unavailable", "cancel", NULL);
    else if (!request_allowed(request, &denial))
        request_refuse(request, &denial.refusal);
    else
        return true;
    return false;
}

void search_get(struct request *request)
{
    xmpp_stanza_t *result, *query, *form;

    if (!may_search(request))
        return;
    result = request_result(request, &query);
    stanza_add(query, "instructions", NULL, instructions);
    stanza_add(query, "nick", NULL, NULL);
    form = form_add(query, "form", NS_SEARCH);
    stanza_add(form, "title", NULL, "Your contacts");
    stanza_add(form, "instructions", NULL, instructions);
    for (size_t i = 0; i < FIELDS; i++)
        form_field(form, fields[i].var, fields[i].type, fields[i].label);
    component_answer(request->component, result);
}

/* --- answering ----------------------------------------------------------- */

static void add_columns(xmpp_stanza_t *form)
{
    xmpp_stanza_t *reported = stanza_add(form, "reported", NULL, NULL);

    form_field(reported, "jid", "jid-single", "JID");
    for (size_t i = 0; i < FIELDS; i++)
        form_field(reported, fields[i].var, "text-single", fields[i].label);
}

static void add_row(xmpp_stanza_t *form, const char *jid, const char *name,
                    const char *address)
{
    xmpp_stanza_t *item = stanza_add(form, "item", NULL, NULL);

    form_fact(item, "jid", jid);
    form_fact(item, "nick", name);
    form_fact(item, "x-number", address);
}

static void add_item(xmpp_stanza_t *query, const char *jid, const char *name)
{
    xmpp_stanza_t *item = stanza_add(query, "item", NULL, NULL);

    stanza_set(item, "jid", jid);
    stanza_add(item, "nick", NULL, name);
}

static void search_end(struct search *search, const struct err *err)
{
    xmpp_stanza_t *answer = search->result;

    if (err) {
        struct refusal refusal = refusal_of(err);

        (void)xmpp_stanza_release(answer);
        answer = stanza_answer(search->stanza, NULL);
        stanza_refuse(answer, &refusal);
    }
    component_answer(search->component, answer);
    (void)xmpp_stanza_release(search->stanza);
    free(search);
}

static void on_found(void *arg, const char *address, const char *name,
                     const struct err *err)
{
    struct search *search = arg;
    char jid[JID_BARE_SIZE];

    if (!address)
        search_end(search, err);
    else if (!component_jid(search->component, address, jid))
        return;
    else if (search->form)
        add_row(search->form, jid, name, address);
    else
        add_item(search->query, jid, name);
}

static struct search *search_new(struct request *request, bool form)
{
    struct search *search = xcalloc(1, sizeof(*search));

    search->component = request->component;
    search->stanza = xmpp_stanza_clone(request->stanza);
    search->result = request_result(request, &search->query);
    if (form) {
        search->form = form_add(search->query, "result", NS_SEARCH);
        add_columns(search->form);
    }
    return search;
}

static void find(struct request *request, bool form, const char *name,
                 const char *number)
{
    contact_search(request->component->network, request->account, name, number,
                   FOUND_MAX, on_found, search_new(request, form));
}

/* Is it rather a number than a name? */
static bool has_digits_only(const char *text)
{
    bool digits = false;

    for (; *text; text++) {
        digits |= isdigit((unsigned char)*text) != 0;
        if (isalpha((unsigned char)*text) || (unsigned char)*text >= 0x80)
            return false;
    }
    return digits;
}

static void find_legacy(struct request *request)
{
    xmpp_stanza_t *nick = stanza_find(request->payload, "nick", NS_SEARCH);
    const char *text = nick ? stanza_text(nick) : "";

    if (has_digits_only(text))
        find(request, false, NULL, text);
    else
        find(request, false, text, NULL);
}

void search_set(struct request *request)
{
    xmpp_stanza_t *form = form_find(request->payload);
    const char *type = form ? xmpp_stanza_get_type(form) : NULL;

    if (!may_search(request))
        return;
    if (!form)
        find_legacy(request);
    else if (!type || strcmp(type, "submit") != 0)
        request_refuse_plain(request, "bad-request", "modify",
                             "that is not the form of this search");
    else
        find(request, true, form_get(form, "nick"), form_get(form, "x-number"));
}
