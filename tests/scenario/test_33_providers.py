"""The shipped provider files, each once round; and `moongate provider`."""

import base64
import hashlib
import hmac
import json
import os
import time

import pytest
from test_30_http_driver import PROVIDERS, Line

from lib.gateway import Gateway
from lib.process import wait_for
from lib.scene import PHONE
from lib.servers import HOST
from sim.provider import Provider, call

SECRET = "signing-secret-of-a-test"


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def make_line(make_scene, provider):
    def make(*arguments, **options):
        scene = make_scene("prosody")
        options.setdefault("network", {}).update(
            inbox=[f"{scene.alice_user}@{HOST}"])
        line = Line(scene, provider, *arguments, **options)
        scene.alice.presence()
        return line
    return make


def signature(text, kind="sha256", secret=SECRET):
    return hmac.new(secret.encode(), text, getattr(hashlib, kind))


def post_json(url, value, headers=None):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return call(url, data, {"Content-Type": "application/json",
                            **(headers or {})})[0]


# ---- Vonage --------------------------------------------------------------

def vonage_signed(form, secret=SECRET):
    form = {**form, "timestamp": str(int(time.time()))}
    text = "".join(f"&{k}={form[k].replace('&', '_').replace('=', '_')}"
                   for k in sorted(form))
    return {**form, "sig": signature(text.encode(),
                                     secret=secret).hexdigest()}


def test_vonage(make_line, provider):
    line = make_line("vonage", key="k1", secret="s-e-c-r-e-t",
                     signature=SECRET)
    alice = line.scene.alice
    provider.answers({"status": 200, "body": {
        "message-count": "1",
        "messages": [{"status": "0", "message-id": "V%N"}]}})
    stanza = alice.text(line.scene.contact(), "\u20ac & \u0416")
    form = line.wait_sent(1)[0]
    assert form["to"] == PHONE[1:] and form["type"] == "unicode"
    assert form["text"] == "\u20ac & \u0416"
    report = vonage_signed({
        "msisdn": PHONE[1:], "messageId": "V1", "status": "delivered",
        "err-code": "0", "client-ref": form["client-ref"]})
    line.gateway.wait_idle()    # until the answer has come
    assert call(form["callback"], report)[0] == 200
    alice.expect_receipt(stanza, 20)
    parts = [vonage_signed({
        "msisdn": PHONE[1:], "to": "1", "text": text, "concat": "true",
        "messageId": f"M{n}", "concat-ref": "9", "concat-total": "3",
        "concat-part": str(n)})
        for n, text in ((3, " end"), (1, "begin "), (2, "middle"))]
    for part in parts:
        assert call(line.url("in"), part)[0] == 200
    alice.expect_text(line.scene.contact(), "begin middle end", 20)
    forged = vonage_signed({"msisdn": PHONE[1:], "text": "x"}, "wrong-key")
    assert call(line.url("in"), forged)[0] == 403


def test_vonage_receipt_waits_for_every_sms(make_line, provider):
    line = make_line("vonage", key="k1", secret="s-e-c-r-e-t",
                     signature=SECRET)
    alice = line.scene.alice
    provider.answers({"delay": 0.3, "status": 200, "body": {"messages": [
        {"status": "0", "message-id": f"V{n}"} for n in range(3)]}})
    stanza = alice.text(line.scene.contact(), "long " * 80)
    form = line.wait_sent(1)[0]

    def report(part, status="delivered"):
        return call(form["callback"], vonage_signed({
            "msisdn": PHONE[1:], "messageId": part, "status": status,
            "err-code": "0", "client-ref": form["client-ref"]}))[0]
    assert report("V1") == 503  # the answer is not here yet: come again
    line.gateway.wait_idle()
    assert report("V1") == report("V0") == report("V1") == 200
    line.gateway.restart()
    assert report("V1") == 200
    assert not any(s.receipt for s in alice.stanzas)
    assert report("V2") == 200
    alice.expect_receipt(stanza, 20)


@pytest.mark.parametrize("status,condition", [
    ("6", "item-not-found"), ("12", "not-acceptable"),
    ("7", "item-not-found"), ("99", "not-acceptable")])
def test_vonage_says_no_with_200(make_line, provider, status, condition):
    line = make_line("vonage", key="k1", secret="s-e-c-r-e-t")
    provider.answers({"status": 200, "body": {"messages": [
        {"status": "0", "message-id": "V1"},
        {"status": status, "error-text": "why"}]}})
    stanza = line.scene.alice.text(line.scene.contact(), "no")
    error = line.scene.alice.expect_error(stanza, 20)
    assert error.condition == condition


