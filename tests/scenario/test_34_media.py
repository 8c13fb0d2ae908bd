"""Media: what comes in is fetched and published, or said in words; what goes
out is one URL. The loopback driver sends every medium back."""

import os
import urllib.error
import urllib.request

import pytest

from lib.process import free_port, wait_for
from lib.scene import PHONE
from sim.provider import Provider

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


@pytest.fixture(scope="module")
def upload_server(tmp_path_factory):
    """Prosody with an upload service."""
    from lib import servers
    server = servers.Prosody(
        tmp_path_factory.mktemp("upload"),
        [f"sms{i}.localhost" for i in range(8)],
        [f"{n}{i}" for i in range(8) for n in "ab"], upload=True)
    server.start()
    yield server
    server.stop()


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

def test_upload_to_the_server(make_scene, upload_server, source):
    scene = start(make_scene(upload_server, 0), ["upload"])
    send(scene, source.base + "/cat.png")
    url = gets_medium(scene)
    assert url.startswith(f"http://127.0.0.1:{upload_server.http_port}/")
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
                  url.rsplit("/", 1)[0], url + "/..%2f..", url + "?x"):
        if not wrong.endswith("?x"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                get(wrong)
            assert refused.value.code == 404
