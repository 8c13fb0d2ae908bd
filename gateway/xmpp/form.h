/* form.h - data forms (XEP-0004), written and read. */
#ifndef MOONGATE_XMPP_FORM_H
#define MOONGATE_XMPP_FORM_H

#include <stdbool.h>

#include "xmpp/stanza.h"

#define NS_DATA "jabber:x:data"

/* Appends a form; `type`: "form", "result", "submit" or "cancel". `form_type`
 * NULL: no hidden FORM_TYPE (XEP-0068). Borrowed from its parent. */
xmpp_stanza_t *form_add(xmpp_stanza_t *parent, const char *type,
                        const char *form_type);

/* Appends a field; `type` and `label` may be NULL. */
xmpp_stanza_t *form_field(xmpp_stanza_t *form, const char *var,
                          const char *type, const char *label);
void form_value(xmpp_stanza_t *field, const char *value); /* NULL: nothing */

/* Appends a field with one value; NULL: no field. */
void form_fact(xmpp_stanza_t *form, const char *var, const char *value);

/* The form in `parent`, NULL when there is none. */
xmpp_stanza_t *form_find(xmpp_stanza_t *parent);

/* The field of that name, its first value ("" for an empty one); NULL: it is
 * not in the form. Borrowed. */
xmpp_stanza_t *form_find_field(xmpp_stanza_t *form, const char *var);
const char *form_get(xmpp_stanza_t *form, const char *var);

#endif
