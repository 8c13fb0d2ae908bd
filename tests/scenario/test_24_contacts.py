"""Contacts: names, cards and pictures, searches, rosters, presence."""

import base64
import hashlib

import pytest

from lib.process import wait_for
from lib.scene import PHONE, PHONE2

VCARD = "{vcard-temp}"
VCARD4 = "{urn:ietf:params:xml:ns:vcard-4.0}"
PUBSUB = "{http://jabber.org/protocol/pubsub}"
SEARCH = "jabber:iq:search"
DATA = "{jabber:x:data}"


def say(client, scene, text):
    """Tells the gateway something; returns its answer."""
    client.text(scene.domain, text, receipt=False)
    return client.expect_text(scene.domain).body


def picture_of(client, jid):
    """The hash of the picture in its vCard."""
    card = client.iq(jid, "<vCard xmlns='vcard-temp'/>")
    photo = base64.b64decode(card.find(f".//{VCARD}BINVAL").text)
    return hashlib.sha1(photo).hexdigest()


# ---- cards ----------------------------------------------------------------

def test_cards(scene):
    """Name, number and picture, also through a picky server."""
    alice, contact = scene.alice, scene.contact()
    say(alice, scene, f"contacts-add {PHONE} Nurse")
    card = alice.iq(contact, "<vCard xmlns='vcard-temp'/>")
    assert card.find(f".//{VCARD}FN").text == "Nurse"
    assert card.find(f".//{VCARD}NUMBER").text == PHONE
    card = alice.iq(contact, f"<vcard xmlns='{VCARD4[1:-1]}'/>")
    assert card.find(f".//{VCARD4}fn/{VCARD4}text").text == "Nurse"
    assert card.find(f".//{VCARD4}tel/{VCARD4}uri").text == f"tel:{PHONE}"
    card = scene.bob.iq(contact, "<vCard xmlns='vcard-temp'/>")
    assert card.find(f".//{VCARD}FN").text == PHONE, "her name for him"


def test_pictures(simple):
    """What presence names is what the card and the node hold."""
    alice = simple.alice
    for jid in (simple.domain, simple.contact()):
        alice.presence(jid, "subscribe")
        presence = alice.expect_presence(jid)
        named = presence.find("{vcard-temp:x:update}x/"
                              "{vcard-temp:x:update}photo").text
        assert picture_of(alice, jid) == named
        answer = alice.iq(jid, f"<pubsub xmlns='{PUBSUB[1:-1]}'><items "
                          "node='urn:xmpp:avatar:metadata'/></pubsub>")
        assert answer.find(f".//{PUBSUB}item").get("id") == named
        answer = alice.iq(jid, f"<pubsub xmlns='{PUBSUB[1:-1]}'><items "
                          "node='urn:xmpp:avatar:data'>"
                          f"<item id='{named}'/></items></pubsub>")
        data = answer.find(".//{urn:xmpp:avatar:data}data").text
        assert hashlib.sha1(base64.b64decode(data)).hexdigest() == named


# ---- search ---------------------------------------------------------------

def search(client, scene, **fields):
    """JIDs that the form finds, with their names."""
    rows = "".join(
        f"<field var='{var.replace('_', '-')}'><value>{value}</value></field>"
        for var, value in {"FORM_TYPE": SEARCH, **fields}.items())
    answer = client.iq(
        scene.domain, f"<query xmlns='{SEARCH}'><x xmlns='jabber:x:data' "
        f"type='submit'>{rows}</x></query>", "set")
    assert answer.type == "result", answer
    return {row["jid"]: row["nick"] for row in (
        {f.get("var"): f.findtext(DATA + "value")
         for f in item.iter(DATA + "field")}
        for item in answer.xml.iter(DATA + "item"))}


def test_search(simple):
    alice, nurse = simple.alice, simple.contact()
    say(alice, simple, f"contacts-add {PHONE} Ángela Nurse")
    alice.text(simple.contact(PHONE2), "no name")
    alice.fence(simple.domain)
    form = alice.iq(simple.domain, f"<query xmlns='{SEARCH}'/>")
    assert {f.get("var") for f in form.xml.iter(DATA + "field")} >= {
        "nick", "x-number"}
    assert search(alice, simple, nick="áNG") == {nurse: "Ángela Nurse"}
    assert search(alice, simple, x_number="07700 900124") == {
        simple.contact(PHONE2): ""}
    assert set(search(alice, simple)) == {nurse, simple.contact(PHONE2)}
    answer = alice.iq(simple.domain, f"<query xmlns='{SEARCH}'>"
                      "<nick>nurse</nick></query>", "set")
    assert [i.get("jid") for i in answer.xml.iter("{%s}item" % SEARCH)] == [
        nurse]
    assert search(simple.bob, simple) == {}, "what is hers"


# ---- rosters --------------------------------------------------------------

ROSTER = "{jabber:iq:roster}"
NICK = "{http://jabber.org/protocol/nick}nick"
BOOK = {"cmd": "phonebook", "modem": "sim1", "entries": {
    "1": [PHONE, "Nurse"]}}


def pushed(client, jid):
    """The next change of this item of the roster."""
    push = client.expect(
        lambda s: s.kind == "iq" and s.type == "set" and any(
            i.get("jid") == jid for i in s.xml.iter(ROSTER + "item")),
        what=f"roster push of {jid}")
    return push.find(f".//{ROSTER}item")


