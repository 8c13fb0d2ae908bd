"""Each kind of stanza gets the answer that it should."""

import re
from xml.etree import ElementTree as ET

import pytest

from lib.scene import PHONE

INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
STATES = "http://jabber.org/protocol/chatstates"


def features(answer):
    return {f.get("var") for f in answer.xml.iter("{%s}feature" % INFO)}


def identities(answer):
    return {(i.get("category"), i.get("type"))
            for i in answer.xml.iter("{%s}identity" % INFO)}


def nothing_more(client, scene):
    """A fence, then: no stanza that the test has not taken, from us."""
    client.fence(scene.domain)
    return [s for s in client.stanzas if id(s) not in client.taken
            and s.bare.endswith(scene.domain)]


def test_ping(scene):
    for to in (scene.domain, scene.contact()):
        answer = scene.alice.fence(to)
        assert answer.type == "result" and answer.sender == to


def test_disco_of_the_gateway(scene):
    answer = scene.alice.iq(scene.domain, f"<query xmlns='{INFO}'/>")
    assert answer.type == "result"
    assert ("gateway", "sms") in identities(answer)
    assert {INFO, ITEMS, "urn:xmpp:ping", "jabber:iq:version",
            "jabber:iq:gateway"} <= features(answer)
    for identity in answer.xml.iter("{%s}identity" % INFO):
        assert identity.get("name") or identity.get("type") == "pep"


def test_disco_of_a_contact(scene):
    answer = scene.alice.iq(scene.contact(), f"<query xmlns='{INFO}'/>")
    assert answer.type == "result"
    kinds = identities(answer)
    assert any(category == "client" for category, _ in kinds), kinds
    assert "urn:xmpp:receipts" in features(answer)
    assert "jabber:iq:gateway" not in features(answer)


def test_disco_items(scene):
    for to in (scene.domain, scene.contact()):
        answer = scene.alice.iq(to, f"<query xmlns='{ITEMS}'/>")
        assert answer.type == "result" and answer.sender == to


def test_unknown_disco_node(scene):
    for namespace in (INFO, ITEMS):
        answer = scene.alice.iq(
            scene.domain, f"<query xmlns='{namespace}' node='nonsense'/>")
        assert answer.condition == "item-not-found"
        assert answer.error_type == "cancel"


def test_version(scene):
    answer = scene.alice.iq(scene.domain,
                            "<query xmlns='jabber:iq:version'/>")
    query = answer.find("{jabber:iq:version}query")
    assert query.findtext("{jabber:iq:version}name") == "Moongate"
    assert query.findtext("{jabber:iq:version}version")


@pytest.mark.parametrize("kind", ["get", "set"])
def test_unknown_iq_is_answered(scene, kind):
    for to in (scene.domain, scene.contact()):
        answer = scene.alice.iq(to, "<x xmlns='urn:no:such:thing'/>", kind)
        assert answer.type == "error" and answer.sender == to
        assert answer.condition == "service-unavailable"
        assert answer.error_type == "cancel"


def test_errors_and_results_are_never_answered(scene):
    alice = scene.alice
    for to in (scene.domain, scene.contact()):
        alice.raw(f"<iq type='error' id='e1' to='{to}'><error type='cancel'>"
                  "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-"
                  "stanzas'/></error></iq>")
        alice.raw(f"<iq type='result' id='e2' to='{to}'/>")
        alice.raw(f"<message type='error' id='e3' to='{to}'>"
                  "<body>an error with a body</body></message>")
        alice.raw(f"<presence type='error' id='e4' to='{to}'/>")
    assert nothing_more(alice, scene) == []
    assert scene.phone_texts() == []


