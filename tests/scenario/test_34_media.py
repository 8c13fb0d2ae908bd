"""Media: what comes in is fetched and published, or said in words; what goes
out is one URL. The loopback driver sends every medium back."""

import os
import urllib.error
import urllib.request

import pytest

from lib.process import free_port, wait_for
from lib.scene import PHONE
from sim.provider import Provider, call
from test_30_http_driver import Line

PICTURE = "\x89PNG" + "x" * 1000
PNG = {"status": 200, "body": PICTURE,
       "headers": {"Content-Type": "image/png"}}
OOB = "{jabber:x:oob}x/{jabber:x:oob}url"


@pytest.fixture
def source():
    provider = Provider()
    provider.script = [PNG]
    yield provider
    provider.close()


def start(scene, ways, line=None, **media):
    port = free_port()
    scene.make_gateway(
        gateway={"hook_listen": f"127.0.0.1:{port}"},
        media={"ways": ways, "networks": ["127.0.0.0/8"], **media},
        lines={"back": {"network": "sms", "driver": "loopback",
                        **(line or {})}}).start()
    return scene


def oob(url):
    return f"<x xmlns='jabber:x:oob'><url>{url}</url></x>"


def send(scene, url, body=None):
    return scene.alice.text(scene.contact(), body or url, extra=oob(url))


def get(url, method="GET"):
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, dict(answer.headers), answer.read()


def gets_medium(scene, timeout=15):
    stanza = scene.alice.expect(
        lambda s: s.kind == "message" and s.find(OOB) is not None, timeout,
        "a medium\n" + scene.gateway.tail())
    assert stanza.find(OOB).text == stanza.body
    assert stanza.bare == scene.contact()
    return stanza.body


def drafts(scene):
    folder = os.path.join(scene.gateway.state, "media")
    return [n for n in os.listdir(folder) if n.endswith(".draft")]


# ---- the two ways -----------------------------------------------------------

@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_upload_to_the_server(make_scene, private_server, source, name):
    server = private_server(name, upload=True)
    scene = start(make_scene(server, 0), ["upload"])
    send(scene, source.base + "/cat.png")
    url = gets_medium(scene)
    assert url.startswith(f"http://127.0.0.1:{server.http_port}/")
    assert get(url)[2] == PICTURE.encode()
    assert drafts(scene) == []


def test_files_of_hook_listen(make_scene, source):
    scene = start(make_scene("prosody"), ["files"])
    send(scene, source.base + "/my%20cat.png", "look")
    url = gets_medium(scene)
    scene.alice.expect_text(scene.contact(), "look")
    status, headers, body = get(url)
    assert (status, body) == (200, PICTURE.encode())
    assert headers["Content-Type"] == "image/png"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"] == "inline"
    assert get(url, "HEAD")[2] == b""
    for wrong in (url[:-1], url.rsplit("/", 2)[0] + "/" + "0" * 32 + "/a.png",
                  url.rsplit("/", 1)[0], url + "/..%2f.."):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(wrong)
        assert refused.value.code == 404


# ---- what is said in words ---------------------------------------------------

def says(scene, words, timeout=15):
    return scene.alice.expect(
        lambda s: s.kind == "message" and s.body and words in s.body, timeout,
        f"{words}\n" + scene.gateway.tail())


def test_off_says_what_arrived(make_scene, source):
    scene = start(make_scene("prosody"), [])
    send(scene, source.base + "/cat.png", "look")
    answer = says(scene, "[")
    assert answer.body == "look\n[file: this gateway does not pass media on]"
    assert source.requests == []


def test_a_server_without_uploads(make_scene, source):
    scene = start(make_scene("prosody"), ["upload"])
    send(scene, source.base + "/cat.png")
    says(scene, "[file: this gateway does not pass media on]")
    assert source.requests == []


