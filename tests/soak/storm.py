"""One seed: a gateway, one modem of a family, a load in both directions, and
faults drawn from the seed; then calm, in which all must come to an end."""

import asyncio
import os
import random
import time

from lib.daemon import Daemon
from lib.ledger import ADMIN, Ledger, watch_network
from lib.ledger_server import SECRET, FakeServer
from lib.load import Load
from sim import clock
from sim.world import World

HOST, DOMAIN = "example.org", "sms.example.org"
STORM = 3.0         # s of load and faults
FAULTS = (5, 9)     # how many of them
CALM = 60.0         # s in which all must be done
QUIET = 5           # looks in a row that find nothing open


class Lively(Daemon):
    """A settle time in which a report of the simulator surely comes."""
    SETTLES = (5,)


# ---- faults -------------------------------------------------------------

NOISE = ["^RSSI: 17", "+CREG: 1", '+CUSD: 0,"hello",15', "RING",
         "+CMTI: ,-1", '+CMTI: "ME",99', "^HCSQ:1,2,3", "garbage \x01"]
CODES = [38, 41, 42, 500, 512, 331, 314, 1, 21]


def some(name, low=1, high=2, **fields):
    return lambda rng: {"fault": name, "count": rng.randint(low, high),
                        "skip": rng.randint(0, 2), **fields}


def maybe_mid(name, seconds=None, **fields):
    """At once, or in the middle of the next submission."""
    def draw(rng):
        spec = {"fault": name, **fields}
        if seconds:
            spec["seconds"] = rng.uniform(*seconds)
        if rng.random() < 0.6:
            spec.update(mid=True, accept=rng.random() < 0.6)
        return spec
    return draw


def unplug(rng):
    return {**maybe_mid("unplug")(rng), "replug": rng.uniform(0.1, 1.0),
            "renumber": rng.random() < 0.5, "keep_power": rng.random() < 0.3}


def for_a_while(name, seconds, **ranges):
    """Numbers drawn from ranges; the fault ends by itself."""
    def draw(rng):
        spec = {"fault": name, "seconds": rng.uniform(*seconds)}
        for key, (low, high) in ranges.items():
            spec[key] = rng.randint(low, high)
        return spec
    return draw


# Garbled bytes lose their place in the alphabet (bit 6): a digit that became
# another one could not be noticed by any gateway.
FAULT_TABLE = {
    "lost": lambda rng: {"fault": "lose", "bytes": rng.randint(1, 6),
                         "rate": 0.05},
    "lost-in": lambda rng: {"fault": "lose", "bytes": rng.randint(1, 3),
                            "rate": 0.05, "dir": "in"},
    "garbled": lambda rng: {"fault": "garble", "bytes": rng.randint(1, 6),
                            "rate": 0.05, "bit": 6},
    "late": lambda rng: {"fault": "delay", "ms": [20, rng.randint(30, 90)],
                         "seconds": rng.uniform(0.2, 1.0)},
    "bytewise": lambda rng: {"fault": "bytewise", "gap_ms": 0.1,
                             "seconds": rng.uniform(0.2, 1.0)},
    "urc-inside": lambda rng: {"fault": "urc-inside",
                               "lines": rng.sample(NOISE, 3)},
    "flood": lambda rng: {"fault": "flood", "count": rng.randint(50, 500)},
    "no-prompt": some("no-prompt"),
    "no-final": some("no-final", 1, 1),
    "answer-lost": some("answer-lost", 1, 1),
    "ok-only": some("ok-only"),
    "cms": lambda rng: {"fault": "cms", "codes": rng.sample(CODES, 2)},
    "hang": maybe_mid("hang", (0.1, 1.0)),
    "reboot": maybe_mid("reboot"),
    "brown-out": maybe_mid("brown-out"),
    "unplug": unplug,
    "sim-busy": for_a_while("sim-busy", (0, 0), count=(1, 5)),
    "no-network": for_a_while("no-network", (0.2, 1.5)),
    "full": lambda rng: {"fault": "full", "leave": rng.randint(0, 2)},
    "port-stolen": for_a_while("port-stolen", (0.3, 1.0)),
}
ENDS = {"delay": {"fault": "delay", "ms": None},
        "bytewise": {"fault": "bytewise", "on": False}}


