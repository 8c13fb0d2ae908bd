"""Several modems in one network: shares, fail-over, caps."""

import pytest

from lib.process import wait_for
from lib.scene import PHONE, PHONE2

POOL = [f"sim{n}" for n in range(1, 5)]


def modems(*names, **options):
    return [{"name": name, "number": f"+44770090000{name[3:]}", **options}
            for name in names]


def phones(count, first=100):
    return [f"+447700901{n:03}" for n in range(first, first + count)]


def accepted(scene):
    return [event for event in scene.sim.poll()
            if event.get("event") == "accepted"]


def used(scene, text):
    """The modems that sent this text, in order."""
    return [event["modem"] for event in accepted(scene)
            if event["text"] == text]


@pytest.fixture
def two(make_scene):
    return make_scene("prosody").start(modems("sim1", "sim2"))


def test_conversations_are_shared_and_stick(two):
    for text in ("one", "two", "three"):
        two.talk(text, PHONE)
        two.talk(text + "!", PHONE2)
    ways = {used(two, text)[0] for text in ("one", "two", "three")}
    others = {used(two, text + "!")[0] for text in ("one", "two", "three")}
    assert len(ways) == len(others) == 1
    assert ways != others


def test_answer_goes_where_the_question_came_from(two):
    two.talk("hello")
    other = {"sim1": "sim2", "sim2": "sim1"}[used(two, "hello")[0]]
    two.phone_sends("my new number?", to=other)
    two.alice.expect_text(two.contact(), "my new number?")
    two.talk("yes")
    assert used(two, "yes") == [other]


def test_line_down_another_takes_over_at_once(two):
    two.talk("before")
    first = used(two, "before")[0]
    two.sim.request("unplug", modem=first)
    two.gateway.wait_line("waiting", first)
    two.talk("after")
    assert used(two, "after") != [first]


def test_contacts_are_there_as_long_as_one_line_works(two):
    two.alice.presence(two.contact(), "subscribe")
    two.alice.expect_presence(two.contact())
    two.alice.presence(two.domain, "subscribe")
    two.alice.expect_presence(two.domain)
    two.sim.request("unplug", modem="sim1")
    gateway = two.alice.expect(
        lambda s: s.kind == "presence" and s.bare == two.domain
        and s.show == "dnd", what="trouble of the gateway")
    assert gateway.status.startswith("sim1: ")
    two.talk("by the other one")
    assert [s.show for s in list(two.alice.stanzas) if s.kind == "presence"
            and s.bare == two.contact() and s.type is None] == [None]
    two.sim.request("unplug", modem="sim2")
    contact = two.alice.expect_presence(two.contact())
    assert contact.show == "dnd"


def test_begun_text_starts_again_elsewhere_after_a_while(make_scene):
    """Part 1 is out when the modem is unplugged for good."""
    scene = make_scene("prosody").start(
        modems("sim1", "sim2"),
        networks={"sms": {"failover_after": 1, "settle": 0}},
        lines={"sim2": {"cost": 1}})
    text = "one SIM per text " * 12
    scene.alice.fence(scene.domain)
    scene.sim.fault("unplug", modem="sim1", mid=True, skip=1, accept=False)
    stanza = scene.alice.text(scene.contact(), text)
    scene.phone_gets(text)
    scene.alice.expect_receipt(stanza)
    assert scene.phone_texts() == [text]
    assert scene.gateway.status()["gateway"]["counters"]["failovers"] == 1


def test_refused_by_one_modem_cut_anew_for_another(make_scene):
    """Another message centre stands in the parts of the other line."""
    scene = make_scene("prosody").start(
        modems("sim1", "sim2"),
        lines={"sim1": {"validity": 60}, "sim2": {"cost": 1}})
    scene.talk("sim1 works")
    scene.sim.fault("cms", modem="sim1", codes=[42])
    stanza = scene.alice.text(scene.contact(), "not now")
    scene.gateway.wait_log("tried again")
    scene.sim.request("unplug", modem="sim1")
    scene.phone_gets("not now")
    scene.alice.expect_receipt(stanza)
    assert used(scene, "not now") == ["sim2"]


def test_prefixes_choose_the_line(make_scene):
    scene = make_scene("prosody").start(
        modems("sim1", "sim2"),
        lines={"sim1": {"prefixes": ["+44", "!+4477009009"]},
               "sim2": {"prefixes": ["+4477009009"]}})
    scene.talk("home", "+447700900123")
    scene.talk("ninety", "+447700900912")
    assert used(scene, "home") == ["sim1"]
    assert used(scene, "ninety") == ["sim2"]
    stanza = scene.alice.text(scene.contact("+33612345678"), "bonjour")
    error = scene.alice.expect_error(stanza)
    assert error.condition == "not-allowed"
    assert "no line" in error.error_text


def test_daily_cap_is_exact_across_kills(make_scene):
    scene = make_scene("prosody").start(
        modems("sim1", answer="5:20"),
        networks={"sms": {"settle": 0}},
        lines={"sim1": {"parts_per_day": 6}})
    for n, phone in enumerate(phones(12)):
        scene.alice.text(scene.contact(phone), f"text {n}")
        if n % 4 == 3:
            scene.alice.fence(scene.domain)
            scene.gateway.kill()
            scene.gateway.start()
    scene.alice.fence(scene.domain)
    wait_for(lambda: scene.gateway.line()["sent"]["today"]["parts"] == 6
             and scene.gateway.line()["in_hand"] == 0, 10,
             lambda: scene.gateway.line())
    assert len(accepted(scene)) <= 6
    assert scene.gateway.line()["sent"]["today"]["cap"] == 6
    assert "sent today 6 of 6" in scene.gateway.cli("status").stdout
    assert len(scene.gateway.queue()) >= 6
    scene.gateway.stop()
    scene.gateway.write_config({"lines": {"sim1": {"parts_per_day": 0}}})
    scene.gateway.start()
    for n, phone in enumerate(phones(12)):
        scene.phone_gets(f"text {n}", phone)


def drain_rate(scene, texts, lines, skip=()):
    """Texts a second of the pool with its queue full."""
    events = {}

    def enough():
        events.update({e["id"]: e for e in accepted(scene)
                       if e["modem"] not in skip})
        return len(events) >= texts
    wait_for(enough, 30, lambda: f"{len(events)} of {texts} texts")
    times = sorted(e["time"] for e in events.values())[len(lines):texts]
    return (len(times) - 1) / (times[-1] - times[0])


def test_four_modems_send_four_times_as_fast(make_scene):
    rates = {}
    for names in (POOL[:1], POOL):
        scene = make_scene("prosody").start(
            modems(*names, answer="60:60"))
        for phone in phones(12 * len(names)):
            for text in "ab":
                scene.alice.text(scene.contact(phone), text)
        rates[len(names)] = drain_rate(scene, 20 * len(names), names)
        scene.gateway.stop()
    print(rates)
    assert rates[4] >= 3 * rates[1], rates


def test_one_hangs_the_others_keep_their_rate(make_scene):
    scene = make_scene("prosody").start(modems(*POOL, answer="60:60"))
    scene.alice.fence(scene.domain)
    scene.sim.fault("hang", modem="sim2", seconds=30)
    for phone in phones(60):
        scene.alice.text(scene.contact(phone), "a")
    rate = drain_rate(scene, 45, POOL, skip=("sim2",))
    print(rate)
    assert rate >= 3 * 0.7 / 0.065, rate
    scene.gateway.kill()  # a stop would wait for the modem that hangs
