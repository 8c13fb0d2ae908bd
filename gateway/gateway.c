/* gateway.c - wiring. Start: store, networks, components, lines, control
 * socket. Stop, in DESIGN section 5's order: nothing new is handed over, wait
 * for what lines have in hand, stop the lines, drain and close the streams,
 * commit, exit. A second signal skips the waiting. */
#include "gateway.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/crash.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/control.h"
#include "control/pages.h"
#include "core/core.h"
#include "core/line.h"
#include "core/media.h"
#include "core/network.h"
#include "core/outbox.h"
#include "core/own.h"
#include "core/picture.h"
#include "drivers.h"
#include "store/store.h"
#include "toolkit/config.h"
#include "toolkit/httpd.h"
#include "toolkit/seal.h"
#include "toolkit/timer.h"
#include "xmpp/xmpp.h"

enum { FINISH_MS = 90000, LINES_MS = 7000, CHECK_MS = 20, SWEEP_MS = 600000 };
enum { FILES_MAX = 65536 };

enum phase { RUNNING, FINISHING, STOPPING_LINES, STOPPING_STREAMS, STOPPED };

struct gateway {
    const struct config *config;
    struct core core;
    struct seal seal;
    struct owner store_owner;
    struct component **components; /* one per network */
    size_t n_components, n_stopped;
    struct control *control;
    struct pages *pages; /* NULL: no http_listen */
    struct timer *check, *sweep;
    enum phase phase;
    int64_t phase_until; /* clock_mono_ms */
    bool failed;
};

/* --- start --------------------------------------------------------------- */

static void on_fatal(void *arg, const struct err *err)
{
    struct gateway *gateway = arg;
    log_error("the store failed, stopping: %s", err->text);
    gateway->failed = true;
    loop_stop(gateway->core.loop);
}

static bool open_store(struct gateway *gateway, struct err *err)
{
    const struct settings *s = config_group(gateway->config, "gateway");
    int64_t min_free = settings_int(s, "min_free") * 1024 * 1024;
    gateway->core.store =
        store_open(&gateway->store_owner, settings_text(s, "store"),
                   settings_text(s, "state_dir"), min_free, err);
    return gateway->core.store != NULL;
}

struct component_options gateway_component(const struct settings *xmpp,
                                           const struct settings *network)
{
    const char *server = settings_text(network, "server");
    struct component_options options = {
        .server = server ? server : settings_text(xmpp, "server"),
        .tls = strcmp(settings_text(xmpp, "tls"), "direct") == 0,
        .tls_ca = settings_text(xmpp, "tls_ca"),
        .secret = settings_text(network, "secret"),
        .jid = settings_text(network, "jid"),
        .upload = settings_text(network, "upload"),
        .ping_to = settings_text(xmpp, "ping_to"),
        .ping_every = (unsigned)settings_int(xmpp, "ping_every"),
        .stanza_max = (unsigned)settings_int(xmpp, "stanza_max"),
    };

    return options;
}

static bool open_media(struct gateway *gateway, struct err *err)
{
    const struct settings *s = config_group(gateway->config, "gateway");
    gateway->core.media =
        media_new(&gateway->core, config_group(gateway->config, "media"),
                  settings_text(s, "state_dir"), err);
    return gateway->core.media != NULL;
}

static void add_network(struct gateway *gateway, const struct settings *s)
{
    const struct settings *xmpp = config_group(gateway->config, "xmpp");
    struct core *core = &gateway->core;
    struct network *network = network_new(core, s, xmpp);
    struct component_options options = gateway_component(xmpp, s);
    struct component *component = component_new(core->loop, &options, network);
    network_set_front(network, component_front(), component);
    DL_APPEND(core->networks, network);
    gateway->components =
        xrealloc(gateway->components,
                 (gateway->n_components + 1) * sizeof(struct component *));
    gateway->components[gateway->n_components++] = component;
}

static bool add_line(struct gateway *gateway, const struct settings *s,
                     struct err *err)
{
    struct core *core = &gateway->core;
    const struct driver *driver = drivers_find(settings_text(s, "driver"));
    struct network *network = network_find(core, settings_text(s, "network"));
    if (!network)
        return err_set(err, ERR_CONFIG,
                       "%s: line %s names network \"%s\", which is not in "
                       "networks",
                       config_place(gateway->config, s, "network"),
                       settings_name(s), settings_text(s, "network"));
    if (settings_bool(s, "personal")) {
        own_template(network, s, driver);
        return true;
    }
    if (driver->check && !driver->check(s, err))
        return err_wrap(err, "%s: line %s",
                        config_place(gateway->config, s, NULL),
                        settings_name(s));
    struct line *line = line_new(core, network, driver, s);
    DL_APPEND(core->lines, line);
    return true;
}

