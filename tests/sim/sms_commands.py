"""The short message commands of 3GPP TS 27.005, PDU mode first.

Text mode is there because a modem that was reset behind its user's back
is in it: +CMGS then takes a PDU for typed text.
"""

from sim import pdu
from sim.at import SILENT, AtError, Prompt, cms, split_args
from sim.commands import handles
from sim.family import expand
from sim.store import READ, UNREAD, UNSENT, Full

TEXT_STATUS = ["REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL"]


def number(text, low, high, code=305):
    """A number in a range; a CMS error for anything else."""
    if text is None or not text.isdecimal() or not low <= int(text) <= high:
        raise cms(code)
    return int(text)


# ---- modes --------------------------------------------------------------

@handles("+CMGF", "=?")
def formats(modem, args):
    return ["+CMGF: (0,1)"]


@handles("+CMGF", "?")
def get_format(modem, args):
    return [f"+CMGF: {modem.cmgf}"]


@handles("+CMGF", "=")
def set_format(modem, args):
    modem.cmgf = number(args, 0, 1)


@handles("+CSMS", "=?")
def services(modem, args):
    return [f"+CSMS: ({','.join(map(str, modem.profile['csms']))})"]


@handles("+CSMS", "?")
def get_service(modem, args):
    return [f"+CSMS: {modem.csms},1,1,1"]


@handles("+CSMS", "=")
def set_service(modem, args):
    value = number(args, 0, 127)
    if value not in modem.profile["csms"]:
        raise cms(302)
    modem.csms = value
    return ["+CSMS: 1,1,1"]


@handles("+CNMI", "=?")
def indications(modem, args):
    return ["+CNMI: " + modem.profile["cnmi"]]


@handles("+CNMI", "?")
def get_indications(modem, args):
    return ["+CNMI: " + ",".join(map(str, modem.cnmi))]


@handles("+CNMI", "=")
def set_indications(modem, args):
    wanted = split_args(args) if args else ["0"]
    values, allowed = list(modem.cnmi), expand(modem.profile["cnmi"])
    for i, text in enumerate(wanted[:5]):
        if text is None:
            continue
        values[i] = number(text, 0, 3)
    if any(v not in group for v, group in zip(values, allowed)):
        raise cms(302)
    was_off = modem.cnmi[0] == 0
    modem.cnmi = values
    modem.emit("cnmi", modem=modem.name, cnmi=values)
    if was_off and values[0]:
        modem.loop.call_soon(modem.flush_buffered)


@handles("+CSCA", "?")
def get_centre(modem, args):
    toa = 145 if modem.sca.startswith("+") else 129
    return [f'+CSCA: "{modem.sca}",{toa}']


@handles("+CSCA", "=")
def set_centre(modem, args):
    modem.sca = split_args(args)[0] or ""


# ---- memories -----------------------------------------------------------

@handles("+CPMS", "=?")
def memory_names(modem, args):
    return ["+CPMS: " + modem.profile["cpms"]]


def fills(modem, named):
    out, groups = [], len(modem.family.groups)
    for name in (modem.mem1, modem.mem2, modem.mem3)[:groups]:
        memory = modem.memory(name)
        count = f"{memory.used()},{memory.capacity}"
        out.append(f'"{name}",{count}' if named else count)
    return "+CPMS: " + ",".join(out)


@handles("+CPMS", "?")
def get_memories(modem, args):
    return [fills(modem, True)]


@handles("+CPMS", "=")
def set_memories(modem, args):
    names, groups = split_args(args), modem.family.groups
    if len(names) > len(groups):
        raise cms(302)
    for name, group in zip(names, groups):
        if name and name not in group:
            raise cms(302)
    for attribute, name in zip(("mem1", "mem2", "mem3"), names):
        if name:
            setattr(modem, attribute, name)
    return [fills(modem, False)]


def slot_at(memory, text):
    index = number(text, 0, 999, 321)
    if not memory.holds(index) or index not in memory.slots:
        raise cms(321)
    return index, memory.slots[index]


def describe(modem, slot, head):
    """The two lines of a stored message."""
    if modem.cmgf == 0:
        return [head + slot.line(), slot.pdu.hex().upper()]
    tpdu = pdu.strip_sca(slot.pdu)
    status = TEXT_STATUS[slot.status]
    try:
        if tpdu[0] & 3:
            sub = pdu.decode_submit(tpdu)
            return [f'{head}"{status}","{sub.to}",', typed(sub.ud)]
        sender, when, ud = pdu.decode_deliver(tpdu)
    except (IndexError, pdu.PduError) as error:
        raise cms(305) from error
    return [f'{head}"{status}","{sender}",,"{when}"', typed(ud)]


def typed(ud):
    """A body as text mode shows it: hex unless it is GSM-7."""
    text = pdu.join_text([ud])
    return text if ud.alphabet == "gsm7" else bytes(ud.body).hex().upper()


