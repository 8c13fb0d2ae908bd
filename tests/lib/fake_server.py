"""A component listener that does what a test says, for what real servers do
only in trouble. Blocking calls, one connection at a time."""

import hashlib
import re
import socket
import time
from xml.etree import ElementTree as ET

from lib.client import Stanza
from lib.servers import SECRET

NS = "jabber:component:accept"
STREAM = ("<?xml version='1.0'?><stream:stream xmlns='%s' "
          "xmlns:stream='http://etherx.jabber.org/streams' "
          "from='%s' id='%s'>")
PING = "<ping xmlns='urn:xmpp:ping'/>"


class FakeServer:
    """accept() a gateway, then send() and expect()."""

    def __init__(self, domain):
        self.domain = domain
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.component_port = self.listener.getsockname()[1]
        self.domains, self.name = [domain], "fake"
        self.peer = None
        self.serial = 0
        self.answer_pings = True

    def component_port_of(self, _):
        return self.component_port

    def stop(self):
        self.hang_up()
        self.listener.close()

    # ---- the connection -------------------------------------------------

    def accept(self, timeout=30):
        """A connection with a finished handshake."""
        self.hang_up()
        self.listener.settimeout(timeout)
        self.peer, _ = self.listener.accept()
        self.parser = ET.XMLPullParser(("start", "end"))
        self.depth, self.root, self.stanzas = 0, None, []
        self.closed = False
        stream_id = f"id<&'{time.time_ns()}".replace("<", "").replace(
            "&", "").replace("'", "")
        self._until(lambda: self.root is not None, timeout)
        self.send(STREAM % (NS, self.domain, stream_id))
        element = self._next(timeout)
        digest = hashlib.sha1((stream_id + SECRET).encode()).hexdigest()
        assert element.text == digest, "the handshake"
        self.send("<handshake/>")
        return self

    def hang_up(self):
        if self.peer:
            self.peer.close()
            self.peer = None

    def send(self, data):
        if isinstance(data, str):
            data = data.encode()
        self.peer.sendall(data)

    # ---- reading --------------------------------------------------------

    def _read(self, timeout):
        self.peer.settimeout(max(timeout, 0.001))
        try:
            data = self.peer.recv(65536)
        except socket.timeout:
            return
        except ConnectionError:
            data = b""
        if not data:
            self.closed = True
            return
        self.parser.feed(data)
        for event, element in self.parser.read_events():
            if event == "start":
                self.depth += 1
                if self.depth == 1:
                    self.root = element
                continue
            self.depth -= 1
            if self.depth == 1:
                self.stanzas.append(element)
            elif self.depth == 0:
                self.closed = True

    def _until(self, check, timeout):
        deadline = time.monotonic() + timeout
        while not check():
            left = deadline - time.monotonic()
            if left <= 0 or self.closed:
                return False
            self._read(left)
        return True

    def _next(self, timeout):
        if self._until(lambda: self.stanzas, timeout):
            return self.stanzas.pop(0)
        return None

    def next(self, timeout=10):
        """The next stanza; pings are answered on the way. None at the end
        of the stream or of the time."""
        deadline = time.monotonic() + timeout
        while True:
            element = self._next(deadline - time.monotonic())
            if element is None:
                return None
            if element.tag == "{%s}iq" % NS and element.get("type") in (
                    "result", "error") or not self._is_ping(element):
                return as_stanza(element)
            if not self.answer_pings:
                continue
            self.send(f"<iq type='result' id='{element.get('id')}' "
                      f"from='{element.get('to')}' "
                      f"to='{element.get('from')}'/>")

    @staticmethod
    def _is_ping(element):
        return (element.get("type") == "get"
                and element.find("{urn:xmpp:ping}ping") is not None)

    def expect(self, fits, timeout=15, what="a stanza"):
        """Passes over what does not fit."""
        deadline = time.monotonic() + timeout
        seen = []
        while True:
            stanza = self.next(deadline - time.monotonic())
            if stanza is None:
                raise AssertionError(
                    f"no {what} in {timeout} s (closed: {self.closed}), "
                    f"but {seen[-8:]}")
            if fits(stanza):
                return stanza
            seen.append(stanza)

    def expect_text(self, body, timeout=15):
        return self.expect(lambda s: s.body == body, timeout, repr(body))

    def expect_ping(self, timeout=15):
        """A ping of the gateway's, not answered."""
        deadline = time.monotonic() + timeout
        while True:
            element = self._next(deadline - time.monotonic())
            assert element is not None, "no ping"
            if self._is_ping(element):
                return as_stanza(element)

    def wait_closed(self, timeout=30):
        deadline = time.monotonic() + timeout
        while not self.closed and time.monotonic() < deadline:
            self.next(min(1, deadline - time.monotonic()))
        assert self.closed, "the stream is still open"

    # ---- speaking as users ----------------------------------------------

    def text(self, sender, to, body, stanza_id="m1"):
        self.send(f"<message type='chat' from='{sender}' to='{to}' "
                  f"id='{stanza_id}'><body>{body}</body></message>")

    def iq(self, sender, to, payload, timeout=10):
        """A request from a user or server, and its answer."""
        self.serial += 1
        stanza_id = f"fake{self.serial}"
        self.send(f"<iq type='get' from='{sender}' to='{to}' "
                  f"id='{stanza_id}'>{payload}</iq>")
        return self.expect(lambda s: s.id == stanza_id
                           and s.type in ("result", "error"), timeout)

    def fence(self, host, timeout=20):
        return self.iq(host, self.domain, PING, timeout)

    def bounce(self, stanza, condition, kind):
        """The error that a server or client answers."""
        self.send(f"<message type='error' from='{stanza.to}' "
                  f"to='{stanza.sender}' id='{stanza.id}'>"
                  f"<error type='{kind}'><{condition} xmlns="
                  "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")


def as_stanza(element):
    """A Stanza; namespaces as a client sees them."""
    text = ET.tostring(element, encoding="unicode")
    return Stanza(ET.fromstring(re.sub(NS, "jabber:client", text)))
