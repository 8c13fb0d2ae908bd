/* register.c - XEP-0077: a user makes, changes or removes his account, with a
 * data form or with the legacy fields.
 *
 * What is asked for is a table. The account is the bare JID of the sender. A
 * change sends everything anew (XEP-0100 4.2.1): what is left out of a form is
 * emptied; a client that knows no forms leaves alone what it cannot see. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/option.h"
#include "base/secret.h"
#include "core/account.h"
#include "xmpp/dispatch.h"
#include "xmpp/form.h"

enum { FIELDS = 2 };

/* Instead of what a line of one's own needs: there shall be none any more. */
static const char TAKE_BACK[] = "-";

struct register_field {
    const char *var, *label;
    bool legacy; /* an element of its own without a form, too */
};

/* An IQ that waits for the store; holds the stanza. */
struct asked {
    struct component *component;
    xmpp_stanza_t *stanza;
    char *account;
    char *values[FIELDS]; /* NULL: leave it as it is */
    char *own;            /* for a line of his own; NULL: as it is */
};

static const struct register_field fields[FIELDS] = {
    { "nick", "Your name", true },
    { "country", "Calling code of your country, e.g. 44", false },
};

/* --- answering ------------------------------------------------------------ */

static struct asked *asked_new(const struct request *request)
{
    struct asked *asked = xcalloc(1, sizeof(*asked));

    asked->component = request->component;
    asked->stanza = xmpp_stanza_clone(request->stanza);
    asked->account = xstrdup(request->account);
    return asked;
}

static void asked_free(struct asked *asked)
{
    for (size_t i = 0; i < FIELDS; i++)
        free(asked->values[i]);
    secret_free(asked->own);
    free(asked->account);
    (void)xmpp_stanza_release(asked->stanza);
    free(asked);
}

static void refuse(struct asked *asked, const struct refusal *refusal)
{
    xmpp_stanza_t *answer = stanza_answer(asked->stanza, NULL);

    stanza_refuse(answer, refusal);
    component_answer(asked->component, answer);
    asked_free(asked);
}

static void refuse_err(struct asked *asked, const struct err *err)
{
    struct refusal refusal = refusal_of(err);

    refuse(asked, &refusal);
}

static void refuse_kind(struct asked *asked, enum err_kind kind,
                        const char *text)
{
    struct err err;

    err_set(&err, kind, "%s", text);
    refuse_err(asked, &err);
}

/* Registration is off: as if the namespace were unknown. */
static void refuse_closed(struct asked *asked)
{
    const struct refusal refusal = {
        .condition = "service-unavailable",
        .type = "cancel",
        .text = "accounts are made by the administrator here",
    };

    refuse(asked, &refusal);
}

static void answer_done(struct asked *asked)
{
    component_answer(asked->component, stanza_answer(asked->stanza, "result"));
    asked_free(asked);
}

/* Common to all: false when the account, or none, is refused already. */
static bool account_is_fine(struct asked *asked, const struct account *account,
                            const struct err *err)
{
    struct network *network = asked->component->network;
    struct err why;

    if (err)
        refuse_err(asked, err);
    else if (account && account->disabled)
        refuse_kind(asked, ERR_FORBIDDEN, "this account is disabled");
    else if (!account && !account_registration_open(network))
        refuse_closed(asked);
    else if (!account && !account_may_register(network, asked->account, &why))
        refuse_err(asked, &why);
    else
        return true;
    return false;
}

/* --- get ------------------------------------------------------------------ */

static char *instructions(const struct component *component)
{
    bool phones = network_policy(component->network)->phone_addresses;
    bool own = account_own_option(component->network);

    return xasprintf("%s No password is needed: your XMPP address is your "
                     "account. Everything here may be left empty.%s",
                     phones ? "Register to send texts to phones and get texts "
                              "from them."
                            : "Register to use this gateway.",
                     own ? " What is secret is not shown again: empty leaves "
                           "it as it is, - takes it back."
                         : "");
}

static void add_form(xmpp_stanza_t *query, const char *text, char **values,
                     const struct option *own)
{
    xmpp_stanza_t *form = form_add(query, "form", NS_REGISTER);

    stanza_add(form, "title", NULL, "Your account on this gateway");
    stanza_add(form, "instructions", NULL, text);
    for (size_t i = 0; i < FIELDS; i++)
        form_value(
            form_field(form, fields[i].var, "text-single", fields[i].label),
            values[i]);
    if (own)
        (void)form_field(form, own->key, "text-private", own->help);
}

static void on_get(void *arg, const struct account *account,
                   const struct err *err)
{
    struct asked *asked = arg;
    xmpp_stanza_t *result, *query;
    char *text;

    if (!account_is_fine(asked, account, err))
        return;
    result = stanza_answer(asked->stanza, "result");
    query = stanza_add(result, "query", NS_REGISTER, NULL);
    if (account)
        stanza_add(query, "registered", NULL, NULL);
    text = instructions(asked->component);
    stanza_add(query, "instructions", NULL, text);
    for (size_t i = 0; i < FIELDS; i++) {
        asked->values[i] =
            account ? account_setting(account->settings, fields[i].var) : NULL;
        if (fields[i].legacy)
            stanza_add(query, fields[i].var, NULL, asked->values[i]);
    }
    add_form(query, text, asked->values,
             account_own_option(asked->component->network));
    free(text);
    component_answer(asked->component, result);
    asked_free(asked);
}

