"""What the documentation gives to administrators, and known traps."""

import os
import re
import textwrap

import pytest

from lib.process import Process, wait_for
from lib.servers import SECRET, SNIPPETS, Ejabberd, Prosody


def snippet(name):
    path = os.path.join(SNIPPETS, name)
    with open(path, encoding="utf-8") as file:
        return file.read()


def replace_all(text, pairs):
    """Every value of the snippet must be there to be replaced."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the snippet"
        text = text.replace(old, new)
    return text


class DocumentedProsody(Prosody):
    """Its component comes from conf/servers/prosody.cfg.lua, verbatim but
    for domain and secret."""

    def component(self, domain):
        return replace_all(snippet("prosody.cfg.lua"), [
            ("sms.example.org", domain), ("change-me", SECRET)])


class DocumentedEjabberd(Ejabberd):
    """Its listener comes from conf/servers/ejabberd.yml."""

    def write_config(self):
        super().write_config()
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        own = replace_all(snippet("ejabberd.yml"), [
            ("sms.example.org", self.domains[0]), ("change-me", SECRET),
            ("5347", str(self.component_port))])
        listeners = re.search(r"(?ms)^listen:\s*\n(.*?)(?=^\S|\Z)", own)
        body = textwrap.indent(textwrap.dedent(listeners.group(1)), "  ")
        start = text.index("  -\n", text.index("ejabberd_c2s"))
        end = text.index("auth_method:")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text[:start] + body + "\n" + text[end:])


@pytest.mark.parametrize("kind", [DocumentedProsody, DocumentedEjabberd],
                         ids=["prosody", "ejabberd"])
def test_snippet_as_written(tmp_path, make_scene, kind):
    server = kind(tmp_path / "server", ["sms.localhost"], ["a0", "b0"])
    server.start()
    try:
        scene = make_scene(server).start()
        scene.talk()
        scene.phone_sends("in")
        scene.alice.expect_text(scene.contact(), "in")
        scene.close()
        scene.gateways.clear()
        scene.clients.clear()
        scene.sim = None
    finally:
        server.stop()


def test_openfire_snippet_is_there():
    text = snippet("openfire.md")
    for word in ("5275", "5276", "secret"):
        assert word in text


def test_shipped_configuration_is_valid(tmp_path):
    """conf/moongate.conf is accepted as it is, secrets aside."""
    from lib.gateway import program
    from lib.process import ROOT
    import subprocess
    with open(os.path.join(ROOT, "conf", "moongate.conf"),
              encoding="utf-8") as file:
        text = file.read()
    secret = tmp_path / "secret"
    secret.write_text("x\n")
    text = re.sub(r'"file:[^"]*"', f'"file:{secret}"', text)
    path = tmp_path / "moongate.conf"
    path.write_text(text)
    done = subprocess.run([program(), "-c", path, "check"], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ejabberd_global_routes_trap(private_server, make_scene):
    """global_routes: true sends us what belongs to another component. We
    refuse it visibly and say what is wrong; our own texts still work."""
    server = private_server("ejabberd", global_routes=True, listeners=1)
    scene = make_scene(server).start()
    stanza = scene.alice.text("+447700900123@sms1.localhost", "astray")
    error = scene.alice.expect(
        lambda s: s.type == "error" and s.id == stanza, 20, "a refusal")
    assert error.condition
    scene.gateway.wait_log("global_routes")
    scene.talk("our own")
    assert scene.phone_texts() == ["our own"]
    iq = scene.alice.fence("sms1.localhost")
    assert iq.type == "error"
    done = scene.gateway.cli("doctor", check=False)
    assert done.returncode == 1
    assert "global_routes: false" in done.stdout


def test_two_networks_on_one_server(make_scene, server_name):
    """Two components of one gateway, each with its own modem."""
    two_networks(make_scene(server_name), make_scene(server_name))


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_two_networks_on_two_listeners(private_server, make_scene, name):
    """And all that a server can grant us is used where it is granted."""
    server = private_server(name, listeners=2, privilege=True)
    scene, other = make_scene(server, 0), make_scene(server, 1)
    assert scene.address != other.address
    two_networks(scene, other)
    found = scene.gateway.cli("doctor").stdout
    assert found.count("we may write rosters (XEP-0356)") == 2, found
    assert found.count("no stanza of another domain came here") == 2


def two_networks(scene, other):
    scene.simulate([{"name": "sim1", "number": "+447700900000"},
                    {"name": "sim2", "number": "+447700900001"}])
    scene.make_gateway(
        networks={"second": {"jid": other.domain, "secret": SECRET,
                             "server": other.address, "country_code": 44}},
        lines={"sim2": {"network": "second"}}).start()
    one = scene.alice.text(scene.contact(), "by the first")
    two = scene.alice.text(other.contact(), "by the second")
    assert scene.phone_gets("by the first")["from"] == "+447700900000"
    assert scene.phone_gets("by the second")["from"] == "+447700900001"
    scene.alice.expect_receipt(one)
    scene.alice.expect_receipt(two)
    scene.phone_sends("to the second", to="sim2")
    scene.alice.expect_text(other.contact(), "to the second")


def test_systemd_style_start_and_stop(simple):
    """SIGTERM ends with 0; the log says that it runs and that it ends."""
    simple.gateway.stop()
    assert isinstance(simple.gateway.process, Process)
    lines = simple.gateway.log().splitlines()
    assert any("running" in line for line in lines)
    wait_for(lambda: not simple.gateway.process.running(), 5, "the end")
