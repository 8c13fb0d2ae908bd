"""Texts, receipts, errors and order: the main job."""

import os
import sqlite3
import time

from lib.process import wait_for
from lib.scene import PHONE, PHONE2, SIM


def test_text_and_true_receipt(scene):
    """The receipt comes after the report of the network, not earlier."""
    scene.sim.request("report", to=PHONE, delay=1.5)
    stanza = scene.alice.text(scene.contact(), "hello")
    accepted = scene.sim.wait_for("accepted", text="hello")
    assert accepted["srr"] and accepted["from"] == SIM
    scene.phone_gets("hello")
    scene.alice.fence(scene.domain)
    assert scene.alice.receipts() == []
    receipt = scene.alice.expect_receipt(stanza)
    assert receipt.bare == scene.contact()
    assert time.time() - accepted["time"] > 1.4


def test_no_receipt_unless_asked(scene):
    plain = scene.alice.text(scene.contact(), "no receipt", receipt=False)
    scene.phone_gets("no receipt")
    asked = scene.alice.text(scene.contact(), "receipt")
    scene.alice.expect_receipt(asked)
    assert plain not in scene.alice.receipts()


def test_no_receipt_without_a_report(simple):
    simple.sim.request("report", to=PHONE, mode="none")
    stanza = simple.alice.text(simple.contact(), "into the dark")
    simple.phone_gets("into the dark")
    other = simple.alice.text(simple.contact(PHONE2), "reported")
    simple.alice.expect_receipt(other)
    simple.alice.fence(simple.domain)
    assert stanza not in simple.alice.receipts()
    wait_for(lambda: not simple.gateway.queue(), 10, "handed over")


def test_text_comes_in(scene):
    scene.talk("make an account")
    scene.phone_sends("answer")
    message = scene.alice.expect_text(scene.contact(), "answer")
    assert message.type == "chat"
    assert message.to.split("/")[0] == scene.alice.jid
    assert message.id
    origin = message.find("{urn:xmpp:sid:0}origin-id")
    stanza = message.find("{urn:xmpp:sid:0}stanza-id")
    ids = [e.get("id") for e in (origin, stanza) if e is not None]
    assert message.id in ids
    scene.sim.wait_for("cmgd")
    wait_for(lambda: scene.sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
             "an empty SIM")


def test_delay_stamp_of_an_old_text(simple):
    simple.talk()
    simple.alice.disconnect()
    simple.sim.text("sim1", "from the past", sender=PHONE,
                    time=int(time.time()) - 3600)
    simple.sim.wait_for("cmgd")
    simple.alice.connect()
    message = simple.alice.expect_text(simple.contact(), "from the past")
    stamps = [d.get("stamp") for d in
              message.xml.iter("{urn:xmpp:delay}delay")]
    expected = time.strftime("%Y-%m-%dT%H:", time.gmtime(time.time() - 3600))
    assert any(s.startswith(expected) for s in stamps), stamps


def test_text_for_an_absent_user_is_kept_by_the_server(scene):
    scene.talk("make an account")
    scene.alice.disconnect()
    scene.phone_sends("are you there?")
    scene.sim.wait_for("cmgd")
    scene.alice.connect()
    scene.alice.expect_text(scene.contact(), "are you there?")


def test_belongs_to_whom_it_was_answered(simple):
    """The newest account that talked with a phone gets its texts."""
    simple.talk("from alice")
    simple.bob.text(simple.contact(), "from bob")
    simple.phone_gets("from bob")
    simple.phone_sends("to bob")
    simple.bob.expect_text(simple.contact(), "to bob")
    simple.talk("alice again")
    simple.phone_sends("to alice")
    simple.alice.expect_text(simple.contact(), "to alice")
    assert simple.bob.texts(simple.contact()) == ["to bob"]


