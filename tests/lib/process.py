"""Child processes in the foreground: free ports, waiting, ending by pid."""

import os
import re
import signal
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

_given = set()


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    """A port that nobody listens on and that was not given before."""
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.bind((host, 0))
            port = sock.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def port_open(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
    except OSError:
        return False
    return True


def wait_for(check, timeout, what):
    """Polls `check` until it returns something true, and returns that."""
    deadline = time.monotonic() + timeout
    pause = 0.005
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            if callable(what):
                what = what()
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class Process:
    """A child whose standard output and error go to a file."""

    def __init__(self, argv, log, env=None, cwd=None):
        self.argv, self.log_path = [str(a) for a in argv], str(log)
        self.env, self.cwd = env, cwd
        self.child = None

    def start(self):
        env = dict(os.environ, **(self.env or {}))
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env=env, cwd=self.cwd,
                start_new_session=True)
        return self

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child is not None and self.child.poll() is None

    def signal(self, number):
        if self.running():
            os.kill(self.child.pid, number)

    def wait(self, timeout=10):
        """The exit code; negative when a signal ended it."""
        return self.child.wait(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()

    def stop(self, timeout=15):
        """SIGTERM, and SIGKILL when that does not help in time."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.child is None:
            return None
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8",
                      errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, timeout=10, start=0):
        """Waits for a match in what was logged after offset `start`."""
        regex = re.compile(pattern, re.M)
        return wait_for(
            lambda: regex.search(self.log()[start:]), timeout,
            lambda: f"/{pattern}/ in {self.log_path}:\n"
                    + self.log()[start:][-3000:])
