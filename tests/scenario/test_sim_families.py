"""The profiles of modem families: do they misbehave as they should?"""

import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim import family, pdu  # noqa: E402
from sim.fixtures import (  # noqa: E402,F401
    PHONE, make, modem, open_line, sim)

TPDU = pdu.encode_submit(PHONE, pdu.split_text("x" * 30)[0], srr=True)


def of(make, profile, cnmi="2,1,0,1,0", **options):
    """A modem of a family, past its start, with its settings made."""
    modem = make(profile=profile, **options)
    line = modem.line
    line.write("AT\rAT\r")
    line.until("OK\r\n")
    line.silence(0.05)
    line.ask("ATE0")
    line.ask("AT+CMEE=1;+CMGF=0")
    if cnmi:
        line.ask("AT+CNMI=" + cnmi)
    return modem


@pytest.mark.parametrize("profile", ["huawei", "ec25", "wavecom", "tc35"])
def test_answers_in_their_shape(make, profile):
    facts = family.load_profile(profile)
    modem = of(make, profile, None)
    assert facts["identity"]["+CGMM"] in modem.line.ask("AT+CGMM")
    assert f"+CNMI: {facts['cnmi']}\r\n" in modem.line.ask("AT+CNMI=?")
    assert f"+CPMS: {facts['cpms']}\r\n" in modem.line.ask("AT+CPMS=?")


def test_ranges_and_groups():
    assert family.expand("(2),(0-1,3),(0,2),(0-1),(0)") == [
        [2], [0, 1, 3], [0, 2], [0, 1], [0]]
    assert family.memory_groups('(("SM","BM","SR"),("SM"))') == [
        ["SM", "BM", "SR"], ["SM"]]


def test_huawei(make):
    modem = make(profile="huawei")
    line = modem.line
    line.until("^RSSI:17\r\n")
    line.ask("ATE0")
    line.error("AT+CPMS?", "+CMS ERROR: 515")
    line.ask("AT^CURC=0")
    line.error("AT+WHAT=1", "COMMAND NOT SUPPORT")
    deadline = time.monotonic() + 10
    said = "515"
    while "515" in said:
        assert time.monotonic() < deadline
        line.write("AT+CPMS?\r")
        said = line.silence(0.05)
    line.error("AT+CNMI=2,1,0,1,0", "+CMS ERROR: 302")
    line.ask("AT+CNMI=1,1,0,1,0")
    modem.text("index from 0")
    line.until('+CMTI: "SM",0\r\n')
    modem.fault("full", memory="SM")
    modem.text("one too many")
    line.until('^SMMEMFULL: "SM"\r\n')


def test_huawei_re_enumerates(make):
    modem = make(profile="huawei")
    old = os.readlink(modem.link)
    modem.fault("reboot")
    modem.wait("unplugged")
    modem.wait("booted")
    assert os.readlink(modem.link) != old
    modem.line.close()
    modem.line = open_line(modem.link)
    modem.line.ask("ATE0")


def test_zte(make):
    modem = make(profile="zte")
    line = modem.line
    line.write("AT+CPMS?\r")
    assert "CPMS:" not in line.silence(0.1)
    modem.fault("reboot")
    modem.wait("booted")
    line.ask("ATE0")
    line.ask("AT+CPIN?")
    line.ask("AT+CPMS?")
    line.ask("AT+CMGF=0;+CNMI=1,1,0,1,0")
    line.send(TPDU)
    said = line.until("+CDS: ,26\r\n") + line.until("\r\n")
    tpdu = pdu.strip_sca(bytes.fromhex(said.split()[-1]))
    assert tpdu[2:5] == bytes([14, 0x91, 12])
    assert tpdu[5:11] == pdu.encode_address(PHONE)[2:]


def test_sim800(make):
    modem = make(profile="sim800")
    line = modem.line
    line.write("AT\r")
    assert "OK" not in line.silence(0.1)
    line.ask("AT")
    line.ask("ATE0")
    modem.sim.request("signal", modem=modem.name, rssi=99)
    assert "+CMGS" not in line.send(TPDU)
    modem.wait("swallowed")
    assert modem.stats()["accepted"] == 0
    modem.sim.request("signal", modem=modem.name, rssi=20)
    modem.fault("brown-out", mid=True, accept=False)
    line.send(TPDU, None)
    assert "UNDER-VOLTAGE" in line.until("SMS Ready\r\n")
    assert modem.stats()["accepted"] == 0


def test_sim7600(make):
    modem = of(make, "sim7600")
    assert "+CREG: 0,3" in modem.line.ask("AT+CREG?")
    assert "+CEREG: 0,1" in modem.line.ask("AT+CEREG?")
    modem.line.ask('AT+CPMS="SM","SM","SM"')
    modem.text("where?")
    modem.line.until("+CMTI: ,-1\r\n")
    assert modem.stats()["memories"]["ME"][0] == 1


