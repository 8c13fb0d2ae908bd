"""A small PDU codec for the far side of the modem (3GPP TS 23.040 9.2).

Decodes SUBMIT, encodes DELIVER and STATUS-REPORT, splits long texts. It
shares no line with the gateway's codec, so that the two check each other.
"""

import calendar
import time
from dataclasses import dataclass, field

from sim import gsm7

IE_CONCAT8 = 0x00
IE_CONCAT16 = 0x08
IE_SINGLE, IE_LOCKING = 0x24, 0x25


class PduError(ValueError):
    """A TPDU that the network would not take."""


# ---- addresses ----------------------------------------------------------

BCD = "0123456789*#abc"


def bcd_encode(digits):
    padded = digits + ("f" if len(digits) % 2 else "")
    nibbles = [0xF if c == "f" else BCD.index(c) for c in padded]
    pairs = zip(nibbles[::2], nibbles[1::2])
    return bytes(low | high << 4 for low, high in pairs)


def bcd_decode(octets, count):
    nibbles = [n for o in octets for n in (o & 15, o >> 4)]
    return "".join(BCD[n] for n in nibbles[:count] if n != 0xF)


def is_number(address):
    digits = address.removeprefix("+")
    return bool(digits) and all(c in BCD for c in digits)


def encode_address(address):
    """Length, type and value of an originator or destination address."""
    if not is_number(address):
        septets = gsm7.encode(address)[:11]
        packed = gsm7.pack(septets)
        return bytes([(7 * len(septets) + 3) // 4, 0xD0]) + packed
    digits = address.removeprefix("+")
    toa = 0x91 if address.startswith("+") else 0x81
    return bytes([len(digits), toa]) + bcd_encode(digits)


def decode_address(data, pos):
    """Returns (address, position after it)."""
    if pos + 2 > len(data):
        raise PduError("address cut short")
    length, toa = data[pos], data[pos + 1]
    end = pos + 2 + (length + 1) // 2
    if length > 20 or end > len(data):
        raise PduError("address too long")
    raw = data[pos + 2:end]
    ton = toa >> 4 & 7
    if ton == 5:
        return gsm7.decode(gsm7.unpack(raw, length * 4 // 7)), end
    digits = bcd_decode(raw, length)
    return ("+" if ton == 1 else "") + digits, end


def encode_sca(number):
    """The service centre address that precedes a TPDU on the AT line."""
    if not number:
        return b"\0"
    digits = bcd_encode(number.removeprefix("+"))
    toa = 0x91 if number.startswith("+") else 0x81
    return bytes([len(digits) + 1, toa]) + digits


def strip_sca(data):
    """The TPDU behind the service centre address."""
    if not data or 1 + data[0] > len(data):
        raise PduError("service centre address cut short")
    return data[1 + data[0]:]


# ---- time ---------------------------------------------------------------

def encode_time(seconds, quarters=0):
    """SCTS of a Unix time, in a zone of `quarters` quarter hours."""
    t = time.gmtime(seconds + quarters * 900)
    fields = [t.tm_year % 100, t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min,
              t.tm_sec]
    octets = [n // 10 | n % 10 << 4 for n in fields]
    zone = abs(quarters)
    octets.append(zone // 10 | (8 if quarters < 0 else 0) | zone % 10 << 4)
    return bytes(octets)


def relative_validity(octet):
    """Seconds of a relative validity period (23.040 9.2.3.12.1)."""
    if octet < 144:
        return (octet + 1) * 300
    if octet < 168:
        return 12 * 3600 + (octet - 143) * 1800
    if octet < 197:
        return (octet - 166) * 86400
    return (octet - 192) * 7 * 86400


def absolute_validity(octets, now):
    digits = [(o & 15) * 10 + (o >> 4) for o in octets[:6]]
    zone = (octets[6] & 7) * 10 + (octets[6] >> 4)
    quarters = -zone if octets[6] & 8 else zone
    when = calendar.timegm((2000 + digits[0], *digits[1:], 0, 0, 0))
    return when - quarters * 900 - now


# ---- user data ----------------------------------------------------------

@dataclass
class Concat:
    ref: int
    total: int
    seq: int
    wide: bool = False


@dataclass
class UserData:
    """What TP-DCS, TP-UDL and TP-UD say together."""
    dcs: int
    udl: int
    octets: bytes
    udhi: bool = False
    alphabet: str = "gsm7"
    concat: Concat | None = None
    body: object = b""      # septets (list) or octets
    elements: list = field(default_factory=list)

    def languages(self):
        """(locking, single): the national tables that the header names."""
        found = {ie: value[0] for ie, value in self.elements
                 if ie in (IE_SINGLE, IE_LOCKING) and len(value) == 1}
        return found.get(IE_LOCKING, 0), found.get(IE_SINGLE, 0)


def alphabet_of(dcs):
    """gsm7, 8bit or ucs2 of a data coding scheme (23.038 section 4)."""
    group = dcs >> 4
    if group < 8:
        return ("gsm7", "8bit", "ucs2", "gsm7")[dcs >> 2 & 3]
    if group == 0xE:
        return "ucs2"
    if group == 0xF and dcs & 4:
        return "8bit"
    return "gsm7"


def class_of(dcs):
    """The message class, or None."""
    if dcs >> 4 == 0xF or (dcs >> 4 < 8 and dcs & 0x10):
        return dcs & 3
    return None


def decode_header(octets):
    """Information elements of a user data header."""
    if not octets or 1 + octets[0] > len(octets):
        raise PduError("user data header longer than the user data")
    elements, pos, end = [], 1, 1 + octets[0]
    while pos + 2 <= end and pos + 2 + octets[pos + 1] <= end:
        size = octets[pos + 1]
        elements.append((octets[pos], octets[pos + 2:pos + 2 + size]))
        pos += 2 + size
    return elements


def find_concat(elements):
    found = None
    for ie, value in elements:
        if ie == IE_CONCAT8 and len(value) == 3:
            found = Concat(value[0], value[1], value[2])
        elif ie == IE_CONCAT16 and len(value) == 4:
            found = Concat(value[0] << 8 | value[1], value[2], value[3], True)
    if found and not 1 <= found.seq <= found.total:
        return None
    return found


def decode_user_data(dcs, udl, octets, udhi):
    alphabet = alphabet_of(dcs)
    need = (udl * 7 + 7) // 8 if alphabet == "gsm7" else udl
    if need > 140 or need != len(octets):
        raise PduError(f"user data is {len(octets)} octets, not {need}")
    ud = UserData(dcs, udl, octets, udhi, alphabet)
    head = 0
    if udhi:
        ud.elements = decode_header(octets)
        ud.concat = find_concat(ud.elements)
        head = 1 + octets[0]
    if alphabet == "gsm7":
        ud.body = gsm7.unpack(octets, udl, (head * 8 + 6) // 7)
    else:
        ud.body = octets[head:]
    return ud


def join_text(parts):
    """Text of UserData parts in order, surrogate pairs joined across."""
    alphabet = parts[0].alphabet
    if alphabet == "gsm7":
        return "".join(gsm7.decode(p.body, *p.languages()) for p in parts)
    octets = b"".join(bytes(p.body) for p in parts)
    if alphabet == "ucs2":
        return octets.decode("utf-16-be", "replace")
    return octets.decode("latin-1")


# ---- SUBMIT -------------------------------------------------------------

@dataclass
class Submit:
    rd: bool
    srr: bool
    mr: int
    to: str
    pid: int
    validity: float | None
    ud: UserData
    vp: int | None = None   # the octet of a relative validity period

    def facts(self):
        """What events tell besides text and address."""
        locking, single = self.ud.languages()
        return {"pid": self.pid, "dcs": self.ud.dcs,
                "class": class_of(self.ud.dcs), "vp": self.vp,
                "validity": self.validity, "locking": locking,
                "single": single,
                "udh": [ie for ie, _ in self.ud.elements]}


def decode_submit(tpdu, now=None):
    """Decodes an SMS-SUBMIT TPDU; PduError tells what is wrong."""
    if len(tpdu) < 7 or tpdu[0] & 3 != 1:
        raise PduError("not a SUBMIT")
    first = tpdu[0]
    to, pos = decode_address(tpdu, 2)
    if pos + 2 > len(tpdu):
        raise PduError("cut short before PID")
    pid, dcs = tpdu[pos], tpdu[pos + 1]
    pos += 2
    size = {0: 0, 2: 1}.get(first >> 3 & 3, 7)
    if pos + size + 1 > len(tpdu):
        raise PduError("cut short in the validity period")
    validity = vp = None
    if first >> 3 & 3 == 2:
        vp = tpdu[pos]
        validity = relative_validity(vp)
    elif first >> 3 & 3 == 3:
        now = time.time() if now is None else now
        validity = absolute_validity(tpdu[pos:pos + 7], now)
    pos += size
    ud = decode_user_data(dcs, tpdu[pos], tpdu[pos + 1:], bool(first & 0x40))
    return Submit(bool(first & 4), bool(first & 0x20), tpdu[1], to, pid,
                  validity, ud, vp)


def encode_submit(to, ud, mr=0, srr=False, rd=False):
    first = (0x01 | (0x04 if rd else 0) | (0x20 if srr else 0)
             | (0x40 if ud.udhi else 0))
    return (bytes([first, mr]) + encode_address(to)
            + bytes([0, ud.dcs, ud.udl]) + ud.octets)


# ---- DELIVER and STATUS-REPORT ------------------------------------------

def encode_deliver(sender, ud, pid=0, scts=None, more=False):
    """An SMS-DELIVER TPDU; `more` says that others wait."""
    first = (0 if more else 0x04) | (0x40 if ud.udhi else 0)
    scts = encode_time(time.time()) if scts is None else scts
    return (bytes([first]) + encode_address(sender)
            + bytes([pid, ud.dcs]) + scts + bytes([ud.udl]) + ud.octets)


def encode_report(mr, to, sent, done, status):
    """An SMS-STATUS-REPORT TPDU."""
    return (bytes([0x06, mr]) + encode_address(to) + encode_time(sent)
            + encode_time(done) + bytes([status]))


def decode_time(octets):
    """A timestamp as text mode shows it."""
    digits = [f"{o & 15}{o >> 4}" for o in octets[:6]]
    zone = (octets[6] & 7) * 10 + (octets[6] >> 4)
    sign = "-" if octets[6] & 8 else "+"
    return "/".join(digits[:3]) + "," + ":".join(digits[3:]) \
        + f"{sign}{zone:02d}"


def decode_deliver(tpdu):
    """(sender, time, UserData) of an SMS-DELIVER."""
    sender, pos = decode_address(tpdu, 1)
    if pos + 10 > len(tpdu):
        raise PduError("cut short")
    when = decode_time(tpdu[pos + 2:pos + 9])
    ud = decode_user_data(tpdu[pos + 1], tpdu[pos + 9], tpdu[pos + 10:],
                          bool(tpdu[0] & 0x40))
    return sender, when, ud


# ---- splitting ----------------------------------------------------------

DCS_OF = {"gsm7": 0x00, "8bit": 0x04, "ucs2": 0x08}


def build_header(*elements):
    """A user data header of information elements (bytes); b"" of none."""
    body = b"".join(elements)
    return bytes([len(body)]) + body if body else b""


def concat_element(concat):
    if concat is None:
        return b""
    if concat.wide:
        return bytes([IE_CONCAT16, 4, concat.ref >> 8, concat.ref & 255,
                      concat.total, concat.seq])
    return bytes([IE_CONCAT8, 3, concat.ref & 255, concat.total,
                  concat.seq])


def language_elements(locking, single):
    out = bytes([IE_LOCKING, 1, locking]) if locking else b""
    return out + (bytes([IE_SINGLE, 1, single]) if single else b"")


def make_user_data(alphabet, body, header=b"", dcs=None):
    """UserData of septets or octets behind a header (with its length)."""
    dcs = DCS_OF[alphabet] if dcs is None else dcs
    if alphabet == "gsm7":
        skip = (len(header) * 8 + 6) // 7
        fill = skip * 7 - len(header) * 8
        octets = header + gsm7.pack(body, fill)
        udl = skip + len(body)
    else:
        octets = header + body
        udl = len(octets)
    ud = UserData(dcs, udl, octets, bool(header), alphabet, body=body)
    if header:
        ud.elements = decode_header(header)
        ud.concat = find_concat(ud.elements)
    return ud


def _units(text, alphabet, languages):
    if alphabet == "gsm7":
        return [gsm7.septets_of(c, *languages) for c in text]
    if alphabet == "ucs2":
        return [c.encode("utf-16-be") for c in text]
    return [bytes([b]) for b in text.encode("latin-1")]


def _fill_parts(units, room):
    parts, part, used = [], [], 0
    for unit in units:
        if used + len(unit) > room:
            parts.append(part)
            part, used = [], 0
        part.append(unit)
        used += len(unit)
    parts.append(part)
    return parts


def choose_alphabet(text, encoding="auto"):
    if encoding != "auto":
        return encoding
    return "gsm7" if gsm7.encodable(text) else "ucs2"


def _room(alphabet, header):
    """What fits behind a header of so many octets."""
    if alphabet == "gsm7":
        return 160 - (header * 8 + 6) // 7
    return 140 - header


def split_text(text, encoding="auto", ref=1, wide=False, dcs=None,
               languages=(0, 0), elements=b""):
    """Text to a list of UserData, cut at character borders.

    `languages`: (locking, single) shift tables; `elements`: further
    information elements for each header.
    """
    alphabet = "gsm7" if any(languages) else choose_alphabet(text, encoding)
    units = _units(text, alphabet, languages)
    elements += language_elements(*languages)
    parts = _fill_parts(units, _room(alphabet, len(build_header(elements))))
    if len(parts) > 1:
        size = len(build_header(concat_element(Concat(1, 1, 1, wide)),
                                elements))
        parts = _fill_parts(units, _room(alphabet, size))
    out = []
    for seq, part in enumerate(parts, 1):
        concat = (Concat(ref, len(parts), seq, wide) if len(parts) > 1
                  else None)
        body = ([s for u in part for s in u] if alphabet == "gsm7"
                else b"".join(part))
        header = build_header(concat_element(concat), elements)
        out.append(make_user_data(alphabet, body, header, dcs))
    return out
