"""Message memories of a modem: SM, ME and SR, with capacity and status."""

from dataclasses import dataclass

UNREAD, READ, UNSENT, SENT = 0, 1, 2, 3


@dataclass
class Slot:
    status: int
    pdu: bytes      # with the service centre address
    length: int     # octets of the TPDU alone

    def line(self):
        return f"{self.status},,{self.length}"


class Full(Exception):
    """No free slot."""


class Memory:
    def __init__(self, name, capacity, base=1):
        self.name, self.capacity, self.base = name, capacity, base
        self.slots = {}

    def used(self):
        return len(self.slots)

    def add(self, status, pdu, length):
        """Puts a message into the lowest free slot; returns its index."""
        for index in range(self.base, self.base + self.capacity):
            if index not in self.slots:
                self.slots[index] = Slot(status, pdu, length)
                return index
        raise Full(self.name)

    def holds(self, index):
        return self.base <= index < self.base + self.capacity

    def listed(self, status):
        """(index, slot) pairs with a status, all for 4."""
        return [(i, s) for i, s in sorted(self.slots.items())
                if status in (4, s.status)]

    def delete(self, index, flag):
        """Deletes as +CMGD=index,flag says; returns what went."""
        gone = [index] if flag == 0 else [
            i for i, s in self.slots.items() if _matches(s.status, flag)]
        return [(i, self.slots.pop(i)) for i in gone if i in self.slots]


class View:
    """Several memories under one name, such as "MT": one after another."""

    def __init__(self, name, parts):
        self.name, self.parts, self.base = name, parts, parts[0].base

    @property
    def capacity(self):
        return sum(p.capacity for p in self.parts)

    @property
    def slots(self):
        return {i + shift: slot for part, shift in self._shifted()
                for i, slot in part.slots.items()}

    def _shifted(self):
        shift = 0
        for part in self.parts:
            yield part, shift
            shift += part.capacity

    def used(self):
        return sum(p.used() for p in self.parts)

    def add(self, status, pdu, length):
        for part, shift in self._shifted():
            if part.used() < part.capacity:
                return part.add(status, pdu, length) + shift
        raise Full(self.name)

    def holds(self, index):
        return self.base <= index < self.base + self.capacity

    def listed(self, status):
        return [(i, s) for i, s in sorted(self.slots.items())
                if status in (4, s.status)]

    def delete(self, index, flag):
        gone = []
        for part, shift in self._shifted():
            if flag or part.holds(index - shift):
                gone += [(i + shift, s)
                         for i, s in part.delete(index - shift, flag)]
        return gone


def _matches(status, flag):
    statuses = {1: (READ,), 2: (READ, SENT), 3: (READ, SENT, UNSENT)}
    return flag == 4 or status in statuses[flag]
