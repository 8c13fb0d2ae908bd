"""USSD: codes, menus, sessions that run out, and how modems spell them.

What the network answers to a code is a node: a text (the session ends), or
{"text", "replies": {reply: node}} (it waits for a reply), or {"m": 2..5}
with or without a text. `delay` is the seconds before the answer, `wait`
those before the network gives up on a reply (`end`: <m> of that, 2).
"""

from sim import gsm7
from sim.at import cme
from sim.commands import charset, handles, number
from sim.at import split_args

DCS_GSM, DCS_UCS2 = 15, 72
CR = 0x0D


class Ussd:
    """The codes that the network knows, and the session of one modem."""

    def __init__(self, modem):
        self.modem = modem
        self.codes = {}
        self.reset()

    def reset(self):
        self.node, self.serial = None, getattr(self, "serial", 0) + 1

    def set(self, request):
        """What answers to a code; see above."""
        node = {k: v for k, v in request.items()
                if k not in ("cmd", "id", "modem", "code")}
        self.codes[request["code"]] = node

    def push(self, request):
        """The network speaks first."""
        self._tell(dict(request))

    # ---- from the modem's user ------------------------------------------

    def ask(self, text):
        modem = self.modem
        if not modem.registered():
            raise cme(30)
        modem.emit("ussd", modem=modem.name, text=text,
                   reply=self.node is not None)
        replies = self.codes if self.node is None else self.node["replies"]
        node = replies.get(text, {"m": 4 if self.node is None else 2})
        self.reset()
        if isinstance(node, str):
            node = {"text": node}
        serial = self.serial
        modem.later(node.get("delay", 0.05),
                    lambda: serial == self.serial and self._tell(node))

    def cancel(self):
        if self.node is not None:
            self.modem.emit("ussd-cancelled", modem=self.modem.name)
        self.reset()

    # ---- to the modem's user --------------------------------------------

    def _tell(self, node):
        modem, text = self.modem, node.get("text")
        m = node.get("m", 1 if "replies" in node else 0)
        if "replies" in node:
            self.node = node
            serial = self.serial
            if node.get("wait") is not None:
                modem.later(node["wait"], lambda: self._expire(serial))
        if modem.settings.get("+CUSD", "0") != "1":
            return
        line = f"+CUSD: {m}"
        if text is not None:
            spelled, dcs = self.spell(text)
            line += f',"{spelled}",{node.get("dcs", dcs)}'
        modem.urc(line)

    def _expire(self, serial):
        if serial == self.serial and self.node is not None:
            node = self.node
            self.reset()
            self.modem.emit("ussd-expired", modem=self.modem.name)
            self._tell({"m": node.get("end", 2)})

    # ---- spelling -------------------------------------------------------

    def spell(self, text):
        """(what stands between the quotes, <dcs>)"""
        facts, modem = self.modem.profile["ussd"], self.modem
        tell, plain = facts["tell"], gsm7.encodable(text)
        if tell == "packed" and modem.family.plain_ussd:
            tell = "text"
        if tell == "packed" and plain:
            return pack(text), facts["dcs"]
        if tell == "ucs2":
            return hexed(text), facts["dcs"]
        if plain:
            return charset(modem, text), facts["dcs"]
        return hexed(text), DCS_UCS2

    def read(self, spelled):
        """The code in what was between the quotes; CME 100 when it is
        not in the form that this modem wants."""
        if self.modem.profile["ussd"]["ask"] == "packed" \
                and not self.modem.family.plain_ussd:
            return unpack(spelled)
        if self.modem.cscs == "UCS2":
            return from_hex(spelled).decode("utf-16-be", "replace")
        if self.modem.cscs == "HEX":
            return from_hex(spelled).decode("latin-1")
        return spelled


def hexed(text):
    return text.encode("utf-16-be").hex().upper()


def from_hex(spelled):
    try:
        return bytes.fromhex(spelled)
    except ValueError as error:
        raise cme(100) from error


def pack(text):
    """GSM-7 packed, in hex; a CR fills what might look like an @."""
    septets = gsm7.encode(text)
    if len(septets) % 8 == 7:
        septets.append(CR)
    return gsm7.pack(septets).hex().upper()


def unpack(spelled):
    octets = from_hex(spelled)
    septets = gsm7.unpack(octets, len(octets) * 8 // 7)
    if len(septets) % 8 == 0 and septets[-1:] in ([CR], [0]):
        septets.pop()
    return gsm7.decode(septets)


@handles("+CUSD", "=?")
def ussd_modes(modem, args):
    return ["+CUSD: (0-2)"]


@handles("+CUSD", "?")
def get_ussd(modem, args):
    return [f"+CUSD: {modem.settings.get('+CUSD', '0')}"]


@handles("+CUSD", "=")
def ussd(modem, args):
    fields = split_args(args)
    mode = number(fields[0], 0, 2)
    if mode == 2:
        modem.ussd.cancel()
        return
    modem.settings["+CUSD"] = str(mode)
    if len(fields) > 1 and fields[1] is not None:
        modem.ussd.ask(modem.ussd.read(fields[1]))
