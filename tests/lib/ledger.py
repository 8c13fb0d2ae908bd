"""What was accepted and what became of it, kept outside the daemon.

Each text carries a token "<17>". Accepted is
 - a text to a phone: when an IQ that the server sent after it is answered
   (the ack fence), or when its first part reached the SMSC;
 - a text from a phone: when the last of its parts is deleted from the SIM,
   or acknowledged (+CNMA) where it was routed past the SIM;
 - a delivery report: when it is deleted from the SIM, or acknowledged.

A copy is explained when a kill fell between the handing over and the
moment after which the daemon must have recorded it:
 - at the SMSC: only the part that a modem accepted last before the kill;
   the next one may not be sent before the result of this one is stored;
 - at the XMPP server: what was not yet covered by an answered ping, with
   an ack fence answered after that, when the daemon died or the stream;
 - and where a modem gave no clear answer to a submission ("unclear").
"""

import re
from dataclasses import dataclass, field

from sim import pdu

TOKEN = re.compile(r"<(\d+)>")
ADMIN = "admin@example.org"


@dataclass
class Out:
    """A text of an XMPP user to a phone."""
    token: int
    account: str
    contact: str
    body: str
    xml: str
    origin: bool            # has an origin-id: sent again until accepted
    receipt: bool
    refuse: bool            # the network reports it as undeliverable
    order: int = 0          # in its conversation
    accepted: bool = False
    total: int = 0          # parts, once known
    parts: dict = field(default_factory=dict)   # seq -> times accepted
    doubts: dict = field(default_factory=dict)  # seq -> kills in the window
    modems: set = field(default_factory=set)
    reported: dict = field(default_factory=dict)    # seq -> report taken
    shown: int = 0
    receipts: int = 0
    errors: list = field(default_factory=list)
    kills_before: int = 0   # when it was written first
    unclear: int = 0        # submissions whose outcome the modem hid
    refusals: list = field(default_factory=list)    # codes of the modem

    def handed_over(self):
        return bool(self.total) and len(self.parts) == self.total

    def finished(self):
        """Nothing more is owed for this text."""
        if not self.handed_over():
            return bool(self.errors)
        if self.refuse:
            return bool(self.errors) or not self.all_reported()
        if self.receipt and self.all_reported():
            return bool(self.receipts or self.errors)
        return True

    def all_reported(self):
        return len(self.reported) == self.total


@dataclass
class In:
    """A text from a phone to an XMPP user."""
    token: int
    account: str
    contact: str
    body: str
    entered: float
    parts: int
    deleted: set = field(default_factory=set)
    accepted_at: float = 0.0
    ids: list = field(default_factory=list)
    reads: int = 0
    deaths: int = 0         # streams broken while it may have been on them
    first_read: int = 0

    def accepted(self):
        return len(self.deleted) >= self.parts


