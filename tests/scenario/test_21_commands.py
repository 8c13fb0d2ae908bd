"""Commands through their three doors: forms, chat, command line."""

import asyncio
import json
import os
import pathlib
import pty
import re
import subprocess

import pytest

from lib.client import background_loop
from lib.gateway import program
from lib.process import wait_for
from lib.scene import PHONE, PHONE2

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = "http://jabber.org/protocol/commands"
DATA = "{jabber:x:data}"


@pytest.fixture
def desk(make_scene):
    """A running scene whose Alice is an admin."""
    scene = make_scene("prosody")
    return scene.start(xmpp={"admins": [scene.server.jid(scene.alice_user)]})


# ---- helpers --------------------------------------------------------------

def say(client, scene, text):
    """Tells the gateway something; returns its answer."""
    client.text(scene.domain, text, receipt=False)
    return client.expect_text(scene.domain).body


class Form:
    """An ad-hoc command as any client runs it."""

    def __init__(self, client, scene, node):
        self.client, self.scene, self.node = client, scene, node
        self.session = None

    def send(self, action="execute", **values):
        fields = "".join(
            f"<field var='{name}'>" + "".join(
                f"<value>{line}</value>" for line in value.split("\n"))
            + "</field>" for name, value in values.items())
        session = f" sessionid='{self.session}'" if self.session else ""
        form = f"<x xmlns='jabber:x:data' type='submit'>{fields}</x>"
        answer = self.client.iq(
            self.scene.domain, f"<command xmlns='{COMMANDS}' "
            f"node='{self.node}' action='{action}'{session}>"
            f"{form if values else ''}</command>", "set")
        self.answer = answer
        self.command = answer.find(f"{{{COMMANDS}}}command")
        if answer.type == "result":
            self.session = self.command.get("sessionid")
        return self

    @property
    def status(self):
        return self.command.get("status")

    @property
    def note(self):
        note = self.command.find(f"{{{COMMANDS}}}note")
        return "" if note is None else note.text

    def fields(self):
        return [field.get("var") for field in
                self.command.iter(DATA + "field")]

    def text(self):
        return "\n".join(v.text or "" for v in
                         self.command.iter(DATA + "value"))


def run(scene, client, node, **values):
    form = Form(client, scene, node).send()
    if values:
        form.send("complete", **values)
    assert form.status == "completed", form.answer
    return form


def nobodys_text(scene, text, number=PHONE):
    """A text that has no owner; returns its id."""
    scene.phone_sends(text, number)
    wait_for(lambda: any(r["held"] for r in scene.gateway.queue()), 10,
             "a held message")
    return [r["id"] for r in scene.gateway.queue() if r["held"]][-1]


# ---- what there is --------------------------------------------------------

def test_the_documents_list_every_command():
    def said(*words):
        return subprocess.run([program(), "help", *words], text=True,
                              capture_output=True, check=True).stdout
    found = re.findall(r"^  (\S.*)\n        (.*)$",
                       said().split("These ask")[1], re.M)
    wanted = [f"| `{usage}` | {text} |" for usage, text in found]
    readme = (ROOT / "README.md").read_text()
    section = readme.split("## Commands\n")[1].split("\n## ")[0]
    rows = [line for line in section.split("\n") if line.startswith("| `")]
    assert rows == wanted, "README's section Commands wants these rows:\n" \
        + "\n".join(wanted)
    manual = said("--man").replace("\\-", "-")
    assert all(f"\n.B {usage}\n" in manual for usage, _ in found)


