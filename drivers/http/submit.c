/* submit.c - a text becomes a request, and its answer an outcome.
 *
 * What was surely not sent fails and is tried again; what may have been taken
 * is unsure; the rest is for the provider's rules. When the provider cannot be
 * reached or refuses our credentials the line goes offline, but only after
 * every request that is out has ended, since cancelling one would make its
 * outcome unknown. A job that waits for its time (rate, Retry-After) is within
 * the core's limit on open tickets: nothing queues here. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/code.h"
#include "base/crash.h"
#include "base/mem.h"
#include "base/number.h"
#include "http/http_line.h"
#include "http/json.h"
#include "sms/gsm7.h"

enum {
    BLOCK_MS = 1000,  /* after a 429 without Retry-After, doubled */
    BLOCK_STEPS = 5,  /* up to 32 s */
    BLOCK_MAX_S = 60, /* longer pauses are for the core */
    ANSWER_MAX = 256 * 1024,
};

struct job {
    struct job *prev, *next;
    struct http_line *http;
    uint64_t ticket;
    bool out;
    char id[48];
    struct rendered rendered;
};

/* --- values -------------------------------------------------------------- */

static void make_callback(const struct http_line *http, struct text_values *out)
{
    for (size_t i = 0; i < http->provider->n_hooks; i++) {
        const struct door *door = &http->doors[i];

        if (door->hook && door->spec == http->provider->callback) {
            out->values[VALUE_CALLBACK_URL] = hook_url(door->hook);
            snprintf(out->callback, sizeof(out->callback), "%s?id=%s",
                     hook_url(door->hook), out->id);
        }
    }
}

void submit_values(const struct http_line *http, const struct submission *s,
                   struct text_values *out)
{
    const struct provider *provider = http->provider;
    bool phone = provider->phones && number_is_canonical(s->to);

    size_t size = strnlen(s->bytes, s->size);

    *out = (struct text_values){ .text = xstrndup(s->bytes, size) };
    if (size < s->size) /* http_plan: a medium is behind it */
        out->media =
            xstrndup((const char *)s->bytes + size + 1, s->size - size - 1);
    if (phone)
        number_dial(s->to, out->to, sizeof(out->to));
    else
        text_copy(out->to, sizeof(out->to), s->to);
    snprintf(out->part, sizeof(out->part), "%u", s->part);
    snprintf(out->parts, sizeof(out->parts), "%u", s->total);
    snprintf(out->id, sizeof(out->id), s->part > 1 ? "%s-%u" : "%s", s->key,
             s->part);
    memcpy(out->values, http->values, sizeof(out->values));
    make_callback(http, out);
    out->values[VALUE_TO] = out->to;
    out->values[VALUE_TEXT] = out->text;
    out->values[VALUE_ID] = out->id;
    out->values[VALUE_CALLBACK] = out->callback;
    out->values[VALUE_PART] = out->part;
    out->values[VALUE_PARTS] = out->parts;
    out->values[VALUE_ALPHABET] =
        gsm7_fits(out->text, size, NULL) ? provider->gsm7 : provider->ucs2;
    out->values[VALUE_MEDIA] = out->media;
}

void text_values_free(struct text_values *values)
{
    free(values->text);
    free(values->media);
}

/* --- jobs ---------------------------------------------------------------- */

static void job_free(struct job *job)
{
    DL_DELETE(job->http->jobs, job);
    rendered_free(&job->rendered);
    free(job);
}

static void maybe_offline(struct http_line *http)
{
    if (http->dying && http->out == 0)
        line_offline(http->line, &http->trouble);
}

void submit_trouble(struct http_line *http, const struct err *err)
{
    struct job *job, *next;

    if (!http->dying)
        http->trouble = *err;
    http->dying = true;
    http->trouble.scope = SCOPE_LINE;
    DL_FOREACH_SAFE (http->jobs, job, next) {
        if (job->out)
            continue;
        line_failed(http->line, job->ticket, &http->trouble);
        job_free(job);
    }
    maybe_offline(http);
}

/* Nothing goes out before that time. */
static void hold_until(struct http_line *http, int64_t at)
{
    if (at > http->next_at)
        http->next_at = at;
}

/* The provider asks for a pause: a short one is waited for here. */
static void slow_down(struct http_line *http, struct err *err)
{
    int64_t pause = (int64_t)err->retry_after * 1000;

    if (pause == 0)
        pause = (int64_t)BLOCK_MS
                << (http->blocks < BLOCK_STEPS ? http->blocks : BLOCK_STEPS);
    http->blocks++;
    err->retry_after = (int)((pause + 999) / 1000);
    if (err->retry_after > BLOCK_MAX_S)
        submit_trouble(http, err);
    else
        hold_until(http, clock_mono_ms() + pause);
}

static void fail(struct http_line *http, uint64_t ticket, struct err *err)
{
    bool mendable = err->kind == ERR_AUTH || err->kind == ERR_CONFIG ||
                    err->kind == ERR_LINK;

    if (err->scope == SCOPE_LINE && err->kind == ERR_LIMITED)
        slow_down(http, err);
    line_failed(http->line, ticket, err);
    if (err->scope == SCOPE_LINE && mendable)
        submit_trouble(http, err);
}

/* --- the answer ---------------------------------------------------------- */

static void settle(struct http_line *http, const struct job *job,
                   struct outcome *outcome)
{
    const char *id = outcome->remote_id;

    if (result_own_id(http->provider->result))
        id = job->id;
    switch (outcome->verdict) {
    case VERDICT_ACCEPTED:
        http->blocks = 0;
        hooks_expect(http, id, outcome->parts);
        line_sent(http->line, job->ticket, *id ? id : NULL);
        break;
    case VERDICT_UNSURE:
        line_unsure(http->line, job->ticket, outcome->err.text);
        break;
    case VERDICT_FAILED:
        fail(http, job->ticket, &outcome->err);
        break;
    }
}

