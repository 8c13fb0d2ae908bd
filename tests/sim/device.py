"""One simulated modem: power, network, memories and its serial port.

State that a reset clears lives in `reset_session`; the SIM, the memories
and the SMSC's queue survive, as they do in a real modem.
"""

import os
import random
from collections import deque

from sim import commands, endpoint, pdu
from sim.at import SILENT, AtError, Port, cme
from sim.calls import Calls
from sim.family import Family, load_profile
from sim.faults import Faults
from sim.mobile import CLEAN, LATE, Receiver, Submission
from sim.phonebook import Phonebook
from sim.sim_card import NEED_PIN, SimCard
from sim.store import READ, Memory, View
from sim.ussd import Ussd

MAX_HELD_URCS = 1000


class Modem:
    def __init__(self, loop, smsc, options, emit, trace):
        self.loop, self.smsc = loop, smsc
        self.emit, self.trace = emit, trace
        self.name = options.get("name", "sim1")
        self.number = options.get("number", "+447700900000")
        self.profile = load_profile(options.get("profile", "generic"))
        digits = self.number.removeprefix("+")[-10:].rjust(10, "0")
        self.imei = options.get("imei", "35" + digits + "017")
        self.sim = SimCard(options.get("imsi", "00101" + digits),
                           self.number, options.get("pin"))
        self.answer = options.get("answer", (0, 0))     # ms for +CMGS
        self.latency = options.get("latency", 0)        # ms a command
        self.accept_at = options.get("accept_at", 0.5)
        self.boot_time = options.get("boot", 0.1)       # s
        self.mr_mode = options.get("mr", "rd")
        self.cnma_timeout = options.get("cnma_timeout", 15.0)
        self.where = {k: options.get(k)
                      for k in ("link", "tcp", "unix", "abstract")}
        seed = options.get("seed", 1)
        self.rng = random.Random(f"{seed} {self.name}")
        self._init_state(f"faults {seed} {self.name}")

    def _init_state(self, seed):
        sizes, base = self.profile["memories"], self.profile["index_base"]
        self.memories = {n: Memory(n, c, base) for n, c in sizes.items()}
        self.views = {n: View(n, [self.memories[p] for p in parts])
                      for n, parts in self.profile["views"].items()}
        self.family = Family(self)
        self.submission = None      # that waits for its answer
        self.answered_last = (-1000.0, None)
        self.spoilt_at = -1000.0    # when bytes to the gateway got lost
        self.faults = Faults(self, seed)
        self.endpoints, self.timers = [], set()
        self.out, self.out_timer = deque(), None
        self.power, self.plugged = False, False
        self.network, self.stat, self.rssi = True, 1, 20
        self.next_mr, self.act = 0, self.profile["act"]
        self.answered, self.answer_sum = 0, 0.0
        self.counts = {"cmgs": 0, "accepted": 0, "received": 0,
                       "reports": 0, "cmgd": 0, "boots": 0}
        self.operator = "TestNet"
        self.calls, self.ussd = Calls(self), Ussd(self)
        self.phonebook = Phonebook(self)
        self.hung_until = 0
        self.port = Port(self)
        self.receiver = Receiver(self)
        self.reset_session()

    def reset_session(self):
        """The settings that a power cycle forgets."""
        self.port.reset()
        for part in (self.family, self.calls, self.ussd, self.phonebook):
            part.reset()
        self.port.info_hook = self.faults.split_answer
        self.settings = {}
        self.cmee, self.cmgf, self.csms, self.cscs = 0, 0, 0, "GSM"
        self.cnmi = [0, 0, 0, 0, 0]
        self.cfun, self.cops_format, self.operator_mode = 1, 0, 0
        self.report_reg = {"+CREG": 0, "+CGREG": 0, "+CEREG": 0}
        names = list(self.memories)
        self.mem1 = self.mem2 = self.mem3 = names[0]
        self.sca = self.smsc.number
        self.buffered = deque()     # URCs kept because CNMI mode is 0
        self.queued = deque(maxlen=MAX_HELD_URCS)   # while a prompt is open

    # ---- plug and power -------------------------------------------------

    def plug_in(self):
        self.endpoints = endpoint.open_all(self.loop, self.where,
                                           self._received)
        self.plugged = True
        if self.where["tcp"] is not None:
            self.where["tcp"] = self.addresses()["tcp"]
        self.emit("plugged", modem=self.name, **self.addresses())

    def addresses(self):
        out = {}
        for end in self.endpoints:
            out.update(end.where())
        return out

    def switch_on(self):
        """The state after a finished boot."""
        self.power = True
        self.counts["boots"] += 1
        self.sim.power_on()
        self.family.switched_on()
        self.receiver.network_changed()

    def unplug(self, keep_power=False):
        """Pulls the cable; without `keep_power` the modem dies with it."""
        self._cut_off("the port went")
        for end in self.endpoints:
            end.close()
        self.endpoints = []
        self.out.clear()
        self.plugged = False
        if not keep_power:
            self.switch_off()
        self.emit("unplugged", modem=self.name)

    def replug(self, link=None, renumber=False):
        """Plugs in again, on request under another name or pty number."""
        if self.plugged:
            return
        if link:
            self.where["link"] = link
        spare = os.openpty() if renumber else ()
        self.plug_in()
        for fd in spare:
            os.close(fd)
        if not self.power:
            self.boot()

    def replug_later(self, seconds, spec):
        self.loop.call_later(seconds, lambda: self.replug(
            spec.get("link"), spec.get("renumber", False)))

    def _cut_off(self, why, span=CLEAN):
        """What was said just now may not have been read."""
        when, submission = self.answered_last
        if submission and (self.out or self.loop.time() - when < span):
            submission.unclear(why)
        self.spoilt_at = self.loop.time()

    def switch_off(self):
        self._cut_off("power off")
        if self.submission:
            self.submission.unclear("power off")
            self.submission = None
        self.power, self.hung_until = False, 0
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()
        self.out.clear()
        self.receiver.abort()
        self.reset_session()

    def reboot(self, seconds=None, noise=None):
        """Off and on; some modems come back as another device."""
        took = self.boot_time if seconds is None else seconds
        for line in self.profile["dying_noise"] if noise is None else ():
            self.write_line(line)
        if self.profile["renumbers"] and self.plugged:
            self.unplug()
            self.replug_later(took, {"renumber": True})
        else:
            self.switch_off()
            self.boot(seconds, noise)

    def brown_out(self):
        """The supply breaks down: half a warning, noise, and a boot."""
        words = "\r\n".join(self.profile["dying_noise"]).encode()
        noise = bytes(self.rng.randrange(256) for _ in range(12))
        if self.power and not self.hung():
            self._put(words + noise)
        self.reboot(noise=[noise.decode("latin-1")]
                    + self.profile["boot_noise"])

    def boot(self, seconds=None, noise=None):
        """Deaf for a while, then boot noise, then ready."""
        lines = self.profile["boot_noise"] if noise is None else noise

        def ready():
            self.switch_on()
            for line in lines:
                self.write_line(line)
            if self.sim.state == NEED_PIN:
                self.write_line("+CPIN: SIM PIN")
            else:
                self.sim_ready()
            self.emit("booted", modem=self.name)
        self.later(self.boot_time if seconds is None else seconds, ready)

    def sim_ready(self):
        for line in self.profile["ready_noise"]:
            self.write_line(line)
        self.receiver.network_changed()

    def hang(self, seconds):
        """Deaf and mute; what was asked meanwhile is lost."""
        self.hung_until = self.loop.time() + seconds

    def hung(self):
        return self.loop.time() < self.hung_until

    def later(self, seconds, action):
        """A timer that the power switch cancels."""
        def run():
            self.timers.discard(timer)
            action()
        timer = self.loop.call_later(seconds, run)
        self.timers.add(timer)
        return timer

    # ---- network --------------------------------------------------------

    def registered(self):
        return (self.power and self.network and self.cfun == 1
                and self.operator_mode != 2 and self.sim.ready())

    def reg_stat(self):
        if self.registered():
            return self.stat
        return 2 if self.power and self.cfun == 1 else 0

    def set_network(self, up):
        self.network = up
        self.registration_changed()

    def registration_changed(self):
        for name, n in self.report_reg.items():
            if n:
                self.urc(commands.reg_line(self, name, n))
        self.receiver.network_changed()

    def mt(self, item, done):
        """The network delivers an item; see MtQueue."""
        self.receiver.take(item, done)

    # ---- serial port ----------------------------------------------------

    def _received(self, data):
        self.trace(self.name, ">", data)
        if not self.power or self.hung():
            return
        self.port.feed(self.faults.on_wire(data, "in"))

    def overheard(self, data):
        """Bytes from another program on the same port."""
        if self.plugged:
            self._received(data)

    def write(self, data):
        if not self.power or self.hung():
            self.spoilt_at = self.loop.time()
            return
        faults = self.faults
        if faults.noise or faults.chaos:
            whole, data = data, faults.on_wire(data, "out")
            if data != whole:
                self.spoilt_at = self.loop.time()
        if not (faults.delay or faults.gap or self.out):
            self._put(data)
            return
        delay = faults.wire_delay()
        if faults.gap:
            for byte in data:
                self.out.append((delay + faults.gap, bytes([byte])))
                delay = 0
        else:
            self.out.append((delay, data))
        self._drain()

    def _put(self, data):
        if self.faults.stolen_until and self.faults.stolen():
            self.trace(self.name, "!", data)
            self._cut_off("another program read it", LATE)
            return
        if not self.endpoints:
            self.spoilt_at = self.loop.time()
        self.trace(self.name, "<", data)
        for end in self.endpoints:
            end.write(data)

    def _drain(self):
        if self.out_timer or not self.out:
            return

        def next_chunk():
            self.out_timer = None
            if self.out:
                self._put(self.out.popleft()[1])
            self._drain()
        self.out_timer = self.loop.call_later(self.out[0][0], next_chunk)

    def write_line(self, line):
        self.write(f"\r\n{line}\r\n".encode("latin-1", "replace"))

    def start(self, line, port):
        """Runs a command line of a port, after the modem's general latency."""
        if self.family.swallows(line):
            return
        if not self.latency:
            port.run(line)
            return
        port.busy = True

        def run():
            port.busy = False
            port.run(line)
            port.pump()
        self.later(self.latency / 1000, run)

    def line_done(self):
        """A command line has ended: URCs may go."""
        while self.queued and not self.port.prompt:
            self.write_line(self.queued.popleft())

    def urc(self, line, sms=False):
        """Unsolicited; SMS lines wait while CNMI mode is 0."""
        if sms and self.cnmi[0] == 0:
            if len(self.buffered) < MAX_HELD_URCS:
                self.buffered.append(line)
        elif self.port.prompt:
            self.queued.append(line)
        else:
            self.write_line(line)

    def flush_buffered(self):
        """+CNMI has left mode 0: bfr 0 sends what was kept, 1 drops it."""
        lines, self.buffered = self.buffered, deque()
        if self.cnmi[4] == 0:
            for line in lines:
                self.urc(line)

    def flood(self, line, count):
        """URCs without end, a hundred at a time."""
        for _ in range(min(count, 100)):
            self.write_line(line)
        if count > 100:
            self.later(0.01, lambda: self.flood(line, count - 100))

    # ---- commands -------------------------------------------------------

    def execute(self, command):
        error = self.faults.next_error(command.name)
        if error:
            family, code = error
            raise AtError() if code < 0 else AtError(family, code)
        if self.family.before(command) is SILENT:
            return SILENT
        try:
            return commands.execute(self, command)
        except IndexError as missing:
            raise cme(50) from missing

    def submit(self, tpdu, name):
        """Sends a TPDU; the result of the command `name`."""
        self.counts["cmgs"] += 1
        return Submission(self, tpdu, name).start()

    def take_mr(self, sub):
        """The message reference of this submission, see README."""
        if self.mr_mode == "te" or (self.mr_mode == "rd" and sub.rd):
            return sub.mr
        mr = self.next_mr
        self.next_mr = (mr + 1) % 256
        return mr

    # ---- memories -------------------------------------------------------

    def memory(self, name):
        """A memory, or several that go by one name; None: unknown."""
        return self.memories.get(name) or self.views.get(name)

    def fill(self, name, leave=0):
        """Fills a memory with old texts, but for `leave` slots."""
        memory = self.memories[name]
        ud = pdu.split_text("old text")[0]
        tpdu = pdu.encode_deliver("+447700900666", ud)
        full = pdu.encode_sca(self.smsc.number) + tpdu
        while memory.used() < memory.capacity - leave:
            memory.add(READ, full, len(tpdu))

    def deleted(self, memory, gone):
        """Tells of deleted slots, and the network of free room."""
        for index, slot in gone:
            self.counts["cmgd"] += 1
            self.emit("cmgd", modem=self.name, memory=memory.name,
                      index=index, pdu=slot.pdu.hex())
        if gone:
            self.receiver.room_made()

    def stats(self):
        mean = self.answer_sum / max(self.answered, 1)
        return {
            "name": self.name, "number": self.number, **self.counts,
            "answers": self.answered, "answer_mean_ms": mean * 1000,
            "planned_mean_ms": sum(self.answer) / 2, "power": self.power,
            "plugged": self.plugged, "registered": self.registered(),
            "sim": self.sim.counters(), "cnmi": self.cnmi,
            "csms": self.csms, "cmgf": self.cmgf, "rssi": self.rssi,
            "waiting": len(self.smsc.queues[self].items),
            "memories": {n: [m.used(), m.capacity]
                         for n, m in self.memories.items()},
            **self.addresses(),
        }
