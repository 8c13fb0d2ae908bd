/* core_scene.h - the real core and a store in a fresh folder, with lines on a
 * driver that does what the test says. Texts are cut into parts of ten bytes;
 * what is sent waits in `out` until the test answers. */
#ifndef MOONGATE_TESTS_CORE_SCENE_H
#define MOONGATE_TESTS_CORE_SCENE_H

#include "on_loop.h"

#include <dirent.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/inbox.h"
#include "core/line.h"
#include "core/network.h"
#include "core/outbox.h"
#include "options.h"
#include "store/store.h"
#include "toolkit/settings.h"

#define JULIET "+447700900001"
#define NURSE "+447700900002"
#define PARIS "+33612345678"

enum { OUT_MAX = 64, PART_SIZE = 10, SCENE_LINES = 4 };

/* A part that a line was given. */
struct radio_out {
    struct line *line;
    uint64_t ticket;
    char to[32], text[PART_SIZE + 1];
    unsigned part, total;
    bool repeat, ended;
};

struct core_scene {
    struct on_loop *on;
    struct core core;
    struct network *network;
    struct config *config; /* owns all settings */
    struct section *section;
    struct settings *network_settings, *xmpp;
    struct line *lines[SCENE_LINES];
    struct settings *line_settings[SCENE_LINES];
    char sims[SCENE_LINES][16];
    size_t n_lines;
    char dir[64];
    struct radio_out out[OUT_MAX];
    size_t n_out;
    struct err done; /* of the last text */
    unsigned n_done, presences, notices;
    struct timer *poll;
    bool (*check)(struct core_scene *s);
};

/* One scene at a time. */
static struct core_scene *the_scene;

/* --- the driver ----------------------------------------------------------- */

static inline size_t radio_index(const struct line *line)
{
    for (size_t i = 0; i < the_scene->n_lines; i++)
        if (strcmp(settings_name(the_scene->line_settings[i]),
                   line_name(line)) == 0)
            return i;
    fail_msg("no such line");
    return 0;
}

static inline bool radio_start(struct line *line, struct err *err)
{
    const char *sim = the_scene->sims[radio_index(line)];

    if (strcmp(sim, "none") == 0)
        return err_set(err, ERR_LINK, "there is no modem");
    if (*sim)
        line_online(line, CAP_TEXT | CAP_DELIVERED, sim);
    return true; /* "": it takes its time */
}

static inline void radio_stop(struct line *line)
{
    line_offline(line, &(struct err){ .kind = ERR_NONE });
}

static inline bool radio_plan(struct line *line, const struct outgoing *message,
                              struct parts *parts, struct err *err)
{
    size_t size = strlen(message->text);

    if (settings_int(line_options(line), "max_parts") * PART_SIZE <
        (long long)size)
        return err_set(err, ERR_TOO_LONG, "too long for %s", line_name(line));
    for (size_t at = 0; at < size; at += PART_SIZE)
        parts_add(parts, message->text + at,
                  size - at < PART_SIZE ? size - at : PART_SIZE);
    return true;
}

static inline bool radio_send(struct line *line, const struct submission *part,
                              uint64_t ticket, struct err *err)
{
    struct radio_out *out = &the_scene->out[the_scene->n_out++];

    (void)err;
    assert_true(the_scene->n_out <= OUT_MAX);
    *out = (struct radio_out){ .line = line,
                               .ticket = ticket,
                               .part = part->part,
                               .total = part->total,
                               .repeat = part->repeat };
    text_copy(out->to, sizeof(out->to), part->to);
    memcpy(out->text, part->bytes, part->size);
    return true;
}

static const struct option radio_options[] = {
    { .key = "max_parts", .type = OPT_INT, .fallback = "10", .max = 100 },
    { .key = NULL },
};

#define RADIO(kind)                                                            \
    {                                                                          \
        .size = sizeof(struct driver), .abi = DRIVER_ABI, .name = "radio",     \
        .title = "A test's", .gateway_type = "sms",                            \
        .caps = CAP_TEXT | CAP_DELIVERED, .ambiguity = kind,                   \
        .limits = { .max_parts = 10,                                           \
                    .in_flight = 1,                                            \
                    .send_timeout_s = 60,                                      \
                    .ttl_s = 86400 },                                          \
        .phone_addresses = true, .options = radio_options, .state_size = 1,    \
        .start = radio_start, .stop = radio_stop, .plan = radio_plan,          \
        .send = radio_send,                                                    \
    }
static const struct driver radio = RADIO(AMBIGUITY_NONE);
static const struct driver keyed_radio = RADIO(AMBIGUITY_IDEMPOTENT);

/* --- the front ------------------------------------------------------------ */

static inline bool front_deliver(void *self, const struct delivery *delivery)
{
    return self && delivery;
}

