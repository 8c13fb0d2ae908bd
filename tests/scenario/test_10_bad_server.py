"""Servers that behave as no test server does on demand."""

import pytest

from lib.fake_server import FakeServer
from lib.process import wait_for
from lib.scene import PHONE, PHONE2

JULIET = "juliet@example.org"
ROMEO = "romeo@example.org"


@pytest.fixture
def stage(make_scene):
    """(fake server, scene) with the gateway connected."""
    servers = []

    def make(**changes):
        server = FakeServer("sms.example.org")
        servers.append(server)
        scene = make_scene(server)
        scene.simulate()
        scene.make_gateway(**changes).start(wait=False)
        server.accept()
        scene.gateway.wait_online()
        return server, scene
    yield make
    for server in servers:
        server.stop()


def join(server, scene, user=JULIET, number=PHONE):
    """One text out, so that the user has an account."""
    server.text(f"{user}/r", scene.contact(number), "hello " + user)
    scene.phone_gets("hello " + user, number)


def test_ping_that_is_refused_is_an_answer_too(stage):
    server, scene = stage(xmpp={"ping_every": 1})
    for _ in range(3):
        ping = server.expect_ping(10)
        server.send(f"<iq type='error' id='{ping.id}' from='{ping.to}' "
                    f"to='{ping.sender}'><error type='cancel'>"
                    "<service-unavailable xmlns='urn:ietf:params:xml:ns:"
                    "xmpp-stanzas'/></error></iq>")
    assert scene.gateway.network()["state"] == "online"


def test_pings_without_answer_end_the_stream(stage):
    server, scene = stage(xmpp={"ping_every": 1})
    server.answer_pings = False
    server.wait_closed(90)
    server.answer_pings = True
    server.accept(60)
    scene.gateway.wait_network(True)


def test_unfenced_text_comes_again_with_the_same_id(stage):
    server, scene = stage()
    join(server, scene)
    server.answer_pings = False
    scene.phone_sends("take care")
    first = server.expect_text("take care")
    scene.sim.wait_for("cmgd")
    server.hang_up()
    server.answer_pings = True
    server.accept()
    again = server.expect_text("take care")
    assert again.id == first.id and again.to == first.to
    server.fence("example.org")
    scene.gateway.wait_idle()
    server.hang_up()
    server.accept()
    server.fence("example.org")
    assert all(s.findtext("{*}body") is None for s in server.stanzas)


def test_poison(stage):
    """What kills the stream each time is given up; all else goes on."""
    server, scene = stage(xmpp={"admins": ["admin@example.org"]})
    join(server, scene)
    join(server, scene, ROMEO, PHONE2)
    server.fence("example.org")
    server.answer_pings = False
    scene.phone_sends("deadly")
    scene.phone_sends("harmless", PHONE2)
    got, deaths, told = [], 0, False
    while deaths < 12 and not ("harmless" in got and told):
        stanza = server.next(20)
        if stanza is None:
            assert server.closed, "nothing comes any more"
            server.accept(60)
        elif stanza.body == "deadly":
            deaths += 1
            server.accept(60)
        elif stanza.bare.endswith("example.org") and stanza.body:
            got.append(stanza.body)
            told |= stanza.to == "admin@example.org"
            server.answer_pings = True
    assert "harmless" in got and told, (got, deaths)
    assert deaths <= 4, "given up after two deaths or so"
    rows = scene.gateway.queue("--state", "failed")
    assert len(rows) == 1
    assert "poison" in str(scene.gateway.trace(rows[0]["id"]))


@pytest.mark.parametrize("junk", [
    "<!DOCTYPE x [<!ENTITY a 'b'>]>", "<?php echo 1 ?>", "</wrong>",
    "\x00\x01\x02", "text between stanzas",
], ids=repr)
def test_what_is_no_xmpp_ends_the_stream_only(stage, junk):
    server, scene = stage()
    server.send(junk)
    server.wait_closed()
    server.accept(60)
    scene.gateway.wait_network(True)
    join(server, scene)


@pytest.mark.parametrize("junk", [
    b"<message><body>\xff\xfe</body></message>",
    "<message><body>&unknown;</body></message>",
    "<message from='a' from='b'/>", "<message><body>\x1b</body></message>",
    "<message><body>&#0;</body></message>", "<1/>",
], ids=repr)
def test_stanza_that_is_no_xml(stage, junk):
    """It is dropped, with its stream or without."""
    server, scene = stage()
    server.send(junk)
    try:
        server.fence("example.org")
    except (AssertionError, OSError):
        assert server.closed
        server.accept(60)
        scene.gateway.wait_network(True)
    join(server, scene)


def test_byte_by_byte(stage):
    server, scene = stage()
    xml = (f"<message type='chat' from='{JULIET}/r' id='b1' "
           f"to='{scene.contact()}'><body>&#x43f;&amp;я\U0001F319"
           "<![CDATA[<x>]]></body></message>")
    for byte in xml.encode():
        server.send(bytes([byte]))
    scene.phone_gets("п&я\U0001F319<x>")


def test_huge_stanza_is_answered_and_skipped(stage):
    server, scene = stage()
    server.send(f"<message type='chat' from='{JULIET}/r' id='huge' "
                f"to='{scene.contact()}'><body>")
    for _ in range(300):
        server.send("0123456789" * 1000 + "\n" * 1000)
    server.send("</body></message>")
    error = server.expect(lambda s: s.id == "huge")
    assert error.condition == "not-acceptable"
    assert error.error_type == "modify" and error.to == f"{JULIET}/r"
    join(server, scene)


