/* options_check.c - checks over the whole configuration, after each option was
 * found right by itself: references between groups, addresses, what is not
 * safe, and each driver's own check. All mistakes are told, with their place.
 */
#include "options_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/limit.h"
#include "base/mem.h"
#include "core/people.h"
#include "driver.h"
#include "drivers.h"
#include "options.h"
#include "toolkit/address.h"
#include "toolkit/config.h"
#include "toolkit/suggest.h"
#include "xmpp/jid.h"

enum { SEAL_KEY_MIN = 16 };

struct checker {
    const struct config *config;
    void (*report)(void *arg, const char *line);
    void *arg;
    struct err *err;
    unsigned mistakes;
};

static void mistake(struct checker *c, const struct settings *group,
                    const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void mistake(struct checker *c, const struct settings *group,
                    const char *key, const char *format, ...)
{
    char text[400];
    char *line;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    line =
        xasprintf("%s: %s: %s", config_place(c->config, group, key), key, text);
    if (c->mistakes++ == 0)
        err_set(c->err, ERR_CONFIG, "%s", line);
    if (c->report)
        c->report(c->arg, line);
    free(line);
}

static bool is_domain(const char *text)
{
    struct jid jid;

    return jid_parse(text, &jid) && !*jid.local && !*jid.resource;
}

static bool is_bare(const char *text)
{
    struct jid jid;

    return jid_parse(text, &jid) && *jid.local && !*jid.resource;
}

/* Every item of a list must be a bare JID, or maybe a domain. */
static void check_jids(struct checker *c, const struct settings *group,
                       const char *key, bool domains)
{
    for (size_t i = 0; i < settings_list_size(group, key); i++) {
        const char *item = settings_list_item(group, key, i);

        if (is_bare(item) || (domains && is_domain(item)))
            continue;
        mistake(c, group, key, "\"%.100s\" is not a bare JID like %s", item,
                domains ? "juliet@example.org, nor a domain"
                        : "juliet@example.org");
    }
}

/* Does HOST:PORT name this machine, as far as one can tell from the text? */
static bool is_loopback(const char *server)
{
    static const char *const hosts[] = { "127.", "localhost", "::1", "[::1]" };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        if (strncmp(server, hosts[i], strlen(hosts[i])) == 0)
            return true;
    }
    return false;
}

/* HOST, HOST:PORT, [v6]:PORT or a bare v6 address. */
static bool is_server(const char *text)
{
    const char *end = *text == '[' ? strchr(text, ']') : NULL;
    const char *colon = strchr(end ? end : text, ':');
    char *rest;
    long port;

    if (!*text || strpbrk(text, " /@\t") || (*text == '[' && !end))
        return false;
    if (!colon || (!end && strchr(colon + 1, ':')))
        return true;
    port = strtol(colon + 1, &rest, 10);
    return colon > text && rest != colon + 1 && !*rest && port > 0 &&
           port < 65536;
}

/* XEP-0157 3. */
static void check_addresses(struct checker *c, const struct settings *xmpp)
{
    static const char *const kinds[] = { "abuse",  "admin",    "feedback",
                                         "sales",  "security", "status",
                                         "support" };

    for (size_t i = 0; i < settings_list_size(xmpp, "addresses"); i++) {
        const char *item = settings_list_item(xmpp, "addresses", i);
        const char *equals = strchr(item, '=');
        bool known = false;

        for (size_t k = 0; equals && k < sizeof(kinds) / sizeof(*kinds); k++)
            known |= strncmp(item, kinds[k], strlen(kinds[k])) == 0 &&
                     item + strlen(kinds[k]) == equals;
        if (!known || !strchr(equals, ':'))
            mistake(c, xmpp, "addresses",
                    "\"%.100s\" is not KIND=URI like "
                    "abuse=mailto:abuse@example.org, KIND being abuse, admin, "
                    "feedback, sales, security, status or support",
                    item);
    }
}

