"""Limits on what is sent, destinations, bursts, loops; blocking (XEP-0191)."""

import time

from lib.process import wait_for
from lib.scene import PHONE, PHONE2


def start(make_scene, **options):
    scene = make_scene("prosody")
    changes = {"networks": {"sms": options},
               "xmpp": {"admins": [scene.server.jid(scene.bob_user)]}}
    return scene.start(**changes)


def refused(scene, stanza, condition, kind):
    error = scene.alice.expect_error(stanza)
    assert (error.condition, error.error_type) == (condition, kind)
    return error.error_text


def send_many(scene, n):
    """All at once; what was accepted, and the texts of the refusals."""
    ids = [scene.alice.text(scene.contact(), f"text {i}", receipt=False)
           for i in range(n)]
    scene.alice.fence(scene.domain)
    errors = {i: error for i in ids if (error := scene.alice.error_of(i))}
    return [i for i in ids if i not in errors], list(errors.values())


def accepted(scene):
    return [row for row in scene.gateway.queue("--state", "all")
            if row["direction"] == "to_line"]


def test_exactly_so_many_also_over_a_kill(make_scene):
    scene = start(make_scene, account_limits=["20 messages/month"])
    ids = [scene.alice.text(scene.contact(), f"text {i}", receipt=False)
           for i in range(50)]
    scene.gateway.kill()
    scene.gateway.start()
    scene.alice.fence(scene.domain)
    before = len(accepted(scene))
    assert before <= 20
    good, errors = send_many(scene, 50)
    assert len(good) == 20 - before and len(errors) == 50 - len(good)
    assert len(accepted(scene)) == 20
    assert ids
    for error in errors:
        assert (error.condition, error.error_type) == (
            "policy-violation", "wait")
        assert error.error_text.startswith(
            "you have sent 20 of 20 texts this month; again ")
