"""What a family of modems does otherwise, as its profile says.

The rest of the modem asks a Family at the few places where makes differ;
each answer comes from a key of profiles.json, see README.md.
"""

import json
import os
import re

from sim import clock
from sim.at import SILENT, AtError, cme, cms

BEAT = 0.002            # s between signs of life of the loop
CHUNK_TIME = 0.005       # s in which a slow port takes one chunk

PHONE_ONLY = re.compile(r"\+(CMGL|CMGR|CMGD|CPMS|CNMI|CNMA|CMGW)")
NEEDS_MODE2 = re.compile(r"\+(CMG|CPMS|CNMI|CSCA|CSMS|CUSD|CPB)")
NEEDS_INIT = re.compile(r"\+(CMG[SLRDW]|CPMS|CNMI|CSCA)")


def load_profile(name):
    """A vendor profile, on top of the generic one."""
    path = os.path.join(os.path.dirname(__file__), "profiles.json")
    with open(path, encoding="utf-8") as file:
        profiles = json.load(file)
    if name not in profiles:
        raise ValueError(f"no profile {name}")
    return {**profiles["generic"], **profiles[name]}


def expand(ranges):
    """Each group of an answer to =?, "(0-2),(1)" as lists of numbers."""
    groups = []
    for group in re.findall(r"\(([^()]*)\)", ranges):
        numbers = []
        for item in filter(None, group.split(",")):
            low, _, high = item.partition("-")
            numbers += range(int(low), int(high or low) + 1)
        groups.append(numbers)
    return groups


def memory_groups(answer):
    """The names that each parameter of +CPMS takes."""
    groups = re.findall(r"\(([^()]*)\)", answer)
    return [re.findall(r'"([^"]+)"', group) for group in groups]


class Family:
    """The quirks of one modem; `reset` after each power cycle."""

    def __init__(self, modem):
        self.modem, self.profile = modem, modem.profile
        self.groups = memory_groups(self.profile["cpms"])
        self.reset()

    def reset(self):
        self.deaf = self.profile["autobaud"]
        self.mode2 = not self.profile["mode2"]
        self.ready_at = 0.0
        self.chatting = self.chatter = None
        self.asked = set()      # names of commands since the power came
        self.plain_ussd = self.profile["ussd"]["plain"] is None
        self.prompted = self.beat = 0.0

    def switched_on(self):
        self.ready_at = self.modem.loop.time() + self.profile["please_wait"]
        self.chatter = self.profile["chatter"]
        if self.chatter and not self.chatting:
            self.chatting = iter(())
            self.chat()

    def chat(self):
        """Unsolicited noise, until a command turns it off."""
        if not self.chatter:
            self.chatting = None
            return
        line = next(self.chatting, None)
        if line is None:
            self.chatting = iter(self.chatter["lines"])
            line = next(self.chatting)
        self.modem.urc(line)
        self.modem.later(self.chatter["every"], self.chat)

    # ---- command lines --------------------------------------------------

    def swallows(self, line):
        """An autobauding port learns the speed from its first line."""
        deaf, self.deaf = self.deaf, False
        return deaf

    def before(self, command):
        """None, SILENT, or AtError: what comes instead of the command."""
        profile, name = self.profile, command.name
        spelled = f"AT{name}{command.kind}{command.args}".upper()
        self._listen(spelled)
        self.asked.add(name + command.kind)
        for pattern, error in profile["refuse"].items():
            if re.fullmatch(pattern, spelled):
                family, code = error.split()
                raise AtError(family, int(code))
        if not self.mode2 and NEEDS_MODE2.match(name):
            raise cme(3)
        if profile["send_only"] and PHONE_ONLY.match(name):
            raise AtError()
        if command.kind == "=?":
            return None
        if NEEDS_INIT.match(name) and self.modem.loop.time() < self.ready_at:
            raise cms(515)
        if name == "+CPMS" and profile["cpms_after"] \
                and profile["cpms_after"] not in self.asked:
            self.modem.hang(3)
            return SILENT
        return None

    def _listen(self, spelled):
        """Commands that turn a quirk off."""
        if self.chatter and spelled == self.chatter["off"]:
            self.chatter = None
        if spelled == self.profile["ussd"]["plain"]:
            self.plain_ussd = True
        if spelled == "AT+MODE=2" and not self.mode2:
            self.mode2 = True
            self.modem.later(0.02, lambda: self.modem.urc(
                "+MBAN: Copyright 2000-2004 Motorola, Inc."))

    def knows(self, spelled):
        """Commands of the family that only turn a quirk off."""
        return (spelled == "AT+MODE=2" and self.profile["mode2"]
                or spelled == self.profile["ussd"]["plain"])

    def final(self, error, cmee):
        """The final result of a failed command."""
        if error.family is None:
            return self.profile["unknown"] if error.unknown else "ERROR"
        style = self.profile["errors"]
        if style == "words":
            return error.result(2)
        if style == "modem" and error.family == "CME":
            return f"MODEM ERROR: {error.code}"
        return error.result(cmee)

    def no_ok(self, line):
        return "AT" + line.upper() in self.profile["no_ok"]

    def takes_cnma_now(self):
        """Is +CNMA obeyed while the answer to +CMGS is awaited?"""
        return self.profile["cnma_while_cmgs"]

    # ---- the prompt -----------------------------------------------------

    def prompt_open(self):
        """The prompt was written."""
        self.prompted = self.beat = self.modem.loop.time()
        if self.profile["prompt_chunk"]:
            self.modem.later(BEAT, self._beat)

    def _beat(self):
        self.beat = self.modem.loop.time()
        if self.modem.port.prompt:
            self.modem.later(BEAT, self._beat)

    def typed(self, data):
        """What a slow port takes of bytes that came at the prompt.

        It has room for one chunk, and needs a while to clear it. When this
        process was late, what came meanwhile counts as so many chunks.
        """
        now, profile = self.modem.loop.time(), self.profile
        if now - self.prompted < clock.real(
                profile["prompt_deaf_ms"] / 1000):
            return data[len(data):]
        room = profile["prompt_chunk"]
        if not room:
            return data
        return data[:room * (1 + int(
            (now - self.beat) / clock.real(CHUNK_TIME)))]

    # ---- what arrives ---------------------------------------------------

    def stored_line(self, memory, index):
        """+CMTI, as truthful as the family is."""
        return self.profile["cmti"] or f'+CMTI: "{memory}",{index}'

    def report_stored_line(self, memory, index):
        return self.profile["cdsi"] or f'+CDSI: "{memory}",{index}'

    def report_line(self, length):
        return self.profile["cds"].format(length=length)

    def report_tpdu(self, tpdu):
        """ZTE puts the number's length into the number once more."""
        if self.profile["report_address"] != "nested":
            return tpdu
        digits = tpdu[2]
        size = 2 + (digits + 1) // 2
        nested = bytes([digits + 2, tpdu[3], digits]) + tpdu[4:2 + size]
        return tpdu[:2] + nested + tpdu[2 + size:]

    # ---- the network ----------------------------------------------------

    def registration(self, name, stat):
        """<stat> for +CREG and its like, while the modem has a network."""
        if stat in (1, 5):
            return self.profile["registration"].get(name, stat)
        return stat

    def shows_act(self, name):
        return name != "+CREG" or self.profile["creg_act"]

    def swallows_text(self):
        """No signal, no reference: the text is gone, and the answer OK."""
        return (self.profile["ok_without_signal"]
                and self.modem.rssi in (0, 1, 99))