def test_ec25(make):
    modem = of(make, "ec25", "2,1,0,2,0")
    modem.line.send(TPDU)
    modem.line.until('+CDSI: "SM",0\r\n')
    assert modem.stats()["memories"]["SR"][0] == 1
    assert modem.stats()["memories"]["SM"][0] == 0


def test_wavecom(make):
    line = of(make, "wavecom").line
    line.write("AT+CPIN?\r")
    line.until("\r\n+CPIN: READY\r\n")
    assert line.silence(0.1) == ""
    line.ask('AT+CPMS="SM","SM"')
    line.error('AT+CPMS="SM","SM","SM"', "+CMS ERROR: 302")


def test_cinterion(make):
    modem = of(make, "cinterion", "2,1,0,2,1")
    modem.line.error("AT+CNMI=2,1,0,1,1", "+CMS ERROR: 302")
    modem.line.error("AT+CNMI=2,1,0,2,0", "+CMS ERROR: 302")
    modem.text("one")
    modem.line.until('"SM",1\r\n')
    modem.line.send(TPDU)
    modem.line.until('+CDSI: "SM",2\r\n')
    modem.line.ask('AT+CPMS="MT"')
    assert "+CMGL: 2" in modem.line.ask("AT+CMGL=4")


def test_ublox_answers_in_words(make):
    line = of(make, "ublox").line
    line.error("AT+CNMI=9", "+CMS ERROR: invalid text mode parameter")


def test_motorola(make):
    modem = make(profile="motorola")
    line = modem.line
    line.ask("ATE0")
    line.error("AT+CMGF=0", "MODEM ERROR: 3")
    line.ask("AT+MODE=2")
    line.ask("AT+CMGF=0")
    data = "00" + TPDU.hex()
    answer = "+CMS ERROR: 304"  # when this machine was not fast enough
    while answer != "+CMGS: 0":
        line.ask(f"AT+CMGS={len(TPDU)}", "> ")
        line.write(data[:20])   # too soon
        line.silence(0.1)
        line.write(data + "\x1a")
        answer = line.first_of("+CMGS: 0", "ERROR: 304")


def test_nokia_loses_what_comes_in_one_go(make):
    modem = of(make, "nokia")
    line, data = modem.line, ("00" + TPDU.hex() + "\x1a").encode()

    def typed(size):
        """So much at a time: is it enough for a text?"""
        line.ask(f"AT+CMGS={len(TPDU)}", "> ")
        for start in range(0, len(data), size):
            line.silence(0.05)
            line.write(data[start:start + size])
        said = line.silence(0.2)
        line.write("\x1b\rAT\r")
        line.until("OK\r\n")
        line.silence(0.1)
        return "+CMGS" in said
    # A machine that is busy may take one go for several, and the reverse.
    assert any(not typed(len(data)) for _ in range(9))
    assert any(typed(18) for _ in range(9))


def test_nokia_smartphone_only_sends(make):
    modem = make(profile="nokia-s60")
    modem.line.ask("ATE0")
    modem.line.ask("AT+CMGF=0")
    for command in ("AT+CPMS=?", "AT+CNMI=2,1", "AT+CMGL=4"):
        modem.line.error(command)
    modem.line.send(TPDU)


# ---- +CNMA --------------------------------------------------------------

@pytest.mark.parametrize("profile, plain, full", [
    ("ublox", True, True), ("wavecom", True, False),
    ("sim800", False, False)])
def test_how_reports_are_acknowledged(make, profile, plain, full):
    modem = of(make, profile)
    modem.line.ask("AT+CSMS=1")
    for command, works in (("AT+CNMA", plain), ("AT+CNMA=1,2", full)):
        modem.line.send(TPDU)
        modem.line.until("+CDS: ")
        modem.line.until("\r\n")
        modem.line.until("\r\n")
        if not works:
            modem.line.error(command)
            return
        if "," in command:
            modem.line.ask(command, "> ")
            modem.line.write("0000\x1a")
            modem.line.until("OK\r\n")
        else:
            modem.line.ask(command)
        modem.wait("cnma")


@pytest.mark.parametrize("profile, obeys", [("ublox", True),
                                            ("ec25", False)])
def test_acknowledging_while_a_text_is_sent(make, profile, obeys):
    modem = of(make, profile, "2,2,0,1,0", answer=(1500, 1500))
    line = modem.line
    line.ask("AT+CSMS=1")
    line.send(TPDU, None)
    modem.text("meanwhile")
    line.until("+CMT: ")
    line.until("\r\n")
    line.until("\r\n")
    line.write("AT+CNMA\r")
    said = line.until("+CMGS: 0\r\n\r\nOK\r\n")
    assert (said.count("OK") == 2) == obeys
    if not obeys:
        line.ask("AT+CNMA")
    modem.wait("cnma")
