/* options_tables.c - see options_tables.h. */
#include "options_tables.h"

const struct option gateway_options[] = {
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
        .key = "hook_timeout",
        .type = OPT_INT,
        .fallback = "10",
        .min = 1,
        .max = 120,
        .help = "Seconds until a webhook that is not committed is answered 503",
    },
    {
        .key = "seal_key",
        .type = OPT_TEXT,
        .flags = OPT_SECRET,
        .help = "What seals the tokens that users bring along (personal lines)",
    },
    { 0 },
};

const struct option xmpp_options[] = {
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

const struct option network_options[] = {
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
        .key = "server",
        .type = OPT_TEXT,
        .help = "Component port of this network; default: xmpp.server",
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
        .key = "roster",
        .type = OPT_ENUM,
        .fallback = "named",
        .choices = "named|all|off",
        .help = "Contacts that write and are put on rosters: those with a "
                "name, all, or none",
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
        .help =
            "Texts to premium-rate and satellite numbers, and to short ones "
            "unasked",
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

const struct option common_line_options[] = {
    {
        .key = "network",
        .type = OPT_TEXT,
        .flags = OPT_REQUIRED,
        .help = "Name of the network whose messages it carries",
    },
    {
        .key = "driver",
        .type = OPT_TEXT,
        .flags = OPT_REQUIRED,
        .help = "What kind of line it is",
    },
    {
        .key = "owner",
        .type = OPT_TEXT,
        .help = "Bare JID to whom it belongs: he alone sends, and gets what "
                "comes in",
    },
    {
        .key = "team",
        .type = OPT_LIST,
        .help = "Bare JIDs to whom it belongs together, instead of the "
                "network's team",
    },
    {
        .key = "personal",
        .type = OPT_BOOL,
        .fallback = "false",
        .help = "It only shows what lines of users' own are like, who bring "
                "the rest",
    },
    {
        .key = "prefixes",
        .type = OPT_LIST,
        .help = "Beginnings of numbers it sends to; \"!+4490\": not to "
                "those; none: to all",
    },
    {
        .key = "cost",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000,
        .help = "Price of a part in any unit: the cheapest line that works "
                "is taken",
    },
    {
        .key = "weight",
        .type = OPT_INT,
        .fallback = "1",
        .min = 1,
        .max = 1000,
        .help = "Its share of new conversations among lines of the same cost",
    },
    {
        .key = "parts_per_minute",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000,
        .help = "SMS parts it may send in a minute of the clock; 0: no limit",
    },
    {
        .key = "parts_per_day",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000000,
        .help = "SMS parts it may send from midnight to midnight, local "
                "time; 0: no limit",
    },
    {
        .key = "parts_per_month",
        .type = OPT_INT,
        .fallback = "0",
        .min = 0,
        .max = 1000000000,
        .help = "SMS parts it may send in a calendar month; 0: no limit",
    },
    { 0 },
};

const struct option media_options[] = {
    {
        .key = "ways",
        .type = OPT_LIST,
        .fallback = "upload",
        .help =
            "How users get them: upload (XEP-0363), files (of hook_listen); "
            "none: words only",
    },
    {
        .key = "max_size",
        .type = OPT_INT,
        .fallback = "20",
        .min = 1,
        .max = 1024,
        .help = "MiB of one medium; of a bigger one only words arrive",
    },
    {
        .key = "types",
        .type = OPT_LIST,
        .fallback = "any",
        .help =
            "What is passed on: image, audio, video, text/plain and the like, "
            "or any",
    },
    {
        .key = "wait",
        .type = OPT_INT,
        .fallback = "60",
        .min = 1,
        .max = 300,
        .help = "Seconds for which a text waits for its media; then words say "
                "what came",
    },
    {
        .key = "keep",
        .type = OPT_INT,
        .fallback = "168",
        .min = 1,
        .max = 8760,
        .help = "Hours for which files are served",
    },
    {
        .key = "space",
        .type = OPT_INT,
        .fallback = "1024",
        .min = 1,
        .max = 1048576,
        .help = "MiB of all files that are served",
    },
    {
        .key = "networks",
        .type = OPT_LIST,
        .help =
            "Private networks to fetch from, e.g. 10.0.0.0/8; default: none",
    },
    { 0 },
};
