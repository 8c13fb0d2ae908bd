#!/usr/bin/python3
"""Moongate in two minutes: a private Prosody with two users, a simulated
modem with a phone behind it, the gateway, and a conversation. `make demo`
runs it. On a terminal it stays up afterwards; otherwise it ends with 0, or
with 1 when a step failed."""

import os
import shutil
import sys
import tempfile
import textwrap
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

from lib import servers  # noqa: E402
from lib.client import Client  # noqa: E402
from lib.gateway import Gateway, program  # noqa: E402
from lib.process import wait_for  # noqa: E402
from sim.client import Simulator  # noqa: E402

from prompt import Prompt  # noqa: E402

NETWORK = "sms.localhost"
PHONE, SIM = "+447700900123", "+447700900000"
CONTACT = f"{PHONE}@{NETWORK}"
LONG = ("Long texts are cut into parts that a phone joins again. "
        "This one has an emoji \U0001F319 and Cyrillic: "
        "«Луна — врата, сад за стеной». ") * 2 + "The end."


class Screen:
    """What the reader sees; colours and ticks on a terminal only."""

    def __init__(self):
        self.terminal = sys.stdout.isatty()
        self.step_number = 0
        self.width = min(shutil.get_terminal_size().columns, 90)

    def colour(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.terminal else text

    def say(self, text="", indent="", code=None):
        """Wrapped first, then the indent coloured: codes have no width."""
        for line in text.split("\n"):
            lines = textwrap.wrap(line, self.width - len(indent),
                                  break_on_hyphens=False) or [""]
            shown = self.colour(code, indent) if code else indent
            for one in lines:
                print(shown + one, flush=True)

    def step(self, title):
        self.step_number += 1
        print("\n" + self.colour("1", f"{self.step_number}. {title}"),
              flush=True)

    def note(self, text):
        self.say(text, "   ")

    def quote(self, who, text):
        self.say(f"{who}: {text}", "   | ", "36")

    def done(self, text):
        mark = "✔" if self.terminal else "ok:"
        lines = textwrap.wrap(f"{mark} {text}", self.width - 3,
                              break_on_hyphens=False)
        lines[0] = self.colour("32", mark) + lines[0][len(mark):]
        for line in lines:
            print("   " + line, flush=True)

    def failed(self, text):
        mark = self.colour("31", "✘") if self.terminal else "FAILED:"
        print(f"   {mark} {text}", flush=True)


class Demo:
    contact, phone = CONTACT, PHONE

    def __init__(self, folder, screen):
        self.folder, self.screen = folder, screen
        self.server = self.sim = self.gateway = self.juliet = None

    # ---- stage ----------------------------------------------------------

    def set_up(self):
        show = self.screen
        show.say("Moongate carries texts between XMPP (an open standard "
                 "for instant messaging) and mobile phones. Everything "
                 "below runs on this machine only; the modem and the "
                 "phone are simulated, the XMPP server is a real one.")
        show.step("Starting the players")
        self.server = servers.Prosody(
            os.path.join(self.folder, "prosody"), [NETWORK],
            ["juliet", "romeo"]).start()
        show.done("an XMPP server (Prosody) with the users "
                  "juliet@localhost and romeo@localhost")
        self.sim = Simulator(
            os.path.join(self.folder, "sim"),
            [{"name": "sim1", "number": SIM, "answer": "300:500"}])
        show.done(f"a GSM modem whose SIM has the number {SIM}, and a "
                  f"phone with the number {PHONE}")
        self.gateway = Gateway(os.path.join(self.folder, "gateway"), {
            "xmpp": {"server": f"127.0.0.1:{self.server.component_port}"},
            "networks": {"sms": {
                "jid": NETWORK, "secret": servers.SECRET,
                "country_code": 44, "settle": 3,
                "inbox": ["juliet@localhost"]}},
            "lines": {"sim1": {
                "network": "sms", "driver": "gsm", "number": SIM,
                "device": self.sim.device("sim1")}}})
        self.gateway.start()
        show.done(f"Moongate, which is {NETWORK} to the XMPP server and "
                  "drives the modem")
        self.juliet = Client(self.server, "juliet", "laptop").connect()
        show.done("juliet has logged in with an ordinary XMPP client")

    def tear_down(self):
        for part, end in ((self.juliet, "disconnect"),
                          (self.gateway, "stop"), (self.sim, "close"),
                          (self.server, "stop")):
            if part:
                try:
                    getattr(part, end)()
                except Exception as error:  # noqa: BLE001 - end the others
                    self.screen.failed(f"at the end: {error}")

    # ---- acts -----------------------------------------------------------

    def text_out(self):
        show = self.screen
        show.step("Juliet texts the phone")
        show.note("A phone is a contact whose address is its number: "
                  + CONTACT)
        body = "Hello from XMPP! Can you read me?"
        show.quote("juliet writes", body)
        stanza = self.juliet.text(CONTACT, body)
        self.juliet.fence(NETWORK)
        show.done("Moongate has stored it on disk: from now on no crash "
                  "loses it")
        event = self.sim.wait_for("phone", 30, number=PHONE, text=body)
        show.done(f"the phone shows it, from {event['from']}:")
        show.quote("phone", event["text"])
        self.juliet.expect_receipt(stanza, 30)
        show.done("the network reported the delivery, and Juliet's client "
                  "got its receipt (the second tick)")

    def text_in(self):
        show = self.screen
        show.step("The phone answers")
        body = "Loud and clear. Greetings from my phone!"
        show.quote("phone", body)
        self.sim.text("sim1", body, sender=PHONE)
        self.juliet.expect_text(CONTACT, body, 30)
        show.done("Juliet has it:")
        show.quote(CONTACT, body)
        self.sim.wait_for("cmgd", 30, modem="sim1")
        show.done("only then was it deleted from the SIM card")

    def long_text(self):
        show = self.screen
        show.step("A long text, with an emoji and Cyrillic")
        show.quote("juliet writes", LONG)
        stanza = self.juliet.text(CONTACT, LONG)
        event = self.sim.wait_for("phone", 60, number=PHONE, text=LONG)
        show.done(f"it went out as {event['parts']} text messages, and the "
                  "phone shows one whole text")
        self.juliet.expect_receipt(stanza, 30)
        show.done("one receipt, after every part was delivered")

    def crash(self):
        show = self.screen
        show.step("The gateway is killed in the middle (kill -9)")
        bodies = [f"Number {n} of 4: will this survive?"
                  for n in range(1, 5)]
        stanzas = [self.juliet.text(CONTACT, body) for body in bodies]
        for body in bodies:
            show.quote("juliet writes", body)
        self.juliet.fence(NETWORK)
        show.done("stored; the modem needs half a second for each")
        self.sim.wait_for("accepted", 30, text=bodies[0])
        pid = self.gateway.process.pid
        self.gateway.kill()
        show.done(f"kill -9 {pid}: the gateway is dead")
        body = "Are you still there?"
        show.quote("phone, meanwhile", body)
        self.sim.text("sim1", body, sender=PHONE)
        self.gateway.start()
        show.done("started again")
        self.juliet.expect_text(CONTACT, body, 30)
        show.done("what the phone sent had waited on the SIM card, and "
                  "Juliet has it now")
        for stanza, body in zip(stanzas, bodies):
            self.sim.wait_for("phone", 60, number=PHONE, text=body)
            self.juliet.expect_receipt(stanza, 60)
        self.count_copies(bodies)

    def count_copies(self, bodies):
        """All there, in order; a copy is told, not hidden."""
        got = [e["text"] for e in self.sim.received(PHONE)
               if e["text"] in bodies]
        once = list(dict.fromkeys(got))
        if once != bodies:
            raise AssertionError(f"out of order or lost: {got}")
        show = self.screen
        show.done("all four reached the phone, in order, and all four "
                  "receipts reached Juliet: nothing is lost")
        if len(got) > len(bodies):
            show.note("(one came twice: the crash fell between sending and "
                      "the modem's answer, so it was sent again once)")

    def play(self):
        for act in (self.set_up, self.text_out, self.text_in,
                    self.long_text, self.crash):
            act()
        wait_for(lambda: not self.gateway.queue(), 30, "an empty queue")
        self.gateway.check_log()


def run(demo, screen):
    """Plays it; returns the exit code."""
    started = time.monotonic()
    try:
        demo.play()
        screen.say()
        screen.done("The demo worked, in %.0f seconds."
                    % (time.monotonic() - started))
        return 0
    except KeyboardInterrupt:
        print()
        return 130
    except Exception as error:  # noqa: BLE001 - reported, exit code 1
        screen.failed(str(error))
        if demo.gateway:
            print("\nThe gateway's log:\n" + demo.gateway.tail())
        return 1


def stay_up(demo, screen):
    """On a terminal the reader may go on until he has enough; did he?"""
    if sys.stdin.isatty() and screen.terminal:
        try:
            Prompt(demo, screen).run()
        except KeyboardInterrupt:
            print()
        return True
    return False


def main():
    screen = Screen()
    if not os.access(program(), os.X_OK):
        screen.failed(f"{program()} is not there: run `make demo`")
        return 1
    why = servers.missing("prosody")
    if why:
        screen.failed(why)
        return 1
    with tempfile.TemporaryDirectory(prefix="moongate-demo-") as folder:
        demo = Demo(folder, screen)
        stayed = False
        try:
            code = run(demo, screen)
            if code == 0:
                stayed = stay_up(demo, screen)
        finally:
            demo.tear_down()
    if stayed:
        screen.say("stopped, nothing is left running")
    return code


if __name__ == "__main__":
    sys.exit(main())
