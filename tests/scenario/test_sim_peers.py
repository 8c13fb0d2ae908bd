"""The modem simulator is real enough for other people's programs.

Debian's gammu, gammu-smsd, smstools and kannel each send a text through
it and receive one. All servers start together, because each of them
spends most of its time asleep.
"""

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from sim.client import Simulator  # noqa: E402

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
PHONE = "+447700900123"
NUMBERS = {"gammu": "+447700900001", "gammusmsd": "+447700900002",
           "smstools": "+447700900003", "kannel": "+447700900004"}
INBOUND = "To {} \u20ac, \u041f\u0440\u0438\u0432\u0435\u0442 \U0001F600"


def program(name):
    path = shutil.which(name, path=PATH)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_until(check, timeout, what):
    """Waits for another program's file or port to show up."""
    deadline = time.monotonic() + timeout
    while not (found := check()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)
    return found


def tail(path):
    if not path.exists():
        return f"no {path}"
    return path.read_text("utf-8", "replace")[-3000:]


class Server:
    """A program in a session of its own, so that its children end too."""

    def __init__(self, directory, *command):
        self.log = directory / (os.path.basename(command[0]) + ".out")
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, cwd=directory,
                start_new_session=True)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


@pytest.fixture(scope="module")
def sim(tmp_path_factory):
    directory = tmp_path_factory.mktemp("sim")
    modems = [{"name": n, "number": number} for n, number in NUMBERS.items()]
    trace = ["--trace", directory / "trace"]
    with Simulator(directory, modems, trace) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def servers(sim, tmp_path_factory):
    """Starts every installed server; a dict of its parts by name."""
    started = {}
    starters = {"gammusmsd": ("gammu-smsd", start_gammu_smsd),
                "smstools": ("smsd", start_smstools),
                "kannel": ("bearerbox", start_kannel)}
    try:
        for name, (binary, start) in starters.items():
            if shutil.which(binary, path=PATH):
                directory = tmp_path_factory.mktemp(name)
                started[name] = start(directory, sim.device(name))
                if name != "kannel":    # does not look for old texts
                    sim.text(name, INBOUND.format(name), sender=PHONE)
        yield started
    finally:
        for parts in started.values():
            for server in parts["servers"]:
                server.stop()
            if "httpd" in parts:
                parts["httpd"].shutdown()


def part_of(servers, name, binary):
    if name not in servers:
        pytest.skip(f"{binary} is not installed")
    return servers[name]


def phone_got(sim, name, text, timeout):
    """Waits until the phone has the text from that program's number."""
    return sim.wait_for("phone", timeout, number=PHONE, text=text,
                        from_=NUMBERS[name])


# ---- gammu --------------------------------------------------------------

