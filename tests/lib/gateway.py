"""The daemon under test: its configuration, its life and its command line.

MOONGATE names the program; default is build/moongate. Logs are kept and
read at the end: a sanitizer report, a failed assertion or an "internal
error" fails the test that caused it, whatever else it asserted.
"""

import json
import os
import re
import signal
import subprocess

from lib.process import ROOT, Process, wait_for

BAD_LOG = re.compile(
    r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed"
    r"|internal error|internal-error|double free|corrupted|"
    r"ERROR SUMMARY: [1-9]", re.I)


def program():
    return os.path.abspath(os.environ.get("MOONGATE") or os.path.join(
        ROOT, "build", "moongate"))


def libconfig(value, indent=0):
    """A Python value in libconfig's notation."""
    pad = "  " * indent
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        text = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(libconfig(v) for v in value) + " ]"
    lines = [f"{pad}  {k} = {libconfig(v, indent + 1)};"
             for k, v in value.items() if v is not None]
    return "{\n" + "\n".join(lines) + f"\n{pad}}}"


def config_text(groups):
    return "\n".join(f"{name} = {libconfig(group)};"
                     for name, group in groups.items()) + "\n"


def merge(base, changes):
    """`base` with nested changes; None removes a key."""
    out = dict(base)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = merge(out[key], value)
        elif value is None:
            out.pop(key, None)
        else:
            out[key] = value
    return out


class Gateway:
    """One instance with its own folder."""

    def __init__(self, folder, groups, wrapper=(), env=None):
        self.folder = str(folder)
        self.state = os.path.join(self.folder, "state")
        self.config = os.path.join(self.folder, "moongate.conf")
        self.log_path = os.path.join(self.folder, "moongate.log")
        os.makedirs(self.state, exist_ok=True)
        self.groups = merge({"gateway": {"state_dir": self.state}}, groups)
        self.wrapper, self.env = list(wrapper), dict(env or {})
        self.process = None
        self.checked = 0
        self.write_config()

    def write_config(self, changes=None):
        self.groups = merge(self.groups, changes or {})
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config_text(self.groups))

    # ---- life -----------------------------------------------------------

    def start(self, wait=True, env=None):
        self.mark = len(self.log())
        self.process = Process(
            [*self.wrapper, program(), "-c", self.config, "run"],
            self.log_path, env={**self.env, **(env or {})}).start()
        if wait:
            self.wait_online()
        return self

    def wait_online(self, timeout=30):
        """Until every stream and every line works."""
        def online():
            if not self.process.running():
                raise AssertionError("the gateway ended:\n" + self.tail())
            status = self.status(check=False)
            return status and all(
                part.get("state") == "online"
                for part in self.parts(status))
        wait_for(online, timeout, lambda: "the gateway is online: "
                 f"{self.status(check=False)}\n" + self.tail())

    @staticmethod
    def parts(status):
        """The networks and lines in what `status --json` printed."""
        return list(status["networks"]) + list(status["lines"])

    def network(self, name="sms"):
        return self._named("networks", name)

    def line(self, name="sim1"):
        return self._named("lines", name)

    def _named(self, kind, name):
        for part in self.status()[kind]:
            if part["name"] == name:
                return part
        raise AssertionError(f"status has no {name} in {kind}")

    def wait_line(self, state, name="sim1", timeout=30):
        wait_for(lambda: self.line(name)["state"] == state, timeout,
                 lambda: f"line {name} {state}: {self.line(name)}\n"
                 + self.tail())

    def wait_network(self, online, name="sms", timeout=30):
        wait_for(lambda: (self.network(name)["state"] == "online")
                 == online, timeout,
                 lambda: f"network {name} online={online}: "
                 f"{self.network(name)}\n" + self.tail())

    def kill(self):
        """kill -9"""
        if self.process:
            self.process.kill()

    def stop(self, timeout=100):
        """SIGTERM; the exit code must be 0."""
        if self.process is None or not self.process.running():
            return
        self.process.signal(signal.SIGCONT)
        self.process.signal(signal.SIGTERM)
        code = self.process.wait(timeout)
        assert code == 0, f"exit code {code}:\n" + self.tail()

    def restart(self):
        self.stop()
        return self.start()

    # ---- logs -----------------------------------------------------------

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def tail(self, size=4000):
        return self.log()[-size:]

    def wait_log(self, pattern, timeout=15):
        """Waits for a match in the log of this life."""
        return self.process.wait_log(pattern, timeout, self.mark)

    def check_log(self):
        match = BAD_LOG.search(self.log())
        assert not match, (
            "the log reports a bug:\n"
            + self.log()[max(0, match.start() - 500):][:6000])

    # ---- command line ---------------------------------------------------

    def cli(self, *arguments, check=True, timeout=20, env=None):
        """Runs `moongate -c CONFIG ...`; returns the finished process."""
        done = subprocess.run(
            [program(), "-c", self.config, *map(str, arguments)],
            capture_output=True, text=True, timeout=timeout, check=False,
            env={**os.environ, **self.env, **(env or {})})
        if check:
            assert done.returncode == 0, (
                f"{arguments}: exit {done.returncode}\n"
                f"{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, check=True):
        done = self.cli(*arguments, "--json", check=check)
        if done.returncode != 0:
            return None
        return json.loads(done.stdout)

    def status(self, check=True):
        return self.json("status", check=check)

    def queue(self, *arguments):
        """What is not handed over yet; "--state", "all" for everything."""
        return self.json("queue", *arguments)

    def trace(self, message):
        return self.json("trace", message)

    def wait_idle(self, timeout=30):
        """Until nothing is left to hand over."""
        wait_for(lambda: not self.queue(), timeout,
                 lambda: f"an empty queue: {self.queue()}\n" + self.tail())
