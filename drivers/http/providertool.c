/* providertool.c - a provider file at the command line. Nothing is sent: the
 * same code that the driver runs renders a request and reads a webhook. */
#include "http/providertool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"
#include "http/http_line.h"
#include "http/recorded.h"

static const char usage[] =
    "usage: moongate provider FILE [--sample] [--set NAME=VALUE]... [--to "
    "ADDRESS]\n"
    "           [--text TEXT] [--replay REQUEST [--hook NAME] [--url URL] "
    "[--now UNIX]]\n"
    "        FILE is a path, or the name of a file that came with Moongate.\n"
    "        --sample   show the request for a text\n"
    "        --replay   read a recorded webhook: a request line, headers, an "
    "empty\n"
    "                   line and the body, as it came\n";

enum { NAMES_MAX = 1024 };

struct tool {
    const char *file, *to, *text, *replay, *hook, *url;
    int64_t now; /* Unix ms */
    bool sample;
    struct provider *provider;
    struct http_line line;
    char *made[VARIABLES_MAX]; /* placeholders of values not given */
    const char *sets[VARIABLES_MAX];
    size_t n_sets;
};

/* --- arguments ----------------------------------------------------------- */

static bool parse_option(struct tool *tool, const char *name, const char *value)
{
    if (strcmp(name, "--to") == 0)
        tool->to = value;
    else if (strcmp(name, "--text") == 0)
        tool->text = value;
    else if (strcmp(name, "--replay") == 0)
        tool->replay = value;
    else if (strcmp(name, "--hook") == 0)
        tool->hook = value;
    else if (strcmp(name, "--url") == 0)
        tool->url = value;
    else if (strcmp(name, "--now") == 0)
        tool->now = strtoll(value, NULL, 10) * 1000;
    else if (strcmp(name, "--set") == 0 && strchr(value, '=') &&
             tool->n_sets < VARIABLES_MAX)
        tool->sets[tool->n_sets++] = value;
    else
        return false;
    return true;
}

