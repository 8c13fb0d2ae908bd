"""Kannel, from Debian: bearerbox, smsbox and its fake message centre."""

import os
import shutil

from lib.process import Process, free_port, port_open, wait_for

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
USER, PASSWORD = "test", "kannel-password"

CONFIG = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = {admin}
smsbox-port = {box}
smsbox-interface = 127.0.0.1
log-level = {level}
{core}

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1
log-level = {level}

group = sendsms-user
username = test
password = kannel-password
max-messages = 20
concatenation = true

group = sms-service
keyword = default
get-url = "{hook}?from=%p&to=%P&text=%b&charset=%C&id=%I&at=%T"
max-messages = 0
catch-all = true
"""


def missing():
    """Why it cannot run here; None when it can."""
    if not os.access(FAKESMSC, os.X_OK):
        return "no fakesmsc (Debian package kannel-extras)"
    if not shutil.which("bearerbox", path="/usr/sbin"):
        return "no kannel"
    return None


class Kannel:
    """`core` are more lines of the core group; `level` that of its logs."""

    def __init__(self, folder, core="", level=0):
        self.folder, self.core, self.level = str(folder), core, level
        names = ("admin", "box", "smsc", "send")
        self.ports = {name: free_port() for name in names}
        self.processes = []

    def _start(self, name, *argv):
        process = Process(argv, os.path.join(self.folder, name + ".log"))
        self.processes.append(process.start())
        return process

    def start(self, hook="http://127.0.0.1:1/"):
        config = os.path.join(self.folder, "kannel.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(hook=hook, core=self.core,
                                     level=self.level, **self.ports))
        box = self._start("bearerbox", "/usr/sbin/bearerbox", config)
        wait_for(lambda: port_open(self.ports["box"]), 30, box.log)
        smsbox = self._start("smsbox", "/usr/sbin/smsbox", config)
        wait_for(lambda: port_open(self.ports["send"]), 30, smsbox.log)
        return self

    def phone(self, message=None):
        """Connects the message centre; it sends that text, once."""
        return self._start(
            "fakesmsc", FAKESMSC, "-H", "127.0.0.1", "-r",
            str(self.ports["smsc"]), "-i", "0.1", "-m",
            "1" if message else "0", message or "1 2 text none")

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
