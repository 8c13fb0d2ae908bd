"""Each fault of a modem, one by one: what the line shows is noticed within
two seconds, other lines go on, the line works within five seconds of the
fault's end, no text is lost, and none is sent twice without need."""

import fcntl
import time
from contextlib import contextmanager

import pytest

from lib.process import wait_for
from lib.scene import PHONE, SIM

BACK = 5        # seconds that a line may need once the fault is over
SOON = 2        # seconds in which a visible fault is noticed


@pytest.fixture
def begin(make_scene):
    """A scene with short settings, and an account that has been used."""
    def make(modems=None, **line):
        scene = make_scene("prosody")
        scene.simulate(modems)
        line = {"answer_timeout": 2, **line}
        scene.start(networks={"sms": {"settle": 1}},
                    lines={name: line for name in scene.sim.modems})
        if line.get("reports", True):
            scene.talk("before")
        return scene
    return make


@contextmanager
def within(seconds):
    """What is inside waits for something; it must not take longer."""
    started = time.monotonic()
    yield
    took = time.monotonic() - started
    assert took <= seconds, f"it took {took:.1f} s, not {seconds}"


def comes_through(scene, text, copies=1, limit=BACK):
    """A text out and its receipt, and one in."""
    with within(limit):
        stanza = scene.alice.text(scene.contact(), text)
        scene.phone_gets(text)
    scene.alice.expect_receipt(stanza, 20)
    assert scene.phone_texts().count(text) == copies
    scene.phone_sends(text + " back")
    scene.alice.expect_text(scene.contact(), text + " back", 20)


# ---- bytes ------------------------------------------------------------------

def test_pdu_that_arrives_in_pieces(begin):
    """CMS 304: bytes were lost on the way to the modem. It is tried again at
    once; who is refused again and again is told."""
    scene = begin()
    scene.sim.fault("cms", modem="sim1", codes=[304] * 3)
    comes_through(scene, "in pieces at first")
    scene.sim.fault("cms", modem="sim1", codes=[304] * 4)
    stanza = scene.alice.text(scene.contact(), "always in pieces")
    error = scene.alice.expect_error(stanza, 10)
    assert "304" in error.error_text


@pytest.mark.parametrize("fault", [
    {"fault": "lose", "dir": "out", "bytes": 10},
    {"fault": "lose", "dir": "in", "bytes": 12},
    {"fault": "garble", "dir": "out", "bytes": 12, "rate": 0.3},
], ids=lambda fault: f"{fault['fault']}-{fault['dir']}")
def test_spoilt_bytes(begin, fault):
    """While it is set up: a command or its answer cannot be read."""
    scene = begin()
    scene.sim.fault("reboot", modem="sim1", seconds=0)
    scene.sim.wait_for("booted")
    scene.sim.fault(modem="sim1", **fault)
    comes_through(scene, "through", limit=BACK + 1)


def test_late_answers(begin):
    scene = begin()
    scene.sim.fault("delay", modem="sim1", ms=[150, 250])
    comes_through(scene, "slowly", limit=10)


# ---- silence ----------------------------------------------------------------

def test_hang(begin):
    """It takes nothing and says nothing for two seconds."""
    scene = begin()
    scene.sim.fault("hang", modem="sim1", seconds=2)
    comes_through(scene, "after the silence", limit=2 + BACK)


def test_no_prompt(begin):
    scene = begin()
    scene.sim.fault("no-prompt", modem="sim1")
    comes_through(scene, "at the second prompt", limit=BACK + 1)


def test_no_answer_and_not_sent(begin):
    """Nobody knows: sent again once, after `settle`."""
    scene = begin()
    scene.sim.fault("no-final", modem="sim1")
    comes_through(scene, "was it sent?", limit=2 + 1 + BACK)


def test_answer_lost_and_sent(begin):
    """The report settles it: no second copy."""
    scene = begin()
    scene.sim.fault("answer-lost", modem="sim1")
    comes_through(scene, "it was sent")


