"""The short message service centre: routes texts between modems and phones.

What a modem submits is accepted (written to the ledger, given an event),
held until it is delivered, and reported on when the sender asked. Texts
for a modem wait in that modem's queue, one outstanding at a time, as on
the air.
"""

import random
from collections import deque
from dataclasses import dataclass, field

from sim import clock, pdu
from sim.phone import Phone

ST_OK, ST_EXPIRED, ST_DUPLICATE = 0x00, 0x46, 0x45
CMS_DUPLICATE = 197


@dataclass
class Held:
    """A submitted text until its last report has left."""
    number: int
    sender: object
    to: str
    submit: pdu.Submit
    mr: int
    sent: float
    state: str = "held"
    expiry: object = None


@dataclass
class Item:
    """A TPDU for a modem."""
    kind: str               # deliver or report
    tpdu: bytes
    info: dict
    dcs: int = 0
    done: object = None
    tries: int = 0
    expires: float | None = None
    mark: dict = field(default_factory=dict)


class Smsc:
    def __init__(self, loop, emit, options):
        self.loop, self.emit = loop, emit
        self.number = options.get("smsc", "+447785016005")
        self.country = options.get("country", "44")
        self.loopback = options.get("loopback", "+447700900999")
        self.delay = options.get("delay", (0, 0))       # ms
        self.retry = options.get("retry", 5.0)          # s
        self.duplicates = options.get("duplicates", "cms")
        self.dup_window = options.get("dup_window", 0)  # s
        self.rng = random.Random(options.get("seed", 1))
        self.modems, self.queues, self.phones = {}, {}, {}
        self.rules = {}
        self.recent = {}
        self.count = 0
        self.ref = 0
        self.sent_reports = 0

    # ---- subscribers ----------------------------------------------------

    def add_modem(self, modem):
        self.modems[modem.number] = modem
        self.queues[modem] = MtQueue(self, modem)

    def phone(self, number):
        number = self.canonical(number)
        if number not in self.phones:
            self.phones[number] = Phone(number, self.emit)
        return self.phones[number]

    def canonical(self, number):
        """E.164 of what people type; short codes and names stay."""
        if number.startswith("00"):
            return "+" + number[2:]
        if number.startswith("0") and len(number) > 6:
            return "+" + self.country + number[1:]
        return number

    def modem_by_name(self, name):
        for modem in self.modems.values():
            if name in (modem.name, modem.number):
                return modem
        raise ValueError(f"no modem named {name}")

    # ---- from modems ----------------------------------------------------

    def submit(self, modem, sub, mr, tpdu):
        """Takes a SUBMIT; returns None, or the CMS code of a refusal."""
        to = self.canonical(sub.to)
        status = ST_OK
        if sub.rd and self._is_duplicate(modem, sub, mr, to):
            self.emit("duplicate", modem=modem.name, to=to, mr=mr)
            if self.duplicates == "cms":
                return CMS_DUPLICATE
            status = ST_DUPLICATE
        self.count += 1
        held = Held(self.count, modem, to, sub, mr, clock.now())
        self._tell_accepted(held, tpdu)
        if status == ST_DUPLICATE:
            held.state = "refused"
            self._report(held, status)
            return None
        self.recent[modem.number, to, mr] = held
        if sub.validity is not None:
            held.expiry = self.loop.call_later(
                max(sub.validity, 0), self._expire, held)
        if self._rule(to).get("mode") == "early":
            self._report_by_rule(held)
        self._later(self.delay, self._deliver, held)
        return None

    def _later(self, span, action, *args):
        delay = self.rng.uniform(*span) / 1000
        if delay > 0:
            self.loop.call_later(delay, action, *args)
        else:
            self.loop.call_soon(action, *args)

    def _is_duplicate(self, modem, sub, mr, to):
        """TP-RD: same MR and DA as a text still held (9.2.3.25)."""
        if self.duplicates == "off":
            return False
        old = self.recent.get((modem.number, to, mr))
        if old is None:
            return False
        return (old.state == "held"
                or clock.now() - old.sent < self.dup_window)

    def _tell_accepted(self, held, tpdu):
        sub = held.submit
        concat = sub.ud.concat
        self.emit(
            "accepted", id=held.number, modem=held.sender.name,
            to=held.to, mr=held.mr, rd=sub.rd, srr=sub.srr,
            text=pdu.join_text([sub.ud]), alphabet=sub.ud.alphabet,
            concat=vars(concat) if concat else None, tpdu=tpdu.hex(),
            **sub.facts(), **{"from": held.sender.number})

    def _deliver(self, held):
        if held.state != "held":
            return
        if held.to == self.loopback:
            self._to_modem(held, held.sender, self.loopback)
        elif held.to in self.modems:
            self._to_modem(held, self.modems[held.to], held.sender.number)
        else:
            self.phone(held.to).offer(held, self._phone_has)

    def _phone_has(self, held):
        self._delivered(held)

    def _to_modem(self, held, modem, sender):
        ud = held.submit.ud
        tpdu = pdu.encode_deliver(sender, ud, held.submit.pid,
                                  pdu.encode_time(held.sent))
        item = Item("deliver", tpdu, {"from": sender, "id": held.number},
                    ud.dcs, lambda: self._delivered(held))
        held.item = item
        self.queues[modem].put(item)

    def _delivered(self, held):
        if held.state != "held":
            return
        held.state = "delivered"
        if held.expiry:
            held.expiry.cancel()
        if self._rule(held.to).get("mode") != "early":
            self._report_by_rule(held)

    def _expire(self, held):
        if held.state != "held":
            return
        held.state = "expired"
        for queue in self.queues.values():
            queue.drop(getattr(held, "item", None))
        self.phone(held.to).withdraw(held)
        self.emit("expired", id=held.number, to=held.to, mr=held.mr)
        self._report(held, ST_EXPIRED)

    # ---- reports --------------------------------------------------------

    def set_rule(self, to, rule):
        """How to report on texts to a number ("*": to any)."""
        key = to if to == "*" else self.canonical(to)
        if rule:
            self.rules[key] = rule
        else:
            self.rules.pop(key, None)

    def _rule(self, to):
        return self.rules.get(to) or self.rules.get("*") or {}

    def _report_by_rule(self, held):
        rule = self._rule(held.to)
        if rule.get("count") is not None:
            rule["count"] -= 1
            if rule["count"] <= 0:
                self.rules = {k: r for k, r in self.rules.items()
                              if r is not rule}
        if rule.get("mode") in ("none", "manual"):
            return
        statuses = rule.get("sts") or [rule.get("st", ST_OK)]
        if rule.get("mode") == "duplicate":
            statuses = statuses * 2
        delays = rule.get("delays") or [rule.get("delay", 0)]
        for i, status in enumerate(statuses):
            delay = delays[min(i, len(delays) - 1)]
            if delay:
                self.loop.call_later(delay, self._report, held, status)
            else:
                self._report(held, status)

    def report_now(self, number, status):
        """A report on demand for the text with this id."""
        for held in self.recent.values():
            if held.number == number:
                self._report(held, status)
                return
        raise ValueError(f"no text with id {number}")

    def _report(self, held, status):
        if not held.submit.srr:
            return
        tpdu = pdu.encode_report(held.mr, held.submit.to, held.sent,
                                 clock.now(), status)
        info = {"id": held.number, "mr": held.mr, "st": status,
                "to": held.to}
        self.sent_reports += 1
        self.queues[held.sender].put(Item("report", tpdu, info))

    # ---- from phones and tests ------------------------------------------

    def text(self, spec):
        """Sends a text from a phone; see README for the options."""
        modem = self.modem_by_name(spec["to"])
        items = self._items_of(spec)
        order = spec.get("order") or range(1, len(items) + 1)
        drop, twice = spec.get("drop", []), spec.get("dup", [])
        for seq in order:
            if seq in drop:
                continue
            for _ in range(2 if seq in twice else 1):
                self._later(spec.get("delay", (0, 0)),
                            self.queues[modem].put, items[seq - 1])
        return {"parts": len(items),
                "tpdus": [item.tpdu.hex() for item in items]}

    def _items_of(self, spec):
        sender = spec.get("from", "+447700900123")
        self.count += 1
        info = {"from": sender, "id": self.count,
                "token": spec.get("token")}
        if "pdu" in spec:
            tpdu = bytes.fromhex(spec["pdu"])
            kind = "report" if tpdu and tpdu[0] & 3 == 2 else "deliver"
            return [Item(kind, tpdu, info)]
        if "ref" not in spec:
            self.ref = self.ref % 255 + 1
        uds = self._user_data(spec)
        when = spec.get("time", clock.now())
        scts = pdu.encode_time(when, spec.get("zone", 0))
        return [Item("deliver", pdu.encode_deliver(
            sender, ud, spec.get("pid", 0), scts, i < len(uds)),
            dict(info, part=i, total=len(uds)), ud.dcs)
            for i, ud in enumerate(uds, 1)]

    def _user_data(self, spec):
        if "data" in spec:
            header = bytes.fromhex(spec.get("udh", ""))
            return [pdu.make_user_data("8bit", bytes.fromhex(spec["data"]),
                                       header, spec.get("dcs"))]
        dcs = spec.get("dcs")
        if "class" in spec:
            alphabet = pdu.choose_alphabet(
                spec["text"], spec.get("encoding", "auto"))
            dcs = 0x10 | pdu.DCS_OF[alphabet] | spec["class"]
        languages = spec.get("locking", 0), spec.get("single", 0)
        return pdu.split_text(
            spec["text"], spec.get("encoding", "auto"),
            spec.get("ref", self.ref), spec.get("wide", False), dcs,
            languages, bytes.fromhex(spec.get("elements", "")))


