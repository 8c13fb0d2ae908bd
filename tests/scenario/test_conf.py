"""The configuration that we ship tells the truth about the option tables."""

import json
import os
import re
import subprocess

import pytest

from lib.gateway import program
from lib.process import ROOT

SHIPPED = os.path.join(ROOT, "conf", "moongate.conf")
KEY = re.compile(r"^\s*(#?)(\w+) = (.*);$")
SECTION = re.compile(r"^(\w+) = \{$")
DRIVER = re.compile(r'^\s*# For driver = "(\w+)"')


def run(*arguments):
    return subprocess.run([program(), *arguments], capture_output=True,
                          text=True, timeout=20, check=False)


def described(text):
    """{(section, driver, key): (commented out, value, comment)}"""
    found, comment, section, driver = {}, [], None, None
    for line in text.splitlines():
        if match := SECTION.match(line):
            section, driver, comment = match[1], None, []
        elif match := DRIVER.match(line):
            driver, comment = match[1], []
        elif (match := KEY.match(line)) and comment:
            found[section, driver, match[2]] = (
                bool(match[1]), match[3], " ".join(comment))
            comment = []
        elif line.strip().startswith("# "):
            comment.append(line.strip()[2:])
        else:
            comment = []
    return found


@pytest.fixture(scope="module")
def tables():
    """{(section, driver, key): option} of `moongate options --json`."""
    done = run("options", "--json")
    assert done.returncode == 0, done.stderr
    return {(group["section"], group["driver"], option["key"]): option
            for group in json.loads(done.stdout)
            for option in group["options"]}


@pytest.fixture(scope="module")
def shipped():
    with open(SHIPPED, encoding="utf-8") as file:
        return file.read()


def test_shipped_configuration_has_every_option_once(tables, shipped):
    assert set(described(shipped)) == set(tables)


def test_shipped_configuration_says_what_the_program_says(tables, shipped):
    generated = described(run("options", "--conf").stdout)
    assert set(generated) == set(tables)
    for name, (commented, value, comment) in described(shipped).items():
        assert comment == generated[name][2], name
        assert tables[name]["help"] in comment, name
        if tables[name]["required"]:
            assert "; required)" in comment, name
        else:
            assert commented and value == generated[name][1], name


def test_defaults_in_the_shipped_configuration(tables, shipped):
    for name, (commented, value, _) in described(shipped).items():
        default = tables[name]["default"] or ""
        if commented:
            assert value.strip('"[] ') == default, name


def test_shipped_configuration_is_right(tmp_path, shipped):
    """Once its secret is there, as it is and with every default written
    out, also for the other driver."""
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    secret.chmod(0o600)
    path = tmp_path / "moongate.conf"
    text = shipped.replace("/etc/moongate/sms.secret", str(secret))
    empty = re.compile(r'^\s*#\w+ = "";$')
    full = "\n".join(
        line if empty.match(line) else re.sub(r"^(\s*)#(?=[\w}])", r"\1",
                                              line)
        for line in text.splitlines())
    full = re.sub('#  network = "\\w+"', '  network = "sms"', full).replace(
        '#token = "";', 'token = "1:x";')
    for content in (text, full):
        path.write_text(content)
        done = run("-c", str(path), "check")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[0] == f"{path}: ok"
        assert "network sms: sms.example.org at 127.0.0.1:5347" in done.stdout
        assert "  line sim1: gsm" in done.stdout
    assert "  line try: loopback" in done.stdout


def test_every_option_has_a_manual_entry(tables):
    page = run("options", "--man").stdout
    for _, _, key in tables:
        assert f".B {key}\n" in page, key


BASE = """
gateway = { state_dir = "%s"; };
networks = { sms = { jid = "sms.example.org"; secret = "x"; }; };
lines = { one = { network = "sms"; driver = "loopback"; }; };
"""


@pytest.mark.parametrize("change, told", [
    (('network = "sms"', 'network = "smx"'),
     ':4: network: there is no network "smx"; did you mean sms?'),
    (('driver = "loopback"', 'driver = "lopback"'),
     ':4: lines.one.driver: unknown driver "lopback"'),
    (('jid = "sms.example.org"', 'jid = "a@sms.example.org"'),
     ":3: jid: "),
    (('jid = "sms.example.org"', 'jid = "sms"'),
     ":3: allow: is needed"),
    (('secret = "x"', 'secret = "x"; inbox = [ "nobody" ]'),
     ':3: inbox: "nobody" is not a bare JID'),
    (('secret = "x"', 'secret = "x"; country_code = 4444'),
     ":3: country_code: has more than 3 digits"),
    (('secret = "x"', 'secret = "env:MOONGATE_TEST_NOTHING"'),
     ":3: networks.sms.secret: "),
    (("lines =", 'xmpp = { server = "192.0.2.1:5347"; };\nlines ='),
     ":4: server: 192.0.2.1:5347 is another machine"),
    (("lines =", 'xmpp = { server = "host:0"; };\nlines ='),
     ':4: server: "host:0" is not HOST:PORT'),
    (("lines =", 'xmpp = { tls_ca = "/nonexistent/ca"; };\nlines ='),
     ":4: tls_ca: cannot read /nonexistent/ca"),
    (("lines =", 'xmpp = { admins = [ "example.org" ]; };\nlines ='),
     ':4: admins: "example.org" is not a bare JID'),
    (('driver = "loopback"', 'driver = "loopback"; prefixes = [ "0044" ]'),
     ':4: prefixes: "0044" is not the beginning of a number like "+44"'),
    (('state_dir = "', 'state_dir = "relative'),
     ":2: state_dir: must be a full path"),
    (('state_dir = "', 'store = "mysql"; state_dir = "'),
     ':2: store: "mysql" is unknown; there is sqlite'),
])
def test_check_tells_mistakes(tmp_path, change, told):
    path = tmp_path / "moongate.conf"
    path.write_text(BASE % tmp_path)
    assert run("-c", str(path), "check").returncode == 0
    path.write_text((BASE % tmp_path).replace(*change))
    done = run("-c", str(path), "check")
    assert done.returncode == 1
    assert f"{path}{told}" in done.stderr, done.stderr
    assert done.stdout == ""


def test_check_tells_all_mistakes_of_a_kind(tmp_path):
    path = tmp_path / "moongate.conf"
    path.write_text('networks = { a = { jid = "x y.z"; secret = "s"; };\n'
                    'b = { jid = "sms.b.org"; secret = "s"; };\n'
                    'c = { jid = "SMS.b.org"; secret = "s"; }; };\n')
    done = run("-c", str(path), "check")
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == [
        f"{path}:1", f"{path}:3"]
    assert "network b has SMS.b.org already" in done.stderr


@pytest.mark.parametrize("arguments, code", [
    ((), 2), (("help",), 0), (("--help",), 0), (("--version",), 0),
    (("chek",), 2), (("-c",), 2), (("check", "x"), 2),
    (("options", "--what"), 2), (("trace",), 2), (("queue", "--limit"), 2),
    (("queue", "--limit", "x"), 2), (("send", "--to", "1"), 2),
    (("status", "x"), 2), (("-c", "/nonexistent/x", "status"), 1),
    (("-c", "/nonexistent/x", "run"), 1),
])
def test_exit_codes(arguments, code):
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert (code == 0) == (done.stderr == "")


def test_commands_without_a_daemon_say_so(tmp_path):
    path = tmp_path / "moongate.conf"
    path.write_text(BASE % tmp_path)
    for command in ("status", "queue"):
        done = run("-c", str(path), command)
        assert done.returncode == 1
        assert "control.sock" in done.stderr
        assert done.stdout == ""
