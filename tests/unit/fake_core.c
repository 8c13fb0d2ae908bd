/* fake_core.c - stands in for the core in tests of drivers: makes the line,
 * runs the loop, keeps the record. The driver's view of it is fake_line.c. */
#include "fake_inside.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "toolkit/config.h"

void fake_record(struct fake *fake, const char *format, ...)
{
    char *text;
    va_list args;

    assert(fake->n < FAKE_RECORDS_MAX);
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

static void fake_give(struct fake *fake, uint64_t token)
{
    if (fake->key && fake->ack == ACK_STORED)
        line_state_put(&fake->line, fake->key, fake->value);
    free(fake->key);
    free(fake->value);
    fake->key = fake->value = NULL;
    fake->driver->ack(&fake->line, token, fake->ack);
}

static void give_acks(void *arg)
{
    struct fake *fake = arg;
    uint64_t acks[FAKE_ACKS_MAX];
    size_t n = fake->n_acks;

    if (fake->hold || fake->line.state == NULL)
        return;
    memcpy(acks, fake->acks, n * sizeof(acks[0]));
    fake->n_acks = 0;
    for (size_t i = 0; i < n; i++)
        if (acks[i] != 0 && fake->driver->ack != NULL)
            fake_give(fake, acks[i]);
}

void fake_want_ack(struct fake *fake, uint64_t token)
{
    assert(fake->n_acks < FAKE_ACKS_MAX);
    fake->acks[fake->n_acks++] = token;
    later_ask(fake->acker);
}

/* As config.c does for an option that brings more options along. */
static void add_more(const struct driver *driver, struct settings *settings,
                     const char *key, const char *value)
{
    struct err err = { 0 };
    struct option *table;

    if (driver->more_key == NULL || strcmp(driver->more_key, key) != 0)
        return;
    table = driver->more(value, &err);
    if (table == NULL)
        fprintf(stderr, "%s\n", err.text);
    assert(table != NULL);
    settings_extend(settings, table);
    settings_own(settings, table);
}

static void set_option(const struct driver *driver, struct settings *settings,
                       const char *pair)
{
    const char *equals = strchr(pair, '=');
    char *key = xstrndup(pair, (size_t)(equals - pair));
    struct setting_value *value = settings_find(settings, key);
    struct err err = { 0 };
    bool ok = true;

    assert(value != NULL);
    add_more(driver, settings, key, equals + 1);
    value = settings_find(settings, key);
    if (value->option->type == OPT_INT)
        ok = setting_set_int(value, strtoll(equals + 1, NULL, 10), &err);
    else if (value->option->type == OPT_LIST)
        setting_add_item(value, equals + 1);
    else if (value->option->type == OPT_BOOL)
        setting_set_bool(value, strcmp(equals + 1, "true") == 0);
    else if (value->option->type == OPT_LIST)
        setting_add_item(value, equals + 1);
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
        set_option(driver, fake->line.settings, *options);
    fake->line.own = *driver;
    if (driver->tailor != NULL)
        driver->tailor(fake->line.settings, &fake->line.own);
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
    parts->remark[0] = parts->about[0] = '\0';
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
    for (size_t i = 0; i < FAKE_SETS_MAX; i++)
        set_clear(&fake->sets[i]);
    parts_clear(&fake->parts);
    settings_free(fake->line.settings);
    free(fake->key);
    free(fake->value);
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
        .manner = fake->manner,
        .attachment = fake->attachment.source ? &fake->attachment : NULL,
    };

    text_copy(fake->to, sizeof(fake->to), to);
    parts_clear(&fake->parts);
    if (!fake->driver->plan(&fake->line, &message, &fake->parts, &fake->error))
        return 0;
    return fake->parts.n;
}

void fake_attach(struct fake *fake, const char *url)
{
    fake->attachment.source = url;
}

void fake_manner(struct fake *fake, const char *manner)
{
    fake->manner = manner;
}

const char *fake_remark(const struct fake *fake)
{
    return fake->parts.remark;
}

const char *fake_about(const struct fake *fake)
{
    return fake->parts.about;
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

const char *fake_last(const struct fake *fake, const char *word,
                      const char *key)
{
    char prefix[128];
    int n = snprintf(prefix, sizeof(prefix), "%s %s ", word, key);

    for (size_t i = fake->n; i > 0; i--)
        if (strncmp(fake->records[i - 1], prefix, (size_t)n) == 0)
            return fake->records[i - 1] + n;
    return NULL;
}

const char *fake_status(struct fake *fake, const char *key)
{
    struct status status = { .fake = fake };

    fake->driver->status(&fake->line, &status);
    return fake_last(fake, "status", key);
}

bool fake_command(struct fake *fake, const char *name, const char *argument,
                  uint64_t call)
{
    return fake->driver->command(&fake->line, name, argument, call,
                                 &fake->error);
}
