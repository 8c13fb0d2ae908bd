"""ModemManager and oFono as clients of the modem simulator.

Both sit on a private bus, and are talked to with gdbus: they list and read
a text that waits or comes, and send one.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim.client import Simulator  # noqa: E402

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
PHONE = "+447700900123"
TEXT = "To {} \u20ac, \u041f\u0440\u0438\u0432\u0435\u0442"
MM = "org.freedesktop.ModemManager1"
ABSTRACT = f"abstract:moongate{os.getpid()}"     # MM wants this beginning
OFONO_STATE = "/var/lib/ofono"


def program(name):
    path = shutil.which(name, path=PATH)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


class Bus:
    """A private bus, a simulator, and programs between them."""

    def __init__(self, directory):
        self.directory = directory
        self.imsi = "00101" + f"{secrets.randbelow(10 ** 10):010}"
        self.bus = subprocess.Popen(
            [program("dbus-daemon"), "--session", "--nofork",
             "--print-address"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        address = self.bus.stdout.readline().strip()
        self.env = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": address,
                    "DBUS_SYSTEM_BUS_ADDRESS": address,
                    "LC_ALL": "C.UTF-8"}
        self.sim = Simulator(directory, [
            {"name": "mm", "number": "+447700900005", "abstract": ABSTRACT},
            {"name": "ofono", "number": "+447700900006", "tcp": 0,
             "imsi": self.imsi}], ["--trace", directory / "trace"])
        self.running = []

    def start(self, *command, **env):
        """A program whose output is kept."""
        name = os.path.basename(command[0])
        with open(self.directory / f"{name}.log", "wb") as out:
            self.running.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env={**self.env, **env}))

    def call(self, name, path, method, *arguments):
        """A method call; what it returns as text, None when it failed."""
        done = subprocess.run(
            [program("gdbus"), "call", "--session", "-d", name, "-o", path,
             "-m", method, *arguments], env=self.env, capture_output=True,
            text=True, timeout=60, check=False)
        self.error = done.stderr
        return done.stdout if done.returncode == 0 else None

    def wait(self, *call, found="", timeout=60):
        """Calls until the answer has `found` in it."""
        deadline = time.monotonic() + timeout
        while True:
            said = self.call(*call)
            if said is not None and re.search(found, said):
                return said
            assert time.monotonic() < deadline, f"{call}: {said} {self.error}"
            time.sleep(0.1)

    def close(self):
        for child in [*self.running, self.bus]:
            child.terminate()
            child.wait()
        self.bus.stdout.close()
        self.sim.close()
        for name in os.listdir(OFONO_STATE) if os.access(
                OFONO_STATE, os.W_OK) else []:
            if name.startswith(self.imsi):
                shutil.rmtree(os.path.join(OFONO_STATE, name))


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    bus = Bus(tmp_path_factory.mktemp("bus"))
    try:
        start_modem_manager(bus)
        start_ofono(bus)
        yield bus
    finally:
        bus.close()


# ---- ModemManager -------------------------------------------------------

def start_modem_manager(bus):
    plugins = next((folder for folder in (
        "/usr/lib/x86_64-linux-gnu/ModemManager",
        "/usr/lib/aarch64-linux-gnu/ModemManager")
        if os.path.isdir(folder)), None)
    binary = shutil.which("ModemManager", path=PATH)
    if binary and plugins:
        bus.sim.text("mm", TEXT.format("MM"), sender=PHONE)
        bus.start(binary, "--test-session", "--test-enable",
                  "--no-auto-scan", "--test-no-udev",
                  "--test-no-suspend-resume", "--test-no-qrtr",
                  f"--test-plugin-dir={plugins}")


@pytest.fixture(scope="module")
def mm(bus):
    """The path of the modem object, enabled."""
    program("ModemManager")
    bus.wait(MM, "/org/freedesktop/ModemManager1", f"{MM}.Test.SetProfile",
             "id", "generic", f"['{ABSTRACT}']")
    said = bus.wait(
        MM, "/org/freedesktop/ModemManager1",
        "org.freedesktop.DBus.ObjectManager.GetManagedObjects",
        found=r"/Modem/\d+'.*Modem\.Messaging")
    modem = re.search(r"/org/freedesktop/ModemManager1/Modem/\d+", said)[0]
    bus.wait(MM, modem, f"{MM}.Modem.Enable", "true")
    return modem


def test_modem_manager_lists_and_reads(bus, mm):
    said = bus.wait(MM, mm, f"{MM}.Modem.Messaging.List", found=r"SMS/\d+")
    path = re.search(r"/org/freedesktop/ModemManager1/SMS/\d+", said)[0]
    read = bus.call(MM, path, "org.freedesktop.DBus.Properties.GetAll",
                    f"{MM}.Sms")
    assert TEXT.format("MM") in read and PHONE in read


def test_modem_manager_sends(bus, mm):
    text = "MM says \U0001F600"
    said = bus.wait(MM, mm, f"{MM}.Modem.Messaging.Create",
                    f"{{'text': <'{text}'>, 'number': <'{PHONE}'>}}")
    path = re.search(r"/org/freedesktop/ModemManager1/SMS/\d+", said)[0]
    assert bus.call(MM, path, f"{MM}.Sms.Send") is not None, bus.error
    bus.sim.wait_for("phone", 10, number=PHONE, text=text)


# ---- oFono --------------------------------------------------------------

def start_ofono(bus):
    binary = shutil.which("ofonod", path=PATH)
    if not binary:
        return
    config = bus.directory / "phonesim.conf"
    config.write_text("[phonesim]\nDriver=phonesim\nAddress=127.0.0.1\n"
                      f"Port={bus.sim.modems['ofono']['tcp']}\n")
    bus.start(binary, "--nodetach", OFONO_PHONESIM_CONFIG=str(config))


@pytest.fixture(scope="module")
def ofono(bus):
    """The path of the modem object, online."""
    program("ofonod")
    for name in ("Powered", "Online"):
        bus.wait("org.ofono", "/phonesim", "org.ofono.Modem.SetProperty",
                 name, "<true>")
    bus.start(program("gdbus"), "monitor", "--session", "-d", "org.ofono")
    bus.sim.wait_for(lambda e: e["event"] == "cnmi"
                     and e["modem"] == "ofono", 60)
    bus.wait("org.ofono", "/phonesim",
             "org.ofono.MessageManager.GetProperties")
    return "/phonesim"


def test_ofono_receives_and_acknowledges(bus, ofono):
    """oFono takes texts as +CMT and answers AT+CNMA=1,2."""
    bus.sim.text("ofono", TEXT.format("oFono"), sender=PHONE)
    assert bus.sim.wait_for("cnma", 20, modem="ofono")["good"]
    heard = bus.directory / "gdbus.log"
    deadline = time.monotonic() + 10
    while TEXT.format("oFono") not in heard.read_text("utf-8"):
        assert time.monotonic() < deadline, heard.read_text("utf-8")
        time.sleep(0.05)


def test_ofono_sends(bus, ofono):
    """It refuses an emoji as "invalid format", so there is none."""
    text = "oFono says \u20ac"
    assert bus.call("org.ofono", ofono,
                    "org.ofono.MessageManager.SendMessage", PHONE,
                    text) is not None, bus.error
    bus.sim.wait_for("phone", 20, number=PHONE, text=text)
