"""Kills, restarts and unplugging: nothing accepted is lost, and nothing
comes twice without a reason."""

import pytest

from lib.process import wait_for
from lib.scene import PHONE, PHONE2, SIM

SLOW = [{"name": "sim1", "number": SIM, "answer": "150:250"}]
QUICK_SETTLE = {"networks": {"sms": {"settle": 1}}}


def collect(scene, number=PHONE):
    """(texts once each in order, number of copies too many)."""
    texts = scene.phone_texts(number)
    once = list(dict.fromkeys(texts))
    return once, len(texts) - len(once)


def test_kill_in_the_middle(make_scene, server_name):
    scene = make_scene(server_name)
    scene.start(SLOW, **QUICK_SETTLE)
    bodies = [f"text {n}" for n in range(12)]
    stanzas = [scene.alice.text(scene.contact(), b) for b in bodies]
    scene.alice.fence(scene.domain)
    for n in (2, 5, 8):
        scene.sim.wait_for("accepted", 30, text=f"text {n}")
        scene.gateway.kill()
        scene.phone_sends(f"meanwhile {n}")
        scene.gateway.start()
    scene.phone_gets(bodies[-1], timeout=60)
    once, extra = collect(scene)
    assert once == bodies and extra <= 3
    for stanza in stanzas:
        scene.alice.expect_receipt(stanza, 30)
    for n in (2, 5, 8):
        scene.alice.expect_text(scene.contact(), f"meanwhile {n}", 30)


def test_restart_in_the_middle_sends_nothing_twice(make_scene, server_name):
    scene = make_scene(server_name)
    scene.start(SLOW)
    bodies = [f"text {n}" for n in range(10)]
    stanzas = [scene.alice.text(scene.contact(), b) for b in bodies]
    scene.alice.fence(scene.domain)
    for n in (2, 6):
        scene.sim.wait_for("accepted", 30, text=f"text {n}")
        scene.gateway.restart()
    scene.phone_gets(bodies[-1], timeout=60)
    assert scene.phone_texts() == bodies
    for stanza in stanzas:
        scene.alice.expect_receipt(stanza, 30)


def test_killed_right_after_the_fence(make_scene, server_name):
    """What a fence has confirmed is there after kill -9 at once. The kill
    may fall into the sending: then a second copy is right."""
    scene = make_scene(server_name).start(**QUICK_SETTLE)
    # A report that a modem hands to a dead gateway is gone: it comes later.
    scene.sim.request("report", to=PHONE, delay=2)
    for n in range(3):
        stanza = scene.alice.text(scene.contact(), f"confirmed {n}")
        scene.alice.fence(scene.domain)
        scene.gateway.kill()
        scene.gateway.start()
        scene.phone_gets(f"confirmed {n}", timeout=30)
        scene.alice.expect_receipt(stanza, 30)
    once, extra = collect(scene)
    assert once == [f"confirmed {n}" for n in range(3)] and extra <= 3


def test_text_on_the_sim_before_start(simple):
    simple.talk("make an account")
    simple.gateway.stop()
    for n in range(5):
        simple.phone_sends(f"waiting {n}")
    simple.gateway.start()
    for n in range(5):
        simple.alice.expect_text(simple.contact(), f"waiting {n}")
    wait_for(lambda: simple.sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
             "an empty SIM")


def test_both_memories_are_drained(make_scene):
    """A text may lie where the modem was not told to put it."""
    scene = make_scene("prosody").start(
        [{"name": "sim1", "number": SIM, "profile": "sim7600"}])
    scene.talk("make an account")
    for text, memory, dcs in [("to the SIM", "SM", 0xF2),   # class 2
                              ("elsewhere", "ME", 0x00)]:
        scene.phone_sends(text, dcs=dcs)
        scene.sim.wait_for("stored", memory=memory)
        scene.alice.expect_text(scene.contact(), text, 20)


def test_answer_lost_but_reported_is_sent_once(make_scene):
    """The network took it and reports it: no second copy."""
    scene = make_scene("prosody").start(
        networks={"sms": {"settle": 20}})
    scene.sim.fault("answer-lost", modem="sim1")
    stanza = scene.alice.text(scene.contact(), "taken, but who knows")
    scene.phone_gets("taken, but who knows", timeout=30)
    scene.alice.expect_receipt(stanza, 150)
    scene.gateway.wait_idle()
    assert scene.phone_texts() == ["taken, but who knows"]


def test_network_time_out_is_settled_then_resent_once(make_scene):
    """332: nobody knows. After the settle time it goes again, once, marked
    as a repeat."""
    scene = make_scene("prosody").start(**QUICK_SETTLE)
    scene.sim.fault("cms", modem="sim1", codes=[332])
    stanza = scene.alice.text(scene.contact(), "perhaps")
    follower = scene.alice.text(scene.contact(), "follower")
    event = scene.sim.wait_for("accepted", 40, text="perhaps")
    assert event["rd"], "TP-RD on a repeat"
    scene.phone_gets("follower")
    assert scene.phone_texts() == ["perhaps", "follower"]
    scene.alice.expect_receipt(stanza)
    scene.alice.expect_receipt(follower)
    counters = scene.gateway.status()["gateway"]["counters"]
    assert counters["ambiguous_resend"] == 1


