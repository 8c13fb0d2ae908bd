/* options.c - the option tables of the gateway itself; the rows of a line's
 * driver are in the driver. `moongate options`, the manual page and the
 * configuration that we ship come from, or are tested against, these. */
#include "options.h"

#include "base/buf.h"
#include "driver.h"
#include "drivers.h"
#include "options_check.h"
#include "options_line.h"
#include "options_media.h"

enum { NAMES_MAX = 4096 };

static const struct option gateway_options[] = {
    {
        .key = "state_dir",
        .type = OPT_TEXT,
        .fallback = "/var/lib/moongate",
        .help = "Folder of the message store, the lock and the control socket",
    },
    {
        .key = "store",
        .type = OPT_TEXT,
        .fallback = "sqlite",
        .help = "Where messages are kept; sqlite: moongate.db in state_dir",
    },
    {
        .key = "log_level",
        .type = OPT_ENUM,
        .fallback = "info",
        .choices = "error|warn|info|debug",
        .help = "The least important kind of line that is logged",
    },
    {
        .key = "min_free",
        .type = OPT_INT,
        .fallback = "64",
        .min = 1,
        .max = 1048576,
        .help = "MiB of disk below which new messages are refused",
    },
    {
        .key = "http_listen",
        .type = OPT_TEXT,
        .help =
            "ADDRESS:PORT of /metrics /status /livez /readyz, for you alone",
    },
    {
        .key = "hook_listen",
        .type = OPT_TEXT,
        .help = "ADDRESS:PORT for providers' webhooks, behind a TLS proxy",
    },
    {
        .key = "public_url",
        .type = OPT_TEXT,
        .help = "How providers reach hook_listen, e.g. https://gw.example.org",
    },
    {
        .key = "seal_key",
        .type = OPT_TEXT,
        .flags = OPT_SECRET,
        .help = "What seals the tokens that users bring along (personal lines)",
    },
    { 0 },
};

static const struct option xmpp_options[] = {
    {
        .key = "server",
        .type = OPT_TEXT,
        .fallback = "127.0.0.1:5347",
        .help = "HOST:PORT or [IPv6]:PORT of the server's component port",
    },
    {
        .key = "tls",
        .type = OPT_ENUM,
        .fallback = "off",
        .choices = "off|direct",
        .help = "direct: TLS from the first byte, the certificate is checked",
    },
    {
        .key = "tls_ca",
        .type = OPT_TEXT,
        .help = "File of CA certificates to trust instead of the system's",
    },
    {
        .key = "plaintext_ok",
        .type = OPT_BOOL,
        .fallback = "false",
        .help = "Allow tls = \"off\" to another machine",
    },
    {
        .key = "admins",
        .type = OPT_LIST,
        .help = "Bare JIDs that are told of trouble",
    },
    {
        .key = "addresses",
        .type = OPT_LIST,
        .help = "How to reach you (XEP-0157): abuse=, admin=, support=, ... "
                "URI each",
    },
    {
        .key = "terms",
        .type = OPT_TEXT,
        .help = "URI of your terms of service, shown to clients (XEP-0504)",
    },
    {
        .key = "ping_to",
        .type = OPT_TEXT,
        .help = "Who answers our pings; default: the parent domain of jid",
    },
    {
        .key = "ping_every",
        .type = OPT_INT,
        .fallback = "60",
        .min = 1,
        .max = 300,
        .help = "Seconds of silence before a ping checks the link",
    },
    {
        .key = "stanza_max",
        .type = OPT_INT,
        .fallback = "65536",
        .min = 10000,
        .max = 1048576,
        .help = "Bytes of one stanza; a longer one is answered not-acceptable",
    },
    { 0 },
};