@handles("+CMGL", "=?")
def statuses(modem, args):
    if modem.cmgf == 0:
        return ["+CMGL: (0-4)"]
    return ["+CMGL: (" + ",".join(f'"{s}"' for s in TEXT_STATUS) + ")"]


@handles("+CMGL", "")
@handles("+CMGL", "=")
def list_messages(modem, args):
    if modem.cmgf == 0:
        status = number(args or "0", 0, 4)
    else:
        name = args.strip('"').upper() or TEXT_STATUS[0]
        if name not in TEXT_STATUS:
            raise cms(305)
        status = TEXT_STATUS.index(name)
    lines = []
    for index, slot in modem.memory(modem.mem1).listed(status):
        lines += describe(modem, slot, f"+CMGL: {index},")
        if slot.status == UNREAD:
            slot.status = READ
    return lines


@handles("+CMGR", "=")
def read_message(modem, args):
    memory = modem.memory(modem.mem1)
    _, slot = slot_at(memory, split_args(args)[0])
    lines = describe(modem, slot, "+CMGR: ")
    if slot.status == UNREAD:
        slot.status = READ
    return lines


@handles("+CMGD", "=?")
def deletable(modem, args):
    slots = modem.memory(modem.mem1).slots
    return [f"+CMGD: ({','.join(map(str, sorted(slots)))}),(0-4)"]


@handles("+CMGD", "=")
def delete_message(modem, args):
    memory = modem.memory(modem.mem1)
    fields = split_args(args)
    flag = number(fields[1], 0, 4) if len(fields) > 1 else 0
    index = number(fields[0], 0, 999, 321)
    if flag == 0 and not memory.holds(index):
        raise cms(321)
    modem.deleted(memory, memory.delete(index, flag))


# ---- sending ------------------------------------------------------------

def read_pdu(data, length):
    """The octets typed at the prompt; CMS 304 when they do not fit."""
    text = "".join(data.split())
    try:
        octets = bytes.fromhex(text)
        tpdu = pdu.strip_sca(octets)
    except ValueError as error:
        raise cms(304) from error
    if len(tpdu) != length:
        raise cms(304)
    return octets, tpdu


def check_prompt(modem):
    """The faults of this stage: SILENT for "no prompt", or an error."""
    fault = modem.faults.next_prompt()
    if fault == "none":
        return SILENT
    if fault:
        family, code = fault
        raise AtError() if code < 0 else AtError(family, code)
    return None


def typed_text(modem, to, done):
    """A prompt for text mode; done(tpdu) gets a GSM-7 SUBMIT."""
    def encode(data):
        text = data.replace("\r\n", "\n").replace("\r", "\n")
        ud = pdu.split_text(text[:160], "auto")[0]
        try:
            return done(pdu.encode_submit(to, ud))
        except (KeyError, ValueError) as error:
            raise cms(305) from error
    return Prompt(encode)


@handles("+CMGS", "=")
def send_message(modem, args):
    silent = check_prompt(modem)
    if silent:
        return silent
    fields = split_args(args)
    if modem.cmgf == 1:
        return typed_text(modem, fields[0] or "",
                          lambda tpdu: modem.submit(tpdu, "+CMGS"))
    length = number(fields[0], 7, 176, 304)
    return Prompt(lambda data: modem.submit(
        read_pdu(data, length)[1], "+CMGS"))


@handles("+CMGW", "=")
def write_message(modem, args):
    fields = split_args(args)
    if modem.cmgf == 1:
        raise cms(303)
    length = number(fields[0], 7, 176, 304)
    status = number(fields[1], 0, 3) if len(fields) > 1 else UNSENT

    def store(data):
        octets, tpdu = read_pdu(data, length)
        try:
            index = modem.memory(modem.mem2).add(status, octets, len(tpdu))
        except Full as full:
            raise cms(322) from full
        return [f"+CMGW: {index}"]
    return Prompt(store)


@handles("+CMSS", "=")
def send_stored(modem, args):
    memory = modem.memory(modem.mem2)
    _, slot = slot_at(memory, split_args(args)[0])
    slot.status = 3
    return modem.submit(pdu.strip_sca(slot.pdu), "+CMSS")


# ---- acknowledgements ---------------------------------------------------

@handles("+CNMA", "=?")
def acknowledgements(modem, args):
    return ["+CNMA: (0-2)"]


@handles("+CNMA", "")
@handles("+CNMA", "=")
def acknowledge(modem, args):
    fields = split_args(args) if args else ["0"]
    how, kind = number(fields[0], 0, 2), modem.profile["cnma"]
    if kind == "no" or (kind == "plain" and len(fields) > 1):
        raise AtError()
    if how == 0 or len(fields) < 2:
        modem.receiver.acknowledge(how < 2)
        return None
    if not modem.receiver.unacked:
        raise cms(340)
    number(fields[1], 0, 160)

    def done(data):
        modem.receiver.acknowledge(how == 1)
    return Prompt(done)


for _name in ("+CMGS", "+CMGW", "+CMGR", "+CMSS", "+CSCA"):
    handles(_name, "=?")(lambda modem, args: [])