def test_gateway_prompt_turns_what_people_type_into_a_jid(scene):
    ns = "jabber:iq:gateway"
    answer = scene.alice.iq(scene.domain, f"<query xmlns='{ns}'/>")
    assert answer.find("{%s}query/{%s}prompt" % (ns, ns)) is not None
    assert answer.find("{%s}query/{%s}desc" % (ns, ns)) is not None
    for typed in ("07700 900123", "+44 7700 900-123", "0044 7700 900123",
                  "tel:+447700900123", "sms:07700900123"):
        answer = scene.alice.iq(
            scene.domain,
            f"<query xmlns='{ns}'><prompt>{typed}</prompt></query>", "set")
        assert answer.type == "result", (typed, answer)
        jid = answer.find("{%s}query" % ns).findtext("{%s}jid" % ns)
        assert jid == scene.contact(), typed
    answer = scene.alice.iq(
        scene.domain,
        f"<query xmlns='{ns}'><prompt>my aunt</prompt></query>", "set")
    assert answer.condition in ("item-not-found", "not-acceptable")


def test_chat_states_are_swallowed(scene):
    alice = scene.alice
    for state in ("composing", "paused", "active", "inactive", "gone"):
        alice.raw(f"<message type='chat' id='s-{state}' "
                  f"to='{scene.contact()}'><{state} xmlns='{STATES}'/>"
                  "</message>")
    assert nothing_more(alice, scene) == []
    scene.talk("the only text")
    assert scene.phone_texts() == ["the only text"]


def test_number_as_people_write_it_gets_the_right_jid(scene):
    stanza = scene.alice.text(f"07700\\20900123@{scene.domain}", "hi")
    error = scene.alice.expect_error(stanza)
    assert error.condition == "gone" and error.error_type == "cancel"
    assert error.condition_text() == f"xmpp:{scene.contact()}"
    stanza = scene.alice.text(f"07700900123@{scene.domain}", "hi")
    error = scene.alice.expect_error(stanza)
    assert error.condition == "gone"
    assert scene.phone_texts() == []


def test_not_a_number(scene):
    for local in ("romeo", "+12", "+4477009001234567890"):
        stanza = scene.alice.text(f"{local}@{scene.domain}", "hi")
        error = scene.alice.expect_error(stanza)
        assert error.condition == "item-not-found", local
        assert error.error_type == "cancel"
        assert error.sender == f"{local}@{scene.domain}"
        assert error.error_text


def test_text_to_the_gateway_itself_is_answered(scene):
    """The gateway is no phone: an error, or words of its own."""
    scene.alice.text(scene.domain, "hello?")
    scene.alice.expect(lambda s: s.kind == "message"
                       and s.bare == scene.domain, 10, "an answer")


def test_stranger_is_refused(scene):
    mallory = scene.client("mallory")
    stanza = mallory.text(scene.contact(), "let me in")
    error = mallory.expect_error(stanza)
    assert error.condition == "forbidden" and error.error_type == "auth"
    assert error.to == mallory.full
    scene.talk("alice may")
    assert scene.phone_texts() == ["alice may"]


def test_allow_list_of_jids(make_scene):
    scene = make_scene("prosody")
    scene.start(networks={"sms": {
        "allow": [scene.server.jid(scene.alice_user), "elsewhere.test"]}})
    scene.talk("alice may")
    stanza = scene.bob.text(scene.contact(), "bob may not")
    assert scene.bob.expect_error(stanza).condition == "forbidden"
    mallory = scene.client("mallory")
    stanza = mallory.text(scene.contact(), "mallory may")
    scene.phone_gets("mallory may")
    mallory.expect_receipt(stanza)


def test_a_phone_in_the_roster(scene):
    alice, phone = scene.alice, scene.contact()
    alice.presence(phone, "subscribe")
    alice.expect_presence(phone, "subscribed")
    alice.expect_presence(phone)
    alice.disconnect()
    alice.connect()
    presence = alice.expect_presence(phone)
    assert presence.show is None
    picture = presence.find("{vcard-temp:x:update}x/"
                            "{vcard-temp:x:update}photo")
    assert re.fullmatch("[0-9a-f]{40}", picture.text)


def test_the_gateway_in_the_roster_shows_the_modem(scene):
    alice = scene.alice
    alice.presence(scene.domain, "subscribe")
    alice.expect_presence(scene.domain, "subscribed")
    alice.expect_presence(scene.domain)
    scene.sim.request("unplug", modem="sim1")
    trouble = alice.expect(
        lambda s: s.kind == "presence" and s.bare == scene.domain
        and s.type is None and s.show is not None, 30, "trouble")
    assert trouble.show in ("dnd", "xa", "away") and trouble.status
    scene.sim.request("replug", modem="sim1")
    alice.expect(lambda s: s.kind == "presence" and s.bare == scene.domain
                 and s.type is None and s.show is None, 40, "recovery")
    scene.gateway.stop()
    alice.expect_presence(scene.domain, "unavailable")


