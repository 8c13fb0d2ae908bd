/* options.c - the sections of the configuration: each has its rows of
 * options_tables.c, a line also those of its driver. `moongate options`, the
 * manual page and the configuration that we ship come from, or are tested
 * against, these. */
#include "options.h"

#include "base/buf.h"
#include "driver.h"
#include "drivers.h"
#include "options_check.h"
#include "options_tables.h"

enum { NAMES_MAX = 4096 };

static const struct option *const gateway_tables[] = { gateway_options, NULL };
static const struct option *const media_tables[] = { media_options, NULL };
static const struct option *const xmpp_tables[] = { xmpp_options, NULL };
static const struct option *const network_tables[] = { network_options, NULL };
static const struct option *const line_tables[] = { common_line_options, NULL };

static const struct option_group groups[] = {
    {
        .section = "gateway",
        .title = "The daemon itself",
        .options = gateway_options,
    },
    {
        .section = "xmpp",
        .title = "The XMPP server",
        .options = xmpp_options,
    },
    {
        .section = "media",
        .title = "Photos, voice messages and files that come in",
        .options = media_options,
    },
    {
        .section = "networks",
        .example = "sms",
        .title = "A network: one component domain and its policy",
        .options = network_options,
    },
    {
        .section = "lines",
        .example = "sim1",
        .title = "A line: a modem or account that carries a network's messages",
        .options = common_line_options,
    },
};

enum { GROUPS = sizeof(groups) / sizeof(groups[0]) };

bool options_group(size_t i, struct option_group *out)
{
    const struct driver *const *drivers = drivers_all();

    if (i < GROUPS) {
        *out = groups[i];
        return true;
    }
    for (i -= GROUPS; *drivers && i > 0; i--)
        drivers++;
    if (!*drivers)
        return false;
    *out = (struct option_group){
        .section = "lines",
        .example = "sim1",
        .driver = (*drivers)->name,
        .title = (*drivers)->title,
        .options = (*drivers)->options,
    };
    return true;
}

static const struct option *pick_driver(const char *name)
{
    const struct driver *driver = drivers_find(name);

    return driver ? driver->options : NULL;
}

static const char *more_key(const char *name)
{
    const struct driver *driver = drivers_find(name);

    return driver ? driver->more_key : NULL;
}

static struct option *more_options(const char *name, const char *value,
                                   struct err *err)
{
    return drivers_find(name)->more(value, err);
}

static void driver_names(struct buf *out)
{
    for (const struct driver *const *d = drivers_all(); *d; d++)
        buf_addf(out, "%s%s", out->len ? "|" : "", (*d)->name);
}

struct config *options_load(const char *path,
                            void (*report)(void *arg, const char *line),
                            void *arg, struct err *err)
{
    struct buf names;
    struct config *config;

    buf_init(&names, NAMES_MAX);
    driver_names(&names);
    const struct config_section sections[] = {
        { .name = "gateway", .tables = gateway_tables },
        { .name = "xmpp", .tables = xmpp_tables },
        { .name = "media", .tables = media_tables },
        { .name = "networks", .named = true, .tables = network_tables },
        {
            .name = "lines",
            .named = true,
            .tables = line_tables,
            .pick_key = "driver",
            .pick = pick_driver,
            .pick_names = buf_text(&names),
            .more_key = more_key,
            .more = more_options,
        },
        { 0 },
    };
    config = config_load(path, sections, report, arg, err);
    buf_free(&names);
    if (config && !options_check(config, report, arg, err)) {
        config_free(config);
        return NULL;
    }
    return config;
}
