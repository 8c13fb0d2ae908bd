"""The stage: server, modems and ledger in this process, the daemon beside
it, and the rules by which it is killed."""

import asyncio
import os
import random
import select
import time

from lib.daemon import Daemon
from lib.ledger import ADMIN, Ledger, watch_network
from lib.ledger_server import SECRET, FakeServer
from lib.load import Load
from sim.world import World

POINTS = ("insert", "commit", "ack", "intent", "write", "answer", "result",
          "delete")
BREAKS = 0.2    # of the lives see their stream broken by the server
HOST, DOMAIN = "example.org", "sms.example.org"


class Stage:
    """Everything but the daemon lives here and outlives it."""

    patience = 5    # seconds until a named point is reached

    def __init__(self, folder, seed):
        self.folder, self.seed = folder, seed
        self.rng = random.Random(f"kills {seed}")
        journal = open(os.path.join(folder, "journal"), "w",
                       encoding="utf-8", buffering=1)
        self.ledger = Ledger(time.monotonic, journal)

    async def set_up(self):
        loop = asyncio.get_running_loop()
        self.world = World(loop, {"seed": self.seed, "retry": 0.2})
        self.world.listeners.append(watch_network(self.ledger))
        # One modem hands reports over as they come, so that a dead gateway
        # misses them; the other keeps them, so that none may be missing.
        for name, number, kept in (("sim1", "+447700900001", False),
                                   ("sim2", "+447700900002", True)):
            modem = self.world.add_modem({
                "name": name, "number": number,
                "link": os.path.join(self.folder, "tty-" + name)})
            if kept:
                modem.profile["cnmi"] = "(0-2),(0,1),(0),(0,2),(0,1)"
        self.server = FakeServer(DOMAIN, HOST, self.ledger)
        await self.server.listen()
        self.daemon = Daemon(self.folder, self.config())
        self.load = Load(self.seed, self.world, self.server, self.ledger)

    def config(self):
        return {
            "gateway": {"state_dir": os.path.join(self.folder, "state")},
            "xmpp": {"server": f"127.0.0.1:{self.server.port}",
                     "admins": [ADMIN]},
            "networks": {"sms": {
                "jid": DOMAIN, "secret": SECRET, "country_code": 44}},
            "lines": {
                name: {"network": "sms", "driver": "gsm",
                       "number": modem.number,
                       "device": modem.where["link"]}
                for name, modem in self.world.modems.items()},
        }

    # ---- one life -------------------------------------------------------

    async def life(self, point=None, span=0.3):
        """Starts the daemon, gives it work, and sees it killed: at a named
        point, or after a random time. Returns whether the point was hit."""
        ledger, daemon, rng = self.ledger, self.daemon, self.rng
        ledger.life += 1
        self.server.lie = rng.choice(["never", "never", "late", "always"])
        crash = f"{point}:{rng.randint(1, 6)}" if point else None
        daemon.start(rng.randint(0, 1), crash)
        deadline = time.monotonic() + (self.patience if point
                                       else rng.uniform(0, span))
        feeder = asyncio.ensure_future(self._feed(deadline))
        hit = await daemon.wait_end(deadline - time.monotonic())
        feeder.cancel()
        if hit and daemon.child.returncode != -9:
            raise AssertionError(
                f"the daemon ended with {daemon.child.returncode}:\n"
                + daemon.log())
        await daemon.kill()
        await self.all_read()
        ledger.killed()
        return hit

    async def _feed(self, deadline):
        """Work for as long as the daemon lives."""
        rng, server = self.rng, self.server
        server.break_after = (rng.randint(1, 8) if rng.random() < BREAKS
                              else 0)
        while time.monotonic() < deadline:
            await server.up.wait()
            self.load.write_again()
            while server.link:
                self.load.burst()
                await asyncio.sleep(rng.uniform(0.001, 0.03))

    async def all_read(self):
        """What the kernel still holds of a dead daemon is read as well: the
        server and the modems get it, so it belongs to that life."""
        while self.server.link or self._unread():
            await asyncio.sleep(0.001)

    def _unread(self):
        masters = [end.master for modem in self.world.modems.values()
                   for end in modem.endpoints]
        return select.select(masters, [], [], 0)[0]

    # ---- the end --------------------------------------------------------

    async def calm(self, timeout):
        """A life without faults: everything must come to its end."""
        self.ledger.life += 1
        self.server.lie, self.server.break_after = "never", 0
        self.daemon.start(1)
        await asyncio.wait_for(self.server.up.wait(), 30)
        self.load.write_again()
        self.load.fence()
        deadline = time.monotonic() + timeout
        quiet = 0
        while time.monotonic() < deadline and quiet < 5:
            await asyncio.sleep(0.2)
            self.load.fence()
            quiet = 0 if self.ledger.open_items() else quiet + 1
            if not self.daemon.running():
                raise AssertionError("the daemon ended:\n"
                                     + self.daemon.log())
        code = await self.daemon.stop()
        if code != 0:
            self.ledger.complain(f"SIGTERM ended with {code}:\n"
                                 + self.daemon.log())
        self.left_behind()

    def left_behind(self):
        for name, modem in self.world.modems.items():
            left = {n: m.used() for n, m in modem.memories.items()
                    if m.used()}
            if left:
                self.ledger.complain(f"left on {name}: {left}")
