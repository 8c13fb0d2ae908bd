"""Real XMPP servers from Debian packages: Prosody and ejabberd.

Each runs in the foreground in its own folder, on loopback, with plain text
accounts, and is ended by its pid. The snippets that conf/servers/ gives to
users are run as they are by scenario/test_08_servers.py.
"""

import glob
import itertools
import os
import re
import shutil
import signal

from lib.process import ROOT, Process, free_port, port_open, wait_for

SNIPPETS = os.path.join(ROOT, "conf", "servers")
SECRET = "s3cret"
HOST = "localhost"
ELSEWHERE = "elsewhere.test"    # a second host of the same server


def password_of(user):
    return user + "-pw"


def _tree(lines):
    """A configuration by its indentation: [[line, what is below it]]."""
    out = []
    while lines:
        head, lines = lines[0], lines[1:]
        depth = len(head) - len(head.lstrip())
        n = next((i for i, line in enumerate(lines)
                  if len(line) - len(line.lstrip()) <= depth), len(lines))
        out.append([head, _tree(lines[:n])])
        lines = lines[n:]
    return out


def _merge(old, new):
    """The same key has all that is below it in either; list items add up."""
    for head, below in new:
        same = (head, head + " {}") if head.strip()[0] not in "-}" else ()
        match = next((pair for pair in old if pair[0] in same), None)
        if match is None:
            old.append([head, below])
        else:
            match[0] = head
            _merge(match[1], below)
    return old


def _lines(tree):
    return [line for head, below in tree for line in [head, *_lines(below)]]


def merged(text, more):
    """A configuration with more of it, put together as an administrator
    would."""
    old, new = ([line for line in part.splitlines() if line.strip()]
                for part in (text, more))
    return "\n".join(_lines(_merge(_tree(old), _tree(new)))) + "\n"


class Server:
    """What both servers have in common; times are generous for slow CI."""

    def __init__(self, folder, domains, users, strangers=(), listeners=1,
                 privilege=False):
        self.folder = str(folder)
        self.domains, self.users = list(domains), list(users)
        self.strangers = list(strangers)
        self.port = free_port()
        self.component_ports = [free_port() for _ in range(listeners)]
        self.privilege = privilege
        self.process = None
        self.pasted = []
        self.indexes = itertools.count()
        os.makedirs(self.folder, exist_ok=True)

    def paste(self, lines):
        """Adds lines of documentation to the configuration; effective with
        the next start."""
        self.pasted.append(lines)

    def next_index(self):
        """Of a component domain that no test has used."""
        return next(self.indexes)

    def save(self, text):
        for lines in self.pasted:
            text = merged(text, lines)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def component_port_of(self, index):
        """The port at which the index-th component is served."""
        return self.component_ports[index % len(self.component_ports)]

    @property
    def component_port(self):
        return self.component_ports[0]

    def start(self):
        self.write_config()
        self.process = self.make_process().start()
        self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if not self.process.running():
                raise AssertionError(
                    f"{self.name} ended:\n{self.process.log()[-3000:]}")
            return all(map(port_open, [self.port, *self.component_ports]))
        wait_for(ready, 60, lambda: f"{self.name} listens:\n"
                 + self.process.log()[-3000:])

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.kill()

    def restart(self):
        """A restart with the same accounts and ports."""
        self.stop()
        self.start()

    def freeze(self):
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def jid(self, user):
        host = ELSEWHERE if user in self.strangers else HOST
        return f"{user}@{host}"


PROSODY = """
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ info = "*console" }}
interfaces = {{ "127.0.0.1", "::1" }}
c2s_ports = {{ {port} }}
s2s_ports = {{ }}
http_ports = {{ {http_port} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ }}
modules_enabled = {{ "saslauth"; "roster"; "disco"; "ping"; "presence";
    "message"; "iq"; "offline"; "carbons"; "smacks"{modules} }}
modules_disabled = {{ "s2s"; "tls"; "admin_shell"{disabled} }}
authentication = "internal_plain"
c2s_require_encryption = false
consider_websocket_secure = true
allow_unencrypted_plain_auth = true
storage = "internal"
component_ports = {{ {component_ports} }}
component_interfaces = {{ "127.0.0.1", "::1" }}
{extra}
VirtualHost "{elsewhere}"
VirtualHost "{host}"
{privileges}
{components}
"""

