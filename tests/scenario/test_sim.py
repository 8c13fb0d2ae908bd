"""The modem simulator by itself: command line, settings, memories.

Each test gets a modem of its own in one simulator process.
"""

import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim import pdu  # noqa: E402
from sim.fixtures import (  # noqa: E402,F401
    PHONE, make, modem, sim)


# ---- must-have 1, 2: the command line -----------------------------------

def test_unknown_command_is_an_error(modem):
    modem.line.error("AT+WHATEVER=1")
    modem.line.error("AT+MODE=2")


def test_echo_is_on_and_obeyed(make):
    line = make().line
    assert line.ask("AT") == "AT\r\r\nOK\r\n"
    assert line.ask("ATE0") == "ATE0\r\r\nOK\r\n"
    assert line.ask("AT") == "\r\nOK\r\n"
    assert line.ask("ATE1") == "\r\nOK\r\n"
    assert line.ask("AT") == "AT\r\r\nOK\r\n"


def test_byte_at_a_time(modem):
    for char in "AT+CSQ\r":
        modem.line.write(char)
        time.sleep(0.002)
    assert "+CSQ: 20,0" in modem.line.until("OK\r\n")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_line_ends(modem, end):
    modem.line.write("AT+CGSN" + end)
    assert "OK" in modem.line.until("OK\r\n")
    assert modem.line.silence(0.05) == ""


def test_escape_and_ctrl_z_outside_a_prompt(modem):
    modem.line.write("\x1b\x1a\x1bA\x1aT\r")
    assert modem.line.until("OK\r\n") == "\r\nOK\r\n"


def test_repeat_last_line(modem):
    first = modem.line.ask("AT+CGSN")
    modem.line.write("A/")
    assert modem.line.until("OK\r\n") == first


def test_compound_and_case(modem):
    said = modem.line.ask('at+creg=2;+csq;+cscs="ira";+cscs?')
    assert "+CSQ: 20,0" in said
    assert '+CSCS: "IRA"' in said


def test_compound_stops_at_the_error(modem):
    said = modem.line.error("AT+CSQ;+NOPE;+CGSN")
    assert "+CSQ" in said
    assert "357700" not in said


def test_defaults_and_numeric_results(modem):
    modem.line.ask("AT+CMGF=1;+CMEE=2")
    said = modem.line.ask("ATZ")
    assert said == "\r\nOK\r\n"
    assert "+CMGF: 0" in modem.line.ask("AT+CMGF?")
    modem.line.ask("ATE0")
    modem.line.ask("ATV0", "0\r")
    assert modem.line.ask("AT", "\r") == "0\r"
    assert modem.line.ask("AT+NOPE", "\r") == "4\r"
    assert modem.line.ask("AT&F", "\r\nOK\r\n") == "\r\nOK\r\n"


def test_backspace(modem):
    modem.line.write("AT+CSQX\x08\r")
    assert "+CSQ: 20" in modem.line.until("OK\r\n")


# ---- must-have 3: state -------------------------------------------------

@pytest.mark.parametrize("put, get, answer", [
    ('+CSCS="UCS2"', "+CSCS?", '+CSCS: "UCS2"'),
    ("+CMGF=1", "+CMGF?", "+CMGF: 1"),
    ("+CNMI=1,2,0,2,0", "+CNMI?", "+CNMI: 1,2,0,2,0"),
    ('+CPMS="ME","SM"', "+CPMS?", '+CPMS: "ME",0,50,"SM",0,20,"SM",0,20'),
    ("+CREG=2", "+CREG?", '+CREG: 2,1,"00A1","0000C0DE",7'),
    ("+CSMS=1", "+CSMS?", "+CSMS: 1,1,1,1"),
    ("+COPS=3,2", "+COPS?", '+COPS: 0,2,"00101",7'),
    ("+COPS=3,0", "+COPS?", '+COPS: 0,0,"TestNet",7'),
    ("+CFUN=4", "+CREG?", "+CREG: 0,0"),
    ("+CFUN=4", "+CFUN?", "+CFUN: 4"),
    ("+CUSD=1", "+CUSD?", "+CUSD: 1"),
    ("+CMMS=2", "+CMMS?", "+CMMS: 2"),
])
def test_settings_are_kept(modem, put, get, answer):
    modem.line.ask("AT" + put)
    assert f"\r\n{answer}\r\n" in modem.line.ask("AT" + get)


def test_cmee_changes_the_errors(modem):
    modem.fault("sim-busy", count=3)
    modem.line.ask("AT+CMEE=0")
    assert modem.line.error("AT+CIMI") == "\r\nERROR\r\n"
    modem.line.ask("AT+CMEE=1")
    modem.line.error("AT+CIMI", "+CME ERROR: 14")
    modem.line.ask("AT+CMEE=2")
    modem.line.error("AT+CIMI", "+CME ERROR: SIM busy")
    modem.line.ask("AT+CIMI")