def test_private_addresses_are_refused(make_scene, source):
    """What a stranger names must not lead into our own network."""
    scene = start(make_scene("prosody"), ["files"], networks=["10.0.0.0/8"])
    for url in (f"http://127.0.0.1:{source.port}/a.png",
                f"http://localhost:{source.port}/b.png",
                f"http://[::ffff:127.0.0.1]:{source.port}/c.png"):
        send(scene, url, "private")
        says(scene, "private\n[file: it could not be fetched]")
    assert source.requests == []


def test_a_redirect_to_a_private_address(make_scene, source):
    scene = start(make_scene("prosody"), ["files"], networks=["127.0.0.0/8"])
    source.script = [{"status": 302, "body": "", "headers": {
        "Location": "http://[::1]:9/secret"}}]
    send(scene, source.base + "/a.png")
    says(scene, "[file: it could not be fetched]")
    assert len(source.requests) == 1


def test_too_big(make_scene, source):
    """With a length and without one; nothing stays behind."""
    scene = start(make_scene("prosody"), ["files"], max_size=1)
    source.script = [{**PNG, "body": "x" * (1024 * 1024 + 1)}]
    send(scene, source.base + "/a.png")
    answer = says(scene, "it is too big")
    assert answer.body == "[photo, 1.0 MiB: it is too big]" \
        or answer.body.startswith("[file")
    assert drafts(scene) == []


def test_types(make_scene, source):
    scene = start(make_scene("prosody"), ["files"],
                  types=["image", "text/plain"])
    source.script = [{**PNG, "headers": {"Content-Type": "video/mp4"}}, PNG]
    send(scene, source.base + "/a.mp4")
    says(scene, "[video, 1 KiB: this gateway does not pass on such files]")
    send(scene, source.base + "/a.png")
    gets_medium(scene)


def test_what_browsers_run_is_saved(make_scene, source):
    scene = start(make_scene("prosody"), ["files"])
    source.script = [{"status": 200, "body": "<script>alert(1)</script>",
                      "headers": {"Content-Type": "text/html"}}]
    send(scene, source.base + "/page.html")
    _, headers, _ = get(gets_medium(scene))
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment"


# ---- sources that fail --------------------------------------------------------

def test_slow_drip_ends(make_scene, source):
    """A text waits for its medium, and what follows it, but not for ever."""
    scene = start(make_scene("prosody"), ["files"], wait=2)
    source.script = [{**PNG, "drip": 0.1}]
    send(scene, source.base + "/a.png", "first")
    wait_for(lambda: source.requests, 10, "the source is asked")
    scene.alice.text(scene.contact(), "second")
    says(scene, "first\n[file: it could not be fetched]")
    scene.alice.expect_text(scene.contact(), "second")
    texts = [t for t in scene.alice.texts(scene.contact())]
    assert texts[0].startswith("first") and texts[1] == "second"
    assert drafts(scene) == []


def test_order_is_kept_and_others_do_not_wait(make_scene, source):
    scene = start(make_scene("prosody"), ["files"])
    source.script = [{**PNG, "delay": 1.5}]
    send(scene, source.base + "/a.png")
    wait_for(lambda: source.requests, 10, "the source is asked")
    scene.alice.text(scene.contact(), "behind")
    other = scene.contact("+447700900199")
    scene.alice.text(other, "another talk")
    scene.alice.expect_text(other, "another talk")
    assert scene.alice.texts(scene.contact()) == []
    url = gets_medium(scene)
    scene.alice.expect_text(scene.contact(), "behind")
    assert scene.alice.texts(scene.contact()) == [url, "behind"]


def test_a_source_that_fails_at_first(make_scene, source):
    scene = start(make_scene("prosody"), ["files"])
    source.script = [{"status": 503, "body": "later"}, PNG]
    send(scene, source.base + "/a.png")
    gets_medium(scene)
    assert len(source.requests) == 2


