/* line.c - a line's life: OFF -> STARTING -> ONLINE -> CLOSING -> BACKOFF ->
 * STARTING ... The core owns every transition. An up-call only records: what it
 * asks for happens from a `later`, a timer or a store callback, so that a
 * driver is never entered from within its own call. */
#include "core/line.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/inbox.h"
#include "core/line_call.h"
#include "core/network.h"
#include "core/outbox.h"
#include "store/manage.h"
#include "store/store.h"
#include "toolkit/config.h"

enum { GRACE_MS = 5000, DEADLINE_EVERY_MS = 1000 };

static const char *const state_names[LINE_STATES] = {
    [LINE_OFF] = "off",           [LINE_STARTING] = "starting",
    [LINE_ONLINE] = "online",     [LINE_CLOSING] = "closing",
    [LINE_STOPPING] = "stopping", [LINE_BACKOFF] = "waiting",
};

/* Rows: from; columns: to. */
static const bool allowed[LINE_STATES][LINE_STATES] = {
    [LINE_OFF] = { [LINE_STARTING] = true },
    [LINE_STARTING] = { [LINE_ONLINE] = true,
                        [LINE_CLOSING] = true,
                        [LINE_STOPPING] = true },
    [LINE_ONLINE] = { [LINE_CLOSING] = true, [LINE_STOPPING] = true },
    [LINE_STOPPING] = { [LINE_CLOSING] = true },
    [LINE_CLOSING] = { [LINE_BACKOFF] = true, [LINE_OFF] = true },
    [LINE_BACKOFF] = { [LINE_STARTING] = true, [LINE_OFF] = true },
};

static void line_begin(void *arg);

const char *line_state_name(enum line_state state)
{
    return state_names[state];
}

static void line_set_state(struct line *line, enum line_state state)
{
    assert(allowed[line->state][state]);
    log_debug("line %s: %s", line->settings ? line_name(line) : "?",
              state_names[state]);
    line->state = state;
    line->since = clock_wall_ms();
    network_line_changed(line->network, line);
}

bool line_is_online(const struct line *line)
{
    return line->state == LINE_ONLINE && !line->lost;
}

bool line_is_fresh(const struct line *line)
{
    return line->life == 0 ||
           (line->life == 1 && line->state == LINE_STARTING && !line->lost);
}

/* Missing devices come back when somebody plugs them in: look often. What an
 * admin has to mend is looked at rarely. */
static uint64_t line_backoff_ms(const struct line *line)
{
    static const uint64_t steps[] = { 500, 1000, 1500, 2000 };
    size_t n = sizeof(steps) / sizeof(steps[0]);
    size_t i = line->failures ? line->failures - 1 : 0;
    if (line->problem.kind == ERR_AUTH || line->problem.kind == ERR_CONFIG)
        return 600000;
    if (line->problem.retry_after > 0)
        return (uint64_t)line->problem.retry_after * 1000;
    return steps[i < n ? i : n - 1] + id_random_below(250);
}

/* What comes from the settings. */
static void line_init(struct line *line)
{
    if (line->driver->tailor)
        line->driver->tailor(line->settings, &line->own);
    people_init(&line->people, line->settings, line->network->settings);
    route_init(&line->route, line->settings);
}

/* Off; or it begins anew with what its owner has brought meanwhile. */
static void line_end(struct line *line)
{
    if (line->state != LINE_OFF)
        line_set_state(line, LINE_OFF);
    if (!line->renewed || line->core->stopping)
        return;
    people_clear(&line->people);
    route_clear(&line->route);
    settings_replace(line->own_settings, line->renewed);
    line->renewed = NULL;
    line->retired = line->told = false;
    line->failures = 0;
    line->problem = (struct err){ 0 };
    line_init(line);
    line_start(line);
}

static void on_closed(void *arg)
{
    struct line *line = arg;
    if (line->driver->destroy)
        line->driver->destroy(line);
    free(line->driver_state);
    line->driver_state = NULL;
    if (!line->wanted) {
        line_end(line);
        return;
    }
    line_set_state(line, LINE_BACKOFF);
    timer_start(line->timer, line_backoff_ms(line));
}

static void line_close(struct line *line)
{
    timer_stop(line->timer);
    timer_stop(line->deadlines);
    line_set_state(line, LINE_CLOSING);
    sink_line_lost(line);
    line_calls_lost(line);
    owner_close(&line->owner, on_closed, line);
}

static void on_timer(void *arg)
{
    struct line *line = arg;
    if (line->state == LINE_BACKOFF)
        line_begin(line);
    else if (line->state == LINE_STOPPING)
        line_close(line);
}

