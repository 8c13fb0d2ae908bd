/* hooks.c - requests of the provider become messages and reports.
 *
 * Verify, parse, hand over, and answer once all of it is committed: the same
 * token goes with every message and report of a request, and the last ack
 * answers it. What the core cannot take now is 503, so that the provider comes
 * again; a duplicate is 200. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/code.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_line.h"
#include "http/segments.h"

enum {
    BODY_MAX = 256 * 1024,
    ARRIVALS_MAX = 1000,
    WARN_MS = 10000,
    PATH_MAX_OCTETS = 512,
};

/* A request that waits for its acks. */
struct arrival {
    struct arrival *prev, *next;
    struct hook_call *call;
    const struct hook_spec *spec;
    uint64_t token;
    size_t acks; /* still to come */
    bool retry;
};

static void answer_good(struct hook_call *call, const struct hook_spec *spec)
{
    hook_answer(call, spec->status, spec->type, spec->answer,
                spec->answer ? strlen(spec->answer) : 0);
}

static void arrival_end(struct http_line *http, struct arrival *arrival)
{
    if (arrival->retry)
        hook_answer(arrival->call, 503, NULL, NULL, 0);
    else
        answer_good(arrival->call, arrival->spec);
    crash_at(CRASH_DELETE);
    DL_DELETE(http->arrivals, arrival);
    http->n_arrivals--;
    free(arrival);
}

void hooks_ack(struct line *line, uint64_t token, enum ack ack)
{
    struct http_line *http = line_state(line);
    struct arrival *arrival;

    DL_FOREACH (http->arrivals, arrival) {
        if (arrival->token == token)
            break;
    }
    if (!arrival)
        return;
    arrival->retry |= ack == ACK_RETRY;
    if (--arrival->acks == 0)
        arrival_end(http, arrival);
}

/* --- handing over -------------------------------------------------------- */

static void give_segment(struct http_line *http, const struct found *found,
                         uint64_t token)
{
    char *set = xasprintf("%s/%s/%u", found->chat, found->set, found->parts);
    struct incoming message = { .kind = KIND_TEXT,
                                .chat = found->chat,
                                .remote_id = found->id,
                                .at = found->at };
    struct fragment fragment = { .seq = found->part,
                                 .bytes = found->text,
                                 .size = strlen(found->text) };

    line_received_part(http->line, &message, set, found->parts, &fragment,
                       token);
    free(set);
}

static void give_message(struct http_line *http, const struct found *found,
                         uint64_t token)
{
    struct incoming message = {
        .kind = KIND_TEXT,
        .chat = found->chat,
        .author = found->author,
        .text = found->text,
        .remote_id = found->id,
        .name = found->name,
        .at = found->at,
        .attachments = found->media,
        .n_attachments = found->n_media,
    };

    if (found->set && found->parts > 1 && found->part >= 1 &&
        found->part <= found->parts)
        give_segment(http, found, token);
    else
        line_received(http->line, &message, 1, token);
}

static void keep_segments(struct http_line *http)
{
    line_state_put(http->line, "segments",
                   http->segments.len > 0 ? buf_text(&http->segments) : NULL);
}

void hooks_expect(struct http_line *http, const char *id, const char *parts)
{
    if (!strchr(parts, ' '))
        return;
    segments_expect(&http->segments, id, parts);
    keep_segments(http);
}

/* A text in several SMS is delivered when all of them are, and fails with the
 * first. */
static bool is_whole(struct http_line *http, const struct found *found)
{
    size_t before = http->segments.len;
    bool whole = true;

    if (!found->sms)
        return true;
    if (found->report == REPORT_DELIVERED || found->report == REPORT_READ)
        whole = segments_delivered(&http->segments, found->id, found->sms);
    else if (found->report == REPORT_FAILED)
        segments_forget(&http->segments, found->id);
    if (http->segments.len != before)
        keep_segments(http);
    return whole;
}

static void give_report(struct http_line *http, const struct found *found,
                        uint64_t token)
{
    bool failed = found->report == REPORT_FAILED;
    bool whole = is_whole(http, found);

    line_report(http->line, found->id, found->chat,
                whole ? found->report : REPORT_PENDING, 0,
                failed ? &found->err : NULL, token);
}

static bool give(struct http_line *http, const struct found *found,
                 uint64_t token)
{
    if (!found->event || found->event->kind == EVENT_IGNORE) {
        http->ignored++;
        return false;
    }
    if (found->event->kind == EVENT_MESSAGE)
        give_message(http, found, token);
    else
        give_report(http, found, token);
    return true;
}

/* --- a request ----------------------------------------------------------- */

static void refuse(struct door *door, const struct hook_request *request,
                   int status, const char *why)
{
    struct http_line *http = door->line;
    int64_t now = clock_mono_ms();

    http->refused++;
    if (http->warned == 0 || now - http->warned > WARN_MS) {
        log_warn("line %s: a request to hook %s from %s was refused: %s",
                 line_name(http->line), door->spec->name, request->peer, why);
        http->warned = now;
    }
    hook_answer(request->call, status, NULL, NULL, 0);
}

static const char *request_header(void *arg, const char *name)
{
    return hook_header(arg, name);
}