def test_what_is_gone(make_scene, source):
    scene = start(make_scene("prosody"), ["files"])
    source.script = [{"status": 404, "body": "no"}]
    send(scene, source.base + "/a.png")
    says(scene, "[file: it could not be fetched]")
    assert len(source.requests) == 1


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_next_life_fetches_it(make_scene, source, end):
    """Accepted is accepted, and what was not written comes once."""
    scene = start(make_scene("prosody"), ["files"])
    source.script = [{**PNG, "delay": 30}, PNG]
    send(scene, source.base + "/a.png", "look")
    wait_for(lambda: source.requests, 10, "the source is asked")
    assert len(drafts(scene)) == 1
    getattr(scene.gateway, end)()
    scene.gateway.start()
    url = gets_medium(scene)
    scene.alice.expect_text(scene.contact(), "look")
    scene.alice.fence(scene.domain)
    assert scene.alice.texts(scene.contact()) == [url, "look"]
    assert get(url)[2] == PICTURE.encode()
    assert drafts(scene) == []


def test_crash_after_it_was_written(make_scene, source):
    """Once published it is not fetched again, and keeps its URL."""
    scene = start(make_scene("prosody"), ["files"])
    send(scene, source.base + "/warm.png")
    first = gets_medium(scene)
    scene.gateway.stop()
    scene.gateway.start(env={"MOONGATE_CRASH": "write:2"})
    send(scene, source.base + "/a.png")  # its receipt is the first that is written
    wait_for(lambda: not scene.gateway.process.running(), 20, "the crash")
    scene.gateway.start()
    url = gets_medium(scene)
    assert url != first and get(url)[2] == PICTURE.encode()


# ---- several receivers --------------------------------------------------------

def test_several_receivers_one_fetch(make_scene, source):
    scene = make_scene("prosody")
    people = [scene.server.jid(scene.alice_user),
              scene.server.jid(scene.bob_user)]
    scene.alice, scene.bob
    port = free_port()
    scene.make_gateway(
        gateway={"hook_listen": f"127.0.0.1:{port}"},
        media={"ways": ["files"], "networks": ["127.0.0.0/8"]},
        networks={"sms": {"team": people}},
        lines={"back": {"network": "sms", "driver": "loopback"}}).start()
    send(scene, source.base + "/a.png")
    url = gets_medium(scene)
    stanza = scene.bob.expect(lambda s: s.find(OOB) is not None, 10, "medium")
    assert stanza.body == url
    assert len(source.requests) == 1


def test_several_receivers_and_a_source_that_hangs(make_scene, source):
    """One rides on a fetch of the other's, and has less time left for it."""
    scene = make_scene("prosody")
    people = [scene.server.jid(scene.alice_user),
              scene.server.jid(scene.bob_user)]
    scene.alice, scene.bob
    line = Line(scene, source, groups={"media": {"ways": ["files"], "wait": 2}},
                network={"inbox": people})
    source.script = [PNG, {**PNG, "delay": 30}]
    media = source.base + "/2010-04-01/Accounts/AC1/Media/"
    assert mms(line, "MM1", [media + "ME1", media + "ME2"]) == 204
    for user in (scene.alice, scene.bob):
        user.expect(lambda s: s.body and "could not be fetched" in s.body, 15,
                    "words\n" + scene.gateway.tail())
    assert len(source.requests) == 2
    assert scene.gateway.process.running()


# ---- out ------------------------------------------------------------------------

def test_a_phone_gets_the_url_once(simple):
    url = "https://upload.example.org/abc/cat.png"
    for body, text in ((url, url), ("look", "look\n" + url),
                       (f"see {url} now", f"see {url} now")):
        stanza = simple.alice.text(simple.contact(), body, extra=oob(url))
        simple.phone_gets(text)
        simple.alice.expect_receipt(stanza, 20)


def test_a_body_that_is_an_upload_of_the_own_server(make_scene, source):
    """Some clients leave the <x/> out; another server's URL is just a text."""
    scene = start(make_scene("prosody"), [], line={"echo": True})
    own = "https://upload.localhost/1/cat.png"
    scene.alice.text(scene.contact(), own)
    says(scene, "[file: this gateway does not pass media on]")
    for text in ("https://evil.example.org/1/cat.png",
                 "https://upload.localhost/page", own + " look"):
        scene.alice.text(scene.contact(), text)
        scene.alice.expect_text(scene.contact(), text)


