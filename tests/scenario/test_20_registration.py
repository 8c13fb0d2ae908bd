"""Registration (XEP-0077) and login (XEP-0100)."""

import pytest

from lib.process import wait_for
from lib.scene import PHONE, PHONE2

NS = "jabber:iq:register"
DATA = "{jabber:x:data}"
Q = "{%s}" % NS


def query(inner=""):
    return f"<query xmlns='{NS}'>{inner}</query>"


def form(**fields):
    rows = "".join(f"<field var='{var}'><value>{value}</value></field>"
                   for var, value in {"FORM_TYPE": NS, **fields}.items())
    return query(f"<x xmlns='jabber:x:data' type='submit'>{rows}</x>")


def ask(client, scene, inner="", kind="get", payload=None):
    answer = client.iq(scene.domain, payload or query(inner), kind)
    return answer


def register(scene, client=None, payload=None):
    answer = ask(client or scene.alice, scene, kind="set",
                 payload=payload or query())
    assert answer.type == "result", answer
    return answer


def is_registered(scene, client=None):
    answer = ask(client or scene.alice, scene)
    assert answer.type == "result", answer
    return answer.find(f".//{Q}registered") is not None


def befriend(scene):
    """What a client does after it has registered (XEP-0100 4.1.1)."""
    scene.alice.expect_friend(scene.domain)
    scene.alice.expect_presence(scene.domain)


def features(scene):
    answer = scene.alice.iq(
        scene.domain, "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    return [f.get("var") for f in answer.xml.iter(
        "{http://jabber.org/protocol/disco#info}feature")]


def refused(answer, condition, kind):
    assert answer.type == "error", answer
    assert (answer.condition, answer.error_type) == (condition, kind)
    return answer.error_text


def test_register_change_remove(scene):
    alice = scene.alice
    assert NS in features(scene)
    assert not is_registered(scene)
    register(scene, payload=form(nick="Alice", country="33"))
    befriend(scene)
    answer = ask(alice, scene)
    assert answer.find(f".//{Q}registered") is not None
    assert answer.find(f".//{Q}nick").text == "Alice"
    values = {f.get("var"): f.findtext(DATA + "value")
              for f in answer.xml.iter(DATA + "field")}
    assert values["country"] == "33" and values["FORM_TYPE"] == NS
    register(scene, payload=form(nick="Al"))
    assert "33" not in [e.text for e in ask(alice, scene).xml.iter()]
    alice.presence(scene.contact(), "subscribe")
    alice.expect_presence(scene.contact(), "subscribed")
    answer = ask(alice, scene, "<remove/>", "set")
    assert answer.type == "result"
    alice.expect_gone(scene.contact())
    if alice.expect_gone(scene.domain).kind == "presence":
        alice.expect_presence(scene.domain, "unsubscribe")
        alice.expect_presence(scene.domain, "unavailable")
    assert not is_registered(scene)
    refused(ask(alice, scene, "<remove/>", "set"), "registration-required",
            "auth")


def test_legacy_fields_alone(simple):
    register(simple, payload=query("<nick>Alice</nick>"))
    assert ask(simple.alice, simple).find(f".//{Q}nick").text == "Alice"


def test_country_of_the_user(simple):
    def typed(text):
        answer = simple.alice.iq(
            simple.domain, "<query xmlns='jabber:iq:gateway'>"
            f"<prompt>{text}</prompt></query>", "set")
        return answer.find(".//{jabber:iq:gateway}jid").text
    assert typed("07700 900123") == f"+447700900123@{simple.domain}"
    register(simple, payload=form(country="33"))
    assert typed("06 12 34 56 78") == f"+33612345678@{simple.domain}"


def test_refusals(simple):
    alice = simple.alice
    text = refused(ask(alice, simple, kind="set",
                       payload=form(country="France")),
                   "not-acceptable", "modify")
    assert "calling code" in text
    refused(ask(alice, simple, "<remove/><nick/>", "set"), "bad-request",
            "modify")
    assert not is_registered(simple)
    mallory = simple.client("mallory")
    if not mallory.jid.endswith(simple.alice.jid.split("@")[1]):
        refused(ask(mallory, simple), "forbidden", "auth")


