"""What a modem answers to commands that are not about short messages.

HANDLERS maps (name, kind) to a function of the modem and the arguments;
kind is "" (execute), "?", "=" or "=?". What is not in the table, nor in
the profile's replies, is answered ERROR.
"""

import time

from sim import clock, gsm7
from sim.at import AtError, cme, cms, split_args
from sim.sim_card import BLOCKED, NEED_PIN, NEED_PUK, READY

HANDLERS = {}


def handles(name, *kinds):
    def add(function):
        for kind in kinds:
            HANDLERS[name, kind] = function
        return function
    return add


# ---- what needs a SIM ---------------------------------------------------

SIM_COMMANDS = {"+CIMI", "+CNUM", "+CCID", "+ICCID", "+CLCK", "+CUSD",
                "+CPBS", "+CPBR", "+CPBW"}
SMS_COMMANDS = {"+CMGS", "+CMGL", "+CMGR", "+CMGD", "+CMGW", "+CMSS",
                "+CPMS", "+CSCA"}
CME_OF_STATE = {NEED_PIN: 11, NEED_PUK: 12, BLOCKED: 13}
CMS_OF_STATE = {NEED_PIN: 311, NEED_PUK: 316, BLOCKED: 313}


def check_sim(modem, name):
    """Raises what a missing, locked or busy SIM answers."""
    sms = name in SMS_COMMANDS
    if not sms and name not in SIM_COMMANDS and name != "+CPIN":
        return
    sim, error = modem.sim, cms if sms else cme
    if not sim.present:
        raise error(310 if sms else 10)
    if modem.faults.sim_busy > 0:
        modem.faults.sim_busy -= 1
        raise error(314 if sms else 14)
    if sim.state != READY and name != "+CPIN":
        raise error((CMS_OF_STATE if sms else CME_OF_STATE)[sim.state])


def execute(modem, command):
    """Runs one command; information lines, or Wait, Prompt, SILENT."""
    spelled = f"AT{command.name}{command.kind}{command.args}".upper()
    replies = modem.profile["replies"]
    if spelled in replies:
        return replies[spelled]
    if modem.family.knows(spelled):
        return []
    handler = HANDLERS.get((command.name, command.kind))
    if handler is None:
        return execute_setting(modem, command)
    if command.kind != "=?":
        check_sim(modem, command.name)
    return handler(modem, command.args)


# ---- plain settings -----------------------------------------------------

# name: (default, answer to =?); kept as written
SETTINGS = {
    "+CLIP": ("0", "(0,1)"), "+CRC": ("0", "(0,1)"),
    "+COLP": ("0", "(0,1)"), "+CMMS": ("0", "(0-2)"),
    "+CGSMS": ("1", "(0-3)"), "+CTZU": ("0", "(0,1)"),
    "+CTZR": ("0", "(0,1)"), "+IPR": ("115200", "(),(9600,115200)"),
    "+IFC": ("2,2", "(0-2),(0-2)"), "+ICF": ("3,3", "(1-3),(0-3)"),
    "+CSSN": ("0,0", "(0,1),(0,1)"), "+CSDH": ("0", "(0,1)"),
    "+CSMP": ("17,167,0,0", ""), "+CSCB": ('0,"",""', "(0,1)"),
    "+CGEREP": ("0,0", "(0-2),(0,1)"), "+CCWA": ("0", "(0,1)"),
    "+CMEC": ("0,0,0", "(0),(0),(0)"), "+WS46": ("12", "(12)"),
    "+CVHU": ("1", "(0,1)"),
}


def execute_setting(modem, command):
    name = command.name
    if name not in SETTINGS:
        raise AtError(unknown=True)
    default, answers = SETTINGS[name]
    if command.kind == "=?":
        return [f"{name}: {answers}"]
    if command.kind == "?":
        return [f"{name}: {modem.settings.get(name, default)}"]
    if command.kind == "=":
        modem.settings[name] = command.args
    return []


# ---- V.250 --------------------------------------------------------------

def on_off(text):
    if text not in ("", "0", "1"):
        raise AtError()
    return text == "1"


@handles("E", "")
def set_echo(modem, args):
    modem.port.echo = on_off(args)


@handles("V", "")
def set_verbose(modem, args):
    modem.port.verbose = on_off(args)


@handles("Q", "")
def set_quiet(modem, args):
    modem.port.quiet = on_off(args)