@pytest.mark.parametrize("policy, copies", [("hold", 0), ("fail", 0)])
def test_other_policies_never_resend(make_scene, policy, copies):
    scene = make_scene("prosody").start(
        networks={"sms": {"settle": 1, "ambiguous": policy}})
    scene.sim.fault("cms", modem="sim1", codes=[332])
    stanza = scene.alice.text(scene.contact(), "perhaps")
    if policy == "fail":
        error = scene.alice.expect_error(stanza, 40)
        assert error.error_text
    else:
        wait_for(lambda: [r for r in scene.gateway.queue("--state", "all")
                          if r["state"] == "unknown"], 30, "unknown")
    scene.alice.text(scene.contact(PHONE2), "others go on")
    scene.phone_gets("others go on", PHONE2)
    assert len(scene.phone_texts()) == copies


def test_temporary_error_is_retried(simple):
    simple.sim.fault("cms", modem="sim1", codes=[38])
    stanza = simple.alice.text(simple.contact(), "again, please")
    follower = simple.alice.text(simple.contact(), "after it")
    simple.phone_gets("after it", timeout=60)
    assert simple.phone_texts() == ["again, please", "after it"]
    simple.alice.expect_receipt(stanza)
    simple.alice.expect_receipt(follower)
    assert simple.alice.errors() == []


def test_permanent_error_goes_back_to_the_sender(scene):
    scene.sim.fault("cms", modem="sim1", codes=[28, 21])
    unknown = scene.alice.text(scene.contact(), "to nobody")
    error = scene.alice.expect_error(unknown)
    assert error.condition == "item-not-found"
    assert error.error_type == "cancel"
    barred = scene.alice.text(scene.contact(), "not allowed")
    error = scene.alice.expect_error(barred)
    assert error.error_type == "cancel" and error.error_text
    scene.talk("the next one goes")
    assert scene.phone_texts() == ["the next one goes"]


def test_owed_error_survives_kill(simple):
    """The error is told although the gateway died before it could."""
    simple.talk()
    simple.sim.fault("cms", modem="sim1", codes=[28])
    # Killed when the failure is committed and nobody is told yet.
    simple.gateway.stop()
    simple.gateway.start(env={"MOONGATE_CRASH": "result:1"})
    stanza = simple.alice.text(simple.contact(), "to nobody")
    assert simple.gateway.process.wait(20) == -9
    assert simple.alice.errors() == []
    simple.gateway.start()
    error = simple.alice.expect_error(stanza, 20)
    assert error.condition == "item-not-found"


@pytest.mark.parametrize("renumber", [False, True])
def test_unplugged_and_replugged(make_scene, renumber):
    """Idle: found again by its stable path."""
    scene = make_scene("prosody").start()
    scene.talk("before")
    scene.sim.request("unplug", modem="sim1")
    wait_for(lambda: scene.gateway.line()["state"] != "online", 10,
             "the loss is noticed")
    stanza = scene.alice.text(scene.contact(), "waits for the modem")
    scene.alice.fence(scene.domain)
    assert len(scene.gateway.queue()) == 1
    scene.sim.request("replug", modem="sim1", renumber=renumber)
    scene.phone_gets("waits for the modem", timeout=30)
    scene.alice.expect_receipt(stanza)
    assert scene.alice.errors() == []


@pytest.mark.parametrize("accepted", [True, False])
def test_unplugged_in_the_middle_of_sending(make_scene, accepted):
    scene = make_scene("prosody").start(SLOW, **QUICK_SETTLE)
    scene.sim.fault("unplug", modem="sim1", mid=True, replug=1.0,
                    renumber=True, accept=accepted)
    stanza = scene.alice.text(scene.contact(), "in the middle")
    scene.sim.wait_for("unplugged")
    scene.alice.text(scene.contact(), "after it")
    scene.phone_gets("after it", timeout=60)
    once, extra = collect(scene)
    assert once == ["in the middle", "after it"]
    assert extra <= (1 if accepted else 0)
    scene.alice.expect_receipt(stanza, 30)


def test_modem_reboots_in_the_middle(make_scene):
    scene = make_scene("prosody").start(SLOW, **QUICK_SETTLE)
    scene.sim.fault("reboot", modem="sim1", mid=True, accept=False)
    stanza = scene.alice.text(scene.contact(), "despite a reboot")
    scene.phone_gets("despite a reboot", timeout=120)
    scene.phone_sends("still set up")
    scene.alice.expect_text(scene.contact(), "still set up", 30)
    scene.alice.expect_receipt(stanza, 30)


def test_full_sim_is_drained(simple):
    simple.talk("make an account")
    simple.gateway.stop()
    simple.sim.fault("full", modem="sim1", memory="SM", leave=0)
    simple.sim.fault("full", modem="sim1", memory="ME", leave=0)
    simple.phone_sends("outside the full memory")
    simple.gateway.start()
    simple.alice.expect_text(simple.contact(), "outside the full memory",
                             60)
    wait_for(lambda: simple.sim.stats("sim1")["memories"]["SM"][0] == 0, 20,
             "an empty SIM")


def test_message_that_expires(make_scene):
    """No modem for longer than the time to live: an error, in words."""
    scene = make_scene("prosody").start(networks={"sms": {"ttl": 5}})
    scene.talk()
    scene.sim.request("unplug", modem="sim1")
    wait_for(lambda: scene.gateway.line()["state"] != "online", 10, "loss")
    stanza = scene.alice.text(scene.contact(), "too late")
    error = scene.alice.expect_error(stanza, 40)
    assert error.condition in ("recipient-unavailable",
                               "remote-server-timeout")
    assert error.error_type == "wait"
    scene.sim.request("replug", modem="sim1")
    scene.gateway.wait_line("online")
    scene.talk("a fresh one goes")
    assert "too late" not in scene.phone_texts()


def test_two_daemons_never_share_a_store(simple):
    second = simple.gateway.cli("run", check=False)
    assert second.returncode != 0
    assert simple.gateway.state in second.stderr + second.stdout
    simple.talk("the first one works on")
