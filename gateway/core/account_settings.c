/* account_settings.c - what users have set for themselves, as JSON text. Pure.
 */
#include "core/account.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "base/mem.h"
#include "core/front.h"

static struct json_object *settings_parse(const char *settings)
{
    struct json_object *object = settings ? json_tokener_parse(settings) : NULL;
    if (json_object_is_type(object, json_type_object))
        return object;
    json_object_put(object);
    return json_object_new_object();
}

char *account_setting(const char *settings, const char *key)
{
    struct json_object *object = settings_parse(settings), *value;
    char *text = NULL;
    if (json_object_object_get_ex(object, key, &value) && value)
        text = xstrdup(json_object_get_string(value));
    json_object_put(object);
    return text;
}

char *account_settings_with(const char *settings, const char *key,
                            const char *value)
{
    struct json_object *object = settings_parse(settings);
    char *text;
    json_object_object_del(object, key);
    if (value && value[0])
        json_object_object_add(object, key, json_object_new_string(value));
    text =
        xstrdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
    json_object_put(object);
    return text;
}

struct number_plan account_plan(const struct network *network,
                                const char *settings)
{
    struct number_plan plan = network_policy(network)->plan;
    char *country = account_setting(settings, "country");
    if (country)
        text_copy(plan.country_code, sizeof(plan.country_code), country);
    free(country);
    return plan;
}
