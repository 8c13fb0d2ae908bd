"""Each family of modems, with its habits: a text each way, short and long,
and then the trouble that this family is known for."""

import json
import os

import pytest

from lib.process import wait_for
from lib.scene import SIM
from sim import family

with open(os.path.join(os.path.dirname(family.__file__), "profiles.json"),
          encoding="utf-8") as _file:
    FAMILIES = list(json.load(_file))

LONG = "Луна " * 40


def begin(make_scene, profile):
    return make_scene("prosody").start(
        [{"name": "sim1", "number": SIM, "profile": profile}],
        networks={"sms": {"settle": 1}})


@pytest.mark.parametrize("profile", FAMILIES)
def test_texts_both_ways(make_scene, profile):
    scene = begin(make_scene, profile)
    facts = family.load_profile(profile)
    stanza = scene.alice.text(scene.contact(), "out")
    scene.phone_gets("out")
    long = scene.alice.text(scene.contact(), LONG)
    scene.phone_gets(LONG)
    if facts["send_only"]:
        return
    scene.alice.expect_receipt(stanza)
    scene.alice.expect_receipt(long)
    scene.phone_sends("in")
    scene.alice.expect_text(scene.contact(), "in", 20)
    scene.phone_sends(LONG)
    scene.alice.expect_text(scene.contact(), LONG, 20)
    assert scene.phone_texts() == ["out", LONG]
    wait_for(lambda: not any(used for used, _ in scene.sim.stats("sim1")
                             ["memories"].values()), 10, "an empty store")


def test_huawei_comes_back_as_another_device(make_scene):
    scene = begin(make_scene, "huawei")
    scene.talk("before")
    old = os.readlink(scene.sim.device())
    scene.sim.fault("reboot", modem="sim1")
    scene.sim.wait_for("booted")
    assert os.readlink(scene.sim.device()) != old
    scene.talk("after")


def test_huawei_tells_that_its_store_is_full(make_scene):
    """What is in the store is brought in; then the network sends again."""
    scene = begin(make_scene, "huawei")
    scene.talk("make an account")
    scene.gateway.stop()
    for n in range(20):
        scene.phone_sends(f"text {n}")
        scene.sim.wait_for("stored")
    scene.phone_sends("one too many")
    scene.gateway.start()
    for n in range(20):
        scene.alice.expect_text(scene.contact(), f"text {n}", 20)
    scene.alice.expect_text(scene.contact(), "one too many", 20)


def test_sim800_dies_while_it_sends(make_scene):
    """Weak supply: the burst of a transmission resets it."""
    scene = begin(make_scene, "sim800")
    scene.sim.fault("brown-out", modem="sim1", mid=True, accept=False)
    stanza = scene.alice.text(scene.contact(), "with a weak supply")
    scene.phone_gets("with a weak supply")
    scene.alice.expect_receipt(stanza)


def test_sim800_says_ok_without_signal(make_scene):
    scene = begin(make_scene, "sim800")
    scene.sim.request("signal", modem="sim1", rssi=0)
    stanza = scene.alice.text(scene.contact(), "no signal")
    scene.sim.wait_for("swallowed")
    scene.sim.request("signal", modem="sim1", rssi=20)
    scene.phone_gets("no signal", timeout=60)
    scene.alice.expect_receipt(stanza)
    assert scene.phone_texts() == ["no signal"]


def test_ec25_names_a_wrong_place_for_reports(make_scene):
    """Slot 0 of the SIM may hold somebody's text: it must arrive, and only
    it; a report that is named must not."""
    scene = begin(make_scene, "ec25")
    scene.talk("make an account")
    scene.phone_sends("in the slot of the report")
    scene.sim.request("urc", modem="sim1", line='+CDSI: "SM",0')
    scene.alice.expect_text(scene.contact(), "in the slot of the report", 20)
    scene.talk("again")


def test_motorola_forgets_its_mode(make_scene):
    """After a reset AT+MODE=2 is needed again, and nothing announces it."""
    scene = begin(make_scene, "motorola")
    scene.talk("before")
    scene.sim.fault("reboot", modem="sim1")
    scene.sim.wait_for("booted")
    stanza = scene.alice.text(scene.contact(), "after")
    scene.phone_gets("after", timeout=60)
    scene.alice.expect_receipt(stanza)
