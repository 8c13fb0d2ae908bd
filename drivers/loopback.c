/* loopback.c - the teaching driver: whatever is sent comes back.
 *
 * Read this first to learn how a driver looks; copy it to write one. It talks
 * to nobody, so what remains is the contract of driver.h. Without a delay it
 * answers within `send`, which is allowed, because up-calls only record. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "driver.h"

extern const struct driver loopback_driver;

/* In the order of the choices of the option. */
enum loopback_fail { NONE, REJECT, TEMPORARY, SILENT, UNSURE };

static const struct option options[] = {
    { .key = "echo",
      .type = OPT_BOOL,
      .fallback = "true",
      .help = "Send every text back as a message from its recipient" },
    { .key = "delay_ms",
      .type = OPT_INT,
      .fallback = "0",
      .max = 600000,
      .help = "Milliseconds between a text and its outcome" },
    { .key = "reports",
      .type = OPT_BOOL,
      .fallback = "true",
      .help = "Report every text as delivered" },
    { .key = "media",
      .type = OPT_BOOL,
      .fallback = "true",
      .help = "Take media, and send them back, too" },
    { .key = "fail",
      .type = OPT_ENUM,
      .fallback = "none",
      .choices = "none|reject|temporary|silent|unsure",
      .help = "How every text ends, for tests" },
    { .key = NULL },
};

/* What was sent and has no outcome yet. */
struct parcel {
    struct parcel *prev, *next;
    int64_t due; /* clock_mono_ms */
    uint64_t ticket;
    char *to, *text, *url, *key; /* url: of a medium; NULL: none */
};

/* What the core keeps for each line, zeroed before `start`. */
struct loopback {
    struct line *line;
    struct timer *timer;
    struct parcel *parcels; /* in the order of sending */
    bool echo, reports;
    enum loopback_fail fail;
    int64_t delay_ms;
};

static void succeed(struct loopback *l, const struct parcel *p)
{
    struct attachment medium = { .source = p->url };
    struct incoming echo = { .kind = p->url ? KIND_MEDIA : KIND_TEXT,
                             .chat = p->to,
                             .text = p->text,
                             .remote_id = p->key,
                             .attachments = &medium,
                             .n_attachments = p->url != NULL };

    line_sent(l->line, p->ticket, p->key);
    if (l->reports)
        line_report(l->line, p->key, p->to, REPORT_DELIVERED, 0, NULL, 0);
    if (l->echo)
        line_received(l->line, &echo, 1, 0);
}

/* Each ticket ends exactly once; SILENT leaves that to the core. */
static void finish(struct loopback *l, const struct parcel *p)
{
    struct err err;

    if (l->fail == NONE) {
        succeed(l, p);
    } else if (l->fail == UNSURE) {
        line_unsure(l->line, p->ticket, "loopback was told not to know");
    } else if (l->fail != SILENT) {
        err_set(&err, l->fail == REJECT ? ERR_REJECTED : ERR_TEMPORARY,
                "loopback was told to fail");
        line_failed(l->line, p->ticket, &err);
    }
}

static void parcel_free(struct parcel *p)
{
    free(p->to);
    free(p->text);
    free(p->url);
    free(p->key);
    free(p);
}

static void on_timer(void *arg)
{
    struct loopback *l = arg;
    int64_t now = clock_mono_ms();
    struct parcel *p;

    while ((p = l->parcels) != NULL && p->due <= now) {
        DL_DELETE(l->parcels, p);
        finish(l, p);
        parcel_free(p);
    }
    if (p != NULL)
        timer_start(l->timer, (uint64_t)(p->due - now));
}

static bool loopback_start(struct line *line, struct err *err)
{
    const struct settings *s = line_options(line);
    struct loopback *l = line_state(line);

    (void)err;
    l->line = line;
    l->timer = timer_new(line_owner(line), on_timer, l);
    l->echo = settings_bool(s, "echo");
    l->reports = settings_bool(s, "reports");
    l->delay_ms = settings_int(s, "delay_ms");
    l->fail = (enum loopback_fail)settings_enum(s, "fail");
    line_online(line,
                CAP_TEXT | (l->reports ? CAP_DELIVERED : 0) |
                    (settings_bool(s, "media") ? CAP_MEDIA : 0),
                line_name(line));
    return true;
}

static void loopback_stop(struct line *line)
{
    line_offline(line, &(struct err){ .kind = ERR_NONE });
}

/* One part, and its bytes are the text, then the URL of a medium, each with its
 * NUL. A real driver encodes here. */
static bool loopback_plan(struct line *line, const struct outgoing *message,
                          struct parts *parts, struct err *err)
{
    const char *url = message->attachment ? message->attachment->source : "";
    char *bytes = xasprintf("%s%c%s", message->text, '\0', url);

    (void)line;
    (void)err;
    parts_add(parts, bytes, strlen(message->text) + strlen(url) + 2);
    free(bytes);
    return true;
}

static bool loopback_send(struct line *line, const struct submission *part,
                          uint64_t ticket, struct err *err)
{
    struct loopback *l = line_state(line);
    struct parcel *p = xcalloc(1, sizeof(*p));
    const char *url = (const char *)part->bytes + strlen(part->bytes) + 1;

    (void)err;
    p->due = clock_mono_ms() + l->delay_ms;
    p->ticket = ticket;
    p->to = xstrdup(part->to); /* arguments are borrowed: copy to keep */
    p->text = xstrdup(part->bytes);
    p->url = *url ? xstrdup(url) : NULL;
    p->key = xstrdup(part->key);
    if (l->delay_ms == 0) {
        finish(l, p);
        parcel_free(p);
        return true;
    }
    if (l->parcels == NULL)
        timer_start(l->timer, (uint64_t)l->delay_ms);
    DL_APPEND(l->parcels, p);
    return true;
}

/* Timers are the core's to close; memory of our own is ours to free. */
static void loopback_destroy(struct line *line)
{
    struct loopback *l = line_state(line);

    struct parcel *p, *next;

    DL_FOREACH_SAFE (l->parcels, p, next)
        parcel_free(p);
}

const struct driver loopback_driver = {
    .size = sizeof(struct driver),
    .abi = DRIVER_ABI,
    .name = "loopback",
    .title = "Sends everything back (for trying out and for tests)",
    .gateway_type = "sms",
    .caps = CAP_TEXT | CAP_DELIVERED | CAP_MEDIA,
    .limits = { .max_parts = 1,
                .in_flight = 1000,
                .send_timeout_s = 60,
                .settle_s = 5,
                .ttl_s = 86400 },
    .ambiguity = AMBIGUITY_IDEMPOTENT,
    .phone_addresses = true,
    .options = options,
    .state_size = sizeof(struct loopback),
    .start = loopback_start,
    .stop = loopback_stop,
    .plan = loopback_plan,
    .send = loopback_send,
    .destroy = loopback_destroy,
};
