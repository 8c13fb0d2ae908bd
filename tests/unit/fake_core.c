/* fake_core.c - stands in for the core in tests of drivers. */
#include "fake_core.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "toolkit/config.h"
#include "toolkit/settings.h"

enum { RECORDS_MAX = 100000, PARTS_MAX = 255, ACKS_MAX = 4096, SETS_MAX = 64 };

struct parts {
    void *bytes[PARTS_MAX];
    size_t size[PARTS_MAX];
    size_t n;
    char remark[256], about[128];
};

struct set {
    char *name, *chat;
    struct fragment fragments[PARTS_MAX];
    unsigned total, n;
};

struct status {
    struct fake *fake;
};

struct line {
    struct fake *fake;
    struct owner owner;
    void *state;
    struct settings *settings;
};

struct fake {
    const struct driver *driver;
    struct loop *loop;
    struct owner owner;
    struct timer *timer;
    struct later *acker;
    struct line line;
    struct err error;
    char *records[RECORDS_MAX];
    size_t n, seen;
    const char *wanted;
    uint64_t acks[ACKS_MAX];
    size_t n_acks;
    enum ack ack;
    bool hold, closed;
    struct parts parts;
    struct set sets[SETS_MAX];
    size_t n_sets;
    char last_id[64], to[64];
};

__attribute__((format(printf, 2, 3))) static void
record(struct fake *fake, const char *format, ...)
{
    char *text;
    va_list args;

    assert(fake->n < RECORDS_MAX);
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    fake->records[fake->n++] = text;
    if (getenv("FAKE_CORE_TRACE") != NULL)
        fprintf(stderr, "core: %s\n", text);
    if (fake->wanted != NULL && strstr(text, fake->wanted) != NULL)
        loop_stop(fake->loop);
}

static void on_timer(void *arg)
{
    struct fake *fake = arg;

    loop_stop(fake->loop);
}

static void give_acks(void *arg)
{
    struct fake *fake = arg;
    uint64_t acks[ACKS_MAX];
    size_t n = fake->n_acks;

    if (fake->hold || fake->line.state == NULL)
        return;
    memcpy(acks, fake->acks, n * sizeof(acks[0]));
    fake->n_acks = 0;
    for (size_t i = 0; i < n; i++)
        if (acks[i] != 0 && fake->driver->ack != NULL)
            fake->driver->ack(&fake->line, acks[i], fake->ack);
}

static void want_ack(struct fake *fake, uint64_t token)
{
    assert(fake->n_acks < ACKS_MAX);
    fake->acks[fake->n_acks++] = token;
    later_ask(fake->acker);
}

static void set_option(struct settings *settings, const char *pair)
{
    const char *equals = strchr(pair, '=');
    char *key = xstrndup(pair, (size_t)(equals - pair));
    struct setting_value *value = settings_find(settings, key);
    struct err err = { 0 };
    bool ok = true;

    assert(value != NULL);
    if (value->option->type == OPT_INT)
        ok = setting_set_int(value, strtoll(equals + 1, NULL, 10), &err);
    else if (value->option->type == OPT_BOOL)
        setting_set_bool(value, strcmp(equals + 1, "true") == 0);
    else
        ok = setting_set_text(value, equals + 1, &err);
    if (!ok)
        fprintf(stderr, "%s: %s\n", pair, err.text);
    assert(ok);
    free(key);
}

struct fake *fake_new(const struct driver *driver, const char *const *options)
{
    const struct option *const tables[] = { driver->options, NULL };
    struct fake *fake = xcalloc(1, sizeof(*fake));

    assert(driver->size == sizeof(*driver) && driver->abi == DRIVER_ABI);
    fake->driver = driver;
    fake->loop = loop_new();
    owner_init(&fake->owner, fake->loop);
    owner_init(&fake->line.owner, fake->loop);
    fake->timer = timer_new(&fake->owner, on_timer, fake);
    fake->acker = later_new(&fake->owner, give_acks, fake);
    fake->line.fake = fake;
    fake->line.settings = settings_default(tables, "line1", "test:1");
    for (; options != NULL && *options != NULL; options++)
        set_option(fake->line.settings, *options);
    return fake;
}

struct line *fake_line(struct fake *fake)
{
    return &fake->line;
}

bool fake_start(struct fake *fake)
{
    const struct driver *driver = fake->driver;

    fake->line.state = xcalloc(1, driver->state_size + 1);
    fake->closed = false;
    return (driver->check == NULL ||
            driver->check(fake->line.settings, &fake->error)) &&
           driver->start(&fake->line, &fake->error);
}

const struct err *fake_error(const struct fake *fake)
{
    return &fake->error;
}

static void on_closed(void *arg)
{
    struct fake *fake = arg;

    fake->closed = true;
    loop_stop(fake->loop);
}

