/* http.c - the driver for whatever a provider file describes: SMS providers and
 * other services that take a text by one HTTP request and call back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "http/cut.h"
#include "http/http_line.h"

enum { PROBE_MS = 10000, JOINED_MAX = 256 * 1024, SEND_GRACE_S = 90 };

extern const struct driver http_driver;

static const struct option options[] = {
    { .key = "provider",
      .type = OPT_TEXT,
      .flags = OPT_REQUIRED,
      .help = "Provider file: kannel, twilio, ... or a path; it adds options" },
    { .key = "from",
      .type = OPT_TEXT,
      .help = "The line's own number or name, as the provider wants it" },
    { .key = "hook_token",
      .type = OPT_TEXT,
      .flags = OPT_SECRET,
      .help = "Secret end of the hooks' paths; unset: see moongate status" },
    { .key = "media",
      .type = OPT_BOOL,
      .fallback = "false",
      .help = "Send media as such where the provider file can; else as links" },
    { .key = NULL },
};

/* --- the description ----------------------------------------------------- */

static struct option *http_more(const char *value, struct err *err)
{
    struct provider *provider = provider_load(value, err);
    struct option *more = provider ? provider_options(provider) : NULL;

    provider_free(provider);
    return more;
}

static void http_tailor(const struct settings *settings, struct driver *own)
{
    struct provider *p =
        provider_load(settings_text(settings, "provider"), NULL);

    if (!p)
        return; /* the file has changed: start will say so */
    own->phone_addresses = p->phones;
    own->ambiguity = p->idempotent ? AMBIGUITY_IDEMPOTENT : AMBIGUITY_NONE;
    own->gateway_type = p->gateway_type;
    own->limits.max_parts = (unsigned)settings_int(settings, "max_parts");
    own->limits.in_flight = (unsigned)p->in_flight;
    own->limits.settle_s = (unsigned)p->settle;
    own->limits.send_timeout_s = (unsigned)p->timeout + SEND_GRACE_S;
    provider_free(p);
}

static void set_values(struct http_line *http, const struct settings *s)
{
    const struct provider *provider = http->provider;

    http->values[VALUE_FROM] = settings_text(s, "from");
    for (size_t i = 0; i < provider->n_variables; i++)
        http->values[VALUES_OWN + i] =
            settings_text(s, provider->variables[i].name);
}

/* What is sent must be a request to a web server, whatever the values. */
bool http_sample(struct http_line *http, struct rendered *rendered,
                 struct err *err)
{
    const struct submission sample = { .to = "+447700900123",
                                       .bytes = "x",
                                       .size = 1,
                                       .part = 1,
                                       .total = 1,
                                       .key = "0" };
    struct text_values values;
    const struct send *send = &http->provider->sends[0];
    bool good;

    submit_values(http, &sample, &values);
    good = request_render(send->request, values.values, rendered, err);
    text_values_free(&values);
    if (!good)
        return false;
    if (strncmp(rendered->url, "http://", 7) == 0 ||
        strncmp(rendered->url, "https://", 8) == 0)
        return true;
    rendered_free(rendered);
    return err_set(err, ERR_CONFIG,
                   "the URL to send to does not begin with http:// or "
                   "https://: which option is wrong?");
}

static bool http_check(const struct settings *settings, struct err *err)
{
    struct http_line http = { 0 };
    struct rendered rendered;
    bool good;

    http.provider = provider_load(settings_text(settings, "provider"), err);
    if (!http.provider)
        return false;
    set_values(&http, settings);
    good = http_sample(&http, &rendered, err);
    if (good)
        rendered_free(&rendered);
    provider_free(http.provider);
    return good;
}

/* --- start and stop ------------------------------------------------------ */

static void go_online(struct http_line *http)
{
    const struct provider *provider = http->provider;
    unsigned caps = CAP_TEXT;
    struct buf account;

    for (size_t i = 0; i < provider->n_hooks; i++) {
        if (http->doors[i].hook)
            caps |= provider_caps(provider);
    }
    if (settings_bool(line_options(http->line), "media") &&
        provider_takes_media(provider))
        caps |= CAP_MEDIA;
    buf_init(&account, 60);
    if (provider->account)
        (void)template_render(provider->account, http->values, PLACE_TEXT,
                              &account);
    http->online = true;
    line_online(http->line, caps, account.len > 0 ? buf_text(&account) : NULL);
    buf_free(&account);
}

/* Any answer, and even none behind a connection, shows that it is there. */
static void on_probed(void *arg, const struct http_answer *answer,
                      const struct err *err)
{
    struct http_line *http = arg;

    if (err && !answer->reached)
        line_offline(http->line, err);
    else
        go_online(http);
}

static bool probe(struct http_line *http, struct err *err)
{
    struct rendered rendered;
    struct http_request request = { .method = "HEAD", .total_ms = PROBE_MS };
    bool good;

    if (!http_sample(http, &rendered, err))
        return false;
    /* The server itself, not what costs something there. */
    char *host = strstr(rendered.url, "://") + 3;
    host[strcspn(host, "/?#")] = '\0';
    request.url = rendered.url;
    good = http_send(line_owner(http->line), &request, on_probed, http, err) !=
           NULL;
    rendered_free(&rendered);
    return good;
}

