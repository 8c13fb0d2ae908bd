/* read.c - see read.h. */
#include "http/read.h"

bool read_template(const struct tree *group, const char *key,
                   const char *const *names, bool required,
                   struct template **out, struct err *err)
{
    const char *text;
    struct err why;

    if (!tree_text(group, key, required, &text, err))
        return false;
    if (!text)
        return true;
    *out = template_parse(text, names, &why);
    return *out || tree_mistake(tree_get(group, key), err, "%s", why.text);
}

bool read_pick(const struct tree *group, const char *key, bool required,
               struct pick **out, struct err *err)
{
    const char *text;
    struct err why;

    if (!tree_text(group, key, required, &text, err))
        return false;
    if (!text)
        return true;
    *out = pick_parse(text, &why);
    return *out || tree_mistake(tree_get(group, key), err, "%s", why.text);
}
