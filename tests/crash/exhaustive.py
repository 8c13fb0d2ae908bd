"""Kill at every durable step: strace delivers SIGKILL at the N-th call of a
kind, N = 1, 2, 3 ... until a whole life passes without it."""

import asyncio
import os
import shutil
import signal
import subprocess
import time

CALLS = ("fdatasync", "pwrite64", "write", "writev", "sendmsg", "sendto",
         "unlink", "ftruncate")
MOST = 400      # of one kind


def strace_works():
    """Is there a strace, and may it inject faults here?"""
    if not shutil.which("strace"):
        return False
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e",
         "inject=write:signal=SIGKILL:when=1", "echo"],
        capture_output=True, check=False)
    return done.returncode in (-9, 137)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            return [int(p) for p in file.read().split()]
    except OSError:
        return []


async def life(stage, call, n):
    """One life; returns whether the N-th call came."""
    ledger, daemon = stage.ledger, stage.daemon
    ledger.life += 1
    stage.server.lie, stage.server.break_after = "never", 0
    daemon.start(n % 2, wrapper=[
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
        "-e", f"inject={call}:signal=SIGKILL:when={n}"])
    worker = asyncio.ensure_future(work(stage))
    ended = asyncio.ensure_future(daemon.ended.wait())
    await asyncio.wait([worker, ended], timeout=20,
                       return_when=asyncio.FIRST_COMPLETED)
    hit = ended.done()
    worker.cancel()
    if not hit:
        for pid in children(daemon.child.pid):
            os.kill(pid, signal.SIGKILL)
        await daemon.ended.wait()
    await stage.all_read()
    ledger.killed()
    return hit


async def work(stage):
    """A little of everything, until all of it has come to its end."""
    await stage.server.up.wait()
    stage.load.write_again()
    stage.load.burst()
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        await asyncio.sleep(0.05)
        stage.load.fence()
        if not stage.ledger.open_items():
            return


async def kill_everywhere(stage):
    """Every call of every kind; prints how many there were."""
    if not strace_works():
        print("no strace that can inject: the exhaustive part is left out")
        return
    for call in CALLS:
        n = 1
        while n <= MOST and await life(stage, call, n):
            n += 1
        print(f"killed at {n - 1} calls of {call}", flush=True)
