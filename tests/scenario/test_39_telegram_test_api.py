"""The telegram driver against a Bot API that others wrote: telegram-test-api
from npm. It never holds a request for updates, and shows each update once."""

import json
import time
import urllib.request

import pytest
from test_35_telegram import CORRECT, Bot

from lib import node
from lib.fake_telegram import TOKEN, USER
from lib.process import Process, free_port, port_open, wait_for

PACKAGE = "telegram-test-api@4.2.1"

# It has no program of its own, and calls a webhook without the secret that
# Telegram would send along. "Added": it is done with an update; until then
# the next one would have the same number.
STARTER = """
const Server = require("telegram-test-api"), axios = require("axios");
const server = new Server({host: "127.0.0.1", port: Number(process.argv[1])});
axios.interceptors.request.use(request => {
  const hook = Object.values(server.webhooks).find(h => h.url === request.url);
  request.headers["X-Telegram-Bot-Api-Secret-Token"] = hook.secret_token;
  return {...request, proxy: false};
});
for (const what of ["Message", "Command"])
  server.on(`AddedUser${what}`, () => console.log("Added"));
server.start();
"""


class Server:
    """What the bot's other side sees and does there."""

    def __init__(self, folder, log):
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}"
        self.process = Process(["node", "-e", STARTER, self.port], log,
                               env=node.environment(folder), cwd=folder)
        self.process.start()
        wait_for(lambda: port_open(self.port), 30, self.process.log)

    def ask(self, path, **body):
        request = urllib.request.Request(
            f"{self.api}/{path}", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())["result"]

    def say(self, text, path="sendMessage", **more):
        """As its own client does."""
        before = len(self.process.log())
        names = {"first_name": "Romeo", "username": "romeo"}
        self.ask(path, botToken=TOKEN, date=int(time.time()), text=text,
                 **{"from": {"id": USER, "is_bot": False, **names},
                    "chat": {"id": USER, "type": "private", **names}}, **more)
        self.process.wait_log("^Added$", 20, before)

    def sent(self):
        """What the bot wrote, as it is now."""
        return [item["message"]
                for item in self.ask("getUpdatesHistory", token=TOKEN)
                if "chat_id" in item["message"]]

    def wait_texts(self, *texts):
        wait_for(lambda: [m["text"] for m in self.sent()] == list(texts), 20,
                 self.sent)


@pytest.fixture(scope="module")
def modules():
    folder, why = node.packages(PACKAGE)
    if folder is None:
        pytest.skip(why)
    return folder


@pytest.fixture
def server(tmp_path, modules):
    server = Server(modules, tmp_path / "telegram-test-api.log")
    yield server
    server.process.stop()


@pytest.fixture
def bot(make_scene, server):
    return Bot(make_scene("prosody"), server)


def talk(bot, server):
    """A text and a command in; a text, styles, an edit and a reply out."""
    server.say("h\u00e9llo \U0001F600")
    heard = bot.hears("h\u00e9llo \U0001F600", timeout=20)
    server.say("/help me", "sendCommand", entities=[
        {"type": "bot_command", "offset": 0, "length": 5}])
    bot.hears("/help me", timeout=20)
    first = bot.alice.text(bot.romeo, "helo & 100% \u20ac \U0001F600")
    server.wait_texts("helo & 100% \u20ac \U0001F600")
    bot.gateway.wait_idle()
    bot.alice.text(bot.romeo, "hello", extra="<replace id="
                   f"'{first}' xmlns='urn:xmpp:message-correct:0'/>")
    server.wait_texts("hello")
    bot.alice.text(bot.romeo, "an *answer*", extra=(
        f"<reply id='{heard.id}' to='{bot.romeo}' "
        "xmlns='urn:xmpp:reply:0'/>"))
    server.wait_texts("hello", "an answer")
    sent = server.sent()[1]
    assert sent["chat_id"] == USER
    assert sent["reply_parameters"]["message_id"] == 1
    assert sent["entities"] == [{"type": "bold", "offset": 3, "length": 6}]
    bot.gateway.wait_idle()
    assert not bot.alice.errors() and TOKEN not in bot.gateway.log()


def test_polled(bot, server):
    talk(bot.start(), server)


def test_by_webhook(bot, server):
    port = free_port()
    talk(bot.start(gateway={"hook_listen": f"127.0.0.1:{port}"},
                   mode="webhook"), server)
    assert bot.alice.texts(bot.romeo) == ["h\u00e9llo \U0001F600", "/help me"]
