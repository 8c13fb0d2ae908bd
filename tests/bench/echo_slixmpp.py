"""The yardstick of P2: an echo component on slixmpp that stores nothing.

usage: echo_slixmpp.py PORT DOMAIN SECRET
"""

import asyncio
import sys

from slixmpp import ComponentXMPP


class Echo(ComponentXMPP):
    def __init__(self, port, domain, secret):
        super().__init__(domain, secret, "127.0.0.1", int(port))
        self.add_event_handler("message", self.on_message)
        self.add_event_handler("session_start", self.on_start)

    def on_start(self, _):
        print("ready", flush=True)

    def on_message(self, message):
        if message["type"] != "error" and message["body"]:
            message.reply(message["body"]).send()


def main():
    asyncio.set_event_loop(asyncio.new_event_loop())
    echo = Echo(*sys.argv[1:4])
    echo.connect()
    echo.process(forever=True)


main()
