"""The simulated SMSC: sending, parts, reports, receiving; and its codec.
"""

import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim import gsm7, pdu  # noqa: E402
from sim.fixtures import (  # noqa: E402,F401
    PHONE, make, modem, serial_numbers, sim)


# ---- sending and the SMSC -----------------------------------------------

def test_send_every_alphabet(modem):
    for text in ("plain @_", "euro \u20ac [x] {y}", "\u041f\u0440 \U0001F600"):
        modem.line.submit(PHONE, text)
        assert modem.phone()["text"] == text


def test_prompt_manners(modem):
    tpdu = pdu.encode_submit(PHONE, pdu.split_text("lf first")[0])
    modem.line.ask(f"AT+CMGS={len(tpdu)}", "\r\n> ")
    modem.line.write("\n00" + tpdu.hex() + "\x1a")
    modem.line.until("+CMGS: 0\r\n\r\nOK\r\n")
    modem.line.ask(f"AT+CMGS={len(tpdu)}", "> ")
    modem.line.write("00\x1b")
    modem.line.until("OK\r\n")
    modem.line.ask("AT")
    assert modem.stats()["accepted"] == 1


def test_bad_pdus(modem):
    tpdu = pdu.encode_submit(PHONE, pdu.split_text("x")[0])
    modem.line.send(tpdu + b"\0", "+CMS ERROR: 304\r\n")
    modem.line.ask(f"AT+CMGS={len(tpdu) + 1}", "> ")
    modem.line.write("00" + tpdu.hex() + "\x1a")
    modem.line.until("+CMS ERROR: 304\r\n")
    modem.line.ask(f"AT+CMGS={len(tpdu)}", "> ")
    modem.line.write("zz\x1a")
    modem.line.until("+CMS ERROR: 304\r\n")
    assert modem.stats()["accepted"] == 0


def test_text_mode_takes_a_pdu_for_text(modem):
    """What becomes of a gateway that overlooks a modem's reset."""
    modem.line.ask("AT+CMGF=1")
    modem.line.ask("AT+CMGS=23", "> ")
    modem.line.write("0011000B\x1a")
    modem.line.until("OK\r\n")
    event = modem.phone(number="23")
    assert event["text"] == "0011000B"


def test_text_mode_listing(modem):
    modem.text("plain", time=1700000000, zone=-5)
    modem.line.until('"SM",1\r\n')
    modem.line.ask("AT+CMGF=1")
    said = modem.line.ask('AT+CMGL="ALL"')
    assert ('+CMGL: 1,"REC UNREAD","+447700900123",,"23/11/14,20:58:20-05"'
            "\r\nplain\r\n") in said
    modem.line.error('AT+CMGL="NOPE"', "+CMS ERROR: 305")


def test_parts_join_in_any_order(modem):
    text = "long \u041f\u0440\u0438\u0432\u0435\u0442 \U0001F600 " * 12
    uds = pdu.split_text(text, ref=300, wide=True)
    for ud in reversed(uds):
        modem.line.send(pdu.encode_submit(PHONE, ud))
    event = modem.phone()
    assert event["text"] == text
    assert event["parts"] == len(uds) == 3
    assert event["mrs"] == [2, 1, 0]


def test_duplicate_part_is_told(modem):
    uds = pdu.split_text("a" * 200, ref=9)
    for ud in (uds[0], uds[1], uds[1]):
        modem.line.send(pdu.encode_submit(PHONE, ud))
    modem.phone()
    event = modem.sim.wait_for("phone-duplicate-part", 3, ref=9)
    assert event["part"] == 2


def test_references_wrap(modem):
    modem.set(next_mr=254)
    said = "".join(modem.line.submit(PHONE, "w" * 400))
    assert [f"+CMGS: {n}\r" in said for n in (254, 255, 0)] == [True] * 3


