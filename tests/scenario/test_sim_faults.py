"""Each fault of the modem simulator, its endpoints and its control socket.
"""

import fcntl
import os
import select
import socket
import sys
import termios
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim import pdu  # noqa: E402
from sim.client import SimClient, SimError, Simulator  # noqa: E402
from sim.fixtures import (  # noqa: E402,F401
    PHONE, Line, make, modem, open_line, serial_numbers, sim)


# ---- must-have 7: faults ------------------------------------------------

def test_error_sequences(modem):
    modem.fault("cms", codes=[38, 0, 500])
    modem.line.submit(PHONE, "x", "+CMS ERROR: 38\r\n")
    modem.line.submit(PHONE, "x")
    modem.line.submit(PHONE, "x", "+CMS ERROR: 500\r\n")
    modem.fault("cme", code=100)
    modem.line.submit(PHONE, "x", "+CME ERROR: 100\r\n")
    modem.fault("cms", code=302, stage="prompt")
    modem.line.error("AT+CMGS=20", "+CMS ERROR: 302")
    modem.fault("cme", code=30, on="+csq")
    modem.line.error("AT+CSQ", "+CME ERROR: 30")
    modem.line.ask("AT+CSQ")
    modem.fault("error", on="+CPMS")
    modem.line.error("AT+CPMS?", "\r\nERROR")
    assert modem.stats()["accepted"] == 1


@pytest.mark.parametrize("fault, taken", [
    ("no-final", 0), ("answer-lost", 1)])
def test_no_final(modem, fault, taken):
    modem.fault(fault)
    modem.line.send(pdu.encode_submit(PHONE, pdu.split_text("x")[0]), None)
    assert modem.line.silence() == ""
    modem.line.ask("AT")
    assert modem.stats()["accepted"] == taken


def test_ok_without_reference(modem):
    modem.fault("ok-only")
    said = modem.line.submit(PHONE, "x")[0]
    assert said == "\r\nOK\r\n"
    assert modem.stats()["accepted"] == 0


def test_no_prompt(modem):
    modem.fault("no-prompt")
    modem.line.write("AT+CMGS=20\r")
    assert modem.line.silence() == ""
    modem.line.ask("AT")


def test_lost_and_garbled_bytes(modem):
    modem.fault("lose", bytes=3)
    assert modem.line.ask("AT", "K\r\n") == "K\r\n"
    modem.fault("clear")
    modem.fault("garble", rate=1.0)
    modem.line.write("AT\r")
    said = modem.line.take(6)
    assert said != b"\r\nOK\r\n"
    modem.fault("clear")
    modem.fault("lose", dir="in", bytes=1)
    modem.line.write("AT\r")
    assert modem.line.silence(0.05) == ""
    modem.line.ask("AT")


def test_delay_and_single_bytes(modem):
    modem.fault("delay", ms=[80, 80])
    before = time.monotonic()
    modem.line.ask("AT")
    assert time.monotonic() - before >= 0.08
    modem.fault("clear")
    modem.fault("bytewise", gap_ms=20)
    modem.line.write("AT\r")
    sizes = []
    while sum(sizes) < 6:
        sizes.append(len(os.read(modem.line.fd, 100)))
    assert len(sizes) > 1
    modem.fault("clear")


def test_urc_inside_an_answer(modem):
    modem.text("one")
    modem.line.until("1\r\n")
    modem.fault("urc-inside", line='+CMTI: "SM",9')
    said = modem.line.ask("AT+CMGL=4")
    listed, urc = said.index("+CMGL: 1"), said.index('"SM",9')
    assert listed < urc < said.index("07914477")


def test_flood(modem):
    modem.fault("flood", line="^RSSI: 3", count=500)
    deadline, seen = time.monotonic() + 20, 0
    while seen < 500:
        assert time.monotonic() < deadline
        modem.line.until("^RSSI: 3\r\n")
        seen += 1
    modem.line.ask("AT")


def test_hang(modem):
    modem.fault("hang", seconds=0.2)
    modem.line.write("AT\r")
    assert modem.line.silence(0.25) == ""
    modem.line.ask("AT")


def test_hang_in_the_middle(modem):
    modem.fault("hang", mid=True, seconds=0.1, accept=True)
    modem.line.send(pdu.encode_submit(PHONE, pdu.split_text("x")[0]), None)
    assert modem.line.silence(0.2) == ""
    modem.line.ask("AT")
    assert modem.stats()["accepted"] == 1


