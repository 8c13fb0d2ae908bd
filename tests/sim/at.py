"""The command line of a modem: bytes in, commands out (ITU-T V.250).

A Port collects command lines and prompt data from whatever bytes arrive,
echoes them, runs compound lines command by command and writes information
and result codes. What a command means is the modem's affair.
"""

import re
from collections import deque
from dataclasses import dataclass

MAX_LINE = 2048
MAX_INBOX = 65536
ESC, CTRL_Z = 0x1B, 0x1A

CME_TEXT = {
    3: "operation not allowed", 4: "operation not supported",
    10: "SIM not inserted", 11: "SIM PIN required", 12: "SIM PUK required",
    13: "SIM failure", 14: "SIM busy", 16: "incorrect password",
    30: "no network service", 50: "incorrect parameters",
    100: "unknown",
}
CMS_TEXT = {
    21: "Short message transfer rejected", 38: "Network out of order",
    302: "operation not allowed", 304: "invalid PDU mode parameter",
    305: "invalid text mode parameter", 310: "SIM not inserted",
    311: "SIM PIN required", 314: "SIM busy", 316: "SIM PUK required",
    321: "invalid memory index", 322: "memory full",
    331: "no network service", 332: "network timeout",
    340: "no +CNMA acknowledgement expected", 500: "unknown error",
    515: "Please wait, service initialization in progress",
}


class AtError(Exception):
    """Ends a command line with ERROR, +CME ERROR or +CMS ERROR."""

    def __init__(self, family=None, code=None, unknown=False):
        super().__init__(f"{family} {code}")
        self.family, self.code = family, code
        self.unknown = unknown      # the command itself is not known

    def result(self, cmee):
        """The result code under this +CMEE setting."""
        if self.family is None or (self.family == "CME" and cmee == 0):
            return "ERROR"
        names = CME_TEXT if self.family == "CME" else CMS_TEXT
        detail = self.code
        if cmee == 2:
            detail = names.get(self.code, self.code)
        return f"+{self.family} ERROR: {detail}"


def cme(code):
    return AtError("CME", code)


def cms(code):
    return AtError("CMS", code)


@dataclass
class Command:
    name: str       # upper case, "+CMGS"
    kind: str       # "" execute, "?" read, "=" set, "=?" test
    args: str = ""


class Wait:
    """What a command returns to answer later through Port.resume()."""


class Prompt:
    """What a command returns to ask for data; done(text) then runs."""

    def __init__(self, done):
        self.done = done


SILENT = object()   # the command ends without any answer

_EXTENDED = re.compile(r"([+^$*#%][A-Z0-9_^!/:.-]*)\s*(=\?|\?|=)?", re.I)
_BASIC = re.compile(r"([&\\]?[A-Z])(\d*)(?:(=\?|\?|=)(\d*))?", re.I)


def _end_of_args(line, pos):
    quoted = False
    while pos < len(line) and (quoted or line[pos] != ";"):
        quoted ^= line[pos] == '"'
        pos += 1
    return pos


def parse_line(line):
    """Splits what follows "AT" into commands."""
    out, pos = [], 0
    while pos < len(line):
        if line[pos] in "; ":
            pos += 1
            continue
        match = _EXTENDED.match(line, pos)
        if match:
            pos = match.end()
            end = _end_of_args(line, pos)
            out.append(Command(match[1].upper(), match[2] or "",
                               line[pos:end].strip()))
            pos = end + 1
            continue
        match = _BASIC.match(line, pos)
        if not match:
            raise AtError()
        pos = match.end()
        name = match[1].upper()
        if name == "D":
            out.append(Command("D", "", line[match.start() + 1:]))
            break
        out.append(Command(name + (match[2] if match[3] else ""),
                           match[3] or "", match[4] or match[2]))
    return out


def split_args(text):
    """Parameters of a set command: quotes off, None where left out."""
    out = []
    for raw in re.findall(r'(?:"[^"]*"|[^,"])*(?:,|$)', text):
        item = raw.rstrip(",").strip()
        out.append(item.strip('"') if item else None)
        if not raw.endswith(","):
            break
    return out


