#!/usr/bin/python3
"""The crash ledger: kill -9 the daemon again and again under load in all
directions, then count what was lost and what came twice.

    KILLS=1000 DRIVER=gsm python3 tests/crash/run.py [--seed N] [--keep]
                                                     [--exhaustive]

DRIVER=http: half of them before a provider that takes a key, half before one
that does not.

Half of the kills strike at random moments, half at the named points of
gateway/base/crash.h, an equal share each. The last line is
"accepted N lost N duplicated N unexplained N kills N"; exit code 1 when
something was lost or unexplained.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

from exhaustive import kill_everywhere  # noqa: E402
from harness import POINTS, Stage  # noqa: E402
from http_stage import KeyedStage, KeylessStage  # noqa: E402
from telegram import TelegramStage  # noqa: E402

# One after the other, with an equal share of the kills.
STAGES = {"gsm": [Stage], "http": [KeyedStage, KeylessStage],
          "telegram": [TelegramStage]}
SHOWN = 40      # problems printed
EXHAUSTIVE_FROM = 10000     # as many kills as in `make crash`


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int,
                        default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--kills", type=int,
                        default=int(os.environ.get("KILLS") or 1000))
    parser.add_argument("--driver", choices=sorted(STAGES),
                        default=os.environ.get("DRIVER") or "gsm")
    parser.add_argument("--keep", action="store_true",
                        help="keep the folder with store and log")
    parser.add_argument("--exhaustive", action="store_true",
                        help="only kill at every durable step (strace)")
    return parser.parse_args()


class Progress:
    """A line that is written over, on a terminal."""

    def __init__(self, kills):
        self.kills, self.started = kills, time.monotonic()
        self.terminal = sys.stdout.isatty()
        self.shown = 0.0

    def show(self, stage, done):
        now = time.monotonic()
        if now - self.shown < (0.2 if self.terminal else 30):
            return
        self.shown = now
        ledger = stage.ledger
        text = (f"{done} of {self.kills} kills, {now - self.started:.0f} s, "
                f"{len(ledger.outs)} texts out, {len(ledger.ins)} in, "
                f"{len(ledger.unexplained)} unexplained")
        print("\r\033[K" + text if self.terminal else text,
              end="" if self.terminal else "\n", flush=True)

    def end(self):
        if self.terminal:
            print("\r\033[K", end="")


async def kill_many(stage, kills):
    """Alternates between a random moment and the rarest named point."""
    progress, hits, missed = Progress(kills), Counter(), Counter()
    span = 0.4
    for n in range(kills):
        if n % 2:
            await stage.life(span=span)
        else:
            point = min(POINTS, key=lambda p: hits[p] + missed[p])
            started = time.monotonic()
            if await stage.life(point):
                hits[point] += 1
                # Random kills spread over the time that work needs.
                took = time.monotonic() - started
                span = 0.9 * span + 0.1 * min(1.5 * took, 2)
            else:
                missed[point] += 1
        progress.show(stage, n + 1)
    progress.end()
    print("kills at named points: "
          + ", ".join(f"{p} {hits[p]}" for p in POINTS))
    if missed:
        stage.ledger.complain("points that were not reached in time: "
                              + ", ".join(f"{p} {n} times"
                                          for p, n in missed.items()))


async def run(args, stage, kills):
    await stage.set_up()
    if not args.exhaustive:
        await kill_many(stage, kills)
    if args.exhaustive or args.kills >= EXHAUSTIVE_FROM:
        await kill_everywhere(stage)
    await stage.calm(60 + kills * 0.02)
    stage.world.close()
    return stage.ledger


def play(args, folder):
    """Every stage of the driver; 1 when one of them went wrong."""
    stages, code = STAGES[args.driver], 0
    for stage in stages:
        print(f"{stage.__name__} of {args.driver}", flush=True)
        place = os.path.join(folder, stage.__name__)
        os.makedirs(os.path.join(place, "state"))
        code |= report(asyncio.run(run(
            args, stage(place, args.seed), args.kills // len(stages))))
    return code


def report(ledger):
    accepted, lost, duplicated, unexplained = ledger.audit()
    for title, problems in (("lost", lost), ("unexplained", unexplained)):
        for problem in problems[:SHOWN]:
            print(f"{title}: {problem}")
        if len(problems) > SHOWN:
            print(f"{title}: and {len(problems) - SHOWN} more")
    print(f"{ledger.repeats} stanzas came again under the same id, "
          f"{ledger.breaks} streams broken, {ledger.poison} texts given up "
          "as poison")
    print(f"accepted {accepted} lost {len(lost)} duplicated {duplicated} "
          f"unexplained {len(unexplained)} kills {ledger.kills}")
    return 1 if lost or unexplained or not accepted else 0


def main():
    args = arguments()
    folder = tempfile.mkdtemp(prefix="moongate-crash-")
    print(f"seed {args.seed}", flush=True)
    code = 1
    try:
        code = play(args, folder)
    finally:
        if args.keep or code:
            print(f"(store and log are in {folder})", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