def test_accepted_event(modem):
    modem.line.submit(PHONE[3:].join(["0", ""]), "a" * 170, srr=True)
    first = modem.wait("accepted")
    assert first["to"] == PHONE
    assert first["from"] == modem.number
    assert first["concat"] == {"ref": 7, "total": 2, "seq": 1,
                               "wide": False}
    assert first["srr"] and not first["rd"]
    assert pdu.decode_submit(bytes.fromhex(first["tpdu"])).srr


def test_modem_to_modem(make):
    one, two = make().init(), make().init()
    one.line.submit(two.number, "over the air", srr=True)
    two.line.until('+CMTI: "SM",1\r\n')
    said = two.line.ask("AT+CMGR=1")
    octets = bytes.fromhex(said.split("\r\n")[2])
    sender, _ = pdu.decode_address(pdu.strip_sca(octets), 1)
    assert sender == one.number
    one.line.until("+CDS: 25\r\n")


def test_loopback(modem):
    modem.line.submit("+447700900999", "to myself")
    modem.line.until('+CMTI: "SM",1\r\n')


def test_phone_switched_off_and_validity(modem):
    number = "+447700900555"
    modem.sim.request("phone", number=number, online=False)
    ud = pdu.split_text("late")[0]
    plain = pdu.encode_submit(number, ud, srr=True)
    modem.line.send(plain)
    assert modem.line.silence(0.05) == ""
    modem.sim.request("phone", number=number, online=True)
    assert modem.line.until("0000\r\n").startswith("\r\n+CDS: 25\r\n")
    modem.sim.request("phone", number=number, online=False)
    past = pdu.encode_time(time.time() - 5)
    size = 2 + 8    # up to the DCS
    absolute = (bytes([plain[0] | 0x18]) + plain[1:size + 2] + past
                + plain[size + 2:])
    modem.line.send(absolute)
    assert modem.line.until("46\r\n").startswith("\r\n+CDS: 25\r\n")
    modem.sim.wait_for("expired", 3, to=number)


def test_duplicate_with_rd(modem):
    number = "+447700900556"
    modem.sim.request("phone", number=number, online=False)
    ud = pdu.split_text("once")[0]
    modem.line.send(pdu.encode_submit(number, ud))
    again = pdu.encode_submit(number, ud, mr=0, rd=True)
    modem.line.send(again, "+CMS ERROR: 197\r\n")
    modem.sim.request("phone", number=number, online=True)
    modem.line.send(again)
    assert modem.stats()["accepted"] == 2


# ---- reports ------------------------------------------------------------

def report_status(line):
    return int(line.until("+CDS: 25\r\n") and line.until("\r\n")[-4:-2], 16)


@pytest.fixture
def rule(sim):
    """Sets a report rule for one number, and takes it back."""
    number = f"+4477008{next(serial_numbers):05d}"

    def put(**fields):
        sim.request("report", to=number, **fields)
        return number
    yield put
    sim.request("report", to=number)


@pytest.mark.parametrize("status", [0x00, 0x01, 0x20, 0x40, 0x46, 0x63])
def test_report_with_any_status(modem, rule, status):
    modem.line.submit(rule(st=status), "x", srr=True)
    assert report_status(modem.line) == status


def test_report_sequence(modem, rule):
    modem.line.submit(rule(sts=[0x20, 0x00], delays=[0, 0.05]), "x",
                      srr=True)
    assert report_status(modem.line) == 0x20
    assert report_status(modem.line) == 0x00


def test_report_before_the_answer(modem, rule):
    said = modem.line.submit(rule(mode="early"), "x", srr=True)[0]
    assert said.index("+CDS:") < said.index("+CMGS:")


def test_report_twice_none_and_later(modem, rule):
    modem.line.submit(rule(mode="duplicate"), "x", srr=True)
    assert report_status(modem.line) == report_status(modem.line) == 0
    modem.line.submit(rule(mode="none"), "x", srr=True)
    assert modem.line.silence() == ""
    accepted = modem.wait("accepted", mr=1)
    modem.sim.request("report", now=accepted["id"], st=0x30)
    assert report_status(modem.line) == 0x30


