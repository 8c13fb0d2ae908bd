/* pages.c - HTTP pages over the command `status`, so that both tell the same.
 * /livez answers from the loop alone; the others ask the store, and
 * thereby prove that it answers. */
#include "control/pages.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "control/metrics.h"
#include "core/command.h"
#include "toolkit/httpd.h"

enum { PAGE_MAX = 16 * 1024 * 1024, BODY_MAX = 1024 };

struct pages {
    struct core *core;
};

typedef void page_fn(struct hook_call *call, struct json_object *status);

/* A page that waits for the status. */
struct page {
    struct hook_call *call;
    page_fn *fn;
};

static void answer_text(struct hook_call *call, int status, const char *text)
{
    hook_answer(call, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void on_done(void *arg, struct call *call, const struct err *err)
{
    struct page *page = arg;
    struct json_object *rows = call_rows(call);

    if (err || json_object_array_length(rows) == 0)
        answer_text(page->call, 503, "the store does not answer\n");
    else
        page->fn(page->call, json_object_array_get_idx(rows, 0));
    call_free(call);
    free(page);
}

static void ask(struct pages *pages, const struct hook_request *request,
                page_fn *fn)
{
    static const struct door door = { .done = on_done };
    struct page *page = xcalloc(1, sizeof(*page));
    struct err err = { 0 };
    struct call *call;

    page->call = request->call;
    page->fn = fn;
    call =
        call_new(pages->core, NULL, NULL, commands_find("status"), &door, page);
    if (call_run(call, &err))
        return;
    answer_text(page->call, 503, "the gateway cannot say\n");
    call_free(call);
    free(page);
}

/* The path of a hook is a secret, which the control socket may tell to the
 * gateway's group, but not this page to everybody on the machine. */
static void hide_hooks(struct json_object *status)
{
    struct json_object *lines = NULL, *facts;

    (void)json_object_object_get_ex(status, "lines", &lines);
    for (size_t i = 0; lines && i < json_object_array_length(lines); i++) {
        struct json_object *line = json_object_array_get_idx(lines, i);

        if (!json_object_object_get_ex(line, "facts", &facts))
            continue;
        json_object_object_foreach(facts, key, value)
        {
            (void)value;
            if (strncmp(key, "hook ", 5) == 0)
                json_object_object_add(facts, key,
                                       json_object_new_string("***"));
        }
    }
}

static void show_status(struct hook_call *call, struct json_object *status)
{
    const char *text;

    hide_hooks(status);
    text = json_object_to_json_string_ext(
        status, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);

    hook_answer(call, 200, "application/json", text, strlen(text));
}

static void show_metrics(struct hook_call *call, struct json_object *status)
{
    struct buf out;

    buf_init(&out, PAGE_MAX);
    metrics_write(status, &out);
    hook_answer(call, 200, "text/plain; version=0.0.4; charset=utf-8",
                buf_text(&out), out.len);
    buf_free(&out);
}

/* The first network that is not online, or NULL. */
static const char *offline_network(struct json_object *status)
{
    struct json_object *list = NULL, *name, *state;

    (void)json_object_object_get_ex(status, "networks", &list);
    for (size_t i = 0; list && i < json_object_array_length(list); i++) {
        struct json_object *network = json_object_array_get_idx(list, i);

        if (json_object_object_get_ex(network, "state", &state) &&
            json_object_object_get_ex(network, "name", &name) &&
            strcmp(json_object_get_string(state), "online") != 0)
            return json_object_get_string(name);
    }
    return NULL;
}

static void show_ready(struct hook_call *call, struct json_object *status)
{
    struct json_object *gateway = NULL, *full = NULL;
    const char *network = offline_network(status);
    char text[200];

    (void)json_object_object_get_ex(status, "gateway", &gateway);
    (void)json_object_object_get_ex(gateway, "store_full", &full);
    if (json_object_get_boolean(full)) {
        answer_text(call, 503, "the store has no room\n");
    } else if (network) {
        snprintf(text, sizeof(text), "network %s is not online\n", network);
        answer_text(call, 503, text);
    } else {
        answer_text(call, 200, "ready\n");
    }
}

static void on_live(void *arg, const struct hook_request *request)
{
    (void)arg;
    answer_text(request->call, 200, "alive\n");
}

static void on_ready(void *arg, const struct hook_request *request)
{
    ask(arg, request, show_ready);
}

static void on_metrics(void *arg, const struct hook_request *request)
{
    ask(arg, request, show_metrics);
}

static void on_status(void *arg, const struct hook_request *request)
{
    ask(arg, request, show_status);
}

struct pages *pages_open(struct httpd *httpd, struct owner *owner,
                         struct core *core, struct err *err)
{
    static const struct {
        const char *path;
        hook_fn *fn;
    } all[] = {
        { "/livez", on_live },
        { "/readyz", on_ready },
        { "/metrics", on_metrics },
        { "/status", on_status },
    };
    struct pages *pages = xcalloc(1, sizeof(*pages));

    pages->core = core;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (httpd_serve(httpd, owner, all[i].path, BODY_MAX, all[i].fn, pages,
                        err))
            continue;
        free(pages);
        return NULL;
    }
    return pages;
}

void pages_free(struct pages *pages)
{
    free(pages);
}