static void on_deadlines(void *arg);

/* The driver said that it is offline, or parts are ready to go. */
static void on_act(void *arg)
{
    struct line *line = arg;
    if (!line->lost) {
        sink_line_send_ready(line);
        return;
    }
    if (line->state == LINE_STARTING || line->state == LINE_ONLINE ||
        line->state == LINE_STOPPING)
        line_close(line);
}

struct line *line_new(struct core *core, struct network *network,
                      const struct driver *driver,
                      const struct settings *settings)
{
    struct line *line = xcalloc(1, sizeof(*line));
    assert(driver->size == sizeof(*driver) && driver->abi == DRIVER_ABI);
    assert(!driver->assemble == !(driver->caps & CAP_FRAGMENTS));
    assert(!driver->typing == !(driver->caps & CAP_TYPING));
    assert(!driver->command == !(driver->caps & CAP_COMMAND));
    assert(!driver->more == !driver->more_key);
    line->core = core;
    line->network = network;
    line->own = *driver;
    line->driver = driver->tailor ? &line->own : driver;
    line->settings = settings;
    line->duty = store_line_duty_get(core->store, settings_name(settings));
    line_init(line);
    quota_init(&line->quota, settings);
    line->since = clock_wall_ms();
    owner_init(&line->owner, core->loop);
    line->timer = timer_new(&core->owner, on_timer, line);
    line->deadlines = timer_new(&core->owner, on_deadlines, line);
    line->act = later_new(&core->owner, on_act, line);
    line_state_load(line);
    return line;
}

void line_free(struct line *line)
{
    line_state_forget(line);
    line_calls_free(line);
    people_clear(&line->people);
    route_clear(&line->route);
    settings_free(line->own_settings);
    settings_free(line->renewed);
    free(line->driver_state);
    free(line);
}

static void line_begin(void *arg)
{
    struct line *line = arg;
    struct err err = { 0 };
    line->lost = false;
    line->announced = false;
    line->life++;
    line->driver_state = xcalloc(1, line->driver->state_size + 1);
    line_set_state(line, LINE_STARTING);
    if (!line->driver->start(line, &err))
        line_offline(line, &err);
}

void line_start(struct line *line)
{
    line->wanted = true;
    line_begin(line);
}

void line_stop(struct line *line)
{
    line->wanted = false;
    if (line->state == LINE_BACKOFF) {
        timer_stop(line->timer);
        line_end(line);
    } else if (line->state == LINE_STARTING || line->state == LINE_ONLINE) {
        line_set_state(line, LINE_STOPPING);
        timer_start(line->timer, GRACE_MS);
        line->driver->stop(line);
    }
}

void line_wake(struct line *line)
{
    if (line->state == LINE_OFF)
        line_start(line);
    else
        line->wanted = true;
}

void line_renew(struct line *line, struct settings *settings)
{
    settings_free(line->renewed);
    line->renewed = settings;
    if (line->state == LINE_OFF)
        line_end(line);
    else
        line_stop(line);
}

void line_retire(struct line *line)
{
    line->retired = true;
    line_state_forget(line);
    settings_free(line->renewed);
    line->renewed = NULL;
    line_stop(line);
}

struct receipt line_receipt(struct line *line, uint64_t token)
{
    return (struct receipt){ .line = line, .life = line->life, .token = token };
}

void line_acknowledge(const struct receipt *receipt, enum ack ack)
{
    struct line *line = receipt->line;
    bool alive = line->driver_state && line->state != LINE_CLOSING &&
                 line->life == receipt->life;
    if (receipt->token == 0 || !line->driver->ack || !alive)
        return;
    crash_at(CRASH_ACK);
    line->driver->ack(line, receipt->token, ack);
}

int64_t line_settle_ms(const struct line *line)
{
    if (line->network->settle_ms >= 0)
        return line->network->settle_ms;
    return (int64_t)line->driver->limits.settle_s * 1000;
}

/* --- what a driver may ask ------------------------------------------------ */

struct owner *line_owner(struct line *line)
{
    return &line->owner;
}

void *line_state(struct line *line)
{
    return line->driver_state;
}

const struct settings *line_options(const struct line *line)
{
    return line->settings;
}

const char *line_name(const struct line *line)
{
    return settings_name(line->settings);
}

/* --- up-calls ------------------------------------------------------------ */

void line_online(struct line *line, unsigned caps, const char *sim)
{
    if (line->state != LINE_STARTING || line->lost || line->announced)
        return;
    line->announced = true;
    line->caps = caps & line->driver->caps;
    line->problem = (struct err){ 0 };
    line->failures = 0;
    line->told = false;
    text_copy(line->sim, sizeof(line->sim), sim ? sim : line_name(line));
    store_line(line->core->store, line_name(line), network_name(line->network),
               line->driver->name, line->sim);
    line_begin_quota(line);
}

