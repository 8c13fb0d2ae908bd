"""A program on a terminal of its own, its screen read as a person would."""

import fcntl
import importlib.util
import os
import pty
import select
import struct
import subprocess
import termios
import time

COLUMNS, ROWS = 130, 45


def missing(program):
    """Why this program cannot run on a terminal here, or None."""
    path = os.environ["PATH"].split(":")
    if not any(os.access(os.path.join(p, program), os.X_OK) for p in path):
        return f"{program} is not installed"
    if not importlib.util.find_spec("pyte"):
        return "python3-pyte is not installed"
    return None


class Terminal:
    def __init__(self, argv, home):
        import pyte
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        env = dict(os.environ, HOME=str(home), TERM="linux", LANG="C.UTF-8",
                   LC_ALL="C.UTF-8")
        env = {k: v for k, v in env.items() if not k.startswith("XDG_")}
        self.child = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=env,
            cwd=str(home), start_new_session=True)
        os.close(slave)

    def text(self):
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def _read(self, timeout):
        if select.select([self.master], [], [], timeout)[0]:
            try:
                self.stream.feed(os.read(self.master, 65536))
            except OSError:     # the program has ended
                time.sleep(timeout)

    def expect(self, text, timeout=20):
        """Waits until the screen shows this text."""
        deadline = time.monotonic() + timeout
        while text not in self.text():
            if time.monotonic() > deadline:
                raise AssertionError(f"no {text!r} on the screen in "
                                     f"{timeout} s:\n{self.text()}")
            self._read(0.1)

    def type(self, line):
        os.write(self.master, line.encode() + b"\r")

    def say(self, line, answer):
        """Types a line and waits for this on the screen."""
        self.type(line)
        self.expect(answer)

    def insist(self, line, answer, tries=20):
        """The same, for a program that needs a while before it can."""
        for left in reversed(range(tries)):
            self.type(line)
            try:
                return self.expect(answer, 1)
            except AssertionError:
                if not left:
                    raise

    def close(self):
        self.child.terminate()
        try:
            self.child.wait(5)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        os.close(self.master)
