"""Texts that are no texts: MMS notices by WAP push, and waiting messages."""

# Ports of a WAP push: to 2948, from 9200 (23.040 9.2.3.24.4).
PORTS = bytes([0x05, 4, 0x0B, 0x84, 0x23, 0xF0])
CONTENT_MMS, APPLICATION_MMS = 0xBE, 0x84
SPECIAL = 0x01
KINDS = ("voicemail", "fax", "email", "other")
MWI_STORE_GSM, MWI_DISCARD = 0xD0, 0xC0


def build(request):
    """The `text` command for what a `notice` command describes."""
    spec = {"to": request["to"], "from": request.get("from", "VOICEMAIL"),
            "token": request.get("token")}
    if request["kind"] == "mms":
        return {**spec, "from": request.get("from", "+447700900123"),
                **push(request)}
    return {**spec, **waiting(request)}


def text_string(text):
    return text.encode() + b"\0"


def push(request):
    """m-notification-ind (OMA MMS encapsulation) in a WSP push."""
    sender = text_string(request.get("sender", "+447700900123/TYPE=PLMN"))
    body = bytes([0x8C, 0x82, 0x98]) + text_string("t1") + bytes(
        [0x8D, 0x90, 0x89, len(sender) + 1, 0x80]) + sender
    if request.get("subject"):
        body += b"\x96" + text_string(request["subject"])
    body += bytes([0x8A, 0x80, 0x8E, 2, 0x50, 0x00,     # personal, 20 KiB
                   0x88, 4, 0x81, 2, 0x0E, 0x10])       # for an hour
    body += b"\x83" + text_string(request.get(
        "url", "http://mms.example/1"))
    headers = bytes([CONTENT_MMS, 0xAF, APPLICATION_MMS])
    octets = bytes([0x01, 0x06, len(headers)]) + headers + body
    return {"text": octets.decode("latin-1"), "encoding": "8bit",
            "elements": PORTS.hex()}


def waiting(request):
    """Message waiting, by DCS or by a header (`by`), with a `count`."""
    which = KINDS.index(request["kind"])
    active, text = request.get("count", 1) > 0, request.get("text", "")
    if request.get("by", "dcs") == "dcs":
        group = MWI_STORE_GSM if request.get("store", True) else MWI_DISCARD
        return {"text": text, "encoding": "gsm7",
                "dcs": group | (8 if active else 0) | which}
    store = 0x80 if request.get("store", True) else 0
    element = bytes([SPECIAL, 2, store | which, request.get("count", 1)])
    return {"text": text, "encoding": "gsm7", "elements": element.hex()}
