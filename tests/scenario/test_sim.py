"""The modem simulator by itself: a raw serial client on its pty.

Each test gets a modem of its own in one simulator process; the must-haves
come first, then the SMSC, then every fault.
"""

import fcntl
import itertools
import os
import select
import socket
import sys
import termios
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim import gsm7, pdu  # noqa: E402
from sim.client import SimClient, SimError, Simulator  # noqa: E402

PHONE = "+447700900123"
serial_numbers = itertools.count(1)


class Line:
    """The gateway's end of a serial line."""

    def __init__(self, fd):
        self.fd = fd
        self.data = b""

    def write(self, data):
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    def until(self, mark, timeout=3):
        """Reads up to `mark` and returns everything to its end."""
        mark = mark.encode() if isinstance(mark, str) else mark
        deadline = time.monotonic() + timeout
        while mark not in self.data:
            left = deadline - time.monotonic()
            assert left > 0, f"no {mark} in {self.data}"
            if select.select([self.fd], [], [], left)[0]:
                self.data += os.read(self.fd, 4096)
        end = self.data.index(mark) + len(mark)
        out, self.data = self.data[:end], self.data[end:]
        return out.decode("latin-1")

    def silence(self, seconds=0.15):
        """What comes in a while in which nothing should."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                self.data += os.read(self.fd, 4096)
        out, self.data = self.data, b""
        return out.decode("latin-1")

    def ask(self, command, final="\r\nOK\r\n", timeout=3):
        self.write(command + "\r")
        return self.until(final, timeout)

    def error(self, command, text="ERROR"):
        """The command must end in this error."""
        said = self.ask(command, text + "\r\n")
        assert "OK" not in said
        return said

    def submit(self, to, text, final="OK\r\n", timeout=3, **options):
        """Sends each part of a text; returns the answers."""
        answers = []
        for ud in pdu.split_text(text, ref=options.pop("ref", 7)):
            tpdu = pdu.encode_submit(to, ud, **options)
            answers.append(self.send(tpdu, final, timeout))
        return answers

    def send(self, tpdu, final="OK\r\n", timeout=3):
        self.ask(f"AT+CMGS={len(tpdu)}", "\r\n> ", timeout)
        self.write("00" + tpdu.hex().upper() + "\x1a")
        return self.until(final, timeout) if final else ""

    def close(self):
        os.close(self.fd)


def open_line(path):
    return Line(os.open(path, os.O_RDWR | os.O_NOCTTY))


class Modem:
    """A modem made for one test, with its line open and echo off."""

    def __init__(self, sim, directory, **options):
        count = next(serial_numbers)
        self.sim = sim
        self.name = f"m{count}"
        self.number = f"+4477009{count:05d}"
        self.link = os.path.join(directory, f"tty-{self.name}")
        sim.request("add", modem={
            "name": self.name, "number": self.number, "link": self.link,
            "boot": 0.02, **options})
        self.line = open_line(self.link)

    def init(self, cnmi="2,1,0,1,0"):
        self.line.ask("ATE0")
        self.line.ask("AT+CMEE=1;+CMGF=0;+CNMI=" + cnmi)
        return self

    def text(self, text=None, **options):
        return self.sim.text(self.name, text, **options)

    def fault(self, fault, **fields):
        self.sim.fault(fault, modem=self.name, **fields)

    def wait(self, event, timeout=3, **fields):
        return self.sim.wait_for(event, timeout, modem=self.name, **fields)

    def phone(self, timeout=3, **fields):
        return self.sim.wait_for("phone", timeout, from_=self.number,
                                 **fields)

    def stats(self):
        return self.sim.stats(self.name)

    def set(self, **fields):
        self.sim.request("set", modem=self.name, **fields)


@pytest.fixture(scope="module")
def sim(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sim")
    arguments = ["--trace", directory / "trace",
                 "--ledger", directory / "ledger"]
    with Simulator(directory, arguments=arguments) as simulator:
        yield simulator


@pytest.fixture
def make(sim, tmp_path):
    """Makes modems; closes their lines at the end."""
    made = []

    def make_one(**options):
        made.append(Modem(sim, tmp_path, **options))
        return made[-1]
    yield make_one
    for modem in made:
        modem.line.close()


@pytest.fixture
def modem(make):
    return make().init()


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
    ("+CREG=2", "+CREG?", '+CREG: 2,1,"00A1","0000C0DE",4'),
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


def test_vendor_profile(make):
    huawei = make(profile="huawei").line
    huawei.ask("ATE0")
    assert "huawei" in huawei.ask("AT+CGMI")
    huawei.ask("AT^CURC=0")
    huawei.error("AT+CNMI=2,1,0,1,0", "+CMS ERROR: 302")
    huawei.ask("AT+CNMI=1,1,0,1,0")


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
    said = modem.line.silence()
    assert len(said) == 6 and said != "\r\nOK\r\n"
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
    modem.fault("bytewise", gap_ms=3)
    modem.line.write("AT\r")
    sizes = []
    while sum(sizes) < 6:
        sizes.append(len(os.read(modem.line.fd, 100)))
    assert max(sizes) <= 2
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
    deadline, seen = time.monotonic() + 3, 0
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
    for _ in range(5):
        modem.line.submit(PHONE, "timed")
    stats = modem.stats()
    assert stats["answers"] == 5
    assert 9 < stats["answer_mean_ms"] < 40
    assert stats["planned_mean_ms"] == 20


def test_hundreds_a_second(modem):
    tpdu = pdu.encode_submit("+447700900777", pdu.split_text("fast")[0])
    command = f"AT+CMGS={len(tpdu)}\r".encode()
    data = b"00" + tpdu.hex().encode() + b"\x1a"
    before = time.monotonic()
    for _ in range(200):
        modem.line.write(command)
        modem.line.until("> ")
        modem.line.write(data)
        modem.line.until("OK\r\n")
    assert time.monotonic() - before < 2


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
    other.wait_for("phone", text="for the record", timeout=3)
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