static void check_server(struct checker *c, const struct settings *group)
{
    const struct settings *xmpp = config_group(c->config, "xmpp");
    const char *server = settings_text(group, "server");
    bool clear = settings_enum(xmpp, "tls") == 0;

    if (!server)
        return;
    if (!is_server(server))
        mistake(c, group, "server",
                "\"%.100s\" is not HOST:PORT or [IPv6]:PORT", server);
    else if (clear && !is_loopback(server) &&
             !settings_bool(xmpp, "plaintext_ok"))
        mistake(c, group, "server",
                "%.100s is another machine and tls is \"off\", so that "
                "everybody on the way can read along: set tls = \"direct\", "
                "or plaintext_ok = true if the way is safe",
                server);
}

static void check_xmpp(struct checker *c)
{
    const struct settings *xmpp = config_group(c->config, "xmpp");
    const char *ca = settings_text(xmpp, "tls_ca");
    const char *ping_to = settings_text(xmpp, "ping_to");

    check_server(c, xmpp);
    if (ca && access(ca, R_OK) != 0)
        mistake(c, xmpp, "tls_ca", "cannot read %.200s", ca);
    if (ping_to && !is_domain(ping_to) && !is_bare(ping_to))
        mistake(c, xmpp, "ping_to", "\"%.100s\" is not a domain", ping_to);
    check_jids(c, xmpp, "admins", false);
    check_addresses(c, xmpp);
}

static void check_length(struct checker *c, const struct settings *network,
                         const char *key, size_t max)
{
    if (strlen(settings_text(network, key)) > max)
        mistake(c, network, key, "has more than %zu digits", max);
}

/* As in +447700900123, or a short code's digits. */
static bool is_prefix(const char *prefix)
{
    const char *digits = prefix + (*prefix == '+');

    return *prefix && *prefix != '0' &&
           digits[strspn(digits, "0123456789")] == '\0';
}

static void check_destinations(struct checker *c,
                               const struct settings *network, const char *key)
{
    for (size_t i = 0; i < settings_list_size(network, key); i++) {
        const char *item = settings_list_item(network, key, i);

        if (!is_prefix(item))
            mistake(c, network, key,
                    "\"%.60s\" is neither the beginning of a number like "
                    "\"+44\" nor a short code like \"12345\"",
                    item);
    }
}

static void check_limits(struct checker *c, const struct settings *network,
                         const char *key)
{
    struct limits limits = { 0 };
    struct err err;

    for (size_t i = 0; i < settings_list_size(network, key); i++)
        if (!limits_add(&limits, settings_list_item(network, key, i), &err))
            mistake(c, network, key, "%s", err.text);
}

static void check_team(struct checker *c, const struct settings *group)
{
    check_jids(c, group, "team", false);
    if (settings_list_size(group, "team") > PEOPLE_MAX)
        mistake(c, group, "team", "has more than %d members", PEOPLE_MAX);
}

static void check_network(struct checker *c, const struct settings *network,
                          size_t before)
{
    const char *jid = settings_text(network, "jid");

    if (!is_domain(jid)) {
        mistake(c, network, "jid",
                "\"%.100s\" is not a domain like sms.example.org", jid);
    } else if (settings_list_size(network, "allow") == 0 &&
               !jid_parent_domain(jid)) {
        mistake(c, network, "allow",
                "is needed, because %s has no parent domain", jid);
    }
    for (size_t i = 0; i < before; i++) {
        const struct settings *other = config_named(c->config, "networks", i);

        if (strcasecmp(settings_text(other, "jid"), jid) == 0)
            mistake(c, network, "jid", "network %s has %.100s already",
                    settings_name(other), jid);
    }
    check_server(c, network);
    check_jids(c, network, "allow", true);
    check_jids(c, network, "inbox", false);
    check_team(c, network);
    check_length(c, network, "country_code", 3);
    check_length(c, network, "trunk_prefix", 7);
    check_length(c, network, "international_prefix", 7);
    check_limits(c, network, "account_limits");
    check_limits(c, network, "network_limits");
    check_destinations(c, network, "allow_prefixes");
    check_destinations(c, network, "deny_prefixes");
}