@handles("Z", "")
@handles("&F", "")
def set_defaults(modem, args):
    """Settings as after power on; memories, SIM and network stay."""
    port = modem.port
    port.echo, port.verbose, port.quiet = True, True, False
    modem.settings = {}
    modem.cmee, modem.cmgf, modem.csms, modem.cscs = 0, 0, 0, "GSM"
    modem.cnmi = [0, 0, 0, 0, 0]
    modem.cops_format = 0
    modem.report_reg = dict.fromkeys(modem.report_reg, 0)


@handles("X", "")
@handles("L", "")
@handles("M", "")
@handles("S", "")
@handles("&C", "")
@handles("&D", "")
@handles("&K", "")
@handles("&S", "")
@handles("&W", "")
@handles("\\Q", "")
def accept(modem, args):
    """Taken and without effect here."""


for _register in range(13):
    HANDLERS[f"S{_register}", "="] = accept
    HANDLERS[f"S{_register}", "?"] = lambda modem, args: ["000"]


@handles("I", "")
def information(modem, args):
    names = modem.profile["identity"]
    return [names["+CGMI"], names["+CGMM"], names["+CGMR"]]


@handles("D", "")
def dial(modem, args):
    """Voice calls never connect."""
    raise cme(3)


# ---- identity -----------------------------------------------------------

def identity(name):
    return lambda modem, args: [modem.profile["identity"][name]]


def nothing(modem, args):
    return []


for _name in ("+CGMI", "+CGMM", "+CGMR"):
    for _alias in (_name, "+G" + _name[3:]):
        HANDLERS[_alias, ""] = identity(_name)
        HANDLERS[_alias, "=?"] = nothing


@handles("+CGSN", "")
@handles("+GSN", "")
def serial_number(modem, args):
    return [modem.imei]


@handles("+CIMI", "")
def imsi(modem, args):
    return [modem.sim.imsi]


@handles("+CCID", "")
@handles("+ICCID", "")
def iccid(modem, args):
    return [f"+CCID: {modem.sim.iccid}"]


@handles("+CNUM", "")
def own_number(modem, args):
    own = modem.phonebook.books["ON"]
    return [f'+CNUM: "{charset(modem, name)}","{number}",'
            f'{145 if number.startswith("+") else 129}'
            for _, (number, name) in sorted(own.items())]


for _name in ("+CGSN", "+GSN", "+CIMI", "+CNUM"):
    HANDLERS[_name, "=?"] = nothing


def charset(modem, text):
    """Text as +CSCS wants it; "?" for what has no place there."""
    if modem.cscs == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    if modem.cscs == "HEX":
        return text.encode("latin-1", "replace").hex().upper()
    if modem.cscs == "IRA":
        return text.encode("ascii", "replace").decode()
    return "".join(chr(s) for c in text for s in gsm7.encode(
        c if gsm7.encodable(c) else "?"))


@handles("+CSCS", "=?")
def charsets(modem, args):
    return ['+CSCS: ("GSM","IRA","UCS2","HEX")']


@handles("+CSCS", "?")
def get_charset(modem, args):
    return [f'+CSCS: "{modem.cscs}"']


@handles("+CSCS", "=")
def set_charset(modem, args):
    name = args.strip('"').upper()
    if name not in ("GSM", "IRA", "UCS2", "HEX"):
        raise cme(50)
    modem.cscs = name


@handles("+CMEE", "=")
def set_cmee(modem, args):
    modem.cmee = number(args, 0, 2)


@handles("+CMEE", "?")
def get_cmee(modem, args):
    return [f"+CMEE: {modem.cmee}"]


def number(text, low, high):
    """A number in a range; CME 50 for anything else."""
    if text is None or not text.isdecimal() or not low <= int(text) <= high:
        raise cme(50)
    return int(text)


# ---- SIM ----------------------------------------------------------------

@handles("+CPIN", "?")
def get_pin(modem, args):
    if modem.sim.state == BLOCKED:
        raise cme(13)
    return [f"+CPIN: {modem.sim.state}"]


@handles("+CPIN", "=")
def enter_pin(modem, args):
    sim = modem.sim
    if sim.state == READY:
        raise cme(3)
    right = sim.enter(*split_args(args)[:2])
    modem.emit("pin", modem=modem.name, right=right, **sim.counters())
    if not right:
        raise cme(13 if sim.state == BLOCKED else 16)
    modem.later(0, lambda: (modem.write_line("+CPIN: READY"),
                            modem.sim_ready()))


