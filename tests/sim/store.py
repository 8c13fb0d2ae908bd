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


def _matches(status, flag):
    statuses = {1: (READ,), 2: (READ, SENT), 3: (READ, SENT, UNSENT)}
    return flag == 4 or status in statuses[flag]
