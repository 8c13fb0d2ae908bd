"""Alphabets, parts, and what happens to them on the way."""

import time

import pytest

from lib.process import wait_for
from lib.scene import PHONE

MOON = "\U0001F319"
GSM7 = "Åpne døra! Ça coûte 5 € {net} [now] ~ \\ ^ | ÆØÅ ñ ß Δ Φ Γ Λ Ω"
CYRILLIC = "Съешь же ещё этих мягких французских булок, да выпей чаю. "
TEXTS = {
    "one": "x",
    "gsm7 160": "a" * 160,
    "gsm7 161": "a" * 161,
    "gsm7 306": "b" * 306,
    "gsm7 307": "b" * 307,
    "escape at the cut": "a" * 152 + "€" + "b" * 152 + "€" + "end",
    "euro 80": "€" * 80,
    "euro 81": "€" * 81,
    "extended": GSM7.replace("ç", "c").replace("û", "u"),
    "ucs2 70": "ж" * 70,
    "ucs2 71": "ж" * 71,
    "cyrillic long": CYRILLIC * 6,
    "emoji": MOON,
    "emoji at the cut": "ж" * 66 + MOON + "ж" * 66 + MOON + "!",
    "emoji 200": MOON * 200,
    "family": "\U0001F468‍\U0001F469‍\U0001F467‍"
              "\U0001F466 " * 10,
    "lines": "one\ntwo\n\nthree",
    "mixed": (CYRILLIC + MOON + " and English ") * 8,
    "spaces": "  two before, two after  ",
}


@pytest.fixture(scope="module")
def shared(shared_server, tmp_path_factory):
    """One scene for the whole table; every text has its own phone."""
    from lib.scene import Scene
    server = shared_server("prosody")
    scene = Scene(server, server.next_index(),
                  tmp_path_factory.mktemp("long"))
    scene.start()
    yield scene
    scene.close()


def phone_of(name):
    return f"+4477009006{sorted(TEXTS).index(name):02}"


@pytest.mark.parametrize("name", TEXTS)
def test_out(shared, name):
    text, number = TEXTS[name], phone_of(name)
    stanza = shared.alice.text(shared.contact(number), text)
    event = shared.phone_gets(text, number)
    shared.alice.expect_receipt(stanza)
    if name in ("gsm7 160", "euro 80", "ucs2 70", "extended"):
        assert event["parts"] == 1
    if name in ("gsm7 161", "gsm7 306", "euro 81", "ucs2 71"):
        assert event["parts"] == 2
    if name == "gsm7 307":
        assert event["parts"] == 3


@pytest.mark.parametrize("name", TEXTS)
def test_in(shared, name):
    text, number = TEXTS[name], phone_of(name)
    shared.alice.text(shared.contact(number), "call me")
    shared.phone_gets("call me", number)
    shared.phone_sends(text, number)
    shared.alice.expect_text(shared.contact(number), text)


def test_parts_out_of_order_and_repeated(simple):
    simple.talk("make an account")
    text = CYRILLIC * 5
    for options in ({"order": [3, 1, 2, 5, 4]}, {"dup": [2, 4]},
                    {"wide": True}, {"wide": True, "order": [5, 4, 3, 2, 1]},
                    {"delay": [0, 300]}):
        body = text + str(options)
        simple.phone_sends(body, **options)
        simple.alice.expect_text(simple.contact(), body, 20)
    assert len(simple.alice.texts(simple.contact())) == 5


def test_same_reference_again_is_another_text(simple):
    """8 bit references come again soon; texts must not mix."""
    simple.talk("make an account")
    now = int(time.time())
    for n in range(3):
        body = f"{n} " + "abcdefghij" * 30
        simple.phone_sends(body, ref=77, time=now + 100 * n)
        simple.alice.expect_text(simple.contact(), body)


