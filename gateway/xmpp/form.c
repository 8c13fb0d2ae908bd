/* form.c - data forms. */
#include "xmpp/form.h"

#include <string.h>

xmpp_stanza_t *form_add(xmpp_stanza_t *parent, const char *type,
                        const char *form_type)
{
    xmpp_stanza_t *form = stanza_add(parent, "x", NS_DATA, NULL);

    stanza_set(form, "type", type);
    if (form_type)
        form_value(form_field(form, "FORM_TYPE", "hidden", NULL), form_type);
    return form;
}

xmpp_stanza_t *form_field(xmpp_stanza_t *form, const char *var,
                          const char *type, const char *label)
{
    xmpp_stanza_t *field = stanza_add(form, "field", NULL, NULL);

    stanza_set(field, "var", var);
    stanza_set(field, "type", type);
    stanza_set(field, "label", label);
    return field;
}

void form_value(xmpp_stanza_t *field, const char *value)
{
    if (value)
        stanza_add(field, "value", NULL, value);
}

void form_fact(xmpp_stanza_t *form, const char *var, const char *value)
{
    if (value)
        form_value(form_field(form, var, NULL, NULL), value);
}

xmpp_stanza_t *form_find(xmpp_stanza_t *parent)
{
    return stanza_find(parent, "x", NS_DATA);
}

xmpp_stanza_t *form_find_field(xmpp_stanza_t *form, const char *var)
{
    for (xmpp_stanza_t *field = stanza_first(form); field;
         field = stanza_after(field)) {
        const char *name = xmpp_stanza_get_attribute(field, "var");

        if (stanza_is(field, "field", NS_DATA) && name &&
            strcmp(name, var) == 0)
            return field;
    }
    return NULL;
}

const char *form_get(xmpp_stanza_t *form, const char *var)
{
    xmpp_stanza_t *field = form_find_field(form, var);
    xmpp_stanza_t *value = field ? stanza_find(field, "value", NS_DATA) : NULL;

    return value ? stanza_text(value) : field ? "" : NULL;
}