def test_reference_without_ok(begin):
    """The reference says it all; only its OK is missing."""
    scene = begin(reports=False)
    scene.sim.fault("ok-lost", modem="sim1")
    stanza = scene.alice.text(scene.contact(), "half an answer")
    scene.phone_gets("half an answer")
    with within(BACK):
        wait_for(lambda: not scene.gateway.queue(), BACK, "sent")
    assert scene.phone_texts().count("half an answer") == 1
    assert scene.alice.errors() == []
    assert stanza
    comes_through_without_receipt(scene, "and the next")


def comes_through_without_receipt(scene, text):
    scene.alice.text(scene.contact(), text)
    scene.phone_gets(text)
    assert scene.phone_texts().count(text) == 1


# ---- restarts ---------------------------------------------------------------

def test_reboot_with_noise(begin):
    scene = begin()
    scene.sim.fault("reboot", modem="sim1", seconds=0.3, noise=[
        "\x00\x00\xff\xfe", "^BOOT:19132345,0,0,0,6", "RDY", "+CFUN: 1"])
    scene.sim.wait_for("booted")
    with within(SOON):
        scene.gateway.wait_log("line sim1: the modem restarted")
    comes_through(scene, "after the restart")


def test_restart_without_a_word(begin):
    """In text mode it would send the PDU as a text, to the number that is its
    length; that its echo is on again gives it away."""
    scene = begin([{"name": "sim1", "number": SIM, "profile": "tc35"}])
    scene.sim.fault("reboot", modem="sim1", seconds=0, noise=[])
    scene.sim.wait_for("booted")
    comes_through(scene, "as a text")
    scene.gateway.wait_log("has forgotten its settings")


def test_echo_that_cannot_be_turned_off(make_scene):
    """It does not mean a restart each time."""
    scene = make_scene("prosody")
    scene.simulate()
    scene.sim.fault("error", modem="sim1", on="E", count=100)
    scene.start()
    comes_through(scene, "with echo")
    assert any("< AT+CMGS" in line for line in scene.sim.log())
    assert "has forgotten" not in scene.gateway.log()


def test_brown_out_while_it_sends(begin):
    scene = begin()
    scene.sim.fault("brown-out", modem="sim1", mid=True, accept=False)
    comes_through(scene, "with little power", limit=1 + BACK)
    scene.gateway.wait_log("line sim1: the modem restarted")


def test_unplugged_while_it_sends(begin):
    """Accepted by the network, unknown to us: the report comes later."""
    scene = begin()
    scene.sim.fault("unplug", modem="sim1", mid=True, accept=True,
                    replug=0.5, renumber=True)
    stanza = scene.alice.text(scene.contact(), "pulled out")
    scene.sim.wait_for("unplugged")
    with within(SOON):
        scene.gateway.wait_log(r"line sim1 is offline.*unplugged", SOON)
    scene.sim.wait_for("plugged")
    with within(BACK):
        scene.gateway.wait_line("online")
    scene.alice.expect_receipt(stanza, 20)
    assert scene.phone_texts().count("pulled out") <= 2
    comes_through(scene, "plugged in")


def test_unplugged_and_forgotten_for_a_while(begin):
    scene = begin()
    scene.sim.fault("unplug", modem="sim1", replug=2)
    with within(SOON):
        scene.gateway.wait_log("line sim1 is offline", SOON)
    stanza = scene.alice.text(scene.contact(), "for later")
    scene.sim.drop_events()
    scene.sim.wait_for("plugged", 5)
    with within(BACK):
        scene.phone_gets("for later")
    scene.alice.expect_receipt(stanza)


# ---- SIM and network --------------------------------------------------------

def test_sim_busy(begin):
    scene = begin()
    scene.sim.fault("sim-busy", modem="sim1", count=3)
    comes_through(scene, "not so busy", limit=3 + BACK)


def test_sim_taken_out_and_put_in(begin):
    scene = begin()
    scene.sim.fault("no-sim", modem="sim1")
    scene.sim.request("urc", modem="sim1", line="+CPIN: NOT READY")
    wait_for(lambda: "no SIM" in scene.gateway.line()["problem"], 5,
             lambda: str(scene.gateway.line()))
    stanza = scene.alice.text(scene.contact(), "with a SIM again")
    scene.sim.fault("no-sim", modem="sim1", on=False)
    with within(BACK):
        scene.phone_gets("with a SIM again")
    scene.alice.expect_receipt(stanza)