PROSODY_PRIVILEGES = """
    modules_enabled = {{ "privilege" }}
    privileged_entities = {{
{entities}
    }}
"""

BROWSER_MODULES = '; "websocket"; "pep"; "vcard_legacy"; "blocklist"'


class Prosody(Server):
    name = "prosody"

    def __init__(self, *args, extra="", secret=SECRET, http=False,
                 browsers=False, upload=False, **named):
        """`browsers`: what clients in a browser need, a websocket first."""
        super().__init__(*args, **named)
        self.extra, self.secret, self.browsers = extra, secret, browsers
        self.uploads = upload
        self.http_port = (
            free_port() if http or browsers or upload else None)

    @property
    def websocket(self):
        return f"ws://{HOST}:{self.http_port}/xmpp-websocket"

    def write_config(self):
        text = PROSODY.format(
            folder=self.folder, port=self.port, host=HOST,
            component_ports="; ".join(map(str, self.component_ports)),
            http_port=self.http_port or "",
            modules=BROWSER_MODULES if self.browsers else "",
            disabled="" if self.http_port else '; "http"',
            extra=self.extra, elsewhere=ELSEWHERE,
            privileges=self.privileges() if self.privilege else "",
            components="\n".join(self.component(d) for d in self.domains)
            + self.upload())
        self.save(text)
        self._write_accounts(HOST, self.users)
        self._write_accounts(ELSEWHERE, self.strangers)

    @property
    def config(self):
        return os.path.join(self.folder, "prosody.cfg.lua")

    def component(self, domain):
        text = (f'Component "{domain}"\n'
                f'    component_secret = "{self.secret}"\n')
        if self.privilege:
            text += '    modules_enabled = { "privilege" }\n'
        return text

    def privileges(self):
        return PROSODY_PRIVILEGES.format(entities="\n".join(
            f'        ["{d}"] = {{ roster = "both"; message = "outgoing" }};'
            for d in self.domains))

    def upload(self):
        """An upload service (XEP-0363) on loopback."""
        if not self.uploads:
            return ""
        url = f"http://127.0.0.1:{self.http_port}/"
        return (f'\nComponent "upload.{HOST}" "http_file_share"\n'
                f'    http_external_url = "{url}"\n'
                '    http_host = "127.0.0.1"\n'
                "    http_file_share_size_limit = 1024 * 1024\n")

    def _write_accounts(self, host, users):
        """As mod_storage_internal keeps them: quicker than prosodyctl."""
        encoded = re.sub(r"[^A-Za-z0-9]",
                         lambda m: f"%{ord(m.group()):02x}", host)
        folder = os.path.join(self.folder, "data", encoded, "accounts")
        os.makedirs(folder, exist_ok=True)
        for user in users:
            path = os.path.join(folder, user + ".dat")
            with open(path, "w", encoding="utf-8") as file:
                file.write('return {\n\t["password"] = "%s";\n};\n'
                           % password_of(user))

    def make_process(self):
        return Process(["prosody", "--config", self.config, "-F"],
                       os.path.join(self.folder, "prosody.log"))


EJABBERD = """
loglevel: {loglevel}
hosts:
  - {host}
  - {elsewhere}
listen:
  -
    port: {port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    access: all
    shaper: none
    max_stanza_size: 1048576
{components}
auth_method: internal
auth_password_format: plain
acl:
  local:
    user_regexp: ""
modules:
  mod_disco: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_offline: {{}}
  mod_carboncopy: {{}}
  mod_stream_mgmt: {{}}
"""

EJABBERD_COMPONENTS = """
  -
    port: {port}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    shaper: none
    global_routes: {global_routes}
    hosts:
{hosts}
{more}"""