@handles("+CPINR", "")
def pin_tries(modem, args):
    sim = modem.sim
    return [f"+CPINR: SIM PIN,{sim.pin_tries},3",
            f"+CPINR: SIM PUK,{sim.puk_tries},10"]


@handles("+CLCK", "=")
def facility_lock(modem, args):
    fields = split_args(args)
    if fields[:2] != ["SC", "2"]:
        raise cme(4)
    return [f"+CLCK: {int(modem.sim.enabled)}"]


# ---- network ------------------------------------------------------------

def reg_line(modem, name, n):
    """The unsolicited form of +CREG and its like."""
    stat = modem.family.registration(name, modem.reg_stat())
    if n < 2 or stat not in (1, 5):
        return f"{name}: {stat}"
    act = f",{modem.act}" if modem.family.shows_act(name) else ""
    return f'{name}: {stat},"00A1","0000C0DE"{act}'


def _registration(name):
    def get(modem, args):
        n = modem.report_reg[name]
        return [reg_line(modem, name, n).replace(": ", f": {n},", 1)]

    def put(modem, args):
        modem.report_reg[name] = number(args, 0, 2)
    HANDLERS[name, "?"] = get
    HANDLERS[name, "="] = put
    HANDLERS[name, "=?"] = lambda modem, args: [f"{name}: (0-2)"]


for _name in ("+CREG", "+CGREG", "+CEREG"):
    _registration(_name)


@handles("+CGATT", "?")
def attached(modem, args):
    return [f"+CGATT: {int(modem.registered())}"]


HANDLERS["+CGATT", "="] = accept


@handles("+CSQ", "")
def signal(modem, args):
    return [f"+CSQ: {modem.rssi if modem.registered() else 99},0"]


HANDLERS["+CSQ", "=?"] = lambda modem, args: ["+CSQ: (0-31,99),(0-7,99)"]


@handles("+COPS", "?")
def get_operator(modem, args):
    if not modem.registered():
        return [f"+COPS: {modem.operator_mode}"]
    name = charset(modem, modem.operator)
    names = (name, name, "00101")
    form = modem.cops_format
    act = f",{modem.act}" if modem.act is not None else ""
    return [f'+COPS: {modem.operator_mode},{form},"{names[form]}"{act}']


@handles("+COPS", "=?")
def list_operators(modem, args):
    name = charset(modem, modem.operator)
    return [f'+COPS: (2,"{name}","{name}","00101",{modem.act or 0}),'
            ',(0-4),(0-2)']


@handles("+COPS", "=")
def set_operator(modem, args):
    fields = split_args(args)
    mode = number(fields[0], 0, 4)
    if mode == 3:
        modem.cops_format = number(fields[1], 0, 2)
        return
    modem.operator_mode = mode
    modem.registration_changed()


@handles("+CFUN", "?")
def get_function(modem, args):
    return [f"+CFUN: {modem.cfun}"]


@handles("+CFUN", "=?")
def list_functions(modem, args):
    return ["+CFUN: (0,1,4),(0,1)"]


@handles("+CFUN", "=")
def set_function(modem, args):
    fields = split_args(args)
    value = number(fields[0], 0, 4)
    if fields[1:] == ["1"]:
        modem.loop.call_soon(modem.reboot)
        return
    if value != modem.cfun:
        modem.cfun = value
        modem.registration_changed()


# ---- status -------------------------------------------------------------

STATUS = {
    "+CBC": "+CBC: 0,95", "+CPAS": "+CPAS: 0",
    "+GCAP": "+GCAP: +CGSM", "+CESQ": "+CESQ: 40,0,255,255,255,255",
}
for _name, _line in STATUS.items():
    HANDLERS[_name, ""] = lambda modem, args, line=_line: [line]
HANDLERS["+CBC", "=?"] = lambda modem, args: ["+CBC: (0,1),(0-100)"]
HANDLERS["+CPAS", "=?"] = lambda modem, args: ["+CPAS: (0,3,4)"]


@handles("+CCLK", "?")
def get_clock(modem, args):
    now = time.strftime("%y/%m/%d,%H:%M:%S", time.gmtime(clock.now()))
    return [f'+CCLK: "{now}+00"']


@handles("+CLAC", "")
def list_commands(modem, args):
    return sorted({"AT" + name for name, _ in HANDLERS} |
                  {"AT" + name for name in SETTINGS})


# Each adds its own handlers.
from sim import calls, phonebook, sms_commands, ussd  # noqa: E402,F401
