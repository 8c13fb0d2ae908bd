/* config_more.c - what stands in the file in words, and options that a setting
 * brings along. */
#include "toolkit/config_more.h"

#include <stdlib.h>

#include "toolkit/settings.h"

void config_found(const config_setting_t *setting, const struct option *option,
                  struct buf *out)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        buf_add_text(out, "a group { }");
        break;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        buf_add_text(out, "a number");
        if (option->type == OPT_TEXT && !(option->flags & OPT_SECRET))
            buf_addf(out, "; write \"%lld\"",
                     config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        buf_add_text(out, "a number with a point");
        break;
    case CONFIG_TYPE_STRING:
        buf_add_text(out, "text");
        if (option->type == OPT_LIST)
            buf_addf(out, "; write [ \"%.60s\" ]",
                     config_setting_get_string(setting));
        else
            buf_add_text(out, "; write it without quotes");
        break;
    case CONFIG_TYPE_BOOL:
        buf_add_text(out, "true or false");
        break;
    default:
        buf_add_text(out, "a list");
    }
}

static bool clashes(const struct settings *values, const struct option *table,
                    struct err *err)
{
    for (const struct option *o = table; o->key; o++) {
        if (settings_find(values, o->key)) {
            err_set(err, ERR_CONFIG,
                    "it declares %s, but that is an option of "
                    "every such line already",
                    o->key);
            return true;
        }
    }
    return false;
}

bool config_more(const struct config_section *section, const char *picked,
                 const config_setting_t *group, struct settings *values,
                 const config_setting_t **at, struct err *err)
{
    const char *key = section->more_key ? section->more_key(picked) : NULL;
    const char *value;
    struct option *table;

    *at = key ? config_setting_get_member(group, key) : NULL;
    value = *at ? config_setting_get_string(*at) : NULL;
    if (!value)
        return true; /* nothing to bring, or missing: told by others */
    table = section->more(picked, value, err);
    if (!table)
        return false;
    if (clashes(values, table, err)) {
        free(table);
        return false;
    }
    settings_extend(values, table);
    settings_own(values, table);
    return true;
}
