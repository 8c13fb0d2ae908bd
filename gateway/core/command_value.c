/* command_value.c - is this a value for that field? One row a type. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "core/command_inside.h"
#include "core/core.h"
#include "core/front.h"
#include "toolkit/suggest.h"

enum { VALUE_MAX = 1024, VALUE_LINES_MAX = 32 * 1024 };

static bool bad(const struct field *field, struct err *err, const char *why)
{
    return err_set(err, ERR_UNSUPPORTED, "%s: %s", field->name, why);
}

static const struct network *any_network(const struct call *call)
{
    return call->network ? call->network : call->core->networks;
}

/* Line breaks and tabs are letters of a text of several lines only. */
static bool check_letters(const struct field *field, const char *value,
                          struct err *err)
{
    bool lines = field->type == FIELD_LINES;
    size_t size = strlen(value), max = lines ? VALUE_LINES_MAX : VALUE_MAX;

    if (size > max)
        return err_set(err, ERR_TOO_LONG, "%s is too long: %zu bytes at most",
                       field->name, max);
    if (!utf8_valid(value, size))
        return bad(field, err, "not valid UTF-8");
    for (const char *c = value; *c; c++) {
        bool layout = lines && (*c == '\n' || *c == '\t' || *c == '\r');

        if (((unsigned char)*c < ' ' && !layout) || *c == 0x7f)
            return bad(field, err, "must not hold control characters");
    }
    return true;
}

static bool check_text(const struct call *call, const struct field *field,
                       const char *value, char **text, struct err *err)
{
    (void)call;
    if (value[strspn(value, " \t\r\n")] == '\0')
        return err_set(err, ERR_UNSUPPORTED, "the %s is empty", field->name);
    *text = xstrdup(value);
    return true;
}

static bool check_bool(const struct call *call, const struct field *field,
                       const char *value, char **text, struct err *err)
{
    static const char *const words[][2] = {
        { "1", "0" },    { "true", "false" }, { "yes", "no" },
        { "on", "off" }, { "y", "n" },
    };

    (void)call;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(value, words[i][0]) && strcasecmp(value, words[i][1]))
            continue;
        *text = xstrdup(strcasecmp(value, words[i][0]) == 0 ? "1" : "0");
        return true;
    }
    return bad(field, err, "say yes or no");
}

static bool check_choice(const struct call *call, const struct field *field,
                         const char *value, char **text, struct err *err)
{
    size_t size = strlen(value);
    char hint[80];

    (void)call;
    for (const char *at = field->choices; *at;) {
        size_t len = strcspn(at, "|");

        if (len == size && strncasecmp(at, value, len) == 0) {
            *text = xstrndup(at, len);
            return true;
        }
        at += len + (at[len] == '|');
    }
    suggest_choice(value, field->choices, hint, sizeof(hint));
    return err_set(err, ERR_UNSUPPORTED, "%s: \"%.50s\" is none of %s%s",
                   field->name, value, field->choices, hint);
}

static bool check_jid(const struct call *call, const struct field *field,
                      const char *value, char **text, struct err *err)
{
    char jid[NETWORK_JID_SIZE];

    if (!network_typed_jid(any_network(call), value, jid, err))
        return err_wrap(err, "%s", field->name);
    *text = xstrdup(jid);
    return true;
}

static bool check_address(const struct call *call, const struct field *field,
                          const char *value, char **text, struct err *err)
{
    char address[1024];

    if (!call->network)
        return command_which_network(call->core, field->name, err);
    if (!network_typed_address(call->network, &call->plan, value, address, err))
        return err_wrap(err, "\"%.100s\"", value);
    *text = xstrdup(address);
    return true;
}

static bool check_number(const struct call *call, const struct field *field,
                         const char *value, char **text, struct err *err)
{
    const char *range = field->choices;
    const char *dots = range ? strstr(range, "..") : NULL;
    char *end;
    long long number;

    (void)call;
    errno = 0;
    number = strtoll(value, &end, 10);
    if (errno || *end)
        return bad(field, err, "give a whole number");
    if (dots && (number < strtoll(range, NULL, 10) ||
                 number > strtoll(dots + 2, NULL, 10)))
        return err_set(err, ERR_UNSUPPORTED, "%s must be from %.*s to %s",
                       field->name, (int)(dots - range), range, dots + 2);
    *text = xasprintf("%lld", number);
    return true;
}

typedef bool check_fn(const struct call *call, const struct field *field,
                      const char *value, char **text, struct err *err);

static check_fn *const checks[] = {
    [FIELD_TEXT] = check_text,     [FIELD_LINES] = check_text,
    [FIELD_BOOL] = check_bool,     [FIELD_CHOICE] = check_choice,
    [FIELD_JID] = check_jid,       [FIELD_ADDRESS] = check_address,
    [FIELD_NUMBER] = check_number, [FIELD_SECRET] = check_text,
};

bool field_check(const struct call *call, const struct field *field,
                 const char *value, char **text, struct err *err)
{
    return check_letters(field, value, err) &&
           checks[field->type](call, field, value, text, err);
}