static void read_seal_key(struct gateway *gateway)
{
    const struct settings *s = config_group(gateway->config, "gateway");
    const char *key = settings_text(s, "seal_key");
    if (!key)
        return;
    seal_init(&gateway->seal, key);
    gateway->core.seal = &gateway->seal;
}

static bool build(struct gateway *gateway, struct err *err)
{
    const struct settings *s;
    struct network *network;
    read_seal_key(gateway);
    if (!open_store(gateway, err) || !open_media(gateway, err))
        return false;
    for (size_t i = 0; (s = config_named(gateway->config, "networks", i)); i++)
        add_network(gateway, s);
    for (size_t i = 0; (s = config_named(gateway->config, "lines", i)); i++)
        if (!add_line(gateway, s, err))
            return false;
    own_load(&gateway->core);
    pictures_load(&gateway->core);
    DL_FOREACH (gateway->core.networks, network) {
        network_lines_ready(network);
    }
    return true;
}

static bool open_control(struct gateway *gateway, struct err *err)
{
    const struct settings *s = config_group(gateway->config, "gateway");
    gateway->control =
        control_open(&gateway->core.owner, settings_text(s, "state_dir"),
                     &gateway->core, err);
    return gateway->control != NULL;
}

/* The listeners that the configuration names. */
static bool open_http(struct gateway *gateway, struct err *err)
{
    const struct settings *s = config_group(gateway->config, "gateway");
    struct owner *owner = &gateway->core.owner;
    struct httpd_options private = { .listen =
                                         settings_text(s, "http_listen") };
    struct httpd_options hooks = {
        .listen = settings_text(s, "hook_listen"),
        .public_url = settings_text(s, "public_url"),
        .hooks = true,
        .answer_ms = (unsigned)settings_int(s, "hook_timeout") * 1000,
    };
    if (hooks.listen && !httpd_open(owner, &hooks, err))
        return err_wrap(err, "hook_listen");
    if (!media_serve(gateway->core.media, err))
        return false;
    if (!private.listen)
        return true;
    struct httpd *httpd = httpd_open(owner, &private, err);
    if (!httpd)
        return err_wrap(err, "http_listen");
    gateway->pages = pages_open(httpd, owner, &gateway->core, err);
    return gateway->pages != NULL;
}

/* Every connection needs a descriptor, and the usual limit is for programs that
 * use select(). */
static void raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= FILES_MAX)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void on_sweep(void *arg)
{
    struct gateway *gateway = arg;
    store_sweep(gateway->core.store, clock_wall_ms());
    media_sweep(gateway->core.media, clock_wall_ms());
}

static void start(struct gateway *gateway)
{
    struct line *line;
    for (size_t i = 0; i < gateway->n_components; i++)
        component_start(gateway->components[i]);
    DL_FOREACH (gateway->core.lines, line) {
        line_start(line);
    }
    gateway->sweep = timer_new(&gateway->core.owner, on_sweep, gateway);
    timer_repeat(gateway->sweep, SWEEP_MS);
    log_info("moongate is running");
}

/* --- stop ---------------------------------------------------------------- */

static void enter(struct gateway *gateway, enum phase phase, int64_t wait_ms)
{
    gateway->phase = phase;
    gateway->phase_until = clock_mono_ms() + wait_ms;
}

static void on_component_stopped(void *arg)
{
    struct gateway *gateway = arg;
    gateway->n_stopped++;
}

static void stop_lines(struct gateway *gateway)
{
    struct line *line;
    DL_FOREACH (gateway->core.lines, line) {
        line_stop(line);
    }
    enter(gateway, STOPPING_LINES, LINES_MS);
}

static void stop_streams(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->n_components; i++)
        component_stop(gateway->components[i], on_component_stopped, gateway);
    enter(gateway, STOPPING_STREAMS, FINISH_MS);
}