def test_probe(scene):
    alice, phone = scene.alice, scene.contact()
    alice.presence(phone, "subscribe")
    alice.expect_presence(phone, "subscribed")
    alice.expect_presence(phone)
    scene.gateway.restart()
    alice.expect_presence(phone, timeout=20)
    alice.presence(phone, "unsubscribe")
    alice.fence(scene.domain)
    before = len(alice.stanzas)
    scene.gateway.restart()
    alice.fence(scene.domain)
    assert [s for s in alice.stanzas[before:] if s.kind == "presence"
            and s.bare == phone and s.type is None] == []


def test_restart_shows_no_trouble(scene):
    """A phone goes and comes: nothing about lines that stop and start."""
    alice, phone = scene.alice, scene.contact()
    alice.presence(phone, "subscribe")
    alice.expect_presence(phone)
    before = len(alice.stanzas)
    scene.gateway.restart()
    alice.expect(lambda s: s in alice.stanzas[before:] and s.bare == phone
                 and s.type is None, 20, "the phone back")
    alice.fence(scene.domain)
    seen = [(s.type, s.show) for s in alice.stanzas[before:]
            if s.kind == "presence" and s.bare == phone]
    assert seen[0] == ("unavailable", None), seen
    assert {show for _, show in seen} == {None}, seen


def test_strangers_subscription_is_refused(scene):
    mallory = scene.client("mallory")
    mallory.presence(scene.contact(), "subscribe")
    answer = mallory.expect(
        lambda s: s.kind == "presence" and s.bare == scene.contact(),
        10, "an answer")
    assert answer.type in ("unsubscribed", "error")


def test_encrypted_text_is_refused(scene):
    """Its body only says that one cannot read it: not worth a paid text."""
    stanza = scene.alice.text(
        scene.contact(), "I sent you an encrypted message", extra=(
            "<encryption xmlns='urn:xmpp:eme:0' "
            "namespace='eu.siacs.conversations.axolotl'/>"))
    error = scene.alice.expect_error(stanza)
    assert error.condition == "feature-not-implemented"
    assert "encrypt" in error.error_text
    scene.talk("in the clear")
    assert scene.phone_texts() == ["in the clear"]


def test_oversized_stanza(scene):
    alice = scene.alice
    stanza = alice.text(scene.contact(), "x" * 100000)
    error = alice.expect_error(stanza)
    assert error.condition == "not-acceptable"
    assert error.error_type == "modify"
    scene.talk("the stream survived")


def test_stanza_with_many_elements(scene):
    alice = scene.alice
    stanza = alice.text(scene.contact(), "x", extra="<a/>" * 5000)
    assert alice.expect_error(stanza).condition == "not-acceptable"
    scene.talk("the stream survived")


def test_deep_nesting(make_scene):
    """On Prosody only: it takes ejabberd itself down."""
    scene = make_scene("prosody").start()
    stanza = scene.alice.text(scene.contact(), "x", extra=(
        "<a xmlns='urn:x'>" * 3000 + "</a>" * 3000))
    error = scene.alice.expect_error(stanza)
    assert error.condition == "not-acceptable"
    scene.talk("the stream survived")


def test_text_too_long_for_the_network(scene):
    stanza = scene.alice.text(scene.contact(), "x" * 45000)
    error = scene.alice.expect_error(stanza)
    assert error.condition == "not-acceptable"
    assert any(c.isdigit() for c in error.error_text), "says the limit"


ILLEGAL = [
    {"data": "1b001b1b0a", "dcs": 4},           # 8 bit data
    {"data": "0001d83d0041fffeffffdc00d800", "dcs": 8},
    {"data": "d83d", "dcs": 8},                 # half a pair
    {"data": "41000042", "dcs": 8},
]