@pytest.mark.parametrize("stanza", [
    "<message/>", "<iq/>", "<presence/>", "<iq type='get' id='1'/>",
    "<message from='juliet@example.org/r'><body>no to</body></message>",
    "<message to='sms.example.org'><body>no from</body></message>",
    "<message from='@@/' to='+447700900123@sms.example.org' type='chat'>"
    "<body>bad from</body></message>",
    "<message from='juliet@example.org/r' to='@sms.example.org'>"
    "<body>bad to</body></message>",
    "<iq type='nonsense' id='2' from='juliet@example.org' "
    "to='sms.example.org'><x xmlns='y'/></iq>",
    "<iq type='get' from='juliet@example.org' to='sms.example.org'>"
    "<x xmlns='y'/></iq>",
    "<unknown xmlns='urn:x'><a/></unknown>",
    "<iq type='result' id='moongate' from='x' to='sms.example.org'/>",
    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
], ids=lambda s: s[:40])
def test_odd_stanzas_do_no_harm(stage, stanza):
    server, scene = stage()
    server.send(stanza)
    try:
        assert server.fence("example.org").type == "result"
    except (AssertionError, OSError):
        assert "stream:error" in stanza
        server.accept(60)
        scene.gateway.wait_network(True)
    join(server, scene)


def test_stanza_for_another_domain(stage):
    server, scene = stage()
    server.text(f"{JULIET}/r", "+447700900123@mms.example.org", "astray",
                "astray")
    error = server.expect(lambda s: s.id == "astray")
    assert error.type == "error" and error.condition
    scene.gateway.wait_log(r"mms\.example\.org")
    assert scene.phone_texts() == []


def test_stream_closed_by_the_server(stage):
    server, scene = stage()
    join(server, scene)
    server.send("</stream:stream>")
    server.wait_closed()
    server.accept(60)
    scene.phone_sends("again")
    server.expect_text("again")


def test_shutdown_error_is_told_in_words(stage):
    server, scene = stage()
    server.send("<stream:error><system-shutdown xmlns="
                "'urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                "</stream:stream>")
    server.wait_closed()
    scene.gateway.wait_log(r"(?i)shut")
    server.accept(60)


def test_errors_that_come_back(stage):
    """For texts to a user: what is temporary is tried again, what is not
    is failed; an error never answers an error."""
    server, scene = stage()
    join(server, scene)
    scene.phone_sends("later")
    server.bounce(server.expect_text("later"), "remote-server-timeout",
                  "wait")
    again = server.expect_text("later", 60)
    assert again.body == "later"
    scene.phone_sends("never")
    never = server.expect_text("never")
    server.bounce(never, "item-not-found", "cancel")
    server.fence("example.org")
    wait_for(lambda: [r for r in scene.gateway.queue("--state", "failed")],
             10, "a failed text")
    scene.phone_sends("next")
    server.expect_text("next")


def test_absent_user_gets_it_when_he_comes(stage):
    server, scene = stage()
    join(server, scene)
    scene.phone_sends("when you are back")
    server.bounce(server.expect_text("when you are back"),
                  "service-unavailable", "cancel")
    server.fence("example.org")
    assert server.next(1) is None
    server.send(f"<presence from='{JULIET}/r' to='{scene.contact()}'/>")
    server.expect_text("when you are back")


def test_each_resource_is_tried(stage):
    """The bare JID takes nothing, one of two clients does."""
    server, scene = stage()
    join(server, scene)
    for resource in ("phone", "desk"):
        server.send(f"<presence from='{JULIET}/{resource}' "
                    f"to='{scene.domain}'/>")
    scene.phone_sends("anybody there?")
    for target in (JULIET, f"{JULIET}/phone"):
        text = server.expect_text("anybody there?")
        assert text.to == target
        server.bounce(text, "service-unavailable", "cancel")
    assert server.expect_text("anybody there?").to == f"{JULIET}/desk"
    server.fence("example.org")
    scene.gateway.wait_idle()


def test_reports_wait_for_the_stream(stage):
    """A receipt that is owed is told after a reconnect, not lost."""
    server, scene = stage()
    join(server, scene)
    scene.sim.request("report", to=PHONE, mode="manual")
    server.send(f"<message type='chat' from='{JULIET}/r' id='r1' "
                f"to='{scene.contact()}'><body>report</body>"
                "<request xmlns='urn:xmpp:receipts'/></message>")
    held = scene.sim.wait_for("accepted", text="report")
    scene.gateway.wait_idle()
    server.hang_up()
    scene.gateway.wait_network(False)
    scene.sim.request("report", now=held["id"], st=0)
    server.accept(60)
    assert server.expect(lambda s: s.receipt == "r1").to.startswith(JULIET)


def test_unread_output_does_not_stop_the_rest(stage):
    """A server that does not read for a while loses nothing."""
    server, scene = stage()
    join(server, scene)
    for n in range(300):
        scene.phone_sends(f"text {n}")
    wait_for(lambda: scene.sim.stats("sim1")["memories"]["SM"][0] == 0
             and scene.sim.stats("sim1")["waiting"] == 0, 60, "a drained SIM")
    missing = {f"text {n}" for n in range(300)}
    while missing:
        got = server.expect(lambda s: s.body in missing, 30, str(missing))
        missing.discard(got.body)