static const struct option network_options[] = {
    {
        .key = "jid",
        .type = OPT_TEXT,
        .flags = OPT_REQUIRED,
        .help = "Component domain, as in the server's configuration",
    },
    {
        .key = "secret",
        .type = OPT_TEXT,
        .flags = OPT_REQUIRED | OPT_SECRET,
        .help = "Component secret, as in the server's configuration",
    },
    {
        .key = "allow",
        .type = OPT_LIST,
        .help = "Bare JIDs and domains that may use it; default: the parent "
                "domain of jid",
    },
    {
        .key = "registration",
        .type = OPT_ENUM,
        .fallback = "auto",
        .choices = "auto|open|closed",
        .help = "auto: a text makes the account; open: register first; closed: "
                "the admin does",
    },
    {
        .key = "country_code",
        .type = OPT_TEXT,
        .flags = OPT_DIGITS,
        .fallback = "",
        .help = "Country of numbers typed without one, e.g. 44; without it "
                "they are refused",
    },
    {
        .key = "trunk_prefix",
        .type = OPT_TEXT,
        .flags = OPT_DIGITS,
        .fallback = "0",
        .help = "What national numbers begin with; may be empty",
    },
    {
        .key = "international_prefix",
        .type = OPT_TEXT,
        .flags = OPT_DIGITS,
        .fallback = "00",
        .help = "What people type instead of +",
    },
    {
        .key = "inbox",
        .type = OPT_LIST,
        .help = "Bare JIDs that get texts which belong to no conversation",
    },
    {
        .key = "upload",
        .type = OPT_TEXT,
        .help = "JID of the server's upload service; default: it is looked for",
    },
    {
        .key = "team",
        .type = OPT_LIST,
        .help = "Bare JIDs that share every text in and out; nobody else "
                "sends",
    },
    {
        .key = "claim_hours",
        .type = OPT_INT,
        .fallback = "24",
        .min = 1,
        .max = 720,
        .help = "Hours for which one of a team keeps a conversation he claims",
    },
    {
        .key = "ambiguous",
        .type = OPT_ENUM,
        .fallback = "resend-once",
        .choices = "resend-once|hold|fail",
        .help = "What to do with a text of which nobody knows whether it went",
    },
    {
        .key = "ttl",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 2592000,
        .help = "Seconds until an unsent message fails; 0: the driver's time",
    },
    {
        .key = "settle",
        .type = OPT_INT,
        .fallback = "-1",
        .min = -1,
        .max = 3600,
        .help = "Seconds to wait for a late report before that; -1: the "
                "driver's time",
    },
    {
        .key = "failover_after",
        .type = OPT_INT,
        .fallback = "1800",
        .min = 0,
        .max = 2592000,
        .help = "Seconds until a text begun on a SIM that is away starts "
                "elsewhere; 0: never",
    },
    {
        .key = "parts_timeout",
        .type = OPT_INT,
        .fallback = "86400",
        .min = 1,
        .max = 604800,
        .help = "Seconds to wait for missing parts of a long text that comes "
                "in",
    },
    {
        .key = "account_limits",
        .type = OPT_LIST,
        .help = "What each account may send, like \"20 messages/day\" or \"90 "
                "parts/month\"",
    },
    {
        .key = "network_limits",
        .type = OPT_LIST,
        .help = "The same for all accounts together",
    },
    {
        .key = "allow_prefixes",
        .type = OPT_LIST,
        .help = "Beginnings of numbers, or short codes, it sends to; default: "
                "all numbers",
    },
    {
        .key = "deny_prefixes",
        .type = OPT_LIST,
        .help = "Beginnings of numbers, or short codes, it never sends to",
    },
    {
        .key = "premium",
        .type = OPT_ENUM,
        .fallback = "deny",
        .choices = "deny|allow",
        .help = "Texts to premium-rate, satellite and short numbers",
    },
    {
        .key = "burst",
        .type = OPT_INT,
        .fallback = "60",
        .min = 0,
        .max = 1000000,
        .help = "New contacts in a minute that pause an account; 0: no limit",
    },
    {
        .key = "loop",
        .type = OPT_INT,
        .fallback = "20",
        .min = 0,
        .max = 1000000,
        .help = "Answers in a minute that make a talk look like two machines; "
                "0: none",
    },
    {
        .key = "pause",
        .type = OPT_INT,
        .fallback = "60",
        .min = 1,
        .max = 43200,
        .help = "Minutes for which a burst or a loop is stopped",
    },
    { 0 },
};

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
