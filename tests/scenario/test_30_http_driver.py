"""The http driver: a provider that answers, lies, is silent, and calls back."""

import base64
import hashlib
import hmac
import os
import shutil
import subprocess
import time
import urllib.parse

import pytest

from lib.process import ROOT, free_port, wait_for
from lib.scene import PHONE, PHONE2
from sim.provider import Provider, call

TOKEN = "auth-token-of-a-test"
PROVIDERS = os.path.join(ROOT, "conf", "providers")


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.close()


class Line:
    """A scene whose one line is an account at the fake provider."""

    def __init__(self, scene, provider, name="twilio", network=None,
                 gateway=None, groups=None, hooks=None, wait=True,
                 **line):
        self.scene, self.provider = scene, provider
        self.hooks = hooks or free_port()
        options = {"account": "AC1", "token": TOKEN} if name == "twilio" \
            else {}
        scene.make_gateway(
            env={"MOONGATE_PROVIDERS": PROVIDERS},
            gateway={"hook_listen": f"127.0.0.1:{self.hooks}",
                     **(gateway or {})},
            networks={"sms": {"settle": 1, **(network or {})}},
            **(groups or {}),
            lines={"web": {
                "network": "sms", "driver": "http", "provider": name,
                "from": "+447700900000", "hook_token": "hook-path-secret",
                "base": provider.base, **options, **line}}).start(wait)

    @property
    def gateway(self):
        return self.scene.gateway

    def url(self, hook):
        return (f"http://127.0.0.1:{self.hooks}/hook/web/{hook}/"
                "hook-path-secret")

    def signed(self, url, form, token=TOKEN):
        """Twilio's signature."""
        text = url + "".join(k + form[k] for k in sorted(form))
        digest = hmac.new(token.encode(), text.encode(), hashlib.sha1)
        return {"X-Twilio-Signature":
                base64.b64encode(digest.digest()).decode()}

    def phone_sends(self, text, sid, sender=PHONE, **headers):
        form = {"From": sender, "To": "+447700900000", "Body": text,
                "MessageSid": sid, "AccountSid": "AC1"}
        url = self.url("in")
        return call(url, form, headers or self.signed(url, form))[0]

    def reports(self, request, status, sid, **more):
        """As Twilio calls the StatusCallback of a request."""
        url = request["StatusCallback"]
        form = {"MessageSid": sid, "MessageStatus": status,
                "To": request["To"], "From": request["From"], **more}
        return call(url, form, self.signed(url, form))[0]

    def wait_sent(self, count, timeout=20):
        wait_for(lambda: len(self.provider.forms()) >= count, timeout,
                 lambda: f"{count} requests: {self.provider.requests}\n"
                 + self.gateway.tail())
        return self.provider.forms()

    def fact(self, key):
        return self.gateway.line("web")["facts"].get(key)


@pytest.fixture
def line(make_scene, provider):
    return Line(make_scene("prosody"), provider)


@pytest.fixture
def make_line(make_scene, provider):
    def make(*arguments, **options):
        return Line(make_scene("prosody"), provider, *arguments, **options)
    return make


# ---- what works --------------------------------------------------------

def test_text_and_receipt(line):
    alice = line.scene.alice
    stanza = alice.text(line.scene.contact(), "h\u00e9llo & 100% {x}")
    form = line.wait_sent(1)[0]
    assert form["Body"] == "h\u00e9llo & 100% {x}"
    assert (form["To"], form["From"]) == (PHONE, "+447700900000")
    request = line.provider.requests[0]
    assert request["path"] == "/2010-04-01/Accounts/AC1/Messages.json"
    assert request["headers"]["Authorization"] == "Basic " + \
        base64.b64encode(f"AC1:{TOKEN}".encode()).decode()
    for status in ("queued", "sent"):
        assert line.reports(form, status, "SM1") == 204
    assert line.reports(form, "delivered", "SM1") == 204
    alice.expect_receipt(stanza, 20)
    assert line.reports(form, "sent", "SM1") == 204  # late: no step down
    assert line.reports(form, "delivered", "SM1") == 204