@pytest.fixture(scope="module")
def gammu(sim, servers, tmp_path_factory):
    """Runs the gammu command; the servers work meanwhile."""
    binary = program("gammu")
    config = tmp_path_factory.mktemp("gammu") / "gammurc"
    config.write_text(f"[gammu]\ndevice = {sim.device('gammu')}\n"
                      "connection = at115200\n")

    def run(*arguments):
        done = subprocess.run(
            [binary, "-c", config, *arguments], timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


def test_gammu_identifies(sim, gammu):
    said = gammu("identify")
    assert "SIM-1" in said
    assert "Moongate" in said


def test_gammu_sends(sim, gammu):
    said = gammu("sendsms", "TEXT", PHONE, "-text", "Hello from gammu")
    assert "OK, message reference=" in said
    phone_got(sim, "gammu", "Hello from gammu", 1)


def test_gammu_sends_long_emoji(sim, gammu):
    text = "Emoji \U0001F600 \u041f\u0440\u0438\u0432\u0435\u0442 " * 6
    text = text.strip()
    gammu("sendsms", "TEXT", PHONE, "-unicode", "-autolen", "500",
          "-text", text)
    event = phone_got(sim, "gammu", text, 1)
    assert event["parts"] == 2


def test_gammu_receives_and_deletes(sim, gammu):
    sim.text("gammu", INBOUND.format("gammu") * 5, sender=PHONE)
    sim.wait_for("stored", modem="gammu", part=2)
    said = gammu("geteachsms")
    assert INBOUND.format("gammu") * 5 in said
    assert PHONE in said
    gammu("deleteallsms", "1")
    stats = sim.stats("gammu")
    assert stats["memories"]["SM"][0] == 0
    assert stats["cmgd"] == 2


# ---- gammu-smsd ---------------------------------------------------------

def start_gammu_smsd(directory, device):
    config = directory / "smsdrc"
    boxes = {name: directory / name
             for name in ("inbox", "outbox", "sent", "error")}
    for box in boxes.values():
        box.mkdir()
    config.write_text(
        f"[gammu]\ndevice = {device}\nconnection = at115200\n"
        f"[smsd]\nservice = files\nlogfile = {directory}/log\n"
        "debuglevel = 1\ntransmitformat = auto\nreceivefrequency = 1\n"
        "loopsleep = 1\ndeliveryreport = log\n"
        f"inboxpath = {boxes['inbox']}/\noutboxpath = {boxes['outbox']}/\n"
        f"sentsmspath = {boxes['sent']}/\n"
        f"errorsmspath = {boxes['error']}/\n")
    server = Server(directory, program("gammu-smsd"), "-c", str(config))
    subprocess.run(
        [program("gammu-smsd-inject"), "-c", config, "TEXT", PHONE,
         "-unicode", "-autolen", "300", "-text",
         "smsd says \U0001F600"], check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C.UTF-8"})
    return {"servers": [server], "dir": directory}


def test_gammu_smsd_sends(sim, servers):
    parts = part_of(servers, "gammusmsd", "gammu-smsd")
    phone_got(sim, "gammusmsd", "smsd says \U0001F600", 60)
    wait_until(lambda: list((parts["dir"] / "sent").iterdir()), 20,
               lambda: tail(parts["dir"] / "log"))
    assert not list((parts["dir"] / "error").iterdir())


def test_gammu_smsd_receives(sim, servers):
    parts = part_of(servers, "gammusmsd", "gammu-smsd")
    files = wait_until(
        lambda: list((parts["dir"] / "inbox").glob("IN*.txt")), 60,
        lambda: tail(parts["dir"] / "log"))
    assert PHONE in files[0].name
    text = files[0].read_text("utf-8")
    assert text == INBOUND.format("gammusmsd")
    sim.wait_for("cmgd", 20, modem="gammusmsd")


# ---- smstools -----------------------------------------------------------

def start_smstools(directory, device):
    names = ("incoming", "outgoing", "checked", "failed", "sent")
    for name in names:
        (directory / name).mkdir()
    boxes = "".join(f"{name} = {directory / name}\n" for name in names)
    config = directory / "smsd.conf"
    config.write_text(
        f"devices = GSM1\nlogfile = {directory}/log\nloglevel = 7\n"
        f"infofile = {directory}/info\n"
        f"delaytime = 1\nreceive_before_send = no\n{boxes}"
        "decode_unicode_text = no\nincoming_utf8 = yes\n"
        f"\n[GSM1]\ndevice = {device}\nincoming = yes\n"
        "baudrate = 115200\n")
    out = directory / "outgoing" / "first"
    out.write_text(f"To: {PHONE[1:]}\nAlphabet: UTF-8\n\n"
                   "Hello from smstools", "utf-8")
    server = Server(directory, program("smsd"), "-t", "-c", str(config),
                    "-p", str(directory / "pid"))
    return {"servers": [server], "dir": directory}


def test_smstools_sends(sim, servers):
    parts = part_of(servers, "smstools", "smsd")
    phone_got(sim, "smstools", "Hello from smstools", 60)
    wait_until(lambda: list((parts["dir"] / "sent").iterdir()), 20,
               lambda: tail(parts["dir"] / "log"))


def test_smstools_receives(sim, servers):
    parts = part_of(servers, "smstools", "smsd")
    files = wait_until(
        lambda: list((parts["dir"] / "incoming").iterdir()), 60,
        lambda: tail(parts["dir"] / "log"))
    said = files[0].read_bytes()
    assert INBOUND.format("smstools").encode() in said \
        or INBOUND.format("smstools").encode("utf-16-be") in said
    assert f"From: {PHONE[1:]}".encode() in said
    sim.wait_for("cmgd", 20, modem="smstools")


# ---- kannel -------------------------------------------------------------

class Callback(http.server.BaseHTTPRequestHandler):
    """Where smsbox brings what kannel received."""

    def do_GET(self):
        query = urllib.parse.urlparse(self.path).query
        self.server.got.append(
            urllib.parse.parse_qs(query, encoding="latin-1"))
        self.server.arrived.set()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()

    def log_message(self, *arguments):
        pass


KANNEL = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {admin}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
log-file = {dir}/bearerbox.log
log-level = 0

group = smsc
smsc = at
smsc-id = sim
modemtype = sim
device = {device}
speed = 115200
my-number = {number}

group = modems
id = sim
name = "simulated modem"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-file = {dir}/smsbox.log
log-level = 0

group = sendsms-user
username = test
password = test
max-messages = 5

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{http}/?from=%p&text=%b&charset=%C"
max-messages = 0
catch-all = true
"""


def start_kannel(directory, device):
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    httpd.got, httpd.arrived = [], threading.Event()
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    admin, box, send = free_ports(3)
    config = directory / "kannel.conf"
    config.write_text(KANNEL.format(
        admin=admin, box=box, send=send, device=device, dir=directory,
        number=NUMBERS["kannel"], http=httpd.server_address[1]))
    bearerbox = Server(directory, program("bearerbox"), str(config))

    def listens(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    try:
        wait_until(lambda: listens(box), 30, lambda: tail(bearerbox.log))
    except AssertionError:
        bearerbox.stop()
        raise
    smsbox = Server(directory, program("smsbox"), str(config))
    return {"servers": [smsbox, bearerbox], "dir": directory, "send": send,
            "httpd": httpd, "listens": listens}


def test_kannel_sends(sim, servers):
    parts = part_of(servers, "kannel", "bearerbox")
    text = "kannel \u20ac \U0001F600"
    query = urllib.parse.urlencode({
        "username": "test", "password": "test", "from": NUMBERS["kannel"],
        "to": PHONE, "coding": 2, "charset": "UTF-8", "text": text})
    wait_until(lambda: parts["listens"](parts["send"]), 30,
               lambda: tail(parts["dir"] / "smsbox.log"))
    url = f"http://127.0.0.1:{parts['send']}/cgi-bin/sendsms?{query}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert answer.status == 202
    phone_got(sim, "kannel", text, 90)


def test_kannel_receives(sim, servers):
    parts = part_of(servers, "kannel", "bearerbox")
    httpd = parts["httpd"]
    sim.wait_for(lambda e: e["event"] == "cnmi" and e["cnmi"][1] == 2
                 and e["modem"] == "kannel", 60)
    sim.text("kannel", INBOUND.format("kannel"), sender=PHONE)
    assert httpd.arrived.wait(90), tail(parts["dir"] / "bearerbox.log")
    got = httpd.got[0]
    assert got["from"] == [PHONE]
    assert got["charset"] == ["UTF-16BE"]
    text = got["text"][0].encode("latin-1").decode("utf-16-be")
    assert text == INBOUND.format("kannel")
