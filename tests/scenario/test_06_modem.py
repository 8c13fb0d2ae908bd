"""A modem that misbehaves."""

from lib.process import wait_for
from lib.scene import SIM


def test_bytes_one_by_one(simple):
    simple.sim.fault("bytewise", modem="sim1", gap_ms=0.2)
    simple.talk("slowly")
    simple.phone_sends("slowly back")
    simple.alice.expect_text(simple.contact(), "slowly back", 20)


def test_noise_between_and_inside_answers(simple):
    lines = ["^RSSI: 17", "+CREG: 1", '+CUSD: 0,"hello",15', "RING",
             "+CMTI: ,-1", '+CMTI: "ME",99', "^HCSQ:1,2,3", "garbage \x01"]
    simple.sim.fault("urc-inside", modem="sim1", lines=lines)
    simple.talk("make an account")
    for n in range(8):
        simple.phone_sends(f"text {n}")
        simple.sim.request("urc", modem="sim1", line=lines[n])
    for n in range(8):
        simple.alice.expect_text(simple.contact(), f"text {n}", 20)
    assert simple.alice.texts(simple.contact()) == [
        f"text {n}" for n in range(8)]


def test_flood_of_unsolicited_lines(simple):
    simple.sim.fault("flood", modem="sim1", line="^RSSI: 17", count=20000)
    simple.talk("through the flood")


def test_no_prompt_is_resynchronised(simple):
    simple.sim.fault("no-prompt", modem="sim1")
    stanza = simple.alice.text(simple.contact(), "no prompt at first")
    simple.phone_gets("no prompt at first", timeout=90)
    simple.alice.expect_receipt(stanza)
    assert simple.phone_texts() == ["no prompt at first"]


def test_ok_without_reference_is_no_success(make_scene):
    scene = make_scene("prosody").start(networks={"sms": {"settle": 1}})
    scene.sim.fault("ok-only", modem="sim1")
    stanza = scene.alice.text(scene.contact(), "was it sent?")
    scene.phone_gets("was it sent?", timeout=60)
    scene.alice.expect_receipt(stanza)


def test_sim_that_asks_for_its_pin(make_scene):
    scene = make_scene("prosody")
    scene.simulate([{"name": "sim1", "number": SIM, "pin": "1234"}])
    scene.make_gateway(lines={"sim1": {"pin": "1234"}}).start()
    scene.talk("unlocked")


def test_wrong_pin_is_tried_once_and_never_again(make_scene):
    scene = make_scene("prosody")
    scene.simulate([{"name": "sim1", "number": SIM, "pin": "1234"}])
    gateway = scene.make_gateway(lines={"sim1": {"pin": "9999"}})
    gateway.start(wait=False)
    gateway.wait_log(r"(?i)\bpin\b", 20)
    wait_for(lambda: gateway.status(check=False), 10, "a control socket")
    wait_for(lambda: "pin" in gateway.line()["problem"].lower(), 10,
             lambda: str(gateway.line()))
    for _ in range(2):
        gateway.stop()
        gateway.start(wait=False)
        gateway.wait_log(r"(?i)\bpin\b", 20)
    assert scene.sim.stats("sim1")["sim"]["pin_tries"] == 2
    assert "9999" not in gateway.log()
    gateway.stop()
    gateway.write_config({"lines": {"sim1": {"pin": "1234"}}})
    gateway.start()
    scene.talk("the right one")


def test_silent_modem_is_told_and_recovers(simple):
    simple.talk()
    simple.sim.fault("hang", modem="sim1", seconds=5)
    stanza = simple.alice.text(simple.contact(), "after the silence")
    simple.phone_gets("after the silence", timeout=120)
    simple.alice.expect_receipt(stanza, 60)


def test_no_network_then_network(simple):
    simple.talk()
    simple.sim.fault("no-network", modem="sim1")
    stanza = simple.alice.text(simple.contact(), "when the mast is back")
    simple.alice.fence(simple.domain)
    simple.sim.fault("network", modem="sim1")
    simple.phone_gets("when the mast is back", timeout=90)
    simple.alice.expect_receipt(stanza)
    assert simple.alice.errors() == []


def test_modem_that_is_not_there_yet(make_scene):
    scene = make_scene("prosody")
    scene.simulate()
    scene.sim.request("unplug", modem="sim1")
    gateway = scene.make_gateway()
    gateway.start(wait=False)
    wait_for(lambda: gateway.status(check=False), 10, "a control socket")
    gateway.wait_network(True)
    wait_for(lambda: gateway.line()["problem"], 10, "a reason in words")
    scene.sim.request("replug", modem="sim1")
    gateway.wait_online(30)
    scene.talk()


def test_over_tcp(make_scene):
    scene = make_scene("prosody")
    scene.simulate([{"name": "sim1", "number": SIM, "tcp": 0}])
    port = scene.sim.modems["sim1"]["tcp"]
    scene.sim.modems["sim1"]["link"] = f"tcp:127.0.0.1:{port}"
    scene.make_gateway().start()
    scene.talk("over TCP")


def test_status_shows_the_modem(simple):
    simple.sim.request("signal", modem="sim1", rssi=25)
    line = simple.gateway.line()
    text = str(line)
    assert line["state"] == "online"
    assert "signal" in text and "dBm" in text


def test_text_that_nobody_can_read(make_scene):
    """A header is announced, but there is no user data: it must not stay on
    the SIM for ever, and it must not be lost."""
    scene = make_scene("prosody")
    scene.start(networks={"sms": {"inbox": [
        scene.server.jid(scene.alice_user)]}})
    scene.alice.fence(scene.domain)
    scene.sim.request("text", to="sim1", pdu="440C91447709001032"
                      "0000" "62112122330000" "00", **{"from": "+447700900123"})
    got = scene.alice.expect_text(timeout=20)
    assert "cannot be read" in got.body and "44 0C 91" in got.body
    scene.sim.wait_for("cmgd", timeout=10)