def subscribed(client, jid):
    """A push that is no step on the way of a subscription."""
    while True:
        item = pushed(client, jid)
        if item.get("subscription") in ("both", "remove"):
            return item


def requests(client, jid):
    return [s for s in list(client.stanzas) if s.kind == "presence"
            and s.type == "subscribe" and s.bare == jid]


@pytest.fixture
def phone_book(make_scene):
    """Alice gets what strangers write; the SIM knows one of them."""
    def start(server="prosody", **policy):
        scene = make_scene(server)
        scene.simulate()
        scene.sim.request(**BOOK)
        jid = scene.server.jid(scene.alice_user)
        scene.make_gateway(networks={"sms": {"inbox": [jid], **policy}})
        scene.gateway.start()
        wait_for(lambda: "AT+CPBR=241,250" in str(
            scene.sim.request("log", count=500)), 10, "the phone book")
        scene.alice.fence(scene.domain)
        return scene
    return start


def test_roster_by_privilege(private_server, phone_book):
    """Nobody is asked for anything: all is simply there (XEP-0356)."""
    scene = phone_book(private_server("prosody", privilege=True))
    alice, other = scene.alice, scene.contact(PHONE2)
    say(alice, scene, "register")
    gateway = subscribed(alice, scene.domain)
    assert gateway.get("subscription") == "both"
    alice.expect_presence(scene.domain)
    scene.phone_sends("good night")
    alice.expect_text(scene.contact(), "good night")
    item = subscribed(alice, scene.contact())
    assert item.get("subscription") == "both"
    assert (item.get("name"), item.findtext(ROSTER + "group")) == (
        "Nurse", "sms")
    alice.expect_presence(scene.contact())
    say(alice, scene, f"contacts-add {PHONE2} Peter")
    assert subscribed(alice, other).get("name") == "Peter"
    say(alice, scene, f"contacts-rename {PHONE2} Peter Pan")
    assert subscribed(alice, other).get("name") == "Peter Pan"
    say(alice, scene, f"contacts-remove {PHONE2}")
    assert subscribed(alice, other).get("subscription") == "remove"
    alice.iq(scene.domain, "<query xmlns='jabber:iq:register'><remove/>"
             "</query>", "set")
    for jid in (scene.contact(), scene.domain):
        assert subscribed(alice, jid).get("subscription") == "remove"
    assert not [s for s in alice.stanzas if s.type == "subscribe"]


@pytest.mark.without("privilege")
def test_named_contact_asks_once(phone_book):
    """By a plain request with the name; a refusal counts for good."""
    scene = phone_book()
    alice, contact = scene.alice, scene.contact()
    scene.phone_sends("who am I", PHONE2)
    scene.phone_sends("good night")
    request = alice.expect_presence(contact, "subscribe")
    assert request.find(NICK).text == "Nurse"
    alice.presence(contact, "unsubscribed")
    scene.gateway.restart()
    scene.phone_sends("again")
    alice.expect_text(contact, "again")
    alice.fence(scene.domain)
    assert len(requests(alice, contact)) == 1
    assert not requests(alice, scene.contact(PHONE2)), "it has no name"


@pytest.mark.without("privilege")
def test_every_contact_or_none(phone_book):
    for policy, number in (("all", PHONE2), ("off", PHONE)):
        scene = phone_book(roster=policy)
        contact = scene.contact(number)
        scene.phone_sends("hello", number)
        scene.alice.expect_text(contact, "hello")
        if policy == "all":
            scene.alice.expect_presence(contact, "subscribe")
        scene.alice.fence(scene.domain)
        assert len(requests(scene.alice, contact)) == (policy == "all")
        scene.alice.presence(contact, "subscribed")


@pytest.mark.without("privilege")
def test_contacts_by_hand(scene):
    """Where no roster may be written: asked for, and taken back."""
    alice, contact = scene.alice, scene.contact()
    say(alice, scene, f"contacts-add {PHONE} Nurse")
    request = alice.expect_presence(contact, "subscribe")
    assert request.find(NICK).text == "Nurse"
    alice.presence(contact, "subscribed")
    alice.presence(contact, "subscribe")
    alice.expect_presence(contact, "subscribed")
    say(alice, scene, f"contacts-remove {PHONE}")
    alice.expect_presence(contact, "unsubscribed")
    alice.fence(scene.domain)
    assert len([s for s in alice.stanzas if s.bare == contact
                and s.type == "subscribed"]) == 1


# ---- presence -------------------------------------------------------------

PARIS = "+33612345678"


def shows(client, contact):
    """How this contact looked, one after the other."""
    return [s.show for s in list(client.stanzas) if s.kind == "presence"
            and s.bare == contact and s.type is None]


def test_presence_of_whom_the_line_carries(make_scene):
    """Only those look away whose line is down."""
    scene = make_scene("prosody")
    scene.simulate([{"name": "uk", "number": "+447700900001"},
                    {"name": "fr", "number": "+33600000001"}])
    scene.make_gateway(lines={"uk": {"prefixes": ["+44"]},
                              "fr": {"prefixes": ["+33"]}}).start()
    alice, uk, fr = scene.alice, scene.contact(), scene.contact(PARIS)
    for contact in (uk, fr):
        alice.presence(contact, "subscribe")
        alice.expect_presence(contact)
    scene.sim.request("unplug", modem="uk")
    away = alice.expect_presence(uk)
    assert (away.show, away.status[:4]) == ("dnd", "uk: ")
    alice.fence(scene.domain)
    assert shows(alice, fr) == [None]
