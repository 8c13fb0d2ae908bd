"""kannel.conf against the real thing: bearerbox, smsbox and fakesmsc."""

import os

import pytest

from lib.kannel import PASSWORD, USER, Kannel, missing
from lib.process import ROOT, free_port
from lib.scene import PHONE
from lib.servers import HOST

SENDER = "+447700900000"


@pytest.fixture
def kannel(tmp_path):
    if missing():
        pytest.skip(missing())
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
            "user": USER, "password": PASSWORD,
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
