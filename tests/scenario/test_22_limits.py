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
    errors = {s.id: s for s in scene.alice.errors() if s.id in ids}
    return [i for i in ids if i not in errors], list(errors.values())


def accepted(scene):
    return [row for row in scene.gateway.queue("--state", "all")
            if row["direction"] == "to_line"]


def test_exactly_so_many_also_over_a_kill(make_scene):
    scene = start(make_scene, account_limits=["20 messages/month"])
    ids = [scene.alice.text(scene.contact(), f"text {i}", receipt=False)
           for i in range(50)]
    scene.sim.wait_for("accepted")
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


def test_limits_of_one_account(make_scene):
    scene = start(make_scene, account_limits=["1 messages/month"])
    alice = scene.server.jid(scene.alice_user)
    scene.talk("the first")
    first = scene.alice.text(scene.contact(), "the second")
    refused(scene, first, "policy-violation", "wait")
    scene.gateway.cli("limit-user", alice, "3 messages/month")
    scene.talk("the third")
    long = scene.alice.text(scene.contact(), "x" * 400)
    scene.alice.expect_receipt(long)
    text = refused(scene, scene.alice.text(scene.contact(), "one more"),
                   "policy-violation", "wait")
    assert "3 of 3 texts" in text
    scene.gateway.cli("limit-user", alice, "2 parts/month")
    text = refused(scene, scene.alice.text(scene.contact(), "x" * 400),
                   "not-acceptable", "modify")
    assert "needs 3 SMS parts" in text


def test_where_texts_may_go(make_scene):
    scene = start(make_scene, deny_prefixes=["+447700900124"])
    scene.talk()
    for number in (PHONE2, "+449061234567", "+881612345678"):
        stanza = scene.alice.text(scene.contact(number), "hello")
        refused(scene, stanza, "not-allowed", "cancel")
    stanza = scene.alice.text(scene.contact("112;phone-context=+44"), "help")
    assert "emergency" in refused(scene, stanza, "not-allowed", "cancel")


def test_short_codes_are_answered(simple):
    """One may cost a lot, unless it has asked for it."""
    code = "12345;phone-context=+44"
    stanza = simple.alice.text(simple.contact(code), "subscribe")
    assert "only to answer" in refused(simple, stanza, "not-allowed", "cancel")
    simple.talk()
    simple.phone_sends("Your parcel comes at 9. OK?", "12345")
    simple.talk("meanwhile")
    simple.gateway.cli("queue", "release", next(
        row["id"] for row in simple.gateway.queue() if row["held"]),
        simple.server.jid(simple.alice_user))
    simple.alice.expect_text(simple.contact(code))
    simple.alice.text(simple.contact(code), "OK")
    simple.phone_gets("OK", "12345")


def test_a_burst_is_paused(make_scene):
    scene = start(make_scene, burst=3)
    scene.bob.fence(scene.domain)
    ids = [scene.alice.text(scene.contact(f"+4477009010{i:02}"), "buy now",
                            receipt=False) for i in range(9)]
    text = refused(scene, ids[-1], "policy-violation", "wait")
    assert "paused" in text
    notice = scene.bob.expect(lambda s: s.kind == "message"
                              and s.bare == scene.domain, 10, "a notice")
    assert scene.alice_user in notice.body and "paused" in notice.body
    assert len(accepted(scene)) < 8
    scene.gateway.cli("enable-user", scene.server.jid(scene.alice_user))
    scene.talk("hello again")


def test_two_machines_are_stopped(make_scene):
    scene = start(make_scene, loop=4)
    scene.bob.fence(scene.domain)
    scene.talk("hello")
    for n in range(2):
        scene.phone_sends(f"I am away, {n}")
        scene.alice.expect_text(scene.contact(), f"I am away, {n}")
        last = scene.alice.text(scene.contact(), f"I am away, {n}")
        scene.alice.fence(scene.domain)     # before the next one comes in
    text = refused(scene, last, "policy-violation", "wait")
    assert "two machines" in text
    notice = scene.bob.expect(lambda s: s.kind == "message"
                              and s.bare == scene.domain, 10, "a notice")
    assert "was stopped" in notice.body and "I am away" not in notice.body