def test_menus_show_what_one_may(desk):
    """Through slixmpp's own XEP-0050, as clients use it."""
    def nodes(client):
        xmpp = client.xmpp
        xmpp.register_plugin("xep_0050")
        answer = asyncio.run_coroutine_threadsafe(
            xmpp["xep_0050"].get_commands(desk.domain),
            background_loop()).result(10)
        return {item[1] for item in answer["disco_items"]["items"]}
    admin, user = nodes(desk.alice), nodes(desk.bob)
    assert {"help", "status", "contacts-add", "parts", "trace", "ussd"} <= user
    assert {"queue-release", "line-ask", "line-pause",
            "http://jabber.org/protocol/admin#announce"} <= admin - user
    info = desk.alice.iq(
        desk.domain, "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    assert COMMANDS in repr(info)


# ---- forms ----------------------------------------------------------------

def test_a_form_is_filled_and_sent(desk):
    form = Form(desk.bob, desk, "send").send()
    assert form.status == "executing" and form.fields()[:2] == ["to", "text"]
    form.send("next", to="my aunt", text="hello")
    assert form.status == "executing" and "my aunt" in form.note
    form.send("complete", to="07700 900123", text="from\na form")
    assert form.status == "completed" and "Accepted as" in form.note
    desk.phone_gets("from\na form")
    form.send("complete")
    assert form.answer.condition == "not-allowed"
    assert "session-expired" in repr(form.answer)


def test_what_one_may_not_and_what_is_wrong(desk):
    assert Form(desk.bob, desk, "queue-hold").send().answer.condition \
        == "forbidden"
    assert Form(desk.bob, desk, "nonsense").send().answer.condition \
        == "item-not-found"
    form = Form(desk.bob, desk, "send").send()
    assert "bad-action" in repr(form.send("prev").answer)
    assert "malformed-action" in repr(form.send("dance").answer)
    assert form.send("cancel").status == "canceled"


def test_contacts_by_form(desk):
    form = run(desk, desk.bob, "contacts-add", address=PHONE, name="Nurse")
    assert desk.contact() in form.note
    run(desk, desk.bob, "contacts-import", vcards="BEGIN:VCARD\nFN:Friar\n"
        "TEL;TYPE=cell:07700 900124\nTEL:none\nEND:VCARD")
    form = run(desk, desk.bob, "contacts")
    assert form.fields()[:3] == ["address", "name", "jid"]
    assert "Nurse" in form.text() and desk.contact(PHONE2) in form.text()
    assert f"TEL;VALUE=uri:tel:{PHONE2}" in run(
        desk, desk.bob, "contacts-export").text()
    run(desk, desk.bob, "contacts-rename", address=PHONE, name="Angelica")
    run(desk, desk.bob, "contacts-remove", address=PHONE2)
    text = run(desk, desk.bob, "contacts").text()
    assert "Angelica" in text and "Friar" not in text and PHONE2 not in text


# ---- chat -----------------------------------------------------------------

def test_a_chat_with_the_gateway(desk):
    bob = desk.bob
    said = say(bob, desk, "help")
    assert "send TO TEXT " in said and "queue-hold" not in said
    assert "Which text" in say(bob, desk, "help send")
    assert "did you mean status?" in say(bob, desk, "statsu")
    assert "phone number" in say(bob, desk, "hello there")
    assert "line sim1: online" in say(bob, desk, "Status")
    assert "To which number?" in say(bob, desk, "send")
    assert '"aunt"' in say(bob, desk, "aunt")
    assert "Which text?" in say(bob, desk, "07700 900123")
    assert "Accepted as" in say(bob, desk, "asked for, word by word")
    desk.phone_gets("asked for, word by word")
    assert "Accepted as" in say(bob, desk, f"send {PHONE} in one line")
    desk.phone_gets("in one line")
    say(bob, desk, "send")
    assert say(bob, desk, "cancel") == "Cancelled."


def test_numbers_as_one_writes_them(desk):
    bob = desk.bob
    assert PHONE in say(bob, desk, "send 07700 900123 see you")
    desk.phone_gets("see you")
    assert "in quotes" in say(bob, desk, "send 07700 900123 4 tickets")
    assert "Nurse Angelica is" in say(
        bob, desk, "contacts-add +44 7700 900 124 Nurse Angelica")
    say(bob, desk, "settings country=49")
    assert "+491701234567" in say(bob, desk, "block 0170 1234567")
    assert "+491701234567" in say(bob, desk, "blocked")
    form = run(desk, bob, "unblock", address="(0170) 123-4567")
    assert "+491701234567" in form.note
    assert say(bob, desk, "blocked") == "none yet"


def test_a_text_to_several_phones(desk):
    """Each has a result of its own; the same for a group's JID."""
    bob, numbers = desk.bob, (PHONE, PHONE2)
    listed = "".join(f"<address type='to' uri='sms:{n}'/>" for n in numbers)
    say(bob, desk, f"block {PHONE2}")
    stanza = bob.text(desk.domain, "to both", extra="<addresses xmlns="
                      f"'http://jabber.org/protocol/address'>{listed}"
                      "</addresses>")
    assert bob.expect_receipt(stanza, 20).bare == desk.contact()
    error = bob.expect_error(stanza)
    assert error.bare == desk.contact(PHONE2)
    assert error.condition == "not-acceptable"
    say(bob, desk, f"unblock {PHONE2}")
    stanza = bob.text(desk.contact(",".join(numbers)), "group")
    assert {bob.expect_receipt(stanza, 20).bare for _ in numbers} == {
        desk.contact(n) for n in numbers}
    assert desk.phone_texts(PHONE2) == ["group"]


def test_what_a_text_would_cost(desk):
    said = say(desk.bob, desk, "parts just a few words")
    assert said.startswith("1 part"), said
    rows = desk.gateway.json("parts", "long " * 60, "--to", "07700 900123")
    assert rows["parts"] == 2
    assert "the limit is" in desk.gateway.cli("parts", "x" * 5000,
                                         check=False).stderr
    assert "Accepted" in say(desk.bob, desk, f"send {PHONE} manner=flash now!")
    assert desk.phone_gets("now!")


def test_trace_shows_only_ones_own(desk):
    bob = desk.bob
    told = say(bob, desk, f"send {PHONE} mine")
    key = re.search("[0-9a-f]{32}", told)[0]
    desk.phone_gets("mine")
    assert "accepted" in say(bob, desk, f"trace {key[:8]}")
    stanza = desk.alice.text(desk.contact(PHONE2), "hers")
    desk.alice.expect_receipt(stanza, 20)
    key = [r["id"] for r in desk.gateway.queue("--state", "all")
           if r["account"] == desk.alice.jid][0]
    assert "of yours" in say(bob, desk, f"trace {key}")
    assert "accepted" in say(desk.alice, desk, f"trace {key}")
    listed = say(bob, desk, "queue state=all")
    assert desk.alice.jid not in listed and bob.jid in listed


def test_a_blocked_number_is_not_heard(desk):
    bob = desk.bob
    stanza = bob.text(desk.contact(), "hello")
    bob.expect_receipt(stanza, 20)
    assert PHONE in say(bob, desk, f"block {PHONE}")
    assert bob.expect_error(bob.text(desk.contact(), "x")).condition \
        == "not-acceptable"
    desk.phone_sends("nobody hears this")
    desk.phone_sends("other", PHONE2)
    wait_for(lambda: desk.gateway.status()["gateway"]["counters"]["blocked"],
             10, "a dropped text")
    assert desk.contact() in say(bob, desk, "blocked")
    say(bob, desk, f"unblock {PHONE}")
    desk.phone_sends("heard again")
    bob.expect_text(desk.contact(), "heard again")
    assert "nobody hears this" not in bob.texts()


def test_my_data_is_exported_and_erased(desk):
    bob = desk.bob
    bob.expect_receipt(bob.text(desk.contact(), "remember me"), 20)
    say(bob, desk, f"contacts-add {PHONE} Nurse")
    data = json.loads(desk.gateway.cli("export", "--as", bob.jid).stdout)
    assert data["account"]["jid"] == bob.jid
    assert data["contacts"] == [{"address": PHONE, "name": "Nurse"}]
    assert len(data["messages"]) == 1
    assert "Nurse" in say(bob, desk, "export")
    assert "Really erase" in say(bob, desk, "erase")
    assert "say yes or no" in say(bob, desk, "perhaps")
    assert say(bob, desk, "no") == "Nothing was erased."
    say(bob, desk, "erase")
    assert "forgotten" in say(bob, desk, "yes")
    data = json.loads(desk.gateway.cli("export", "--as", bob.jid,
                                       "--json").stdout)
    assert data["contacts"] == [] and data["messages"] == []
    assert "jid" not in data["account"]


# ---- accounts -------------------------------------------------------------

@pytest.fixture
def closed(make_scene):
    """Alice, an admin, makes the accounts."""
    scene = make_scene("prosody")
    return scene.start(xmpp={"admins": [scene.server.jid(scene.alice_user)]},
                       networks={"sms": {"registration": "closed"}})


def test_admins_make_and_remove_accounts(closed):
    bob, admin = closed.bob, closed.alice
    assert "register first" in say(bob, closed, f"contacts-add {PHONE}")
    assert "by the administrator" in say(bob, closed, "register")
    assert "nobody yet" in say(admin, closed, "users")
    node = "http://jabber.org/protocol/admin#"
    run(closed, admin, node + "add-user", accountjid=bob.jid)
    assert "is " in say(bob, closed, f"contacts-add {PHONE} Nurse")
    assert bob.jid in run(closed, admin,
                          node + "get-registered-users-list").text()
    run(closed, admin, node + "disable-user", accountjid=bob.jid)
    assert "disabled" in say(bob, closed, "contacts")
    assert bob.expect_error(bob.text(closed.contact(), "x")).condition \
        == "forbidden"
    closed.gateway.cli("enable-user", bob.jid)
    bob.expect_receipt(bob.text(closed.contact(), "y"), 20)
    closed.gateway.cli("remove-user", bob.jid)
    assert closed.gateway.json("users") == []


def test_nobody_leaves_his_limits_behind(desk):
    """A new account would have none of what an admin decided."""
    bob, cli = desk.bob, desk.gateway.cli
    say(bob, desk, f"contacts-add {PHONE}")
    cli("limit-user", bob.jid, "5 messages/month")
    assert "only the administrator" in say(bob, desk, "unregister confirm=yes")
    assert "only the administrator" in say(bob, desk, "erase confirm=yes")
    answer = bob.iq(desk.domain, "<query xmlns='jabber:iq:register'>"
                    "<remove/></query>", "set")
    assert (answer.condition, answer.error_type) == ("not-allowed", "cancel")
    cli("disable-user", bob.jid)
    assert "disabled" in say(bob, desk, "erase confirm=yes")
    assert desk.gateway.json("users") == [{"jid": bob.jid}]
    cli("remove-user", bob.jid)
    assert "forgotten" in say(bob, desk, "erase confirm=yes")


def test_one_registers_and_sets_what_numbers_mean(make_scene):
    scene = make_scene("prosody")
    scene.start(networks={"sms": {"registration": "open"}})
    bob = scene.bob
    assert "register first" in say(bob, scene, f"send {PHONE} x")
    assert say(bob, scene, "register") == "You are registered."
    assert "country=" in say(bob, scene, "settings")
    assert "calling code" in say(bob, scene, "country=abc")
    assert say(bob, scene, "settings country=49 nick=\"Romeo M\"") == "Kept."
    form = Form(bob, scene, "settings").send()
    assert form.status == "executing" and form.fields() == [
        "nick", "country", "quiet"]
    assert form.text() == "Romeo M\n49"
    form.send("complete", nick="Romeo M", country="-")
    assert form.note == "Kept."
    assert "Really unregister" in say(bob, scene, "unregister")
    assert "not registered any more" in say(bob, scene, "yes")
    assert "register first" in say(bob, scene, "contacts")


# ---- the queue ------------------------------------------------------------

def test_a_held_text_finds_its_owner(desk):
    """Until now nobody could get it; what came later comes with it."""
    key = nobodys_text(desk, "for whom?")
    desk.phone_sends("anybody?")
    wait_for(lambda: len(desk.gateway.queue()) == 2, 10, "both texts")
    assert "belongs to nobody" in say(desk.alice, desk,
                                      f"queue release {key}")
    say(desk.alice, desk, f"queue release {key[:8]} {desk.bob.jid}")
    desk.bob.expect_text(desk.contact(), "for whom?")
    desk.bob.expect_text(desk.contact(), "anybody?")


def test_a_hand_in_the_queue(desk):
    cli, bob = desk.gateway.cli, desk.bob
    desk.sim.request("unplug", modem="sim1")
    wait_for(lambda: desk.gateway.line()["state"] != "online", 10, "loss")
    first, second = bob.text(desk.contact(), "1"), bob.text(desk.contact(), "2")
    bob.fence(desk.domain)
    ids = {r["created"]: r["id"] for r in desk.gateway.queue()}
    one, two = [ids[k] for k in sorted(ids)] if len(ids) == 2 else \
        [r["id"] for r in desk.gateway.queue()]
    cli("queue", "hold", one)
    assert "held" in cli("queue").stdout
    cli("queue-expire", one)
    error = bob.expect_error(first)
    assert error.condition == "recipient-unavailable"
    assert "administrator" in error.error_text
    cli("queue", "requeue", one)
    assert cli("queue", "hold", "ffffffff", check=False).returncode == 1
    desk.sim.request("replug", modem="sim1")
    desk.phone_gets("1")
    bob.expect_receipt(second, 40)
    assert cli("queue", "hold", two, check=False).returncode == 1


# ---- lines ----------------------------------------------------------------

def test_a_menu_of_the_operator(desk):
    """By chat, by form, and cancelled."""
    menu = {"text": "1 balance\n2 nothing", "replies": {"1": "You have 5"}}
    desk.sim.request("ussd", modem="sim1", code="*100#", **menu)
    desk.sim.request("ussd", modem="sim1", code="*101#", text="Balance: 7")
    admin = desk.alice
    said = say(admin, desk, "ussd *100#")
    assert said.startswith("1 balance\n2 nothing\nYour reply?"), said
    assert say(admin, desk, "1") == "You have 5"
    form = Form(admin, desk, "ussd").send().send("complete", code="*100#")
    assert form.status == "executing" and form.fields() == ["reply"]
    assert "1 balance" in repr(form.answer)
    assert form.send("complete", reply="1").note == "You have 5"
    say(admin, desk, "ussd *100#")
    assert say(admin, desk, "cancel") == "Cancelled."
    assert desk.gateway.cli("ussd", "*101#").stdout == "Balance: 7\n"
    assert "no line" in desk.gateway.cli("ussd", "*1#", "--line", "sim9",
                                         check=False).stderr
    assert "not yours" in say(desk.bob, desk, "ussd *100#")


def test_a_line_pauses_and_goes_on(desk):
    assert "sends nothing" in say(desk.alice, desk, "line pause sim1")
    desk.gateway.wait_line("paused")
    stanza = desk.bob.text(desk.contact(), "in a while")
    desk.bob.fence(desk.domain)
    assert len(desk.gateway.queue()) == 1
    assert "line sim1: paused" in say(desk.bob, desk, "status")
    desk.gateway.cli("line-resume", "sim1")
    desk.bob.expect_receipt(stanza, 20)
    desk.gateway.cli("line", "drain", "sim1")
    desk.gateway.wait_line("paused")


# ---- the command line -----------------------------------------------------

def test_one_acts_for_a_user_at_the_command_line(desk):
    cli, jid = desk.gateway.cli, desk.server.jid(desk.bob_user)
    assert "--as JID" in cli("contacts", check=False).stderr
    cli("contacts", "add", "--as", jid, "07700 900123", "Nurse Angelica")
    rows = desk.gateway.json("contacts", "--as", jid)
    assert rows == [{"address": PHONE, "name": "Nurse Angelica",
                     "jid": desk.contact()}]
    assert "Nurse Angelica" in cli("contacts", "--as", jid).stdout
    done = cli("contacts", "--as", "x@evil.example", check=False)
    assert done.returncode == 1 and "may not use network sms" in done.stderr
    done = cli("queue-hold", "--as", jid, "0000", check=False)
    assert done.returncode == 1 and "may not use queue-hold" in done.stderr
    assert "suggest" not in cli("contcts", check=False).stdout
    assert "did you mean contacts?" in cli("contcts", check=False).stderr
    assert cli("help", "contacts-add").stdout.startswith("usage:")


def test_the_terminal_is_asked(desk):
    jid = desk.server.jid(desk.bob_user)
    words = [program(), "-c", desk.gateway.config, "erase", "--as", jid]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, timeout=20,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "in a terminal" in done.stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.PIPE,
                          text=True, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        os.write(ours, b"no\n")
        said = process.communicate(timeout=20)
    os.close(ours)
    assert process.returncode == 0 and "Really erase it" in said[1]
    assert said[0] == "Nothing was erased.\n"


def test_an_announcement_and_the_end(desk):
    desk.bob.expect_receipt(desk.bob.text(desk.contact(), "hello"), 20)
    run(desk, desk.alice, "http://jabber.org/protocol/admin#announce",
        announcement="Back at noon.")
    desk.bob.expect_text(desk.domain, "Back at noon.")
    process = desk.gateway.process
    form = Form(desk.alice, desk, "http://jabber.org/protocol/admin#shutdown")
    assert form.send().status == "completed"
    assert process.wait(20) == 0