/* Also after midnight, and late, when it has stopped again meanwhile. */
void line_usage_known(struct line *line)
{
    if (line->state != LINE_STARTING || line->lost || !line->announced)
        return;
    log_info("line %s is online", line_name(line));
    timer_repeat(line->deadlines, DEADLINE_EVERY_MS);
    line_set_state(line, LINE_ONLINE);
}

/* Only he can mend what he has brought: once, and when he can be reached. */
static void tell_owner(struct line *line)
{
    struct network *network = line->network;
    char text[512];
    if (!line->own_settings || line->told || network->front_state != FRONT_UP ||
        (line->problem.kind != ERR_AUTH && line->problem.kind != ERR_CONFIG))
        return;
    snprintf(text, sizeof(text),
             "What you have registered with does not work: %s. Register again "
             "to change it.",
             line->problem.text);
    line->told =
        network->front->notice(network->self, line->people.jids[0], text);
}

void line_offline(struct line *line, const struct err *err)
{
    if (line->lost)
        return;
    line->lost = true;
    bool same = err && strcmp(line->problem.text, err->text) == 0;
    if (err)
        line->problem = *err;
    line->failures++;
    if (err && err->kind != ERR_NONE && !same)
        log_warn("line %s is offline: %s", line_name(line), err->text);
    tell_owner(line);
    later_ask(line->act);
}

void line_received(struct line *line, const struct incoming *messages, size_t n,
                   uint64_t token)
{
    inbox_line_messages(line, messages, n, token, NULL, NULL);
}

void line_received_and_put(struct line *line, const struct incoming *messages,
                           size_t n, uint64_t token, const char *key,
                           const char *value)
{
    inbox_line_messages(line, messages, n, token, key, value);
}

void line_received_part(struct line *line, const struct incoming *message,
                        const char *set, unsigned total,
                        const struct fragment *fragment, uint64_t token)
{
    inbox_line_fragment(line, message, set, total, fragment, token);
}

void line_sent(struct line *line, uint64_t ticket, const char *remote_id)
{
    sink_line_sent(line, ticket, remote_id);
}

void line_failed(struct line *line, uint64_t ticket, const struct err *err)
{
    sink_line_failed(line, ticket, err);
}

void line_unsure(struct line *line, uint64_t ticket, const char *why)
{
    sink_line_unsure(line, ticket, why);
}

static void on_reported(void *arg, const struct moved *moved,
                        struct delivery *follower, const struct err *err)
{
    struct receipt *receipt = arg;
    struct network *network = receipt->line->network;
    bool failed = core_failed(network->core, err);
    line_acknowledge(receipt, failed ? ACK_RETRY : ACK_STORED);
    if (moved) {
        sink_stream_settle(network, moved);
        lane_has_backlog(&network->to_line);
    }
    if (follower)
        sink_line_hand(network, follower);
    free(receipt);
}

/* Only while the stream is up: nobody is owed it. */
static void on_read(void *arg, const struct moved *moved,
                    struct delivery *follower, const struct err *err)
{
    struct network *network = arg;
    (void)follower;
    if (!core_failed(network->core, err) && moved &&
        network->front_state == FRONT_UP)
        network->front->displayed(network->self, moved);
}

void line_report(struct line *line, const char *remote_id, const char *chat,
                 enum report_kind kind, int64_t at, const struct err *err,
                 uint64_t token)
{
    struct receipt *receipt = xmalloc(sizeof(*receipt));
    *receipt = line_receipt(line, token);
    struct report report = {
        .sim = line->sim,
        .remote_id = remote_id,
        .chat = chat,
        .delivered = kind == REPORT_DELIVERED || kind == REPORT_READ,
        .final = kind != REPORT_PENDING,
        .at = at,
        .err = err,
    };
    store_report(line->core->store, &report, on_reported, receipt);
    if (kind == REPORT_READ)
        store_read(line->core->store, &report, on_read, line->network);
}

void line_typing(struct line *line, const char *chat, bool on)
{
    (void)line;
    (void)chat;
    (void)on;
}

void line_notice(struct line *line, const char *format, ...)
{
    char text[512], whole[640];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "Line %s: %s", line_name(line), text);
    network_tell_admins(line->network, whole);
}

/* --- silent drivers ------------------------------------------------------ */

static void on_deadlines(void *arg)
{
    sink_line_check(arg);
    line_check_duty(arg);
}
