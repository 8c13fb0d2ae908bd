"""Real XMPP servers from Debian packages: Prosody and ejabberd.

Each runs in the foreground in its own folder, on loopback, with plain text
accounts, and is ended by its pid. The snippets that conf/servers/ gives to
users are run as they are by scenario/test_08_servers.py.
"""

import glob
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


class Server:
    """What both servers have in common; times are generous for slow CI."""

    def __init__(self, folder, domains, users, strangers=()):
        self.folder = str(folder)
        self.domains, self.users = list(domains), list(users)
        self.strangers = list(strangers)
        self.port = free_port()
        self.component_port = free_port()
        self.process = None
        os.makedirs(self.folder, exist_ok=True)

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
            return port_open(self.port) and port_open(self.component_port)
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
    "message"; "iq"; "offline"; "carbons"; "smacks" }}
modules_disabled = {{ "s2s"; "tls"; "admin_shell"; {no_http} }}
authentication = "internal_plain"
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
storage = "internal"
component_ports = {{ {component_port} }}
component_interfaces = {{ "127.0.0.1", "::1" }}
{extra}
VirtualHost "{host}"
VirtualHost "{elsewhere}"
{components}
"""


class Prosody(Server):
    name = "prosody"

    def __init__(self, *args, extra="", secret=SECRET, upload=False,
                 **named):
        super().__init__(*args, **named)
        self.extra, self.secret = extra, secret
        self.http_port = free_port() if upload else None

    def write_config(self):
        text = PROSODY.format(
            folder=self.folder, port=self.port, host=HOST,
            component_port=self.component_port, extra=self.extra,
            elsewhere=ELSEWHERE, http_port=self.http_port or "",
            no_http="" if self.http_port else '"http"',
            components="\n".join(
                self.component(d) for d in self.domains) + self.upload())
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self._write_accounts(HOST, self.users)
        self._write_accounts(ELSEWHERE, self.strangers)

    @property
    def config(self):
        return os.path.join(self.folder, "prosody.cfg.lua")

    def component(self, domain):
        return (f'Component "{domain}"\n'
                f'    component_secret = "{self.secret}"\n')

    def upload(self):
        """The upload service (XEP-0363) of conf/servers, on loopback."""
        if not self.http_port:
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


class Ejabberd(Server):
    name = "ejabberd"

    def __init__(self, *args, global_routes=False, certfile=None,
                 secret=SECRET, loglevel="warning", **named):
        super().__init__(*args, **named)
        self.global_routes, self.certfile = global_routes, certfile
        self.secret, self.loglevel = secret, loglevel

    def write_config(self):
        hosts = "\n".join(f'      {d}:\n        password: "{self.secret}"'
                          for d in self.domains)
        more = ""
        if self.certfile:
            more = f'    tls: true\n    certfile: "{self.certfile}"\n'
        components = EJABBERD_COMPONENTS.format(
            port=self.component_port, hosts=hosts, more=more,
            global_routes=str(self.global_routes).lower())
        text = EJABBERD.format(
            port=self.port, host=HOST, elsewhere=ELSEWHERE,
            components=components, loglevel=self.loglevel)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

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
