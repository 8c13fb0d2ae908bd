"""Clients from Debian, as they are: go-sendxmpp and profanity."""

import os
import re
import shutil
import subprocess

import pytest

from lib import terminal
from lib.process import Process, free_port
from lib.scene import PHONE

NETWORK = "sms.localhost"
CONTACT = f"{PHONE}@{NETWORK}"
TLS = """
c2s_direct_tls_ports = {{ {port} }}
c2s_direct_tls_ssl = {{ key = "{folder}/key"; certificate = "{folder}/cert" }}
"""


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=localhost", "-keyout", f"{folder}/key", "-out",
         f"{folder}/cert"], check=True, capture_output=True)


@pytest.fixture
def go_sendxmpp(private_server, make_scene, tmp_path):
    """A scene, and the words that make go-sendxmpp log in: it wants TLS."""
    if not shutil.which("go-sendxmpp"):
        pytest.skip("go-sendxmpp is not installed")
    make_certificate(tmp_path)
    port = free_port()
    scene = make_scene(private_server(
        "prosody", domains=[NETWORK], users=["juliet"],
        extra=TLS.format(port=port, folder=tmp_path))).start()
    return scene, ["go-sendxmpp", "--tls", "--no-tls-verify", "--jserver",
                   f"127.0.0.1:{port}", "--username", "juliet@localhost",
                   "--password", "juliet-pw"]


def test_go_sendxmpp_texts_and_is_texted(go_sendxmpp, tmp_path):
    """It closes its stream as soon as it has written."""
    scene, command = go_sendxmpp
    env = {"HOME": str(tmp_path)}
    subprocess.run([*command, CONTACT], input="Backup done\nall is well\n",
                   text=True, check=True, capture_output=True, timeout=30,
                   env={**os.environ, **env})
    event = scene.sim.wait_for("phone", 20, number=PHONE)
    assert event["text"].strip() == "Backup done\nall is well"
    listener = Process([*command, "--listen", CONTACT],
                       tmp_path / "listener.log", env=env).start()
    try:
        scene.phone_sends("good night")
        listener.wait_log(re.escape(f"{CONTACT}: good night"), 20)
    finally:
        listener.stop()


@pytest.fixture
def profanity(private_server, make_scene, tmp_path):
    """A scene with profanity logged in as its user, on `scene.terminal`."""
    why = terminal.missing("profanity")
    if why:
        pytest.skip(why)
    scene = make_scene(private_server(
        "prosody", domains=[NETWORK], users=["juliet"])).start()
    home = tmp_path / "home"
    home.mkdir()
    scene.terminal = terminal.Terminal(["profanity"], home)
    scene.terminal.expect("/help")
    scene.terminal.say("/receipts request on", "receipts enabled")
    scene.terminal.say(
        "/connect juliet@localhost server 127.0.0.1 port "
        f"{scene.server.port} tls disable", "Enter password")
    scene.terminal.say("juliet-pw", "logged in successfully")
    yield scene
    scene.terminal.close()


def test_profanity_registers_asks_and_texts(profanity):
    """Commands as forms (XEP-0050) and by chat, a contact, both ways."""
    keys = profanity.terminal
    # It looks at what there is first, and knows no commands until then.
    keys.insist(f"/cmd list {NETWORK}", "unregister")
    keys.say(f"/cmd exec register {NETWORK}", "You are registered")
    keys.say(f"/msg {NETWORK} status", "line sim1: online")
    keys.type("/win 1")
    keys.say(f"/roster add {CONTACT} Romeo", "Roster item added")
    keys.say(f"/sub request {CONTACT}", "Sent subscription request to")
    keys.say("/msg Romeo Good night, good night!", "me: Good night")
    keys.expect("Romeo [online]")
    profanity.phone_gets("Good night, good night!")
    profanity.phone_sends("Parting is such sweet sorrow")
    keys.expect("Romeo: Parting is such sweet sorrow")
    keys.say(f"/msg 1@{NETWORK} hello",
             "this one has 3 with the country code")