class Storm:
    """`say` gets a line for each thing that happens, or is None."""

    def __init__(self, profile, seed, folder, speed, say=None):
        self.profile, self.seed, self.folder = profile, seed, folder
        self.speed, self.say = speed, say or (lambda text: None)
        self.rng = random.Random(f"soak {profile} {seed}")
        self.started = time.monotonic()
        journal = open(os.path.join(folder, "journal"), "w",
                       encoding="utf-8", buffering=1)
        self.ledger = Ledger(time.monotonic, journal)
        self.problems = []

    async def set_up(self):
        clock.run_faster(self.speed)
        self.world = World(asyncio.get_running_loop(), {
            "seed": self.seed, "retry": 0.2, "answer": (5, 15),
            "trace": os.path.join(self.folder, "trace"),
            "cnma_timeout": clock.real(15)})
        self.world.listeners.append(watch_network(self.ledger))
        self.modem = self.world.add_modem({
            "name": "sim1", "number": "+447700900001",
            "profile": self.profile,
            "link": os.path.join(self.folder, "tty-sim1")})
        self.server = FakeServer(DOMAIN, HOST, self.ledger)
        await self.server.listen()
        self.daemon = Lively(self.folder, self.config(), fast(self.speed))
        self.load = Load(self.seed, self.world, self.server, self.ledger)

    def config(self):
        return {
            "gateway": {"log_level": "debug", "state_dir": os.path.join(
                self.folder, "state")},
            "xmpp": {"server": f"127.0.0.1:{self.server.port}",
                     "admins": [ADMIN]},
            "networks": {"sms": {
                "jid": DOMAIN, "secret": SECRET, "country_code": 44}},
            "lines": {"sim1": {
                "network": "sms", "driver": "gsm",
                "number": self.modem.number,
                "device": self.modem.where["link"]}},
        }

    # ---- the storm ------------------------------------------------------

    async def rage(self):
        rng, end = self.rng, time.monotonic() + STORM
        times = sorted(rng.uniform(0, STORM)
                       for _ in range(rng.randint(*FAULTS)))
        for name, after in zip(rng.choices(list(FAULT_TABLE), k=len(times)),
                               times):
            spec = FAULT_TABLE[name](rng)
            self.world.loop.call_later(after, self.strike, spec)
        while time.monotonic() < end:
            await self.server.up.wait()
            self.load_some()
            await asyncio.sleep(rng.uniform(0.03, 0.12))

    def load_some(self):
        outs, ins = self.load.room()
        for _ in range(min(outs, self.rng.randint(0, 2))):
            self.load.text_out()
        if ins and not self.modem.profile["send_only"] \
                and self.rng.random() < 0.5:
            self.load.text_in()
        self.load.fence()

    def strike(self, spec):
        self.say(f"{time.monotonic() - self.started:7.3f} {spec}")
        self.ledger.note(f"fault {spec}")
        if "leave" in spec:
            spec["memory"] = self.modem.mem3
        self.modem.faults.inject(spec)
        if spec["fault"] in ENDS:
            self.world.loop.call_later(spec["seconds"],
                                       self.modem.faults.inject,
                                       ENDS[spec["fault"]])

    # ---- the calm -------------------------------------------------------

    async def calm(self):
        """Ends all faults and waits; what is left then is stuck."""
        self.modem.faults.clear()
        self.modem.replug()
        self.modem.set_network(True)
        self.ledger.note("calm")
        self.say(f"{time.monotonic() - self.started:7.3f} calm")
        deadline = time.monotonic() + CALM
        quiet = 0
        while time.monotonic() < deadline and quiet < QUIET:
            await asyncio.sleep(0.1)
            self.load.fence()
            quiet = 0 if self.open() else quiet + 1
            if not self.daemon.running():
                raise AssertionError("the daemon ended:\n"
                                     + self.daemon.log())
        self.say(f"{time.monotonic() - self.started:7.3f} done")

    def open(self):
        """What must still come to its end."""
        left = [] if self.modem.profile["send_only"] else [
            f"slot of {name}" for name, memory
            in self.modem.memories.items() for _ in memory.slots]
        return self.ledger.open_items() + left

    async def run(self):
        """(lost, stuck, unexplained): lists of words."""
        await self.set_up()
        self.daemon.start(0)
        await asyncio.wait_for(self.server.up.wait(), 30)
        await self.rage()
        await self.calm()
        stuck = [describe(item) for item in self.open()]
        if await self.daemon.stop(30) != 0:
            self.ledger.complain("the daemon did not end well:\n"
                                 + self.daemon.log(500))
        self.world.close()
        accepted, lost, copies, unexplained = self.ledger.audit()
        self.say(f"accepted {accepted}, copies {copies}, failed with a reason "
                 f"{self.ledger.failed}, unclear {self.ledger.unclear_events}")
        lost = [text for text in lost if not stuck]
        if not accepted:
            unexplained.append("nothing was accepted")
        return lost, stuck, unexplained


def describe(item):
    """One line on what is stuck."""
    if isinstance(item, str):
        return item
    if hasattr(item, "shown"):
        return (f"<{item.token}> to {item.contact}: parts "
                f"{sorted(item.parts)} of {item.total}, "
                f"{item.receipts} receipts, refused {item.refusals}")
    return (f"<{item.token}> from {item.contact}: {len(item.deleted)} of "
            f"{item.parts} parts taken, read {item.reads} times")


LIBRARIES = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
             "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
             "/usr/lib/arm-linux-gnueabihf/faketime/libfaketimeMT.so.1"]


def fast(speed):
    """What makes a program's clocks run faster (Debian: faketime)."""
    if speed == 1:
        return {}
    return {"LD_PRELOAD": next(filter(os.path.exists, LIBRARIES)),
            "FAKETIME": f"+0 x{speed:g}"}


def can_run_faster():
    return any(map(os.path.exists, LIBRARIES))
