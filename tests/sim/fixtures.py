"""A raw serial client and pytest fixtures: one modem for each test."""

import itertools
import os
import select
import time

import pytest

from sim import pdu
from sim.client import Simulator

PHONE = "+447700900123"
PATIENCE = 10       # s for what comes at once when nothing else runs
serial_numbers = itertools.count(1)


class Line:
    """The gateway's end of a serial line."""

    def __init__(self, fd):
        self.fd = fd
        self.data = b""

    def write(self, data):
        os.write(self.fd, data.encode() if isinstance(data, str) else data)

    def until(self, mark, timeout=PATIENCE):
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

    def take(self, size):
        """Waits for so many bytes and returns them."""
        while len(self.data) < size:
            assert select.select([self.fd], [], [], PATIENCE)[0], self.data
            self.data += os.read(self.fd, 4096)
        out, self.data = self.data[:size], self.data[size:]
        return out

    def first_of(self, *marks):
        """Reads up to the first line with one of these, and returns which."""
        while True:
            line = self.until("\r\n")
            for mark in marks:
                if mark in line:
                    return mark

    def silence(self, seconds=0.15):
        """What comes in a while in which nothing should."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                self.data += os.read(self.fd, 4096)
        out, self.data = self.data, b""
        return out.decode("latin-1")

    def ask(self, command, final="\r\nOK\r\n", timeout=PATIENCE):
        self.write(command + "\r")
        return self.until(final, timeout)

    def error(self, command, text="ERROR"):
        """The command must end in this error."""
        said = self.ask(command, text + "\r\n")
        assert "OK" not in said
        return said

    def submit(self, to, text, final="OK\r\n", timeout=PATIENCE, **options):
        """Sends each part of a text; returns the answers."""
        answers = []
        for ud in pdu.split_text(text, ref=options.pop("ref", 7)):
            tpdu = pdu.encode_submit(to, ud, **options)
            answers.append(self.send(tpdu, final, timeout))
        return answers

    def send(self, tpdu, final="OK\r\n", timeout=PATIENCE):
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

    def wait(self, event, timeout=PATIENCE, **fields):
        return self.sim.wait_for(event, timeout, modem=self.name, **fields)

    def phone(self, timeout=PATIENCE, **fields):
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