static inline bool front_settle(void *self, const struct moved *moved,
                                bool late)
{
    (void)late;
    return self && moved;
}

static inline bool front_notice(void *self, const char *to, const char *text)
{
    ((struct core_scene *)self)->notices++;
    return to && text;
}

static inline void front_fence(void *self)
{
    (void)self;
}

static inline void front_presence(void *self)
{
    ((struct core_scene *)self)->presences++;
}

static const struct front scene_front = {
    .deliver = front_deliver,
    .settle = front_settle,
    .notice = front_notice,
    .fence = front_fence,
    .presence = front_presence,
};

/* --- the scene ------------------------------------------------------------ */

static inline const struct option *scene_table(const char *section)
{
    struct option_group group;

    for (size_t i = 0; options_group(i, &group); i++)
        if (strcmp(group.section, section) == 0 && !group.driver)
            return group.options;
    fail_msg("no options of %s", section);
    return NULL;
}

static inline struct settings *
scene_settings(const char *section, const char *name, const struct option *more)
{
    const struct option *tables[] = { scene_table(section), more, NULL };
    struct settings *s = settings_default(tables, name, "test");

    section_add_group(the_scene->section, s);
    return s;
}

static inline void scene_fatal(void *arg, const struct err *err)
{
    (void)arg;
    fail_msg("%s", err->text);
}

static inline void scene_set(struct settings *s, const char *key,
                             long long number)
{
    assert_true(setting_set_int(settings_find(s, key), number, NULL));
}

static inline void scene_open(struct core_scene *s)
{
    struct err err;

    s->core.store = store_open(&s->on->owner, "sqlite", s->dir, 0, &err);
    if (!s->core.store)
        fail_msg("%s", err.text);
    s->network = network_new(&s->core, s->network_settings, s->xmpp);
    network_set_front(s->network, &scene_front, s);
    DL_APPEND(s->core.networks, s->network);
}

static inline void on_poll(void *arg)
{
    struct core_scene *s = arg;

    if (s->check(s))
        loop_stop(s->core.loop);
}

static inline int core_scene_setup(void **state)
{
    struct core_scene *s = xcalloc(1, sizeof(*s));

    (void)on_loop_setup((void **)&s->on);
    (void)snprintf(s->dir, sizeof(s->dir), "/tmp/moongate-core-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    s->core.loop = s->on->loop;
    s->core.fatal = scene_fatal;
    owner_init(&s->core.owner, s->core.loop);
    s->poll = timer_new(&s->on->guard, on_poll, s);
    s->config = xcalloc(1, sizeof(*s->config));
    s->section = config_add_section(s->config, "all", true);
    the_scene = s;
    s->network_settings = scene_settings("networks", "sms", NULL);
    s->xmpp = scene_settings("xmpp", "xmpp", NULL);
    assert_true(setting_set_text(settings_find(s->network_settings, "jid"),
                                 "sms.example.org", NULL));
    scene_open(s);
    *state = s;
    return 0;
}

static inline void run_until(struct core_scene *s,
                             bool (*check)(struct core_scene *s))
{
    s->check = check;
    if (check(s))
        return;
    timer_repeat(s->poll, 1);
    loop_run(s->core.loop);
    timer_stop(s->poll);
}

/* Before the lines are made: options are set on what this returns. */
static inline struct settings *add_line(struct core_scene *s, const char *name,
                                        const char *sim)
{
    size_t i = s->n_lines++;

    s->line_settings[i] = scene_settings("lines", name, radio_options);
    text_copy(s->sims[i], sizeof(s->sims[i]), sim);
    return s->line_settings[i];
}

static inline void start_line(struct core_scene *s, size_t i,
                              const struct driver *driver)
{
    s->lines[i] = line_new(&s->core, s->network, driver, s->line_settings[i]);
    DL_APPEND(s->core.lines, s->lines[i]);
    line_start(s->lines[i]);
}

static inline bool lines_are_ready(struct core_scene *s)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        bool slow = !s->sims[i][0] || strcmp(s->sims[i], "none") == 0;

        if (!slow && !line_is_online(s->lines[i]))
            return false;
    }
    return store_pending(s->core.store) == 0;
}

static inline void start_lines(struct core_scene *s)
{
    for (size_t i = 0; i < s->n_lines; i++)
        start_line(s, i, &radio);
    run_until(s, lines_are_ready);
}

static inline void two_lines(struct core_scene *s)
{
    add_line(s, "a", "sim-a");
    add_line(s, "b", "sim-b");
    start_lines(s);
}

static inline bool lines_are_off(struct core_scene *s)
{
    for (size_t i = 0; i < s->n_lines; i++)
        if (s->lines[i] && s->lines[i]->state != LINE_OFF)
            return false;
    return store_pending(s->core.store) == 0;
}