void fake_close(struct fake *fake)
{
    if (fake->line.state == NULL)
        return;
    owner_close(&fake->line.owner, on_closed, fake);
    while (!fake->closed)
        loop_run(fake->loop);
    if (fake->driver->destroy != NULL)
        fake->driver->destroy(&fake->line);
    free(fake->line.state);
    fake->line.state = NULL;
    fake->n_acks = 0;
}

static void parts_clear(struct parts *parts)
{
    while (parts->n > 0)
        free(parts->bytes[--parts->n]);
}

static void set_clear(struct set *set)
{
    for (unsigned i = 0; i < set->n; i++)
        free((void *)(uintptr_t)set->fragments[i].bytes);
    free(set->name);
    free(set->chat);
    memset(set, 0, sizeof(*set));
}

void fake_free(struct fake *fake)
{
    fake_close(fake);
    fake->closed = false;
    owner_close(&fake->owner, on_closed, fake);
    while (!fake->closed)
        loop_run(fake->loop);
    loop_free(fake->loop);
    for (size_t i = 0; i < fake->n; i++)
        free(fake->records[i]);
    for (size_t i = 0; i < SETS_MAX; i++)
        set_clear(&fake->sets[i]);
    parts_clear(&fake->parts);
    settings_free(fake->line.settings);
    free(fake);
}

void fake_ack(struct fake *fake, enum ack ack, bool hold)
{
    fake->ack = ack;
    fake->hold = hold;
}

void fake_release(struct fake *fake)
{
    fake->hold = false;
    give_acks(fake);
}

const char *fake_wait(struct fake *fake, const char *text, int timeout_ms)
{
    timer_start(fake->timer, (uint64_t)timeout_ms);
    for (;;) {
        while (fake->seen < fake->n) {
            const char *line = fake->records[fake->seen++];

            if (strstr(line, text) != NULL) {
                timer_stop(fake->timer);
                return line;
            }
        }
        if (!timer_active(fake->timer))
            return NULL;
        fake->wanted = text;
        loop_run(fake->loop);
        fake->wanted = NULL;
    }
}

void fake_run(struct fake *fake, int ms)
{
    timer_start(fake->timer, (uint64_t)ms);
    loop_run(fake->loop);
}

size_t fake_count(const struct fake *fake, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < fake->n; i++)
        count += strstr(fake->records[i], text) != NULL;
    return count;
}

const char *fake_last_id(const struct fake *fake)
{
    return fake->last_id;
}

size_t fake_plan(struct fake *fake, const char *to, const char *text)
{
    struct outgoing message = {
        .kind = KIND_TEXT,
        .to = to,
        .text = text,
        .report = true,
        .key = "0123456789abcdef0123456789abcdef",
        .reference = 0x1234,
    };

    text_copy(fake->to, sizeof(fake->to), to);
    parts_clear(&fake->parts);
    if (!fake->driver->plan(&fake->line, &message, &fake->parts, &fake->error))
        return 0;
    return fake->parts.n;
}

const void *fake_part(const struct fake *fake, size_t i, size_t *size)
{
    *size = fake->parts.size[i];
    return fake->parts.bytes[i];
}

bool fake_send(struct fake *fake, size_t i, uint64_t ticket, bool repeat)
{
    struct submission part = {
        .to = fake->to,
        .bytes = fake->parts.bytes[i],
        .size = fake->parts.size[i],
        .part = (unsigned)i + 1,
        .total = (unsigned)fake->parts.n,
        .repeat = repeat,
        .more = i + 1 < fake->parts.n,
        .key = "0123456789abcdef0123456789abcdef",
    };

    return fake->driver->send(&fake->line, &part, ticket, &fake->error);
}

void parts_add(struct parts *parts, const void *bytes, size_t size)
{
    assert(parts->n < PARTS_MAX);
    parts->bytes[parts->n] = xmemdup(bytes, size);
    parts->size[parts->n++] = size;
}

void parts_remark(struct parts *parts, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parts->remark, sizeof(parts->remark), format, args);
    va_end(args);
}

void parts_describe(struct parts *parts, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(parts->about, sizeof(parts->about), format, args);
    va_end(args);
}

void line_answer(struct line *line, uint64_t call, const char *text, bool more,
                 const struct err *err)
{
    record(line->fake, "answer %llu %s%s", (unsigned long long)call,
           err != NULL ? err->text : text, more ? " (more)" : "");
}

void line_contact(struct line *line, const char *chat, const char *name)
{
    record(line->fake, "contact %s %s", chat, name);
}

void line_notice(struct line *line, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record(line->fake, "notice %s", text);
}

void status_text(struct status *status, const char *key, const char *format,
                 ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record(status->fake, "status %s %s", key, text);
}

struct owner *line_owner(struct line *line)
{
    return &line->owner;
}