@pytest.mark.parametrize("name, answer", [
    ("CNMI", "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)"),
    ("CPMS", '("SM","ME","SR"),("SM","ME"),("SM","ME")'),
    ("CSMS", "(0,1)"), ("CMGF", "(0,1)"), ("CMGL", "(0-4)"),
    ("CNMA", "(0-2)"), ("CSCS", '("GSM","IRA","UCS2","HEX")'),
    ("CREG", "(0-2)"), ("CFUN", "(0,1,4),(0,1)"), ("CUSD", "(0-2)"),
])
def test_test_commands(modem, name, answer):
    assert f"+{name}: {answer}\r\n" in modem.line.ask(f"AT+{name}=?")


# ---- must-have 5: information lines -------------------------------------

@pytest.mark.parametrize("command", [
    "+CGATT?", "+CBC", "+CSQ", "+CREG?", "+CGREG?", "+CEREG?", "+CSCA?",
    "+CPAS", "+GCAP", "+CNUM", "+COPS?", "+CPIN?", "+CFUN?"])
def test_information_line(modem, command):
    name = command.rstrip("?")
    assert f"\r\n{name}: " in modem.line.ask("AT" + command)


def test_identity(modem):
    for command in ("CIMI", "CGSN", "CGMI", "CGMM", "CGMR"):
        said = modem.line.ask("AT+" + command)
        assert len(said.split()) >= 2, said
    assert "AT+CMGS" in modem.line.ask("AT+CLAC")
    assert modem.number in modem.line.ask("AT+CNUM")


def test_signal_by_control(modem):
    modem.sim.request("signal", modem=modem.name, rssi=7)
    assert "+CSQ: 7,0" in modem.line.ask("AT+CSQ")


# ---- must-have 4: memories ----------------------------------------------

def test_list_read_delete(modem):
    modem.text("one")
    assert modem.line.until("1\r\n") == '\r\n+CMTI: "SM",1\r\n'
    modem.text("two")
    modem.line.until('"SM",2\r\n')
    assert '+CPMS: "SM",2,20,' in modem.line.ask("AT+CPMS?")
    said = modem.line.ask("AT+CMGL=0")
    assert said.count("+CMGL:") == 2
    assert "+CMGL:" not in modem.line.ask("AT+CMGL=0")
    assert modem.line.ask("AT+CMGL=1").count("+CMGL:") == 2
    assert "+CMGR: 1,,22" in modem.line.ask("AT+CMGR=1")
    modem.line.ask("AT+CMGD=1")
    assert modem.wait("cmgd")["index"] == 1
    modem.line.error("AT+CMGR=1", "+CMS ERROR: 321")
    modem.line.ask("AT+CMGD=1,4")
    assert '+CPMS: "SM",0,20,' in modem.line.ask("AT+CPMS?")


def test_memories_are_separate(modem):
    modem.line.ask('AT+CPMS="ME","ME","ME"')
    modem.text("in the phone")
    modem.line.until('+CMTI: "ME",1\r\n')
    assert "+CMGL" not in modem.line.ask('AT+CPMS="SM";+CMGL=4')
    assert "+CMGL: 1" in modem.line.ask('AT+CPMS="ME";+CMGL=4')


def test_delete_by_flag_spares_unread(modem):
    modem.text("read")
    modem.line.until('"SM",1\r\n')
    modem.line.ask("AT+CMGR=1")
    modem.text("unread")
    modem.line.until('"SM",2\r\n')
    modem.line.ask("AT+CMGD=1,3")
    said = modem.line.ask("AT+CMGL=4")
    assert "+CMGL: 2,0,," in said
    assert "+CMGL: 1" not in said


def test_write_and_send_from_memory(modem):
    tpdu = pdu.encode_submit(PHONE, pdu.split_text("stored first")[0])
    modem.line.ask(f"AT+CMGW={len(tpdu)}", "> ")
    modem.line.write("00" + tpdu.hex() + "\x1a")
    assert "+CMGW: 1" in modem.line.until("OK\r\n")
    assert "+CMGL: 1,2,," in modem.line.ask("AT+CMGL=4")
    assert "+CMSS: 0" in modem.line.ask("AT+CMSS=1")
    assert modem.phone()["text"] == "stored first"
    assert "+CMGL: 1,3,," in modem.line.ask("AT+CMGL=4")


def test_full_memory_holds_texts_in_the_network(modem):
    modem.fault("full")
    modem.text("waits")
    assert modem.wait("mt-failed")["reason"] == "full"
    assert modem.line.silence(0.05) == ""
    modem.line.ask("AT+CMGD=4")
    modem.line.until('+CMTI: "SM",4\r\n')
    modem.wait("stored", index=4)


def test_reports_memory(modem):
    modem.line.ask("AT+CNMI=2,1,0,2,0")
    modem.line.submit(PHONE, "report me", srr=True)
    assert '+CDSI: "SR",1' in modem.line.until("1\r\n")
    said = modem.line.ask('AT+CPMS="SR";+CMGR=1;+CPMS?')
    assert "+CMGR: 0,,25" in said
    assert '"SR",1,20' in said