def test_read_marker(line):
    """XEP-0333, where the provider tells it and the sender wants it."""
    alice, scene = line.scene.alice, line.scene
    marked = [alice.text(scene.contact(), "seen?", extra=extra) for extra in (
        "", "<markable xmlns='urn:xmpp:chat-markers:0'/>")]
    forms = line.wait_sent(2)
    for n, form in enumerate(forms, 1):
        assert line.reports(form, "delivered", f"SM{n}") == 204
        alice.expect_receipt(marked[n - 1], 20)
        assert line.reports(form, "read", f"SM{n}") == 204
    alice.expect(lambda s: s.find(
        f"{{urn:xmpp:chat-markers:0}}displayed[@id='{marked[1]}']")
        is not None and s.bare == scene.contact(), 10, "a marker")
    assert not [s for s in alice.stanzas if marked[0] in repr(s)
                and "displayed" in repr(s)]
    info = alice.iq(scene.contact(), "<query xmlns="
                    "'http://jabber.org/protocol/disco#info'/>")
    assert "urn:xmpp:chat-markers:0" in repr(info)


def test_report_before_the_answer(line):
    """The callback overtakes the answer to the request."""
    line.provider.answers({"delay": 0.5})
    alice = line.scene.alice
    stanza = alice.text(line.scene.contact(), "quick")
    form = line.wait_sent(1)[0]
    assert line.reports(form, "delivered", "SM1") == 204
    alice.expect_receipt(stanza, 20)


def test_text_in_once(line):
    alice = line.scene.alice
    alice.text(line.scene.contact(), "hi")
    line.wait_sent(1)
    assert line.phone_sends("first \U0001F600", "SM-a") == 204
    assert line.phone_sends("first \U0001F600", "SM-a") == 204  # a replay
    assert line.phone_sends("second", "SM-b") == 204
    alice.expect_text(line.scene.contact(), "first \U0001F600")
    alice.expect_text(line.scene.contact(), "second")


def test_failed_report(line):
    alice = line.scene.alice
    stanza = alice.text(line.scene.contact(), "to a dead phone")
    form = line.wait_sent(1)[0]
    assert line.reports(form, "undelivered", "SM1", ErrorCode="30005") == 204
    error = alice.expect_error(stanza, 20)
    assert error.condition == "item-not-found"


def test_long_text_in_requests(make_line):
    line = make_line(text_length=50, max_parts=3)
    words = " ".join(f"word{i}" for i in range(20))
    line.scene.alice.text(line.scene.contact(), words)
    forms = line.wait_sent(3)
    assert "".join(f["Body"] for f in forms) == words
    assert all(len(f["Body"]) <= 50 for f in forms)
    assert forms[0]["Body"].endswith(" ")
    stanza = line.scene.alice.text(line.scene.contact(), "x" * 151)
    error = line.scene.alice.expect_error(stanza)
    assert error.condition == "not-acceptable"


# ---- outcomes (T17) ----------------------------------------------------

REFUSED = [
    ({"status": 400, "body": {"code": 21211, "message": "bad To"}},
     "item-not-found"),
    ({"status": 400, "body": {"code": 21610, "message": "STOP"}},
     "forbidden"),
    ({"status": 400, "body": {"code": 21617, "message": "long"}},
     "not-acceptable"),
    ({"status": 422, "body": "no json"}, "not-acceptable"),
    ({"status": 404, "body": ""}, "not-acceptable"),
]


@pytest.mark.parametrize("answer,condition", REFUSED)
def test_refused(line, answer, condition):
    line.provider.answers(answer)
    stanza = line.scene.alice.text(line.scene.contact(), "no")
    error = line.scene.alice.expect_error(stanza, 20)
    assert error.condition == condition
    assert len(line.provider.forms()) == 1


@pytest.mark.parametrize("answer", [
    {"status": 500}, {"status": 503, "headers": {"Retry-After": "1"}},
    {"status": 429, "headers": {"Retry-After": "1"}}, {"status": 429},
    {"status": 429, "body": {"code": 20429}},
])
def test_tried_again(line, answer):
    line.provider.answers(answer, {})
    line.scene.alice.text(line.scene.contact(), "again")
    forms = line.wait_sent(2)
    line.gateway.wait_idle()
    assert forms[0]["Body"] == forms[1]["Body"] == "again"
    assert len(line.provider.forms()) == 2


