"""The phonebook of the SIM (3GPP TS 27.007 8.11 to 8.14)."""

from sim.at import cme, split_args
from sim.commands import charset, handles, number

SIZES = {"SM": 250, "ME": 100, "ON": 4, "FD": 10, "LD": 10, "MC": 10}
NUMBER_MAX, NAME_MAX = 40, 18


class Phonebook:
    def __init__(self, modem):
        self.modem = modem
        self.books = {name: {} for name in SIZES}
        self.books["ON"][1] = (modem.number, "")
        self.selected = "SM"

    def reset(self):
        self.selected = "SM"

    def set(self, request):
        """Entries {index: [number, name]} or a list of [number, name]."""
        entries = request["entries"]
        if isinstance(entries, list):
            entries = dict(enumerate(entries, 1))
        self.books[request.get("memory", "SM")] = {
            int(i): tuple(entry) for i, entry in entries.items()}

    def listed(self, low, high):
        book = self.books[self.selected]
        return [self._line(i, *book[i]) for i in sorted(book)
                if low <= i <= high]

    def _line(self, index, phone, name):
        toa = 145 if phone.startswith("+") else 129
        return (f'+CPBR: {index},"{phone}",{toa},'
                f'"{charset(self.modem, name)}"')


@handles("+CPBS", "=?")
def books(modem, args):
    return ["+CPBS: (" + ",".join(f'"{n}"' for n in SIZES) + ")"]


@handles("+CPBS", "?")
def get_book(modem, args):
    book = modem.phonebook
    used = len(book.books[book.selected])
    return [f'+CPBS: "{book.selected}",{used},{SIZES[book.selected]}']


@handles("+CPBS", "=")
def set_book(modem, args):
    name = split_args(args)[0]
    if name not in SIZES:
        raise cme(4)
    modem.phonebook.selected = name


@handles("+CPBR", "=?")
def range_of_book(modem, args):
    size = SIZES[modem.phonebook.selected]
    return [f"+CPBR: (1-{size}),{NUMBER_MAX},{NAME_MAX}"]


@handles("+CPBR", "=")
def read_book(modem, args):
    fields, size = split_args(args), SIZES[modem.phonebook.selected]
    low = index(fields[0], size)
    high = index(fields[1], size) if len(fields) > 1 else low
    lines = modem.phonebook.listed(low, high)
    if not lines and len(fields) == 1:
        raise cme(22)
    return lines


@handles("+CPBW", "=")
def write_book(modem, args):
    fields = split_args(args)
    at = index(fields[0], SIZES[modem.phonebook.selected])
    book = modem.phonebook.books[modem.phonebook.selected]
    if len(fields) == 1:
        book.pop(at, None)
        return
    book[at] = (fields[1] or "", fields[3] if len(fields) > 3 else "")


def index(text, size):
    """An index; CME 21 when the book has no such entry."""
    at = number(text, 0, 65535)
    if not 1 <= at <= size:
        raise cme(21)
    return at
