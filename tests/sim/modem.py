#!/usr/bin/python3
"""GSM modems with an SMSC behind them, for tests. See README.md."""

import argparse
import asyncio
import json
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":
    sys.path[0] = os.path.dirname(HERE)

from sim.control import Control, Session  # noqa: E402
from sim.world import World  # noqa: E402

__all__ = ["World", "Control", "main"]

NUMBERS = {"latency": float, "accept_at": float, "boot": float,
           "cnma_timeout": float, "seed": int, "tcp": int}


def span(text):
    """MIN:MAX, or one number, in milliseconds."""
    low, _, high = text.partition(":")
    return float(low), float(high or low)


def modem_options(text):
    """name=sim1,number=+447700900000,link=ttySIM1,..."""
    out = {}
    for item in text.split(","):
        key, _, value = item.partition("=")
        if key == "answer":
            out[key] = span(value)
        else:
            out[key] = NUMBERS.get(key, str)(value)
    return out


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description="GSM modems and an SMSC, simulated.")
    add = parser.add_argument
    add("--modem", action="append", type=modem_options, default=[],
        metavar="KEY=VALUE,...", help="name number link tcp unix abstract "
        "pin profile answer latency accept_at boot mr cnma_timeout")
    add("--control", metavar="PATH", help="unix socket for commands")
    add("--ledger", metavar="FILE", help="append what happened, fsynced")
    add("--no-fsync", dest="fsync", action="store_false")
    add("--trace", metavar="FILE", help="log both directions")
    add("--script", metavar="FILE",
        help='control commands, one JSON a line, "at": seconds')
    add("--answer", type=span, default=(0, 0), metavar="MIN:MAX",
        help="answer time of +CMGS in ms")
    add("--delay", type=span, default=(0, 0), metavar="MIN:MAX",
        help="delivery delay of the SMSC in ms")
    add("--seed", type=int, default=1)
    add("--country", default="44")
    add("--smsc", default="+447785016005")
    add("--loopback", default="+447700900999")
    add("--duplicates", choices=("cms", "st", "off"), default="cms",
        help="how a duplicate with TP-RD is refused")
    add("--exit-on-eof", action="store_true",
        help="end when standard input closes")
    return parser.parse_args(argv)


class _Sink:
    """Where replies to a script go."""

    def write(self, data):
        if b'"ok": false' in data:
            sys.stderr.write(data.decode())

    def close(self):
        pass


def schedule_script(world, path, quit_world):
    session = Session(world, _Sink(), quit_world)
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                world.loop.call_later(
                    json.loads(line).get("at", 0),
                    lambda text=line: session.send(session.answer(text)))


async def serve(args):
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    world = World(loop, {k: v for k, v in vars(args).items()
                         if k not in ("modem", "control", "script")})
    for options in args.modem or [{}]:
        world.add_modem(options)
    if args.control:
        await Control(world, done.set).listen(args.control)
    if args.script:
        schedule_script(world, args.script, done.set)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, done.set)
    if args.exit_on_eof:
        loop.add_reader(0, lambda: os.read(0, 4096) or done.set())
    print(json.dumps({
        "ready": True, "pid": os.getpid(), "control": args.control,
        "modems": {m.name: {"number": m.number, **m.addresses()}
                   for m in world.modems.values()}}), flush=True)
    await done.wait()
    world.close()
    if args.control and os.path.exists(args.control):
        os.unlink(args.control)


def main(argv=None):
    asyncio.run(serve(parse_arguments(argv)))


if __name__ == "__main__":
    main()
