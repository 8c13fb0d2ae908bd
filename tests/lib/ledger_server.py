"""A fake XMPP server for one component (XEP-0114), made for speed.

It reads the stream, answers pings at once, late or never ("lies"), and
tells the ledger what it has read and what it has answered.
"""

import asyncio
import hashlib
from xml.etree import ElementTree as ET

NS = "jabber:component:accept"
HEADER = ("<?xml version='1.0'?><stream:stream xmlns='%s' "
          "xmlns:stream='http://etherx.jabber.org/streams' "
          "from='%s' id='%s'>")
PING = "urn:xmpp:ping"
SECRET = "crash"


class FakeServer:
    """Listens; one component at a time."""

    def __init__(self, domain, host, ledger):
        self.domain, self.host, self.ledger = domain, host, ledger
        self.port = None
        self.link = None            # the component's connection
        self.up = asyncio.Event()
        self.lie = "never"          # which pings stay unanswered: see below
        self.break_after = 0        # messages until the stream breaks; 0: no
        self.serial = 0
        self.fences = {}            # id of our IQ -> callback

    async def listen(self):
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Link(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    def lost(self, link):
        if self.link is link:
            self.link = None
            self.up.clear()
            self.fences.clear()
            self.ledger.stream_lost(link.broken)

    def count_down(self, link):
        """After so many messages it stops reading, and a little later drops
        the connection with all that it has not read: what a crash of the
        server looks like."""
        self.break_after -= 1
        if self.break_after == 0:
            link.broken = True
            link.transport.pause_reading()
            asyncio.get_running_loop().call_later(0.02, link.transport.abort)

    # ---- to the component -----------------------------------------------

    def send(self, xml):
        if self.link:
            self.link.write(xml)

    def fence(self, done):
        """An IQ to the gateway; done() when it is answered."""
        self.serial += 1
        stanza_id = f"f{self.serial}"
        self.fences[stanza_id] = done
        self.send(f"<iq type='get' from='{self.host}' to='{self.domain}' "
                  f"id='{stanza_id}'><ping xmlns='{PING}'/></iq>")

    # ---- from the component ---------------------------------------------

    def stanza(self, link, xml):
        name = xml.tag.split("}")[1]
        handler = getattr(self, "on_" + name, None)
        if handler:
            handler(link, xml)

    def on_iq(self, link, xml):
        kind, stanza_id = xml.get("type"), xml.get("id")
        if kind in ("result", "error"):
            done = self.fences.pop(stanza_id, None)
            if done:
                done()
            return
        if xml.find("{%s}ping" % PING) is None:
            link.write(f"<iq type='error' id='{stanza_id}' "
                       f"from='{xml.get('to')}' to='{self.domain}'>"
                       "<error type='cancel'><service-unavailable xmlns="
                       "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
            return
        covered = self.ledger.ping_read()
        answer = (f"<iq type='result' id='{stanza_id}' "
                  f"from='{xml.get('to')}' to='{xml.get('from')}'/>")
        if self.lie == "always":
            return
        if self.lie == "late":
            asyncio.get_running_loop().call_later(
                0.05, self._answer, link, answer, covered)
        else:
            self._answer(link, answer, covered)

    def _answer(self, link, answer, covered):
        if link is self.link:
            link.write(answer)
            self.ledger.ping_answered(covered)

    def on_message(self, link, xml):
        self.count_down(link)
        stanza_id, to = xml.get("id"), xml.get("to", "")
        received = xml.find("{urn:xmpp:receipts}received")
        error = xml.find("{%s}error" % NS)
        body = xml.findtext("{%s}body" % NS)
        if xml.get("type") == "error":
            condition = next((c.tag.split("}")[1] for c in error), "none")
            self.ledger.error_read(stanza_id, to, condition,
                                   ET.tostring(xml, encoding="unicode"))
        elif received is not None:
            self.ledger.receipt_read(received.get("id"), to,
                                     xml.get("from"))
        elif body is not None:
            self.ledger.message_read(stanza_id, xml.get("from"), to, body)


class Link(asyncio.Protocol):
    """One connection: stream header, handshake, then stanzas."""

    def __init__(self, server):
        self.server = server
        self.parser = ET.XMLPullParser(("start", "end"))
        self.depth, self.root = 0, None
        self.ready = False
        self.broken = False

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, exc):
        self.server.lost(self)

    def write(self, xml):
        if not self.transport.is_closing():
            self.transport.write(xml.encode())

    def data_received(self, data):
        self.parser.feed(data)
        for event, element in self.parser.read_events():
            if event == "start":
                self.depth += 1
                if self.depth == 1:
                    self._open(element)
            else:
                self.depth -= 1
                if self.depth == 1:
                    self._whole(element)
                    self.root.clear()
                elif self.depth == 0:
                    self.write("</stream:stream>")
                    self.transport.close()

    def _open(self, element):
        self.root = element
        self.stream_id = f"s{id(self):x}"
        self.write(HEADER % (NS, self.server.domain, self.stream_id))

    def _whole(self, element):
        if self.ready:
            self.server.stanza(self, element)
            return
        digest = hashlib.sha1((self.stream_id + SECRET).encode()).hexdigest()
        if element.text != digest:
            raise AssertionError("wrong handshake")
        self.ready = True
        self.write("<handshake/>")
        self.server.link = self
        self.server.up.set()
