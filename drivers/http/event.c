/* event.c - what a payload means, by a provider file's words. Pure. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "http/charset.h"
#include "http/http_line.h"
#include "http/json.h"

enum { TEXT_MAX = 256 * 1024, WORD_MAX = 256, MEMBERS_MAX = 500 };

bool payload_parse(const struct hook_spec *hook, const char *body, size_t size,
                   const char *query, struct payload *out)
{
    *out = (struct payload){ .body = body, .size = size };
    if (!params_parse(query, strlen(query), &out->query))
        return false;
    if (hook->json) {
        out->json = json_parse(body, size);
        return out->json != NULL;
    }
    return params_parse(body, size, &out->form);
}

void payload_free(struct payload *payload)
{
    params_free(&payload->form);
    params_free(&payload->query);
    json_object_put(payload->json);
    payload->json = NULL;
}

bool payload_member(const struct hook_spec *hook, const struct payload *whole,
                    size_t n, struct payload *out)
{
    struct json_object *list;

    *out = *whole;
    if (!hook->each)
        return n == 0;
    list = json_at(whole->json, hook->each, 0);
    if (!json_object_is_type(list, json_type_array) || n >= MEMBERS_MAX)
        return false;
    out->json = json_object_array_get_idx(list, n);
    return n < json_object_array_length(list);
}

/* A short value as clean text; NULL when it is not there or empty. */
static char *word(const struct pick *pick, const struct payload *payload)
{
    char *raw = pick_text(pick, payload);
    struct buf clean;

    if (!raw || !*raw) {
        free(raw);
        return NULL;
    }
    buf_init(&clean, WORD_MAX);
    (void)utf8_clean(&clean, raw, strnlen(raw, WORD_MAX));
    free(raw);
    return buf_take(&clean);
}

static bool when_fits(const struct when *when, const struct payload *payload)
{
    char *value = pick_text(when->at, payload);
    bool fits = when->is ? value && word_among(value, when->is)
                         : !value || !word_among(value, when->not );

    free(value);
    return fits;
}

static bool event_fits(const struct event *event, const struct payload *payload)
{
    for (size_t i = 0; i < event->n_whens; i++) {
        if (!when_fits(&event->whens[i], payload))
            return false;
    }
    return true;
}

static char *find_text(const struct event *event, const struct payload *payload)
{
    char *charset = pick_text(event->charset, payload);
    struct buf raw, text;
    bool there;

    buf_init(&raw, TEXT_MAX);
    buf_init(&text, TEXT_MAX);
    there = pick_value(event->text, payload, 0, &raw);
    if (there)
        charset_decode(&text, charset, buf_text(&raw), raw.len);
    buf_free(&raw);
    free(charset);
    if (there)
        return buf_take(&text);
    buf_free(&text);
    return NULL;
}

static unsigned find_number(const struct pick *pick,
                            const struct payload *payload)
{
    char *text = pick_text(pick, payload);
    unsigned long value = text ? strtoul(text, NULL, 10) : 0;

    free(text);
    return value < 256 ? (unsigned)value : 0;
}

static char *find_chat(const struct event *event, const struct payload *payload)
{
    char *chat = word(event->chat, payload), *whole;

    if (!chat || !event->chat_prefix)
        return chat;
    whole = xasprintf("%s%s", event->chat_prefix, chat);
    free(chat);
    return whole;
}

/* They end with the first that is missing. */
static void find_media(const struct event *event, const struct payload *payload,
                       struct found *found)
{
    while (found->n_media < MEDIA_MAX) {
        size_t n = found->n_media;
        char *source = pick_text_at(event->media, payload, n);

        if (!source || !*source) {
            free(source);
            return;
        }
        found->media[found->n_media++] = (struct attachment){
            .source = source,
            .type = pick_text_at(event->media_type, payload, n),
            .name = pick_text_at(event->media_name, payload, n),
        };
    }
}

static bool find_message(const struct event *event,
                         const struct payload *payload, struct found *found,
                         struct err *err)
{
    char *at = pick_text(event->at, payload);

    found->at = at ? charset_time(at) : 0;
    free(at);
    found->text = find_text(event, payload);
    found->author = word(event->author, payload);
    found->name = word(event->name, payload);
    found->set = word(event->set, payload);
    found->part = find_number(event->part, payload);
    found->parts = find_number(event->parts, payload);
    find_media(event, payload, found);
    if (!found->text && found->n_media > 0)
        found->text = xstrdup("");
    if (!found->chat)
        return err_set(err, ERR_PROTOCOL, "message: from is missing");
    if (!found->text)
        return err_set(err, ERR_PROTOCOL, "message: text is missing");
    return true;
}

static void report_failed(const struct event *event,
                          const struct payload *payload, const char *status,
                          struct err *err)
{
    char *code = word(event->code, payload);
    char *reason = word(event->reason, payload);
    enum err_kind kind = ERR_REJECTED;
    enum verdict verdict;

    if (result_rules_map(event->rules, 0, payload, &verdict, &kind) &&
        verdict != VERDICT_FAILED)
        kind = ERR_REJECTED;
    err_set(err, kind, "the provider reports %.40s%s%.60s%s%.100s", status,
            code ? " " : "", code ? code : "", reason ? ": " : "",
            reason ? reason : "");
    text_copy(err->code, sizeof(err->code), code ? code : status);
    free(code);
    free(reason);
}

static bool find_report(const struct event *event,
                        const struct payload *payload, struct found *found,
                        struct err *err)
{
    char *status = word(event->status, payload);

    if (!found->id || !status) {
        free(status);
        return err_set(err, ERR_PROTOCOL, "report: %s is missing",
                       found->id ? "status" : "id");
    }
    found->sms = word(event->sms, payload);
    found->report = REPORT_PENDING;
    if (word_among(status, event->delivered)) {
        found->report = REPORT_DELIVERED;
    } else if (event->read && word_among(status, event->read)) {
        found->report = REPORT_READ;
    } else if (word_among(status, event->failed)) {
        found->report = REPORT_FAILED;
        report_failed(event, payload, status, &found->err);
    } else {
        err_set(&found->err, ERR_NONE, "%.40s", status);
    }
    free(status);
    return true;
}

bool event_find(const struct hook_spec *hook, const struct payload *payload,
                struct found *found, struct err *err)
{
    const struct event *event = NULL;

    *found = (struct found){ 0 };
    for (size_t i = 0; i < hook->n_events && !event; i++) {
        if (event_fits(&hook->events[i], payload))
            event = &hook->events[i];
    }
    found->event = event;
    if (!event || event->kind == EVENT_IGNORE)
        return true;
    found->chat = find_chat(event, payload);
    found->id = word(event->id, payload);
    return event->kind == EVENT_MESSAGE
               ? find_message(event, payload, found, err)
               : find_report(event, payload, found, err);
}

void found_free(struct found *found)
{
    free(found->chat);
    free(found->text);
    free(found->id);
    free(found->author);
    free(found->name);
    free(found->set);
    free(found->sms);
    for (size_t i = 0; i < found->n_media; i++) {
        free((char *)found->media[i].source);
        free((char *)found->media[i].type);
        free((char *)found->media[i].name);
    }
    *found = (struct found){ 0 };
}