def test_reboot(modem):
    modem.line.ask("AT+CSMS=1")
    modem.text("survives")
    modem.line.until("1\r\n")
    modem.fault("reboot", seconds=0.05, noise=["^BOOT:1,0", "RDY"])
    said = modem.line.until("SMS Ready\r\n")
    assert said.index("^BOOT") < said.index("RDY")
    assert modem.line.ask("AT") == "AT\r\r\nOK\r\n"
    said = modem.line.ask("AT+CNMI?;+CSMS?;+CPMS?")
    assert "+CNMI: 0,0,0,0,0" in said
    assert "+CSMS: 0,1" in said
    assert '"SM",1,20' in said


def test_reboot_by_command(modem):
    modem.line.write("AT+CFUN=1,1\r")
    modem.line.until("RDY\r\n")
    modem.wait("booted")


def test_pin(make):
    modem = make(pin="4711")
    line = modem.line
    line.ask("ATE0")
    line.ask("AT+CMEE=1")
    assert "+CPIN: SIM PIN" in line.ask("AT+CPIN?")
    line.error("AT+CIMI", "+CME ERROR: 11")
    line.error("AT+CMGS=20", "+CMS ERROR: 311")
    line.error("AT+CPIN=1111", "+CME ERROR: 16")
    assert "SIM PIN,2,3" in line.ask("AT+CPINR")
    line.ask('AT+CPIN="4711"')
    line.until("+CPIN: READY\r\n")
    line.ask("AT+CIMI")
    assert modem.stats()["sim"]["pin_tries"] == 3


def test_puk(modem):
    modem.fault("pin", pin="0000", tries=1)
    modem.line.error("AT+CPIN=1234", "+CME ERROR: 16")
    assert "SIM PUK" in modem.line.ask("AT+CPIN?")
    modem.line.error("AT+CIMI", "+CME ERROR: 12")
    modem.line.error('AT+CPIN="1","2222"', "+CME ERROR: 16")
    modem.line.ask('AT+CPIN="12345678","2222"')
    modem.line.until("READY\r\n")
    modem.fault("puk", tries=1)
    modem.line.error('AT+CPIN="1","2222"', "+CME ERROR: 13")
    assert modem.stats()["sim"]["state"] == "BLOCKED"


def test_no_sim_and_no_network(modem):
    modem.fault("no-sim")
    modem.line.error("AT+CPIN?", "+CME ERROR: 10")
    modem.fault("no-sim", on=False)
    modem.line.ask("AT+CREG=1")
    modem.fault("no-network")
    modem.line.until("+CREG: 2\r\n")
    modem.line.submit(PHONE, "x", "+CMS ERROR: 331\r\n")
    modem.text("waits")
    modem.fault("network")
    modem.line.until("+CREG: 1\r\n")
    modem.line.until("+CMTI: ")


def hung_up(line):
    """Whether reading says that the port has gone."""
    if not select.select([line.fd], [], [], 2)[0]:
        return False
    try:
        return os.read(line.fd, 100) == b""
    except OSError:
        return True


def test_unplug_and_replug(modem):
    old = os.readlink(modem.link)
    modem.fault("unplug")
    assert hung_up(modem.line)
    assert not os.path.lexists(modem.link)
    modem.text("meanwhile")
    modem.fault("replug", renumber=True)
    assert os.readlink(modem.link) != old
    modem.line.close()
    modem.line = open_line(modem.link)
    modem.line.until("SMS Ready\r\n")
    modem.init().wait("stored")
    assert "+CMGL: 1" in modem.line.ask("AT+CMGL=4")


def test_unplug_in_the_middle_and_another_name(modem):
    modem.fault("unplug", mid=True, accept=True, replug=0.05,
                link=modem.link + "-again")
    modem.line.send(pdu.encode_submit(PHONE, pdu.split_text("x")[0]), None)
    assert hung_up(modem.line)
    modem.wait("booted")
    modem.line.close()
    modem.line = open_line(modem.link + "-again")
    modem.line.ask("AT")
    assert modem.stats()["accepted"] == 1


def chaos_run(modem):
    """The outcomes of 40 submissions under one seed."""
    modem.fault("chaos", seed=5, rates={"cms": 0.3, "ok-only": 0.2})
    tpdu = pdu.encode_submit(PHONE, pdu.split_text("x")[0])
    said = ""
    for _ in range(40):
        modem.line.send(tpdu, None)
        modem.line.write("AT+CGSN\r")
        answer = modem.line.until("35")
        modem.line.until("OK\r\n")
        said += ("E" if "ERROR: 38" in answer
                 else "S" if "+CMGS" in answer else "O")
    return said


