"""The figures P1-P5, P7, P8 of DESIGN section 9, each against its yardstick
in the same run. A figure is a ratio; absolute numbers are printed as
comments so that a reader can judge the machine."""

import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time

from lib.gateway import Gateway
from lib.process import ROOT, Process, free_port, wait_for
from lib.servers import HOST, SECRET, Ejabberd, Prosody
from sim.client import Simulator

DOMAIN, LOAD = f"sms.{HOST}", f"bench.{HOST}"
TOOLS = os.environ.get("TOOLS") or os.path.join(
    ROOT, "build", "release", "tests", "bench")
TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def private_dirty(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return int(re.search(r"Private_Dirty:\s+(\d+)", file.read())[1]) / 1024


def tool(name):
    return os.path.join(TOOLS, name)


class Bench:
    def __init__(self, folder, scale):
        self.folder, self.scale = folder, scale
        self.short = False
        self.open = []
        self.count = 0

    def close(self):
        for thing in reversed(self.open):
            thing.stop()

    def run(self, wanted):
        groups = [({"P1", "P2", "P3"}, self.through_servers),
                  ({"P4"}, self.component_only), ({"P5", "P8"}, self.at_rest),
                  ({"P7"}, self.modem)]
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
                                 "allow": [HOST, LOAD], **network}},
            "lines": lines or {"sim1": {"network": "sms",
                                        "driver": "loopback"}},
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

    def alternate(self, server, runs, rounds=3):
        """Runs echo and gateway in turn; per kind and load the results and
        the CPU seconds of the component."""
        out = {(who, name): [] for who in ("echo", "gateway") for name in runs}
        for _ in range(rounds):
            for who in ("echo", "gateway"):
                if who == "echo":
                    process = self.echo([tool("echo"), server.component_port,
                                         DOMAIN, SECRET])
                    stop = process.stop
                else:
                    gateway = self.gateway(server.component_port).start()
                    process, stop = gateway.process, gateway.stop
                for name, (count, window, conversations) in runs.items():
                    before = cpu_seconds(process.pid)
                    figures = self.load(server.component_port, count, window,
                                        conversations)
                    used = cpu_seconds(process.pid) - before
                    out[who, name].append((*figures, used / count))
                stop()
        return out

    def through(self, server, bar, wanted):
        runs = {"P1": (self.n(20000), 1000, 100),
                "P1b": (self.n(8000), 1000, 1), "P3": (self.n(2000), 1, 1)}
        out = self.alternate(server, runs)

        def median(who, name, column):
            return statistics.median(row[column] for row in out[who, name])

        name = server.name
        for run in ("P1", "P1b"):
            yield (f"# {run} {name}: echo {median('echo', run, 0):.0f}/s, "
                   f"gateway {median('gateway', run, 0):.0f}/s")
        ratio = median("gateway", "P1", 0) / median("echo", "P1", 0)
        if "P1" in wanted:
            yield self.row("P1", name, ratio, bar)
            yield (f"P1b {name} {median('gateway', 'P1b', 0) / median('echo', 'P1b', 0):.3g} (no bar)")
        if "P2" in wanted:
            yield from self.cpu(server, median("gateway", "P1", 3))
        if "P3" in wanted:
            commit = float(subprocess.run(
                [tool("commit"), self.place("commit")], check=True,
                capture_output=True, text=True).stdout)
            added = (median("gateway", "P3", 1) - median("echo", "P3", 1)) / 1e3
            yield (f"# P3 {name}: added {added:.3f} ms, a commit takes "
                   f"{commit:.3f} ms")
            yield self.row("P3", name, added - 2 * commit, 0.3, at_most=True)

    def cpu(self, server, gateway):
        echo = self.echo([sys.executable, os.path.join(
            ROOT, "tests", "bench", "echo_slixmpp.py"),
            str(server.component_port), DOMAIN, SECRET])
        count = self.n(8000)
        before = cpu_seconds(echo.pid)
        self.load(server.component_port, count, 1000, 100)
        yard = (cpu_seconds(echo.pid) - before) / count
        echo.stop()
        yield (f"# P2 {server.name}: slixmpp echo {yard * 1e6:.0f} us, "
               f"gateway {gateway * 1e6:.0f} us of CPU a message")
        yield self.row("P2", server.name, gateway / yard, 0.3, at_most=True)

    # ---- P4 -------------------------------------------------------------

    def component_only(self, _):
        count = self.n(50000)
        rates, yards = [], []
        for _ in range(3):
            yards.append(float(subprocess.run(
                [tool("rows"), self.place("rows"), str(count)], check=True,
                capture_output=True, text=True).stdout))
            rates.append(self.flood(count))
        rate, yard = statistics.median(rates), statistics.median(yards)
        yield (f"# P4: bare SQLite loop {yard:.0f}/s, gateway {rate:.0f}/s "
               "whole lives (in, out, echo, fence)")
        yield self.row("P4", "flood", rate / yard, 0.5)

    def flood(self, count):
        port = free_port()
        gateway = self.gateway(port)
        load = subprocess.Popen(
            [tool("load"), "--serve", str(port), LOAD, SECRET, DOMAIN,
             str(count), "4000", "100"], stdout=subprocess.PIPE, text=True)
        assert "listening" in load.stdout.readline()
        gateway.start(wait=False)
        out, _ = load.communicate(timeout=600)
        gateway.kill()
        return float(out.split()[0])

    # ---- P5 P8 ----------------------------------------------------------

    def at_rest(self, wanted):
        accounts, queued = self.n(100000), self.n(1000000)
        port = free_port()
        gateway = self.gateway(port)
        idle = self.memory(gateway)
        self.fill(gateway, accounts, 0)
        starts = [self.first_stanza(gateway, port) for _ in range(5)]
        if "P8" in wanted:
            yield self.row("P8", "start-ms", statistics.median(starts), 100,
                           at_most=True)
        if "P5" not in wanted:
            return
        yield self.row("P5", "idle-MiB", idle, 6, at_most=True)
        self.fill(gateway, accounts, queued)
        full = self.memory(gateway)
        yield self.row("P5", "queued-MiB", full, 24, at_most=True)

    def memory(self, gateway):
        """Private dirty MiB once it runs and has settled."""
        gateway.start(wait=False)
        gateway.wait_log("moongate is running", 30)
        wait_for(lambda: gateway.status(check=False), 30, "status answers")
        before = None
        while before != private_dirty(gateway.process.pid):
            before = private_dirty(gateway.process.pid)
            time.sleep(0.3)
        gateway.stop()
        return before

    def fill(self, gateway, accounts, queued):
        """Rows as the store writes them, straight into its file."""
        path = os.path.join(gateway.state, "moongate.db")
        db = sqlite3.connect(path)
        db.execute("PRAGMA synchronous=OFF")
        now = int(time.time() * 1000)
        db.executemany(
            "INSERT OR IGNORE INTO account(network, jid, created) "
            "VALUES ('sms', ?, ?)",
            ((f"user{i}@{HOST}", now) for i in range(accounts)))
        spread = min(accounts, 1000)
        if queued:
            each = queued // spread
            db.executemany(
                "INSERT INTO conversation(network, account, contact, "
                "direction, last_seq, head, taken, turn) "
                "VALUES ('sms', ?, ?, 1, ?, 1, 0, ?)",
                ((f"user{i}@{HOST}", f"+4477{i:08d}", each, i + 1)
                 for i in range(spread)))
            rows = db.execute("SELECT id FROM conversation WHERE "
                              "last_seq > 0 ORDER BY id").fetchall()
            db.executemany(
                "INSERT INTO message(mid, conv, seq, direction, kind, state, "
                "created) VALUES (?, ?, ?, 1, 0, 0, ?)",
                ((os.urandom(16), rows[i % len(rows)][0],
                  i // len(rows) + 1, now) for i in range(each * spread)))
            db.execute("INSERT INTO body(message, text) "
                       "SELECT id, 'a text of some forty characters or so' "
                       "FROM message")
        db.commit()
        db.close()

    def first_stanza(self, gateway, port):
        load = subprocess.Popen([tool("first"), str(port)],
                                stdout=subprocess.PIPE, text=True)
        load.stdout.readline()
        start = time.monotonic()
        gateway.start(wait=False)
        load.stdout.readline()
        took = (time.monotonic() - start) * 1000
        load.wait(10)
        gateway.kill()
        return took

    # ---- P7 -------------------------------------------------------------

    def modem(self, _):
        port = free_port()
        count = self.n(300)
        with Simulator(self.place("sim"), modems=[
                {"name": "sim1", "number": "+447700900000",
                 "answer": "80:120"}]) as sim:
            gateway = self.gateway(port, lines={"sim1": {
                "network": "sms", "driver": "gsm",
                "device": sim.device("sim1")}})
            load = subprocess.Popen(
                [tool("sender"), str(port), LOAD, SECRET, DOMAIN, str(count)],
                stdout=subprocess.PIPE, text=True)
            load.stdout.readline()
            gateway.start(wait=False)
            rate, mean = self.send_all(sim, count)
            load.kill()
            load.wait()
            gateway.stop()
        yield f"# P7: {rate:.2f} texts/s, mean answer time {mean:.1f} ms"
        yield self.row("P7", "modem", rate * mean / 1000, 0.95)

    def send_all(self, sim, count):
        """Texts/s from the first accepted one to the last, with one inbound
        text per three sent; and the modem's mean answer time."""
        first = sim.wait_for("accepted", timeout=30)["time"]
        sim.request("stats", reset=True)
        last = first
        for i in range(1, count):
            last = sim.wait_for("accepted", timeout=60)["time"]
            if i % 3 == 0:
                sim.text("sim1", f"inbound {i}", sender="+447700900123")
        wait_for(lambda: sim.stats("sim1")["memories"]["SM"][0] == 0, 10,
                 "the inbound texts to be taken")
        mean = sim.stats("sim1")["answer_mean_ms"]
        return (count - 1) / (last - first), mean