def test_no_report_unasked(modem):
    modem.line.submit(PHONE, "x")
    assert modem.line.silence() == ""


# ---- receiving ----------------------------------------------------------

def test_routed_text(modem):
    modem.line.ask("AT+CNMI=2,2,0,1,0")
    modem.text("now", sender="Moongate")
    said = modem.line.until("\r\n") + modem.line.until("\r\n")
    assert said == "\r\n+CMT: ,23\r\n"
    tpdu = pdu.strip_sca(bytes.fromhex(modem.line.until("\r\n").strip()))
    assert pdu.decode_address(tpdu, 1)[0] == "Moongate"
    assert modem.stats()["memories"]["SM"][0] == 0


def test_cnmi_mode_0_buffers(modem):
    modem.line.ask("AT+CNMI=0,1,0,1,0")
    modem.text("quiet")
    modem.wait("stored")
    assert modem.line.silence(0.05) == ""
    modem.line.ask("AT+CNMI=2,1,0,1,0")
    modem.line.until('+CMTI: "SM",1\r\n')


def test_text_options(modem):
    reply = modem.text("a" * 400, order=[3, 1], dup=[1], drop=[2],
                       wide=True, ref=0x1234)
    assert reply["parts"] == 3
    assert [modem.wait("stored")["part"] for _ in range(3)] == [3, 1, 1]
    assert "0608041234" in modem.line.ask("AT+CMGR=1")
    modem.text(pdu="00")
    modem.wait("stored", index=4)
    modem.text(data="deadbeef", udh="05040b8423f0")
    modem.wait("stored", index=5)
    assert "05040B8423F0DEADBEEF" in modem.line.ask("AT+CMGR=5")


def test_cnma_demanded_and_missed(modem):
    modem.line.ask("AT+CSMS=1;+CNMI=2,2,0,1,0")
    modem.line.error("AT+CNMA", "+CMS ERROR: 340")
    modem.text("one")
    modem.text("two")
    modem.line.until("+CMT: ")
    assert "+CMT" not in modem.line.silence(0.05)
    modem.line.ask("AT+CNMA")
    modem.line.until("+CMT: ")
    modem.line.ask("AT+CNMA=1,2", "> ")
    modem.line.write("0000\x1a")
    modem.line.until("OK\r\n")
    modem.set(cnma_timeout=0.05, retry=0.05)
    modem.text("three")
    modem.wait("cnma-missed")
    assert "+CNMI: 2,0,0,0,0" in modem.line.ask("AT+CNMI?")
    modem.wait("stored")
    modem.sim.request("set", retry=5.0)


# ---- the codec ----------------------------------------------------------

def test_gsm7_packing():
    assert gsm7.pack(gsm7.encode("hellohello")).hex() \
        == "e8329bfd4697d9ec37"
    text = gsm7.BASIC.replace("\x1b", "") + "".join(
        gsm7.EXTENSION.values())
    septets = gsm7.encode(text)
    packed = gsm7.pack(septets)
    assert gsm7.decode(gsm7.unpack(packed, len(septets))) == text


@pytest.mark.parametrize("char, count", [
    ("a", 160), ("a", 161), ("\u20ac", 153), ("\U0001F600", 70),
    ("\u042f", 71)])
@pytest.mark.parametrize("wide", [False, True])
def test_split_and_join(char, count, wide):
    text = char * count
    uds = pdu.split_text(text, ref=200, wide=wide)
    assert all(len(ud.octets) <= 140 for ud in uds)
    again = [pdu.decode_submit(pdu.encode_submit(PHONE, ud)).ud
             for ud in uds]
    assert pdu.join_text(again) == text
    for ud in again:
        pdu.join_text([ud]).encode("utf-8")
