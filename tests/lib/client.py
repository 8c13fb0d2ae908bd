"""An XMPP user on slixmpp, for tests that read from top to bottom.

All clients live on one asyncio loop in a background thread. Everything
that arrives is kept, in order; expect() waits for the first stanza that
was not taken yet and fits, so that no test depends on timing.
"""

import asyncio
import logging
import re
import threading
import time
import uuid
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from lib.servers import password_of

logging.getLogger("slixmpp").setLevel(logging.CRITICAL)
logging.getLogger("asyncio").setLevel(logging.CRITICAL)

import slixmpp  # noqa: E402 - it logs while it is imported

CLIENT = "{jabber:client}"
RECEIPTS = "urn:xmpp:receipts"
ROSTER = "{jabber:iq:roster}"
STANZAS = "{urn:ietf:params:xml:ns:xmpp-stanzas}"

_loop = None
_lock = threading.Lock()


def background_loop():
    """The loop that all clients share, started on first use."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(_loop,), daemon=True).start()
    return _loop


def _run(loop):
    asyncio.set_event_loop(loop)
    loop.run_forever()


class Stanza:
    """A received stanza, flattened for comparing."""

    def __init__(self, xml):
        self.xml = xml
        self.kind = xml.tag.split("}")[-1]
        get = xml.get
        self.type, self.id = get("type"), get("id")
        self.sender, self.to = get("from", ""), get("to", "")
        body = xml.find(CLIENT + "body")
        self.body = None if body is None else body.text or ""
        status = xml.find(CLIENT + "status")
        self.status = None if status is None else status.text or ""
        show = xml.find(CLIENT + "show")
        self.show = None if show is None else show.text or ""
        received = xml.find("{%s}received" % RECEIPTS)
        self.receipt = None if received is None else received.get("id")
        self.error = xml.find(CLIENT + "error")
        self.roster = {} if self.kind != "iq" or self.type != "set" else {
            item.get("jid"): item.get("subscription")
            for item in xml.iter(ROSTER + "item")}

    @property
    def bare(self):
        return self.sender.split("/")[0]

    @property
    def condition(self):
        """The defined condition of its error, "" without one."""
        for child in [] if self.error is None else self.error:
            if child.tag.startswith(STANZAS) and child.tag[-5:] != "}text":
                return child.tag[len(STANZAS):]
        return ""

    @property
    def error_type(self):
        return "" if self.error is None else self.error.get("type")

    @property
    def error_text(self):
        text = None
        if self.error is not None:
            text = self.error.find(STANZAS + "text")
        return "" if text is None else text.text or ""

    def condition_text(self):
        """What is inside the condition, as in <gone>xmpp:...</gone>."""
        return self.error.find(STANZAS + self.condition).text or ""

    def find(self, path):
        return self.xml.find(path)

    def __repr__(self):
        return ET.tostring(self.xml, encoding="unicode")


class Client:
    """One logged-in resource of a user."""

    def __init__(self, server, user, resource=None, available=True):
        self.server, self.user = server, user
        self.jid = server.jid(user)
        self.resource = resource or "r" + uuid.uuid4().hex[:6]
        self.available = available
        self.stanzas = []       # all that came, in order
        self.taken = set()
        self.arrived = threading.Condition()
        self.xmpp = None
        self.over = threading.Event()

    @property
    def full(self):
        return f"{self.jid}/{self.resource}"

    # ---- connection -----------------------------------------------------

    def connect(self, timeout=15):
        ready = threading.Event()
        self.over.clear()
        future = asyncio.run_coroutine_threadsafe(
            self._connect(ready), background_loop())
        future.result(timeout)
        if not ready.wait(timeout):
            raise AssertionError(f"{self.jid} cannot log in")
        return self

    async def _connect(self, ready):
        xmpp = slixmpp.ClientXMPP(self.full, password_of(self.user))
        xmpp["feature_mechanisms"].unencrypted_plain = True
        xmpp.auto_authorize = None
        xmpp.auto_subscribe = False
        xmpp.whitespace_keepalive = False
        xmpp.add_filter("in", self._keep)
        self.xmpp = xmpp

        async def started(_):
            # RFC 6121 3.1.5: answers to subscriptions go to "interested
            # resources" only: those that have asked for the roster.
            await xmpp.get_roster()
            if self.available:
                xmpp.send_raw("<presence/>")
            ready.set()
        xmpp.add_event_handler("session_start", started)
        xmpp.add_event_handler("disconnected", lambda _: self.over.set())
        xmpp.connect(("127.0.0.1", self.server.port), use_ssl=False,
                     force_starttls=False, disable_starttls=True)

    def disconnect(self, timeout=5):
        """Closes the stream politely."""
        if self.xmpp is None:
            return
        xmpp, self.xmpp = self.xmpp, None
        background_loop().call_soon_threadsafe(xmpp.disconnect)
        self.over.wait(timeout)

    def drop(self):
        """Loses the connection without a word."""
        xmpp, self.xmpp = self.xmpp, None
        background_loop().call_soon_threadsafe(xmpp.abort)
        self.over.wait(5)

    def __enter__(self):
        return self.connect()

    def __exit__(self, *_):
        self.disconnect()

    # ---- sending --------------------------------------------------------

    def raw(self, xml):
        xmpp = self.xmpp
        background_loop().call_soon_threadsafe(xmpp.send_raw, xml)

    def text(self, to, body, receipt=True, origin=None, extra="",
             stanza_id=None):
        """Sends a chat message; returns its id."""
        stanza_id = stanza_id or "m" + uuid.uuid4().hex[:12]
        if receipt:
            extra += f"<request xmlns='{RECEIPTS}'/>"
        if origin:
            extra += f"<origin-id xmlns='urn:xmpp:sid:0' id='{origin}'/>"
        self.raw(f"<message type='chat' to={quoteattr(to)} id='{stanza_id}'>"
                 f"<body>{escape(body)}</body>{extra}</message>")
        return stanza_id

    def presence(self, to=None, kind=None, extra=""):
        attributes = (f" to={quoteattr(to)}" if to else "") \
            + (f" type='{kind}'" if kind else "")
        self.raw(f"<presence{attributes}>{extra}</presence>")

    def iq(self, to, payload, kind="get", timeout=10):
        """Sends a request and returns its answer, result or error."""
        stanza_id = "q" + uuid.uuid4().hex[:12]
        self.raw(f"<iq type='{kind}' to={quoteattr(to)} id='{stanza_id}'>"
                 f"{payload}</iq>")
        return self.expect(
            lambda s: s.kind == "iq" and s.id == stanza_id
            and s.type in ("result", "error"),
            timeout, f"an answer to {payload} from {to}")

    def fence(self, domain, timeout=20):
        """A ping whose answer says: all sent before is committed."""
        return self.iq(domain, "<ping xmlns='urn:xmpp:ping'/>",
                       timeout=timeout)

    # ---- receiving ------------------------------------------------------

    def _keep(self, stanza):
        if stanza is not None and stanza.xml.tag.startswith(CLIENT):
            with self.arrived:
                self.stanzas.append(Stanza(stanza.xml))
                self.arrived.notify_all()
        return stanza

    def _first(self, fits):
        for stanza in self.stanzas:
            if id(stanza) not in self.taken and fits(stanza):
                self.taken.add(id(stanza))
                return stanza
        return None

    def expect(self, fits, timeout=10, what="a stanza"):
        """Waits for the first stanza not taken yet that fits."""
        deadline = time.monotonic() + timeout
        with self.arrived:
            while True:
                stanza = self._first(fits)
                if stanza is not None:
                    return stanza
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self.arrived.wait(left)
            news = [s for s in self.stanzas if id(s) not in self.taken]
        raise AssertionError(
            f"{self.jid} got no {what} in {timeout:g} s, but: {news[-12:]}")

    def expect_text(self, sender=None, body=None, timeout=10):
        return self.expect(
            lambda s: s.kind == "message" and s.body is not None
            and s.type != "error"
            and (sender is None or s.bare == sender)
            and (body is None or s.body == body),
            timeout, f"message {body!r} from {sender}")

    def expect_receipt(self, stanza_id, timeout=10):
        return self.expect(lambda s: s.receipt == stanza_id, timeout,
                           f"receipt for {stanza_id}")

    def expect_error(self, stanza_id, timeout=10):
        return self.expect(
            lambda s: s.kind == "message" and s.type == "error"
            and s.id == stanza_id, timeout, f"error for {stanza_id}")

    def expect_presence(self, sender, kind=None, timeout=10):
        return self.expect(
            lambda s: s.kind == "presence" and s.bare == sender
            and s.type == kind, timeout,
            f"presence {kind or 'available'} from {sender}")

    def expect_friend(self, jid, timeout=10):
        """A contact that is on the roster: put there (XEP-0356), or after a
        request was granted and returned."""
        news = self.expect(
            lambda s: s.roster.get(jid) == "both" or (
                s.kind == "presence" and s.bare == jid
                and s.type == "subscribe"), timeout, f"{jid} as a contact")
        if news.kind == "presence":
            self.presence(jid, "subscribed")
            self.presence(jid, "subscribe")
            self.expect_presence(jid, "subscribed")
        return news

    def expect_gone(self, jid, timeout=10):
        """A contact that is removed, or takes its presence back."""
        return self.expect(
            lambda s: s.roster.get(jid) == "remove" or (
                s.kind == "presence" and s.bare == jid
                and s.type == "unsubscribed"), timeout, f"{jid} gone")

    def receipts(self):
        return [s.receipt for s in list(self.stanzas) if s.receipt]

    def errors(self):
        return [s for s in list(self.stanzas) if s.type == "error"]

    def texts(self, sender=None):
        return [s.body for s in list(self.stanzas)
                if s.kind == "message" and s.body is not None
                and s.type != "error"
                and (sender is None or s.bare == sender)]


def plain(text):
    """Words of a human text, for loose comparisons."""
    return re.sub(r"\W+", " ", text.lower()).strip()