class Port:
    """One serial port; `modem` executes commands and writes bytes."""

    def __init__(self, modem):
        self.modem = modem
        self.reset()

    def reset(self):
        """As after power on."""
        self.echo, self.verbose, self.quiet = True, True, False
        self.inbox = bytearray()
        self.line = bytearray()
        self.last = ""
        self.prompt = None
        self.data = bytearray()
        self.busy = False
        self.todo = deque()
        self.info_hook = None
        self.running = ""
        self.side = None

    # ---- input ----------------------------------------------------------

    def feed(self, data):
        if self.prompt:
            data = self.modem.family.typed(data)
        if len(self.inbox) + len(data) <= MAX_INBOX:
            self.inbox += data
        self.pump()

    def pump(self):
        while self.inbox:
            if self.side and self.side.prompt:
                self._take_side_data()
            elif self.busy:
                if not self._take_aside():
                    return
            elif self.prompt:
                self._take_data()
            else:
                self._take_command()

    def _take_aside(self):
        """+CNMA while the answer to +CMGS is awaited: some modems obey it
        at once, others lose it. Everything else waits."""
        match = re.match(rb"\s*AT\+CNMA[^\r]*\r\n?", self.inbox, re.I)
        if not match or self.modem.submission is None:
            return False
        data = bytes(match[0])
        del self.inbox[:len(data)]
        if self.modem.family.takes_cnma_now():
            self.side = self.side or Port(self.modem)
            self.side.echo, self.side.verbose = self.echo, self.verbose
            self.side.feed(data)
        return True

    def _take_side_data(self):
        match = re.search(rb"[\x1a\x1b]", self.inbox)
        end = match.end() if match else len(self.inbox)
        data = bytes(self.inbox[:end])
        del self.inbox[:end]
        self.side.feed(data)

    def _take_command(self):
        match = re.search(rb"[\r\n\x08\x7f\x1a\x1b/]", self.inbox)
        end = match.start() if match else len(self.inbox)
        chunk = bytes(self.inbox[:end + 1])
        del self.inbox[:end + 1]
        if not match:
            self._extend(chunk)
            return
        mark = chunk[-1]
        self._extend(chunk[:-1])
        if mark == 0x2F:
            self._slash()
        elif mark in (0x08, 0x7F):
            del self.line[-1:]
        elif mark in (0x0D, 0x0A):
            self._echo(b"\r" if mark == 0x0D else b"")
            line, self.line = bytes(self.line), bytearray()
            self._run_line(line)

    def _extend(self, chunk):
        self._echo(chunk)
        if len(self.line) < MAX_LINE:
            self.line += chunk

    def _slash(self):
        self._extend(b"/")
        if bytes(self.line[-2:]).upper() == b"A/" and len(self.line) == 2:
            self.line = bytearray()
            self.modem.start(self.last, self)

    def _take_data(self):
        match = re.search(rb"[\x1a\x1b]", self.inbox)
        end = match.start() if match else len(self.inbox)
        chunk = bytes(self.inbox[:end])
        mark = match[0] if match else b""
        del self.inbox[:end + len(mark)]
        self._echo(chunk + mark)
        if len(self.data) < 2 * MAX_LINE:
            self.data += chunk
        if not mark:
            return
        prompt, self.prompt = self.prompt, None
        data, self.data = bytes(self.data), bytearray()
        if mark == b"\x1b":
            self._finish()
        else:
            self._step(lambda: prompt.done(data.decode("latin-1")))

    def _echo(self, data):
        if self.echo and data:
            self.modem.write(data)

    # ---- running --------------------------------------------------------

    def _run_line(self, line):
        text = line.decode("latin-1")
        start = text.upper().find("AT")
        if start >= 0:
            self.last = text[start + 2:].strip()
            self.modem.start(self.last, self)

    def run(self, line):
        """Runs the commands of a line (without its "AT")."""
        self.running = line
        try:
            self.todo = deque(parse_line(line))
        except AtError as error:
            self._finish(error)
            return
        self._next()

    def _next(self):
        while self.todo:
            command = self.todo.popleft()
            if not self._step(lambda: self.modem.execute(command), False):
                return
        self._finish()

    def _step(self, action, go_on=True):
        """Runs one action; true when the next command may follow."""
        try:
            result = action()
        except AtError as error:
            self._finish(error)
            return False
        if isinstance(result, Wait):
            self.busy = True
            return False
        if isinstance(result, Prompt):
            self.prompt = result
            self.modem.write(b"\r\n> ")
            self.modem.family.prompt_open()
            return False
        if result is SILENT:
            self.todo.clear()
            self.modem.line_done()
            return False
        self._info(result or [])
        if go_on:
            self._next()
        return True

    def resume(self, result):
        """Ends a Wait: information lines, SILENT or an AtError."""
        self.busy = False

        def answer():
            if isinstance(result, AtError):
                raise result
            return result
        self._step(answer)
        self.pump()

    # ---- output ---------------------------------------------------------

    def _info(self, lines):
        if not lines:
            return
        if self.info_hook and len(lines) > 1:
            lines = self.info_hook(lines)
        text = "\r\n".join(lines) + "\r\n"
        if self.verbose:
            text = "\r\n" + text
        self.modem.write(text.encode("latin-1", "replace"))

    def _finish(self, error=None):
        self.todo.clear()
        if not self.quiet and (error or not
                               self.modem.family.no_ok(self.running)):
            self.modem.write(self._result(error))
        self.modem.line_done()

    def _result(self, error):
        text = "OK"
        if error:
            text = self.modem.family.final(error, self.modem.cmee)
        if self.verbose:
            return f"\r\n{text}\r\n".encode("latin-1", "replace")
        numeric = {"OK": "0", "ERROR": "4"}.get(text, text)
        return f"{numeric}\r".encode("latin-1", "replace")
