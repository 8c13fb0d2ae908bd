"""A phone: reassembles what reaches it and remembers it.

TP-PID 0x40 is taken without a word; 0x41 to 0x47 replace the text of the
same type and sender (23.040 9.2.3.9). Class 0 is shown and kept nowhere.
"""

from collections import deque

from sim import pdu

KEEP = 10000
SILENT = 0x40
REPLACE_TYPES = range(0x41, 0x48)


class Phone:
    def __init__(self, number, emit):
        self.number, self.emit = number, emit
        self.online = True
        self.waiting = []
        self.received = deque(maxlen=KEEP)
        self.sets = {}      # (from, ref, total, wide) -> {seq: held}
        self.complete = {}  # the same key -> {seq: octets} shown already

    # ---- from the service centre ----------------------------------------

    def offer(self, held, taken):
        """Takes a text now, or when the phone comes online."""
        if self.online:
            taken(held)
            self._take(held)
        else:
            self.waiting.append((held, taken))

    def withdraw(self, held):
        self.waiting = [w for w in self.waiting if w[0] is not held]

    def switch(self, online):
        self.online = online
        while self.online and self.waiting:
            self.offer(*self.waiting.pop(0))

    # ---- reassembly -----------------------------------------------------

    def _take(self, held):
        concat = held.submit.ud.concat
        if concat is None:
            self._show([held], False)
            return
        key = (held.sender.number, concat.ref, concat.total, concat.wide)
        again = self._shown_before(key, held)
        if again:
            key += ("again",)
        parts = self.sets.setdefault(key, {})
        parts[concat.seq] = held
        if len(parts) < concat.total:
            return
        del self.sets[key]
        shown = [parts[seq] for seq in sorted(parts)]
        if not again:
            self.complete[key] = {p.submit.ud.concat.seq: p.submit.ud.octets
                                  for p in shown}
        self._show(shown, again)

    def _shown_before(self, key, held):
        """A part of the last complete set under this reference again."""
        seen = self.complete.get(key, {})
        ud = held.submit.ud
        if key in self.sets or seen.get(ud.concat.seq) != ud.octets:
            return False
        self.emit("phone-duplicate-part", number=self.number,
                  ref=ud.concat.ref, part=ud.concat.seq, mr=held.mr)
        return True

    def _show(self, parts, again):
        text = pdu.join_text([p.submit.ud for p in parts])
        first = parts[0].submit
        entry = {
            "from": parts[0].sender.number, "text": text,
            "parts": len(parts), "mrs": [p.mr for p in parts],
            "ids": [p.number for p in parts], "again": again,
            "flash": pdu.class_of(first.ud.dcs) == 0, **first.facts(),
        }
        if first.pid == SILENT:
            self.emit("silent", number=self.number, **entry)
            return
        entry["replaces"] = self._forget_replaced(entry)
        self.received.append(entry)
        self.emit("phone", number=self.number, **entry)

    def _forget_replaced(self, entry):
        """Drops what this text replaces; its text, or None."""
        if entry["pid"] not in REPLACE_TYPES:
            return None
        for old in self.received:
            if (old["pid"], old["from"]) == (entry["pid"], entry["from"]):
                self.received.remove(old)
                return old["text"]
        return None
