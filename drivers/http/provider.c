/* provider.c - reads a provider file. Every mistake is told with its file and
 * line and what was expected there; the first one ends the reading. */
#include "http/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum { LIMITS = 3 };

static const char *const own_names[VALUES_OWN] = {
    [VALUE_TO] = "to",
    [VALUE_TEXT] = "text",
    [VALUE_FROM] = "from",
    [VALUE_ID] = "id",
    [VALUE_CALLBACK] = "callback",
    [VALUE_CALLBACK_URL] = "callback_url",
    [VALUE_PART] = "part",
    [VALUE_PARTS] = "parts",
    [VALUE_ALPHABET] = "alphabet",
    [VALUE_MEDIA] = "media",
};

/* In the order of the choices of `type`; they outlive any provider. */
static const char *const gateway_types[] = {
    "sms", "qq", "irc", "skype", "smtp", "telegram", "whatsapp",
};

/* --- finding it ---------------------------------------------------------- */

static char *find_file(const char *name, struct err *err)
{
    static const char *const folders[] = {
        "/etc/moongate/providers",
        "/usr/local/share/moongate/providers",
        "/usr/share/moongate/providers",
        "conf/providers",
    };
    const char *own = getenv("MOONGATE_PROVIDERS");

    if (strchr(name, '/'))
        return xstrdup(name);
    for (size_t i = 0; i <= sizeof(folders) / sizeof(folders[0]); i++) {
        const char *folder = i == 0 ? own : folders[i - 1];
        char *path = folder ? xasprintf("%s/%s.conf", folder, name) : NULL;

        if (path && access(path, R_OK) == 0)
            return path;
        free(path);
    }
    err_set(err, ERR_CONFIG,
            "there is no provider file %.60s.conf in /etc/moongate/providers "
            "or share/moongate/providers; for a file of your own give a path "
            "with a /, like ./%.60s.conf",
            name, name);
    return NULL;
}

/* --- variables ----------------------------------------------------------- */

static bool parse_variable(struct provider *provider, const struct tree *node,
                           struct err *err)
{
    struct variable *variable = &provider->variables[provider->n_variables];

    if (provider->n_variables == VARIABLES_MAX)
        return tree_mistake(node, err, "more than %d variables",
                            (int)VARIABLES_MAX);
    for (size_t i = 0; i < VALUES_OWN; i++) {
        if (strcmp(own_names[i], node->name) == 0)
            return tree_mistake(node, err, "this name has a meaning already");
    }
    if (!tree_check(node, "help|default|secret", err) ||
        !tree_text(node, "help", true, &variable->help, err) ||
        !tree_text(node, "default", false, &variable->fallback, err) ||
        !tree_bool(node, "secret", false, &variable->secret, err))
        return false;
    if (variable->secret && variable->fallback && *variable->fallback)
        return tree_mistake(node, err, "a secret has no default but \"\"");
    variable->name = node->name;
    provider->n_variables++;
    return true;
}

static bool parse_variables(struct provider *provider, struct err *err)
{
    const struct tree *group = tree_get(provider->tree, "variables");

    if (group && group->type != TREE_GROUP)
        return tree_mistake(group, err, "expected { name = { help = ...; }; }");
    for (size_t i = 0; group && i < group->n; i++) {
        if (!parse_variable(provider, &group->items[i], err))
            return false;
    }
    for (size_t i = 0; i < VALUES_OWN; i++)
        provider->names[i] = own_names[i];
    for (size_t i = 0; i < provider->n_variables; i++)
        provider->names[VALUES_OWN + i] = provider->variables[i].name;
    return true;
}

/* --- send, limits -------------------------------------------------------- */

static bool parse_one_send(struct provider *provider, const struct tree *group,
                           struct err *err)
{
    struct send *send = &provider->sends[provider->n_sends];
    const char *to = NULL;

    if (provider->n_sends == SENDS_MAX)
        return tree_mistake(group, err, "more than %d requests",
                            (int)SENDS_MAX);
    send->request = request_parse(group, provider->names, err);
    if (!send->request || !tree_text(group, "to", false, &to, err))
        return false;
    send->any = to == NULL;
    if (to && regcomp(&send->to, to, REG_EXTENDED | REG_NOSUB) != 0) {
        send->any = true; /* nothing to free */
        return tree_mistake(tree_get(group, "to"), err, "is no expression");
    }
    provider->n_sends++;
    return true;
}

