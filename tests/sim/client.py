"""Talking to the simulator from a test, without asyncio.

    with Simulator(directory, modems=[{"name": "sim1"}]) as sim:
        sim.text("sim1", "hello", sender="+447700900123")
        event = sim.wait_for("phone", number="+447700900123")

SimClient alone attaches to a simulator that runs already.
"""

import json
import os
import select
import socket
import subprocess
import sys
import time

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "modem.py")


class SimError(Exception):
    """The simulator refused a command, or went away."""


class SimTimeout(SimError, AssertionError):
    """What was waited for did not happen."""


class SimClient:
    """A control connection. Events queue up until wait_for takes them."""

    def __init__(self, path, since=0):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.buffer = b""
        self.events = []
        self.serial = 0
        if since is not None:
            self.request("subscribe", since=since)

    def close(self):
        self.socket.close()

    # ---- requests -------------------------------------------------------

    def request(self, cmd, **fields):
        """Sends a command; returns its reply or raises SimError."""
        self.serial += 1
        message = {"cmd": cmd, "id": self.serial, **fields}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        deadline = time.monotonic() + 30
        while True:
            record = self._read(deadline)
            if record is None:
                raise SimTimeout(f"no reply to {cmd}")
            if record.get("id") == self.serial and "ok" in record:
                break
            self.events.append(record)
        if not record["ok"]:
            raise SimError(record["error"])
        return record

    def text(self, to, text=None, sender="+447700900123", **options):
        """A phone sends a text to a modem (name or number)."""
        fields = {"to": to, "from": sender, **options}
        if text is not None:
            fields["text"] = text
        return self.request("text", **fields)

    def fault(self, fault, modem=None, **fields):
        if modem:
            fields["modem"] = modem
        return self.request("fault", fault=fault, **fields)

    def received(self, number):
        """What a phone has received."""
        return self.request("phone", number=number)["received"]

    def stats(self, modem=None):
        reply = self.request("stats")
        return reply["modems"][modem] if modem else reply

    def log(self, count=200):
        return self.request("log", count=count)["lines"]

    # ---- events ---------------------------------------------------------

    def _read(self, deadline):
        """The next record, or None at the deadline."""
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left < 0:
                left = 0
            if not select.select([self.socket], [], [], left)[0]:
                return None
            data = self.socket.recv(65536)
            if not data:
                raise SimError("the simulator has gone")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def poll(self):
        """Reads what has arrived into `events`, without waiting."""
        while (record := self._read(time.monotonic())) is not None:
            self.events.append(record)
        return self.events

    def wait_for(self, what, timeout=10, **fields):
        """Takes the first event that fits and returns it.

        `what` is an event name, with `fields` that must be equal, or a
        predicate. Events before it stay for later calls.
        """
        def fits(record):
            if callable(what):
                return what(record)
            return record.get("event") == what and all(
                record.get(k.rstrip("_")) == v for k, v in fields.items())
        deadline = time.monotonic() + timeout
        seen = 0
        while True:
            for i in range(seen, len(self.events)):
                if fits(self.events[i]):
                    return self.events.pop(i)
            seen = len(self.events)
            record = self._read(deadline)
            if record is None:
                raise SimTimeout(self._explain(what, fields, timeout))
            self.events.append(record)

    def _explain(self, what, fields, timeout):
        last = "\n  ".join(json.dumps(e) for e in self.events[-15:])
        return (f"no event {what} {fields} in {timeout} s; "
                f"the last events:\n  {last}")

    def drop_events(self):
        self.poll()
        self.events.clear()


class Simulator(SimClient):
    """A simulator process of one's own; ends with this object."""

    def __init__(self, directory, modems=None, arguments=()):
        directory = str(directory)
        os.makedirs(directory, exist_ok=True)
        self.directory = directory
        control = os.path.join(directory, "sim.sock")
        command = [sys.executable, PROGRAM, "--control", control,
                   "--exit-on-eof", *map(str, arguments)]
        for options in modems or [{}]:
            command += ["--modem", self._describe(options)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise SimError(f"the simulator did not start: {command}")
        self.ready = json.loads(line)
        self.modems = self.ready["modems"]
        super().__init__(control)

    def _describe(self, options):
        options = {"name": "sim1", **options}
        if not set(options) & {"link", "tcp", "unix", "abstract"}:
            options["link"] = os.path.join(self.directory,
                                           "tty-" + options["name"])
        return ",".join(f"{k}={v}" for k, v in options.items())

    def device(self, modem="sim1"):
        """The path a gateway opens."""
        return self.modems[modem]["link"]

    def close(self):
        super().close()
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
