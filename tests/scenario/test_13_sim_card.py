"""Everything a SIM does beside plain texts."""

import re

import pytest

from lib.process import wait_for
from lib.scene import PHONE, SIM

CORRECT = "{urn:xmpp:message-correct:0}replace"
NICK = "{http://jabber.org/protocol/nick}nick"


@pytest.fixture
def card(make_scene):
    """start(line options): alice gets what comes from strangers."""
    def start(before=None, modem=None, **line):
        scene = make_scene("prosody")
        scene.simulate([{"name": "sim1", "number": SIM, **(modem or {})}])
        if before:
            scene.sim.request(**before)
        jid = scene.server.jid(scene.alice_user)
        scene.make_gateway(
            networks={"sms": {"inbox": [jid]}},
            xmpp={"admins": [jid]}, lines={"sim1": line}).start()
        scene.alice.fence(scene.domain)
        return scene
    return start


def wait_for_command(scene, text):
    wait_for(lambda: text in said(scene), 10, text)


def wait_for_settings(scene):
    """The modem announces calls and USSD."""
    wait_for_command(scene, "AT+CUSD=1")


def said(scene):
    """What the gateway and the modem have said to each other."""
    return "\n".join(map(str, scene.sim.request("log", count=500)["lines"]))


def test_flash(card):
    scene = card()
    scene.phone_sends("look here", **{"class": 0})
    scene.alice.expect_text(scene.contact(), "[flash] look here")
    long = "0123456789" * 30
    scene.phone_sends(long, **{"class": 0})
    scene.alice.expect_text(scene.contact(), "[flash] " + long)


def test_what_is_for_the_sim_alone(card):
    """Downloads and silent texts are acknowledged, deleted, never shown."""
    scene = card()
    scene.phone_sends("01020304", pid=0x7F, dcs=0xF6, encoding="8bit")
    scene.phone_sends("secret", pid=0x7F, dcs=0x12)
    scene.phone_sends("silent", pid=0x40)
    scene.phone_sends("after it")
    scene.alice.expect_text(scene.contact(), "after it")
    wait_for(lambda: scene.sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
             "an empty SIM")
    assert scene.alice.texts(scene.contact()) == ["after it"]


def test_replace_types_are_corrections(card):
    """Every later one corrects the first; other types and others' texts do
    not mix with it."""
    scene = card()
    scene.phone_sends("21 degrees", pid=0x41)
    first = scene.alice.expect_text(scene.contact(), "21 degrees")
    assert first.find(CORRECT) is None
    scene.phone_sends("other type", pid=0x42)
    other = scene.alice.expect_text(scene.contact(), "other type")
    assert other.find(CORRECT) is None
    for text in ("22 degrees", "23 degrees"):
        scene.phone_sends(text, pid=0x41)
        later = scene.alice.expect_text(scene.contact(), text)
        assert later.find(CORRECT).get("id") == first.id != later.id
    scene.phone_sends("rain", pid=0x42)
    rain = scene.alice.expect_text(scene.contact(), "rain")
    assert rain.find(CORRECT).get("id") == other.id


def test_waiting_voice_mail(card):
    scene = card()
    number = "+447700900100"
    mailbox = scene.contact(number)

    def notice(**fields):
        scene.sim.request("notice", to="sim1", kind="voicemail",
                          **{"from": number, **fields})
    notice(count=2, by="udh")
    scene.alice.expect_text(mailbox, "Voicemail waiting (2)")
    notice(count=1, by="dcs", text="Call 121")
    scene.alice.expect_text(mailbox, "Voicemail waiting\nCall 121")
    notice(count=0, by="dcs", store=False)
    scene.alice.expect_text(mailbox, "No voicemail waiting any more")


def test_mms_notice(card):
    """In one part and in two."""
    scene = card()
    for subject in ("Holiday", "From the beach " * 8):
        scene.sim.request("notice", to="sim1", kind="mms", subject=subject)
        got = scene.alice.expect_text(scene.contact(), timeout=20)
        assert "MMS waits" in got.body and "20 kB" in got.body
        assert f"from {PHONE}," in got.body
        assert f'"{subject.strip()}' in got.body
        assert re.search(r"until \d{4}-\d\d-\d\d \d\d:\d\d UTC", got.body)


