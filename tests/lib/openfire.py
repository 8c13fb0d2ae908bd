"""A server that behaves to components as Openfire does.

What it does was read in Openfire's source: the plain and the TLS port, a
secret for each subdomain or one for all, the white list, the empty handshake
element, the questions right after it and the listing of whoever answers with
an identity, the idle limit, rotation over several connections, and remote
rosters (XEP-0321) with the GoJara plugin.
"""

import asyncio
import hashlib
import itertools
import re
import ssl
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from lib.client import Stanza, background_loop
from lib.process import wait_for
from lib.servers import SECRET

NS = "jabber:component:accept"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
VERSION = "jabber:iq:version"
REMOTE_ROSTER = "urn:xmpp:tmp:roster-management:0"
ROSTER = "{jabber:iq:roster}"
ERROR = ("<error type='{kind}'><{condition} xmlns="
         "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error>")
STREAM = ("<?xml version='1.0'?><stream:stream xmlns='%s' from=%s id='%s' "
          "xmlns:stream='http://etherx.jabber.org/streams'>")
STREAM_ERROR = ("<stream:error><{} xmlns='urn:ietf:params:xml:ns:"
                "xmpp-streams'/></stream:error></stream:stream>")


class Openfire:
    """One XMPP domain. Its users are played by the test: user_sends() and
    inbox()."""

    name = "openfire"
    host = "example.org"

    def __init__(self, certificate=None, plugins=(), rotates=False,
                 idle=360.0):
        self.secrets = {"sms": SECRET}      # by subdomain
        self.default_secret = None
        self.whitelist = {"sms"}            # None: everybody
        self.plugins, self.rotates, self.idle = set(plugins), rotates, idle
        self.listed = {}                    # domain -> name of its identity
        self.routes = {}                    # domain -> its connections
        self.arrived = []                   # stanzas to users
        self.consenting = set()             # users who say yes
        self.consents = set()               # (user, domain)
        self.rosters = {}                   # user -> {JID: (name, state)}
        self.rejections = []                # stream errors that were sent
        self.serial = itertools.count(1)
        self.turn = itertools.count()
        self.answers = {}                   # id -> answer of a component
        self.servers = []
        self.domains = [f"sms.{self.host}"]
        self.component_port = self._listen(None)
        self.tls_port = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.tls_port = self._listen(context)

    def component_port_of(self, _):
        return self.component_port

    # ---- for tests ------------------------------------------------------

    def stop(self):
        self._run(self._close())

    def drop(self):
        """All connections are gone, as after a restart."""
        self._run(self._drop())

    def lose(self):
        """The connections break, and it does not notice..."""
        self._run(self._drop(noticed=False))

    def notice(self):
        """...until now."""
        self._run(self._drop())

    def user_sends(self, user, to, body, stanza_id="m1", more=""):
        self._run(self._route_text(
            f"<message type='chat' from='{user}/desk' to='{to}' "
            f"id='{stanza_id}'><body>{body}</body>{more}</message>"))

    def ask(self, asker, to, payload, timeout=10):
        """An IQ of a user or service, and its answer."""
        stanza_id = f"ask{next(self.serial)}"
        self._run(self._route_text(f"<iq type='get' from='{asker}' to='{to}' "
                                   f"id='{stanza_id}'>{payload}</iq>"))
        wait_for(lambda: stanza_id in self.answers, timeout, "an answer")
        return self.answers.pop(stanza_id)

    def inbox(self, user):
        return [s for s in self.arrived if s.to.split("/")[0] == user]

    def expect(self, user, fits, timeout=15, what="a stanza"):
        return wait_for(
            lambda: next((s for s in self.inbox(user) if fits(s)), None),
            timeout, lambda: f"{what} for {user}: {self.inbox(user)}")

    # ---- its loop -------------------------------------------------------

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(
            coroutine, background_loop()).result(10)

    def _listen(self, context):
        async def listen():
            server = await asyncio.start_server(
                lambda r, w: Connection(self, r, w).serve(), "127.0.0.1", 0,
                ssl=context)
            self.servers.append(server)
            return server.sockets[0].getsockname()[1]
        return self._run(listen())

    async def _drop(self, noticed=True):
        for connection in [c for cs in self.routes.values() for c in cs]:
            connection.noticed = noticed
            connection.writer.transport.abort()
        if noticed:
            self.routes.clear()
            self.listed.clear()

    async def _close(self):
        await self._drop()
        for server in self.servers:
            server.close()

    async def _route_text(self, xml):
        self.route(ET.fromstring(xml.replace(
            " ", f" xmlns='{NS}' ", 1)))

    # ---- components -----------------------------------------------------

    def admit(self, subdomain, digest, stream_id):
        """None, or the stream error that refuses it."""
        secret = self.secrets.get(subdomain, self.default_secret)
        if self.whitelist is not None and subdomain not in self.whitelist:
            return "host-unknown"
        if secret is None:
            return "internal-server-error"
        if hashlib.sha1((stream_id + secret).encode()).hexdigest() \
                != digest.lower():
            return "not-authorized"
        if self.routes.get(f"{subdomain}.{self.host}") and not self.rotates:
            return "conflict"
        return None

    def joined(self, connection):
        """It asks what has come, and lists only what says what it is."""
        self.routes.setdefault(connection.domain, []).append(connection)
        for ns in INFO, VERSION:
            connection.send(
                f"<iq type='get' id='of{next(self.serial)}' "
                f"from='component.{self.host}' to='{connection.domain}'>"
                f"<query xmlns='{ns}'/></iq>")

    def left(self, connection):
        routes = self.routes.get(connection.domain, [])
        if connection in routes and connection.noticed:
            routes.remove(connection)
        if not routes:
            self.listed.pop(connection.domain, None)

    # ---- routing --------------------------------------------------------

    def route(self, stanza):
        """Openfire does not check `from`."""
        to = stanza.get("to", "").split("/")[0]
        domain = to.split("@")[-1]
        if domain in self.routes and self.routes[domain]:
            links = self.routes[domain]
            links[next(self.turn) % len(links)].send_element(stanza)
        elif to == f"component.{self.host}":
            self._component_answered(stanza)
        elif stanza.get("type") in ("result", "error") \
                and stanza.get("id", "").startswith("ask"):
            self.answers[stanza.get("id")] = as_stanza(stanza)
        elif stanza.tag == f"{{{NS}}}iq" and stanza.get("type") in (
                "get", "set"):
            self._answer(stanza, to)
        else:
            self.arrived.append(as_stanza(stanza))

    def _component_answered(self, stanza):
        identity = stanza.find(f"{{{INFO}}}query/{{{INFO}}}identity")
        if identity is not None:
            self.listed[stanza.get("from")] = identity.get("name")

    def _answer(self, stanza, to):
        payload = stanza[0]
        ns = payload.tag[1:].split("}")[0]
        if payload.tag == f"{ROSTER}query":
            answer = self._set_roster(stanza, payload, to)
        elif ns == REMOTE_ROSTER:
            answer = self._ask_consent(stanza, to)
        elif to == self.host:
            answer = self._about(payload, ns)
        else:
            answer = ERROR.format(kind="cancel",
                                  condition="service-unavailable")
        kind = "error" if answer.startswith("<error") else "result"
        self.route(ET.fromstring(
            f"<iq xmlns='{NS}' type='{kind}' id={quoteattr(stanza.get('id'))}"
            f" from={quoteattr(stanza.get('to'))} "
            f"to={quoteattr(stanza.get('from'))}>{answer}</iq>"))

    def _about(self, payload, ns):
        if ns == INFO:
            features = [INFO, ITEMS, VERSION]
            if "gojara" in self.plugins:
                features.append(REMOTE_ROSTER)
            return (f"<query xmlns='{INFO}'><identity category='server' "
                    "type='im' name='Openfire Server'/>" + "".join(
                        f"<feature var='{f}'/>" for f in features)
                    + "</query>")
        if ns == ITEMS:
            return f"<query xmlns='{ITEMS}'>" + "".join(
                f"<item jid='{jid}' name={quoteattr(name)}/>"
                for jid, name in self.listed.items()) + "</query>"
        if ns == VERSION:
            return (f"<query xmlns='{VERSION}'><name>Openfire</name>"
                    "<version>4.8.1</version></query>")
        if payload.tag == "{urn:xmpp:ping}ping":
            return ""
        return ERROR.format(kind="cancel", condition="service-unavailable")

    # ---- XEP-0321 -------------------------------------------------------

    def _ask_consent(self, stanza, user):
        if "gojara" not in self.plugins or user not in self.consenting:
            return ERROR.format(kind="auth", condition="forbidden")
        self.consents.add((user, stanza.get("from")))
        return ""

    def _set_roster(self, stanza, query, user):
        if (user, stanza.get("from")) not in self.consents:
            return ERROR.format(kind="auth", condition="forbidden")
        roster = self.rosters.setdefault(user, {})
        for item in query:
            if item.get("subscription") == "remove":
                roster.pop(item.get("jid"), None)
            else:
                roster[item.get("jid")] = (item.get("name"),
                                           item.get("subscription"))
        return ""