def test_login_and_logout(simple):
    """First available presence, last unavailable; probes at the start."""
    alice, gateway = simple.alice, simple.domain
    register(simple)
    befriend(simple)
    other = simple.client(simple.alice_user)
    other.presence(gateway, "unavailable")
    other.fence(gateway)
    alice.presence(gateway, "unavailable")
    alice.expect_presence(gateway, "unavailable")
    alice.presence(gateway)
    alice.expect_presence(gateway)
    other.disconnect()
    simple.gateway.stop()
    alice.expect_presence(gateway, "unavailable")
    simple.gateway.start()
    alice.expect_presence(gateway)
    # The answer to the probe has made the gateway know her again.
    def logged_out():
        alice.presence(gateway, "unavailable")
        try:
            alice.expect_presence(gateway, "unavailable", timeout=0.5)
        except AssertionError:
            return False
        return True
    wait_for(logged_out, 10, "a logout, so there was a login")


def test_open_needs_registration(make_scene):
    scene = make_scene("prosody").start(
        networks={"sms": {"registration": "open"}})
    stanza = scene.alice.text(scene.contact(), "too early")
    error = scene.alice.expect_error(stanza)
    refused(error, "registration-required", "auth")
    assert "register" in error.error_text
    register(scene)
    scene.talk("now")
    assert scene.phone_texts() == ["now"]


def test_closed(make_scene):
    """The admin's accounts work, nobody else gets one."""
    scene = make_scene("prosody").start()
    scene.talk("makes an account")
    scene.gateway.stop()
    scene.gateway.write_config({"networks": {"sms": {
        "registration": "closed"}}})
    scene.gateway.start()
    assert NS not in features(scene)
    text = refused(ask(scene.bob, scene), "service-unavailable", "cancel")
    assert "administrator" in text
    refused(ask(scene.bob, scene, kind="set"), "service-unavailable",
            "cancel")
    stanza = scene.bob.text(scene.contact(), "no account")
    refused(scene.bob.expect_error(stanza), "registration-required", "auth")
    scene.talk("has an account")
    assert ask(scene.alice, scene, "<remove/>", "set").type == "result"
    refused(ask(scene.alice, scene), "service-unavailable", "cancel")


def test_open_texts_end_with_the_account(simple):
    """What was not sent yet fails, and its sender hears so."""
    alice = simple.alice
    simple.talk("one")
    simple.sim.request("unplug", modem="sim1")
    simple.gateway.wait_log("line sim1 is offline")
    stanzas = [alice.text(simple.contact(), f"never {i}") for i in range(3)]
    stanzas.append(alice.text(simple.contact(PHONE2), "never"))
    alice.fence(simple.domain)
    assert ask(alice, simple, "<remove/>", "set").type == "result"
    for stanza in stanzas:
        error = alice.expect_error(stanza)
        refused(error, "registration-required", "auth")
        assert "removed" in error.error_text
    simple.sim.request("replug", modem="sim1")
    simple.gateway.wait_online()
    simple.gateway.wait_idle()
    simple.talk("new account")
    assert simple.phone_texts() == ["one", "new account"]


@pytest.mark.parametrize("inbox", [True, False])
def test_texts_for_who_has_left(make_scene, inbox):
    """Answers to somebody without account: to the inbox, or held."""
    scene = make_scene("prosody")
    bob = scene.server.jid(scene.bob_user)
    scene.start(
        networks={"sms": {"inbox": [bob] if inbox else None}},
        xmpp={"admins": [bob]})
    assert scene.bob.jid == bob
    scene.talk("hello")
    assert ask(scene.alice, scene, "<remove/>", "set").type == "result"
    scene.phone_sends("too late", PHONE)
    if inbox:
        assert scene.bob.expect_text(body="too late").bare == scene.contact()
    else:
        assert "held" in scene.bob.expect_text().body
        assert [m["held"] for m in scene.gateway.queue()] == [True]
    scene.alice.fence(scene.domain)
    assert "too late" not in scene.alice.texts()
