"""The component link: it comes up, says what is wrong, and comes back."""

import os
import time

import pytest

from lib.process import free_port, wait_for
from lib.servers import SECRET
from lib.tls import make_certificates


def test_connects_and_carries_texts_both_ways(scene):
    scene.talk("out")
    scene.phone_sends("in")
    scene.alice.expect_text(scene.contact(), "in")
    network = scene.gateway.network()
    assert network["jid"] == scene.domain
    assert network["state"] == "online"


def test_secret_from_file_and_from_environment(make_scene, tmp_path):
    scene = make_scene("prosody")
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    scene.simulate()
    gateway = scene.make_gateway(
        networks={"sms": {"secret": f"file:{secret}"}}).start()
    scene.talk("with a file")
    gateway.stop()
    gateway.write_config({"networks": {"sms": {"secret": "env:SECRET"}}})
    gateway.env["SECRET"] = SECRET
    gateway.start()
    scene.talk("with the environment")
    assert SECRET not in gateway.log()


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_wrong_secret_is_told_once_and_mends_itself(
        private_server, make_scene, name):
    server = private_server(name, secret="not the right one")
    scene = make_scene(server)
    scene.simulate()
    gateway = scene.make_gateway()
    gateway.start(wait=False)
    gateway.wait_log(r"(?i)secret")
    wait_for(lambda: gateway.status(check=False), 10, "a control socket")
    first = gateway.network()
    assert first["state"] != "online"
    assert "secret" in first["problem"]
    wait_for(lambda: gateway.network()["reconnects"] >= 2
             or gateway.network()["reconnects"] > first["reconnects"],
             20, "another try")
    told = [line for line in gateway.log().splitlines()
            if "secret" in line.lower()]
    assert len(told) == 1, told
    assert SECRET not in gateway.log()

    server.secret = SECRET
    server.restart()
    gateway.wait_online(60)
    scene.talk()


def test_unknown_domain_is_told_in_plain_words(private_server, make_scene):
    server = private_server("prosody", domains=["other.localhost"])
    server.domains = ["sms7.localhost"]
    scene = make_scene(server)
    scene.simulate()
    gateway = scene.make_gateway()
    gateway.start(wait=False)
    gateway.wait_log(r"sms7\.localhost")
    wait_for(lambda: gateway.status(check=False), 10, "a control socket")
    wait_for(lambda: gateway.network()["problem"], 10, "a problem")
    assert "sms7.localhost" in gateway.network()["problem"]
    server.restart()
    gateway.wait_online(60)


def test_second_instance_meets_conflict_and_takes_over(
        private_server, make_scene):
    scene = make_scene(private_server("prosody")).start()
    second = scene.make_gateway("second", lines=None)
    second.start(wait=False)
    second.wait_log(r"(?i)conflict|another|already")
    wait_for(lambda: second.status(check=False), 10, "a control socket")
    assert second.network()["state"] != "online"
    scene.talk("the first one works on")
    scene.gateway.stop()
    second.wait_network(True, timeout=60)


def test_server_that_comes_later(private_server, make_scene):
    server = private_server("prosody")
    server.stop()
    scene = make_scene(server)
    scene.simulate()
    gateway = scene.make_gateway()
    gateway.start(wait=False)
    gateway.wait_log(r"(?i)refused")
    scene.phone_sends("while there was no server")
    scene.sim.wait_for("cmgd", 20)
    server.start()
    gateway.wait_online(60)
    scene.phone_sends("and now")
    # Without an account these belong to nobody and are held, not lost.
    wait_for(lambda: len(gateway.queue("--state", "all")) == 2, 20, gateway.tail)


def test_unknown_host_is_told_and_tried_again(make_scene):
    scene = make_scene("prosody")
    gateway = scene.make_gateway(
        xmpp={"server": "no-such-host.invalid:5347",
              "plaintext_ok": True})
    gateway.start(wait=False)
    gateway.wait_log(r"no-such-host\.invalid", 40)
    assert gateway.process.running()
    wait_for(lambda: gateway.status(check=False), 10, "a control socket")
    assert gateway.network()["state"] != "online"


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_server_restart_in_the_middle(private_server, make_scene, name):
    server = private_server(name)
    scene = make_scene(server).start()
    scene.talk("before")
    stanza = scene.alice.text(scene.contact(), "just before")
    scene.alice.fence(scene.domain)
    server.kill()
    scene.gateway.wait_network(False)
    scene.phone_gets("just before")
    scene.phone_sends("while it was down")
    scene.sim.wait_for("cmgd", 20)
    server.start()
    scene.gateway.wait_network(True, timeout=60)
    scene.alice.over.wait(5)
    scene.alice.connect()
    scene.alice.expect_text(scene.contact(), "while it was down", 30)
    wait_for(lambda: stanza in scene.alice.receipts(), 30,
             "the receipt of the text before the restart")
    scene.talk("after")