static const char *answer_header(void *arg, const char *name)
{
    static const size_t max = 512;
    char **last = arg;
    const struct http_answer *answer = (const struct http_answer *)last[1];

    free(last[0]);
    last[0] = xcalloc(1, max);
    return http_answer_header(answer, name, last[0], max) ? last[0] : NULL;
}

static void map_answer(struct http_line *http, const struct job *job,
                       const struct http_answer *answer)
{
    char *lent[2] = { NULL, (char *)(uintptr_t)answer };
    struct payload payload = { .body = answer->body,
                               .size = answer->size,
                               .header = answer_header,
                               .arg = lent };
    struct outcome outcome;

    payload.json = json_parse(answer->body, answer->size);
    if (!payload.json)
        (void)params_parse(answer->body, answer->size, &payload.form);
    result_map(http->provider->result, answer->status, answer->retry_after,
               &payload, &outcome);
    settle(http, job, &outcome);
    payload_free(&payload);
    free(lent[0]);
}

/* A status without its whole body still says no, but not that it was taken. */
static void map_broken(struct http_line *http, const struct job *job,
                       const struct http_answer *answer, const struct err *err)
{
    struct err why = *err;

    if (answer->status >= 400) {
        struct http_answer bare = *answer;

        bare.body = "";
        bare.size = 0;
        map_answer(http, job, &bare);
    } else if (answer->reached) {
        line_unsure(http->line, job->ticket, err->text);
    } else {
        why.scope = SCOPE_LINE;
        fail(http, job->ticket, &why);
    }
}

bool submit_is_out(const struct http_line *http, const char *id)
{
    const struct job *job;

    DL_FOREACH (http->jobs, job) {
        if (job->out && strcmp(job->id, id) == 0)
            return true;
    }
    return false;
}

static void start_jobs(struct http_line *http);

static void on_done(void *arg, const struct http_answer *answer,
                    const struct err *err)
{
    struct job *job = arg;
    struct http_line *http = job->http;

    crash_at(CRASH_ANSWER);
    http->out--;
    if (err)
        map_broken(http, job, answer, err);
    else
        map_answer(http, job, answer);
    job_free(job);
    maybe_offline(http);
    start_jobs(http);
}

/* --- sending ------------------------------------------------------------- */

static bool job_start(struct job *job, struct err *err)
{
    struct http_line *http = job->http;
    struct rendered *r = &job->rendered;
    struct http_header headers[REQUEST_HEADERS_MAX];
    struct http_request request = {
        .profile = HTTP_API,
        .url = r->url,
        .method = r->method,
        .headers = headers,
        .n_headers = r->n_headers,
        .user = r->user,
        .password = r->password,
        .body = r->has_body ? buf_text(&r->body) : NULL,
        .body_size = r->body.len,
        .total_ms = (unsigned)http->provider->timeout * 1000,
        .answer_max = ANSWER_MAX,
        .repeatable = http->provider->idempotent,
    };

    for (size_t i = 0; i < r->n_headers; i++)
        headers[i] =
            (struct http_header){ r->headers[i].name, r->headers[i].value };
    if (!http_send(line_owner(http->line), &request, on_done, job, err))
        return false;
    job->out = true;
    http->out++;
    rendered_free(r);
    crash_at(CRASH_WRITE);
    return true;
}

static struct job *first_waiting(const struct http_line *http)
{
    struct job *job;

    DL_FOREACH (http->jobs, job) {
        if (!job->out)
            return job;
    }
    return NULL;
}

static void start_jobs(struct http_line *http)
{
    struct job *job;
    struct err err = { 0 };

    while (!http->dying && (job = first_waiting(http))) {
        int64_t now = clock_mono_ms();

        if (now < http->next_at) {
            timer_start(http->pace, (uint64_t)(http->next_at - now));
            return;
        }
        if (http->per_minute > 0)
            hold_until(http,
                       now + (60000 + http->per_minute - 1) / http->per_minute);
        if (job_start(job, &err))
            continue;
        line_failed(http->line, job->ticket, &err);
        job_free(job);
    }
}

static void on_pace(void *arg)
{
    start_jobs(arg);
}

void submit_init(struct http_line *http)
{
    http->pace = timer_new(line_owner(http->line), on_pace, http);
    http->per_minute = settings_int(line_options(http->line), "per_minute");
}

bool submit_send(struct line *line, const struct submission *part,
                 uint64_t ticket, struct err *err)
{
    struct http_line *http = line_state(line);
    const struct send *send;
    struct text_values values;
    struct job *job;
    bool good;

    if (http->dying) {
        *err = http->trouble;
        return false;
    }
    submit_values(http, part, &values);
    send = provider_send(http->provider, values.to);
    job = xcalloc(1, sizeof(*job));
    if (send)
        good =
            request_render(send->request, values.values, &job->rendered, err);
    else
        good = err_set(err, ERR_BAD_ADDRESS,
                       "this provider has no request for such an address");
    if (!good) {
        err->kind = ERR_BAD_ADDRESS;
        free(job);
    } else {
        job->http = http;
        job->ticket = ticket;
        text_copy(job->id, sizeof(job->id), values.id);
        DL_APPEND(http->jobs, job);
        start_jobs(http);
    }
    text_values_free(&values);
    return good;
}

void submit_destroy(struct http_line *http)
{
    struct job *job, *next;

    DL_FOREACH_SAFE (http->jobs, job, next)
        job_free(job);
}