@pytest.mark.parametrize("answer", [{"lose": True}, {"half": True}])
def test_answer_lost_after_accept(line, answer):
    """At most one extra copy, and it is counted."""
    line.provider.answers(answer, {})
    line.scene.alice.text(line.scene.contact(), "maybe")
    line.wait_sent(2)
    line.gateway.wait_idle()
    assert len(line.provider.forms()) == 2
    counters = line.gateway.status()["gateway"]["counters"]
    assert counters["ambiguous_resend"] == 1


def test_answer_lost_but_reported(line):
    """A report settles what nobody knew: no copy."""
    line.provider.answers({"lose": True}, {})
    alice = line.scene.alice
    stanza = alice.text(line.scene.contact(), "reported")
    form = line.wait_sent(1)[0]
    assert line.reports(form, "delivered", "SM1") == 204
    alice.expect_receipt(stanza, 20)
    line.gateway.wait_idle()
    assert len(line.provider.forms()) == 1


def test_storm_of_429(line):
    line.provider.answers(*[{"status": 429}] * 3, {})
    alice = line.scene.alice
    for i in range(10):
        alice.text(line.scene.contact(), f"storm {i}")
    line.wait_sent(13, 60)
    line.gateway.wait_idle()
    times = [r["at"] for r in line.provider.requests]
    assert times[3] - times[0] > 2, "no pause"
    bodies = [f["Body"] for f in line.provider.forms()]
    assert list(dict.fromkeys(bodies)) == [f"storm {i}" for i in range(10)]


def test_provider_down(line):
    line.provider.down()
    alice = line.scene.alice
    alice.text(line.scene.contact(), "later")
    line.gateway.wait_log("web is offline: cannot connect to 127.0.0.1")
    assert line.gateway.log().count("is offline") == 1
    line.provider.up()
    line.wait_sent(1, 30)
    line.gateway.wait_idle()
    assert len(line.provider.forms()) == 1


def test_credentials_refused(line):
    line.provider.answers({"status": 401, "body": {"code": 20003}})
    line.scene.alice.text(line.scene.contact(), "who am I")
    line.gateway.wait_log("web is offline: the provider answered 401 20003")
    assert line.gateway.line("web")["state"] == "waiting"
    assert len(line.provider.forms()) == 1  # no storm of wrong passwords


def test_redirect_is_not_followed(line):
    line.provider.answers({"status": 302, "headers": {"Location": "/else"}})
    line.scene.alice.text(line.scene.contact(), "moved")
    line.gateway.wait_log("web is offline: the provider answered 302")
    assert [r["path"] for r in line.provider.requests
            if r["path"] == "/else"] == []


def test_many_texts_keep_their_order(line):
    alice = line.scene.alice
    for i in range(50):
        alice.text(line.scene.contact(PHONE if i % 2 else PHONE2), f"{i}")
    line.wait_sent(50)
    line.gateway.wait_idle()
    for number in (PHONE, PHONE2):
        got = [int(f["Body"]) for f in line.provider.forms()
               if f["To"] == number]
        assert got == sorted(got) and len(got) == 25


def test_stop_loses_nothing(line):
    line.provider.answers({"delay": 0.3})
    alice = line.scene.alice
    for i in range(20):
        alice.text(f"+4477009002{i:02}@{line.scene.domain}", f"stop {i}")
    line.wait_sent(3)
    line.gateway.stop()
    line.provider.answers({})
    line.gateway.start()
    line.gateway.wait_idle()
    bodies = [f["Body"] for f in line.provider.forms()]
    assert sorted(bodies) == sorted(f"stop {i}" for i in range(20))


def test_kill_in_the_middle(line):
    line.provider.answers({"delay": 0.5}, {})
    alice = line.scene.alice
    alice.text(line.scene.contact(), "killed")
    line.wait_sent(1)
    line.gateway.kill()
    line.gateway.start()
    line.wait_sent(2, 30)
    line.gateway.wait_idle()
    assert len(line.provider.forms()) == 2  # one extra copy, no more


# ---- with a key --------------------------------------------------------