# ---- Plivo ---------------------------------------------------------------

def test_plivo(make_line, provider):
    line = make_line("plivo", account="MA1", token=SECRET)
    alice = line.scene.alice
    provider.answers({"status": 202, "body": {"message_uuid": ["P%N"]}})
    stanza = alice.text(line.scene.contact(), "hello")
    wait_for(provider.jsons, 20, line.gateway.tail)
    sent = provider.jsons()[0]
    assert sent["dst"] == PHONE[1:] and sent["text"] == "hello"

    def hook(url, form):
        nonce = "12345678901234567890"
        text = (url.split("?")[0] + nonce).encode()
        sig = base64.b64encode(signature(text).digest()).decode()
        return call(url, form, {"X-Plivo-Signature-V2": sig,
                                "X-Plivo-Signature-V2-Nonce": nonce})[0]
    assert hook(sent["url"], {"MessageUUID": "P1", "Status": "delivered",
                              "To": PHONE[1:]}) == 200
    alice.expect_receipt(stanza, 20)
    assert hook(line.url("in"), {"MessageUUID": "P9", "From": PHONE[1:],
                                 "Text": "back"}) == 200
    alice.expect_text(line.scene.contact(), "back")


# ---- httpSMS -------------------------------------------------------------

def token(claims, secret=SECRET):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    head = part(b'{"alg":"HS256","typ":"JWT"}') + b"." \
        + part(json.dumps(claims).encode())
    return (head + b"." + part(signature(head, secret=secret).digest())
            ).decode()


def test_httpsms(make_line, provider):
    line = make_line("httpsms", key="api-key-of-a-test", signing_key=SECRET)
    alice = line.scene.alice
    url = line.url("events")
    provider.answers({"status": 200, "body": {"data": {"id": "H%N"}}})
    stanza = alice.text(line.scene.contact(), "hello")
    wait_for(provider.jsons, 20, line.gateway.tail)
    assert provider.jsons()[0]["content"] == "hello"
    assert provider.requests[0]["headers"]["x-api-key"] \
        == "api-key-of-a-test"
    claims = {"aud": url, "iat": int(time.time()),
              "exp": int(time.time()) + 600}

    def hook(event, jwt):
        return post_json(url, event, {"Authorization": "Bearer " + jwt})
    delivered = {"type": "message.phone.delivered",
                 "data": {"id": "H1", "contact": PHONE}}
    text = {"type": "message.phone.received", "data": {
        "contact": PHONE, "content": "back", "message_id": "m1",
        "timestamp": "2026-11-21T09:30:00Z"}}
    assert hook(delivered, token(claims, "wrong")) == 403
    assert hook(delivered, token({**claims, "aud": "x"})) == 403
    assert hook(delivered, token({**claims, "exp": 1})) == 403
    assert hook(delivered, token(claims)) == 200
    alice.expect_receipt(stanza, 20)
    assert hook(text, token(claims)) == 200
    assert hook({"type": "message.call.missed"}, token(claims)) == 200
    alice.expect_text(line.scene.contact(), "back")


# ---- OneBot: addresses that are no phone numbers --------------------------

def test_onebot(make_line, provider):
    line = make_line("onebot", secret=SECRET, token="access-token")
    alice, domain = line.scene.alice, line.scene.domain

    def event(value):
        data = json.dumps(value).encode()
        sig = "sha1=" + signature(data, "sha1").hexdigest()
        return post_json(line.url("events"), data, {"X-Signature": sig})
    provider.answers({"status": 200, "body": {
        "status": "ok", "retcode": 0, "data": {"message_id": 55}}})
    info = alice.iq(domain, "<query xmlns='http://jabber.org/protocol/"
                    "disco#info'/>")
    assert "type='qq'" in repr(info).replace('"', "'")
    alice.text(f"10001@{domain}", "[CQ:at] & hi")
    wait_for(provider.jsons, 20, line.gateway.tail)
    assert provider.requests[0]["path"] == "/send_private_msg"
    assert provider.requests[0]["headers"]["Authorization"] \
        == "Bearer access-token"
    assert provider.jsons()[0] == {
        "user_id": 10001, "message": "[CQ:at] & hi", "auto_escape": True}
    alice.text(f"group-777@{domain}", "all")
    wait_for(lambda: len(provider.jsons()) == 2, 20, line.gateway.tail)
    assert provider.requests[1]["path"] == "/send_group_msg"
    assert provider.jsons()[1]["group_id"] == 777
    message = {"post_type": "message", "message_type": "private",
               "user_id": 10002, "message_id": 1, "time": 1763710000,
               "raw_message": "hi &#91;x&#93; [CQ:face,id=1]",
               "sender": {"nickname": "Li"}}
    assert event(message) == 204
    alice.expect_text(f"10002@{domain}", "hi [x] [face]")
    assert event({**message, "message_type": "group", "group_id": 777,
                  "message_id": 2}) == 204
    alice.expect_text(f"group-777@{domain}")
    assert event({"post_type": "meta_event"}) == 204
    assert post_json(line.url("events"), message,
                     {"X-Signature": "sha1=00"}) == 403
    provider.answers({"status": 200, "body": {
        "status": "failed", "retcode": 100, "wording": "not a friend"}})
    stanza = alice.text(f"10001@{domain}", "no")
    assert alice.expect_error(stanza, 20).condition == "not-acceptable"