def test_chaos_repeats_by_seed(make):
    first, second = chaos_run(make().init()), chaos_run(make().init())
    assert first == second
    assert set(first) == set("ESO")


# ---- the gateway dies ---------------------------------------------------

def test_submission_survives_the_reader(modem):
    """A new process on the same port; the old one left TIOCEXCL set."""
    modem.set(answer=[150, 150])
    fcntl.ioctl(modem.line.fd, termios.TIOCEXCL)
    modem.line.send(pdu.encode_submit(PHONE, pdu.split_text("still")[0]),
                    None)
    modem.line.close()
    modem.line = open_line(modem.link)
    assert modem.phone()["text"] == "still"
    modem.line.until("+CMGS: 0\r\n\r\nOK\r\n")
    modem.line.ask("AT")


def test_answer_time_is_reported(modem):
    modem.set(answer=[10, 30])
    before = time.monotonic()
    for _ in range(5):
        modem.line.submit(PHONE, "timed")
    took = time.monotonic() - before
    stats = modem.stats()
    assert stats["answers"] == 5
    assert 9 < stats["answer_mean_ms"] < took * 1000 / 5
    assert stats["planned_mean_ms"] == 20


def cpu_seconds(pid):
    """What a process has used so far, however busy the machine is."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def test_hundreds_a_second(modem):
    tpdu = pdu.encode_submit("+447700900777", pdu.split_text("fast")[0])
    command = f"AT+CMGS={len(tpdu)}\r".encode()
    data = b"00" + tpdu.hex().encode() + b"\x1a"
    before = cpu_seconds(modem.sim.process.pid)
    for _ in range(200):
        modem.line.write(command)
        modem.line.until("> ")
        modem.line.write(data)
        modem.line.until("OK\r\n")
    assert cpu_seconds(modem.sim.process.pid) - before < 1


# ---- must-have 9: endpoints ---------------------------------------------

def socket_line(family, address):
    peer = socket.socket(family, socket.SOCK_STREAM)
    peer.connect(address)
    return Line(peer.detach())


@pytest.mark.parametrize("kind", ["tcp", "unix", "abstract"])
def test_socket_endpoints(sim, tmp_path, kind):
    name = f"s{next(serial_numbers)}"
    where = {"tcp": 0, "unix": str(tmp_path / "at.sock"),
             "abstract": f"abstract:{name}-{os.getpid()}"}[kind]
    stats = sim.request("add", modem={
        "name": name, "number": "+4477" + name[1:], kind: where})
    address = {"tcp": ("127.0.0.1", stats.get("tcp")), "unix": where,
               "abstract": f"\0{where}"}[kind]
    family = socket.AF_INET if kind == "tcp" else socket.AF_UNIX
    line = socket_line(family, address)
    assert line.ask("AT") == "AT\r\r\nOK\r\n"
    again = socket_line(family, address)
    assert hung_up(line)
    again.ask("ATE0")
    assert again.ask("AT") == "\r\nOK\r\n"
    line.close()
    again.close()


# ---- control, ledger, script --------------------------------------------

def test_control_refuses_nonsense(sim):
    with pytest.raises(SimError, match="no command"):
        sim.request("nonsense")
    with pytest.raises(SimError, match="no fault"):
        sim.fault("nonsense", modem="sim1")
    with pytest.raises(SimError, match="no modem"):
        sim.text("nobody", "x")
    with pytest.raises(SimError, match="no setting"):
        sim.request("set", modem="sim1", colour="red")


def test_second_client_and_log(sim, modem):
    modem.line.submit(PHONE, "for the record")
    other = SimClient(sim.ready["control"])
    other.wait_for("phone", text="for the record", timeout=10)
    assert any("+CMGS: 0" in line for line in other.log())
    assert other.received(PHONE)[-1]["text"] == "for the record"
    other.close()


def test_ledger(sim, modem):
    modem.line.submit(PHONE, "written down")
    modem.phone()
    with open(os.path.join(sim.directory, "ledger"), encoding="utf-8") as f:
        assert sum("written down" in line for line in f) == 2


def test_script_and_ussd(tmp_path):
    script = tmp_path / "script"
    script.write_text(
        '{"cmd": "ussd", "code": "*100#", "text": "Balance 5"}\n'
        '{"at": 0.1, "cmd": "text", "to": "sim1", "text": "scripted"}\n')
    with Simulator(tmp_path, arguments=["--script", script]) as sim:
        line = open_line(sim.device())
        sim.wait_for("stored", 3, modem="sim1")
        line.ask('AT+CUSD=1,"*100#",15')
        line.until('+CUSD: 0,"Balance 5",15\r\n')
        line.close()
