/* remedy.c - a table of configuration lines. %N, %J and %S as in trouble.c, %H
 * is the parent domain, %D what stands before it, %P the port. What is said of
 * Prosody and ejabberd is run by tests/scenario/test_24_doctor.py. */
#include "xmpp/remedy.h"

#include <string.h>

#include "base/buf.h"

enum { LINES_MAX = 8192 };

struct remedy {
    enum lack lack;
    enum server server;
    const char *lines;
};

static const struct remedy remedies[] = {
    { LACK_COMPONENT, SERVER_PROSODY,
      "Component \"%J\"\n"
      "    component_secret = \"the value of networks.%N.secret\"\n" },
    { LACK_COMPONENT, SERVER_EJABBERD,
      "listen:\n"
      "  -\n"
      "    port: %P\n"
      "    ip: \"127.0.0.1\"\n"
      "    module: ejabberd_service\n"
      "    access: all\n"
      "    shaper: none\n"
      "    global_routes: false\n"
      "    hosts:\n"
      "      %J:\n"
      "        password: \"the value of networks.%N.secret\"\n" },
    { LACK_COMPONENT, SERVER_OPENFIRE,
      "Server > Server Settings > External Components:\n"
      "    Service Enabled; Port 5275 (with TLS: 5276)\n"
      "    Whitelist: add the subdomain %D\n"
      "    with the value of networks.%N.secret\n" },
    { LACK_COMPONENT, SERVER_TIGASE,
      "ext () {}\n"
      "then in the admin console: Configuration, component ext, Add new item:\n"
      "    Domain name: %J\n"
      "    Domain password: the value of networks.%N.secret\n"
      "    Connection type: accept\n"
      "    Port number: %P\n" },
    { LACK_LISTING, SERVER_PROSODY,
      "VirtualHost \"%H\"\n"
      "    disco_items = { { \"%J\", \"Phones\" } }\n" },
    { LACK_LISTING, SERVER_EJABBERD,
      "modules:\n"
      "  mod_disco:\n"
      "    extra_domains:\n"
      "      - %J\n" },
    { LACK_PRIVILEGE, SERVER_PROSODY,
      "-- mod_privilege is one of prosody-modules (apt install "
      "prosody-modules)\n"
      "VirtualHost \"%H\"\n"
      "    modules_enabled = { \"privilege\" }\n"
      "    privileged_entities = {\n"
      "        [\"%J\"] = { roster = \"both\"; message = \"outgoing\" }\n"
      "    }\n"
      "Component \"%J\"\n"
      "    modules_enabled = { \"privilege\" }\n" },
    { LACK_PRIVILEGE, SERVER_EJABBERD,
      "acl:\n"
      "  moongate_%N:\n"
      "    server: %J\n"
      "access_rules:\n"
      "  moongate_%N:\n"
      "    allow: moongate_%N\n"
      "modules:\n"
      "  mod_privilege:\n"
      "    roster:\n"
      "      both: moongate_%N\n"
      "    message:\n"
      "      outgoing: moongate_%N\n" },
    { LACK_PRIVILEGE, SERVER_OPENFIRE,
      "Plugins > Available Plugins: GoJara (XEP-0321);\n"
      "in its settings allow the subdomain %D\n" },
    { LACK_UPLOAD, SERVER_PROSODY,
      "Component \"upload.%H\" \"http_file_share\"\n" },
    { LACK_UPLOAD, SERVER_EJABBERD,
      "acl:\n"
      "  uploader_%N:\n"
      "    server: %J\n"
      "access_rules:\n"
      "  upload:\n"
      "    - allow: local\n"
      "    - allow: uploader_%N\n"
      "listen:\n"
      "  -\n"
      "    port: 5443\n"
      "    module: ejabberd_http\n"
      "    tls: true\n"
      "    request_handlers:\n"
      "      /upload: mod_http_upload\n"
      "modules:\n"
      "  mod_http_upload:\n"
      "    put_url: https://@HOST@:5443/upload\n"
      "    access: upload\n" },
    { LACK_UPLOAD, SERVER_OPENFIRE,
      "Plugins > Available Plugins: HTTP File Upload\n" },
    { LACK_UPLOAD, SERVER_TIGASE, "upload () {}\n" },
    { LACK_SLOT, SERVER_PROSODY,
      "Component \"upload.%H\" \"http_file_share\"\n"
      "    http_file_share_access = { \"%H\"; \"%J\" }\n" },
    { LACK_SLOT, SERVER_EJABBERD,
      "acl:\n"
      "  uploader_%N:\n"
      "    server: %J\n"
      "access_rules:\n"
      "  upload:\n"
      "    - allow: local\n"
      "    - allow: uploader_%N\n"
      "modules:\n"
      "  mod_http_upload:\n"
      "    access: upload\n" },
    { LACK_OWN_ROUTE, SERVER_EJABBERD,
      "listen:\n"
      "  -\n"
      "    port: %P\n"
      "    module: ejabberd_service\n"
      "    global_routes: false\n" },
};

static const char *const titles[] = {
    [SERVER_UNKNOWN] = "",
    [SERVER_PROSODY] = "Prosody (prosody.cfg.lua)",
    [SERVER_EJABBERD] = "ejabberd (ejabberd.yml)",
    [SERVER_OPENFIRE] = "Openfire (admin console)",
    [SERVER_TIGASE] = "Tigase (etc/config.tdsl)",
};

enum server remedy_server(const char *name)
{
    static const struct {
        const char *sign;
        enum server server;
    } signs[] = {
        { "prosody", SERVER_PROSODY },
        { "ejabberd", SERVER_EJABBERD },
        { "openfire", SERVER_OPENFIRE },
        { "tigase", SERVER_TIGASE },
    };

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (strcasestr(name, signs[i].sign))
            return signs[i].server;
    return SERVER_UNKNOWN;
}

static const char *port_of(const char *server)
{
    const char *colon = strrchr(server, ':');

    return colon && !strchr(colon, ']') ? colon + 1 : "5347";
}

/* What stands for a sign; false: it is none. */
static bool add_value(struct buf *buf, char sign,
                      const struct trouble_names *names)
{
    const char *dot = strchr(names->jid, '.');

    switch (sign) {
    case 'N':
        return buf_add_text(buf, names->network);
    case 'J':
        return buf_add_text(buf, names->jid);
    case 'H':
        return buf_add_text(buf, dot ? dot + 1 : names->jid);
    case 'D':
        return buf_addf(buf, "%.*s", (int)strcspn(names->jid, "."), names->jid);
    case 'P':
        return buf_add_text(buf, port_of(names->server));
    default:
        return false;
    }
}

static void expand(struct buf *buf, const char *lines,
                   const struct trouble_names *names)
{
    for (; *lines; lines++) {
        if (lines[0] == '%' && add_value(buf, lines[1], names))
            lines++;
        else
            (void)buf_add_char(buf, *lines);
    }
}

char *remedy_lines(enum lack lack, enum server server,
                   const struct trouble_names *names)
{
    struct buf buf;

    buf_init(&buf, LINES_MAX);
    for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
        const struct remedy *remedy = &remedies[i];

        if (remedy->lack != lack ||
            (server != SERVER_UNKNOWN && remedy->server != server))
            continue;
        if (server == SERVER_UNKNOWN)
            (void)buf_addf(&buf, "%s:\n", titles[remedy->server]);
        expand(&buf, remedy->lines, names);
    }
    return buf_take(&buf);
}
