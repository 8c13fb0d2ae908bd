"""The stage of the http driver: a provider instead of modems."""

import asyncio
import os

from harness import DOMAIN, HOST, Stage
from lib.daemon import Daemon
from lib.ledger import ADMIN
from lib.ledger_provider import (LINE, NothingInDoubt, Web,
                                 provider_file)
from lib.ledger_server import SECRET, FakeServer
from lib.load import Load
from lib.process import free_port


class HttpStage(Stage):
    keyed = None

    async def set_up(self):
        self.hooks = free_port()
        self.world = Web(self.ledger, self.seed, self.keyed, self.hooks)
        await self.world.listen()
        self.provider = os.path.join(self.folder, "ledger.conf")
        with open(self.provider, "w", encoding="utf-8") as file:
            file.write(provider_file(self.keyed))
        self.server = FakeServer(DOMAIN, HOST, self.ledger)
        await self.server.listen()
        self.daemon = Daemon(self.folder, self.config())
        self.load = Load(self.seed, self.world, self.server, self.ledger)

    def config(self):
        return {
            "gateway": {"state_dir": os.path.join(self.folder, "state"),
                        "hook_listen": f"127.0.0.1:{self.hooks}"},
            "xmpp": {"server": f"127.0.0.1:{self.server.port}",
                     "admins": [ADMIN]},
            "networks": {"sms": {
                "jid": DOMAIN, "secret": SECRET, "country_code": 44}},
            "lines": {LINE: {
                "network": "sms", "driver": "http",
                "provider": self.provider, "hook_token": "ledger",
                "base": f"http://127.0.0.1:{self.world.port}"}},
        }

    def _unread(self):
        return self.world.links

    async def calm(self, timeout):
        self.world.faults = False
        await super().calm(timeout)
        await asyncio.sleep(0)
        if self.world.posts:
            self.ledger.complain(f"{len(self.world.posts)} webhooks were "
                                 "not answered")


class KeyedStage(HttpStage):
    """The provider takes a key: no copy is explained."""

    keyed = True

    def __init__(self, folder, seed):
        super().__init__(folder, seed)
        self.ledger.last = NothingInDoubt()


class KeylessStage(HttpStage):
    """It takes none: a copy of what was on its way at a kill is explained."""

    keyed = False
