"""The GSM 7 bit default alphabet and its packing (3GPP TS 23.038 6.2).

Written apart from the gateway's codec on purpose: a test in which both
sides share one table proves nothing about the table.
"""

import json
import os

ESC = 0x1B
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\",
    0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}

_TO_SEPTETS = {c: (i,) for i, c in enumerate(BASIC) if i != ESC}
_TO_SEPTETS.update({c: (ESC, i) for i, c in EXTENSION.items()})
_TO_SEPTETS["ç"] = (0x09,)


# ---- national tables (23.038 Annex A) -----------------------------------

def _read_tables():
    path = os.path.join(os.path.dirname(__file__), "shift_tables.json")
    with open(path, encoding="utf-8") as file:
        return {kind: {int(n): {int(start, 16) + i: char
                                for start, run in runs.items()
                                for i, char in enumerate(run)}
                       for n, runs in tables.items()}
                for kind, tables in json.load(file).items()}


_TABLES = _read_tables()
_ENCODERS = {(0, 0): _TO_SEPTETS}


def locking_table(language):
    """Septet to character; the default alphabet for unknown languages."""
    return _TABLES["locking"].get(language) or dict(enumerate(BASIC))


def single_table(language):
    return _TABLES["single"].get(language) or EXTENSION


def _encoder(locking, single):
    """Character to septets under these tables."""
    key = (locking, single)
    if key not in _ENCODERS:
        table = {c: (ESC, s) for s, c in single_table(single).items()}
        table.update({c: (s,) for s, c in locking_table(locking).items()
                      if s != ESC})
        _ENCODERS[key] = table
    return _ENCODERS[key]


def encodable(text, locking=0, single=0):
    """Whether every character has a place in these tables."""
    table = _encoder(locking, single)
    return all(c in table for c in text)


def septets_of(char, locking=0, single=0):
    """The one or two septets of a character."""
    return _encoder(locking, single)[char]


def encode(text):
    """Text to a list of septets; KeyError when a character has none."""
    return [s for c in text for s in _TO_SEPTETS[c]]


def decode(septets, locking=0, single=0):
    """Septets to text; an unknown escape shows the plain character."""
    basic, shifted = locking_table(locking), single_table(single)
    out = []
    escaped = False
    for s in septets:
        if escaped:
            escaped = False
            out.append(" " if s == ESC else shifted.get(
                s, basic.get(s, " ")))
        elif s == ESC:
            escaped = True
        else:
            out.append(basic.get(s, " "))
    return "".join(out)


def pack(septets, fill=0):
    """Septets to octets, after `fill` zero bits."""
    value = 0
    for i, s in enumerate(septets):
        value |= s << (7 * i)
    bits = 7 * len(septets) + fill
    return (value << fill).to_bytes((bits + 7) // 8, "little")


def unpack(octets, count, skip=0):
    """`count` septets from octets, leaving out the first `skip`."""
    value = int.from_bytes(octets, "little")
    return [(value >> (7 * i)) & 0x7F for i in range(skip, count)]