class Connection:
    """A component's stream."""

    def __init__(self, openfire, reader, writer):
        self.openfire, self.reader, self.writer = openfire, reader, writer
        self.parser = ET.XMLPullParser(("start", "end"))
        self.depth = 0
        self.domain = None
        self.in_stream, self.noticed = False, True
        self.pings = 0

    def send(self, xml):
        self.writer.write(xml.encode())

    def send_element(self, element):
        xml = ET.tostring(element, encoding="unicode")
        self.send(re.sub(r"\bns0:|:ns0\b", "", xml))

    async def serve(self):
        try:
            while True:
                data = await asyncio.wait_for(self.reader.read(65536),
                                              self.openfire.idle)
                if not data:
                    break
                self.parser.feed(data)
                for event, element in self.parser.read_events():
                    self._event(event, element)
        except (asyncio.TimeoutError, ConnectionError, ET.ParseError):
            pass
        self.openfire.left(self)
        self.writer.close()

    def _event(self, event, element):
        if event == "start":
            self.depth += 1
            if self.depth == 1:
                self._open(element)
            return
        self.depth -= 1
        if self.depth == 1:
            self._stanza(element)
        elif self.depth == 0:
            self.send("</stream:stream>")

    def _open(self, root):
        """`to` is the subdomain, or the whole domain."""
        to = root.get("to", "")
        self.subdomain = to.removesuffix("." + self.openfire.host)
        self.stream_id = f"of{next(self.openfire.serial)}"
        self.send(STREAM % (NS, quoteattr(to), self.stream_id))

    def _stanza(self, element):
        if self.in_stream:
            self.pings += element.find("{urn:xmpp:ping}ping") is not None
            self.openfire.route(element)
            return
        refusal = self.openfire.admit(self.subdomain, element.text or "",
                                      self.stream_id)
        if refusal:
            self.openfire.rejections.append(refusal)
            self.send(STREAM_ERROR.format(refusal))
            self.writer.close()
            return
        self.domain = f"{self.subdomain}.{self.openfire.host}"
        self.in_stream = True
        self.send("<handshake></handshake>")
        self.openfire.joined(self)


def as_stanza(element):
    """A Stanza; namespaces as a client sees them."""
    text = ET.tostring(element, encoding="unicode")
    return Stanza(ET.fromstring(re.sub(NS, "jabber:client", text)))
