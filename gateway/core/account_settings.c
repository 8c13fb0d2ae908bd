/* account_settings.c - what users have set for themselves, as JSON text. Pure.
 */
#include "core/account.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/limit.h"
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

/* --- values --------------------------------------------------------------- */

enum { NICK_MAX = 100, COUNTRY_MAX = 3 };

static bool check_nick(const char *value, struct err *err)
{
    return strlen(value) <= NICK_MAX ||
           err_set(err, ERR_TOO_LONG, "the name is too long");
}

static bool check_country(const char *value, struct err *err)
{
    size_t n = strlen(value);
    return (n <= COUNTRY_MAX && strspn(value, "0123456789") == n &&
            value[0] != '0') ||
           err_set(err, ERR_UNSUPPORTED,
                   "the country is its calling code, 1 to 3 digits, such as "
                   "44");
}

static bool check_quiet(const char *value, struct err *err)
{
    struct quiet hours;
    return quiet_parse(value, &hours, err);
}

bool account_setting_check(const char *key, const char *value, struct err *err)
{
    static const struct {
        const char *key;
        bool (*check)(const char *value, struct err *err);
    } checks[] = {
        { "nick", check_nick },
        { "country", check_country },
        { "quiet", check_quiet },
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        if (strcmp(checks[i].key, key) == 0)
            return !*value || checks[i].check(value, err);
    return err_set(err, ERR_UNSUPPORTED, "there is no setting \"%s\"", key);
}
