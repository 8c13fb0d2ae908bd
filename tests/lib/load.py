"""The traffic: users text phones and phones text users, all at once."""

import random
from xml.sax.saxutils import quoteattr

from lib.ledger import In, Out

CONTACTS, ACCOUNTS = 60, 12
OPEN_OUTS, OPEN_INS = 150, 12


class Load:
    contacts = [f"+4477009{n:05}" for n in range(100, 100 + CONTACTS)]

    def __init__(self, seed, world, server, ledger, contacts=None):
        self.rng = random.Random(f"load {seed}")
        self.world, self.server, self.ledger = world, server, ledger
        self.tokens = 0
        self.orders = {}
        self.contacts = contacts or self.contacts
        self.refusing = set(self.contacts[::10])
        self.talked = set()     # contacts whose account is known
        self.waiting = []       # written with an origin-id, not accepted
        self.unsettled_outs, self.unsettled_ins = [], []
        for number in self.refusing:
            world.smsc.set_rule(number, {"st": 0x46})

    def account_of(self, contact):
        n = self.contacts.index(contact) % ACCOUNTS
        return f"u{n}@{self.server.host}"

    def token(self):
        self.tokens += 1
        return self.tokens

    # ---- how much is under way ------------------------------------------

    def room(self):
        """How many more of each kind may be started."""
        # A phone answers what was accepted: before that nobody knows whose
        # its text would be.
        self.talked.update(o.contact for o in self.unsettled_outs
                           if o.accepted)
        self.unsettled_outs = [o for o in self.unsettled_outs
                               if o.accepted and not o.handed_over()
                               and not o.errors]
        self.unsettled_ins = [i for i in self.unsettled_ins
                              if not i.accepted()]
        return (OPEN_OUTS - len(self.unsettled_outs),
                OPEN_INS - len(self.unsettled_ins))

    # ---- bodies ---------------------------------------------------------

    def body(self, token):
        """Each part of a long text holds the token whole."""
        mark, kind = f"<{token}>", self.rng.random()
        if kind < 0.7:
            return mark + " short"
        if kind < 0.85:
            return (mark * 100)[:420 - 420 % len(mark)]
        return (mark * 60)[:190 - 190 % len(mark)] + "жю\U0001F319"

    # ---- users to phones ------------------------------------------------

    def text_out(self):
        contact = self.rng.choice(self.contacts)
        account, token = self.account_of(contact), self.token()
        order = self.orders[contact] = self.orders.get(contact, 0) + 1
        origin, receipt = self.rng.random() < 0.5, self.rng.random() < 0.7
        body = self.body(token)
        extra = f"<body>{escape(body)}</body>"
        if receipt:
            extra += "<request xmlns='urn:xmpp:receipts'/>"
        if origin:
            extra += f"<origin-id xmlns='urn:xmpp:sid:0' id='o{token}'/>"
        xml = (f"<message type='chat' id='t{token}' "
               f"from={quoteattr(account + '/r')} "
               f"to={quoteattr(contact + '@' + self.server.domain)}>"
               f"{extra}</message>")
        out = Out(token, account, contact, body, xml, origin, receipt,
                  contact in self.refusing, order)
        out.kills_before = self.ledger.kills
        self.ledger.outs[token] = out
        self.unsettled_outs.append(out)
        self.write(out)

    def write(self, out):
        self.ledger.wrote(out)
        if out.origin:
            self.waiting.append(out)
        self.server.send(out.xml)

    def write_again(self):
        """A client that saw no fence sends again, with the same origin-id.
        Others may have been lost: then they were never accepted."""
        again = [o for o in self.waiting
                 if not o.accepted and not o.errors]
        self.waiting = []
        for out in again:
            self.write(out)

    def fence(self, done=None):
        mark = self.ledger.mark()

        def answered():
            self.ledger.fenced(mark)
            if done:
                done()
        self.server.fence(answered)

    # ---- phones to users ------------------------------------------------

    def text_in(self):
        known = sorted(self.talked)
        if not known:
            return
        contact, token = self.rng.choice(known), self.token()
        modem = self.rng.choice(sorted(self.world.modems))
        body = self.body(token)
        text = In(token, self.account_of(contact), contact, body,
                  self.ledger.now(), 0)
        self.ledger.ins[token] = text
        self.unsettled_ins.append(text)
        text.parts = self.world.smsc.text({
            "to": modem, "from": contact, "text": body,
            "token": str(token)})["parts"]

    # ---- a burst of everything ------------------------------------------

    def burst(self):
        outs, ins = self.room()
        for _ in range(min(outs, self.rng.randint(1, 6))):
            self.text_out()
        for _ in range(min(ins, self.rng.randint(0, 3))):
            self.text_in()
        self.fence()


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")