static bool http_start(struct line *line, struct err *err)
{
    const struct settings *s = line_options(line);
    struct http_line *http = line_state(line);

    http->line = line;
    http->provider = provider_load(settings_text(s, "provider"), err);
    if (!http->provider)
        return false;
    set_values(http, s);
    submit_init(http);
    hooks_open(http);
    return probe(http, err);
}

static void http_stop(struct line *line)
{
    struct http_line *http = line_state(line);

    submit_trouble(http, &(struct err){ .kind = ERR_NONE });
}

static void http_destroy(struct line *line)
{
    struct http_line *http = line_state(line);

    submit_destroy(http);
    hooks_destroy(http);
    provider_free(http->provider);
}

/* --- texts --------------------------------------------------------------- */

/* The first part brings it: text, NUL, URL, NUL. How much text is left. */
static size_t add_medium(struct parts *parts, const struct outgoing *message,
                         size_t units, unsigned *n)
{
    const char *url = message->attachment->source;
    size_t size = strlen(message->text);
    size_t first = size > 0 ? cut_first(message->text, size, units) : 0;
    char *bytes = xasprintf("%.*s%c%s", (int)first, message->text, '\0', url);

    parts_add(parts, bytes, first + strlen(url) + 2);
    free(bytes);
    *n = 1;
    return size - first;
}

static bool http_plan(struct line *line, const struct outgoing *message,
                      struct parts *parts, struct err *err)
{
    const struct settings *s = line_options(line);
    size_t units = (size_t)settings_int(s, "text_length");
    unsigned n = 0, most = (unsigned)settings_int(s, "max_parts");
    const char *text = message->text;
    size_t size = strlen(text);

    if (message->attachment)
        size = add_medium(parts, message, units, &n);
    else if (size == 0)
        return err_set(err, ERR_UNSUPPORTED, "there is no text to send");
    text += strlen(text) - size;
    while (size > 0) {
        size_t first = cut_first(text, size, units);

        if (n++ == most)
            return err_set(err, ERR_TOO_LONG,
                           "the text is longer than %u parts of %zu characters",
                           most, units);
        parts_add(parts, text, first);
        text += first;
        size -= first;
    }
    return true;
}

static bool http_assemble(struct line *line, const struct fragment *fragments,
                          size_t n, unsigned total, char **text,
                          struct err *err)
{
    struct buf out;
    unsigned seq = 1;

    (void)line;
    buf_init(&out, JOINED_MAX);
    for (size_t i = 0; i <= n; i++) {
        unsigned next = i < n ? fragments[i].seq : total + 1;

        for (; seq < next; seq++)
            buf_addf(&out, "[part %u of %u missing]", seq, total);
        if (i < n)
            buf_add(&out, fragments[i].bytes, fragments[i].size);
        seq = next + 1;
    }
    if (out.over) {
        buf_free(&out);
        return err_set(err, ERR_TOO_LONG, "its parts are too long together");
    }
    *text = buf_take(&out);
    return true;
}

static void http_status(struct line *line, struct status *status)
{
    const struct http_line *http = line_state(line);
    int64_t wait = http->next_at - clock_mono_ms();
    char key[80];

    status_text(status, "provider", "%s", http->provider->title);
    for (size_t i = 0; i < http->provider->n_hooks; i++) {
        const struct door *door = &http->doors[i];

        snprintf(key, sizeof(key), "hook %s", door->spec->name);
        if (door->hook)
            status_text(status, key, "%s", hook_url(door->hook));
        else
            status_text(status, key, "%s",
                        "none: set hook_listen and public_url of gateway");
    }
    if (http->refused > 0)
        status_text(status, "hook requests refused", "%llu",
                    (unsigned long long)http->refused);
    if (http->blocks > 0 && wait > 0)
        status_text(status, "held back by the provider", "%lld s",
                    (long long)(wait / 1000 + 1));
}

const struct driver http_driver = {
    .size = sizeof(struct driver),
    .abi = DRIVER_ABI,
    .name = "http",
    .title = "SMS and other providers with an HTTP API, by a file",
    .gateway_type = "sms",
    .caps = CAP_TEXT | CAP_DELIVERED | CAP_READ | CAP_FRAGMENTS | CAP_MEDIA,
    .limits = { .max_parts = 255,
                .in_flight = 8,
                .send_timeout_s = 30 + SEND_GRACE_S,
                .settle_s = 60,
                .ttl_s = 86400 },
    .ambiguity = AMBIGUITY_NONE,
    .phone_addresses = true,
    .options = options,
    .state_size = sizeof(struct http_line),
    .more_key = "provider",
    .start = http_start,
    .stop = http_stop,
    .plan = http_plan,
    .send = submit_send,
    .check = http_check,
    .more = http_more,
    .tailor = http_tailor,
    .ack = hooks_ack,
    .assemble = http_assemble,
    .locate = media_locate,
    .destroy = http_destroy,
    .status = http_status,
};
