/* line_duty.c - what a line may send: its caps, and what an admin wants. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/line.h"
#include "core/network.h"
#include "core/outbox.h"

/* How often a draining line asks whether it is done, and how long after a part
 * came free what waits for the cap is looked at, in ms. */
enum { DRAINED_EVERY = 2000, FREED_AFTER = 30000 };

static const char *const duty_names[] = {
    [DUTY_ON] = "on", [DUTY_PAUSED] = "paused", [DUTY_DRAINING] = "draining"
};

const char *line_duty_name(enum line_duty duty)
{
    return duty_names[duty];
}

/* --- caps ----------------------------------------------------------------- */

static void on_usage(void *arg, const struct spent *spent,
                     const struct err *err)
{
    struct line *line = arg;
    bool failed = core_failed(line->core, err);
    if (--line->usage_asked > 0)
        return;
    if (failed) { /* no space, say: at the next start it is asked again */
        if (line->state == LINE_STARTING)
            line_offline(line, err);
        return;
    }
    quota_add_stored(&line->quota, &line->usage_since, spent);
    line_usage_known(line);
}

static void ask_usage(struct line *line)
{
    line->usage_asked++;
    line->usage_since = quota_since(&line->quota);
    store_usage(line->core->store, line->sim, &line->usage_since, on_usage,
                line);
}

void line_begin_quota(struct line *line)
{
    int64_t reserved = line->quota.reserved;
    quota_init(&line->quota, line->settings);
    line->quota.reserved = reserved;
    quota_roll(&line->quota, clock_wall_ms());
    ask_usage(line);
}

struct quota *line_quota(struct line *line)
{
    if (quota_roll(&line->quota, clock_wall_ms()))
        ask_usage(line);
    return &line->quota;
}

void line_refund(struct line *line, struct spend *spend, size_t parts)
{
    /* What the store is being asked for was not counted here. */
    if (line->usage_asked == 0)
        quota_give_back(&line->quota, spend, parts);
    *spend = (struct spend){ 0 };
    if (line->capped && line->freed_at == 0)
        line->freed_at = clock_mono_ms();
}

int64_t line_capped_until(struct line *line, size_t parts, bool begun)
{
    line->capped = true;
    return quota_clears(line_quota(line), parts, begun, clock_wall_ms());
}

/* --- duty ----------------------------------------------------------------- */

static void on_noted(void *arg, const struct err *err)
{
    core_failed(arg, err);
}

static void set_duty(struct line *line, enum line_duty duty)
{
    if (line->duty == duty)
        return;
    log_info("line %s: %s", line_name(line), duty_names[duty]);
    line->duty = duty;
    store_line_duty(line->core->store, line_name(line),
                    network_name(line->network), line->driver->name, duty,
                    on_noted, line->core);
    sink_line_let_go(line);
    network_line_changed(line->network, line);
}

void line_pause(struct line *line)
{
    set_duty(line, DUTY_PAUSED);
}

void line_resume(struct line *line)
{
    set_duty(line, DUTY_ON);
}

void line_drain(struct line *line)
{
    if (line->duty == DUTY_ON)
        set_duty(line, DUTY_DRAINING);
}

static void on_begun(void *arg, bool begun, const struct err *err)
{
    struct line *line = arg;
    line->drain_asked = false;
    if (core_failed(line->core, err) || begun || line->in_hand > 0)
        return;
    if (line->duty == DUTY_DRAINING)
        set_duty(line, DUTY_PAUSED);
}

static void check_drained(struct line *line, int64_t now)
{
    if (line->duty != DUTY_DRAINING || line->in_hand > 0 || line->drain_asked ||
        now < line->drain_next)
        return;
    line->drain_asked = true;
    line->drain_next = now + DRAINED_EVERY;
    store_begun(line->core->store, network_name(line->network), line_name(line),
                on_begun, line);
}

void line_check_duty(struct line *line)
{
    int64_t now = clock_mono_ms();
    check_drained(line, now);
    if (line->freed_at == 0 || now < line->freed_at + FREED_AFTER)
        return;
    line->freed_at = 0;
    line->capped = false;
    network_wake(line->network);
}
