"""The GSM 7 bit default alphabet and its packing (3GPP TS 23.038 6.2).

Written apart from the gateway's codec on purpose: a test in which both
sides share one table proves nothing about the table.
"""

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


def encodable(text):
    """Whether every character has a place in the default alphabet."""
    return all(c in _TO_SEPTETS for c in text)


def septets_of(char):
    """The one or two septets of a character."""
    return _TO_SEPTETS[char]


def encode(text):
    """Text to a list of septets; KeyError when a character has none."""
    return [s for c in text for s in _TO_SEPTETS[c]]


def decode(septets):
    """Septets to text; an unknown escape shows the default character."""
    out = []
    escaped = False
    for s in septets:
        if escaped:
            escaped = False
            out.append(" " if s == ESC else EXTENSION.get(s, BASIC[s]))
        elif s == ESC:
            escaped = True
        else:
            out.append(BASIC[s])
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
