"""Voice calls that come in: they ring until somebody ends them.

Nobody talks here. ATA answers, ATH and +CHUP end; some modems take ATH for
data calls only and let the phone ring on.
"""

from sim.commands import HANDLERS, handles
from sim.at import cme

RING_EVERY = 5.0        # s


class Calls:
    """The one call that a modem can have."""

    def __init__(self, modem):
        self.modem = modem
        self.caller, self.answered = None, False
        self.every = RING_EVERY
        self.rings = 0

    def reset(self):
        """Power off: the caller hears that nobody can be reached."""
        if self.caller is not None:
            self._end("power")

    def start(self, spec):
        """Rings; `seconds` later the caller gives up."""
        modem = self.modem
        caller = "" if spec.get("hidden") else spec.get("from", "")
        if not modem.registered() or self.caller is not None:
            modem.emit("call-failed", modem=modem.name, reason="busy"
                       if self.caller is not None else "no network",
                       **{"from": caller})
            return
        self.caller, self.answered, self.rings = caller, False, 0
        self.every = spec.get("every", RING_EVERY)
        modem.emit("call", modem=modem.name, **{"from": caller})
        self._ring(self._number())
        if spec.get("seconds") is not None:
            modem.later(spec["seconds"], self.give_up)

    def _number(self):
        """Tells calls apart, so that an old timer rings no new call."""
        self.serial = getattr(self, "serial", 0) + 1
        return self.serial

    def _ring(self, serial):
        modem = self.modem
        if self.caller is None or self.answered or serial != self.serial:
            return
        self.rings += 1
        crc = modem.settings.get("+CRC", "0") == "1"
        modem.urc("+CRING: VOICE" if crc else "RING")
        if modem.settings.get("+CLIP", "0") == "1":
            toa = 145 if self.caller.startswith("+") else 129
            modem.urc(f'+CLIP: "{self.caller}",{toa},"",0,"",0'
                      if self.caller else '+CLIP: "",128,"",0,"",1')
        modem.later(self.every, lambda: self._ring(serial))

    def give_up(self):
        """The caller ends the call."""
        if self.caller is not None:
            self.modem.urc("NO CARRIER")
            self._end("caller")

    def hang_up(self):
        if self.caller is not None:
            self._end("modem")

    def answer(self):
        if self.caller is None:
            raise cme(3)
        self.answered = True
        self.modem.emit("call-answered", modem=self.modem.name)

    def _end(self, by):
        caller, self.caller = self.caller, None
        self.modem.emit("call-ended", modem=self.modem.name, by=by,
                        rings=self.rings, answered=self.answered,
                        **{"from": caller})

    def listed(self):
        if self.caller is None:
            return []
        toa = 145 if self.caller.startswith("+") else 129
        status = 0 if self.answered else 4
        return [f'+CLCC: 1,1,{status},0,0,"{self.caller}",{toa}']


@handles("H", "")
def on_hook(modem, args):
    if modem.profile["ath_hangs_up"] or \
            modem.settings.get("+CVHU", "1") == "0":
        modem.calls.hang_up()


@handles("+CHUP", "")
def hang_up(modem, args):
    modem.calls.hang_up()


@handles("A", "")
def answer(modem, args):
    modem.calls.answer()


@handles("+CLCC", "")
def list_calls(modem, args):
    return modem.calls.listed()


HANDLERS["+CHUP", "=?"] = lambda modem, args: []
