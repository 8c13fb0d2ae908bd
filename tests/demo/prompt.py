"""The small prompt at the end of the demo: the reader holds the phone."""

import select
import sys

from lib.servers import password_of

HELP = """Type a text and press Enter: the phone sends it.
  /queue   what waits in the gateway      /log     what the modem heard last
  /trace   the life of the last message   /help    this       /quit    end"""


class Prompt:
    def __init__(self, demo, screen):
        self.demo, self.screen = demo, screen
        self.client_seen = len(demo.juliet.stanzas)
        self.commands = {
            "/help": self.help, "/queue": self.queue, "/log": self.log,
            "/trace": self.trace,
        }

    def help(self):
        print(HELP)

    def queue(self):
        print(self.demo.gateway.cli("queue").stdout.rstrip()
              or "nothing waits")

    def log(self):
        print("\n".join(self.demo.sim.log(12)))

    def trace(self):
        rows = self.demo.gateway.queue("--state", "all")
        if not rows:
            print("no message yet")
            return
        print(self.demo.gateway.cli("trace", rows[-1]["id"]).stdout.rstrip())

    def how_to_join(self):
        server = self.demo.server
        text = f"""
Everything stays up. Join with an XMPP client (Gajim, Dino, Profanity):

    address   romeo@localhost        password  {password_of('romeo')}
    server    127.0.0.1              port      {server.port}
    encryption off (it is a private server on this machine; from another
    machine: ssh -L {server.port}:127.0.0.1:{server.port} THIS-MACHINE)

and text the phone: start a chat with  {self.demo.contact}
In Profanity:  /connect romeo@localhost server 127.0.0.1 port {server.port} tls disable
               /msg {self.demo.contact} Hello

Here you hold the phone: what you type is texted to whoever wrote to it last.
"""
        print(text)
        self.help()

    def send(self, text):
        self.demo.sim.text("sim1", text, sender=self.demo.phone)

    def show_news(self):
        """What the phone and Juliet have received since the last look."""
        sim, juliet = self.demo.sim, self.demo.juliet
        news = [("phone shows", event["text"]) for event in sim.poll()
                if event.get("event") == "phone"]
        sim.events.clear()
        for stanza in juliet.stanzas[self.client_seen:]:
            self.client_seen += 1
            if stanza.kind == "message" and stanza.body:
                news.append(("juliet gets", stanza.body))
        for who, text in news:
            print("\r", end="")
            self.screen.quote(who, text)
        if news:
            print("phone> ", end="", flush=True)

    def run(self):
        self.how_to_join()
        self.demo.sim.drop_events()
        while True:
            print("phone> ", end="", flush=True)
            line = self._read_line()
            if line is None or line == "/quit":
                return
            if line in self.commands:
                self.commands[line]()
            elif line.startswith("/"):
                print("no such command; /help")
            elif line:
                self.send(line)

    def _read_line(self):
        """A line of the reader; None at the end of input."""
        while True:
            sources = [sys.stdin, self.demo.sim.socket]
            ready, _, _ = select.select(sources, [], [], 0.3)
            self.show_news()
            if sys.stdin in ready:
                line = sys.stdin.readline()
                return line.strip() if line else None