@pytest.mark.parametrize("media,words", [
    ({"ways": ["fax"]}, "neither upload nor files"),
    ({"ways": ["files"]}, "hook_listen"),
    ({"networks": ["10.0.0.0/99"]}, "no network"),
])
def test_mistakes_in_the_configuration(make_scene, media, words):
    scene = make_scene("prosody")
    gateway = scene.make_gateway(media=media)
    done = gateway.cli("check", check=False)
    assert done.returncode != 0 and words in done.stderr


# ---- a provider's MMS -------------------------------------------------------

def mms(line, sid, urls, text=""):
    form = {"From": PHONE, "To": "+447700900000", "Body": text,
            "MessageSid": sid, "AccountSid": "AC1",
            "NumMedia": str(len(urls))}
    for i, url in enumerate(urls):
        form[f"MediaUrl{i}"] = url
        form[f"MediaContentType{i}"] = "image/png"
    url = line.url("in")
    return call(url, form, line.signed(url, form))[0]


def twilio(scene, provider, **line):
    return Line(scene, provider, groups={"media": {"ways": ["files"]}},
                network={"inbox": [scene.server.jid(scene.alice_user)]},
                **line)


def test_mms_in(make_scene, source):
    """The provider's own URLs get our credentials, others do not; a redirect
    from there leads on without them."""
    scene = make_scene("prosody")
    line = twilio(scene, source)
    source.script = [PNG]
    scene.alice
    url = source.base + "/2010-04-01/Accounts/AC1/Media/ME1"
    assert mms(line, "MM1", [url], "look") == 204
    medium = gets_medium(scene)
    assert get(medium)[2] == PICTURE.encode()
    scene.alice.expect_text(scene.contact(), "look")
    assert source.requests[-1]["headers"]["Authorization"].startswith("Basic")
    source.script = [{"status": 307, "body": "", "headers": {
        "Location": f"http://localhost:{source.port}/cdn/1"}}]
    before = len(source.requests)
    assert mms(line, "MM2", [url]) == 204
    says(scene, "[photo: it could not be fetched]")
    assert len(source.requests) == before + 1
    assert mms(line, "MM3", [f"http://127.0.0.1:{free_port()}/a"], "x") == 204
    says(scene, "x\n[photo: it could not be fetched]")


def test_mms_in_from_elsewhere_has_no_credentials(make_scene, source):
    scene = make_scene("prosody")
    other = Provider()
    other.script = [PNG]
    try:
        line = Line(scene, source, groups={"media": {
            "ways": ["files"], "networks": ["127.0.0.0/8"]}},
            network={"inbox": [scene.server.jid(scene.alice_user)]})
        scene.alice
        source.script = [{"status": 302, "body": "", "headers": {
            "Location": other.base + "/cdn/1.png"}}]
        assert mms(line, "MM1", [source.base + "/ME1", other.base + "/2"]) \
            == 204
        assert get(gets_medium(scene))[2] == PICTURE.encode()
        assert get(gets_medium(scene))[2] == PICTURE.encode()
        assert [r["path"] for r in other.requests] == ["/cdn/1.png", "/2"]
        assert all("Authorization" not in r["headers"]
                   for r in other.requests)
    finally:
        other.close()


@pytest.mark.parametrize("on", [True, False])
def test_mms_out(make_scene, source, on):
    source.script = [{}]
    scene = make_scene("prosody")
    line = Line(scene, source, **({"media": True} if on else {}))
    url = "https://upload.example.org/cat.png"
    send(scene, url, "look")
    send(scene, url)
    first, second = line.wait_sent(2)
    if on:
        assert (first["Body"], first["MediaUrl"]) == ("look", url)
        assert (second["Body"], second["MediaUrl"]) == ("", url)
    else:
        assert "MediaUrl" not in first
        assert first["Body"] == "look\n" + url and second["Body"] == url