def test_inbox_gets_what_belongs_to_nobody(make_scene):
    scene = make_scene("prosody")
    jids = [scene.server.jid(u) for u in (scene.alice_user, scene.bob_user)]
    scene.start(networks={"sms": {"inbox": jids}})
    for client in (scene.alice, scene.bob):
        client.fence(scene.domain)
    scene.phone_sends("who is there?")
    for client in (scene.alice, scene.bob):
        client.expect_text(scene.contact(), "who is there?")


def test_nobodys_text_is_held_and_admins_are_told(make_scene):
    scene = make_scene("prosody")
    admin = scene.server.jid(scene.bob_user)
    scene.start(xmpp={"admins": [admin]})
    scene.bob.fence(scene.domain)
    scene.phone_sends("does anybody hear me?")
    scene.sim.wait_for("cmgd")
    notice = scene.bob.expect(
        lambda s: s.kind == "message" and s.bare == scene.domain, 15,
        "a notice")
    assert "does anybody" not in notice.body
    row = wait_for(lambda: scene.gateway.queue("--state", "all"), 10, "a row")[0]
    assert row["held"] and not row["account"]


def test_short_code_and_name_as_senders(simple):
    simple.talk("make an account")
    simple.gateway.stop()
    simple.gateway.write_config({"networks": {"sms": {
        "inbox": [simple.alice.jid], "premium": "allow"}}})
    simple.gateway.start()
    simple.alice.fence(simple.domain)
    simple.phone_sends("your code is 1", number="60777")
    message = simple.alice.expect(lambda s: s.body == "your code is 1")
    assert message.bare == f"60777;phone-context=+44@{simple.domain}"
    stanza = simple.alice.text(message.bare, "STOP")
    assert simple.sim.wait_for("accepted", text="STOP")["to"] == "60777"
    simple.phone_sends("your parcel", number="MyBank")
    message = simple.alice.expect(lambda s: s.body == "your parcel")
    local = message.bare.split("@")[0]
    assert not local.lstrip("+").isdigit()
    stanza = simple.alice.text(message.bare, "thanks")
    error = simple.alice.expect_error(stanza)
    assert error.condition == "not-allowed" and error.error_type == "cancel"


def test_several_reports_one_receipt(simple):
    """0x20 is "still trying": no receipt; 0x00 is; duplicates are not."""
    simple.sim.request("report", to=PHONE, sts=[0x20, 0x30, 0x00],
                       delays=[0.1, 0.3, 0.6])
    stanza = simple.alice.text(simple.contact(), "patience")
    simple.alice.expect_receipt(stanza)
    simple.sim.request("report", to=PHONE, mode="duplicate")
    again = simple.alice.text(simple.contact(), "twice")
    simple.alice.expect_receipt(again)
    simple.sim.request("report", to=PHONE, mode="early")
    early = simple.alice.text(simple.contact(), "early")
    simple.alice.expect_receipt(early)
    simple.alice.fence(simple.domain)
    assert sorted(simple.alice.receipts()) == sorted([stanza, again, early])


def test_forwarded_is_no_receipt(simple):
    """TP-ST 0x01 says "forwarded, unable to confirm": no receipt."""
    simple.sim.request("report", to=PHONE, st=0x01)
    stanza = simple.alice.text(simple.contact(), "maybe")
    simple.phone_gets("maybe")
    other = simple.alice.text(simple.contact(PHONE2), "sure")
    simple.alice.expect_receipt(other)
    simple.alice.fence(simple.domain)
    assert stanza not in simple.alice.receipts()


def test_negative_reports_become_errors(scene):
    cases = {0x41: ("+447700900141", None),
             0x46: ("+447700900146", "recipient-unavailable"),
             0x45: ("+447700900145", None)}
    for status, (number, condition) in cases.items():
        scene.sim.request("report", to=number, st=status)
        stanza = scene.alice.text(scene.contact(number), f"st {status:x}")
        error = scene.alice.expect_error(stanza)
        assert error.sender.startswith(scene.contact(number))
        assert error.to == scene.alice.full
        assert error.error_text, "says why"
        if condition:
            assert error.condition == condition, status
            assert error.error_type == "wait"
        else:
            assert error.condition in (
                "item-not-found", "recipient-unavailable",
                "not-acceptable"), status
        assert stanza not in scene.alice.receipts()


