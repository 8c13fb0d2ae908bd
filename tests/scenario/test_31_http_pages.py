"""The private HTTP pages and the two listeners."""

import json
import re
import urllib.error
import urllib.request

from lib.process import free_port, wait_for

LINE = re.compile(r'^[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?[0-9.e+]+$')


def get(port, path):
    """Status and text of a page."""
    try:
        with urllib.request.urlopen(
                f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def start(make_scene, **gateway):
    port = free_port()
    scene = make_scene("prosody").start(
        gateway={"http_listen": f"127.0.0.1:{port}", **gateway})
    return scene, port


def samples(port):
    status, text = get(port, "/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for line in lines:
        assert LINE.match(line), line
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in lines}


def test_pages(make_scene):
    scene, port = start(make_scene)
    assert get(port, "/livez") == (200, "alive\n")
    assert get(port, "/readyz") == (200, "ready\n")
    assert get(port, "/")[0] == 404
    assert json.loads(get(port, "/status")[1])["lines"][0]["name"] == "sim1"
    labels = 'line="sim1",network="sms",driver="gsm"'
    before = samples(port)
    assert before['moongate_network_up{network="sms"}'] == 1
    assert before[f"moongate_line_up{{{labels}}}"] == 1
    assert before[f"moongate_parts_sent_total{{{labels}}}"] == 0
    scene.talk()
    after = samples(port)
    assert after[f"moongate_parts_sent_total{{{labels}}}"] == 1
    assert after['moongate_messages{network="sms",direction="to_line",'
                 'state="delivered"}'] == 1


def test_not_ready_without_the_server(private_server, make_scene):
    server = private_server("prosody")
    port = free_port()
    scene = make_scene(server).start(
        gateway={"http_listen": f"127.0.0.1:{port}"})
    assert get(port, "/readyz")[0] == 200
    server.stop()
    wait_for(lambda: get(port, "/readyz") == (
        503, "network sms is not online\n"), 20, "not ready")
    assert get(port, "/livez")[0] == 200
    assert scene.gateway.process.running()


def test_hook_listener_knows_nothing(make_scene):
    hooks = free_port()
    scene, port = start(make_scene, hook_listen=f"127.0.0.1:{hooks}")
    for path in ("/", "/metrics", "/status", "/hook", "/hook/sim1/x"):
        assert get(hooks, path) == (404, "")
    assert get(port, "/hook/sim1/x")[0] == 404
    scene.gateway.stop()


def test_address_in_use(make_scene):
    port = free_port()
    scene = make_scene("prosody")
    scene.simulate()
    first = scene.make_gateway(
        gateway={"http_listen": f"127.0.0.1:{port}"}).start()
    second = scene.make_gateway(
        folder="second", gateway={"http_listen": f"127.0.0.1:{port}"})
    second.start(wait=False)
    assert second.process.wait(20) == 1
    assert "http_listen: cannot listen on" in second.log()
    assert first.process.running()


def test_mistakes_are_told(make_scene):
    scene = make_scene("prosody")
    scene.simulate()
    gateway = scene.make_gateway(gateway={
        "http_listen": "5380", "hook_listen": "127.0.0.1",
        "public_url": "gw.example.org"})
    done = gateway.cli("check", check=False)
    assert done.returncode == 1
    for key in ("http_listen", "hook_listen", "public_url"):
        assert re.search(rf"moongate.conf:\d+: {key}: ", done.stderr), key