def test_network_comes_and_goes(begin):
    """Texts wait at the modem, without being refused one by one."""
    scene = begin()
    scene.sim.fault("no-network", modem="sim1")
    with within(SOON):
        wait_for(lambda: scene.gateway.line()["facts"]["phase"]
                 == "waiting for the network", SOON,
                 lambda: str(scene.gateway.line()))
    stanza = scene.alice.text(scene.contact(), "when the mast is back")
    scene.alice.fence(scene.domain)
    scene.sim.fault("network", modem="sim1")
    with within(BACK):
        scene.phone_gets("when the mast is back")
    scene.alice.expect_receipt(stanza)
    assert scene.sim.stats("sim1")["cmgs"] == 2


def test_full_store(begin):
    """What fills it is brought in; what waited outside follows."""
    scene = begin()
    scene.sim.fault("full", modem="sim1", memory="SM")
    scene.phone_sends("one too many")
    scene.sim.request("urc", modem="sim1", line='^SMMEMFULL: "SM"')
    with within(BACK):
        scene.alice.expect_text(scene.contact(), "one too many")
    wait_for(lambda: scene.sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
             "an empty store")


# ---- the port ---------------------------------------------------------------

def test_port_of_another_program(make_scene):
    scene = make_scene("prosody")
    scene.simulate()
    with open(scene.sim.device(), "rb", buffering=0) as port:
        fcntl.flock(port, fcntl.LOCK_EX)
        gateway = scene.make_gateway()
        gateway.start(wait=False)
        gateway.wait_log("port is in use by another program", 10)
    with within(BACK):
        gateway.wait_online()
    scene.talk("it is ours")


def test_another_reader(begin):
    """Half of what the modem says is read by somebody else for a second."""
    scene = begin()
    scene.sim.fault("port-stolen", modem="sim1", seconds=1)
    comes_through(scene, "what is left of it", limit=1 + 3 + BACK)


@pytest.mark.parametrize("command", ["ATV0", "ATE1"])
def test_settings_of_somebody_else(begin, command):
    """Another program makes it answer in numbers, or repeat what it hears."""
    scene = begin()
    scene.sim.fault("port-stolen", modem="sim1", seconds=0, lines=[command])
    comes_through(scene, "as we like it", limit=3 + BACK)


def test_answers_to_somebody_else(begin):
    scene = begin()
    for _ in range(3):
        scene.sim.request("urc", modem="sim1", line="OK")
    scene.gateway.wait_log("another program uses its port", 5)
    comes_through(scene, "all the same")


# ---- several lines ----------------------------------------------------------

# Each on a line of its own: the fault, how long it lasts or stays unnoticed
# (3 s without an answer), and what the log says of it at once.
EACH = {
    "lost": ({"fault": "lose", "bytes": 8}, 3, None),
    "lost-in": ({"fault": "lose", "dir": "in", "bytes": 4}, 3, None),
    "garbled": ({"fault": "garble", "bytes": 8, "rate": 0.5, "bit": 6}, 3,
                None),
    "late": ({"fault": "delay", "ms": [50, 150]}, 3, None),
    "urc-inside": ({"fault": "urc-inside", "lines": [
        "^RSSI: 17", "+CREG: 1", '+CMTI: "ME",99', "RING"]}, 0, None),
    "no-prompt": ({"fault": "no-prompt"}, 3, None),
    "no-final": ({"fault": "no-final"}, 2 + 1, None),
    "answer-lost": ({"fault": "answer-lost"}, 0, None),
    "hang": ({"fault": "hang", "seconds": 2}, 2 + 3, None),
    "reboot": ({"fault": "reboot", "seconds": 0.5, "noise": [
        "\xff\xfe", "^BOOT:1,0,0,0,6", "RDY"]}, 0.5, "the modem restarted"),
    "sim-busy": ({"fault": "sim-busy", "count": 3}, 3, None),
    "no-network": ({"fault": "no-network", "seconds": 1}, 1, "no network|sear"),
    "full": ({"fault": "full", "memory": "SM"}, 0, None),
    "port-stolen": ({"fault": "port-stolen", "seconds": 1}, 1 + 3, None),
    "unplug": ({"fault": "unplug", "mid": True, "accept": False,
                "replug": 0.5}, 0.5, "is offline.*unplugged"),
    "brown-out": ({"fault": "brown-out", "mid": True, "accept": False}, 1,
                  "the modem restarted"),
}


