"""The simulated world: one SMSC, its modems, the ledger and the trace.

Everything that happens is an event: numbered, kept for later subscribers,
written to the ledger when it is one of LEDGER_EVENTS, and passed to the
control connections.
"""

import json
import os
import time
from collections import deque

from sim.device import Modem
from sim.smsc import Smsc

KEEP_EVENTS = 200000
KEEP_LOG = 20000
LEDGER_EVENTS = {"accepted", "cmgd", "phone", "duplicate", "expired",
                 "stored", "routed", "cnma", "cnma-missed", "text"}


class World:
    def __init__(self, loop, options=None):
        options = options or {}
        self.loop, self.options = loop, options
        self.events = deque(maxlen=KEEP_EVENTS)
        self.listeners = []
        self.seq = 0
        self.log = deque(maxlen=KEEP_LOG)
        self.ledger = self._open(options.get("ledger"))
        self.sync = options.get("fsync", True)
        self.trace_fd = self._open(options.get("trace"))
        self.start = time.monotonic()
        self.smsc = Smsc(loop, self.emit, options)
        self.modems = {}

    @staticmethod
    def _open(path):
        if not path:
            return None
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND
                       | os.O_CLOEXEC, 0o644)

    def add_modem(self, options):
        """A modem that is plugged in, powered and registered."""
        if options.get("name", "sim1") in self.modems:
            raise ValueError(f"two modems named {options['name']}")
        merged = {**self.options, **options}
        modem = Modem(self.loop, self.smsc, merged, self.emit, self.trace)
        self.modems[modem.name] = modem
        self.smsc.add_modem(modem)
        modem.plug_in()
        modem.switch_on()
        return modem

    def emit(self, event, **fields):
        self.seq += 1
        record = {"seq": self.seq, "event": event,
                  "time": round(time.time(), 4), **fields}
        self.events.append(record)
        if self.ledger is not None and event in LEDGER_EVENTS:
            os.write(self.ledger, json.dumps(record).encode() + b"\n")
            if self.sync:
                os.fdatasync(self.ledger)
        for listener in self.listeners:
            listener(record)

    def trace(self, name, direction, data):
        """One line of the log: > is what the gateway wrote."""
        entry = (time.monotonic() - self.start, name, direction, data)
        self.log.append(entry)
        if self.trace_fd is not None:
            os.write(self.trace_fd, self.trace_line(entry).encode() + b"\n")

    @staticmethod
    def trace_line(entry):
        when, name, direction, data = entry
        text = repr(data)[2:-1]
        return f"{when:10.4f} {name} {direction} {text}"

    def close(self):
        for modem in self.modems.values():
            modem.unplug()
        for fd in (self.ledger, self.trace_fd):
            if fd is not None:
                os.close(fd)