static bool parse_send(struct provider *provider, struct err *err)
{
    const struct tree *send = tree_get(provider->tree, "send");

    if (!send)
        return tree_mistake(provider->tree, err,
                            "send = { url = ...; }; is missing");
    if (send->type == TREE_GROUP)
        return parse_one_send(provider, send, err);
    for (size_t i = 0; i < send->n; i++) {
        if (!parse_one_send(provider, &send->items[i], err))
            return false;
    }
    return send->n > 0 || tree_mistake(send, err, "is empty");
}

static bool parse_limits(struct provider *provider, struct err *err)
{
    static const struct tree none = { .type = TREE_GROUP, .name = "limits" };
    const struct tree *limits = tree_get(provider->tree, "limits");

    if (!limits)
        limits = &none;
    if (!tree_check(limits, "length|parts|in_flight|settle|timeout|per_minute",
                    err) ||
        !tree_number(limits, "length", 10, 100000, 1600, &provider->length,
                     err) ||
        !tree_number(limits, "parts", 1, 255, 10, &provider->parts, err) ||
        !tree_number(limits, "in_flight", 1, 1000, 8, &provider->in_flight,
                     err) ||
        !tree_number(limits, "settle", 0, 3600, 60, &provider->settle, err) ||
        !tree_number(limits, "timeout", 1, 120, 30, &provider->timeout, err) ||
        !tree_number(limits, "per_minute", 1, 1000000, 0, &provider->per_minute,
                     err))
        return false;
    return true;
}

static bool parse_alphabet(struct provider *provider, struct err *err)
{
    const struct tree *group = tree_get(provider->tree, "alphabet");

    provider->gsm7 = "gsm7";
    provider->ucs2 = "ucs2";
    return !group || (tree_check(group, "gsm7|ucs2", err) &&
                      tree_text(group, "gsm7", true, &provider->gsm7, err) &&
                      tree_text(group, "ucs2", true, &provider->ucs2, err));
}

static bool parse_account(struct provider *provider, struct err *err)
{
    const char *text;
    struct err why;

    if (!tree_text(provider->tree, "account", false, &text, err))
        return false;
    if (!text)
        return true;
    provider->account = template_parse(text, provider->names, &why);
    return provider->account ||
           tree_mistake(tree_get(provider->tree, "account"), err, "%s",
                        why.text);
}

static bool parse_head(struct provider *provider, struct err *err)
{
    const struct tree *tree = provider->tree;
    int addresses, type;

    if (!tree_check(tree,
                    "title|type|addresses|account|idempotent|alphabet|"
                    "variables|send|result|callback|hooks|limits",
                    err) ||
        !tree_text(tree, "title", true, &provider->title, err) ||
        !tree_choice(tree, "type", "sms|qq|irc|skype|smtp|telegram|whatsapp", 0,
                     &type, err) ||
        !tree_choice(tree, "addresses", "phone|any", 0, &addresses, err) ||
        !tree_bool(tree, "idempotent", false, &provider->idempotent, err))
        return false;
    provider->phones = addresses == 0;
    provider->gateway_type = gateway_types[type];
    return true;
}

static bool uses_value(const struct provider *provider, enum value value)
{
    for (size_t i = 0; i < provider->n_sends; i++) {
        if (!request_uses(provider->sends[i].request, value))
            return false;
    }
    return true;
}

/* What no single line shows. */
static bool check_whole(const struct provider *provider, struct err *err)
{
    const struct tree *tree = provider->tree;

    if (provider->idempotent && !uses_value(provider, VALUE_ID))
        return tree_mistake(tree_get(tree, "idempotent"), err,
                            "send uses no {id}: where does the key go?");
    if (!uses_value(provider, VALUE_TEXT) || !uses_value(provider, VALUE_TO))
        return tree_mistake(tree_get(tree, "send"), err,
                            "must use {to} and {text}");
    return true;
}

static bool parse_result(struct provider *provider, struct err *err)
{
    provider->result = result_parse(tree_get(provider->tree, "result"), err);
    return provider->result != NULL;
}

static bool parse(struct provider *provider, struct err *err)
{
    return parse_head(provider, err) && parse_variables(provider, err) &&
           parse_account(provider, err) && parse_alphabet(provider, err) &&
           parse_send(provider, err) && parse_result(provider, err) &&
           provider_parse_hooks(provider, err) && parse_limits(provider, err) &&
           check_whole(provider, err);
}