def age(gateway, hours):
    """Makes all messages of a stopped gateway older."""
    base = sqlite3.connect(os.path.join(gateway.state, "moongate.db"))
    changed = base.execute("UPDATE message SET created = created - ?",
                           (hours * 3600000,)).rowcount
    base.commit()
    base.close()
    assert changed


def test_negative_report_after_a_restart(scene):
    scene.sim.request("report", to=PHONE, mode="manual")
    stanza = scene.alice.text(scene.contact(), "bad news later")
    held = scene.sim.wait_for("accepted", text="bad news later")
    scene.gateway.wait_idle()
    scene.gateway.restart()
    scene.alice.fence(scene.domain)
    scene.sim.request("report", now=held["id"], st=0x46)
    error = scene.alice.expect_error(stanza, 20)
    assert error.condition == "recipient-unavailable"
    assert error.error_type == "wait"


def test_negative_report_hours_later(scene):
    """The resource that sent it may be gone: words reach the person."""
    scene.sim.request("report", to=PHONE, mode="manual")
    stanza = scene.alice.text(scene.contact(), "bad news later")
    held = scene.sim.wait_for("accepted", text="bad news later")
    scene.phone_gets("bad news later")
    scene.gateway.wait_idle()
    scene.gateway.stop()
    age(scene.gateway, 5)
    scene.alice.disconnect()
    scene.alice.resource = "another"
    scene.gateway.start()
    scene.alice.connect()
    scene.alice.fence(scene.domain)
    scene.sim.request("report", now=held["id"], st=0x46)
    notice = scene.alice.expect_text(scene.contact(), timeout=20)
    assert notice.body and notice.to.split("/")[0] == scene.alice.jid
    row = [r for r in scene.gateway.queue("--state", "all")
           if r["direction"] == "to_line"][0]
    assert row["state"] == "failed"
    assert stanza not in scene.alice.receipts()


def test_receipt_after_a_restart(scene):
    scene.sim.request("report", to=PHONE, mode="manual")
    stanza = scene.alice.text(scene.contact(), "good news later")
    held = scene.sim.wait_for("accepted", text="good news later")
    scene.gateway.wait_idle()
    scene.gateway.restart()
    scene.alice.fence(scene.domain)
    scene.sim.request("report", now=held["id"], st=0x00)
    scene.alice.expect_receipt(stanza, 20)


def test_fifty_in_a_row_stay_in_order(scene):
    bodies = [f"number {n}" for n in range(50)]
    stanzas = [scene.alice.text(scene.contact(), b) for b in bodies]
    scene.phone_gets(bodies[-1], timeout=60)
    assert scene.phone_texts() == bodies
    for stanza in stanzas:
        scene.alice.expect_receipt(stanza, 20)
    answers = [f"answer {n}" for n in range(50)]
    start = int(time.time()) - 100
    for n, body in enumerate(answers):      # a second apart, as on the air
        scene.phone_sends(body, time=start + n)
    scene.alice.expect_text(scene.contact(), answers[-1], 60)
    assert scene.alice.texts(scene.contact()) == answers


def test_conversations_are_independent(make_scene):
    """A text that cannot go now does not hold up other people's."""
    scene = make_scene("prosody").start()
    for user in (scene.alice, scene.bob):
        user.fence(scene.domain)        # to log in takes its time
    scene.sim.fault("cms", modem="sim1", codes=[38])
    blocked = [scene.alice.text(scene.contact(), f"blocked {n}")
               for n in range(3)]
    wait_for(lambda: scene.sim.stats("sim1")["cmgs"] >= 1, 10, "a try")
    free = [scene.bob.text(scene.contact(PHONE2), f"free {n}")
            for n in range(3)]
    for n in range(3):
        scene.phone_gets(f"free {n}", PHONE2)
    assert scene.phone_texts() == []
    for n in range(3):
        scene.phone_gets(f"blocked {n}", timeout=60)
    assert scene.phone_texts() == [f"blocked {n}" for n in range(3)]
    for stanza in blocked:
        scene.alice.expect_receipt(stanza)
    for stanza in free:
        scene.bob.expect_receipt(stanza)