def test_quiet_hours(make_scene):
    scene = start(make_scene)
    alice = scene.server.jid(scene.alice_user)
    scene.talk()
    clock = time.localtime(time.time() - 120), time.localtime(
        time.time() + 3600)
    hours = "-".join(time.strftime("%H:%M", t) for t in clock)
    scene.gateway.cli("settings", "--as", alice, "--quiet", hours)
    scene.phone_sends("are you awake?")
    scene.sim.wait_for("cmgd")
    scene.alice.fence(scene.domain)
    row = [r for r in scene.gateway.queue() if r["direction"] == "to_xmpp"][0]
    assert row["state"] == "queued"
    assert scene.alice.texts(scene.contact()) == []
    scene.talk("I may write")
    scene.gateway.cli("settings", "--as", alice, "--quiet", "-")
    scene.alice.expect_text(scene.contact(), "are you awake?")


NS = "urn:xmpp:blocking"


def block(scene, jids, on=True, client=None):
    name = "block" if on else "unblock"
    items = "".join(f"<item jid='{jid}'/>" for jid in jids)
    return (client or scene.alice).iq(
        scene.domain, f"<{name} xmlns='{NS}'>{items}</{name}>", "set")


def blocked(scene):
    answer = scene.alice.iq(scene.domain, f"<blocklist xmlns='{NS}'/>")
    assert answer.type == "result"
    return [i.get("jid") for i in answer.xml.iter("{%s}item" % NS)]


def test_block_list(simple):
    scene, alice = simple, simple.alice
    scene.talk()
    info = alice.iq(scene.domain,
                    "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    assert f"'{NS}'" in str(info.xml) or NS in [
        f.get("var") for f in info.xml.iter(
            "{http://jabber.org/protocol/disco#info}feature")]
    assert blocked(scene) == []
    both = [scene.contact(), scene.contact(PHONE2)]
    assert block(scene, both).type == "result"
    assert sorted(blocked(scene)) == sorted(both)
    error = alice.expect_error(alice.text(scene.contact(), "no way"))
    assert error.condition == "not-acceptable"
    assert error.xml.find(".//{urn:xmpp:blocking:errors}blocked") is not None
    scene.phone_sends("not heard")
    scene.sim.wait_for("cmgd")
    assert block(scene, both[1:], on=False).type == "result"
    assert blocked(scene) == both[:1]
    assert block(scene, [], on=False).type == "result"
    assert blocked(scene) == []
    scene.phone_sends("heard")
    alice.expect_text(scene.contact(), "heard")
    assert "not heard" not in alice.texts(scene.contact())


def test_block_list_requests_that_are_wrong(simple):
    answer = block(simple, [])
    assert (answer.condition, answer.error_type) == ("bad-request", "modify")
    for jid in ("somebody@example.net", simple.domain, "nobody@" +
                simple.domain):
        answer = block(simple, [simple.contact(), jid])
        assert answer.condition == "item-not-found", jid
    assert blocked(simple) == []
    answer = block(simple, [simple.contact(f"+4477009{i:05}")
                            for i in range(101)])
    assert answer.condition == "not-acceptable"


def test_block_list_is_pushed_to_who_has_asked(simple):
    scene = simple
    scene.talk()
    second = scene.client(scene.alice_user, resource="second")
    for client in (scene.alice, second):
        client.presence(scene.domain)
        client.fence(scene.domain)
    second.iq(scene.domain, f"<blocklist xmlns='{NS}'/>")
    assert block(scene, [scene.contact()]).type == "result"
    push = second.expect(lambda s: s.kind == "iq" and s.type == "set"
                         and s.bare == scene.domain, 10, "a push")
    assert [i.get("jid") for i in push.xml.iter("{%s}item" % NS)] == [
        scene.contact()]
    assert push.xml.find("{%s}block" % NS) is not None
