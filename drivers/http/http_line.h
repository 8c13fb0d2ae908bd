/* http_line.h - one running line of the http driver; shared by its files.
 *
 *   http.c     description, start and stop, the probe
 *   submit.c   a text becomes a request, its answer an outcome
 *   hooks.c    requests of the provider become messages and reports
 *   media.c    how to fetch what they name
 */
#ifndef MOONGATE_HTTP_LINE_H
#define MOONGATE_HTTP_LINE_H

#include "driver.h"
#include "http/provider.h"

struct arrival;
struct job;

enum { MEDIA_MAX = 16 };

struct door {
    struct http_line *line;
    const struct hook_spec *spec;
    struct hook *hook; /* NULL: closed */
};

struct http_line {
    struct line *line;
    struct provider *provider;
    const char *values[VALUES_MAX]; /* of the line; those of a text are NULL */
    bool online;                    /* the core knows the account */

    /* submit.c */
    struct job *jobs;   /* utlist: waiting for their time, or out */
    size_t out;         /* jobs whose request is out */
    struct timer *pace; /* starts the next job */
    int64_t next_at;    /* clock_mono_ms: the rate allows the next */
    int64_t per_minute; /* 0: no limit */
    unsigned blocks;    /* 429 in a row */
    bool dying;         /* offline with `trouble` once nothing is out */
    struct err trouble;

    /* hooks.c */
    struct door doors[HOOKS_MAX];
    struct arrival *arrivals; /* utlist */
    size_t n_arrivals;
    uint64_t last_token;
    struct buf segments; /* segments.h */
    uint64_t refused, ignored;
    int64_t warned; /* clock_mono_ms of the last warning of a refusal */
};

/* The values of a text for templates; `own` lends its buffers. */
struct text_values {
    const char *values[VALUES_MAX];
    char to[256], id[48], part[8], parts[8];
    char callback[1024];
    char *text, *media; /* media: its URL; NULL: none */
};
void submit_values(const struct http_line *http,
                   const struct submission *submission,
                   struct text_values *out);
void text_values_free(struct text_values *values);

/* The request that a text would make, for what is the line's own in it: URL,
 * credentials; checked. */
bool http_sample(struct http_line *http, struct rendered *rendered,
                 struct err *err);

/* As `locate` of driver.h (media.c). */
bool media_locate(struct line *line, const char *source, uint64_t call,
                  struct err *err);

bool submit_send(struct line *line, const struct submission *part,
                 uint64_t ticket, struct err *err);
void submit_init(struct http_line *http);
void submit_destroy(struct http_line *http);

/* Is the request with that id of ours out? */
bool submit_is_out(const struct http_line *http, const char *id);

/* Fails what waits and goes offline when nothing is out any more. */
void submit_trouble(struct http_line *http, const struct err *err);

/* A text was taken as these parts. */
void hooks_expect(struct http_line *http, const char *id, const char *parts);

void hooks_open(struct http_line *http);
void hooks_ack(struct line *line, uint64_t token, enum ack ack);
void hooks_destroy(struct http_line *http);

/* A member of a payload as a message or report, without I/O: hooks.c gives it
 * to the core, `moongate provider` prints it. */
struct found {
    const struct event *event; /* NULL: nothing fits */
    char *chat, *text, *id, *author, *name, *set, *sms;
    struct attachment media[MEDIA_MAX]; /* their texts are the found's */
    size_t n_media;
    unsigned part, parts;
    int64_t at;
    enum report_kind report;
    struct err err; /* of a failed report */
};
/* False: a required value is missing; *err says which. */
bool event_find(const struct hook_spec *hook, const struct payload *payload,
                struct found *found, struct err *err);
void found_free(struct found *found);

/* Fills a payload from a request to a hook; false: it cannot be read. */
bool payload_parse(const struct hook_spec *hook, const char *body, size_t size,
                   const char *query, struct payload *out);
void payload_free(struct payload *payload);

/* The n-th member of `each`, or the payload itself as the 0th; borrowed parts.
 */
bool payload_member(const struct hook_spec *hook, const struct payload *whole,
                    size_t n, struct payload *out);

#endif
