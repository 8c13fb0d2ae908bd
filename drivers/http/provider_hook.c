/* provider_hook.c - the hooks of a provider file: who may call them, and what
 * their requests mean. */
#include <stdlib.h>
#include <string.h>

#include "http/json.h"
#include "http/provider.h"
#include "http/read.h"

/* The picks of an event, by their keys. */
struct slot {
    const char *key;
    size_t offset;
    bool required;
};

#define SLOT(name) #name, offsetof(struct event, name)

static const struct slot message_slots[] = {
    { "from", offsetof(struct event, chat), true },
    { SLOT(text), true },
    { SLOT(id), false },
    { SLOT(author), false },
    { SLOT(name), false },
    { SLOT(at), false },
    { SLOT(charset), false },
    { SLOT(set), false },
    { SLOT(part), false },
    { SLOT(parts), false },
    { SLOT(media), false },
    { SLOT(media_type), false },
    { SLOT(media_name), false },
    { NULL, 0, false },
};
static const char message_keys[] =
    "from|text|id|author|name|at|charset|set|part|parts|from_prefix|"
    "media|media_type|media_name";

static const struct slot report_slots[] = {
    { SLOT(id), true },
    { SLOT(status), true },
    { "to", offsetof(struct event, chat), false },
    { "part", offsetof(struct event, sms), false },
    { SLOT(code), false },
    { "reason", offsetof(struct event, reason), false },
    { NULL, 0, false },
};
static const char report_keys[] =
    "id|status|part|to|code|reason|delivered|read|failed|rules";

static bool parse_slots(struct event *event, const struct slot *slots,
                        const struct tree *group, struct err *err)
{
    for (; slots->key; slots++) {
        struct pick **pick = (struct pick **)((char *)event + slots->offset);

        if (!read_pick(group, slots->key, slots->required, pick, err))
            return false;
    }
    return true;
}

static bool parse_message(struct event *event, const struct tree *group,
                          struct err *err)
{
    event->kind = EVENT_MESSAGE;
    if (!tree_check(group, message_keys, err) ||
        !parse_slots(event, message_slots, group, err) ||
        !tree_text(group, "from_prefix", false, &event->chat_prefix, err))
        return false;
    if (!event->set != !event->part || !event->set != !event->parts)
        return tree_mistake(group, err, "set, part and parts belong together");
    return true;
}

static bool parse_report(struct event *event, const struct tree *group,
                         struct err *err)
{
    event->kind = EVENT_REPORT;
    return tree_check(group, report_keys, err) &&
           parse_slots(event, report_slots, group, err) &&
           tree_text(group, "delivered", true, &event->delivered, err) &&
           tree_text(group, "read", false, &event->read, err) &&
           tree_text(group, "failed", true, &event->failed, err) &&
           result_rules_parse(group, "rules", &event->rules, err);
}

static bool parse_when(struct event *event, const struct tree *group,
                       struct err *err)
{
    struct when *when = &event->whens[event->n_whens];

    if (event->n_whens == WHENS_MAX)
        return tree_mistake(group, err, "more than %d conditions",
                            (int)WHENS_MAX);
    event->n_whens++;
    if (!tree_check(group, "at|is|not", err) ||
        !read_pick(group, "at", true, &when->at, err) ||
        !tree_text(group, "is", false, &when->is, err) ||
        !tree_text(group, "not", false, &when->not, err))
        return false;
    return when->is || when->not ||
           tree_mistake(group, err, "is = \"...\" or not = \"...\" is missing");
}

static bool parse_whens(struct event *event, const struct tree *group,
                        struct err *err)
{
    const struct tree *when = tree_get(group, "when");

    if (!when)
        return true;
    if (when->type == TREE_GROUP)
        return parse_when(event, when, err);
    for (size_t i = 0; i < when->n; i++) {
        if (!parse_when(event, &when->items[i], err))
            return false;
    }
    return true;
}

static bool parse_event(struct hook_spec *hook, const struct tree *group,
                        struct err *err)
{
    const struct tree *message = tree_get(group, "message");
    const struct tree *report = tree_get(group, "report");
    struct event *event = &hook->events[hook->n_events];

    if (hook->n_events == EVENTS_MAX)
        return tree_mistake(group, err, "more than %d events", (int)EVENTS_MAX);
    hook->n_events++;
    event->kind = EVENT_IGNORE;
    if (!parse_whens(event, group, err))
        return false;
    if (message && report)
        return tree_mistake(group, err, "either a message or a report");
    if (message)
        return parse_message(event, message, err);
    return !report || parse_report(event, report, err);
}