def test_business_card(card):
    scene = card()
    text = "BEGIN:VCARD\r\nFN:Angelica\r\nEND:VCARD\r\n"
    scene.sim.text("sim1", sender=PHONE, data=text.encode().hex(),
                   udh="06050423f40000", dcs=4)
    got = scene.alice.expect_text(scene.contact())
    assert got.body.startswith("[A business card (vCard)]\n")
    assert "FN:Angelica" in got.body


def test_voice_call(card):
    """One message for each call, not for each ring."""
    scene = card()
    wait_for_settings(scene)
    scene.sim.request("call", modem="sim1", every=0.05, **{"from": PHONE})
    got = scene.alice.expect_text(scene.contact())
    assert re.fullmatch(r"called at \d\d:\d\d", got.body)
    scene.sim.request("call", modem="sim1")
    scene.sim.wait_for("call-ended", by="caller")
    scene.sim.request("call", modem="sim1", every=0.05, hidden=True)
    hidden = scene.alice.expect_text(body=got.body)
    assert "anonymous" in hidden.sender
    assert len(scene.alice.texts(scene.contact())) == 1


def test_voice_call_is_refused(card):
    scene = card(calls="hangup")
    wait_for_settings(scene)
    scene.sim.request("call", modem="sim1", every=0.2, **{"from": PHONE})
    scene.sim.wait_for("call-ended", by="modem")
    scene.alice.expect_text(scene.contact())


def test_names_of_the_phone_book(card):
    scene = card(before={"cmd": "phonebook", "modem": "sim1", "entries": {
        "1": [PHONE, "Ángela Лунина"], "2": ["07700900125", "Peter"]}})
    wait_for_command(scene, "AT+CPBR=241,250")
    for number, name in ((PHONE, "Ángela Лунина"),
                         ("+447700900125", "Peter")):
        scene.phone_sends("hi", number)
        got = scene.alice.expect_text(scene.contact(number), "hi")
        assert got.find(NICK).text == name


def test_balance(card):
    """Read at the start, shown, kept over a restart; a fall is told."""
    scene = card(before={"cmd": "ussd", "modem": "sim1", "code": "*100#",
                         "text": "Balance: 1.50 EUR, valid until 31.12."},
                 balance_ussd="*100#", balance_low=2,
                 balance_match="Balance: ([0-9.]+)")
    got = scene.alice.expect_text(scene.domain, timeout=20)
    assert "sim1" in got.body and "balance is low: 1.50" in got.body
    assert scene.gateway.line()["facts"]["balance"].startswith("1.50 (")
    scene.gateway.stop()
    scene.gateway.start()
    assert scene.gateway.line()["facts"]["balance"].startswith("1.50 (")
    assert len(scene.alice.texts(scene.domain)) == 1


def test_words_of_the_network(card):
    """What the network says unasked is for the admins."""
    scene = card()
    wait_for_settings(scene)
    scene.sim.request("ussd", modem="sim1", text="You have won")
    got = scene.alice.expect_text(scene.domain)
    assert "the network says: You have won" in got.body


def test_own_number(make_scene):
    scene = make_scene("prosody")
    scene.simulate()
    scene.sim.modems["sim1"]["number"] = ""
    scene.make_gateway().start()
    wait_for(lambda: scene.gateway.line()["facts"].get("number") == SIM, 10,
             lambda: str(scene.gateway.line()))


def test_message_centre_validity_and_reports_of_the_line(card):
    """As the line's options say; nothing else asks for a report."""
    scene = card(smsc="+447785016005", validity=60, reports=False)
    scene.alice.text(scene.contact(), "for an hour")
    scene.phone_gets("for an hour")
    event = scene.sim.wait_for("accepted", text="for an hour")
    assert event["srr"] is False
    assert event["vp"] == 11        # (11 + 1) * 5 minutes
    assert "07914477581006" in said(scene)


def test_ussd_with_a_menu(card):
    """An admin asks in a chat with the gateway, and answers the menu."""
    scene = card(before={
        "cmd": "ussd", "modem": "sim1", "code": "*100#",
        "text": "1 balance\n2 tariff", "replies": {"1": "12.50 EUR"}})

    def say(text):
        scene.alice.text(scene.domain, text, receipt=False)
        return scene.alice.expect_text(scene.domain).body
    assert "1 balance" in say("ussd *100#")
    assert "12.50 EUR" in say("1")
    assert "does not know this code" in say("ussd *999#")
    assert "1 balance" in say("ussd *100#")
    say("cancel")
    scene.sim.wait_for("ussd-cancelled")
    assert "set balance_ussd" in say("line-ask sim1 balance")