@pytest.mark.parametrize("pdu", ILLEGAL, ids=lambda p: p["data"])
def test_illegal_characters_of_a_phone_never_cost_the_stream(scene, pdu):
    alice = scene.alice
    scene.talk("make an account")
    before = scene.gateway.network()["reconnects"]
    scene.sim.text("sim1", sender=PHONE, **pdu)
    scene.phone_sends("and a good one")
    alice.expect_text(scene.contact(), "and a good one")
    assert scene.gateway.network()["reconnects"] == before
    for body in alice.texts(scene.contact()):
        ET.fromstring("<x>%s</x>" % body.replace("&", "").replace("<", ""))


def test_special_characters_pass_through(scene):
    body = "<b>&amp;\"'</b> ]]> \\20 \u00a0 €{}[]~^|\\ æøå ¿"
    scene.alice.text(scene.contact(), body)
    scene.phone_gets(body)
    scene.phone_sends(body)
    scene.alice.expect_text(scene.contact(), body)


def test_message_without_body_or_to_a_resource(scene):
    alice = scene.alice
    alice.raw(f"<message type='chat' to='{scene.contact()}' id='nobody'/>")
    stanza = alice.text(scene.contact() + "/phone", "with a resource")
    scene.phone_gets("with a resource")
    alice.expect_receipt(stanza)
    assert "nobody" not in [s.id for s in alice.stanzas]


def test_message_types(scene):
    """No type is "normal" and goes; a group chat has no place here."""
    alice = scene.alice
    alice.raw(f"<message to='{scene.contact()}' id='n1'>"
              "<body>normal</body></message>")
    scene.phone_gets("normal")
    alice.raw(f"<message type='groupchat' to='{scene.contact()}' id='g1'>"
              "<body>group</body></message>")
    alice.expect_error("g1")
    assert scene.phone_texts() == ["normal"]


def test_forwarded_stanzas_are_not_believed(scene):
    """CVE-2017-5589: only the outer sender counts."""
    mallory = scene.client("mallory")
    mallory.raw(
        f"<message to='{scene.contact()}' id='f1'>"
        "<received xmlns='urn:xmpp:carbons:2'>"
        "<forwarded xmlns='urn:xmpp:forward:0'>"
        f"<message xmlns='jabber:client' from='{scene.alice.full}' "
        f"to='{scene.contact()}' type='chat'><body>forged</body></message>"
        "</forwarded></received></message>")
    mallory.fence(scene.domain)
    scene.talk("genuine")
    assert scene.phone_texts() == ["genuine"]


def test_what_phones_do_not_know(simple):
    """Corrections, reactions, replies and styling as words; no retraction."""
    alice, to = simple.alice, simple.contact()
    first = alice.text(to, "Come at *8*, `not` 9_x_")
    simple.phone_gets("Come at 8, not 9_x_")
    alice.text(to, "Come at 7", extra="<replace xmlns="
               f"'urn:xmpp:message-correct:0' id='{first}'/>")
    simple.phone_gets("Corrected: Come at 7")
    alice.text(to, "> Shall I?\nYes", extra="<reply xmlns='urn:xmpp:reply:0' "
               f"to='{to}' id='x'/><fallback xmlns='urn:xmpp:fallback:0' "
               "for='urn:xmpp:reply:0'><body start='0' end='11'/></fallback>")
    simple.phone_gets("Yes")
    alice.raw(f"<message to='{to}' type='chat' id='r'><reactions xmlns="
              f"'urn:xmpp:reactions:0' id='{first}'><reaction>\U0001f44d"
              "</reaction></reactions></message>")
    simple.phone_gets("Reacted with \U0001f44d")
    alice.raw(f"<message to='{to}' type='chat' id='gone'><retract xmlns="
              f"'urn:xmpp:message-retract:1' id='{first}'/></message>")
    assert alice.expect_error("gone").condition == "feature-not-implemented"
    info = repr(alice.iq(to, "<query xmlns="
                         "'http://jabber.org/protocol/disco#info'/>"))
    assert not [ns for ns in ("message-correct", "message-retract",
                              "reactions:0", "reply:0", "chat-markers")
                if ns in info]