static void check_line_network(struct checker *c, const struct settings *line)
{
    const char *name = settings_text(line, "network"), *best = NULL;
    const struct settings *network;
    unsigned distance = SUGGEST_FAR;

    for (size_t i = 0; (network = config_named(c->config, "networks", i));
         i++) {
        if (strcmp(settings_name(network), name) == 0)
            return;
        suggest(name, settings_name(network), &best, &distance);
    }
    mistake(c, line, "network", "there is no network \"%.60s\"%s%s%s", name,
            best ? "; did you mean " : "", best ? best : "", best ? "?" : "");
}

static void check_prefixes(struct checker *c, const struct settings *line)
{
    size_t n = settings_list_size(line, "prefixes");

    for (size_t i = 0; i < n; i++) {
        const char *item = settings_list_item(line, "prefixes", i);

        if (!is_prefix(item + (*item == '!')))
            mistake(c, line, "prefixes",
                    "\"%.60s\" is not the beginning of a number like \"+44\" "
                    "(or \"!+44\" for not those)",
                    item);
    }
}

static void check_people(struct checker *c, const struct settings *line)
{
    const char *owner = settings_text(line, "owner");

    check_team(c, line);
    if (owner && !is_bare(owner))
        mistake(c, line, "owner",
                "\"%.100s\" is not a bare JID like juliet@example.org", owner);
    if (owner && settings_list_size(line, "team") > 0)
        mistake(c, line, "team",
                "a line has an owner or a team, not both: drop one of them");
}

/* What users are asked for when they register. */
static void check_personal(struct checker *c, const struct settings *line,
                           const struct driver *driver)
{
    const struct settings *gateway = config_group(c->config, "gateway");
    const struct settings *other;
    const char *key = settings_text(gateway, "seal_key");
    bool own = false, before = true;

    for (const struct option *o = driver->options; o->key; o++)
        own |= (o->flags & OPT_OWN) != 0;
    if (!own)
        mistake(c, line, "personal",
                "users cannot have lines of their own with driver %s",
                driver->name);
    if (!key || strlen(key) < SEAL_KEY_MIN)
        mistake(c, line, "personal",
                "gateway.seal_key is needed, with %d characters or more",
                SEAL_KEY_MIN);
    if (settings_text(line, "owner") || settings_list_size(line, "team") > 0)
        mistake(c, line, "personal", "its owner is whoever brings the rest");
    for (size_t i = 0; (other = config_named(c->config, "lines", i)); i++) {
        before &= other != line;
        if (before && settings_bool(other, "personal") &&
            strcmp(settings_text(other, "network"),
                   settings_text(line, "network")) == 0)
            mistake(c, line, "personal", "%s is that of this network already",
                    settings_name(other));
    }
}

static void check_line(struct checker *c, const struct settings *line)
{
    const struct driver *driver = drivers_find(settings_text(line, "driver"));
    struct err err = { 0 };

    check_line_network(c, line);
    check_people(c, line);
    if (driver->phone_addresses)
        check_prefixes(c, line);
    if (settings_bool(line, "personal"))
        check_personal(c, line, driver);
    else if (driver->check && !driver->check(line, &err))
        mistake(c, line, "driver", "%s", err.text);
}

static void check_listen(struct checker *c, const struct settings *gateway,
                         const char *key)
{
    const char *listen = settings_text(gateway, key);

    if (listen && (!is_server(listen) || !strchr(listen, ':')))
        mistake(c, gateway, key, "\"%.100s\" is not ADDRESS:PORT", listen);
}

