"""Lines that know their modem by IMEI or IMSI, and `moongate modems`."""

import contextlib
import fcntl
import json
import os
import pty
import subprocess
import time

import pytest

from lib.gateway import program
from lib.process import wait_for
from lib.scene import PHONE

IMEI = {"sim1": "490154203237518", "sim2": "490154203237526"}
IMSI = {"sim1": "234150123456789", "sim2": "234150123456790"}


def two_modems(scene):
    scene.simulate([
        {"name": name, "number": f"+44770090000{i}", "imei": IMEI[name],
         "imsi": IMSI[name],
         "link": os.path.join(scene.folder, "dev", f"ttyUSB{3 * i}")}
        for i, name in enumerate(IMEI)])


def pattern(scene):
    return os.path.join(scene.folder, "dev", "ttyUSB*")


@pytest.fixture
def seeking(make_scene):
    """Two modems; sim1 is known by its IMEI, sim2 by its SIM."""
    scene = make_scene("prosody")
    os.makedirs(os.path.join(scene.folder, "dev"))
    two_modems(scene)
    scene.start(lines={
        "sim1": {"device": "imei:" + IMEI["sim1"],
                 "ports": [pattern(scene)]},
        "sim2": {"device": "imsi:" + IMSI["sim2"],
                 "ports": [pattern(scene)]}})
    return scene