def test_idempotent_provider(make_line):
    """capcom6: our id is its key; a second one is answered 409."""
    line = make_line("android-sms-gateway", user="u", password="password")
    line.provider.answers({"lose": True}, {"status": 409, "body": {}})
    alice = line.scene.alice
    stanza = alice.text(line.scene.contact(), "once")
    wait_for(lambda: len(line.provider.jsons()) == 2, 20,
             line.gateway.tail)
    first, second = line.provider.jsons()
    assert first == second
    assert first["phoneNumbers"] == [PHONE]
    assert first["textMessage"] == {"text": "once"}
    line.gateway.wait_idle()
    counters = line.gateway.status()["gateway"]["counters"]
    assert counters["ambiguous_resend"] == 0
    body = ('{"event":"sms:delivered","id":"w1","payload":{"messageId":"%s",'
            '"recipient":"%s"}}' % (first["id"], PHONE)).encode()
    assert call(line.url("events"), body)[0] == 200
    alice.expect_receipt(stanza, 20)


# ---- hooks (T18) -------------------------------------------------------

FORGED = 10000
LOAD = os.path.join(os.environ.get("TOOLS", ""), "http_load")


def forgery(line, url, form, i):
    """A form and a signature that is not its own: (body, header)."""
    form = {**form, "MessageSid": f"SM-evil{i}"}
    good = base64.b64decode(line.signed(url, form)["X-Twilio-Signature"])
    kind, n = i % 5, i // 5
    if kind == 0:       # one bit is wrong
        bad = bytearray(good)
        bad[n % 20] ^= 1 << n // 20 % 8
    elif kind == 1:     # cut short, down to nothing
        bad = good[:n % 20]
    elif kind == 2:     # of another time
        bad = base64.b64decode(line.signed(url, {
            **form, "MessageSid": f"SM-evil{i + 1}"})["X-Twilio-Signature"])
    elif kind == 3:     # for another host
        bad = base64.b64decode(line.signed(
            url.replace("127.0.0.1", f"gw{n}.test"),
            form)["X-Twilio-Signature"])
    else:               # the body was changed under way
        bad, form = good, {**form, "Body": f"evil {n}"}
    return (urllib.parse.urlencode(form),
            base64.b64encode(bytes(bad)).decode())


