"""The figures H1-H3: the http driver against Kannel, hooks, and long polls."""

import base64
import hashlib
import hmac
import os
import statistics
import subprocess
import time
import urllib.parse

from bench.measure import cpu_seconds, private_dirty
from lib import kannel
from lib.process import ROOT, free_port, wait_for
from lib.servers import HOST, SECRET

CONNECTIONS = 32        # of the load, as many as a busy application has
CHAT = f"inbox@{HOST}"


def request(method, port, path, body="", headers=""):
    """One request as http_load reads it."""
    text = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n{body}").encode()
    return b"%d\n%s" % (len(text), text)


def queued(gateway):
    status = gateway.status(check=False)
    return status and status["networks"][0].get("queue",{}).get("to_line",{}).get("queued")


class HttpFigures:
    """Rows for `bench`, a figures.Bench."""

    def __init__(self, bench, tool):
        self.bench, self.tool = bench, tool

    def load(self, port, status, requests):
        """Requests/s."""
        done = subprocess.run(
            [self.tool("http_load"), str(port), str(CONNECTIONS),
             str(status)], input=b"".join(requests), capture_output=True,
            timeout=600, check=False)
        if done.returncode:
            raise RuntimeError(f"http_load: {done.stderr.decode()}")
        return float(done.stdout)

    def instant(self, port, count, status, body, *hold):
        """A web server that answers at once."""
        process = subprocess.Popen(
            [self.tool("http_instant"), str(port), str(count), status, body,
             *map(str, hold)], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        return process

    def server(self, port, target, count):
        """Plays the XMPP server, whose user sends `count` texts."""
        process = subprocess.Popen(
            [self.tool("sender"), str(port), "bench." + HOST, SECRET, target,
             str(count)], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        return process

    def gateway(self, port, line, **network):
        os.environ["MOONGATE_PROVIDERS"] = os.path.join(
            ROOT, "conf", "providers")
        return self.bench.gateway(
            port, lines={"web": {"network": "sms", "driver": "http", **line}},
            **network)

    # ---- H1 -------------------------------------------------------------

    def send_rate(self, _):
        if kannel.missing():
            yield f"# H1: not measured: {kannel.missing()}"
            return
        rounds = [(self.kannel_rate(), self.driver_rate(True),
                   self.driver_rate(False)) for _ in range(3)]
        theirs, ours, life = (statistics.median(r[i] for r in rounds)
                              for i in range(3))
        yield (f"# H1: Kannel's sendsms with a file store {theirs:.0f}/s; http"
               f" driver, an intent on disk before each request, {ours:.0f}/s,"
               f" while they are accepted from XMPP {life:.0f}/s")
        yield self.bench.row("H1", "send", statistics.median(
            r[1] / r[0] for r in rounds), 1)

    def kannel_rate(self):
        """Texts/s that its sendsms takes, its message centre connected."""
        count = self.bench.n(10000)
        place = self.bench.place("kannel")
        box = kannel.Kannel(
            place, f"store-type = file\nstore-location = {place}/store",
            level=3)
        self.bench.open.append(box)
        box.start()
        box.phone()
        port = box.ports["send"]
        query = {"username": kannel.USER, "password": kannel.PASSWORD,
                 "from": "+447700900000", "charset": "UTF-8", "coding": "0"}

        def texts(count):
            return [request("GET", port, "/cgi-bin/sendsms?"
                            + urllib.parse.urlencode({
                                **query, "to": f"+4477{900000 + i:08}",
                                "text": f"text number {i}"}))
                    for i in range(count)]
        self.load(port, 202, texts(100))
        rate = self.load(port, 202, texts(count))
        box.stop()
        self.bench.open.remove(box)
        return rate

    def driver_rate(self, waiting):
        """Texts/s that arrive at an instant provider, by the same file that
        a Kannel is described with. When `waiting`, all are in the queue
        before the first is sent: the driver alone is measured."""
        count = self.bench.n(10000)
        port, far = free_port(), free_port()
        gateway = self.gateway(port, {
            "provider": "kannel", "base": f"http://127.0.0.1:{far}",
            "user": kannel.USER, "password": kannel.PASSWORD,
            "from": "+447700900000"})
        server = self.server(port, gateway.groups["networks"]["sms"]["jid"],
                             count)
        gateway.start(wait=False)
        if waiting:
            wait_for(lambda: queued(gateway) == count, 60, gateway.tail)
        provider = self.instant(far, count, "202 Accepted", "0: Accepted")
        rate = float(provider.stdout.readline())
        wait_for(lambda: not gateway.queue(), 30, gateway.tail)
        gateway.stop()
        self.end(server, provider)
        with self.bench.store(gateway) as db:
            sent = db.execute("SELECT count(*) FROM message WHERE direction"
                              " = 0 AND state = 5").fetchone()[0]
        if sent != count:
            raise RuntimeError(f"{sent} of {count} texts were sent")
        return rate

    @staticmethod
    def end(*processes):
        for process in processes:
            process.kill()
            process.wait()

    # ---- H2 -------------------------------------------------------------

    def hooks(self, _):
        rates = [self.hook_rate() for _ in range(3)]
        yield ("# H2: texts of a signed provider, committed before each "
               "answer, shown to an XMPP user: "
               + " ".join(f"{rate:.0f}" for rate in rates))
        yield self.bench.row("H2", "hooks/s", statistics.median(rates), 5000)

    def hook_rate(self):
        """Twilio's webhooks: a form, signed by HMAC over its sorted fields;
        each is a text of its own."""
        count, secret = self.bench.n(30000), "auth-token-of-a-benchmark"
        port, hooks, far = free_port(), free_port(), free_port()
        provider = self.instant(far, 0, "200 OK", "{}")
        gateway = self.gateway(port, {
            "provider": "twilio", "account": "AC1", "token": secret,
            "from": "+447700900000", "hook_token": "path",
            "base": f"http://127.0.0.1:{far}"}, inbox=[CHAT])
        gateway.write_config({"gateway": {
            "hook_listen": f"127.0.0.1:{hooks}"}})
        server = self.server(port, "nobody", 0)
        gateway.start()
        rate = self.load(hooks, 204, [
            self.webhook(hooks, i, secret) for i in range(count)])
        wait_for(lambda: not gateway.queue(), 60, gateway.tail)
        gateway.stop()
        self.end(server, provider)
        with self.bench.store(gateway) as db:
            texts = db.execute("SELECT count(DISTINCT b.text) FROM message m"
                               " JOIN body b ON b.message = m.id").fetchone()
        if texts[0] != count:
            raise RuntimeError(f"{texts[0]} of {count} texts were stored")
        return rate

    @staticmethod
    def webhook(port, i, secret):
        form = {"AccountSid": "AC1", "Body": f"webhook number {i}",
                "From": f"+4477009{i % 1000:05}", "MessageSid": f"SM{i:032x}",
                "To": "+447700900000"}
        path = "/hook/web/in/path"
        text = f"http://127.0.0.1:{port}{path}" + "".join(
            k + v for k, v in sorted(form.items()))
        digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1)
        return request(
            "POST", port, path, urllib.parse.urlencode(form),
            "Content-Type: application/x-www-form-urlencoded\r\n"
            "X-Twilio-Signature: "
            + base64.b64encode(digest.digest()).decode() + "\r\n")

    # ---- H3 -------------------------------------------------------------

    def polls(self, _):
        """A thousand bots with tokens of their own, idle: a long poll each."""
        port, far, polls = free_port(), free_port(), 1000
        bot = ('{"ok":true,"result":{"id":1,"is_bot":true,'
               '"first_name":"b","username":"b_bot"}}')
        api = self.instant(far, 0, "200 OK", bot, 50)
        gateway = self.bench.gateway(port, lines={
            f"bot{i}": {"network": "sms", "driver": "telegram",
                        "token": f"{4242 + i}:the-token-of-a-benchmark-{i}",
                        "api": f"http://127.0.0.1:{far}"}
            for i in range(polls)})
        server = self.server(port, "nobody", 0)
        gateway.start(wait=False)
        gateway.wait_online(60)
        time.sleep(5)
        pid, seconds = gateway.process.pid, max(10, 60 * self.bench.scale)
        before = cpu_seconds(pid)
        time.sleep(seconds)
        share = (cpu_seconds(pid) - before) / seconds
        memory = private_dirty(pid)
        gateway.kill()
        self.end(server, api)
        yield f"# H3: {polls} idle telegram lines, polls of 5 to 50 s"
        yield self.bench.row("H3", "polls-MiB", memory, 64, at_most=True)
        yield self.bench.row("H3", "polls-CPU-%", 100 * share, 5,
                             at_most=True)
