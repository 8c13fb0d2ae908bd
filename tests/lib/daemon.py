"""The daemon's lives: start, wait, kill."""

import asyncio
import os
import signal
import subprocess

from lib.gateway import config_text, program


class Daemon:
    """One store, many lives. Two configurations differ in `settle`, so that
    both ends of an unknown outcome are met: a report in time, and none."""

    SETTLES = (0, 1)

    def __init__(self, folder, groups, env=None):
        self.folder, self.env = folder, dict(env or {})
        self.log_path = os.path.join(folder, "moongate.log")
        self.configs = []
        for settle in self.SETTLES:
            groups["networks"]["sms"]["settle"] = settle
            path = os.path.join(folder, f"settle{settle}.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config_text(groups))
            self.configs.append(path)
        self.child = self.ended = None

    def start(self, settle, crash=None, wrapper=()):
        env = {**os.environ, **self.env}
        env.pop("MOONGATE_CRASH", None)
        if crash:
            env["MOONGATE_CRASH"] = crash
        if wrapper:     # the leak checker cannot run below strace
            env["ASAN_OPTIONS"] = "detect_leaks=0"
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(
                [*wrapper, program(), "-c", self.configs[settle], "run"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)
        self.ended = asyncio.Event()
        self.watch = os.pidfd_open(self.child.pid)
        asyncio.get_running_loop().add_reader(self.watch, self._on_end)

    def _on_end(self):
        asyncio.get_running_loop().remove_reader(self.watch)
        os.close(self.watch)
        self.child.wait()
        self.ended.set()

    def running(self):
        return self.child is not None and not self.ended.is_set()

    async def wait_end(self, timeout):
        """True when it ended by itself in time."""
        try:
            await asyncio.wait_for(self.ended.wait(), timeout)
        except asyncio.TimeoutError:
            return False
        return True

    async def kill(self):
        if self.running():
            os.kill(self.child.pid, signal.SIGKILL)
        await self.ended.wait()

    async def stop(self, timeout=100):
        """SIGTERM; returns the exit code."""
        if self.running():
            os.kill(self.child.pid, signal.SIGTERM)
        if not await self.wait_end(timeout):
            await self.kill()
        return self.child.returncode

    def log(self, size=3000):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-size:]
