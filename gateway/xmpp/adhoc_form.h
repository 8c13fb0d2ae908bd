/* adhoc_form.h - fields of commands as data forms, answers as notes, texts and
 * tables. */
#ifndef MOONGATE_XMPP_ADHOC_FORM_H
#define MOONGATE_XMPP_ADHOC_FORM_H

#include <stdbool.h>

#include "core/command.h"
#include "xmpp/form.h"

/* Appends the form that the call asks for, with what is there already. */
void adhoc_form_ask(xmpp_stanza_t *parent, const struct call *call,
                    const char *title);

/* Sets the values of a submitted form; fields that are not asked for are left
 * alone. False: err names the one that is wrong. */
bool adhoc_form_read(xmpp_stanza_t *form, struct call *call, struct err *err);

/* Appends what the call has answered. */
void adhoc_form_answer(xmpp_stanza_t *parent, const struct call *call);

/* Appends <note/>; `type`: "info", "warn" or "error". */
void adhoc_note(xmpp_stanza_t *parent, const char *type, const char *text);

#endif
