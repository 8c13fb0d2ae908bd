"""Openfire, played by lib/openfire.py: what it asks, lists, refuses."""

import json

import pytest

from lib.openfire import Openfire
from lib.process import wait_for
from lib.scene import PHONE, PHONE2
from lib.tls import make_certificates

JULIET = "juliet@example.org"
NURSE = f"{PHONE}@sms.example.org"
REQUEST = "<request xmlns='urn:xmpp:receipts'/>"


@pytest.fixture
def stage(make_scene):
    """stage(...) -> (Openfire, scene whose gateway is connected)."""
    servers = []

    def make(server=None, wait=True, **changes):
        server = server or Openfire()
        servers.append(server)
        scene = make_scene(server)
        scene.simulate()
        scene.make_gateway(**changes).start(wait=wait)
        return server, scene
    yield make
    for server in servers:
        server.stop()


def talk(server, scene, text):
    """A text there and back, as the user sees it."""
    server.user_sends(JULIET, NURSE, text, text, REQUEST)
    scene.phone_gets(text)
    server.expect(JULIET, lambda s: s.receipt == text, what="a receipt")
    scene.phone_sends(text + " back")
    server.expect(JULIET, lambda s: s.body == text + " back", what="a text")


def findings(scene):
    done = scene.gateway.cli("doctor", "--json", check=False)
    return {row["check"]: row for row in json.loads(done.stdout)
            if row["about"] == "network sms"}


def test_asks_at_once_and_lists_what_has_an_identity(stage):
    server, scene = stage()
    wait_for(lambda: "sms.example.org" in server.listed, 10, "a listing")
    info = server.ask("example.org", scene.domain,
                      "<query xmlns='jabber:iq:version'/>")
    assert info.type == "result" and "Moongate" in repr(info)
    talk(server, scene, "over openfire")


def test_silence_is_never_so_long_that_it_hangs_up(stage):
    server, scene = stage(Openfire(idle=1.5), xmpp={"ping_every": 1})
    first = server.routes[scene.domain][0]
    wait_for(lambda: first.pings >= 3, 20, "three pings")
    assert server.routes[scene.domain] == [first]
    talk(server, scene, "still here")


def test_direct_tls_port(stage, tmp_path):
    ca, pem = make_certificates(tmp_path / "tls")
    server = Openfire(certificate=pem)
    server, scene = stage(server, xmpp={
        "server": f"localhost:{server.tls_port}", "tls": "direct",
        "tls_ca": ca})
    talk(server, scene, "in secret")


@pytest.mark.parametrize("trouble", [
    "not-authorized", "host-unknown", "internal-server-error"])
def test_refusals_are_told_and_end_when_it_is_mended(stage, trouble):
    server = Openfire()
    right = server.secrets.pop("sms")
    if trouble == "not-authorized":
        server.default_secret = "another"
    elif trouble == "host-unknown":
        server.whitelist = {"fax"}
    _, scene = stage(server, wait=False)
    wait_for(lambda: scene.gateway.status(check=False)
             and scene.gateway.network()["problem"], 20, "a problem")
    stream = findings(scene)["stream"]
    assert stream["state"] == "fail"
    assert {"not-authorized": "secret", "host-unknown": scene.domain,
            "internal-server-error": "Openfire"}[trouble] in stream["text"]
    assert "add the subdomain sms\n" in stream["config"]
    assert set(server.rejections) == {trouble}
    server.default_secret = right       # of "Anyone", not of the subdomain
    server.whitelist = None
    scene.gateway.wait_online(60)
    assert findings(scene)["stream"]["state"] == "ok"


def test_own_old_connection_that_it_has_not_noticed(stage):
    """conflict, until it gives the old one up."""
    server, scene = stage()
    server.lose()
    wait_for(lambda: "conflict" in server.rejections, 20, "a conflict")
    wait_for(lambda: "another connection" in
             scene.gateway.network()["problem"], 10, "a problem")
    server.notice()
    scene.gateway.wait_online(60)
    talk(server, scene, "back again")


def test_rotation_over_two_connections(stage):
    """What a second gateway takes is seen, and over when it has gone."""
    server, scene = stage(Openfire(rotates=True))
    second = scene.make_gateway("second", lines=None)
    second.start(wait=False)
    wait_for(lambda: len(server.routes[scene.domain]) == 2, 20, "two")
    route = findings(scene)["route"]
    assert route["state"] == "fail"
    assert "another connection" in route["advice"]
    second.stop()
    scene.gateway.wait_online()
    wait_for(lambda: len(server.routes[scene.domain]) == 1, 40, "one")
    assert findings(scene)["route"]["state"] == "ok"
    talk(server, scene, "alone again")


def test_restart_of_the_server(stage):
    server, scene = stage()
    talk(server, scene, "before")
    server.drop()
    scene.phone_sends("meanwhile")
    server.expect(JULIET, lambda s: s.body == "meanwhile", 30)
    wait_for(lambda: "sms.example.org" in server.listed, 10, "a listing")


# ---- XEP-0321 -------------------------------------------------------------

def add(scene, address, name):
    scene.gateway.cli("contacts", "add", "--as", JULIET, address, name)


def test_remote_roster_with_consent(stage):
    server, scene = stage(Openfire(plugins=["gojara"]))
    server.consenting.add(JULIET)
    add(scene, PHONE, "Nurse")
    wait_for(lambda: server.rosters.get(JULIET) == {NURSE: ("Nurse", "both")},
             15, lambda: f"a roster: {server.rosters}")
    assert (JULIET, scene.domain) in server.consents
    add(scene, PHONE2, "Paris")
    wait_for(lambda: len(server.rosters[JULIET]) == 2, 15, "two contacts")
    scene.gateway.cli("contacts", "remove", "--as", JULIET, PHONE2)
    wait_for(lambda: list(server.rosters[JULIET]) == [NURSE], 15, "one")
    # The server keeps presence to it by itself: nobody is asked.
    assert not [s for s in server.inbox(JULIET) if s.type == "subscribe"
                and s.bare == NURSE]


@pytest.mark.parametrize("plugins", [["gojara"], []],
                         ids=["without consent", "without the plugin"])
def test_else_the_user_is_asked(stage, plugins):
    server, scene = stage(Openfire(plugins=plugins))
    add(scene, PHONE, "Nurse")
    server.expect(JULIET, lambda s: s.type == "subscribe" and s.bare == NURSE,
                  what="a request")
    assert not server.rosters.get(JULIET)


# ---- the doctor -----------------------------------------------------------

def test_doctor_knows_openfire(stage):
    server, scene = stage(Openfire(plugins=["gojara"]))
    found = findings(scene)
    assert "Openfire" in found["stream"]["text"]
    assert {check: row["state"] for check, row in found.items()} == {
        "admins": "warn", "stream": "ok", "route": "ok", "leak": "ok",
        "listing": "ok", "privilege": "ok", "upload": "warn"}
    assert "XEP-0321" in found["privilege"]["text"]
    assert "HTTP File Upload" in found["upload"]["config"]
    server.plugins.clear()
    server.listed.clear()
    found = findings(scene)
    assert found["listing"]["state"] == "warn"
    assert "GoJara" in found["privilege"]["config"]
    assert "Component" not in found["privilege"]["config"]