class Ledger:
    """`journal`, a file or None, gets a line for everything that happens:
    grep it for a token to see its life."""

    def __init__(self, now, journal=None):
        self.now, self.journal = now, journal
        self.outs, self.ins = {}, {}
        self.unexplained, self.extra = [], 0
        self.explained = 0      # copies at the SMSC after a kill
        self.repeats = 0        # stanzas that came again under their id
        self.reads = 0
        self.life = 0
        self.breaks = 0         # streams that the server broke
        self.notices = 0        # told to the admin
        self.poison = 0         # given up: two broken streams, or kills in
                                # the middle of sending them (told to users)
        self.last = {}          # modem -> (Out, seq) accepted last
        self.by_id = {}         # number at the SMSC -> (Out, seq)
        self.unclear_events = self.failed = 0
        self.slots = {}         # (modem, memory, index) -> (In, part)
        self.pending = {}       # reports on the way: (modem, mr, to) -> part
        self.sent = {}          # key of what the server read -> state
        self.uncovered, self.answered = [], []
        self.forgotten = 0      # how many have left `answered`
        self.fresh = []         # written in this life, not known as accepted
        self.order_out, self.order_in = {}, {}
        self.kills = 0

    def note(self, text):
        if self.journal:
            self.journal.write(f"{self.now():.4f} life {self.life} "
                               f"{text}\n")

    def complain(self, text):
        self.note("UNEXPLAINED " + text)
        self.unexplained.append(f"life {self.life}: {text}")

    def duplicate(self, explained, text):
        if explained:
            self.explained += 1
        else:
            self.extra += 1
            self.complain("copy without a reason: " + text)

    # ---- kills ----------------------------------------------------------

    def killed(self):
        """What was between two records when the daemon died."""
        self.kills += 1
        self.note("killed; in doubt: " + ", ".join(
            f"<{o.token}> part {n}" for o, n in self.last.values()))
        for out, seq in self.last.values():
            out.doubts[seq] = out.doubts.get(seq, 0) + 1
        self.last.clear()
        self.fresh = []

    def stream_lost(self, broken):
        """The connection ended. What was not settled may come again; what
        we never read is not known here at all. `broken` is our doing."""
        for key in self.uncovered + self.answered:
            self.sent[key] = "doubtful"
        self.forgotten += len(self.answered)
        self.uncovered, self.answered, self.fresh = [], [], []
        if not broken:
            return
        self.note("the server broke the stream")
        self.breaks += 1
        for text in self.ins.values():
            if text.deleted and not text.reads:
                text.deaths += 1

    # ---- at the modem ---------------------------------------------------

    def unclear(self, event):
        """Nobody at the other end can know what became of this one."""
        out, seq = self._part_of(event)
        self.unclear_events += 1
        if out is None:
            return
        self.note(f"<{out.token}> part {seq} unclear: {event['why']}")
        out.unclear += 1
        if event["accepted"]:
            out.doubts[seq] = out.doubts.get(seq, 0) + 1

    def refused(self, event):
        """The modem said that it did not send this one, and why."""
        out, seq = self._part_of(event)
        if out is not None:
            self.note(f"<{out.token}> part {seq} refused: {event['code']}")
            out.refusals.append(event["code"])

    def _part_of(self, event):
        if event.get("id") in self.by_id:
            return self.by_id[event["id"]]
        match = TOKEN.search(event["text"])
        out = self.outs.get(int(match.group(1))) if match else None
        return out, (event["concat"] or {"seq": 1})["seq"]

    # ---- at the SMSC ----------------------------------------------------

    def accepted_part(self, event):
        match = TOKEN.search(event["text"])
        out = self.outs.get(int(match.group(1))) if match else None
        if out is None:
            self.complain(f"the SMSC got what nobody sent: {event}")
            return
        concat = event["concat"] or {"seq": 1, "total": 1, "ref": None}
        seq = concat["seq"]
        self.note(f"<{out.token}> part {seq} at the SMSC by "
                  f"{event['modem']} mr {event['mr']} rd {event['rd']} "
                  f"ref {concat.get('ref')}")
        out.accepted = True
        out.total = concat["total"]
        out.modems.add(event["modem"])
        if event["to"] != out.contact:
            self.complain(f"<{out.token}> went to {event['to']}, not to "
                          f"{out.contact}")
        if seq in out.parts:
            allowed = out.doubts.get(seq, 0)
            self.duplicate(out.parts[seq] <= allowed,
                           f"part {seq} of <{out.token}> at the SMSC")
        else:
            self._check_order(out)
        out.parts[seq] = out.parts.get(seq, 0) + 1
        self.last[event["modem"]] = (out, seq)
        self.by_id[event.get("id")] = (out, seq)
        if event["srr"]:
            key = event["modem"], event["mr"], event["to"]
            self.pending[key] = out, seq

    def _check_order(self, out):
        """First hand-overs of a conversation are in order of writing."""
        key = (out.account, out.contact)
        newest = self.order_out.get(key, 0)
        if out.order < newest:
            self.complain(f"<{out.token}> overtaken in {key}")
        self.order_out[key] = max(newest, out.order)

    def report_taken(self, modem, mr, to):
        """A report was deleted from the SIM, so it must have its effect."""
        out, seq = self.pending.pop((modem, mr, to), (None, 0))
        if out is not None:
            self.note(f"<{out.token}> part {seq}: report taken")
            out.reported[seq] = True

    def shown(self, event):
        match = TOKEN.search(event["text"])
        out = self.outs.get(int(match.group(1))) if match else None
        if out is not None:
            out.shown += 1
            self.note(f"<{out.token}> shown by the phone")
            if event["text"] != out.body:
                self.complain(f"<{out.token}> is not what was written: "
                              f"{event['text'][:200]}")

    # ---- on the SIM -----------------------------------------------------

    def stored(self, event):
        token = event.get("token")
        if token is not None and int(token) in self.ins:
            key = event["modem"], event["memory"], event["index"]
            self.slots[key] = self.ins[int(token)], event["part"]
            self.note(f"<{token}> part {event['part']} stored as {key}")

    def deleted(self, event):
        key = event["modem"], event["memory"], event["index"]
        text, part = self.slots.pop(key, (None, 0))
        if text is not None:
            self.note(f"<{text.token}> part {part} deleted as {key}")
            self._taken(text, part)

    def acknowledged(self, event):
        """+CNMA for what was routed: a text's part or a report."""
        if "st" in event:
            self.report_taken(event["modem"], event["mr"], event["to"])
        elif str(event.get("token")).isdigit():
            text = self.ins.get(int(event["token"]))
            if text is not None:
                self.note(f"<{text.token}> part {event['part']} "
                          "acknowledged")
                self._taken(text, event["part"])

    def _taken(self, text, part):
        text.deleted.add(part)
        if text.accepted() and not text.accepted_at:
            text.accepted_at = self.now()

    # ---- at the XMPP server ---------------------------------------------

    def _read(self, key, what):
        """A stanza of a kind was read; is it a copy, and why?"""
        state = self.sent.get(key)
        if state == "doubtful":     # the same id: receivers know it again
            self.repeats += 1
        elif state is not None:
            self.duplicate(False, what)
        self.sent[key] = "read"
        self.uncovered.append(key)

    def message_read(self, stanza_id, sender, to, body):
        self.reads += 1
        match = TOKEN.search(body)
        text = self.ins.get(int(match.group(1))) if match else None
        if text is None:    # a notice of the gateway itself
            self.notices += to == ADMIN
            return
        self.note(f"<{text.token}> read by the server as {stanza_id}")
        if body != text.body:
            self.complain(f"<{text.token}> is not what was sent: "
                          f"{body[:200]}")
        self._read(("message", stanza_id), f"message <{text.token}>")
        if text.ids and stanza_id not in text.ids:
            self.duplicate(False, f"<{text.token}> under another id")
        if not text.ids:
            self._check_arrival(text)
        text.ids.append(stanza_id)
        text.reads += 1
        if to.split("/")[0] != text.account \
                or sender.split("@")[0] != text.contact:
            self.complain(f"<{text.token}> from {text.contact} for "
                          f"{text.account} came from {sender} to {to}")

    def _check_arrival(self, text):
        """What was accepted before another was entered comes before it."""
        key = (text.account, text.contact)
        text.first_read = self.reads
        for other in self.order_in.setdefault(key, []):
            if text.accepted_at and text.accepted_at < other.entered:
                self.complain(f"<{text.token}> overtaken by "
                              f"<{other.token}> in {key}")
        self.order_in[key].append(text)

    def receipt_read(self, stanza_id, to, sender):
        self.reads += 1
        out = self._out_of(stanza_id, to, "receipt")
        if out is None:
            return
        self.note(f"<{out.token}> receipt")
        self._read(("receipt", stanza_id), f"receipt of <{out.token}>")
        out.receipts += 1
        if not out.receipt:
            self.complain(f"receipt nobody asked for: <{out.token}>")
        if out.refuse or not out.shown:
            self.complain(f"receipt, but <{out.token}> did not reach the "
                          "phone")
        if sender.split("@")[0].split("/")[0] != out.contact:
            self.complain(f"receipt of <{out.token}> from {sender}")

    def error_read(self, stanza_id, to, condition, xml):
        self.reads += 1
        out = self._out_of(stanza_id, to, "error")
        if out is None:
            return
        self.note(f"<{out.token}> error {condition}")
        self._read(("error", stanza_id), f"error of <{out.token}>")
        out.errors.append(condition)
        trouble = self.kills - out.kills_before + out.unclear
        if 'kind="poison"' in xml and trouble >= 2:
            self.poison += 1
        elif out.refuse:
            return
        elif out.refusals:
            self.failed += 1
        else:
            self.complain(f"error without a reason: <{out.token}> {xml}")

    def _out_of(self, stanza_id, to, kind):
        token = stanza_id[1:] if stanza_id else ""
        out = self.outs.get(int(token)) if token.isdigit() else None
        if out is None:
            self.complain(f"{kind} for an unknown message {stanza_id}")
        elif not to.startswith(out.account):
            self.complain(f"{kind} of <{out.token}> went to {to}")
        return out

    def ping_read(self):
        """What this ping covers."""
        return len(self.uncovered)

    def ping_answered(self, covered):
        self.answered += self.uncovered[:covered]
        del self.uncovered[:covered]

    def wrote(self, out):
        """The server has written this text to the gateway (again)."""
        self.note(f"<{out.token}> written to the gateway")
        self.fresh.append(out)

    def mark(self):
        """Taken when an ack fence is sent, for fenced()."""
        return self.forgotten + len(self.answered), list(self.fresh)

    def fenced(self, mark):
        """The ack fence was answered: what came before it is decided."""
        settled, outs = mark
        count = settled - self.forgotten
        if count > 0:
            for key in self.answered[:count]:
                self.sent[key] = "settled"
            del self.answered[:count]
            self.forgotten += count
        for out in outs:
            self.note(f"<{out.token}> fenced")
            out.accepted = out.accepted or not out.errors
        self.fresh = self.fresh[len(outs):]

    # ---- the end --------------------------------------------------------

    def open_items(self):
        """What must still happen; [] when all is done."""
        outs = [o for o in self.outs.values()
                if o.accepted and not o.finished()]
        ins = [i for i in self.ins.values()
               if not i.accepted() or not (i.reads or i.deaths >= 2)]
        return outs + ins

    def audit(self):
        """(accepted, lost, duplicated, unexplained); call when calm."""
        lost = []
        for out in self.outs.values():
            if out.accepted and not out.handed_over() and not out.errors:
                lost.append(f"<{out.token}> to {out.contact}: parts "
                            f"{sorted(out.parts)} of {out.total}")
            elif out.accepted and not out.finished():
                what = "error" if out.refuse else "receipt"
                lost.append(f"<{out.token}>: no {what}, though its report "
                            "was taken")
        for text in self.ins.values():
            if not text.accepted() or text.reads:
                continue
            if text.deaths >= 2 and self.notices:
                self.poison += 1
            else:
                lost.append(f"<{text.token}> from {text.contact}")
        accepted = sum(o.accepted for o in self.outs.values()) \
            + sum(i.accepted() for i in self.ins.values())
        return accepted, lost, self.explained + self.extra, self.unexplained


def watch_network(ledger):
    """A listener that tells the ledger what happens at modems and SMSC."""
    simple = {"accepted": ledger.accepted_part, "phone": ledger.shown,
              "stored": ledger.stored, "unclear": ledger.unclear,
              "refused": ledger.refused}

    def listener(event):
        name = event["event"]
        if name in simple:
            simple[name](event)
        elif name == "cnma" and event["good"]:
            ledger.acknowledged(event)
        elif name == "cmgd":
            ledger.deleted(event)
            tpdu = pdu.strip_sca(bytes.fromhex(event["pdu"]))
            if tpdu and tpdu[0] & 3 == 2:
                to, _ = pdu.decode_address(tpdu, 2)
                ledger.report_taken(event["modem"], tpdu[1], to)
    return listener