def test_half_open_link_is_noticed_by_ping(private_server, make_scene):
    server = private_server("prosody")
    scene = make_scene(server).start(xmpp={"ping_every": 1})
    scene.talk()
    server.freeze()
    try:
        scene.gateway.wait_network(False, timeout=60)
    finally:
        server.thaw()
    scene.gateway.wait_network(True, timeout=60)
    scene.talk("alive again")


def test_direct_tls_with_a_checked_certificate(
        private_server, make_scene, tmp_path):
    ca, pem = make_certificates(tmp_path / "tls")
    server = private_server("ejabberd", certfile=pem)
    scene = make_scene(server)
    scene.simulate()
    address = f"localhost:{server.component_port}"
    gateway = scene.make_gateway(xmpp={"server": address, "tls": "direct"})
    gateway.start(wait=False)
    gateway.wait_log(r"(?i)certificate")
    wait_for(lambda: gateway.status(check=False), 10, "a control socket")
    assert "certificate" in gateway.network()["problem"].lower()
    assert gateway.network()["state"] != "online"
    gateway.stop()

    gateway.write_config({"xmpp": {"tls_ca": ca}})
    gateway.start()
    scene.talk("over TLS")
    long_text = "long over TLS " * 60
    scene.alice.text(scene.contact(), long_text)
    scene.phone_gets(long_text)
    gateway.stop()

    other, _ = make_certificates(tmp_path / "other")
    gateway.write_config({"xmpp": {"tls_ca": other}})
    gateway.start(wait=False)
    gateway.wait_log(r"(?i)certificate")


def test_ipv6_loopback(private_server, make_scene):
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 on this machine")
    scene = make_scene(private_server("prosody"))
    scene.start(xmpp={"server": f"[::1]:{scene.server.component_port}"})
    scene.talk("over IPv6")


@pytest.mark.parametrize("name", ["prosody", "ejabberd"])
def test_stop_under_load_loses_nothing(make_scene, name):
    """Every text either reaches the phone or comes back as an error."""
    scene = make_scene(name).start()
    alice, count = scene.alice, 400
    scene.talk("warm")
    ids = {}
    for n in range(count):
        number = f"+4477009002{n % 20:02}"
        body = f"load {n}"
        ids[alice.text(scene.contact(number), body, receipt=False)] = (
            number, body)
        if n == count // 2:
            scene.gateway.process.signal(15)
    assert scene.gateway.process.wait(100) == 0
    scene.gateway.start()
    alice.fence(scene.domain)
    scene.gateway.wait_idle(60)
    bounced = {s.id for s in alice.errors()}
    lost, twice = [], []
    for stanza, (number, body) in ids.items():
        copies = scene.phone_texts(number).count(body)
        if copies + (stanza in bounced) == 0:
            lost.append(body)
        if copies > 1 or (copies and stanza in bounced):
            twice.append(body)
    assert not lost and not twice, (len(lost), lost[:5], twice[:5])


def test_exits_at_once_when_nothing_is_under_way(simple):
    simple.talk()
    simple.gateway.wait_idle()
    started = time.monotonic()
    simple.gateway.stop()
    assert time.monotonic() - started < 5


def test_wrong_port_is_another_service(make_scene):
    """What answers is no XMPP server: told, and tried again."""
    import socket
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as other:
        scene = make_scene("prosody")
        gateway = scene.make_gateway(xmpp={"server": f"127.0.0.1:{port}"})
        gateway.start(wait=False)
        other.settimeout(20)
        peer, _ = other.accept()
        peer.sendall(b"220 mail.example.org ESMTP\r\n" * 1000)
        wait_for(lambda: gateway.status(check=False), 10,
                 "a control socket")
        wait_for(lambda: gateway.network()["problem"], 20, gateway.tail)
        peer.close()
    assert gateway.process.running()