static bool verified(const struct door *door,
                     const struct hook_request *request,
                     const struct payload *payload, struct err *err)
{
    const struct signed_request what = {
        .payload = payload,
        .method = request->method,
        .url = request->url,
        .peer = request->peer,
        .now = clock_wall_ms(),
    };

    for (size_t i = 0; i < door->spec->n_verifies; i++) {
        if (!verify_request(door->spec->verifies[i], door->line->values, &what,
                            err))
            return false;
    }
    return true;
}

/* A report before the core has been told whose account this is, or on a part
 * before we know which parts there are: come again. */
static bool too_early(const struct http_line *http, const struct found *all,
                      size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool report = all[i].event && all[i].event->kind == EVENT_REPORT;

        if (report && !http->online)
            return true;
        if (all[i].sms && submit_is_out(http, all[i].id))
            return true;
    }
    return false;
}

/* All members are read before the first is handed over: either the request can
 * be understood, or nothing of it happens. */
static bool read_all(const struct hook_spec *spec,
                     const struct payload *payload, struct found **all,
                     size_t *n, struct err *err)
{
    struct payload member;

    *all = NULL;
    for (*n = 0; payload_member(spec, payload, *n, &member);) {
        *all = xrealloc(*all, (*n + 1) * sizeof(**all));
        if (!event_find(spec, &member, &(*all)[(*n)++], err))
            return false;
    }
    return true;
}

static void hand_over(struct door *door, const struct hook_request *request,
                      const struct found *all, size_t n)
{
    struct http_line *http = door->line;
    struct arrival *arrival = xcalloc(1, sizeof(*arrival));

    arrival->call = request->call;
    arrival->spec = door->spec;
    arrival->token = ++http->last_token;
    DL_APPEND(http->arrivals, arrival);
    http->n_arrivals++;
    for (size_t i = 0; i < n; i++)
        arrival->acks += give(http, &all[i], arrival->token);
    if (arrival->acks == 0)
        arrival_end(http, arrival);
}

static void take(struct door *door, const struct hook_request *request,
                 const struct payload *payload)
{
    struct found *all;
    struct err err;
    size_t n;

    if (!verified(door, request, payload, &err)) {
        refuse(door, request, 403, err.text);
        return;
    }
    if (!read_all(door->spec, payload, &all, &n, &err))
        refuse(door, request, 400, err.text);
    else if (too_early(door->line, all, n))
        hook_answer(request->call, 503, NULL, NULL, 0);
    else
        hand_over(door, request, all, n);
    while (n > 0)
        found_free(&all[--n]);
    free(all);
}

static void on_request(void *arg, const struct hook_request *request)
{
    struct door *door = arg;
    struct payload payload;

    if (door->line->n_arrivals >= ARRIVALS_MAX) {
        hook_answer(request->call, 503, NULL, NULL, 0);
        return;
    }
    if (payload_parse(door->spec, request->body, request->size, request->query,
                      &payload)) {
        payload.header = request_header;
        payload.arg = request->call;
        take(door, request, &payload);
    } else {
        refuse(door, request, 400, "the body cannot be read");
    }
    payload_free(&payload);
}

/* --- the paths ----------------------------------------------------------- */

/* The secret part of the paths: from the configuration, or made once. */
static const char *path_token(struct http_line *http)
{
    const char *token = settings_text(line_options(http->line), "hook_token");

    if (!token)
        token = line_state_get(http->line, "hook_token");
    if (!token) {
        struct id a = id_new(), b = id_new();
        char text[65];

        snprintf(text, sizeof(text), "%s%s", id_text(&a).text,
                 id_text(&b).text);
        text[40] = '\0'; /* its random digits come first */
        line_state_put(http->line, "hook_token", text);
        token = line_state_get(http->line, "hook_token");
    }
    log_hide(token);
    return token;
}

static void open_door(struct http_line *http, struct door *door,
                      const char *token)
{
    struct buf path;
    struct err err;

    buf_init(&path, PATH_MAX_OCTETS);
    buf_add_text(&path, "/hook/");
    code_percent(&path, line_name(http->line), strlen(line_name(http->line)));
    buf_addf(&path, "/%s/", door->spec->name);
    code_percent(&path, token, strlen(token));
    door->hook = hook_open(line_owner(http->line), buf_text(&path), BODY_MAX,
                           on_request, door, &err);
    if (!door->hook)
        log_warn("line %s: no hook %s, so nothing comes in by it: %s",
                 line_name(http->line), door->spec->name, err.text);
    buf_free(&path);
}

void hooks_open(struct http_line *http)
{
    const struct provider *provider = http->provider;
    const char *segments = line_state_get(http->line, "segments");

    buf_init(&http->segments, SEGMENTS_SIZE_MAX);
    if (segments && segments[strlen(segments) - 1] == '\n')
        (void)buf_add_text(&http->segments, segments);
    for (size_t i = 0; i < provider->n_hooks; i++) {
        http->doors[i].line = http;
        http->doors[i].spec = &provider->hooks[i];
        open_door(http, &http->doors[i], path_token(http));
    }
}

/* Their calls were answered when the hooks were closed. */
void hooks_destroy(struct http_line *http)
{
    struct arrival *arrival, *next;

    DL_FOREACH_SAFE (http->arrivals, arrival, next)
        free(arrival);
    buf_free(&http->segments);
}