EJABBERD_PRIVILEGES = """
acl:
  gateways:
    server:
{domains}
access_rules:
  gateways:
    allow: gateways
modules:
  mod_privilege:
    roster:
      both: gateways
    message:
      outgoing: gateways
"""


EJABBERD_UPLOAD = """
listen:
  -
    port: {port}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /upload: mod_http_upload
acl:
  uploaders:
    server:
{domains}
access_rules:
  upload:
    - allow: local
    - allow: uploaders
modules:
  mod_http_upload:
    access: upload
    docroot: "{folder}/upload"
    put_url: "http://127.0.0.1:{port}/upload/@HOST@"
"""


class Ejabberd(Server):
    name = "ejabberd"

    def __init__(self, *args, global_routes=False, certfile=None,
                 secret=SECRET, loglevel="warning", upload=False,
                 **named):
        super().__init__(*args, **named)
        self.global_routes, self.certfile = global_routes, certfile
        self.secret, self.loglevel = secret, loglevel
        self.http_port = free_port() if upload else None

    def listener(self, index):
        """Domains go round the listeners."""
        domains = self.domains[index::len(self.component_ports)]
        hosts = "\n".join(f'      {d}:\n        password: "{self.secret}"'
                          for d in domains)
        more = ""
        if self.certfile:
            more = f'    tls: true\n    certfile: "{self.certfile}"\n'
        return EJABBERD_COMPONENTS.format(
            port=self.component_ports[index], hosts=hosts, more=more,
            global_routes=str(self.global_routes).lower())

    def write_config(self):
        text = EJABBERD.format(
            port=self.port, host=HOST, elsewhere=ELSEWHERE,
            components="".join(map(self.listener, range(len(
                self.component_ports)))), loglevel=self.loglevel)
        if self.privilege:
            text = merged(text, EJABBERD_PRIVILEGES.format(domains="\n".join(
                f"      - {d}" for d in self.domains)))
        if self.http_port:
            text = merged(text, EJABBERD_UPLOAD.format(
                port=self.http_port, folder=self.folder,
                domains="\n".join(f"      - {d}" for d in self.domains)))
        self.save(text)

    @property
    def config(self):
        return os.path.join(self.folder, "ejabberd.yml")

    def make_process(self):
        """Erlang itself: no ejabberdctl, no epmd, any user."""
        for name in ("spool", "log"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        libraries = glob.glob("/usr/lib/*/ejabberd-*")
        env = {
            "ERL_LIBS": ":".join(os.path.dirname(p) for p in libraries),
            "EJABBERD_CONFIG_PATH": self.config,
            "EJABBERD_LOG_PATH": os.path.join(self.folder, "log",
                                              "ejabberd.log"),
            "HOME": self.folder,
        }
        accounts = ",".join(
            f'{{<<"{u}">>,<<"{h}">>,<<"{password_of(u)}">>}}'
            for h, users in ((HOST, self.users),
                             (ELSEWHERE, self.strangers)) for u in users)
        register = ("lists:foreach(fun({U,H,P}) -> "
                    "ejabberd_auth:try_register(U,H,P) end, [%s])"
                    % accounts)
        spool = os.path.join(self.folder, "spool")
        return Process(
            ["erl", "-noinput", "+sbwt", "none", "-mnesia", "dir",
             f'"{spool}"', "-s", "ejabberd", "-eval",
             register + ', file:write_file("ready", "1").'],
            os.path.join(self.folder, "erl.log"), env=env, cwd=self.folder)

    def start(self):
        ready = os.path.join(self.folder, "ready")
        if os.path.exists(ready):
            os.unlink(ready)
        super().start()
        wait_for(lambda: os.path.exists(ready), 30, "ejabberd accounts")
        return self


def missing(name):
    """Why this server cannot run here, or None."""
    program = {"prosody": "prosody", "ejabberd": "ejabberdctl"}[name]
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    if shutil.which(program, path=path):
        return None
    return f"{name} is not installed"