/* --- remove --------------------------------------------------------------- */

static void on_removed(void *arg, const struct err *err)
{
    struct asked *asked = arg;

    if (err)
        refuse_err(asked, err);
    else
        answer_done(asked);
}

/* Also for those who may not use the network any more. */
static void remove_account(struct request *request)
{
    xmpp_stanza_t *first = stanza_first(request->payload);

    if (stanza_after(first) || !stanza_is(first, "remove", NS_REGISTER)) {
        request_refuse_plain(request, "bad-request", "modify",
                             "<remove/> goes alone");
        return;
    }
    account_leave(request->component->network, request->account, on_removed,
                  asked_new(request));
}

/* --- set ------------------------------------------------------------------ */

static void on_registered(void *arg, bool made, const struct err *err)
{
    struct asked *asked = arg;
    const char *own = asked->own;

    (void)made;
    if (!err && own)
        account_put_own(asked->component->network, asked->account,
                        strcmp(own, TAKE_BACK) == 0 ? NULL : own, on_removed,
                        asked);
    else
        on_removed(asked, err);
}

static void on_set(void *arg, const struct account *account,
                   const struct err *err)
{
    struct asked *asked = arg;
    char *settings;

    if (!account_is_fine(asked, account, err))
        return;
    settings = xstrdup(account ? account->settings : "{}");
    for (size_t i = 0; i < FIELDS; i++) {
        char *with;

        if (!asked->values[i])
            continue;
        with = account_settings_with(settings, fields[i].var, asked->values[i]);
        free(settings);
        settings = with;
    }
    account_register(asked->component->network, asked->account, settings,
                     on_registered, asked);
    free(settings);
}

/* The value of a field in the request; NULL: not given, nor meant empty. */
static const char *given(struct request *request, xmpp_stanza_t *form,
                         const struct register_field *field)
{
    xmpp_stanza_t *element;
    const char *value;

    if (form) {
        value = form_get(form, field->var);
        return value ? value : "";
    }
    element = field->legacy
                  ? stanza_find(request->payload, field->var, NS_REGISTER)
                  : NULL;
    return element ? stanza_text(element) : NULL;
}

static void refuse_value(struct asked *asked, const char *wrong)
{
    const struct refusal refusal = { .condition = "not-acceptable",
                                     .type = "modify",
                                     .text = wrong };

    refuse(asked, &refusal);
}

/* Nobody sees what was given before: empty leaves it as it is. */
static bool read_own(struct request *request, xmpp_stanza_t *form,
                     struct asked *asked)
{
    struct network *network = request->component->network;
    const struct option *option = account_own_option(network);
    const char *value = form && option ? form_get(form, option->key) : NULL;
    struct err err;

    if (!value || !*value)
        return true;
    if (strcmp(value, TAKE_BACK) != 0 &&
        !account_own_check(network, request->account, value, &err)) {
        refuse_value(asked, err.text);
        return false;
    }
    asked->own = xstrdup(value);
    return true;
}

static bool read_values(struct request *request, xmpp_stanza_t *form,
                        struct asked *asked)
{
    for (size_t i = 0; i < FIELDS; i++) {
        const char *value = given(request, form, &fields[i]);
        struct err err;

        if (value && !account_setting_check(fields[i].var, value, &err)) {
            refuse_value(asked, err.text);
            return false;
        }
        asked->values[i] = xstrdup(value);
    }
    return read_own(request, form, asked);
}

/* A form that is not the one we gave. */
static bool is_foreign(xmpp_stanza_t *form)
{
    const char *type = form_get(form, "FORM_TYPE");

    return type && strcmp(type, NS_REGISTER) != 0;
}

static void set_account(struct request *request)
{
    xmpp_stanza_t *form = form_find(request->payload);
    const char *type = form ? xmpp_stanza_get_type(form) : NULL;
    struct asked *asked;

    if (type && strcmp(type, "cancel") == 0) {
        component_answer(request->component, request_result(request, NULL));
        return;
    }
    if (form && (!type || strcmp(type, "submit") != 0 || is_foreign(form))) {
        request_refuse_plain(request, "bad-request", "modify",
                             "that is not the form of this registration");
        return;
    }
    asked = asked_new(request);
    if (read_values(request, form, asked))
        account_get(request->component->network, request->account, on_set,
                    asked);
}

/* --- requests ------------------------------------------------------------- */

static bool may_ask(struct request *request)
{
    struct denial denial;

    if (request->contact[0]) {
        request_refuse_plain(request, "service-unavailable", "cancel", NULL);
        return false;
    }
    if (network_refuses(request->component->network, &denial.err)) {
        denial.refusal = refusal_of(&denial.err);
        request_refuse(request, &denial.refusal);
        return false;
    }
    return true;
}

void iq_register_get(struct request *request)
{
    struct denial denial;

    if (!may_ask(request))
        return;
    if (!request_allowed(request, &denial)) {
        request_refuse(request, &denial.refusal);
        return;
    }
    account_get(request->component->network, request->account, on_get,
                asked_new(request));
}

void iq_register_set(struct request *request)
{
    struct denial denial;

    if (!may_ask(request))
        return;
    if (stanza_find(request->payload, "remove", NS_REGISTER))
        remove_account(request);
    else if (request_allowed(request, &denial))
        set_account(request);
    else
        request_refuse(request, &denial.refusal);
}
