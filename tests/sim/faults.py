"""What goes wrong, on demand and by seed, in one modem.

A Faults object is asked at the few places where trouble can start: a
command, the prompt, a submitted PDU, an answer of several lines, a byte
on the wire. Tests set it by name through `inject`.
"""

import random
import re
from collections import deque

NUMBERED = re.compile(rb"ERROR: \d|\+CMGS: \d")
SUBMIT_ACTIONS = {
    "no-final": {"silent": True, "accept": False},
    "answer-lost": {"silent": True, "accept": True},
    "ok-lost": {"half": True, "accept": True},
    "ok-only": {"ok": True, "accept": False},
    "cms": {"cms": 38},
    "reboot": {"reboot": True, "accept": True},
    "brown-out": {"reboot": True, "accept": True, "brown": True},
    "hang": {"hang": 3.0, "accept": True},
    "unplug": {"unplug": True, "accept": True},
}


class Faults:
    def __init__(self, modem, seed):
        self.modem = modem
        self.rng = random.Random(seed)
        self.clear()

    def clear(self, _=None):
        self.submits = deque()      # one action a CMGS, {} = none
        self.prompts = deque()      # "none", AtError arguments or None
        self.errors = {}            # command name -> deque of (family, n)
        self.inside = deque()       # lines to put inside answers
        self.noise = {}             # (kind, dir) -> [rate, bytes left]
        self.delay = None           # (min ms, max ms) a write
        self.gap = None             # seconds between single bytes
        self.sim_busy = 0
        self.stolen_until = 0.0     # another program reads half of it
        self.chaos = {}

    # ---- asked by the modem ---------------------------------------------

    def next_submit(self):
        if self.submits:
            return self.submits.popleft()
        for name, rate in self.chaos.items():
            if name in SUBMIT_ACTIONS and self.rng.random() < rate:
                return dict(SUBMIT_ACTIONS[name],
                            replug=self.rng.uniform(0.2, 1.5))
        return {}

    def next_prompt(self):
        if self.prompts:
            return self.prompts.popleft()
        if self.rng_says("no-prompt"):
            return "none"
        return None

    def rng_says(self, name):
        return self.rng.random() < self.chaos.get(name, 0)

    def next_error(self, name):
        queue = self.errors.get(name)
        if queue:
            return queue.popleft()
        return None

    def split_answer(self, lines):
        """Puts a waiting URC between the lines of an answer."""
        if self.inside:
            line = self.inside.popleft()
        elif self.rng_says("urc-inside"):
            line = "+CREG: 1"
        else:
            return lines
        where = self.rng.randrange(1, len(lines))
        return lines[:where] + ["", line, ""] + lines[where:]

    def on_wire(self, data, direction):
        """Loses and garbles bytes."""
        if direction == "in" and data[:7].upper() == b"AT+CMGD":
            return data     # it might delete another text than it says
        for kind in ("lose", "garble"):
            entry = self.noise.get((kind, direction))
            rate = self.chaos.get(f"{kind}-{direction}", 0)
            if entry or rate:
                data = self._spoil(data, kind, entry or [rate, None, None])
        return data

    def _spoil(self, data, kind, entry):
        rate, left, bit = entry
        out = bytearray()
        # A digit less makes another number, which nobody could notice.
        spare = b"0123456789" if kind == "lose" and NUMBERED.search(data) \
            else b""
        for byte in data:
            if left == 0 or byte in spare or self.rng.random() >= rate:
                out.append(byte)
                continue
            if left is not None:
                left -= 1
            if kind == "garble":
                out.append(byte ^ 1 << (self.rng.randrange(7) if bit is None
                                        else bit))
        entry[1] = left
        return bytes(out)

    def stolen(self):
        """Did another program get this write?"""
        return (self.modem.loop.time() < self.stolen_until
                and self.rng.random() < 0.5)

    def wire_delay(self):
        if not self.delay:
            return 0
        return self.rng.uniform(*self.delay) / 1000

    # ---- set by tests ---------------------------------------------------

    def inject(self, spec):
        """Sets the fault that a control command describes."""
        name = spec["fault"]
        setter = getattr(self, "set_" + name.replace("-", "_"), None)
        if setter:
            return setter(spec)
        if name in SUBMIT_ACTIONS:
            return self.set_submit(spec)
        raise ValueError(f"no fault named {name}")

    def set_clear(self, spec):
        self.clear()

    def _codes(self, spec, family):
        codes = spec.get("codes") or [spec["code"]]
        codes = codes * spec.get("count", 1)
        if spec.get("stage") == "prompt":
            self.prompts.extend((family, c) if c else None for c in codes)
        elif spec.get("on"):
            queue = self.errors.setdefault(spec["on"].upper(), deque())
            queue.extend((family, c) if c else None for c in codes)
        else:
            key = family.lower()
            self.submits.extend({key: c} if c else {} for c in codes)

    def set_cms(self, spec):
        self._codes(spec, "CMS")

    def set_cme(self, spec):
        self._codes(spec, "CME")

    def set_error(self, spec):
        """ERROR to a named command, or to the next CMGS."""
        spec = dict(spec, codes=[-1])
        self._codes(spec, "CME")

    def set_submit(self, spec):
        """Queues SUBMIT_ACTIONS; `skip` lets some CMGS pass first."""
        action = dict(SUBMIT_ACTIONS[spec["fault"]])
        action.update({k: v for k, v in spec.items() if k in (
            "accept", "replug", "hang", "link", "renumber", "keep_power")})
        self.submits.extend([{}] * spec.get("skip", 0))
        self.submits.extend([action] * spec.get("count", 1))

    def _now_or_mid(self, spec, action):
        """With "mid" the fault strikes in the middle of the next CMGS."""
        if spec.get("mid"):
            self.set_submit(spec)
        else:
            action()

    def set_hang(self, spec):
        spec = dict(spec, hang=float(spec.get("seconds", 3)))
        self._now_or_mid(spec, lambda: self.modem.hang(spec["hang"]))

    def set_reboot(self, spec):
        self._now_or_mid(spec, lambda: self.modem.reboot(
            spec.get("seconds"), spec.get("noise")))

    def set_brown_out(self, spec):
        """The supply breaks down: line noise instead of a farewell."""
        self._now_or_mid(dict(spec, fault="brown-out"),
                         self.modem.brown_out)

    def set_port_stolen(self, spec):
        """Another program reads the port too, and asks things."""
        loop, lines = self.modem.loop, spec.get("lines", ["AT", "ATI"])
        seconds = spec.get("seconds", 1.0)
        self.stolen_until = loop.time() + seconds
        for i, line in enumerate(lines):
            loop.call_later(seconds * (i + 0.5) / len(lines),
                            self.modem.overheard, f"{line}\r".encode())

    def set_unplug(self, spec):
        def unplug():
            self.modem.unplug(spec.get("keep_power", False))
            if spec.get("replug") is not None:
                self.modem.replug_later(float(spec["replug"]), spec)
        self._now_or_mid(spec, unplug)

    def set_replug(self, spec):
        self.modem.replug(spec.get("link"), spec.get("renumber", False))

    def set_no_prompt(self, spec):
        self.prompts.extend([None] * spec.get("skip", 0))
        self.prompts.extend(["none"] * spec.get("count", 1))

    def set_lose(self, spec):
        self._set_noise("lose", spec)

    def set_garble(self, spec):
        self._set_noise("garble", spec)

    def _set_noise(self, kind, spec):
        count = spec.get("bytes")
        rate = spec.get("rate", 1.0 if count else 0.0)
        self.noise[kind, spec.get("dir", "out")] = [rate, count,
                                                    spec.get("bit")]

    def set_delay(self, spec):
        self.delay = spec.get("ms")

    def set_bytewise(self, spec):
        gap = spec.get("gap_ms", 1) / 1000
        self.gap = gap if spec.get("on", True) else None

    def set_urc_inside(self, spec):
        lines = spec.get("lines") or [spec.get("line", "+CREG: 1")]
        self.inside.extend(lines * spec.get("count", 1))

    def set_flood(self, spec):
        self.modem.flood(spec.get("line", "^RSSI: 17"),
                         spec.get("count", 1000))

    def set_sim_busy(self, spec):
        self.sim_busy = spec.get("count", 3)

    def set_pin(self, spec):
        self.modem.sim.lock(spec.get("pin"), spec.get("tries", 3))

    def set_puk(self, spec):
        self.modem.sim.block(spec.get("puk"), spec.get("tries", 10))

    def set_no_sim(self, spec):
        self.modem.sim.present = not spec.get("on", True)

    def set_no_network(self, spec):
        self.modem.set_network(False)
        if spec.get("seconds") is not None:
            self.modem.loop.call_later(
                spec["seconds"], self.modem.set_network, True)

    def set_network(self, spec):
        self.modem.set_network(True)

    def set_full(self, spec):
        self.modem.fill(spec.get("memory", "SM"), spec.get("leave", 0))

    def set_chaos(self, spec):
        """Rates by fault name, e.g. {"answer-lost": 0.01}; {} ends it."""
        if "seed" in spec:
            self.rng.seed(spec["seed"])
        self.chaos = dict(spec.get("rates", {}))