void *line_state(struct line *line)
{
    return line->state;
}

const struct settings *line_options(const struct line *line)
{
    return line->settings;
}

const char *line_name(const struct line *line)
{
    return settings_name(line->settings);
}

void line_online(struct line *line, unsigned caps, const char *sim)
{
    record(line->fake, "online %u %s", caps, sim);
}

void line_offline(struct line *line, const struct err *err)
{
    record(line->fake, "offline %s %s", err_policy(err->kind)->name, err->text);
}

void line_received(struct line *line, const struct incoming *messages, size_t n,
                   uint64_t token)
{
    for (size_t i = 0; i < n; i++) {
        text_copy(line->fake->last_id, sizeof(line->fake->last_id),
                  messages[i].remote_id);
        record(line->fake, "received %s|%s", messages[i].chat,
               messages[i].text);
    }
    want_ack(line->fake, token);
}

static struct set *set_find(struct fake *fake, const char *name,
                            const char *chat, unsigned total)
{
    struct set *set;

    for (size_t i = 0; i < fake->n_sets; i++)
        if (strcmp(fake->sets[i].name, name) == 0)
            return &fake->sets[i];
    assert(fake->n_sets < SETS_MAX);
    set = &fake->sets[fake->n_sets++];
    set->name = xstrdup(name);
    set->chat = xstrdup(chat);
    set->total = total;
    return set;
}

static int by_seq(const void *a, const void *b)
{
    const struct fragment *x = a, *y = b;

    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void set_add(struct set *set, const struct fragment *fragment)
{
    for (unsigned i = 0; i < set->n; i++)
        if (set->fragments[i].seq == fragment->seq)
            return;
    assert(set->n < PARTS_MAX);
    set->fragments[set->n++] = (struct fragment){
        .seq = fragment->seq,
        .bytes = xmemdup(fragment->bytes, fragment->size),
        .size = fragment->size,
    };
    qsort(set->fragments, set->n, sizeof(set->fragments[0]), by_seq);
}

void line_received_part(struct line *line, const struct incoming *message,
                        const char *set, unsigned total,
                        const struct fragment *fragment, uint64_t token)
{
    struct fake *fake = line->fake;
    struct set *found = set_find(fake, set, message->chat, total);
    char *text;

    text_copy(fake->last_id, sizeof(fake->last_id), message->remote_id);
    record(fake, "part %s %u/%u", set, fragment->seq, total);
    set_add(found, fragment);
    if (found->n == total) {
        if (fake->driver->assemble(line, found->fragments, found->n, total,
                                   &text, &fake->error)) {
            record(fake, "joined %s|%s", message->chat, text);
            free(text);
        } else {
            record(fake, "unjoined %s", fake->error.text);
        }
    }
    want_ack(fake, token);
}

void line_sent(struct line *line, uint64_t ticket, const char *remote_id)
{
    record(line->fake, "sent %u %s", (unsigned)ticket, remote_id);
}

void line_failed(struct line *line, uint64_t ticket, const struct err *err)
{
    record(line->fake, "failed %u %s %s %s %s", (unsigned)ticket,
           err_policy(err->kind)->name,
           err->scope == SCOPE_LINE ? "line" : "message", err->code, err->text);
}

void line_unsure(struct line *line, uint64_t ticket, const char *why)
{
    record(line->fake, "unsure %u %s", (unsigned)ticket, why);
}

void line_report(struct line *line, const char *remote_id, const char *chat,
                 enum report_kind kind, int64_t at, const struct err *err,
                 uint64_t token)
{
    static const char *const kinds[] = { "delivered", "read", "pending",
                                         "failed" };

    record(line->fake, "report %s %s %s %s%s", remote_id, chat, kinds[kind],
           err != NULL ? err->text : "", at == 0 ? " undated" : "");
    if (token != 0)
        want_ack(line->fake, token);
}

void line_state_put(struct line *line, const char *key, const char *value)
{
    record(line->fake, "state %s %s", key, value != NULL ? value : "-");
}

/* The rest of the last record that starts with "WORD KEY ". */
static const char *last_value(const struct fake *fake, const char *word,
                              const char *key)
{
    char prefix[128];
    int n = snprintf(prefix, sizeof(prefix), "%s %s ", word, key);

    for (size_t i = fake->n; i > 0; i--)
        if (strncmp(fake->records[i - 1], prefix, (size_t)n) == 0)
            return fake->records[i - 1] + n;
    return NULL;
}

const char *line_state_get(struct line *line, const char *key)
{
    const char *value = last_value(line->fake, "state", key);

    return value == NULL || strcmp(value, "-") == 0 ? NULL : value;
}

const char *fake_status(struct fake *fake, const char *key)
{
    struct status status = { .fake = fake };

    fake->driver->status(&fake->line, &status);
    return last_value(fake, "status", key);
}