static bool parse_arguments(struct tool *tool, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--sample") == 0)
            tool->sample = true;
        else if (strncmp(argv[i], "--", 2) != 0 && !tool->file)
            tool->file = argv[i];
        else if (i + 1 == argc || !parse_option(tool, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    return tool->file != NULL;
}

static const char *given(const struct tool *tool, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < tool->n_sets; i++) {
        if (strncmp(tool->sets[i], name, len) == 0 && tool->sets[i][len] == '=')
            return tool->sets[i] + len + 1;
    }
    return NULL;
}

static bool is_option(const struct provider *provider, const char *set)
{
    size_t len = strcspn(set, "=");

    if (len == strlen("from") && strncmp(set, "from", len) == 0)
        return true;
    for (size_t i = 0; i < provider->n_variables; i++) {
        const char *name = provider->variables[i].name;

        if (strlen(name) == len && strncmp(name, set, len) == 0)
            return true;
    }
    return false;
}

/* Each --set names an option. */
static bool check_sets(const struct tool *tool, struct err *err)
{
    struct buf names;
    bool good = true;

    buf_init(&names, NAMES_MAX);
    (void)buf_add_text(&names, "from");
    for (size_t i = 0; i < tool->provider->n_variables; i++)
        (void)buf_addf(&names, ", %s", tool->provider->variables[i].name);
    for (size_t i = 0; good && i < tool->n_sets; i++)
        good = is_option(tool->provider, tool->sets[i]) ||
               err_set(err, ERR_CONFIG,
                       "--set %.*s: there is no such option; there is %s",
                       (int)strcspn(tool->sets[i], "="), tool->sets[i],
                       buf_text(&names));
    buf_free(&names);
    return good;
}

/* What is not given stands as <name> in what is shown. */
static void fill_values(struct tool *tool)
{
    const struct provider *provider = tool->provider;

    tool->line.provider = tool->provider;
    tool->line.values[VALUE_FROM] = given(tool, "from");
    if (!tool->line.values[VALUE_FROM])
        tool->line.values[VALUE_FROM] = "+447700900000";
    for (size_t i = 0; i < provider->n_variables; i++) {
        const struct variable *v = &provider->variables[i];
        const char *value = given(tool, v->name);

        if (!value)
            value = v->fallback;
        if (!value)
            value = tool->made[i] = xasprintf("<%s>", v->name);
        tool->line.values[VALUES_OWN + i] = value;
    }
}

/* --- the file ------------------------------------------------------------ */

static void print_summary(const struct provider *provider)
{
    printf("%s: ok\n%s, addresses are %s%s\n", provider->tree->file,
           provider->title,
           provider->phones ? "phone numbers" : "the provider's own",
           provider->idempotent ? ", a second try is no second copy" : "");
    for (size_t i = 0; i < provider->n_variables; i++) {
        const struct variable *v = &provider->variables[i];

        printf("  option %s: %s%s\n", v->name, v->help,
               v->fallback ? "" : " (required)");
    }
    for (size_t i = 0; i < provider->n_hooks; i++) {
        const struct hook_spec *hook = &provider->hooks[i];

        printf("  hook %s: %s, %zu check%s besides its secret path\n",
               hook->name, hook->json ? "JSON" : "form", hook->n_verifies,
               hook->n_verifies == 1 ? "" : "s");
    }
}

static void print_rendered(const struct rendered *rendered)
{
    printf("%s %s\n", rendered->method, rendered->url);
    if (rendered->user)
        printf("Authorization: Basic %s:%s\n", rendered->user,
               rendered->password ? rendered->password : "");
    for (size_t i = 0; i < rendered->n_headers; i++)
        printf("%s: %s\n", rendered->headers[i].name,
               rendered->headers[i].value);
    if (rendered->has_body)
        printf("\n%s\n", buf_text(&rendered->body));
}

static bool show_request(struct tool *tool, struct err *err)
{
    const struct submission sample = {
        .to = tool->to                 ? tool->to
              : tool->provider->phones ? "+447700900123"
                                       : "12345",
        .bytes = tool->text,
        .size = strlen(tool->text),
        .part = 1,
        .total = 1,
        .key = "0123456789abcdef0123456789abcdef",
    };
    struct text_values values;
    struct rendered rendered;
    const struct send *send;
    bool good;

    submit_values(&tool->line, &sample, &values);
    if (tool->provider->callback) {
        text_copy(values.callback, sizeof(values.callback),
                  "https://gw.example.org/hook/LINE/HOOK/TOKEN?id="
                  "0123456789abcdef0123456789abcdef");
        values.values[VALUE_CALLBACK_URL] =
            "https://gw.example.org/hook/LINE/HOOK/TOKEN";
    }
    send = provider_send(tool->provider, values.to);
    good = send ? request_render(send->request, values.values, &rendered, err)
                : err_set(err, ERR_BAD_ADDRESS,
                          "no request is for the address %s", values.to);
    if (good) {
        print_rendered(&rendered);
        rendered_free(&rendered);
    }
    text_values_free(&values);
    return good;
}

/* --- a webhook ----------------------------------------------------------- */

static void which_hook(const struct provider *provider, struct err *err)
{
    struct buf names;

    buf_init(&names, NAMES_MAX);
    for (size_t i = 0; i < provider->n_hooks; i++)
        (void)buf_addf(&names, "%s%s", i ? ", " : "", provider->hooks[i].name);
    err_set(err, ERR_CONFIG, "--hook NAME: which one? there is %s",
            buf_text(&names));
    buf_free(&names);
}

static const struct hook_spec *find_hook(const struct tool *tool,
                                         struct err *err)
{
    const struct provider *provider = tool->provider;

    if (!tool->hook && provider->n_hooks == 1)
        return &provider->hooks[0];
    for (size_t i = 0; tool->hook && i < provider->n_hooks; i++) {
        if (strcmp(provider->hooks[i].name, tool->hook) == 0)
            return &provider->hooks[i];
    }
    if (provider->n_hooks == 0)
        err_set(err, ERR_CONFIG, "this provider has no hooks");
    else
        which_hook(provider, err);
    return NULL;
}

static void print_found(const struct found *found)
{
    static const char *const kinds[] = { "delivered", "read", "pending",
                                         "failed" };

    if (!found->event || found->event->kind == EVENT_IGNORE) {
        puts("nothing: it is answered, and that is all");
    } else if (found->event->kind == EVENT_MESSAGE) {
        printf("message from %s", found->chat);
        if (found->author)
            printf(" by %s", found->author);
        if (found->name)
            printf(" (%s)", found->name);
        if (found->id)
            printf(", id %s", found->id);
        if (found->set)
            printf(", part %u of %u", found->part, found->parts);
        if (found->at)
            printf(", %s", clock_iso(found->at).text);
        printf(":\n%s\n", found->text);
        for (size_t i = 0; i < found->n_media; i++)
            printf("with %s %s\n",
                   found->media[i].type ? found->media[i].type : "a medium",
                   found->media[i].source);
    } else {
        printf("report on %s: %s%s%s\n", found->id, kinds[found->report],
               *found->err.text ? ": " : "", found->err.text);
    }
}

static bool show_events(const struct hook_spec *hook,
                        const struct payload *payload, struct err *err)
{
    struct payload member;
    bool good = true;

    for (size_t n = 0; good && payload_member(hook, payload, n, &member); n++) {
        struct found found;

        good = event_find(hook, &member, &found, err);
        if (good)
            print_found(&found);
        found_free(&found);
    }
    return good;
}

static bool lacks_secret(const struct tool *tool)
{
    const struct provider *provider = tool->provider;

    for (size_t i = 0; i < provider->n_variables; i++)
        if (provider->variables[i].secret && tool->made[i])
            return true;
    return false;
}

static bool check(const struct tool *tool, const struct hook_spec *hook,
                  const struct recorded *recorded,
                  const struct payload *payload, struct err *err)
{
    const struct signed_request request = {
        .payload = payload,
        .method = recorded->method,
        .url = tool->url ? tool->url : recorded->url,
        .peer = "127.0.0.1",
        .now = tool->now,
    };

    for (size_t i = 0; i < hook->n_verifies; i++) {
        if (!verify_request(hook->verifies[i], tool->line.values, &request,
                            err))
            return err_wrap(err, lacks_secret(tool)
                                     ? "refused (403; secrets that sign are "
                                       "given with --set)"
                                     : "refused (403)");
    }
    puts("verified");
    return true;
}

static bool show_replay(struct tool *tool, struct err *err)
{
    const struct hook_spec *hook = find_hook(tool, err);
    struct recorded recorded;
    struct payload payload;
    bool good;

    if (!hook || !recorded_load(tool->replay, &recorded, err))
        return false;
    const char *query = strchr(recorded.url, '?');
    good = payload_parse(hook, recorded.body, recorded.size,
                         query ? query + 1 : "", &payload);
    payload.header = recorded_header;
    payload.arg = &recorded;
    if (good)
        good = check(tool, hook, &recorded, &payload, err) &&
               show_events(hook, &payload, err);
    else
        err_set(err, ERR_PROTOCOL,
                "refused (400): the body cannot be read as "
                "a %s",
                hook->json ? "JSON value" : "form");
    payload_free(&payload);
    recorded_free(&recorded);
    return good;
}

int providertool_main(int argc, char **argv)
{
    struct tool tool = { .text = "Hello, gr\xC3\xBC\xC3\x9F dich & <you>",
                         .now = clock_wall_ms() };
    struct err err = { 0 };
    bool good;

    if (!parse_arguments(&tool, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    tool.provider = provider_load(tool.file, &err);
    good = tool.provider && check_sets(&tool, &err);
    if (good) {
        fill_values(&tool);
        if (!tool.sample && !tool.replay)
            print_summary(tool.provider);
        good = (!tool.sample || show_request(&tool, &err)) &&
               (!tool.replay || show_replay(&tool, &err));
    }
    if (!good)
        fprintf(stderr, "%s\n", err.text);
    for (size_t i = 0; i < VARIABLES_MAX; i++)
        free(tool.made[i]);
    provider_free(tool.provider);
    return good ? 0 : 1;
}