def modems(scene, *arguments, code=0):
    done = subprocess.run(
        [program(), "-c", os.path.join(scene.folder, "gateway",
                                       "moongate.conf"),
         "modems", *arguments],
        capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def port_of(scene, name):
    return scene.gateway.line(name)["facts"]["port"]


def test_each_line_finds_its_modem(seeking):
    assert port_of(seeking, "sim1").endswith("/ttyUSB0")
    assert port_of(seeking, "sim2").endswith("/ttyUSB3")
    seeking.talk()


def test_modems_that_change_places(seeking):
    """Both are pulled out and come back under each other's name."""
    old = {name: port_of(seeking, name) for name in IMEI}
    for name in IMEI:
        seeking.sim.request("unplug", modem=name)
    for name in IMEI:
        seeking.gateway.wait_log(f"line {name} is offline")
    mark = time.monotonic()
    seeking.sim.request("replug", modem="sim1", link=old["sim2"],
                        renumber=True)
    seeking.sim.request("replug", modem="sim2", link=old["sim1"])
    seeking.gateway.wait_online(15)
    assert time.monotonic() - mark < 5
    assert port_of(seeking, "sim1") == old["sim2"]
    assert port_of(seeking, "sim2") == old["sim1"]
    seeking.talk("still here")


def test_a_missing_modem_is_named(make_scene):
    scene = make_scene("prosody")
    os.makedirs(os.path.join(scene.folder, "dev"))
    two_modems(scene)
    scene.make_gateway(lines={
        "sim1": {"device": "imei:356938035643809",
                 "ports": [pattern(scene)]}, "sim2": None})
    scene.gateway.start(wait=False)
    wait_for(lambda: scene.gateway.status(check=False), 10,
             "a control socket")
    wait_for(lambda: scene.gateway.line()["problem"], 10, "a reason")
    problem = scene.gateway.line()["problem"]
    assert "356938035643809" in problem and "plugged in" in problem
    assert "2 ports looked at" in problem


def test_modems_without_a_daemon(make_scene):
    scene = make_scene("prosody")
    os.makedirs(os.path.join(scene.folder, "dev"))
    two_modems(scene)
    text = modems(scene, pattern(scene))
    assert "ttyUSB0" in text and "ttyUSB3" in text
    assert IMEI["sim1"] in text and IMSI["sim1"] not in text
    assert "ready" in text and "dBm" in text
    block = text[text.index("lines = {"):]
    assert f'device = "imei:{IMEI["sim2"]}"; ' \
        f'ports = [ "{scene.sim.device("sim2")}" ];' in block
    rows = json.loads(modems(scene, "--json", pattern(scene)))
    assert [row["imsi"] for row in rows] == list(IMSI.values())
    assert len({row["port"] for row in rows}) == 2
    # What it prints may be pasted as it is, but for the network.
    path = os.path.join(scene.folder, "pasted.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write('networks = { sms = { jid = "sms.example.org"; '
                   'secret = "x"; }; };\n'
                   + block.replace('network = ""', 'network = "sms"'))
    done = subprocess.run([program(), "-c", path, "check"], text=True,
                          capture_output=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("gsm") == 2


def test_modems_that_the_daemon_has(seeking):
    text = modems(seeking, pattern(seeking))
    for name in IMEI:
        assert f"in use by moongate (line {name})" in text
        assert IMEI[name] in text
    assert "lines = {" not in text and "ModemManager" not in text
    assert seeking.gateway.line("sim1")["state"] == "online"
    seeking.talk("not disturbed")


def test_modems_in_other_hands(make_scene):
    scene = make_scene("prosody")
    os.makedirs(os.path.join(scene.folder, "dev"))
    two_modems(scene)
    fd = os.open(scene.sim.device("sim1"), os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        text = modems(scene, pattern(scene))
    finally:
        os.close(fd)
    assert "in use by another program" in text
    assert "ModemManager" in text and "ID_MM_DEVICE_IGNORE" in text
    assert IMEI["sim2"] in text and IMEI["sim1"] not in text


def test_no_modem(make_scene):
    scene = make_scene("prosody")
    os.makedirs(os.path.join(scene.folder, "dev"))
    master, slave = pty.openpty()
    os.symlink(os.ttyname(slave),
               os.path.join(scene.folder, "dev", "ttyUSB0"))
    started = time.monotonic()
    text = modems(scene, pattern(scene), code=1)
    assert time.monotonic() - started < 3
    assert "1 port looked at" in text
    assert json.loads(modems(scene, "--json", pattern(scene), code=1)) == []
    nothing = os.path.join(scene.folder, "nothing*")
    text = modems(scene, nothing, code=1)
    assert f"no serial port {nothing}" in text and "plugged in?" in text
    os.close(master)
    os.close(slave)


def read_all(master):
    """What a terminal got that nobody writes to any more."""
    said = b""
    with contextlib.suppress(OSError):  # EIO: its end
        while piece := os.read(master, 65536):
            said += piece
    os.close(master)
    return said.decode()


def test_progress_on_a_terminal_only(make_scene):
    scene = make_scene("prosody")
    os.makedirs(os.path.join(scene.folder, "dev"))
    two_modems(scene)
    master, slave = pty.openpty()
    done = subprocess.run(
        [program(), "-c", "/none", "modems", pattern(scene)], stderr=slave,
        stdout=subprocess.PIPE, timeout=20, check=False)
    os.close(slave)
    said = read_all(master)
    assert done.returncode == 0 and b"\033" not in done.stdout
    assert "looking at" in said and "(1 of 2)" in said
    assert said.endswith("\r\033[K")


def test_check_warns_of_what_is_not_there(make_scene, tmp_path):
    scene = make_scene("prosody")
    scene.simulate()
    gateway = scene.make_gateway(lines={"sim1": {
        "device": "/dev/serial/by-id/usb-no-such-modem"}})
    done = gateway.cli("check")
    assert "ok" in done.stdout
    assert "warning: device: /dev/serial/by-id/usb-no-such-modem is not " \
        "there now" in done.stderr
    gateway.write_config({
        "gateway": {"state_dir": str(tmp_path / "no" / "such" / "folder")},
        "lines": {"sim1": {"device": scene.sim.device()}}})
    done = gateway.cli("check")
    assert "warning: state_dir: " in done.stderr
    assert "device" not in done.stderr
    gateway.write_config({"gateway": {"state_dir": gateway.state}})
    assert gateway.cli("check").stderr == ""


@pytest.mark.parametrize("device, word", [
    ("imei:4901", "15 digits"), ("imsi:23415", "14 or 15 digits"),
    ("imei:49015420323751x", "15 digits")])
def test_check_of_identities(make_scene, device, word):
    scene = make_scene("prosody")
    scene.simulate()
    gateway = scene.make_gateway(lines={"sim1": {"device": device}})
    done = gateway.cli("check", check=False)
    assert done.returncode == 1 and word in done.stderr


def test_check_of_a_locked_sim(make_scene):
    scene = make_scene("prosody")
    scene.simulate()
    gateway = scene.make_gateway(lines={"sim1": {
        "device": "imsi:" + IMSI["sim1"], "pin": "1234"}})
    done = gateway.cli("check", check=False)
    assert done.returncode == 1 and "imei:" in done.stderr


def test_one_text_each_way_after_a_move(seeking):
    seeking.sim.request("unplug", modem="sim1")
    seeking.gateway.wait_log("line sim1 is offline")
    seeking.sim.request("replug", modem="sim1", renumber=True,
                        link=os.path.join(seeking.folder, "dev", "ttyUSB7"))
    seeking.gateway.wait_online(15)
    seeking.talk("moved")
    seeking.phone_sends("back", PHONE, to="sim1")
    assert seeking.alice.expect_text(timeout=20).body == "back"