# ---- the command line ------------------------------------------------------

@pytest.fixture
def tool(tmp_path):
    gateway = Gateway(tmp_path / "g", {}, env={
        "MOONGATE_PROVIDERS": PROVIDERS})

    def run(*arguments, check=True):
        return gateway.cli("provider", *arguments, check=check)
    return run


@pytest.mark.parametrize("name", [
    name[:-5] for name in sorted(os.listdir(PROVIDERS))])
def test_sample(tool, name):
    assert "ok" in tool(name).stdout
    out = tool(name, "--sample", "--text", "sample-text", "--set",
               "base=http://h.example").stdout
    assert "sample-text" in out and "http://h.example/" in out
    with open(f"{PROVIDERS}/{name}.conf", encoding="utf-8") as file:
        assert len(file.readlines()) <= 40


def test_replay(tool, tmp_path):
    url = "https://gw.example.org/hook/web/in/t"
    form = "Body=hi%20there&From=%2B447700900123&MessageSid=SM1"
    sig = base64.b64encode(signature(
        f"{url}Bodyhi thereFrom{PHONE}MessageSidSM1".encode(), "sha1"
    ).digest()).decode()
    path = tmp_path / "request"
    path.write_text(
        f"POST {url} HTTP/1.1\r\nHost: gw.example.org\r\n"
        f"X-Twilio-Signature: {sig}\r\n\r\n{form}")
    arguments = ("twilio", "--replay", path, "--hook", "in", "--set",
                 f"token={SECRET}")
    out = tool(*arguments).stdout
    assert out == f"verified\nmessage from {PHONE}, id SM1:\nhi there\n"
    done = tool(*arguments, "--url", "https://other.example/", check=False)
    assert done.returncode == 1 and "signature is wrong" in done.stderr
    done = tool("twilio", "--replay", path, check=False)
    assert done.returncode == 1
    assert "--hook NAME: which one? there is in, report" in done.stderr
    done = tool(*arguments[:-2], check=False)
    assert done.returncode == 1 and "--set" in done.stderr
    done = tool("twilio", "--sample", "--set", "tokn=x", check=False)
    assert done.returncode == 1
    assert "--set tokn: there is no such option; there is from, account, " \
        "token, base" in done.stderr


def test_mistakes_are_told(tool, tmp_path):
    path = tmp_path / "mine.conf"
    path.write_text('title = "Mine";\nsend = {\n  url = "{base}/{tex}";\n};\n')
    done = tool(path, check=False)
    assert done.returncode == 1
    assert f"{path}:3: url: no value {{base}}; there is to, text" \
        in done.stderr
    assert tool("no-such-provider", check=False).returncode == 1
    assert tool(check=False).returncode == 2


def test_check_explains(tmp_path):
    bad = tmp_path / "bad.conf"
    bad.write_text('title = "B";\nvariables = { network = { help = "n"; }; };'
                   '\nsend = { url = "http://h/{to}"; raw = "{text}"; '
                   'type = "text/plain"; };\n')
    gateway = Gateway(
        tmp_path / "g", {
            "networks": {"sms": {"jid": "sms.example.org", "secret": "s"}},
            "lines": {
                "a": {"network": "sms", "driver": "http",
                      "provider": "twilo"},
                "b": {"network": "sms", "driver": "http",
                      "provider": str(bad)},
                "c": {"network": "sms", "driver": "http",
                      "provider": "twilio", "account": "x", "tokn": "y"}}},
        env={"MOONGATE_PROVIDERS": PROVIDERS})
    done = gateway.cli("check", check=False)
    assert done.returncode == 1
    assert "lines.a.provider: there is no provider file twilo.conf" \
        in done.stderr
    assert "lines.b.provider: it declares network" in done.stderr
    assert "lines.c.tokn: unknown option; did you mean token?" in done.stderr
    assert "lines.c.token: is missing" in done.stderr
