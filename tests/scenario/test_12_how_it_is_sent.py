"""National tables, approximations, manners of sending, and the limit."""

import json

from lib.process import wait_for
from lib.scene import PHONE

TURKISH = "Şişli'de ığdır çiğ köfte yiyen Ayşe'nin ağabeyi güldü. "


def line(**options):
    return {"lines": {"sim1": options}}


def test_turkish_in_one_part(make_scene):
    """In UCS-2 this takes two."""
    scene = make_scene("prosody").start(**line(languages=["turkish"]))
    text = TURKISH * 2
    assert len(text) > 70
    stanza = scene.alice.text(scene.contact(), text)
    event = scene.phone_gets(text)
    assert event["parts"] == 1
    scene.alice.expect_receipt(stanza)
    scene.alice.text(scene.contact(), TURKISH * 5)
    assert scene.phone_gets(TURKISH * 5)["parts"] == 2
    scene.alice.text(scene.contact(), "plain")
    assert scene.phone_gets("plain")["parts"] == 1
    scene.alice.text(scene.contact(), "здравствуйте")
    scene.phone_gets("здравствуйте")


def test_without_languages_it_is_ucs2(simple):
    simple.alice.text(simple.contact(), TURKISH * 2)
    assert simple.phone_gets(TURKISH * 2)["parts"] == 2


def test_approximated_text_is_told_to_its_sender(make_scene):
    scene = make_scene("prosody").start(
        **line(text_fallback="approximate"))
    text = "“Well” … " + "it’s a long way to Łódź – " * 3
    want = "\"Well\" ... " + "it's a long way to Lodz - " * 3
    stanza = scene.alice.text(scene.contact(), text, origin="once")
    event = scene.phone_gets(want)
    assert event["parts"] == 1
    remark = scene.alice.expect_text(scene.contact())
    assert remark.body.startswith(
        "[gateway] Sent with 18 letters changed to save 1 part: “ to \", ")
    reply = remark.find("{urn:xmpp:reply:0}reply")
    assert reply.get("id") == stanza
    scene.alice.expect_receipt(stanza)
    # A repeat is not accepted; what cannot be approximated goes as it is.
    scene.alice.text(scene.contact(), text, origin="once")
    scene.alice.text(scene.contact(), "“да”")
    scene.phone_gets("“да”")
    scene.talk("plain")
    assert len(scene.alice.texts(scene.contact())) == 1
    assert len(scene.phone_texts()) == 3
    log = scene.gateway.log()
    assert "letters were changed in a text to" in log
    assert "Well" not in log and PHONE not in log


def test_manners(simple):
    def send(manner, text, check=True):
        return simple.gateway.cli(
            "send", "--network=sms", f"--from={simple.alice.jid}",
            f"--to={PHONE}", f"--manner={manner}", text, check=check)

    simple.alice.fence(simple.domain)
    send("flash", "look at this")
    assert simple.phone_gets("look at this")["dcs"] == 0x10
    send("flash", "дым" * 30)  # both parts of it
    assert simple.phone_gets("дым" * 30)["dcs"] == 0x18
    send("replace=3", "it is 21 degrees")
    assert simple.phone_gets("it is 21 degrees")["pid"] == 0x43
    send("report=no validity=30", "no report")
    simple.phone_gets("no report")
    accepted = [e for e in simple.sim.poll() if e["event"] == "accepted"
                and e["text"] == "no report"]
    assert [e["srr"] for e in accepted] == [False]
    refused = send("flsh", "x", check=False)
    assert refused.returncode == 1
    assert 'no manner of sending "flsh", only flash' in refused.stderr
    assert json.loads(simple.gateway.cli("queue", "--json").stdout) == []


def test_a_manner_outlives_a_crash(make_scene):
    """Accepted while the modem is away, sent by the next life."""
    scene = make_scene("prosody").start()
    scene.talk()
    scene.sim.request("unplug", modem="sim1")
    wait_for(lambda: scene.gateway.line()["state"] != "online", 20,
             "a line that is down")
    scene.gateway.cli("send", "--network=sms", f"--from={scene.alice.jid}",
                      f"--to={PHONE}", "--manner=flash", "later")
    scene.gateway.kill()
    scene.sim.request("replug", modem="sim1")
    scene.gateway.start()
    assert scene.phone_gets("later", timeout=30)["dcs"] == 0x10


def test_too_long_names_the_count(make_scene):
    scene = make_scene("prosody").start()
    stanza = scene.alice.text(scene.contact(), "я" * (12 * 67 + 1))
    error = scene.alice.expect_error(stanza)
    assert error.condition == "not-acceptable"
    assert "needs 13 parts, the limit is 10" in error.error_text
    scene.talk("short")
    assert scene.phone_texts() == ["short"]