def test_same_reference_from_two_phones(simple):
    numbers = ("+447700900701", "+447700900702")
    for number in numbers:
        simple.talk("hello", number)
    for number in numbers:
        simple.phone_sends(number + " first half " * 20, number, ref=5,
                           drop=[2])
    for number in numbers:
        simple.phone_sends(number + " first half " * 20, number, ref=5,
                           drop=[1])
    for number in numbers:
        simple.alice.expect_text(simple.contact(number),
                                 number + " first half " * 20)


def test_lost_part_shows_a_gap_after_a_while(make_scene):
    scene = make_scene("prosody").start(
        networks={"sms": {"parts_timeout": 2}})
    scene.talk("make an account")
    text = "A" * 153 + "B" * 153 + "C" * 100
    scene.phone_sends(text, drop=[2])
    message = scene.alice.expect_text(scene.contact(), timeout=30)
    assert "A" * 153 in message.body and "C" * 100 in message.body
    assert "B" * 10 not in message.body
    assert len(message.body) > 253, "a visible mark"
    wait_for(lambda: scene.sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
             "an empty SIM")


def test_parts_survive_a_restart(simple):
    """Half of a text before kill -9, the other half after."""
    simple.talk("make an account")
    text = CYRILLIC * 5
    simple.phone_sends(text, ref=9, drop=[4, 5])
    for _ in range(3):
        simple.sim.wait_for("cmgd")
    simple.gateway.kill()
    simple.gateway.start()
    simple.phone_sends(text, ref=9, drop=[1, 2, 3])
    simple.alice.expect_text(simple.contact(), text)


def test_reports_of_some_parts_are_no_receipt(simple):
    simple.sim.request("report", to=PHONE, mode="manual")
    stanza = simple.alice.text(simple.contact(), "z" * 400)
    held = [simple.sim.wait_for("accepted")["id"] for _ in range(3)]
    for number in held[:2]:
        simple.sim.request("report", now=number, st=0)
    simple.alice.fence(simple.domain)
    other = simple.alice.text(simple.contact(), "quick")
    quick = simple.sim.wait_for("accepted", text="quick")
    simple.sim.request("report", now=quick["id"], st=0)
    simple.alice.expect_receipt(other)
    assert stanza not in simple.alice.receipts()
    simple.sim.request("report", now=held[2], st=0)
    simple.alice.expect_receipt(stanza)


def test_one_lost_part_is_one_error(simple):
    simple.sim.request("report", to=PHONE, mode="manual")
    stanza = simple.alice.text(simple.contact(), "z" * 400)
    held = [simple.sim.wait_for("accepted")["id"] for _ in range(3)]
    for number, status in zip(held, (0, 0x46, 0)):
        simple.sim.request("report", now=number, st=status)
    simple.alice.expect_error(stanza)
    simple.alice.fence(simple.domain)
    assert stanza not in simple.alice.receipts()
    assert len([e for e in simple.alice.errors() if e.id == stanza]) == 1


def test_retry_continues_at_the_part_that_failed(simple):
    """Parts 1 and 2 are not sent again when part 3 has to be."""
    simple.sim.fault("cms", modem="sim1", codes=[0, 0, 38])
    text = "0123456789" * 60
    simple.alice.text(simple.contact(), text)
    simple.phone_gets(text, timeout=60)
    accepted = [e["concat"]["seq"] for e in simple.sim.poll()
                if e.get("event") == "accepted"]
    assert accepted == [1, 2, 3, 4]


def test_push_and_silent_messages_are_not_garbage(simple):
    """A WAP push (an MMS notice) and a silent SMS do no harm."""
    simple.talk("make an account")
    simple.sim.text("sim1", sender=PHONE, data="0601af84b4818c82",
                    udh="05040b8423f0", dcs=4)
    simple.sim.text("sim1", "silent", sender=PHONE, pid=0x40)
    simple.phone_sends("after it")
    simple.alice.expect_text(simple.contact(), "after it")
    wait_for(lambda: simple.sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
             "an empty SIM")
