/* poll.c - reads updates by getUpdates. What Telegram was told to forget is
 * what a commit has kept: the offset is committed with all before it. */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/mem.h"
#include "telegram/api.h"
#include "telegram/telegram.h"

enum {
    LIMIT = 100,
    MARGIN_MS = 15000,
    RETRY_MS = 1000,
    FAILURES_MAX = 3,
    CONFLICTS_MAX = 3,
    CONFLICT_MS = 2000,
    SECOND_MS = 1000,
};

/* After a quiet week the numbers of updates begin anew, anywhere. */
static const int64_t QUIET_MS = 6LL * 86400 * 1000;

static void poll(struct telegram *t);

static void read_offset(struct telegram *t)
{
    const char *text = line_state_get(t->line, "offset");
    char *rest;

    if (!text)
        return;
    t->offset = strtoll(text, &rest, 10);
    t->offset_at = strtoll(rest, NULL, 10);
}

struct offset_text {
    char text[48];
};

static struct offset_text offset_text(int64_t offset)
{
    struct offset_text out;

    snprintf(out.text, sizeof(out.text), "%" PRId64 " %" PRId64, offset,
             clock_wall_ms());
    return out;
}

static void set_offset(struct telegram *t, int64_t offset)
{
    if (offset == 0)
        return;
    t->offset = offset;
    t->offset_at = clock_wall_ms();
}

static bool is_news(const struct telegram *t)
{
    return t->next_offset > t->offset;
}

/* A server that has nothing new should have held the request; one that does not
 * is not asked in a tight loop. */
static void poll_next(struct telegram *t, bool news)
{
    int64_t rest = t->asked_at + RETRY_MS - clock_mono_ms();

    timer_start(t->timer, news || rest < 0 ? 0 : (uint64_t)rest);
}

/* --- answers ------------------------------------------------------------- */

/* All that can be read of a batch, in its order. The next offset is behind the
 * last one, whatever the order. */
static struct update *read_batch(struct telegram *t, struct json_object *list,
                                 size_t *n)
{
    size_t all = json_object_array_length(list);
    struct update *updates = xcalloc(all + 1, sizeof(*updates));

    *n = 0;
    t->next_offset = 0;
    for (size_t i = 0; i < all; i++) {
        struct update *update = &updates[*n];

        if (!update_read(json_object_array_get_idx(list, i), t->bot, update))
            continue;
        if (update->id >= t->next_offset)
            t->next_offset = update->id + 1;
        (*n)++;
    }
    return updates;
}

static void take_batch(struct telegram *t, struct json_object *list)
{
    size_t n;
    struct update *updates = read_batch(t, list, &n);
    bool news = is_news(t);
    struct offset_text next = offset_text(t->next_offset);

    t->batch = ++t->last_token;
    if (!telegram_take(t, updates, n, t->batch, next.text)) {
        t->batch = 0;
        set_offset(t, t->next_offset);
        if (n > 0)
            line_state_put(t->line, "offset", next.text);
        poll_next(t, news);
    }
    while (n > 0)
        update_free(&updates[--n]);
    free(updates);
}

/* Another program may just be ending, e.g. we before a restart. */
static void on_conflict(struct telegram *t, const struct err *err)
{
    if (++t->conflicts >= CONFLICTS_MAX)
        telegram_trouble(t, err);
    else
        timer_start(t->timer, CONFLICT_MS);
}

static void on_failure(struct telegram *t, const struct api_answer *answer)
{
    const struct err *err = &answer->err;

    if (answer->code == 409) {
        on_conflict(t, err);
        return;
    }
    t->one = answer->code == 200; /* too much, or one that cannot be read */
    if (err->kind == ERR_AUTH || ++t->failures >= FAILURES_MAX)
        telegram_trouble(t, err);
    else
        timer_start(t->timer, err->retry_after > 0
                                  ? (uint64_t)err->retry_after * SECOND_MS
                                  : (uint64_t)RETRY_MS << (t->failures - 1));
}

static void on_updates(struct telegram *t, void *arg,
                       const struct api_answer *answer)
{
    (void)arg;
    if (t->dying)
        return;
    if (answer->end != API_DONE ||
        !json_object_is_type(answer->result, json_type_array)) {
        on_failure(t, answer);
        return;
    }
    t->failures = t->conflicts = 0;
    t->one = false;
    take_batch(t, answer->result);
}

void poll_ack(struct telegram *t, uint64_t token, enum ack ack)
{
    bool news = is_news(t);

    if (token != t->batch || t->batch == 0)
        return;
    t->batch = 0;
    if (ack == ACK_RETRY) {
        timer_start(t->timer, RETRY_MS);
        return;
    }
    set_offset(t, t->next_offset);
    poll_next(t, news);
}

/* --- questions ----------------------------------------------------------- */

static void poll(struct telegram *t)
{
    int64_t wait = settings_int(line_options(t->line), "poll_timeout");
    bool quiet = clock_wall_ms() - t->offset_at > QUIET_MS;
    struct json_object *params = json_object_new_object();
    struct err err;

    if (t->offset && !quiet)
        json_object_object_add(params, "offset",
                               json_object_new_int64(t->offset));
    json_object_object_add(params, "limit",
                           json_object_new_int(t->one ? 1 : LIMIT));
    json_object_object_add(params, "timeout", json_object_new_int64(wait));
    json_object_object_add(params, "allowed_updates", telegram_wanted());
    t->asked_at = clock_mono_ms();
    if (!api_call(t, "getUpdates", params, true,
                  (unsigned)wait * SECOND_MS + MARGIN_MS, on_updates, NULL,
                  &err))
        telegram_trouble(t, &err);
    else if (t->offset)
        crash_at(CRASH_DELETE);
}

static void on_timer(void *arg)
{
    struct telegram *t = arg;

    if (!t->dying)
        poll(t);
}

static void begin(struct telegram *t)
{
    read_offset(t);
    t->timer = timer_new(line_owner(t->line), on_timer, t);
    telegram_online(t);
    poll(t);
}

static void on_deleted(struct telegram *t, void *arg,
                       const struct api_answer *answer)
{
    (void)arg;
    if (answer->end != API_DONE) {
        telegram_trouble(t, &answer->err);
        return;
    }
    line_state_put(t->line, "webhook", NULL);
    begin(t);
}

/* A webhook that others have set is theirs: then polls are answered 409. */
void poll_start(struct telegram *t)
{
    struct err err;

    if (!line_state_get(t->line, "webhook"))
        begin(t);
    else if (!api_call(t, "deleteWebhook", NULL, true, 0, on_deleted, NULL,
                       &err))
        telegram_trouble(t, &err);
}
