"""kannel.conf against the real thing: bearerbox, smsbox and fakesmsc."""

import os
import shutil

import pytest

from lib.process import ROOT, Process, free_port, port_open, wait_for
from lib.scene import PHONE
from lib.servers import HOST

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
SENDER = "+447700900000"

KANNEL = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {admin}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
log-level = 0

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-level = 0

group = sendsms-user
username = test
password = kannel-password
max-messages = 20
concatenation = true

group = sms-service
keyword = default
get-url = "{hook}?from=%p&to=%P&text=%b&charset=%C&id=%I&at=%T"
max-messages = 0
catch-all = true
"""


class Kannel:
    def __init__(self, folder):
        self.folder = str(folder)
        names = ("admin", "box", "smsc", "send")
        self.ports = {name: free_port() for name in names}
        self.processes = []

    def _start(self, name, *argv):
        process = Process(argv, os.path.join(self.folder, name + ".log"))
        self.processes.append(process.start())
        return process

    def start(self, hook):
        config = os.path.join(self.folder, "kannel.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(KANNEL.format(hook=hook, **self.ports))
        box = self._start("bearerbox", "/usr/sbin/bearerbox", config)
        wait_for(lambda: port_open(self.ports["box"]), 30, box.log)
        smsbox = self._start("smsbox", "/usr/sbin/smsbox", config)
        wait_for(lambda: port_open(self.ports["send"]), 30, smsbox.log)

    def phone(self, message=None):
        """Connects the message centre; it sends that text, once."""
        return self._start(
            "fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r",
            str(self.ports["smsc"]), "-i", "0.1", "-m",
            "1" if message else "0", message or "1 2 text none")

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


@pytest.fixture
def kannel(tmp_path):
    if not os.access(FAKESMSC, os.X_OK):
        pytest.skip("no fakesmsc (Debian package kannel-extras)")
    if not shutil.which("bearerbox", path="/usr/sbin"):
        pytest.skip("no kannel")
    kannel = Kannel(tmp_path)
    yield kannel
    kannel.stop()


def start(make_scene, kannel):
    scene = make_scene("prosody")
    hooks = free_port()
    gateway = scene.make_gateway(
        env={"MOONGATE_PROVIDERS": os.path.join(ROOT, "conf/providers")},
        gateway={"hook_listen": f"127.0.0.1:{hooks}"},
        networks={"sms": {
            "inbox": [f"{scene.alice_user}@{HOST}"]}},
        lines={"kannel": {
            "network": "sms", "driver": "http", "provider": "kannel",
            "base": f"http://127.0.0.1:{kannel.ports['send']}",
            "user": "test", "password": "kannel-password",
            "peers": "127.0.0.1", "from": SENDER,
            "hook_token": "kannel-hook"}})
    kannel.start(f"http://127.0.0.1:{hooks}/hook/kannel/in/kannel-hook")
    gateway.start()
    return scene


@pytest.mark.parametrize("text", ["plain text", "gr\u00fc\u00df \u20ac",
                                  "\u0433\u0440\u043e\u0448 \U0001F600"])
def test_text_and_receipt(make_scene, kannel, text):
    scene = start(make_scene, kannel)
    smsc = kannel.phone()
    stanza = scene.alice.text(scene.contact(), text)
    scene.alice.expect_receipt(stanza, 30)
    log = smsc.log()
    assert f"{SENDER} {PHONE}" in log, log
    if text.isascii():
        assert f"text {text}>" in log, log


def test_texts_in(make_scene, kannel):
    scene = start(make_scene, kannel)
    scene.alice.presence()
    for message, text in (
            ("text hello from kannel", "hello from kannel"),
            ("ucs2 %04%33%04%40%04%3E%04%48%20%AC",
             "\u0433\u0440\u043e\u0448\u20ac")):
        phone = kannel.phone(f"{PHONE} {SENDER} {message}")
        scene.alice.expect_text(scene.contact(), text, 30)
        phone.stop()


def test_wrong_password(make_scene, kannel):
    scene = start(make_scene, kannel)
    kannel.phone()
    scene.gateway.stop()
    scene.gateway.write_config({"lines": {"kannel": {"password": "wrong!"}}})
    scene.gateway.start()
    scene.alice.text(scene.contact(), "hello")
    scene.gateway.wait_log("kannel is offline: the provider answered 403")