static bool lines_are_off(const struct core *core)
{
    const struct line *line;
    DL_FOREACH (core->lines, line) {
        if (line->state != LINE_OFF)
            return false;
    }
    return true;
}

/* What the phase waits for has come. */
static bool phase_is_over(const struct gateway *gateway)
{
    switch (gateway->phase) {
    case RUNNING:
    case STOPPED:
        return false;
    case FINISHING:
        return sink_line_open(&gateway->core) == 0;
    case STOPPING_LINES:
        return lines_are_off(&gateway->core) &&
               store_pending(gateway->core.store) == 0;
    case STOPPING_STREAMS:
        return gateway->n_stopped == gateway->n_components;
    }
    return false;
}

static void on_check(void *arg)
{
    struct gateway *gateway = arg;
    if (!phase_is_over(gateway) && clock_mono_ms() < gateway->phase_until)
        return;
    switch (gateway->phase) {
    case RUNNING:
    case STOPPED:
        break;
    case FINISHING:
        stop_lines(gateway);
        break;
    case STOPPING_LINES:
        stop_streams(gateway);
        break;
    case STOPPING_STREAMS:
        enter(gateway, STOPPED, 0);
        loop_stop(gateway->core.loop);
        break;
    }
}

static void on_stop(void *arg)
{
    struct gateway *gateway = arg;
    if (gateway->phase != RUNNING) {
        gateway->phase_until = 0;
        return;
    }
    log_info("stopping");
    gateway->core.stopping = true;
    enter(gateway, FINISHING, FINISH_MS);
    timer_repeat(gateway->check, CHECK_MS);
}

static void on_signal(void *arg, int signum)
{
    (void)signum;
    on_stop(arg);
}

static void watch_signals(struct gateway *gateway)
{
    struct owner *owner = &gateway->core.owner;
    signal(SIGPIPE, SIG_IGN);
    gateway->check = timer_new(owner, on_check, gateway);
    loop_on_signal(owner, SIGTERM, on_signal, gateway);
    loop_on_signal(owner, SIGINT, on_signal, gateway);
}

static void on_store_gone(void *arg)
{
    loop_stop(arg);
}

static void on_core_gone(void *arg)
{
    struct gateway *gateway = arg;
    owner_close(&gateway->store_owner, on_store_gone, gateway->core.loop);
}

/* Commits what is left, closes the loop's handles and frees everything. When
 * something did not stop in time the process just ends: its handles must not
 * reach the closed store. */
static void tear_down(struct gateway *gateway)
{
    struct core *core = &gateway->core;
    struct line *line, *next_line;
    struct network *network, *next_network;
    bool streams_off = gateway->n_stopped == gateway->n_components;
    core->stopping = true;
    if (core->store)
        store_close(core->store);
    if (gateway->phase != RUNNING && !(streams_off && lines_are_off(core)))
        return;
    owner_close(&core->owner, on_core_gone, gateway);
    loop_run(core->loop);
    for (size_t i = 0; i < gateway->n_components; i++)
        component_free(gateway->components[i]);
    DL_FOREACH_SAFE (core->lines, line, next_line) {
        line_free(line);
    }
    DL_FOREACH_SAFE (core->networks, network, next_network) {
        network_free(network);
    }
    media_free(core->media);
    control_free(gateway->control);
    pages_free(gateway->pages);
    free(gateway->components);
    loop_free(core->loop);
}

int gateway_run(const struct config *config)
{
    struct gateway gateway = { .config = config };
    struct err err = { 0 };
    gateway.core.loop = loop_new();
    gateway.core.fatal = on_fatal;
    gateway.core.stop = on_stop;
    gateway.core.arg = &gateway;
    gateway.core.started = clock_wall_ms();
    owner_init(&gateway.core.owner, gateway.core.loop);
    owner_init(&gateway.store_owner, gateway.core.loop);
    crash_init();
    raise_limits();
    watch_signals(&gateway);
    if (!build(&gateway, &err) || !open_control(&gateway, &err) ||
        !open_http(&gateway, &err)) {
        log_error("%s", err.text);
        tear_down(&gateway);
        return 1;
    }
    start(&gateway);
    loop_run(gateway.core.loop);
    /* After a store failure nothing may be cleaned up that would pretend to
     * have been stored: recovery is the next start's. */
    if (gateway.failed)
        return 1;
    tear_down(&gateway);
    log_info("stopped");
    return 0;
}