def test_all_faults_side_by_side(make_scene):
    """None of these lines disturbs the others, and each comes back."""
    scene = make_scene("prosody")
    phones = {name: f"+4477009002{i:02}" for i, name in enumerate(EACH)}
    scene.simulate([
        {"name": name, "number": f"+4477009000{i:02}",
         "profile": "huawei" if name == "full" else "generic"}
        for i, name in enumerate([*EACH, "well"])])
    scene.start(networks={"sms": {"settle": 1}}, lines={
        name: {"answer_timeout": 2, "prefixes": [phones.get(name, PHONE)]}
        for name in [*EACH, "well"]})
    scene.talk("before")
    begun = time.time()
    stanzas = {}
    for name, (fault, _, _) in EACH.items():
        scene.sim.fault(modem=name, **fault)
        stanzas[name] = scene.alice.text(scene.contact(phones[name]), name)
    for n in range(10):
        with within(SOON):
            scene.talk(f"text {n}")
            scene.phone_sends(f"answer {n}", to="well")
            scene.alice.expect_text(scene.contact(), f"answer {n}")
    for name, (_, lasts, sign) in EACH.items():
        took = scene.phone_gets(name, phones[name])["time"] - begun
        assert took <= lasts + BACK, f"{name}: {took:.1f} s"
        scene.alice.expect_receipt(stanzas[name], 20)
        assert scene.phone_texts(phones[name]).count(name) == 1, name
        scene.phone_sends(f"{name} over", phones[name], to=name)
        scene.alice.expect_text(scene.contact(phones[name]), f"{name} over")
        if sign:
            scene.gateway.wait_log(f"line {name}:? .*({sign})")
    assert scene.alice.errors() == []


# ---- what a person is told --------------------------------------------------

def test_no_credit(begin):
    """Refused whoever it is for: the SIM pauses, the text is not lost."""
    scene = begin()
    scene.sim.fault("cms", modem="sim1", codes=[21] * 5)
    for n in range(5):
        scene.alice.text(scene.contact(f"+4477009002{n:02}"), "hello")
    wait_for(lambda: "credit" in scene.gateway.line()["problem"], 10,
             lambda: str(scene.gateway.line()))
    assert len(scene.gateway.queue()) == 1
    wait_for(lambda: len(scene.alice.errors()) == 4, 5, "four errors")
    scene.gateway.restart()
    scene.talk("topped up")
    scene.gateway.wait_idle()


def test_status_in_words(begin):
    scene = begin([{"name": "sim1", "number": SIM, "profile": "ublox"}])
    scene.sim.request("signal", modem="sim1", rssi=17)
    scene.sim.fault("cms", modem="sim1", codes=[38, 38])
    stanza = scene.alice.text(scene.contact(), "at the third try")
    wait_for(lambda: "2 times" in
             scene.gateway.line()["facts"].get("last error", ""), 15,
             lambda: str(scene.gateway.line()))
    facts = scene.gateway.line()["facts"]
    assert facts["operator"] == "home network: TestNet"
    assert facts["technology"] == "3G"
    assert "dBm" in facts["signal"] and "bars" in facts["signal"]
    assert facts["store"].endswith(" of 25")
    assert facts["number"] == SIM
    assert SIM[3:] not in facts["sim"]
    assert "CMS 38" in facts["last error"]
    assert "credit" in facts["last error"]
    text = scene.gateway.cli("status").stdout
    assert "last error: CMS 38 2 times in a row" in text
    scene.phone_gets("at the third try")
    scene.alice.expect_receipt(stanza)
    wait_for(lambda: "last error" not in scene.gateway.line()["facts"], 5,
             "no error after a success")
