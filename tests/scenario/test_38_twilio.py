"""twilio.conf against what others wrote: an emulator of Twilio's API from npm,
and Twilio's own SDK, which signs the webhooks."""

import base64
import json
import urllib.parse
import urllib.request

import pytest
from test_30_http_driver import Line

from lib import node
from lib.process import Process, free_port, port_open, wait_for
from lib.scene import PHONE
from lib.servers import HOST
from sim.provider import Provider, call

EMULATE, SDK = "emulate@0.11.2", "twilio@5.13.1"
ACCOUNT, TOKEN = "AC00000000000000000000000000000000", "twilio-token-of-a-test"
NUMBER = "+447700900000"


@pytest.fixture(scope="module")
def modules():
    folder, why = node.packages(EMULATE, SDK)
    if folder is None:
        pytest.skip(why)
    return folder


class Emulator:
    """`emulate --service twilio`; it calls back with signatures."""

    def __init__(self, folder, modules):
        self.folder, self.modules = folder, modules
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    def start(self, hook):
        seed = self.folder / "emulate.json"
        seed.write_text(json.dumps({"twilio": {
            "account": {"sid": ACCOUNT, "auth_token": TOKEN},
            "phone_numbers": [{"phone_number": NUMBER, "sms_url": hook}]}}))
        self.process = Process(
            ["node", f"{self.modules}/node_modules/emulate/dist/index.js",
             "start", "--service", "twilio", "--port", self.port, "--seed",
             seed], self.folder / "emulate.log",
            env=node.environment(self.modules), cwd=self.modules).start()
        wait_for(lambda: port_open(self.port), 30, self.process.log)

    def ask(self, path, **form):
        """A request of the account's owner."""
        request = urllib.request.Request(
            self.base + path,
            urllib.parse.urlencode(form).encode() if form else None)
        request.add_header("Authorization", "Basic " + base64.b64encode(
            f"{ACCOUNT}:{TOKEN}".encode()).decode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def messages(self):
        return self.ask(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")[
            "messages"]

    def status(self, sid, status):
        self.ask("/_twilio/simulate/message-status", MessageSid=sid,
                 Status=status)


@pytest.fixture
def emulator(tmp_path, modules):
    emulator = Emulator(tmp_path, modules)
    yield emulator
    if hasattr(emulator, "process"):
        emulator.process.stop()


def start(make_scene, far, hooks=None):
    scene = make_scene("prosody")
    line = Line(scene, far, hooks=hooks, network={
        "inbox": [f"{scene.alice_user}@{HOST}"]}, account=ACCOUNT,
        token=TOKEN)
    scene.alice.presence()
    return line


def test_emulator(make_scene, emulator):
    """A text, its receipt, a text from a phone, a refusal, a wrong token."""
    hooks = free_port()
    emulator.start(f"http://127.0.0.1:{hooks}/hook/web/in/hook-path-secret")
    line = start(make_scene, emulator, hooks)
    alice, gateway = line.scene.alice, line.gateway
    stanza = alice.text(line.scene.contact(), "h\u00e9llo & 100% \U0001F600")
    wait_for(emulator.messages, 20, gateway.tail)
    sent = emulator.messages()[0]
    assert (sent["to"], sent["from"], sent["body"]) == (
        PHONE, NUMBER, "h\u00e9llo & 100% \U0001F600")
    gateway.wait_idle()
    emulator.status(sent["sid"], "sent")
    assert not any(s.receipt for s in alice.stanzas)
    emulator.status(sent["sid"], "delivered")
    alice.expect_receipt(stanza, 20)
    emulator.ask("/_twilio/simulate/inbound-message", To=NUMBER, From=PHONE,
                 Body="back \u20ac + & =")
    alice.expect_text(line.scene.contact(), "back \u20ac + & =", 20)
    failed = alice.text(line.scene.contact(), "to a dead phone")
    wait_for(lambda: len(emulator.messages()) == 3, 20, gateway.tail)
    sid = next(m["sid"] for m in emulator.messages()
               if m["body"] == "to a dead phone")
    gateway.wait_idle()
    emulator.status(sid, "undelivered")
    alice.expect_error(failed, 20)
    assert line.fact("hook requests refused") is None
    gateway.stop()
    gateway.write_config({"lines": {"web": {"token": "another-token"}}})
    gateway.start()
    alice.text(line.scene.contact(), "who am I")
    gateway.wait_log("web is offline: the provider answered 401 20003")


FORMS = [
    {"Body": "plain"},
    {"Body": "h\u00e9 & = + % \U0001F600\n\t", "Empty": ""},
    {"Body": "", "NumMedia": "0"},
    {"Body": "x", "aCase": "1", "ACase": "2", "a-b": "3", "Z": "4"},
    {"Body": "y" * 1600},
]


def test_signed_by_the_sdk(make_scene, modules):
    """What Twilio's SDK signs is taken, and what it would not is not."""
    provider = Provider()
    try:
        line = start(make_scene, provider)
        forms = [{"From": PHONE, "To": NUMBER, "MessageSid": f"SM{i}", **form}
                 for i, form in enumerate(FORMS)]
        url = line.url("in")
        signatures = node.script(
            modules, "const t = require('twilio'); return values[2].map("
            "f => t.getExpectedTwilioSignature(values[0], values[1], f))",
            TOKEN, url, forms)
        for form, signature in zip(forms, signatures):
            status = call(url, form, {"X-Twilio-Signature": signature})[0]
            assert status in (204, 400 if not form["Body"] else 204), form
            forged = {**form, "Body": form["Body"] + "!"}
            assert call(url, forged,
                        {"X-Twilio-Signature": signature})[0] == 403
        line.scene.alice.expect_text(line.scene.contact(), "y" * 1600, 20)
        ours = [line.signed(url, form, TOKEN)["X-Twilio-Signature"]
                for form in forms]
        assert ours == signatures   # the tests' own signer is right, too
    finally:
        provider.close()
