"""The same ledger with a Telegram bot instead of modems.

Accepted is a text of a Telegram user once the daemon asks for what follows
it (the offset): Telegram forgets it then. A copy of a text to Telegram is
explained when a kill fell between the call and the record of its answer:
the Bot API takes no key. It never is a reason to lose one."""

import asyncio
import json
import os

from harness import DOMAIN, HOST, Stage
from lib.daemon import Daemon
from lib.ledger import ADMIN
from lib.ledger_server import SECRET, FakeServer
from lib.load import CONTACTS, Load

TOKEN = "4242:the-token-of-a-test-bot"
CHATS = [str(n) for n in range(70001, 70001 + CONTACTS)]


class Api(asyncio.Protocol):
    """A connection of the daemon's. What it has written before it died is
    read to its end."""

    def __init__(self, world):
        self.world, self.data = world, b""

    def connection_made(self, transport):
        self.transport = transport
        self.world.links.add(self)

    def connection_lost(self, exc):
        self.world.links.discard(self)
        self.world.waiting.discard(self)

    def data_received(self, data):
        self.data += data
        while True:
            head, end, rest = self.data.partition(b"\r\n\r\n")
            if not end:
                return
            size = next((int(line.split(b":")[1])
                         for line in head.lower().split(b"\r\n")
                         if line.startswith(b"content-length:")), 0)
            if len(rest) < size:
                return
            self.data = rest[size:]
            method = head.split(b" ")[1].split(b"/")[-1].decode()
            self.world.call(self, method, json.loads(rest[:size] or b"{}"))

    def answer(self, result):
        body = json.dumps({"ok": True, "result": result}).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: "
                             b"application/json\r\nContent-Length: %d\r\n\r\n"
                             % len(body) + body)


class World:
    """Telegram, as Load and Stage want it: with a message centre."""

    def __init__(self, ledger):
        self.ledger, self.smsc, self.modems = ledger, self, {"bot": None}
        self.links, self.waiting = set(), set()
        self.updates, self.serial, self.messages = [], 100, {}

    async def listen(self):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Api(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    def close(self):
        for link in set(self.links):
            link.transport.abort()

    def set_rule(self, *_):
        pass

    def next_id(self, chat):
        self.messages[chat] = self.messages.get(chat, 0) + 1
        return self.messages[chat]

    # ---- Telegram's users -----------------------------------------------

    def text(self, text):
        chat = int(text["from"])
        self.serial += 1
        self.updates.append({"update_id": self.serial, "message": {
            "message_id": self.next_id(chat), "date": 1700000000,
            "chat": {"id": chat, "type": "private", "first_name": "R"},
            "from": {"id": chat, "first_name": "R"}, "text": text["text"]}})
        self.ledger.stored({"modem": "bot", "memory": "updates", "part": 1,
                            "index": self.serial, "token": text["token"]})
        for link in list(self.waiting):
            self.give(link)
        return {"parts": 1}

    # ---- the Bot API ----------------------------------------------------

    def call(self, link, method, params):
        if method == "getMe":
            link.answer({"id": 4242, "username": "moon_bot"})
        elif method == "getUpdates":
            self.forget(params.get("offset", 0))
            self.waiting.add(link)
            if self.updates:
                self.give(link)
        elif method == "sendMessage":
            link.answer(self.send(params))
        else:
            link.answer(True)

    def forget(self, offset):
        while self.updates and self.updates[0]["update_id"] < offset:
            gone = self.updates.pop(0)
            self.ledger.deleted({"modem": "bot", "memory": "updates",
                                 "index": gone["update_id"]})

    def give(self, link):
        self.waiting.discard(link)
        link.answer(self.updates[:100])

    def send(self, params):
        chat, number = params["chat_id"], self.next_id(params["chat_id"])
        event = {"text": params["text"], "concat": None, "to": str(chat),
                 "modem": f"chat {chat}", "mr": number, "rd": False,
                 "srr": False, "id": (chat, number)}
        self.ledger.accepted_part(event)
        self.ledger.shown(event)
        return {"message_id": number, "chat": {"id": chat}}


class TelegramStage(Stage):
    patience = 15   # each of its polls has to wait for somebody

    async def set_up(self):
        self.world = World(self.ledger)
        await self.world.listen()
        self.server = FakeServer(DOMAIN, HOST, self.ledger)
        await self.server.listen()
        self.daemon = Daemon(self.folder, self.config())
        self.load = Load(self.seed, self.world, self.server, self.ledger,
                         CHATS)
        self.load.refusing = set()

    def config(self):
        return {
            "gateway": {"state_dir": os.path.join(self.folder, "state")},
            "xmpp": {"server": f"127.0.0.1:{self.server.port}",
                     "admins": [ADMIN]},
            "networks": {"sms": {"jid": DOMAIN, "secret": SECRET}},
            "lines": {"bot": {
                "network": "sms", "driver": "telegram", "token": TOKEN,
                "api": f"http://127.0.0.1:{self.world.port}"}},
        }

    def _unread(self):
        return self.world.links

    def left_behind(self):
        if self.world.updates:
            self.ledger.complain(f"{len(self.world.updates)} updates left")
