"""Contacts: names, cards and pictures, searches, rosters, presence."""

import base64
import hashlib

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
