"""The control socket: JSON lines in, one JSON line out for each.

{"cmd": "subscribe"} makes the connection carry events as well. Commands
are methods named cmd_*; README.md lists them.
"""

import asyncio
import json

from sim import clock, notices

MAX_REQUEST = 1 << 20


class Control:
    def __init__(self, world, quit_world):
        self.world, self.quit = world, quit_world
        self.server = None

    async def listen(self, path):
        self.server = await asyncio.start_unix_server(
            self._serve, path, limit=MAX_REQUEST)

    async def _serve(self, reader, writer):
        session = Session(self.world, writer, self.quit)
        try:
            while line := await reader.readline():
                session.send(session.answer(line))
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass
        finally:
            session.close()


class Session:
    """One connection and what it asks."""

    def __init__(self, world, writer, quit_world):
        self.world, self.writer, self.quit = world, writer, quit_world
        self.wanted = None

    def send(self, record):
        self.writer.write(json.dumps(record).encode() + b"\n")

    def close(self):
        if self._event in self.world.listeners:
            self.world.listeners.remove(self._event)
        self.writer.close()

    def _event(self, record):
        if self.wanted is None or record["event"] in self.wanted:
            self.send(record)

    def answer(self, line):
        """The reply to one request; errors become {"ok": false}."""
        reply = {"ok": True}
        try:
            request = json.loads(line)
            if "id" in request:
                reply["id"] = request["id"]
            action = getattr(self, "cmd_" + request["cmd"], None)
            if action is None:
                raise ValueError(f"no command {request['cmd']}")
            reply.update(action(request) or {})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reply.update(ok=False,
                         error=f"{type(error).__name__}: {error}")
        return reply

    def modem(self, request):
        name = request.get("modem")
        if name is None and len(self.world.modems) == 1:
            return next(iter(self.world.modems.values()))
        return self.world.smsc.modem_by_name(name)

    # ---- events ---------------------------------------------------------

    def cmd_subscribe(self, request):
        """Events from now on, or all after number `since`."""
        self.wanted = request.get("events")
        since = request.get("since", self.world.seq)
        if self._event not in self.world.listeners:
            self.world.listeners.append(self._event)
        for record in list(self.world.events):
            if record["seq"] > since:
                self._event(record)
        return {"seq": self.world.seq}

    # ---- texts ----------------------------------------------------------

    def cmd_text(self, request):
        self.world.emit("text", to=request["to"],
                        text=request.get("text"),
                        token=request.get("token"),
                        **{"from": request.get("from", "+447700900123")})
        return self.world.smsc.text(request)

    def cmd_phone(self, request):
        phone = self.world.smsc.phone(request["number"])
        if "online" in request:
            phone.switch(request["online"])
        received = list(phone.received)
        if request.get("clear"):
            phone.received.clear()
        return {"received": received, "online": phone.online,
                "waiting": len(phone.waiting)}

    def cmd_report(self, request):
        """A rule for reports; with "now" a report on that text at once."""
        smsc = self.world.smsc
        if "now" in request:
            smsc.report_now(request["now"], request["st"])
            return
        rule = {k: v for k, v in request.items()
                if k in ("mode", "st", "sts", "delay", "delays", "count")}
        smsc.set_rule(request.get("to", "*"), rule)

    # ---- modems ---------------------------------------------------------

    def cmd_fault(self, request):
        self.modem(request).faults.inject(request)

    def cmd_unplug(self, request):
        self.cmd_fault({**request, "fault": "unplug"})

    def cmd_replug(self, request):
        self.cmd_fault({**request, "fault": "replug"})
        return self.modem(request).addresses()

    def cmd_reboot(self, request):
        self.cmd_fault({**request, "fault": "reboot"})

    def cmd_signal(self, request):
        self.modem(request).rssi = request["rssi"]

    def cmd_urc(self, request):
        self.modem(request).urc(request["line"])

    def cmd_ussd(self, request):
        """What a code answers; without a code the network speaks first."""
        ussd = self.modem(request).ussd
        if "code" in request:
            ussd.set(request)
        else:
            ussd.push(request)

    def cmd_call(self, request):
        """Somebody calls the modem; without "from" the caller gives up."""
        calls = self.modem(request).calls
        if "from" in request or request.get("hidden"):
            calls.start(request)
        else:
            calls.give_up()

    def cmd_phonebook(self, request):
        self.modem(request).phonebook.set(request)

    def cmd_notice(self, request):
        """A WAP push about an MMS, or messages that wait."""
        spec = notices.build(request)
        self.world.emit("text", to=spec["to"], text=None, token=None,
                        **{"from": spec["from"]})
        return self.world.smsc.text(spec)

    def cmd_time(self, request):
        clock.put_forward(self.world.loop, request["advance"])

    def cmd_add(self, request):
        """One more modem: the keys of --modem."""
        return self.world.add_modem(request["modem"]).stats()

    SETTABLE = ("answer", "latency", "accept_at", "boot_time", "mr_mode",
                "cnma_timeout", "stat", "next_mr", "act",
                "operator", "imei")
    SMSC_SETTABLE = ("delay", "retry", "duplicates", "dup_window")

    def cmd_set(self, request):
        """Changes options of a modem, or of the SMSC."""
        for key, value in request.items():
            if key in self.SETTABLE:
                setattr(self.modem(request), key, value)
            elif key in self.SMSC_SETTABLE:
                setattr(self.world.smsc, key, value)
            elif key not in ("cmd", "id", "modem"):
                raise ValueError(f"no setting {key}")

    def cmd_store(self, request):
        memory = self.modem(request).memories[request.get("memory", "SM")]
        return {"slots": {i: {"status": s.status, "pdu": s.pdu.hex()}
                          for i, s in sorted(memory.slots.items())},
                "capacity": memory.capacity}

    def cmd_stats(self, request):
        modems = self.world.modems.values()
        if request.get("reset"):
            for modem in modems:
                modem.answered, modem.answer_sum = 0, 0.0
        smsc = self.world.smsc
        return {"modems": {m.name: m.stats() for m in modems},
                "texts": smsc.count, "reports": smsc.sent_reports,
                "events": self.world.seq}

    def cmd_log(self, request):
        """The last lines of both directions, newest last."""
        count = request.get("count", 200)
        entries = [e for e in self.world.log
                   if request.get("modem") in (None, e[1])]
        return {"lines": [self.world.trace_line(e)
                          for e in entries[-count:]]}

    def cmd_quit(self, request):
        self.world.loop.call_soon(self.quit)
