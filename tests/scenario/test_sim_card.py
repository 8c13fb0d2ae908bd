"""The simulator beyond texts: calls, USSD, phonebook, notices, languages."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim import gsm7, pdu, ussd  # noqa: E402
from sim.fixtures import (  # noqa: E402,F401
    PHONE, make, modem, sim)


# ---- voice calls --------------------------------------------------------

def call(modem, **options):
    modem.sim.request("call", modem=modem.name, **options)


def test_call_rings_until_hung_up(modem):
    modem.line.ask("AT+CLIP=1;+CRC=1")
    call(modem, **{"from": PHONE, "every": 0.05})
    for _ in range(2):
        modem.line.until("+CRING: VOICE\r\n")
        modem.line.until(f'+CLIP: "{PHONE}",145,"",0,"",0\r\n')
    assert f'+CLCC: 1,1,4,0,0,"{PHONE}",145' in modem.line.ask("AT+CLCC")
    modem.line.ask("AT+CHUP")
    assert modem.wait("call-ended", by="modem")["rings"] >= 2
    modem.line.silence(0.05)
    assert modem.line.silence(0.1) == ""


def test_caller_gives_up(modem):
    call(modem, hidden=True, seconds=0.05)
    modem.line.until("\r\nRING\r\n")
    modem.line.until("NO CARRIER\r\n")
    modem.wait("call-ended", by="caller", **{"from_": ""})
    modem.line.error("ATA", "ERROR: 3")


def test_ath_is_for_data_calls_on_some(make):
    modem = make(profile="sim7600")
    modem.line.ask("ATE0")
    call(modem, **{"from": PHONE})
    modem.line.ask("ATH")
    assert "+CLCC" in modem.line.ask("AT+CLCC")
    modem.line.ask("AT+CVHU=0")
    modem.line.ask("ATH")
    modem.wait("call-ended", by="modem")


# ---- USSD ---------------------------------------------------------------

def code(modem, code, **node):
    modem.sim.request("ussd", modem=modem.name, code=code, **node)


def test_ussd_answer_and_unknown_code(modem):
    code(modem, "*100#", text="Balance \xa35.00")
    modem.line.ask('AT+CUSD=1,"*100#",15')
    assert modem.wait("ussd", text="*100#")["reply"] is False
    modem.line.until('+CUSD: 0,"Balance \x015.00",15\r\n')
    modem.line.ask('AT+CUSD=1,"*999#",15')
    modem.line.until("+CUSD: 4\r\n")
    code(modem, "*101#", text="Баланс")
    modem.line.ask('AT+CUSD=1,"*101#",15')
    modem.line.until(f'+CUSD: 0,"{"Баланс".encode("utf-16-be").hex().upper()}"'
                     ",72\r\n")


MENU = {"text": "1 Balance\n2 More", "replies": {
    "1": "5.00", "2": {"text": "3 Exit", "replies": {"3": "Bye"}}}}


def test_ussd_menu(modem):
    code(modem, "*1#", **MENU)
    line = modem.line
    line.ask('AT+CUSD=1,"*1#",15')
    line.until('+CUSD: 1,"1 Balance\n2 More",15\r\n')
    line.ask('AT+CUSD=1,"2",15')
    line.until('+CUSD: 1,"3 Exit",15\r\n')
    line.ask('AT+CUSD=1,"3",15')
    line.until('+CUSD: 0,"Bye",15\r\n')
    line.ask('AT+CUSD=1,"*1#",15')
    line.until("More")
    line.ask("AT+CUSD=2")
    modem.wait("ussd-cancelled")


def test_ussd_time_outs(modem):
    code(modem, "*1#", wait=0.05, **MENU)
    modem.line.ask('AT+CUSD=1,"*1#",15')
    modem.line.until("More")
    modem.line.until("+CUSD: 2\r\n")
    modem.wait("ussd-expired")
    code(modem, "*2#", m=5, delay=0.01)
    modem.line.ask('AT+CUSD=1,"*2#",15')
    modem.line.until("+CUSD: 5\r\n")
    modem.sim.request("ussd", modem=modem.name, text="from the network")
    modem.line.until('+CUSD: 0,"from the network",15\r\n')


def test_ussd_as_huawei_wants_it(make):
    modem = make(profile="huawei")
    line = modem.line
    line.ask("ATE0")
    line.ask("AT^CURC=0;+CMEE=1;+CUSD=1")
    code(modem, "*100#", text="Balance 5.00")
    line.error('AT+CUSD=1,"*100#",15', "+CME ERROR: 100")
    line.ask(f'AT+CUSD=1,"{ussd.pack("*100#")}",15')
    line.until(f'+CUSD: 0,"{ussd.pack("Balance 5.00")}",15\r\n')
    line.ask("AT^USSDMODE=0")
    line.ask('AT+CUSD=1,"*100#",15')
    line.until('+CUSD: 0,"Balance 5.00",15\r\n')


def test_ussd_with_a_lying_dcs(make):
    modem = make(profile="m95")
    modem.line.ask("ATE0")
    code(modem, "*100#", text="5")
    modem.line.ask('AT+CUSD=1,"*100#",15')
    modem.line.until('+CUSD: 0,"0035",15\r\n')


@pytest.mark.parametrize("text", ["*100#", "1234567", "12345678", "a"])
def test_ussd_packing(text):
    assert ussd.unpack(ussd.pack(text)) == text


# ---- phonebook and own number -------------------------------------------

def test_phonebook(modem):
    line = modem.line
    assert "+CPBR: (1-250),40,18" in line.ask("AT+CPBR=?")
    modem.sim.request("phonebook", modem=modem.name, entries={
        "3": [PHONE, "Anna"], "7": ["12345", "Жора"]})
    said = line.ask("AT+CPBR=1,250")
    assert f'+CPBR: 3,"{PHONE}",145,"Anna"' in said
    assert '+CPBR: 7,"12345",129,"????"' in said
    line.ask('AT+CSCS="UCS2"')
    assert "Жора".encode("utf-16-be").hex().upper() in line.ask("AT+CPBR=7")
    line.error("AT+CPBR=8", "+CME ERROR: 22")
    line.error("AT+CPBR=1,251", "+CME ERROR: 21")
    line.ask('AT+CSCS="GSM"')
    line.ask('AT+CPBS="ON"')
    assert modem.number in line.ask("AT+CPBR=1")
    line.ask('AT+CPBW=1,"+447000",145,"me"')
    assert '+CNUM: "me","+447000",145' in line.ask("AT+CNUM")


# ---- notices ------------------------------------------------------------

def stored_tpdu(modem):
    event = modem.wait("stored")
    slots = modem.sim.request("store", modem=modem.name)["slots"]
    return pdu.strip_sca(bytes.fromhex(slots[str(event["index"])]["pdu"]))


def test_mms_notice(modem):
    modem.sim.request("notice", to=modem.name, kind="mms", subject="Hi")
    tpdu = stored_tpdu(modem)
    _, _, ud = pdu.decode_deliver(tpdu)
    assert (5, bytes.fromhex("0B8423F0")) in ud.elements
    assert bytes(ud.body)[1] == 6 and b"http://mms.example/1\0" in ud.body


@pytest.mark.parametrize("by", ["dcs", "udh"])
def test_voicemail_waits(modem, by):
    modem.sim.request("notice", to=modem.name, kind="voicemail", by=by,
                      count=3, text="3 new")
    tpdu = stored_tpdu(modem)
    _, _, ud = pdu.decode_deliver(tpdu)
    assert pdu.join_text([ud]) == "3 new"
    if by == "dcs":
        assert ud.dcs == 0xD8
    else:
        assert (1, bytes([0x80, 3])) in ud.elements


# ---- what the phone makes of it -----------------------------------------

def submit(modem, text, pid=0, **options):
    ud = pdu.split_text(text, **options)[0]
    tpdu = bytearray(pdu.encode_submit(PHONE, ud))
    tpdu[2 + 2 + 6] = pid
    modem.line.send(bytes(tpdu))


def test_class_and_pid_are_told(modem):
    submit(modem, "flash", dcs=0x10)
    event = modem.wait("accepted")
    assert (event["class"], event["pid"], event["vp"]) == (0, 0, None)
    assert modem.phone()["flash"]


def test_replace_and_silent(modem):
    submit(modem, "first", pid=0x41)
    assert modem.phone()["replaces"] is None
    submit(modem, "second", pid=0x41)
    assert modem.phone()["replaces"] == "first"
    submit(modem, "nobody sees it", pid=0x40)
    modem.sim.wait_for("silent")
    texts = [e["text"] for e in modem.sim.received(PHONE)
             if e["from"] == modem.number]
    assert texts == ["second"]


@pytest.mark.parametrize("text, locking, single", [
    ("Ağrı şişe İ€", 1, 0), ("Ağrı şişe İ€", 0, 1), ("ÁÍÓÚ áíóú", 0, 2),
    ("हिन्दी १२", 6, 6), ("اردو ۱۲", 13, 13)])
def test_national_tables(modem, text, locking, single):
    submit(modem, text, languages=(locking, single))
    event = modem.wait("accepted")
    assert event["text"] == text
    assert (event["locking"], event["single"]) == (locking, single)
    assert event["alphabet"] == "gsm7"
    long = text * 20
    modem.text(long, locking=locking, single=single)
    modem.wait("stored", part=2)
    parts = pdu.split_text(long, languages=(locking, single))
    assert all(p.udl <= 160 for p in parts)
    assert pdu.join_text(parts) == long


def test_every_national_table_is_whole():
    for language in range(1, 14):
        assert len(gsm7.locking_table(language)) > 90
        table = gsm7.single_table(language)
        assert table[0x65] == "\u20ac" and table[0x14] == "^"


# ---- operator, time, another reader -------------------------------------

def test_operator_and_technology(modem):
    modem.set(operator="Moon", act=2)
    assert '+COPS: 0,0,"Moon",2' in modem.line.ask("AT+COPS?")
    modem.line.ask("AT+CREG=2")
    assert '"0000C0DE",2' in modem.line.ask("AT+CREG?")


def test_time_is_put_forward(modem):
    modem.sim.request("phone", number="+447700900555", online=False)
    ud = pdu.split_text("for an hour")[0]
    tpdu = bytearray(pdu.encode_submit("+447700900555", ud, srr=True))
    tpdu[0] |= 0x10
    tpdu.insert(12, 11)
    modem.line.send(bytes(tpdu))
    assert modem.wait("accepted")["validity"] == 3600
    modem.sim.request("time", advance=3601)
    modem.sim.wait_for("expired")
    modem.line.until("+CDS: ")


def test_port_that_is_read_by_another(modem):
    modem.fault("port-stolen", seconds=0.4, lines=["AT+GCAP"])
    lost = 0
    for _ in range(8):
        modem.line.write("AT\r")
        lost += modem.line.silence(0.06).count("OK") != 1
    assert lost
    modem.line.silence(0.1)
    modem.line.ask("AT")