struct provider *provider_load(const char *name, struct err *err)
{
    struct provider *provider;
    char *path = find_file(name, err);
    struct tree *tree = path ? tree_load(path, err) : NULL;

    free(path);
    if (!tree)
        return NULL;
    provider = xcalloc(1, sizeof(*provider));
    provider->tree = tree;
    if (parse(provider, err))
        return provider;
    provider_free(provider);
    return NULL;
}

void provider_free(struct provider *provider)
{
    if (!provider)
        return;
    for (size_t i = 0; i < SENDS_MAX; i++) {
        request_free(provider->sends[i].request);
        if (i < provider->n_sends && !provider->sends[i].any)
            regfree(&provider->sends[i].to);
    }
    provider_free_hooks(provider);
    result_free(provider->result);
    template_free(provider->account);
    tree_free(provider->tree);
    free(provider);
}

/* --- what it is asked ---------------------------------------------------- */

/* Copies a text behind the table; NULL stays NULL. */
static const char *keep(char **at, const char *text)
{
    char *copy = *at;
    size_t size = text ? strlen(text) + 1 : 0;

    if (!text)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

/* Limits of the file that a line may change: what was bought differs. */
static const struct {
    const char *key, *help;
    size_t offset;
    long long min, max;
} limits[LIMITS] = {
    { "text_length", "Longest text of one request, in UTF-16 units",
      offsetof(struct provider, length), 10, 100000 },
    { "max_parts", "Longest text, in such requests; each may cost",
      offsetof(struct provider, parts), 1, 255 },
    { "per_minute", "Requests a minute; 0: no limit",
      offsetof(struct provider, per_minute), 0, 1000000 },
};

static void add_limits(const struct provider *provider, struct option *options,
                       char **at)
{
    char number[24];

    for (size_t i = 0; i < LIMITS; i++) {
        snprintf(
            number, sizeof(number), "%lld",
            *(const long long *)((const char *)provider + limits[i].offset));
        options[i] = (struct option){
            .key = limits[i].key,
            .type = OPT_INT,
            .fallback = keep(at, number),
            .min = limits[i].min,
            .max = limits[i].max,
            .help = limits[i].help,
        };
    }
}

struct option *provider_options(const struct provider *provider)
{
    size_t n = provider->n_variables, texts = LIMITS * 24;
    struct option *options;
    char *at;

    for (size_t i = 0; i < n; i++) {
        const struct variable *v = &provider->variables[i];

        texts += strlen(v->name) + strlen(v->help) + 3;
        texts += v->fallback ? strlen(v->fallback) : 0;
    }
    options = xcalloc(1, (n + LIMITS + 1) * sizeof(*options) + texts);
    at = (char *)(options + n + LIMITS + 1);
    for (size_t i = 0; i < n; i++) {
        const struct variable *v = &provider->variables[i];
        bool empty = v->fallback && !*v->fallback;

        options[i] = (struct option){
            .key = keep(&at, v->name),
            .type = OPT_TEXT,
            .flags = (v->fallback ? 0U : OPT_REQUIRED) |
                     (v->secret ? OPT_SECRET : 0U),
            .fallback = empty ? NULL : keep(&at, v->fallback),
            .help = keep(&at, v->help),
        };
    }
    add_limits(provider, options + n, &at);
    return options;
}

const struct send *provider_send(const struct provider *provider,
                                 const char *to)
{
    for (size_t i = 0; i < provider->n_sends; i++) {
        const struct send *send = &provider->sends[i];

        if (send->any || regexec(&send->to, to, 0, NULL, 0) == 0)
            return send;
    }
    return NULL;
}

bool provider_takes_media(const struct provider *provider)
{
    return uses_value(provider, VALUE_MEDIA);
}

unsigned provider_caps(const struct provider *provider)
{
    unsigned caps = 0;

    for (size_t i = 0; i < provider->n_hooks; i++) {
        for (size_t j = 0; j < provider->hooks[i].n_events; j++) {
            const struct event *event = &provider->hooks[i].events[j];

            if (event->kind == EVENT_REPORT)
                caps |= CAP_DELIVERED | (event->read ? CAP_READ : 0U);
            if (event->kind == EVENT_MESSAGE && event->parts)
                caps |= CAP_FRAGMENTS;
        }
    }
    return caps;
}
