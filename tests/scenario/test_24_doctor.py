"""`moongate doctor`: what is wrong, and lines that mend it when pasted."""

import json
import subprocess

import pytest

from lib.gateway import program
from lib.process import free_port, wait_for
from lib.servers import SECRET


def doctor(gateway, *arguments):
    """{(about, check): finding}, and the exit code."""
    done = gateway.cli("doctor", "--json", *arguments, check=False)
    found = json.loads(done.stdout)
    return ({(row["about"], row["check"]): row for row in found},
            done.returncode)


def states(found):
    return {key: row["state"] for key, row in found.items()}


def of_network(found, check, network="sms"):
    return found[f"network {network}", check]


def mend(scene, *findings):
    """Pastes what the doctor prints; the shared test ports aside."""
    port = free_port()
    for finding in findings:
        assert finding["config"], finding
        scene.server.paste(
            finding["config"].replace("5443", str(port)).replace(
                "    tls: true\n", "").replace("https://", "http://"))
    scene.server.restart()
    scene.gateway.wait_online(60)
    return doctor(scene.gateway)


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_printed_lines_mend_the_server(private_server, make_scene, name):
    options = {"http": True} if name == "prosody" else {}
    server = private_server(name, privilege=False, **options)
    scene = make_scene(server).start(xmpp={"admins": ["a0@localhost"]})
    found, code = doctor(scene.gateway)
    assert code == 0, "warnings are no failure"
    worries = {check for (_, check), state in states(found).items()
               if state == "warn"}
    assert worries == {"privilege", "upload"}, found
    found, code = mend(scene, of_network(found, "privilege"),
                       of_network(found, "upload"))
    assert of_network(found, "privilege")["state"] == "ok"
    assert set(states(found).values()) == {"ok"}, found
    done = scene.gateway.cli("doctor")
    assert done.stdout.endswith("Nothing is wrong.\n"), done.stdout


def test_wrong_secret_and_its_lines(private_server, make_scene):
    server = private_server("prosody", secret="not the right one")
    scene = make_scene(server)
    scene.simulate()
    gateway = scene.make_gateway().start(wait=False)
    wait_for(lambda: gateway.status(check=False)
             and gateway.network()["problem"], 20, "a problem")
    running, code = doctor(gateway)
    assert code == 1
    gateway.stop()
    alone, code = doctor(gateway)
    assert code == 1
    for found in running, alone:
        stream = of_network(found, "stream")
        assert stream["state"] == "fail"
        assert "secret" in stream["text"]
        assert scene.domain in stream["config"]
        assert "networks.sms.secret" in stream["config"]
    assert SECRET not in gateway.cli("doctor", check=False).stdout


def test_without_a_daemon(simple):
    """It says so, and finds out what can be told from outside."""
    simple.gateway.stop()
    found, code = doctor(simple.gateway)
    assert code == 1
    assert states(found) == {("configuration", "config"): "ok",
                             ("daemon", "daemon"): "fail",
                             ("network sms", "stream"): "ok"}
    only, _ = doctor(simple.gateway, "--network", "fax")
    assert ("network sms", "stream") not in only
    assert simple.gateway.cli("doctor", "--fast", check=False).returncode == 2
    simple.gateway.write_config({"networks": {"sms": {"jid": "no domain"}}})
    found, code = doctor(simple.gateway)
    assert code == 1
    assert "no domain" in found["configuration", "config"]["text"]


def test_second_gateway_takes_a_part(make_scene):
    """ejabberd lets two in and splits between them."""
    scene = make_scene("ejabberd").start()
    scene.make_gateway("second", lines=None).start()
    found, code = doctor(scene.gateway)
    assert code == 1
    route = of_network(found, "route")
    assert route["state"] == "fail"
    assert "another connection" in route["advice"]


def test_modem_that_is_gone(simple):
    found, _ = doctor(simple.gateway)
    assert found["line sim1", "line"]["state"] == "ok"
    assert "dBm" in found["line sim1", "line"]["text"]
    simple.sim.fault("unplug", "sim1")
    simple.gateway.wait_line("waiting")
    found, code = doctor(simple.gateway)
    assert code == 1
    assert found["line sim1", "line"]["state"] == "fail"
    done = simple.gateway.cli("doctor", check=False)
    assert "fail: line sim1: waiting" in done.stdout


def test_paused_line_and_nobody_to_tell(simple):
    simple.gateway.cli("line", "pause", "sim1")
    found, code = doctor(simple.gateway)
    assert code == 0
    line = found["line sim1", "line"]
    assert line["state"] == "warn"
    assert "line resume sim1" in line["advice"]
    assert of_network(found, "admins")["state"] == "warn"


def test_only_admins_may_ask_by_chat(make_scene):
    scene = make_scene("prosody")
    scene.start(xmpp={"admins": [scene.server.jid(scene.alice_user)]})
    scene.alice.text(scene.domain, "doctor")
    answer = scene.alice.expect(
        lambda s: s.body and "store" in s.body, 20, "the findings")
    assert "ok: line sim1" in answer.body
    scene.bob.text(scene.domain, "doctor")
    refusal = scene.bob.expect(lambda s: s.body and s.type != "error", 20,
                               "a refusal")
    assert "line sim1" not in refusal.body


def test_stop_in_the_middle(private_server, make_scene):
    """The server is silent; the daemon ends all the same."""
    server = private_server("prosody")
    scene = make_scene(server).start()
    server.freeze()
    asking = subprocess.Popen(
        [program(), "-c", scene.gateway.config, "doctor"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: scene.gateway.network()["state"], 10, "the daemon")
    server.thaw()
    scene.gateway.stop()
    asking.communicate(timeout=20)