static bool parse_events(struct hook_spec *hook, const struct tree *group,
                         struct err *err)
{
    const struct tree *list = tree_get(group, "events");

    if (!list) {
        if (!tree_get(group, "message") && !tree_get(group, "report"))
            return tree_mistake(group, err,
                                "message = { }, report = { } or events = ( ) "
                                "is missing");
        return parse_event(hook, group, err);
    }
    for (size_t i = 0; i < list->n; i++) {
        if (!tree_check(&list->items[i], "when|message|report", err) ||
            !parse_event(hook, &list->items[i], err))
            return false;
    }
    return true;
}

static bool parse_verifies(struct hook_spec *hook, const struct tree *group,
                           const char *const *names, struct err *err)
{
    const struct tree *list = tree_get(group, "verify");

    if (list && (list->type != TREE_LIST || list->n > VERIFIES_MAX))
        return tree_mistake(list, err,
                            "expected ( { kind = ...; } ), at most "
                            "%d",
                            (int)VERIFIES_MAX);
    for (size_t i = 0; list && i < list->n; i++) {
        struct verify *verify = verify_parse(&list->items[i], names, err);

        if (!verify)
            return false;
        hook->verifies[hook->n_verifies++] = verify;
    }
    return true;
}

static bool parse_answer(struct hook_spec *hook, const struct tree *group,
                         struct err *err)
{
    long long status;

    if (!tree_number(group, "answer_status", 200, 299, 200, &status, err) ||
        !tree_text(group, "answer_type", false, &hook->type, err) ||
        !tree_text(group, "answer", false, &hook->answer, err))
        return false;
    hook->status = (int)status;
    return true;
}

static bool parse_hook(struct provider *provider, const struct tree *group,
                       struct err *err)
{
    struct hook_spec *hook = &provider->hooks[provider->n_hooks];
    int body;

    if (provider->n_hooks == HOOKS_MAX)
        return tree_mistake(group, err, "more than %d hooks", (int)HOOKS_MAX);
    provider->n_hooks++;
    hook->name = group->name;
    if (!tree_check(group,
                    "body|verify|each|when|message|report|events|answer_status|"
                    "answer_type|answer",
                    err) ||
        !tree_choice(group, "body", "form|json", 0, &body, err) ||
        !tree_text(group, "each", false, &hook->each, err))
        return false;
    hook->json = body == 1;
    if (hook->each && !json_pointer_valid(hook->each))
        return tree_mistake(tree_get(group, "each"), err,
                            "is no JSON pointer like \"/messages\"");
    return parse_verifies(hook, group, provider->names, err) &&
           parse_events(hook, group, err) && parse_answer(hook, group, err);
}

static bool find_callback(struct provider *provider, struct err *err)
{
    const char *name;

    if (!tree_text(provider->tree, "callback", false, &name, err))
        return false;
    if (!name)
        return true;
    for (size_t i = 0; i < provider->n_hooks; i++) {
        if (strcmp(provider->hooks[i].name, name) == 0)
            provider->callback = &provider->hooks[i];
    }
    return provider->callback ||
           tree_mistake(tree_get(provider->tree, "callback"), err,
                        "there is no hook \"%.40s\"", name);
}

bool provider_parse_hooks(struct provider *provider, struct err *err)
{
    const struct tree *group = tree_get(provider->tree, "hooks");

    if (group && group->type != TREE_GROUP)
        return tree_mistake(group, err, "expected { name = { ... }; }");
    for (size_t i = 0; group && i < group->n; i++) {
        if (!parse_hook(provider, &group->items[i], err))
            return false;
    }
    return find_callback(provider, err);
}

static void free_event(struct event *event)
{
    static const struct slot *const all[] = { message_slots, report_slots };

    for (size_t i = 0; i < event->n_whens; i++)
        pick_free(event->whens[i].at);
    for (size_t i = 0; i < 2; i++) {
        for (const struct slot *slot = all[i]; slot->key; slot++) {
            struct pick **pick = (struct pick **)((char *)event + slot->offset);

            pick_free(*pick);
            *pick = NULL; /* both kinds have an id and a chat */
        }
    }
    result_rules_free(event->rules);
}

void provider_free_hooks(struct provider *provider)
{
    for (size_t i = 0; i < provider->n_hooks; i++) {
        struct hook_spec *hook = &provider->hooks[i];

        for (size_t j = 0; j < hook->n_verifies; j++)
            verify_free(hook->verifies[j]);
        for (size_t j = 0; j < hook->n_events; j++)
            free_event(&hook->events[j]);
    }
}
