"""One test's world: a server, a domain, users, modems and a gateway."""

import os

from sim.client import Simulator

from lib.client import Client
from lib.gateway import Gateway, merge
from lib.servers import SECRET

PHONE = "+447700900123"
PHONE2 = "+447700900124"
SIM = "+447700900000"


class Scene:
    """Everything a scenario needs; close() ends and audits it.

    Each scene has a component domain and users of its own, so that scenes
    can share a server.
    """

    def __init__(self, server, index, folder):
        self.server, self.folder = server, str(folder)
        self.domain = server.domains[index]
        self.address = f"127.0.0.1:{server.component_port_of(index)}"
        self.alice_user, self.bob_user = f"a{index}", f"b{index}"
        self.clients, self.gateways = [], []
        self.sim = self.gateway = None

    # ---- parts ----------------------------------------------------------

    def simulate(self, modems=None, arguments=()):
        self.sim = Simulator(os.path.join(self.folder, "sim"),
                             modems or [{"name": "sim1", "number": SIM}],
                             arguments)
        return self.sim

    def config(self, **changes):
        """A small complete configuration, changed group by group."""
        base = {
            "xmpp": {"server": self.address},
            "networks": {"sms": {
                "jid": self.domain, "secret": SECRET, "country_code": 44}},
            "lines": {
                name: {"network": "sms", "driver": "gsm",
                       "device": self.sim.device(name),
                       "number": modem["number"]}
                for name, modem in (self.sim.modems.items()
                                    if self.sim else ())},
        }
        return merge(base, changes)

    def make_gateway(self, folder="gateway", wrapper=(), env=None,
                     **changes):
        gateway = Gateway(os.path.join(self.folder, folder),
                          self.config(**changes), wrapper, env)
        self.gateways.append(gateway)
        self.gateway = self.gateway or gateway
        return gateway

    def start(self, modems=None, **changes):
        """The usual beginning: simulator, gateway, both ready."""
        if self.sim is None:
            self.simulate(modems)
        self.make_gateway(**changes).start()
        return self

    def client(self, user, **options):
        client = Client(self.server, user, **options).connect()
        self.clients.append(client)
        return client

    @property
    def alice(self):
        return self._named_client("_alice", self.alice_user)

    @property
    def bob(self):
        return self._named_client("_bob", self.bob_user)

    def _named_client(self, name, user):
        if not hasattr(self, name):
            setattr(self, name, self.client(user))
        return getattr(self, name)

    def contact(self, number=PHONE):
        return f"{number}@{self.domain}"

    # ---- what happens often ---------------------------------------------

    def phone_gets(self, text, number=PHONE, timeout=20):
        """Waits until the phone shows this text; returns the event."""
        return self.sim.wait_for("phone", timeout, number=number, text=text)

    def phone_texts(self, number=PHONE):
        return [entry["text"] for entry in self.sim.received(number)]

    def phone_sends(self, text, number=PHONE, to="sim1", **options):
        return self.sim.text(to, text, sender=number, **options)

    def talk(self, text="ping", number=PHONE):
        """One text out and its receipt: proof that all works."""
        stanza = self.alice.text(self.contact(number), text)
        self.phone_gets(text, number)
        self.alice.expect_receipt(stanza, 20)

    def close(self):
        for client in self.clients:
            client.disconnect()
        problems = []
        for gateway in self.gateways:
            try:
                gateway.stop()
            except Exception as error:  # noqa: BLE001 - all must be ended
                gateway.kill()
                problems.append(str(error))
            try:
                gateway.check_log()
            except AssertionError as error:
                problems.append(str(error))
        if self.sim:
            self.sim.close()
        assert not problems, "\n".join(problems)