static inline void scene_close(struct core_scene *s)
{
    struct network *network, *next;

    s->core.stopping = true;
    for (size_t i = 0; i < s->n_lines; i++)
        if (s->lines[i])
            line_stop(s->lines[i]);
    run_until(s, lines_are_off);
    store_close(s->core.store);
    owner_close(&s->core.owner, on_loop_stop, s->on);
    loop_run(s->core.loop);
    on_loop_close(s->on);
    for (size_t i = 0; i < s->n_lines; i++)
        if (s->lines[i])
            line_free(s->lines[i]);
    DL_FOREACH_SAFE (s->core.networks, network, next) {
        network_free(network);
    }
    s->core.networks = NULL;
    s->core.lines = NULL;
    s->core.stopping = false;
    memset(s->lines, 0, sizeof(s->lines));
}

/* The same lines in a new life of the gateway. */
static inline void scene_restart(struct core_scene *s)
{
    scene_close(s);
    s->n_out = 0;
    scene_open(s);
    start_lines(s);
}

static inline int core_scene_teardown(void **state)
{
    struct core_scene *s = *state;
    void *on = s->on;
    DIR *d;
    struct dirent *e;

    scene_close(s);
    d = opendir(s->dir);
    while ((e = readdir(d)))
        if (e->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(d), e->d_name, 0), 0);
    (void)closedir(d);
    assert_int_equal(rmdir(s->dir), 0);
    (void)on_loop_teardown(&on);
    config_free(s->config);
    free(s);
    return 0;
}

#define CORE_SCENE(name)                                                       \
    cmocka_unit_test_setup_teardown(name, core_scene_setup, core_scene_teardown)

/* --- what happens --------------------------------------------------------- */

static inline void on_done(void *arg, const struct id *id,
                           const struct err *err)
{
    struct core_scene *s = arg;

    (void)id;
    s->done = err ? *err : (struct err){ 0 };
    s->n_done++;
}

static inline bool is_quiet(struct core_scene *s)
{
    return store_pending(s->core.store) == 0;
}

/* Accepted, and, if a line is free, sent. */
static inline void send_text(struct core_scene *s, const char *to,
                             const char *text)
{
    struct user_text message = { .account = "romeo@example.org",
                                 .from = "romeo@example.org/orchard",
                                 .contact = to,
                                 .text = text };

    inbox_user_text(s->network, &message, on_done, s);
    run_until(s, is_quiet);
    assert_int_equal(s->done.kind, ERR_NONE);
}

/* The oldest part that has no answer; it must be this one. */
static inline struct radio_out *next_out(struct core_scene *s, size_t line,
                                         const char *text)
{
    for (size_t i = 0; i < s->n_out; i++) {
        struct radio_out *out = &s->out[i];

        if (out->ended || out->line != s->lines[line])
            continue;
        assert_string_equal(out->text, text);
        return out;
    }
    fail_msg("line %zu got no \"%s\"", line, text);
    return NULL;
}

static inline size_t count_out(const struct core_scene *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_out; i++)
        n += !s->out[i].ended;
    return n;
}

static inline void answer_sent(struct core_scene *s, struct radio_out *out,
                               const char *remote_id)
{
    out->ended = true;
    line_sent(out->line, out->ticket, remote_id);
    run_until(s, is_quiet);
}

static inline void answer_failed(struct core_scene *s, struct radio_out *out,
                                 enum err_kind kind)
{
    struct err err;

    err_set(&err, kind, "a test's error");
    out->ended = true;
    line_failed(out->line, out->ticket, &err);
    run_until(s, is_quiet);
}

static inline void expect_sent(struct core_scene *s, size_t line,
                               const char *text)
{
    answer_sent(s, next_out(s, line, text), "7");
}

static struct line *waited_for;

static inline bool is_gone(struct core_scene *s)
{
    return waited_for->state == LINE_BACKOFF && is_quiet(s);
}

/* The modem is unplugged and stays away. */
static inline void lose_line(struct core_scene *s, size_t i)
{
    struct err err;

    text_copy(s->sims[i], sizeof(s->sims[i]), "none");
    err_set(&err, ERR_LINK, "unplugged");
    for (size_t n = 0; n < s->n_out; n++)
        if (s->out[n].line == s->lines[i])
            s->out[n].ended = true;
    line_offline(s->lines[i], &err);
    waited_for = s->lines[i];
    run_until(s, is_gone);
}

static inline bool is_back(struct core_scene *s)
{
    return line_is_online(waited_for) && is_quiet(s);
}

/* At its next try it finds this SIM. */
static inline void plug_line(struct core_scene *s, size_t i, const char *sim)
{
    text_copy(s->sims[i], sizeof(s->sims[i]), sim);
    waited_for = s->lines[i];
    run_until(s, is_back);
}

static inline bool has_out(struct core_scene *s)
{
    return count_out(s) > 0 && is_quiet(s);
}

#endif