static void check_gateway(struct checker *c)
{
    const struct settings *gateway = config_group(c->config, "gateway");
    const char *store = settings_text(gateway, "store");

    if (strcmp(store, "sqlite") != 0)
        mistake(c, gateway, "store", "\"%.60s\" is unknown; there is sqlite",
                store);
    const char *url = settings_text(gateway, "public_url");

    if (url && strncmp(url, "https://", 8) != 0 &&
        strncmp(url, "http://", 7) != 0)
        mistake(c, gateway, "public_url",
                "\"%.100s\" does not begin with https:// or http://", url);
    check_listen(c, gateway, "http_listen");
    check_listen(c, gateway, "hook_listen");
    if (*settings_text(gateway, "state_dir") != '/')
        mistake(c, gateway, "state_dir",
                "must be a full path that begins with /");
    if (!config_named(c->config, "networks", 0))
        mistake(c, gateway, "networks",
                "there is none: nothing to do. Add networks = { sms = { jid = "
                "...; secret = ...; }; };");
}

static void check_media(struct checker *c)
{
    const struct settings *media = config_group(c->config, "media");
    const struct settings *gateway = config_group(c->config, "gateway");

    for (size_t i = 0; i < settings_list_size(media, "ways"); i++) {
        const char *way = settings_list_item(media, "ways", i);
        bool files = strcmp(way, "files") == 0;

        if (!files && strcmp(way, "upload") != 0)
            mistake(c, media, "ways", "\"%.40s\" is neither upload nor files",
                    way);
        else if (files && !settings_text(gateway, "hook_listen"))
            mistake(c, media, "ways",
                    "files are served by hook_listen: set it (and public_url) "
                    "under gateway");
    }
    for (size_t i = 0; i < settings_list_size(media, "networks"); i++) {
        const char *item = settings_list_item(media, "networks", i);

        if (!address_list_valid(item))
            mistake(c, media, "networks",
                    "\"%.60s\" is no network like 10.0.0.0/8", item);
    }
}

bool options_check(const struct config *config,
                   void (*report)(void *arg, const char *line), void *arg,
                   struct err *err)
{
    struct checker c = {
        .config = config, .report = report, .arg = arg, .err = err
    };
    const struct settings *group;

    check_gateway(&c);
    check_xmpp(&c);
    check_media(&c);
    for (size_t i = 0; (group = config_named(config, "networks", i)); i++)
        check_network(&c, group, i);
    for (size_t i = 0; (group = config_named(config, "lines", i)); i++)
        check_line(&c, group);
    return c.mistakes == 0;
}

static void warn_path(struct checker *c, const struct settings *group,
                      const char *key, const char *path, const char *what)
{
    char *line;

    if (access(path, F_OK) == 0)
        return;
    line = xasprintf("%s: warning: %s: %.200s %s",
                     config_place(c->config, group, key), key, path, what);
    c->report(c->arg, line);
    free(line);
}

/* The folder itself is made at the first start, its parents are not. */
static void warn_state_dir(struct checker *c)
{
    const struct settings *gateway = config_group(c->config, "gateway");
    char *path = xstrdup(settings_text(gateway, "state_dir"));
    char *end = path + strlen(path);

    while (end > path + 1 && end[-1] == '/')
        *--end = '\0';
    end = strrchr(path, '/');
    end[end == path] = '\0';
    warn_path(c, gateway, "state_dir", path,
              "does not exist: make it, or choose another folder");
    free(path);
}

void options_warn(const struct config *config,
                  void (*report)(void *arg, const char *line), void *arg)
{
    struct checker c = { .config = config, .report = report, .arg = arg };
    const struct settings *line;

    warn_state_dir(&c);
    for (size_t i = 0; (line = config_named(config, "lines", i)); i++) {
        const struct option *option =
            drivers_find(settings_text(line, "driver"))->options;

        for (; option && option->key; option++) {
            const char *path = option->flags & OPT_EXISTS
                                   ? settings_text(line, option->key)
                                   : NULL;

            if (path && *path == '/')
                warn_path(&c, line, option->key, path,
                          "is not there now: is it plugged in? \"moongate "
                          "modems\" lists what is");
        }
    }
}
