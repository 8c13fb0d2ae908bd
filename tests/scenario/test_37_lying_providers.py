"""A provider that is slow, confused or somebody else (T17)."""

import os

import pytest
from test_30_http_driver import PROVIDERS, TOKEN, Line

from lib.process import wait_for
from lib.tls import make_certificates
from sim.provider import Provider


@pytest.fixture
def provider():
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def hasty(tmp_path):
    """twilio.conf with a time-out of one second."""
    with open(os.path.join(PROVIDERS, "twilio.conf"), encoding="utf-8") as f:
        text = f.read()
    assert "limits = {" in text
    path = tmp_path / "hasty.conf"
    path.write_text(text.replace("limits = {", "limits = { timeout = 1;"))
    return {"name": str(path), "account": "AC1", "token": TOKEN}


def test_an_answer_that_drips(make_scene, provider):
    """Slow, but whole: taken, and sent once."""
    provider.answers({"drip": 0.03})
    line = Line(make_scene("prosody"), provider)
    line.scene.alice.text(line.scene.contact(), "slow")
    line.wait_sent(1)
    line.gateway.wait_idle()
    assert len(provider.forms()) == 1
    assert line.gateway.queue("--state", "all")[0]["state"] == "sent"


@pytest.mark.parametrize("answer", [{"drip": 0.3}, {"delay": 1.5}])
def test_an_answer_that_takes_too_long(make_scene, provider, hasty, answer):
    """Nobody knows: one more copy at most, and it is counted."""
    provider.answers(answer, {})
    line = Line(make_scene("prosody"), provider, **hasty)
    line.scene.alice.text(line.scene.contact(), "maybe")
    line.wait_sent(2)
    line.gateway.wait_idle()
    assert len(provider.forms()) == 2
    counters = line.gateway.status()["gateway"]["counters"]
    assert counters["ambiguous_resend"] == 1


def test_reports_in_any_order(make_scene, provider):
    """The best word wins; a late worse one changes nothing; one receipt."""
    line = Line(make_scene("prosody"), provider)
    alice = line.scene.alice
    stanza = alice.text(line.scene.contact(), "order")
    form = line.wait_sent(1)[0]
    for status in ("delivered", "sent", "undelivered", "queued", "delivered"):
        assert line.reports(form, status, "SM1") == 204
    alice.expect_receipt(stanza, 20)
    alice.fence(line.scene.domain)
    assert len([s for s in alice.stanzas if s.receipt]) == 1
    assert not alice.errors()


def test_reports_of_others(make_scene, provider):
    """A report on what was never sent, or to another number: no receipt."""
    line = Line(make_scene("prosody"), provider)
    alice = line.scene.alice
    alice.text(line.scene.contact(), "mine")
    form = line.wait_sent(1)[0]
    line.gateway.wait_idle()
    assert line.reports(form, "delivered", "SM999") == 204
    assert line.reports({**form, "To": "+447700900999"}, "delivered",
                        "SM1") == 204
    alice.fence(line.scene.domain)
    assert not any(s.receipt for s in alice.stanzas)


def test_somebody_elses_certificate(make_scene, tmp_path):
    """No password and no text reaches a server that cannot prove who it is."""
    _, pem = make_certificates(tmp_path / "tls")
    provider = Provider(certificate=pem)
    try:
        line = Line(make_scene("prosody"), provider, wait=False)
        line.gateway.wait_log("the certificate of 127.0.0.1 is not valid")
        line.gateway.wait_network(True)
        line.scene.alice.text(line.scene.contact(), "secret")
        line.scene.alice.fence(line.scene.domain)
        wait_for(lambda: line.gateway.queue(), 10, line.gateway.tail)
        assert provider.requests == []
    finally:
        provider.close()
