"""Lines and people: personal lines, teams, claims; rosters, vCards, search."""

import base64
import hashlib
import json

import pytest

from lib.scene import PHONE, PHONE2

VCARD = "{vcard-temp}"
VCARD4 = "{urn:ietf:params:xml:ns:vcard-4.0}"


def say(client, scene, text):
    """Tells the gateway something; returns its answer."""
    client.text(scene.domain, text, receipt=False)
    return client.expect_text(scene.domain).body


def used(scene, text):
    """The modem that sent this text."""
    scene.phone_gets(text)
    return [event["modem"] for event in scene.sim.poll()
            if event.get("event") == "accepted" and event["text"] == text]


# ---- personal lines -------------------------------------------------------

def test_personal_line(make_scene):
    """Alice has a number of her own; Bob uses the other."""
    scene = make_scene("prosody")
    alice = scene.server.jid(scene.alice_user)
    scene.start([{"name": "sim1", "number": "+447700900001"},
                 {"name": "sim2", "number": "+447700900002"}],
                lines={"sim1": {"owner": alice}})
    for body in ("one", "two"):
        scene.bob.text(scene.contact(), body)
        assert used(scene, body) == ["sim2"]
    scene.phone_sends("to her", to="sim1")
    scene.phone_sends("to all", to="sim2")
    scene.alice.expect_text(scene.contact(), "to her")
    scene.bob.expect_text(scene.contact(), "to all")
    assert scene.alice.texts(scene.contact()) == ["to her"]
    assert scene.bob.texts(scene.contact()) == ["to all"]


def test_nobody_elses_line(make_scene):
    scene = make_scene("prosody")
    alice = scene.server.jid(scene.alice_user)
    scene.start(lines={"sim1": {"owner": alice}})
    stanza = scene.bob.text(scene.contact(), "let me")
    error = scene.bob.expect_error(stanza)
    assert error.condition == "forbidden"
    assert "belong to others" in error.error_text
    scene.talk("mine")
    assert scene.phone_texts() == ["mine"]


def test_ussd_on_ones_own_line(make_scene):
    """Her SIM, her credit; nobody else's."""
    scene = make_scene("prosody")
    scene.start([{"name": "sim1", "number": "+447700900001"},
                 {"name": "sim2", "number": "+447700900002"}],
                lines={"sim2": {"owner": scene.server.jid(scene.alice_user)}})
    for name in ("sim1", "sim2"):
        scene.sim.request("ussd", modem=name, code="*100#",
                          text=f"Balance of {name}: 7")
    assert say(scene.alice, scene, "ussd *100#") == "Balance of sim2: 7"
    assert "not yours" in say(scene.alice, scene, "ussd line=sim1 *100#")
    assert "not yours" in say(scene.bob, scene, "ussd *100#")
    assert scene.gateway.cli("ussd", "*100#").stdout == "Balance of sim1: 7\n"


def test_assigned_without_registration(make_scene):
    """The admin's word is enough where nobody can register."""
    scene = make_scene("prosody")
    alice = scene.server.jid(scene.alice_user)
    scene.start(networks={"sms": {"registration": "closed"}},
                lines={"sim1": {"owner": alice}})
    scene.talk("mine from the first text")
    error = scene.bob.expect_error(scene.bob.text(scene.contact(), "let me"))
    assert error.condition in ("registration-required", "forbidden")


# ---- teams ----------------------------------------------------------------

@pytest.fixture
def team(make_scene):
    """Alice and Bob share the network's number."""
    scene = make_scene("prosody")
    scene.start(networks={"sms": {"settle": 1, "team": [
        scene.server.jid(user)
        for user in (scene.alice_user, scene.bob_user)]}})
    scene.alice.fence(scene.domain)
    scene.bob.fence(scene.domain)
    return scene


def test_team_inbox(team):
    team.phone_sends("help")
    team.alice.expect_text(team.contact(), "help")
    team.bob.expect_text(team.contact(), "help")
    team.alice.text(team.contact(), "coming")
    team.phone_gets("coming")
    team.bob.expect_text(team.contact(), f"[{team.alice_user}] coming")
    team.bob.text(team.contact(), "me too")
    team.phone_gets("me too")
    team.alice.expect_text(team.contact(), f"[{team.bob_user}] me too")
    assert team.alice.texts(team.contact()) == [
        "help", f"[{team.bob_user}] me too"]
    assert team.bob.texts(team.contact()) == [
        "help", f"[{team.alice_user}] coming"]


def test_copies_survive_a_crash(team):
    """The copy for who is away is there as soon as the text is."""
    team.alice.text(team.contact(), "night shift")
    team.alice.fence(team.domain)
    team.gateway.kill()
    team.gateway.start()
    team.phone_gets("night shift")
    team.bob.expect_text(team.contact(), f"[{team.alice_user}] night shift",
                         timeout=20)


def test_claim_and_release(team):
    answer = say(team.alice, team, f"claim hours=2 {PHONE}")
    assert PHONE in answer and "is yours until" in answer
    told = team.bob.expect_text(team.contact())
    assert told.body.startswith(f"[{team.alice_user}] answers from now on")
    refused = say(team.bob, team, f"claim {PHONE}")
    assert f"{team.server.jid(team.alice_user)} has this" in refused
    assert PHONE in say(team.bob, team, "claims")
    team.phone_sends("only hers")
    team.phone_sends("for both", number=PHONE2)
    team.alice.expect_text(team.contact(), "only hers")
    team.bob.expect_text(team.contact(PHONE2), "for both")
    team.gateway.restart()
    team.phone_sends("still hers")
    team.alice.expect_text(team.contact(), "still hers", timeout=20)
    assert len(team.bob.texts(team.contact())) == 1
    assert "only he or an" in say(team.bob, team, f"release {PHONE}")
    assert "whole team" in say(team.alice, team, f"release {PHONE}")
    told = team.bob.expect_text(team.contact())
    assert "back to the team" in told.body
    team.phone_sends("for all")
    team.bob.expect_text(team.contact(), "for all")


def test_who_leaves_keeps_no_claim(team):
    say(team.alice, team, f"claim {PHONE}")
    data = json.loads(team.gateway.cli(
        "export", "--as", team.alice.jid).stdout)
    assert data["claims"] == [PHONE]
    say(team.alice, team, "unregister confirm=yes")
    told = team.bob.expect_text(team.contact())
    assert "answers from now on" in told.body
    told = team.bob.expect_text(team.contact())
    assert "back to the team" in told.body
    team.phone_sends("for all")
    team.bob.expect_text(team.contact(), "for all")


def test_claim_needs_a_team(simple):
    assert "in no team" in say(simple.alice, simple, f"claim {PHONE}")
