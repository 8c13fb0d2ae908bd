"""A provider for the crash ledger: the far side of the http driver.

It takes texts by JSON, one request a part. With a key it knows a request
again (409); without, each one it reads is a copy. Some answers never come,
some say 503. Reports and texts from phones are posted to the gateway's hook,
again and again until it answers 200, as providers do. It looks like the
simulator's World to the traffic (lib/load.py).
"""

import asyncio
import itertools
import json
import random

LOST, BUSY = 0.03, 0.02     # of the requests
AGAIN = 0.1                 # seconds between two tries of a webhook
LINE = "web"

PROVIDER = """
title = "Crash ledger";
account = "ledger";
idempotent = %s;
variables = { base = { help = "where"; }; };
send = {
  url = "{base}/send";
  json = { id = "{id}"; to = "{to}"; text = "{text}"; part = "{part}"; parts = "{parts}"; };
};
result = { id = "own"; rules = ( { status = "409"; then = "accepted"; } ); };
hooks = {
  events = {
    body = "json";
    events = (
      { when = { at = "/event"; is = "text"; };
        message = { from = "/from"; text = "/text"; id = "/id"; }; },
      { when = { at = "/event"; is = "report"; };
        report = { id = "/id"; status = "/status"; to = "/to"; delivered = "delivered"; failed = "failed"; }; }
    );
  };
};
limits = { length = 300; in_flight = %d; };
"""


def provider_file(keyed):
    """Without a key one request at a time, so that the ledger knows which one
    a kill left in doubt."""
    return PROVIDER % (("true", 8) if keyed else ("false", 1))


class Web:
    def __init__(self, ledger, seed, keyed, hook_port):
        self.ledger, self.keyed, self.hook_port = ledger, keyed, hook_port
        self.rng = random.Random(f"provider {seed}")
        self.smsc, self.modems = self, {LINE: self}
        self.endpoints, self.memories = [], {}
        self.refusing, self.known = set(), {}
        self.bodies = {}            # key without its part -> part -> text
        self.serial = itertools.count(1)
        self.links = 0              # connections of the daemon
        self.posts = set()          # webhooks on their way
        self.repeats = 0            # requests known by their key
        self.faults = True

    async def listen(self):
        server = await asyncio.get_running_loop().create_server(
            lambda: Request(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    # ---- as the simulator's World ---------------------------------------

    def set_rule(self, number, _):
        self.refusing.add(number)

    def text(self, text):
        """From a phone."""
        self.post({"event": "text", "id": f"in{text['token']}",
                   "from": text["from"], "text": text["text"]},
                  lambda: self.ledger.acknowledged(
                      {"token": text["token"], "part": 1}))
        return {"parts": 1}

    def close(self):
        for task in self.posts:
            task.cancel()

    # ---- requests --------------------------------------------------------

    def take(self, body):
        """Status of the answer; None: it never comes."""
        request = json.loads(body)
        fate = self.rng.random() if self.faults else 1
        if fate < BUSY:
            return 503
        lost = fate < BUSY + LOST
        if self.keyed and request["id"] in self.known:
            if self.known[request["id"]] != request:
                self.ledger.complain(f"another text under a key: {request}")
            self.repeats += 1
            return None if lost else 409
        self.known[request["id"]] = request
        event = self.accept(request)
        if lost:
            self.ledger.unclear({**event, "why": "no answer",
                                 "accepted": not self.keyed})
        return None if lost else 202

    def accept(self, request):
        number, seq = next(self.serial), int(request["part"])
        event = {"text": request["text"], "modem": LINE, "to": request["to"],
                 "mr": number, "id": number, "rd": False, "srr": True,
                 "concat": {"seq": seq, "total": int(request["parts"])}}
        self.ledger.accepted_part(event)
        whole = self.bodies.setdefault(request["id"].split("-")[0], {})
        whole[seq] = request["text"]
        good = request["to"] not in self.refusing
        if good and len(whole) == int(request["parts"]):
            self.ledger.shown({"text": "".join(
                whole[i] for i in sorted(whole))})
        self.post({"event": "report", "id": request["id"],
                   "to": request["to"],
                   "status": "delivered" if good else "failed"},
                  lambda: self.ledger.report_taken(LINE, number,
                                                   request["to"]))
        return event

    # ---- webhooks --------------------------------------------------------

    def post(self, event, taken):
        task = asyncio.ensure_future(self._post(event, taken))
        self.posts.add(task)
        task.add_done_callback(self.posts.discard)

    async def _post(self, event, taken):
        body = json.dumps(event).encode()
        head = (f"POST /hook/{LINE}/events/ledger HTTP/1.1\r\nHost: gw\r\n"
                "Content-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        await asyncio.sleep(self.rng.uniform(0, 0.05))
        while True:
            try:
                status = await self._try(head + body)
            except (OSError, asyncio.IncompleteReadError):
                status = 0
            if status == 200:
                taken()
                return
            if status not in (0, 503):
                self.ledger.complain(f"webhook answered {status}: {event}")
                return
            await asyncio.sleep(AGAIN)

    async def _try(self, request):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.hook_port)
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n")
            return int(head.split()[1])
        finally:
            writer.close()


class Request(asyncio.Protocol):
    """One connection of the daemon; requests one after the other."""

    def __init__(self, web):
        self.web, self.data = web, b""

    def connection_made(self, transport):
        self.transport = transport
        self.web.links += 1

    def connection_lost(self, exc):
        self.web.links -= 1

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            head, rest = self.data.split(b"\r\n\r\n", 1)
            size = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
            if len(rest) < size:
                return
            self.data = rest[size:]
            self._answer(head, rest[:size])

    def _answer(self, head, body):
        status = 404 if head.startswith(b"HEAD") else self.web.take(body)
        if status is None:
            self.transport.abort()
        else:
            self.transport.write(b"HTTP/1.1 %d -\r\nContent-Length: 0\r\n"
                                 b"\r\n" % status)


class NothingInDoubt(dict):
    """The provider knows what came again by its key."""

    def __setitem__(self, modem, part):
        pass