class MtQueue:
    """Texts and reports on their way to one modem."""

    def __init__(self, smsc, modem):
        self.smsc, self.modem = smsc, modem
        self.items = deque()
        self.current = None
        self.timer = None
        self.delivered = 0

    def put(self, item):
        self.items.append(item)
        if not self.timer:
            self.kick()

    def drop(self, item):
        if item in self.items:
            self.items.remove(item)

    def kick(self):
        """Delivers the oldest item when the modem can be reached."""
        if self.current or not self.items or not self.modem.registered():
            return
        if self.timer:
            self.timer.cancel()
            self.timer = None
        self.current = self.items.popleft()
        self.current.tries += 1
        self.modem.mt(self.current, self._done)

    def _done(self, item, result):
        """`result`: "ack", or why the modem did not take it."""
        if self.current is not item:
            return
        self.current = None
        if result == "ack":
            self.delivered += 1
            if item.done:
                item.done()
        else:
            self.items.appendleft(item)
            self.smsc.emit("mt-failed", modem=self.modem.name,
                           kind=item.kind, reason=result, **item.info)
            self.timer = self.smsc.loop.call_later(
                self.smsc.retry, self.kick)
            return
        if self.items:
            self.smsc.loop.call_soon(self.kick)

    def abort(self):
        """The modem went away with an item unacknowledged."""
        if self.current:
            self.items.appendleft(self.current)
            self.current = None
