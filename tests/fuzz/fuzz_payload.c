/* fuzz_payload.c - anything as a provider's answer, or as a request to a hook
 * of one of the shipped provider files. The first octet chooses the file and
 * the hook, the second the status. Nothing unsigned passes a check whose key is
 * set, whatever it is. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "http/http_line.h"
#include "http/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { FILES = 7 };

static struct provider *providers[FILES];
static const char *values[VALUES_MAX];

static void check(bool fact)
{
    if (!fact)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const names[FILES] = {
        "kannel",
        "twilio",
        "vonage",
        "plivo",
        "httpsms",
        "onebot",
        "android-sms-gateway",
    };
    struct err err = { 0 };

    (void)argc;
    (void)argv;
    for (size_t i = 0; i < FILES; i++) {
        providers[i] = provider_load(names[i], &err);
        if (!providers[i]) {
            fprintf(stderr, "%s (run it in the project's folder)\n", err.text);
            exit(1);
        }
    }
    for (size_t i = 0; i < VALUES_MAX; i++)
        values[i] = "a key that is not in the seeds";
    return 0;
}

static const char *find_header(void *arg, const char *name)
{
    (void)name;
    return arg;
}

static void check_found(const struct found *found)
{
    if (!found->event || found->event->kind == EVENT_IGNORE)
        return;
    if (found->event->kind == EVENT_MESSAGE) {
        check(found->chat && found->text);
        check(utf8_valid(found->text, strlen(found->text)));
        check(utf8_valid(found->chat, strlen(found->chat)));
    } else {
        check(found->id != NULL);
    }
}

static void try_members(const struct hook_spec *hook,
                        const struct payload *payload)
{
    struct payload member;

    for (size_t n = 0; payload_member(hook, payload, n, &member); n++) {
        struct found found;
        struct err err = { 0 };

        if (event_find(hook, &member, &found, &err))
            check_found(&found);
        else
            check(err.kind == ERR_PROTOCOL);
        found_free(&found);
    }
}

static void try_hook(const struct hook_spec *hook, const char *query,
                     const char *body, size_t size)
{
    struct payload payload;
    struct signed_request request = { .payload = &payload,
                                      .method = "POST",
                                      .url = "https://gw.test/hook?id=1",
                                      .peer = "192.0.2.1",
                                      .now = (int64_t)1700000000 * 1000 };
    struct err err = { 0 };

    if (payload_parse(hook, body, size, query, &payload)) {
        payload.header = find_header;
        payload.arg = (void *)(uintptr_t)query;
        for (size_t i = 0; i < hook->n_verifies; i++)
            check(!verify_request(hook->verifies[i], values, &request, &err));
        try_members(hook, &payload);
    }
    payload_free(&payload);
}

static void try_answer(const struct provider *provider, int status,
                       const char *body, size_t size)
{
    struct payload payload = { .body = body, .size = size };
    struct outcome outcome;

    payload.json = json_parse(body, size);
    if (!payload.json)
        (void)params_parse(body, size, &payload.form);
    result_map(provider->result, status, 0, &payload, &outcome);
    check(outcome.verdict == VERDICT_ACCEPTED || *outcome.err.text);
    check(utf8_valid(outcome.remote_id, strlen(outcome.remote_id)));
    payload_free(&payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct provider *provider;
    char *body, *query;

    if (size < 2)
        return 0;
    provider = providers[bytes[0] % FILES];
    body = xstrndup((const char *)bytes + 2, size - 2);
    query = xstrndup(body, strcspn(body, "\n"));
    try_answer(provider, 200 + bytes[1] * 2 % 400, body, strlen(body));
    if (provider->n_hooks > 0)
        try_hook(&provider->hooks[bytes[0] / FILES % provider->n_hooks], query,
                 body, strlen(body));
    free(query);
    free(body);
    return 0;
}
