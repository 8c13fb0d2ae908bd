"""The SIM: identity, PIN and PUK with their counters."""

READY, NEED_PIN, NEED_PUK, BLOCKED = "READY", "SIM PIN", "SIM PUK", "BLOCKED"


class SimCard:
    def __init__(self, imsi, number, pin=None):
        self.imsi, self.number = imsi, number
        self.iccid = "8944" + imsi
        self.present = True
        self.pin = pin or "1234"
        self.puk = "12345678"
        self.enabled = bool(pin)
        self.pin_tries, self.puk_tries = 3, 10
        self.state = NEED_PIN if pin else READY

    def power_on(self):
        if self.state == READY and self.enabled:
            self.state = NEED_PIN

    def lock(self, pin=None, tries=3):
        """Asks for the PIN from now on, also after each power on."""
        self.pin = pin or self.pin
        self.enabled, self.pin_tries = True, tries
        self.state = NEED_PIN if tries else NEED_PUK

    def block(self, puk=None, tries=10):
        self.puk = puk or self.puk
        self.enabled, self.pin_tries, self.puk_tries = True, 0, tries
        self.state = NEED_PUK

    def ready(self):
        return self.present and self.state == READY

    def enter(self, code, new=None):
        """Tries a PIN, or a PUK with a new PIN; true when it was right."""
        if self.state == NEED_PIN and new is None:
            return self._enter_pin(code)
        if self.state == NEED_PUK and new is not None:
            return self._enter_puk(code, new)
        return False

    def _enter_pin(self, code):
        if code == self.pin:
            self.pin_tries, self.state = 3, READY
            return True
        self.pin_tries -= 1
        if self.pin_tries <= 0:
            self.state = NEED_PUK
        return False

    def _enter_puk(self, code, new):
        if code == self.puk:
            self.pin, self.pin_tries, self.puk_tries = new, 3, 10
            self.state = READY
            return True
        self.puk_tries -= 1
        if self.puk_tries <= 0:
            self.state = BLOCKED
        return False

    def counters(self):
        return {"state": self.state if self.present else "ABSENT",
                "pin_tries": self.pin_tries, "puk_tries": self.puk_tries}