def test_fair_turns_between_users(make_scene):
    """A text of bob's does not wait for all of alice's hundred."""
    scene = make_scene("prosody")
    scene.start([{"name": "sim1", "number": SIM, "answer": "50:50"}])
    scene.bob.fence(scene.domain)
    for n in range(100):
        scene.alice.text(scene.contact(f"+4477009003{n % 50:02}"),
                         f"bulk {n}", receipt=False)
    scene.alice.fence(scene.domain)
    scene.bob.text(scene.contact(PHONE2), "one from bob")
    scene.phone_gets("one from bob", PHONE2, timeout=30)
    done = scene.sim.stats("sim1")["accepted"]
    assert done < 90, done


def test_same_origin_id_is_sent_once(scene):
    for _ in range(3):
        scene.alice.text(scene.contact(), "once", origin="origin-1",
                         stanza_id="same-id")
    scene.alice.text(scene.contact(), "same id, no origin",
                     stanza_id="same-id-2")
    scene.alice.text(scene.contact(), "same id, no origin",
                     stanza_id="same-id-2")
    scene.alice.text(scene.contact(), "the last")
    scene.phone_gets("the last")
    assert scene.phone_texts() == [
        "once", "same id, no origin", "same id, no origin", "the last"]


def test_two_modems_of_one_network(make_scene):
    scene = make_scene("prosody")
    scene.start([{"name": "sim1", "number": SIM},
                 {"name": "sim2", "number": "+447700900001"}])
    scene.alice.fence(scene.domain)
    for n in range(20):
        scene.alice.text(scene.contact(f"+4477009004{n:02}"), f"to {n}")
    for n in range(20):
        scene.phone_gets(f"to {n}", f"+4477009004{n:02}")
    scene.sim.request("unplug", modem="sim1")
    scene.gateway.wait_network(True)
    stanza = scene.alice.text(scene.contact("+447700900500"), "by the other")
    event = scene.phone_gets("by the other", "+447700900500")
    assert event["from"] == "+447700900001"
    scene.alice.expect_receipt(stanza)
    scene.phone_sends("in by sim2", to="sim2", number="+447700900500")
    scene.alice.expect_text(scene.contact("+447700900500"), "in by sim2")


def test_four_modems_of_one_network(make_scene):
    scene = make_scene("prosody")
    names = [f"sim{n}" for n in range(1, 5)]
    scene.start([{"name": name, "number": f"+44770090000{n}"}
                 for n, name in enumerate(names)])
    assert [line["name"] for line in scene.gateway.status()["lines"]] == names
    scene.talk("an account")
    for name in names:
        scene.phone_sends("by " + name, to=name)
        scene.alice.expect_text(scene.contact(), "by " + name)


def test_gateway_talks_to_gateway(make_scene):
    """Two gateways, two modems, one telephone network between them."""
    scene = make_scene("prosody")
    scene.simulate([{"name": "sim1", "number": SIM},
                    {"name": "sim2", "number": "+447700900001"}])
    scene.make_gateway(lines={"sim2": None}).start()
    other = make_scene("prosody")
    other.sim = scene.sim
    gateway = other.make_gateway(lines={"sim1": None}, networks={"sms": {
        "inbox": [other.server.jid(other.bob_user)]}})
    gateway.start()
    other.sim = None
    other.bob.fence(other.domain)
    text = "from one garden into another \U0001F319 " * 8
    stanza = scene.alice.text(scene.contact("+447700900001"), text)
    other.bob.expect_text(other.contact(SIM), text, 30)
    scene.alice.expect_receipt(stanza)
    other.bob.text(other.contact(SIM), "and back")
    scene.alice.expect_text(scene.contact("+447700900001"), "and back")