def flood(port, url, forgeries):
    """All must be answered 403; returns how many there were."""
    path = url.split(str(port), 1)[1]
    if not os.access(LOAD, os.X_OK):    # a tool of the benchmarks: `make tools`
        forgeries = forgeries[:300]
        for body, signature in forgeries:
            assert call(url, body.encode(), {
                "X-Twilio-Signature": signature})[0] == 403
        return len(forgeries)
    data = b""
    for body, signature in forgeries:
        request = (f"POST {path} HTTP/1.1\r\nHost: gw\r\n"
                   "Content-Type: application/x-www-form-urlencoded\r\n"
                   f"X-Twilio-Signature: {signature}\r\n"
                   f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
        data += b"%d\n%s" % (len(request), request)
    done = subprocess.run([LOAD, str(port), "8", "403"], input=data,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return len(forgeries)

def test_forged_hooks(line):
    """Nothing unsigned, wrongly signed or swapped comes through."""
    url, began = line.url("in"), time.monotonic()
    form = {"From": PHONE, "To": "+447700900000", "Body": "evil",
            "MessageSid": "SM-evil", "AccountSid": "AC1"}
    good = line.signed(url, form)
    swapped = {**form, "Body": "other"}
    moved = line.signed("https://elsewhere.example/hook", form)
    assert call(url, form)[0] == 403
    assert call(url, form, {"X-Twilio-Signature": ""})[0] == 403
    assert call(url, form, line.signed(url, form, "wrong"))[0] == 403
    assert call(url, swapped, good)[0] == 403
    assert call(url, form, moved)[0] == 403
    assert call(url + "?x=1", form, good)[0] == 403
    assert call(url[:-1], form, good)[0] == 404
    assert call(url.replace("/in/", "/on/"), form, good)[0] == 404
    sent = flood(line.hooks, url, [forgery(line, url, form, i)
                                   for i in range(FORGED)])
    told = line.gateway.log().count("was refused")
    assert told <= 1 + (time.monotonic() - began) / 10, "a flooded log"
    assert TOKEN not in line.gateway.log()
    assert "hook-path-secret" not in line.gateway.log()
    assert int(line.fact("hook requests refused")) >= sent
    assert not line.gateway.queue("--state", "all")


@pytest.mark.parametrize("data", [
    b"", b"From=%2B44", b"Body=x", b"&&&=&", b"%", b"{}", b"\0" * 1000,
    b"a=b&" * 500,
])
def test_hook_that_makes_no_sense(line, data):
    url = line.url("in")
    status = call(url, data, {"X-Twilio-Signature": "x"})[0]
    assert status in (400, 403)


@pytest.mark.parametrize("point", ["insert", "commit", "ack"])
def test_killed_before_the_hook_is_answered(make_line, point):
    """The provider, unanswered, comes again; every text counts once."""
    line = make_line()
    alice = line.scene.alice
    alice.text(line.scene.contact(), "hi")
    line.wait_sent(1)
    line.gateway.wait_idle()
    line.gateway.stop()
    line.gateway.start(env={"MOONGATE_CRASH": f"{point}:12"})
    texts, at = [f"text {i}" for i in range(30)], 0
    while line.gateway.process.running():
        try:
            assert line.phone_sends(texts[at], f"SM{at}") == 204
            at += 1
        except OSError:
            line.gateway.process.wait(20)
    assert 0 < at < 20
    line.gateway.start()
    for i in range(at, len(texts)):
        assert line.phone_sends(texts[i], f"SM{i}") == 204
    alice.expect_text(line.scene.contact(), texts[-1], 20)
    line.gateway.wait_idle()
    # What was written but not fenced comes again, under the same id.
    got = {s.id: s.body for s in alice.stanzas if s.body in texts}
    assert list(got.values()) == texts


def strace_works():
    return shutil.which("strace") and subprocess.run(
        ["strace", "-f", "-e", "inject=fdatasync:delay_enter=1:when=1",
         "true"], capture_output=True, check=False).returncode == 0


def test_a_slow_store_is_told(make_line):
    """A commit that takes too long: 503, and the provider comes again; the
    text counts once. Meanwhile the gateway goes on answering others."""
    if not strace_works():
        pytest.skip("strace cannot inject delays here")
    line = make_line(gateway={"hook_timeout": 1})
    line.scene.alice.text(line.scene.contact(), "hi")
    line.wait_sent(1)
    line.gateway.wait_idle()
    slow = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync",
         "-e", "inject=fdatasync:delay_enter=2500000:when=1",
         "-p", str(line.gateway.process.pid)], stderr=subprocess.DEVNULL)
    try:
        tracer = f"/proc/{line.gateway.process.pid}/status"
        wait_for(lambda: "TracerPid:\t0" not in open(
            tracer, encoding="ascii").read(), 10, "strace")
        began = time.monotonic()
        assert line.phone_sends("slow", "SM-slow") == 503
        assert time.monotonic() - began < 2.4
        assert line.phone_sends("forged", "SM-x", **{
            "X-Twilio-Signature": "x"}) == 403
        assert line.phone_sends("slow", "SM-slow") in (204, 503)
        assert line.phone_sends("slow", "SM-slow") == 204
    finally:
        slow.terminate()
        slow.wait()
    line.scene.alice.expect_text(line.scene.contact(), "slow")
    assert line.phone_sends("after", "SM-after") == 204
    line.scene.alice.expect_text(line.scene.contact(), "after")
    assert [s.body for s in line.scene.alice.stanzas
            if s.body].count("slow") == 1


def test_no_hooks_without_a_listener(make_line):
    line = make_line(gateway={"hook_listen": None})
    line.scene.alice.text(line.scene.contact(), "one way")
    form = line.wait_sent(1)[0]
    assert "StatusCallback" not in form
    line.gateway.wait_log("no hook in, so nothing comes in by it")
    assert "hook_listen" in line.fact("hook in")
    line.gateway.wait_idle()


def test_hook_urls_in_status(make_line):
    private = free_port()
    line = make_line(gateway={"public_url": "https://gw.example.org/",
                              "http_listen": f"127.0.0.1:{private}"},
                     hook_token=None)
    url = line.fact("hook in")
    assert url.startswith("https://gw.example.org/hook/web/in/")
    assert len(url.rsplit("/", 1)[1]) == 40
    assert url not in call(f"http://127.0.0.1:{private}/status")[1].decode()
    line.gateway.restart()
    assert line.fact("hook in") == url
