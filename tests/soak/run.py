#!/usr/bin/python3
"""Soak: every family of modems under load and under faults, by seed.

    SEEDS=20 python3 tests/soak/run.py            all families
    PROFILE=huawei SEED=7 python3 tests/soak/run.py    one seed, told aloud

A seed takes some seconds: the gateway's clocks run SPEED=10 times faster
where Debian's faketime is installed. One line a family: "S gsm huawei seeds
20 lost 0 stuck 0 ok", or "short"; exit code 1 when one is short.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

import storm  # noqa: E402
from sim import family  # noqa: E402

TIMEOUT = 240       # s, of one seed


def families():
    path = os.path.join(os.path.dirname(family.__file__), "profiles.json")
    with open(path, encoding="utf-8") as file:
        return list(json.load(file))


def speed():
    default = "10" if storm.can_run_faster() else "1"
    return float(os.environ.get("SPEED") or default)


# ---- one seed -----------------------------------------------------------

def one(profile, seed, aloud):
    """Runs it; prints a line of JSON, or what happens."""
    folder = tempfile.mkdtemp(prefix=f"moongate-soak-{profile}-{seed}-")
    os.makedirs(os.path.join(folder, "state"))
    lost, stuck, unexplained, error = [], [], [], None
    try:
        lost, stuck, unexplained = asyncio.run(storm.Storm(
            profile, seed, folder, speed(),
            say=print if aloud else None).run())
    except Exception as problem:  # noqa: BLE001 - told, whatever it is
        error = f"{type(problem).__name__}: {problem}"
    bad = bool(lost or stuck or unexplained or error)
    if aloud or bad:
        kept = f"(store, log, journal and trace are in {folder})"
    else:
        kept = None
        shutil.rmtree(folder, ignore_errors=True)
    result = {"lost": lost, "stuck": stuck, "unexplained": unexplained,
              "error": error, "kept": kept}
    if aloud:
        for key, value in result.items():
            print(f"{key}: {value}")
    else:
        print(json.dumps(result))
    return 1 if bad else 0


def child(profile, seed):
    """One seed in a process of its own: what `one` prints."""
    try:
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "run.py"), "--one",
             profile, str(seed)], capture_output=True, text=True,
            timeout=TIMEOUT, check=False)
        return json.loads(done.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError) as problem:
        return {"lost": [], "stuck": [], "unexplained": [], "kept": None,
                "error": f"{type(problem).__name__}: {problem}"}


# ---- all ----------------------------------------------------------------

def report(profile, results):
    """The line of a family; true when it is good."""
    total = {key: sum(len(r[key]) for r in results.values())
             for key in ("lost", "stuck", "unexplained")}
    for seed, result in results.items():
        for key in total:
            for text in result[key][:5]:
                print(f"# {profile} seed {seed} {key}: {text}")
        if result["error"]:
            print(f"# {profile} seed {seed}: {result['error']}")
        if result["kept"]:
            print(f"# {profile} seed {seed} {result['kept']}")
    good = not any(total.values()) and not any(
        r["error"] for r in results.values())
    print(f"S gsm {profile} seeds {len(results)} lost {total['lost']} "
          f"stuck {total['stuck']} {'ok' if good else 'short'}", flush=True)
    return good


def main():
    if sys.argv[1:2] == ["--one"]:
        return one(sys.argv[2], int(sys.argv[3]), False)
    wanted = os.environ.get("PROFILE")
    if wanted and os.environ.get("SEED"):
        return one(wanted, int(os.environ["SEED"]), True)
    seeds = int(os.environ.get("SEEDS") or 20)
    jobs = int(os.environ.get("JOBS") or 2 * (os.cpu_count() or 1))
    first = int(os.environ.get("FIRST") or 1)
    good = True
    with ThreadPoolExecutor(jobs) as pool:
        for profile in [wanted] if wanted else families():
            numbers = range(first, first + seeds)
            results = dict(zip(numbers, pool.map(
                child, [profile] * seeds, numbers)))
            good &= report(profile, results)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
