"""The figures P1-P5, P7, P8 of DESIGN section 9, each against its yardstick
in the same run. A figure is a ratio; absolute numbers are printed as
comments so that a reader can judge the machine."""

import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import time

from bench.http_figures import HttpFigures
from bench.measure import cpu_seconds, private_dirty
from lib.gateway import Gateway
from lib.process import ROOT, Process, free_port, wait_for
from lib.servers import HOST, SECRET, Ejabberd, Prosody
from sim.client import Simulator

DOMAIN, LOAD = f"sms.{HOST}", f"bench.{HOST}"
TOOLS = os.environ.get("TOOLS") or os.path.join(
    ROOT, "build", "release", "tests", "bench")
ROUNDS = 3
WARM_UP = 300           # messages before a component is measured
FLOOD = 1000            # conversations in P4
STATE_QUEUED, STATE_SENT = 2, 5     # as stored, see gateway/store/schema.c


def tool(name):
    return os.path.join(TOOLS, name)


class Bench:
    def __init__(self, folder, scale):
        self.folder, self.scale = folder, scale
        self.short = False
        self.open = []
        self.count = 0
        self.http = HttpFigures(self, tool)

    def close(self):
        for thing in reversed(self.open):
            thing.stop()

    def run(self, wanted):
        groups = [({"P1", "P2", "P3"}, self.through_servers),
                  ({"P4"}, self.component_only), ({"P5", "P8"}, self.at_rest),
                  ({"P7"}, self.modem), ({"H1"}, self.http.send_rate),
                  ({"H2"}, self.http.hooks), ({"H3"}, self.http.polls)]
        for names, group in groups:
            if names & set(wanted):
                yield from group(wanted)

    # ---- helpers --------------------------------------------------------

    def row(self, figure, what, value, bar, at_most=False):
        good = value <= bar if at_most else value >= bar
        self.short |= not good
        sign = "<=" if at_most else ">="
        return (f"{figure} {what} {value:.3g} {sign}{bar:g} "
                f"{'ok' if good else 'short'}")

    def n(self, count):
        return max(200, int(count * self.scale))

    def place(self, name):
        self.count += 1
        path = os.path.join(self.folder, f"{self.count}-{name}")
        os.makedirs(path)
        return path

    def gateway(self, port, lines=None, **network):
        groups = {
            "xmpp": {"server": f"127.0.0.1:{port}"},
            "networks": {"sms": {"jid": DOMAIN, "secret": SECRET,
                                 "allow": [HOST, LOAD],
                                 # what the load is
                                 "burst": 0, "loop": 0, **network}},
            # No reports: they would make a receipt of every text, a third
            # stanza through the server where the bare echo has two.
            "lines": lines or {"sim1": {"network": "sms",
                                        "driver": "loopback",
                                        "reports": False}},
        }
        return Gateway(self.place("gateway"), groups)

    def load(self, port, count, window, conversations, serve=False):
        """(messages/s, median us, p99 us) of one run."""
        argv = [tool("load"), *(["--serve"] if serve else []), str(port),
                LOAD, SECRET, DOMAIN, str(count), str(window),
                str(conversations)]
        done = subprocess.run(argv, capture_output=True, text=True,
                              timeout=600, check=False)
        if done.returncode:
            raise RuntimeError(f"load failed: {done.stdout}{done.stderr}")
        return [float(x) for x in done.stdout.split()[-3:]]

    def echo(self, argv):
        log = os.path.join(self.place("echo"), "log")
        process = Process(argv, log).start()
        process.wait_log("ready", 20)
        return process

    # ---- P1 P2 P3 -------------------------------------------------------

    def through_servers(self, wanted):
        for kind, bar in ((Prosody, 0.9), (Ejabberd, 0.65)):
            server = kind(self.place("server"), domains=[DOMAIN, LOAD],
                          users=[]).start()
            self.open.append(server)
            yield from self.through(server, bar, wanted)
            server.stop()
            self.open.remove(server)

    def through(self, server, bar, wanted):
        """Each round runs the yardsticks and the gateway in turn; the figure
        is the median of the rounds' ratios, so that what else the machine
        does weighs on both sides."""
        rounds = [self.round(server, wanted) for _ in range(ROUNDS)]

        def median(value):
            return statistics.median(value(r) for r in rounds)

        name = server.name
        for run in ("P1", "P1b"):
            if "P1" in wanted:
                yield (f"# {run} {name}: echo "
                       f"{median(lambda r: r['echo', run][0]):.0f}/s, gateway "
                       f"{median(lambda r: r['gateway', run][0]):.0f}/s")
        ratio = {run: median(lambda r: r["gateway", run][0]
                             / r["echo", run][0])
                 for run in ("P1", "P1b") if ("echo", run) in rounds[0]}
        if "P1" in wanted:
            yield self.row("P1", name, ratio["P1"], bar)
            yield f"P1b {name} {ratio['P1b']:.3g} (no bar)"
        if "P2" in wanted:
            yield (f"# P2 {name}: slixmpp echo "
                   f"{median(lambda r: r['slixmpp', 'P1'][3]) * 1e6:.0f} us, "
                   f"gateway {median(lambda r: r['gateway', 'P1'][3]) * 1e6:.0f}"
                   " us of CPU a message")
            yield self.row("P2", name, median(
                lambda r: r["gateway", "P1"][3] / r["slixmpp", "P1"][3]),
                0.3, at_most=True)
        if "P3" in wanted:
            added = [(r["gateway", "P3"][1] - r["echo", "P3"][1]) / 1000
                     for r in rounds]
            yield (f"# P3 {name}: echo "
                   f"{median(lambda r: r['echo', 'P3'][1]) / 1000:.3f} ms, "
                   f"added {statistics.median(added):.3f} ms, a commit takes "
                   f"{median(lambda r: r['commit']):.3f} ms")
            yield self.row("P3", name, statistics.median(
                a - 2 * r["commit"] for a, r in zip(added, rounds)),
                0.3, at_most=True)

    def round(self, server, wanted):
        """Per component and figure: messages/s, median and 99 % round trip in
        us, CPU seconds of the component per message."""
        loads = {"P1": (self.n(20000), 1000, 100),
                 "P1b": (self.n(3000), 1000, 1), "P3": (self.n(600), 1, 1)}
        if not {"P1", "P2"} & set(wanted):
            del loads["P1"]
        if "P1" not in wanted:
            del loads["P1b"]
        if "P3" not in wanted:
            del loads["P3"]
        port = server.component_port
        out = {}
        echo = self.echo([tool("echo"), port, DOMAIN, SECRET])
        self.loads("echo", echo, port, loads, out)
        echo.stop()
        gateway = self.gateway(port).start()
        self.loads("gateway", gateway.process, port, loads, out)
        gateway.stop()
        self.audit(gateway, WARM_UP + sum(load[0] for load in loads.values()))
        if "P2" in wanted:
            echo = self.echo([sys.executable, os.path.join(
                ROOT, "tests", "bench", "echo_slixmpp.py"),
                port, DOMAIN, SECRET])
            self.loads("slixmpp", echo, port,
                       {"P1": (self.n(5000), 1000, 100)}, out)
            echo.stop()
        out["commit"] = self.measure("commit", self.place("commit"))
        return out

    def loads(self, who, process, port, loads, out):
        self.load(port, WARM_UP, 100, 100)
        for name, (count, window, conversations) in loads.items():
            before = cpu_seconds(process.pid)
            figures = self.load(port, count, window, conversations)
            used = cpu_seconds(process.pid) - before
            out[who, name] = (*figures, used / count)

    def measure(self, name, *arguments):
        """What a tool that prints one number prints."""
        return float(subprocess.run(
            [tool(name), *map(str, arguments)], check=True,
            capture_output=True, text=True).stdout)

    def audit(self, gateway, count):
        """Every text must be in the store: accepted, sent, and its echo too;
        otherwise the gateway was quick at something else."""
        with self.store(gateway) as db:
            rows = db.execute(
                "SELECT direction, count(*), count(DISTINCT b.message),"
                " min(state), max(state) FROM message m LEFT JOIN body b"
                " ON b.message = m.id GROUP BY direction").fetchall()
            mode = db.execute("PRAGMA journal_mode").fetchone()[0]
        expected = [(direction, count, count, STATE_SENT, STATE_SENT)
                    for direction in (0, 1)]
        if rows != expected or mode != "wal":
            raise RuntimeError(f"the store holds {rows} ({mode}), "
                               f"not {expected}")

    def store(self, gateway):
        path = os.path.join(gateway.state, "moongate.db")
        return contextlib.closing(sqlite3.connect(path))

    # ---- P4 -------------------------------------------------------------

    def component_only(self, _):
        count = self.n(50000)
        pairs = []
        for _ in range(ROUNDS):
            yard = self.measure("rows", self.place("rows"), count, FLOOD)
            pairs.append((yard, self.flood(count)))
        yard = statistics.median(yard for yard, _ in pairs)
        rate = statistics.median(rate for _, rate in pairs)
        yield (f"# P4: bare SQLite loop {yard:.0f}/s, gateway {rate:.0f}/s "
               "whole lives (in, out, echo, fence)")
        yield self.row("P4", "flood",
                       statistics.median(rate / yard for yard, rate in pairs),
                       0.5)

    def flood(self, count):
        port = free_port()
        gateway = self.gateway(port)
        load = subprocess.Popen(
            [tool("load"), "--serve", str(port), LOAD, SECRET, DOMAIN,
             str(count), "4000", str(FLOOD)], stdout=subprocess.PIPE,
            text=True)
        assert "listening" in load.stdout.readline()
        gateway.start(wait=False)
        out, _ = load.communicate(timeout=600)
        if load.returncode:
            raise RuntimeError("the flood failed:\n" + gateway.tail())
        gateway.stop()
        return float(out.split()[0])

    # ---- P5 P8 ----------------------------------------------------------

    def at_rest(self, wanted):
        accounts, queued = self.n(100000), self.n(1000000)
        port = free_port()
        gateway = self.gateway(port)
        if "P5" in wanted:
            idle = self.memory(gateway, port)
            yield self.row("P5", "idle-MiB", idle, 6, at_most=True)
        else:
            gateway.start(wait=False)
            gateway.wait_log("moongate is running", 30)
            gateway.stop()
        self.fill(gateway, accounts, 0)
        if "P8" in wanted:
            starts = [self.first_stanza(gateway, port)[0] for _ in range(5)]
            yield self.row("P8", "start-ms", statistics.median(starts), 100,
                           at_most=True)
        if "P5" in wanted:
            self.fill(gateway, accounts, queued)
            full = self.memory(gateway, port, queued // accounts * accounts)
            yield self.row("P5", "queued-MiB", full, 24, at_most=True)

    def memory(self, gateway, port, queued=0):
        """Private dirty MiB when it is online and its window is full: the
        server reads, but proves nothing."""
        _, server = self.first_stanza(gateway, port, stay=True)
        wait_for(lambda: gateway.status(check=False), 30, "status answers")
        wait_for(lambda: gateway.network()["stanzas_out"] >= min(queued, 1000),
                 30, "the window is full")
        found = gateway.network()["queue"]["to_xmpp"]["queued"]
        if found != queued:
            raise RuntimeError(f"{found} messages are queued, not {queued}")
        seen = []
        while len(seen) < 5 or len(set(seen[-5:])) > 1:
            seen.append(private_dirty(gateway.process.pid))
            time.sleep(0.2)
            if len(seen) > 50:
                break
        gateway.kill()
        server.kill()
        server.wait()
        return max(seen)

    def first_stanza(self, gateway, port, stay=False):
        """Milliseconds from the start of the process to its first stanza, and
        the server."""
        server = subprocess.Popen(
            [tool("first"), str(port), *(["stay"] if stay else [])],
            stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        start = time.monotonic()
        gateway.start(wait=False)
        line = server.stdout.readline()
        took = (time.monotonic() - start) * 1000
        if "stanza" not in line:
            raise RuntimeError("no first stanza:\n" + gateway.tail())
        if not stay:
            server.wait(10)
            gateway.kill()
        return took, server

    def fill(self, gateway, accounts, queued):
        """Rows as the store writes them, straight into its file: each account
        has a conversation, and the texts for XMPP users are spread over all
        of them."""
        now = int(time.time() * 1000)
        with self.store(gateway) as db:
            db.execute("PRAGMA synchronous=OFF")
            db.executemany(
                "INSERT OR IGNORE INTO account (network, jid, state, created)"
                " VALUES ('sms', ?, 0, ?)",
                ((f"user{i}@{HOST}", now) for i in range(accounts)))
            if queued:
                self.fill_queue(db, accounts, queued // accounts, now)
            db.commit()

    @staticmethod
    def fill_queue(db, accounts, each, now):
        db.executemany(
            "INSERT INTO conversation (id, network, account, contact,"
            " direction, kind, last_seq, head, taken, turn, last_ref, touched)"
            " VALUES (?1, 'sms', ?2, ?3, 1, 0, ?4, 1, 0, ?5, 0, ?6)",
            ((i + 1, f"user{i}@{HOST}", f"+4477{i:08d}", each,
              (1 << 40) + i + 1, now) for i in range(accounts)))
        db.executemany(
            "INSERT INTO message (id, mid, conv, seq, state, attempt, owed,"
            " held, moved_at, direction, kind, receipt, created, expires)"
            " VALUES (?1, randomblob(16), ?2, ?3, ?4, 0, 0, 0, ?5, 1, 0, 0,"
            " ?5, ?6)",
            ((i + 1, i % accounts + 1, i // accounts + 1, STATE_QUEUED, now,
              now + 86400000) for i in range(each * accounts)))
        db.execute("INSERT INTO body (message, text) SELECT id,"
                   " 'a text of some forty characters or so' FROM message")
        db.execute("INSERT OR REPLACE INTO sink (network, direction, queued,"
                   " submitting, unknown, sent, delivered, failed)"
                   " VALUES ('sms', 1, ?, 0, 0, 0, 0, 0)", (each * accounts,))

    # ---- P7 -------------------------------------------------------------

    def modem(self, _):
        yield from self.modems(1, "modem")
        yield from self.modems(4, "modems-4")

    def modems(self, n, what):
        """N modems of one network: N times the rate of one."""
        port = free_port()
        count = self.n(300 * n)
        names = [f"sim{i}" for i in range(1, n + 1)]
        with Simulator(self.place("sim"), modems=[
                {"name": name, "number": f"+44770090000{i}",
                 "answer": "80:120"}
                for i, name in enumerate(names)]) as sim:
            gateway = self.gateway(port, lines={name: {
                "network": "sms", "driver": "gsm",
                "device": sim.device(name)} for name in names})
            load = subprocess.Popen(
                [tool("sender"), str(port), LOAD, SECRET, DOMAIN, str(count)],
                stdout=subprocess.PIPE, text=True)
            load.stdout.readline()
            gateway.start(wait=False)
            rate, mean = self.send_all(sim, names, count)
            load.kill()
            load.wait()
            gateway.stop()
        yield (f"# P7 {what}: {rate:.2f} texts/s, mean answer time "
               f"{mean:.1f} ms")
        yield self.row("P7", what, rate * mean / 1000 / n, 0.95)

    def send_all(self, sim, names, count):
        """Texts/s from the first accepted one to the last, with one inbound
        text per three sent; and the modems' mean answer time."""
        first = sim.wait_for("accepted", timeout=30)["time"]
        sim.request("stats", reset=True)
        last = first
        for i in range(1, count):
            event = sim.wait_for("accepted", timeout=60)
            last = event["time"]
            if i % 3 == 0:
                sim.text(event["modem"], f"inbound {i}",
                         sender="+447700900123")
        wait_for(lambda: not any(sim.stats(name)["memories"]["SM"][0]
                                 for name in names), 10,
                 "the inbound texts to be taken")
        mean = statistics.mean(sim.stats(name)["answer_mean_ms"]
                               for name in names)
        return (count - 1) / (last - first), mean
